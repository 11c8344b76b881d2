//! The server side of `git push` and `git fetch`.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::releases::describe_commit;
use super::{Actor, Done};
use crate::app::AppName;
use crate::deploy::receive::{Choice, RefUpdate, RefusedPush, choose, why_kept};
use crate::deploy::source::inputs::LARGEST;
use crate::deploy::{repair, undo};
use crate::error::Error;
use crate::event::{Report, stage, warn};
use crate::history::{self, Happened};
use crate::host::command::{self, Status};
use crate::host::lock::{AppLock, SharedLock};
use crate::host::{HostError, files, git, launch, processes, wait};
use crate::piku::Piku;
use crate::release::{Cause, store};
use crate::renamed;
use crate::settings::{self, Layers, StoredSettings};

/// The hooks of a repository. `update` deploys: it runs when the objects are in the repository but the branch has not
/// moved yet, and a status other than 0 refuses the push (githooks(5)).
const HOOKS: [&str; 2] = ["pre-receive", "update"];

/// A file in the repository that records which branch git is about to move after a deploy, and to which commit.
const MOVING: &str = "piku-moving";
/// How long git may take to move the branch after the `update` hook.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to wait for a locked branch before reporting it. git needs a lock for only a few milliseconds.
const LOCKED: Duration = Duration::from_secs(1);
/// The age at which a lock counts as left over from a killed git process.
const ABANDONED: Duration = Duration::from_secs(10);

/// A file in the repository of an app that a person made before its first push.
const MADE: &str = "piku-made";

/// A file in the repository on which every push holds a shared lock.
const PUSHING: &str = "piku-pushing";

/// Operations use repositories directly. To callers these errors are errors of the machine.
impl From<piku_git::Error> for Error {
    fn from(source: piku_git::Error) -> Self {
        HostError::from(source).into()
    }
}

impl Piku {
    /// Receives a push like `git receive-pack`, on the standard input and output of this process.
    ///
    /// The first push creates the app. If it brings nothing (a deletion or a refused branch), the app is removed again
    /// when git has ended. For an app that was deployed before, git replaces this process.
    ///
    /// # Errors
    /// [`Error::Host`] if the repository can't be created or git can't be started.
    pub fn receive_pack(&self, app: &AppName, env: &BTreeMap<String, String>) -> Result<Status, Error> {
        let pushing = self.open_repository(app)?;
        let words = self.git_command(&self.root.repo(app), "receive-pack");
        if !self.is_young(app) {
            match launch::become_program(&words, env)? {}
        }
        let status = command::run_attached(&words, env);
        self.forget_young(app, &pushing)?;
        Ok(status?)
    }

    /// Prepares the repository of `app` for a push, and creates it for the first one. Holding the returned lock shows
    /// that a push is in progress.
    pub(crate) fn open_repository(&self, app: &AppName) -> Result<SharedLock, Error> {
        let repo = self.root.repo(app);
        loop {
            if !repo.join("HEAD").exists() {
                self.must_have_its_name(app)?;
                // Two first pushes may arrive at the same time.
                let _lock = self.lock_for_push(app)?;
                self.make_repository(app)?;
            }
            let pushing = SharedLock::take(&repo.join(PUSHING))?;
            // Retry if a push that brought nothing has just removed the repository.
            if let Some(pushing) = pushing.filter(|_| repo.join("HEAD").exists()) {
                if let Err(error) = self.install_hooks(app) {
                    self.forget_young(app, &pushing)?;
                    return Err(error.into());
                }
                return Ok(pushing);
            }
        }
    }

    fn lock_for_push(&self, app: &AppName) -> Result<AppLock, HostError> {
        AppLock::take(&self.root.lock(app), &format!("another command is pushing `{app}`"), &mut |_| {})
    }

    /// Makes the repository of an app if there is none. The caller must hold the lock of the app.
    fn make_repository(&self, app: &AppName) -> Result<(), Error> {
        let repo = self.root.repo(app);
        if repo.join("HEAD").exists() {
            return Ok(());
        }
        files::make_folder(&self.root.repos(), 0o700)?;
        files::sweep(&self.root.repos())?;
        renamed::forget(&self.root, app)?;
        if has_refs(&repo) {
            // It has commits, and only lost its HEAD.
            return Ok(git::set_head(&repo, "refs/heads/main")?);
        }
        // Earlier versions could leave half a repository behind.
        files::remove_folder(&repo)?;
        Ok(git::init_bare(&repo)?)
    }

    /// Makes an app before its first push, which a refused push does not remove.
    ///
    /// # Errors
    /// [`Error::Exists`]; [`Error::Host`] if the repository can't be created.
    pub fn create(&self, app: &AppName, actor: &Actor, report: &mut Report<'_>) -> Result<(), Error> {
        let (_lock, exists) = self.lock_name(app, &actor.doing("making", app), report)?;
        if exists {
            return Err(Error::Exists { app: app.clone() });
        }
        self.make_app(app, report)
    }

    /// As [`Piku::create`]. The caller must hold the lock of the app, which must not exist.
    pub(crate) fn make_app(&self, app: &AppName, report: &mut Report<'_>) -> Result<(), Error> {
        let nearest = self.nearest(app)?;
        self.make_app_quietly(app)?;
        stage(report, format!("`{app}` is a new app: `git push piku@<server>:{app} main` deploys it"));
        if let Some(other) = nearest {
            let help = format!("if `{other}` was meant: `{app}` can be removed with `destroy {app}`");
            warn(report, format!("there was no app `{app}`, but there is `{other}`"), Some(&help));
        }
        Ok(())
    }

    /// As [`Piku::make_app`], with the repository that there may be, and without a word.
    pub(super) fn make_app_quietly(&self, app: &AppName) -> Result<(), Error> {
        self.make_repository(app)?;
        files::write(&self.root.repo(app).join(MADE), b"", 0o600)?;
        Ok(self.install_hooks(app)?)
    }

    /// Whether the app was never deployed.
    fn is_young(&self, app: &AppName) -> bool {
        !files::exists(&self.root.releases(app)) && !files::exists(&self.root.app(app))
    }

    /// Removes what a crash left of a first push, if no push is in progress.
    pub(crate) fn forget_crashed(&self, app: &AppName) -> Result<(), Error> {
        let pushing = SharedLock::take(&self.root.repo(app).join(PUSHING))?;
        pushing.map_or(Ok(()), |pushing| self.forget_young(app, &pushing))
    }

    /// Removes an app that has no release and no commit, unless another push is in progress or a person made it. Waits
    /// for a deploy that still ends because its client is gone.
    pub(crate) fn forget_young(&self, app: &AppName, pushing: &SharedLock) -> Result<(), Error> {
        if store::live_number(&self.root, app).is_some()
            || store::is_foreign_clone(&self.root, app)
            || !pushing.alone()
        {
            return Ok(());
        }
        let _lock = self.lock_for_push(app)?;
        // The deploy may have been killed.
        repair::repair(&self.root, &self.surroundings, app, &mut |_| {})?;
        undo::forget(&self.root, app)?;
        let repo = self.root.repo(app);
        let is_kept = files::exists(&repo.join(MADE)) || has_refs(&repo);
        if is_kept || !self.is_young(app) {
            return Ok(());
        }
        files::remove_folder(&repo)?;
        let entries = history::read(&self.root, app)?;
        if entries.iter().all(|entry| entry.what == Happened::Refused) {
            files::remove(&self.root.events(app))?;
        }
        Ok(())
    }

    /// The command that sends the repository of `app`.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn upload_pack(&self, app: &AppName) -> Result<Vec<String>, Error> {
        self.must_exist(app)?;
        Ok(self.git_command(&self.root.repo(app), "upload-pack"))
    }

    /// The command that sends an archive of a branch or tag of `app`, for `git archive --remote`.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn upload_archive(&self, app: &AppName) -> Result<Vec<String>, Error> {
        self.must_exist(app)?;
        Ok(self.git_command(&self.root.repo(app), "upload-archive"))
    }

    /// The app that the path of a git address means: as [`AppName::from_git_path`], and below `~user/`, where `user` is
    /// the one that apps run as.
    ///
    /// # Errors
    /// [`Error::AppName`] if the rest is not a valid name.
    pub fn app_at(&self, path: &str) -> Result<AppName, Error> {
        let home = format!("~{}/", self.surroundings.user);
        let path = path.trim_start_matches('/');
        Ok(AppName::from_git_path(path.strip_prefix(&home).unwrap_or(path))?)
    }

    fn git_command(&self, repo: &Utf8PathBuf, verb: &str) -> Vec<String> {
        // The user's git configuration must not redirect the hooks.
        let hooks = format!("core.hooksPath={repo}/hooks");
        let packs = format!("receive.autogc={}", git::needs_packing(repo));
        let settings = [
            hooks.as_str(),
            packs.as_str(),
            "transfer.hideRefs=refs/piku",
            "receive.denyDeleteCurrent=ignore",
            // Detect a disconnected client after this many seconds.
            "receive.keepAlive=1",
            // During a push, this repository is the alternate of the quarantined objects (git-receive-pack(1)). Its
            // refs are checked anyway; listing them again as alternate refs costs a process.
            "core.alternateRefsCommand=true",
            // Accept `git push -o …`; otherwise git refuses such a push before we hear of it.
            "receive.advertisePushOptions=true",
            // Serve `git clone --filter=blob:none`, and the blobs that such a clone asks for later, by their ids.
            "uploadpack.allowFilter=true",
            "uploadpack.allowAnySHA1InWant=true",
            // An archive is of a branch or a tag.
            "uploadArchive.allowUnreachable=false",
        ];
        let options = settings.iter().flat_map(|setting| ["-c", setting]);
        ["git"].into_iter().chain(options).chain([verb, repo.as_str()]).map(str::to_owned).collect()
    }

    /// Writes the hooks if they differ. They are scripts, not links: if `piku` is missing, a script refuses the push,
    /// while git would ignore a dangling link.
    pub(super) fn install_hooks(&self, app: &AppName) -> Result<(), HostError> {
        let folder = self.root.repo(app).join("hooks");
        files::make_folder(&folder, 0o700)?;
        let quoted =
            |path: &str| shlex::try_quote(path).map_or_else(|_| String::new(), std::borrow::Cow::into_owned);
        let (program, root) = (quoted(self.surroundings.program.as_str()), quoted(self.root.path().as_str()));
        for hook in HOOKS {
            let path = folder.join(hook);
            let text = format!(
                "#!/bin/sh\nPIKU_ROOT={root}\nexport PIKU_ROOT\nexec {program} git-hook {hook} {app} \"$@\"\n"
            );
            if files::read_text(&path)?.as_deref() != Some(&text) {
                files::write(&path, text.as_bytes(), 0o700)?;
            }
        }
        // Legacy piku deployed in this hook. With both, every push would be deployed twice.
        let old = folder.join("post-receive");
        if files::read_text(&old)?.is_some_and(|text| text.contains("git-hook")) {
            files::remove(&old)?;
        }
        Ok(())
    }

    /// The file in which `pre-receive` stores its choice for the `update` hooks of the same push. All have the same
    /// parent process, `push`.
    fn choice_file(&self, app: &AppName, push: u32) -> Utf8PathBuf {
        self.root.repo(app).join(format!("piku-push-{push}"))
    }

    /// Chooses what a push deploys, before any branch moves. `push` is the id of the process that receives it;
    /// `quarantine` is the folder where git keeps the received objects (`GIT_QUARANTINE_PATH`, git-receive-pack(1)).
    ///
    /// # Errors
    /// [`Error::Push`], which refuses the whole push.
    pub fn pre_receive(
        &self,
        app: &AppName,
        push: u32,
        quarantine: Option<&Utf8Path>,
        lines: &str,
        report: &mut Report<'_>,
    ) -> Result<(), Error> {
        let updates = lines.lines().map(RefUpdate::read).collect::<Result<Vec<_>, _>>()?;
        let wanted = self.deploy_branch(app, quarantine, &updates)?;
        let choice = choose(app, &updates, wanted.as_deref())?;
        self.forget_old_pushes(app)?;
        let path = self.choice_file(app, push);
        match choice {
            Choice::Deploy(update) => files::write(&path, update.name.as_bytes(), 0o600)?,
            Choice::Store(kept) => {
                stage(report, format!("{app}: {}", why_kept(&kept)));
                files::write(&path, b"", 0o600)?;
            }
        }
        Ok(())
    }

    /// Keeps the options of a push (`git push -o`), which git tells `pre-receive` and no other hook before the branch
    /// moves. Any options are accepted: they may be for somebody else.
    ///
    /// # Errors
    /// [`Error::Host`] if they can't be written.
    pub fn keep_push_options(&self, app: &AppName, push: u32, options: &[String]) -> Result<(), Error> {
        let path = self.options_file(app, push);
        if options.is_empty() {
            return Ok(files::remove(&path)?);
        }
        Ok(files::write(&path, options.join("\n").as_bytes(), 0o600)?)
    }

    /// The options of a push, which [`Piku::keep_push_options`] has kept.
    ///
    /// # Errors
    /// [`Error::Host`] if they can't be read.
    pub fn push_options(&self, app: &AppName, push: u32) -> Result<Vec<String>, Error> {
        let text = files::read_text(&self.options_file(app, push))?.unwrap_or_default();
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn options_file(&self, app: &AppName, push: u32) -> Utf8PathBuf {
        self.choice_file(app, push).with_extension("options")
    }

    /// Removes the choices and options of pushes whose processes have ended.
    fn forget_old_pushes(&self, app: &AppName) -> Result<(), HostError> {
        let repo = self.root.repo(app);
        for name in files::names(&repo)? {
            let Some(push) = name.strip_prefix("piku-push-") else { continue };
            let push = push.split('.').next().unwrap_or(push);
            if !files::exists(&Utf8PathBuf::from("/proc").join(push)) {
                files::remove(&repo.join(&name))?;
            }
        }
        Ok(())
    }

    /// `PIKU_DEPLOY_BRANCH` from `config:set`, or else from the pushed ENV. Ignores mistakes, which the deploy reports.
    fn deploy_branch(
        &self,
        app: &AppName,
        quarantine: Option<&Utf8Path>,
        updates: &[RefUpdate],
    ) -> Result<Option<String>, Error> {
        let stored = StoredSettings::parse(&self.stored_text(app)?).0.unwrap_or_default();
        let defaults = self.server_settings()?.defaults(app.as_str());
        let branch = |env: &[u8]| {
            let values = settings::parse_env(env, &BTreeMap::new()).values.unwrap_or_default();
            settings::options(&Layers::new(values, &stored).with_defaults(&defaults)).0.deploy_branch
        };
        let repo = self.root.repo(app);
        let pushed = updates.iter().filter(|update| update.branch().is_some() && !update.is_deletion());
        let read =
            |update: &RefUpdate| git::file_in_push(&repo, quarantine, &update.new, "ENV", LARGEST as u64);
        Ok(pushed.filter_map(read).find_map(|env| branch(&env)).or_else(|| branch(b"")))
    }

    /// Deploys a branch of a push if it is the chosen one; `None` otherwise.
    ///
    /// # Errors
    /// The error of the deploy. The branch then does not move.
    pub fn update(
        &self,
        app: &AppName,
        push: u32,
        update: &RefUpdate,
        actor: &Actor,
        report: &mut Report<'_>,
    ) -> Result<Option<Done>, Error> {
        let chosen = files::read_text(&self.choice_file(app, push))?.unwrap_or_default();
        let Some(branch) = update.branch().filter(|_| chosen == update.name && !update.is_deletion()) else {
            if update.is_deletion() {
                self.must_be_free(app, "packed-refs", report)?;
            }
            self.must_be_free(app, &update.name, report)?;
            return Ok(None);
        };
        files::remove(&self.choice_file(app, push))?;
        stage(report, format!("Deploying {app}: {}", describe_commit(&self.root, app, &update.new)));
        self.locked(app, &actor.doing("pushing", app), report, |piku, report| {
            // git moves the branch after this hook. Check now what git would refuse then, when the release is live.
            let repo = piku.root.repo(app);
            let now = git::resolve(&repo, &update.name)?;
            let before = (!update.old.bytes().all(|byte| byte == b'0')).then(|| update.old.clone());
            if now != before {
                return Err(RefusedPush::Overtaken { branch: branch.to_owned() }.into());
            }
            if now.is_none()
                && let Some(other) = git::conflicting_branch(&repo, &update.name)?
            {
                return Err(RefusedPush::Conflicting { branch: branch.to_owned(), other }.into());
            }
            piku.must_be_free(app, &update.name, report)?;
            let cause = Cause::Push { branch: branch.to_owned() };
            piku.must_be_unlocked(app, &cause, actor, report)?;
            let order = piku.of_commit(app, cause, &update.new, actor)?;
            let moving = format!("{push} {} {} {}", update.old, update.new, update.name);
            files::write(&repo.join(MOVING), moving.as_bytes(), 0o600)?;
            let done = piku.carry_out(&order, report)?;
            // Make a clone check out what is live.
            git::set_head(&repo, &update.name)?;
            if piku.cancel.is_cancelled() {
                // The client is gone or reads nothing, so git will not move the branch.
                piku.move_branch(app)?;
            }
            Ok(Some(done))
        })
    }

    /// Moves the branch to the commit that a push made live, if git was ended before it could, or waits for a client that
    /// reads nothing.
    pub(crate) fn settle_branch(&self, app: &AppName) -> Result<(), Error> {
        self.await_move(app)?;
        self.move_branch(app)
    }

    /// Moves the branch to the commit that a push made live, if it has not moved yet.
    fn move_branch(&self, app: &AppName) -> Result<(), Error> {
        let repo = self.root.repo(app);
        let Some(text) = files::read_text(&repo.join(MOVING))? else { return Ok(()) };
        let Some(moving) = Moving::read(&text) else { return Ok(files::remove(&repo.join(MOVING))?) };
        let now = git::resolve(&repo, moving.branch)?;
        if self.is_live(app, &moving)? && now.as_deref() == moving.old {
            git::set_branch(&repo, moving.branch, moving.new)?;
            // git was ended before or while it moved the branch.
            git::unlock(&repo, moving.branch)?;
        }
        Ok(files::remove(&repo.join(MOVING))?)
    }

    fn is_live(&self, app: &AppName, moving: &Moving<'_>) -> Result<bool, HostError> {
        Ok(store::live(&self.root, app)?.is_some_and(|live| live.commit == moving.new))
    }

    /// Refuses a locked branch, which git could not move after the deploy. Removes the lock of a killed git process.
    fn must_be_free(&self, app: &AppName, name: &str, report: &mut Report<'_>) -> Result<(), Error> {
        let repo = self.root.repo(app);
        let branch = name.trim_start_matches("refs/heads/");
        let free = || git::locked_since(&repo, name).is_none().then_some(());
        if wait::until(LOCKED, free).is_some() {
            return Ok(());
        }
        match git::locked_since(&repo, name) {
            None => Ok(()),
            Some(age) if age < ABANDONED => Err(RefusedPush::Locked { branch: branch.to_owned() }.into()),
            Some(_) => {
                git::unlock(&repo, name)?;
                warn(report, format!("removed a lock of `{branch}` that an interrupted git had left"), None);
                Ok(())
            }
        }
    }

    /// Waits until git has moved the branch of the previous push, which happens after that push has released the lock.
    /// Stops waiting if that push has ended, or was refused.
    fn await_move(&self, app: &AppName) -> Result<(), Error> {
        let repo = self.root.repo(app);
        let Some(text) = files::read_text(&repo.join(MOVING))? else { return Ok(()) };
        if let Some(moving) = Moving::read(&text)
            && self.is_live(app, &moving)?
        {
            wait::until(PATIENCE, || {
                let ended = !processes::is_program(moving.push, "git");
                let moved =
                    || git::resolve(&repo, moving.branch).ok().flatten().as_deref() == Some(moving.new);
                (ended || moved()).then_some(())
            });
        }
        Ok(())
    }
}

/// Whether a repository has a branch or tag, and so commits; loose or packed (gitrepository-layout(5)).
fn has_refs(repo: &Utf8Path) -> bool {
    files::has_files(&repo.join("refs")) || files::exists(&repo.join("packed-refs"))
}

/// A branch that git moves after a deploy.
struct Moving<'a> {
    /// The process that receives the push and moves the branch.
    push: i32,
    /// `None` for a new branch.
    old: Option<&'a str>,
    new: &'a str,
    branch: &'a str,
}

impl<'a> Moving<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let [push, old, new, branch] = text.splitn(4, ' ').collect::<Vec<_>>()[..] else { return None };
        let old = (!old.bytes().all(|byte| byte == b'0')).then_some(old);
        Some(Self { push: push.parse().ok()?, old, new, branch })
    }
}

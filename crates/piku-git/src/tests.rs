//! Real repositories in temporary folders: both ways to check out, and what may obstruct them.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use camino::{Utf8Path, Utf8PathBuf};

use super::*;

fn program(home: &Utf8Path) -> Git {
    Git::new(home, "/usr/local/bin:/usr/bin:/bin")
}

/// A work tree with one commit, and a bare repository that has the commit.
struct Fixture {
    _folder: tempfile::TempDir,
    home: Utf8PathBuf,
    bare: Utf8PathBuf,
    work: Utf8PathBuf,
    commit: String,
}

fn fixture(fill: impl Fn(&Utf8Path)) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let (bare, work) = (home.join("repos/blog"), home.join("work"));
    std::fs::create_dir_all(&work).unwrap();
    fill(&work);
    init_bare(&bare).unwrap();
    let git = program(&home);
    git.command(&work, ["init", "--quiet"]).check(&mut |_| {}).unwrap();
    let mut it = Fixture { _folder: folder, home, bare, work, commit: String::new() };
    it.commit = it.commit_and_push();
    it
}

impl Fixture {
    /// Commits the whole work tree, pushes it to the bare repository, and returns the commit.
    fn commit_and_push(&self) -> String {
        let git = program(&self.home);
        let who = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
        let commit = who.into_iter().chain(["commit", "--quiet", "-m", "First words\n\nMore."]);
        for words in [
            vec!["add", "--all", "--force"],
            commit.collect(),
            vec!["push", "--quiet", self.bare.as_str(), "HEAD:refs/heads/main"],
        ] {
            git.command(&self.work, words).check(&mut |_| {}).unwrap();
        }
        resolve(&self.bare, "refs/heads/main").unwrap().unwrap()
    }
}

/// Every file below `folder`, except git's, with the properties to compare.
fn listing(folder: &Utf8Path) -> BTreeMap<Utf8PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut ask = vec![folder.to_owned()];
    while let Some(next) = ask.pop() {
        for entry in next.read_dir_utf8().unwrap() {
            let entry = entry.unwrap();
            let path = entry.path().to_owned();
            if entry.file_name() == ".git" {
                continue;
            }
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                ask.push(path);
                continue;
            }
            let seen = if kind.is_symlink() {
                format!("-> {}", path.read_link_utf8().unwrap())
            } else {
                format!(
                    "{:o} {:?}",
                    path.metadata().unwrap().permissions().mode(),
                    std::fs::read(&path).unwrap()
                )
            };
            found.insert(path.strip_prefix(folder).unwrap().to_owned(), seen);
        }
    }
    found
}

fn ordinary(work: &Utf8Path) {
    std::fs::create_dir_all(work.join("deep/er")).unwrap();
    std::fs::write(work.join("Procfile"), "web: ./run\n").unwrap();
    std::fs::write(work.join("deep/er/ünï codé"), b"\0\xff").unwrap();
    std::fs::write(work.join("run"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(work.join("run"), PermissionsExt::from_mode(0o755)).unwrap();
    symlink("deep/er", work.join("link")).unwrap();
    symlink("/nowhere", work.join("dangling")).unwrap();
    std::fs::write(work.join(".gitattributes"), "*.bat text eol=crlf\n").unwrap();
    std::fs::write(work.join("x.bat"), "a\nb\n").unwrap();
}

#[test]
fn both_ways_to_check_out_give_the_same_files_and_a_clean_tree() {
    let it = fixture(ordinary);
    let git = program(&it.home);
    let (by_gix, by_git) = (it.home.join("one"), it.home.join("two"));
    git.deployment_clone(&it.bare, &it.commit, &by_gix).unwrap();
    git.deployment_clone(&it.bare, &it.commit, &by_git).unwrap();
    for entry in by_git.read_dir_utf8().unwrap().flatten().filter(|entry| entry.file_name() != ".git") {
        files::remove(entry.path()).unwrap();
    }
    assert_eq!(written(&by_gix).unwrap(), [].into());
    git.checkout(&by_git, &it.commit).unwrap();
    assert_eq!(listing(&by_gix), listing(&by_git));
    assert_eq!(listing(&by_gix).len(), 7);
    for tree in [&by_gix, &by_git] {
        let status = git.command(tree, ["status", "--porcelain"]).read().unwrap();
        assert_eq!(String::from_utf8_lossy(&status), "");
    }
}

#[test]
fn a_recycled_clone_is_like_a_new_one_whatever_the_app_did_to_it() {
    let it = fixture(ordinary);
    let git = program(&it.home);
    let (recycled, fresh) = (it.home.join("one"), it.home.join("two"));
    git.deployment_clone(&it.bare, &it.commit, &recycled).unwrap();
    for (path, text) in
        [("Procfile", "web: evil\n"), ("new/file", "x"), ("deep/er/app.log", "x"), ("folder", "x")]
    {
        std::fs::create_dir_all(recycled.join(path).parent().unwrap()).unwrap();
        std::fs::write(recycled.join(path), text).unwrap();
    }
    std::fs::remove_file(recycled.join("x.bat")).unwrap();
    // Disguised: as long as before, of the same second, and said to be as old.
    let run = recycled.join("run");
    let age = run.metadata().unwrap().modified().unwrap();
    std::fs::write(&run, "#!/bin/no\n").unwrap();
    std::fs::File::options().write(true).open(&run).unwrap().set_modified(age).unwrap();
    std::fs::create_dir_all(recycled.join(".git/hooks")).unwrap();
    let hook = recycled.join(".git/hooks/post-checkout");
    std::fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", it.home.join("ran"))).unwrap();
    std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(recycled.join(".git/config"), "[core]\n\tfsmonitor = false; exit 1\n").unwrap();
    std::fs::write(recycled.join(".git/index.lock"), "").unwrap();

    std::fs::write(it.work.join("Procfile"), "web: ./run faster\n").unwrap();
    std::fs::remove_file(it.work.join("link")).unwrap();
    std::fs::create_dir(it.work.join("folder")).unwrap();
    std::fs::write(it.work.join("folder/file"), "y").unwrap();
    let commit = it.commit_and_push();
    git.recycled_clone(&it.bare, &commit, &recycled).unwrap();
    git.deployment_clone(&it.bare, &commit, &fresh).unwrap();
    assert_eq!(listing(&recycled), listing(&fresh));
    assert!(!it.home.join("ran").exists(), "a hook of the app's ran");
    let status = git.command(&recycled, ["status", "--porcelain"]).read().unwrap();
    assert_eq!(String::from_utf8_lossy(&status), "");
    assert_eq!(written(&recycled).unwrap(), [].into());
}

#[test]
fn a_recycled_clone_writes_only_what_was_touched() {
    let it = fixture(ordinary);
    let git = program(&it.home);
    let tree = it.home.join("one");
    git.deployment_clone(&it.bare, &it.commit, &tree).unwrap();
    std::fs::write(tree.join("Procfile"), "web: evil\n").unwrap();
    let written =
        || std::fs::metadata(tree.join("run")).map(|run| (run.ino(), run.ctime(), run.ctime_nsec()));
    let before = written().unwrap();
    git.recycled_clone(&it.bare, &it.commit, &tree).unwrap();
    assert_eq!(written().unwrap(), before);
    assert_eq!(std::fs::read_to_string(tree.join("Procfile")).unwrap(), "web: ./run\n");
}

/// Lets an app do to its tree what would make a git that obeys the tree run something, wait, or leave the tree.
fn lay_traps(it: &Fixture, tree: &Utf8Path) {
    let trap = it.home.join("trap");
    std::fs::write(&trap, format!("#!/bin/sh\ntouch '{}'\ncat\n", it.home.join("ran"))).unwrap();
    std::fs::set_permissions(&trap, PermissionsExt::from_mode(0o755)).unwrap();
    let config = format!(
        "[core]\n\tfsmonitor = {trap}\n\tworktree = {}\n\thooksPath = {}\n[filter \"x\"]\n\tclean = {trap}\n\tsmudge = {trap}\n[diff]\n\texternal = {trap}\n[include]\n\tpath = {trap}\n",
        it.work, it.home
    );
    std::fs::write(tree.join(".git/config"), config).unwrap();
    std::fs::write(tree.join(".gitattributes"), "* filter=x\n").unwrap();
    std::fs::create_dir_all(tree.join(".git/objects/info")).unwrap();
    std::fs::write(tree.join(".git/objects/info/alternates"), format!("{}\n", it.home)).unwrap();
    std::os::unix::fs::symlink(&trap, it.home.join("post-checkout")).unwrap();
    // A repository whose HEAD nobody writes to.
    std::fs::create_dir_all(tree.join("nested/.git/objects")).unwrap();
    std::fs::create_dir_all(tree.join("nested/.git/refs")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    for pipe in ["nested/.git/HEAD", "pipe", "Procfile"] {
        drop(std::fs::remove_file(tree.join(pipe)));
        rustix::fs::mkfifoat(rustix::fs::CWD, tree.join(pipe).as_std_path(), mode).unwrap();
    }
    std::fs::create_dir(tree.join("closed")).unwrap();
    std::fs::write(tree.join("closed/file"), "x").unwrap();
    std::fs::set_permissions(tree.join("closed"), PermissionsExt::from_mode(0o000)).unwrap();
}

#[test]
fn nothing_that_an_app_writes_to_its_tree_has_a_say() {
    let it = fixture(ordinary);
    let git = program(&it.home);
    let tree = it.home.join("tree");
    git.deployment_clone(&it.bare, &it.commit, &tree).unwrap();
    lay_traps(&it, &tree);
    let found = written(&tree).unwrap();
    assert_eq!(found, [".gitattributes", "closed/file", "nested"].map(PathBuf::from).into());

    git.recycled_clone(&it.bare, &it.commit, &tree).unwrap();
    let fresh = it.home.join("fresh");
    git.deployment_clone(&it.bare, &it.commit, &fresh).unwrap();
    assert_eq!(listing(&tree), listing(&fresh));
    for path in ["config", "HEAD"] {
        let text = |tree: &Utf8Path| std::fs::read_to_string(tree.join(".git").join(path)).unwrap();
        assert_eq!(text(&tree), text(&fresh), "{path}");
    }
    assert!(!tree.join(".git/objects/info/alternates").exists());

    // A `.git` that leads elsewhere, and an index of another tree.
    std::fs::rename(tree.join(".git"), it.home.join("kept")).unwrap();
    symlink(it.work.join(".git"), tree.join(".git")).unwrap();
    let before = std::fs::read(it.work.join(".git/config")).unwrap();
    assert_eq!(written(&tree).unwrap(), [].into());
    git.recycled_clone(&it.bare, &it.commit, &tree).unwrap();
    assert!(!tree.join(".git").is_symlink());
    assert_eq!(std::fs::read(it.work.join(".git/config")).unwrap(), before);
    assert!(it.work.join(".git/index").exists() && !it.home.join("ran").exists());

    // The tools of the app still find a repository.
    let said = git.command(&tree, ["describe", "--always", "--dirty"]).read().unwrap();
    assert!(it.commit.starts_with(String::from_utf8_lossy(&said).trim()), "{said:?}");
}

#[test]
fn a_clone_of_an_earlier_version_is_tracked_by_its_commit() {
    let it = fixture(ordinary);
    let tree = it.home.join("tree");
    program(&it.home).deployment_clone(&it.bare, &it.commit, &tree).unwrap();
    std::fs::remove_dir_all(git_folder(&tree)).unwrap();
    assert!(written(&tree).is_err());
    std::fs::write(tree.join("own"), "x").unwrap();
    std::fs::write(tree.join("run"), "changed").unwrap();
    for _ in 0..2 {
        keep_track(&it.bare, &it.commit, &tree).unwrap();
        // Of files that git converts, only the commit's own form is known.
        assert_eq!(written(&tree).unwrap(), ["own", "run", "x.bat"].map(PathBuf::from).into());
    }
    let moved = it.home.join("moved");
    move_clone(&tree, &moved).unwrap();
    assert_eq!((recyclable(&moved), recyclable(&tree)), (Some(7), None));
    assert_eq!(written(&moved).unwrap().len(), 3);
}

#[test]
fn what_legacy_piku_tracks_is_read_from_its_index_and_nowhere_else() {
    let it = fixture(ordinary);
    let tracked = tracked_by_legacy(&it.work).unwrap();
    assert_eq!(tracked.len(), 7);
    assert!(tracked.contains(&PathBuf::from("deep/er/ünï codé")));
    assert_eq!(tracked_by_legacy(&it.home).unwrap(), [].into(), "no repository");
    let index = it.work.join(".git/index");
    std::fs::rename(&index, it.home.join("index")).unwrap();
    symlink(it.home.join("index"), &index).unwrap();
    assert_eq!(tracked_by_legacy(&it.work).unwrap(), [].into(), "a link");
}

#[test]
fn attributes_that_gix_gets_wrong_are_left_to_git() {
    let it = fixture(|work| {
        std::fs::create_dir(work.join("sub")).unwrap();
        std::fs::write(work.join("sub/.gitattributes"), "v ident\n").unwrap();
        std::fs::write(work.join("sub/v"), "$Id$\n").unwrap();
    });
    let tree = it.home.join("tree");
    program(&it.home).deployment_clone(&it.bare, &it.commit, &tree).unwrap();
    let text = std::fs::read_to_string(tree.join("sub/v")).unwrap();
    assert!(text.starts_with("$Id: ") && text.ends_with(" $\n"), "{text}");
}

#[test]
fn commits_and_releases_are_found_again() {
    let it = fixture(ordinary);
    assert_eq!(subject(&it.bare, &it.commit).unwrap(), "First words");
    record_release(&it.bare, 1, &it.commit).unwrap();
    record_release(&it.bare, 1, &it.commit).unwrap();
    assert_eq!(resolve(&it.bare, "refs/piku/releases/1").unwrap(), Some(it.commit.clone()));
    assert_eq!(resolve(&it.bare, "refs/heads/nothing").unwrap(), None);
}

#[test]
fn what_the_app_wrote_is_told_from_what_was_checked_out() {
    let it = fixture(|work| {
        ordinary(work);
        std::fs::write(work.join(".gitignore"), "*.log\n").unwrap();
    });
    let tree = it.home.join("tree");
    let git = program(&it.home);
    git.deployment_clone(&it.bare, &it.commit, &tree).unwrap();
    assert!(written(&tree).unwrap().is_empty());
    std::fs::write(tree.join("deep/upload.jpg"), "x").unwrap();
    std::fs::write(tree.join("app.log"), "x").unwrap();
    std::fs::write(tree.join("Procfile"), "changed by the app itself\n").unwrap();
    std::fs::remove_file(tree.join("link")).unwrap();
    // A folder of the commit that has been moved elsewhere.
    std::fs::rename(tree.join("deep"), it.home.join("elsewhere")).unwrap();
    symlink(it.home.join("elsewhere"), tree.join("deep")).unwrap();
    // Touched, and with another mode, but with the same contents.
    std::fs::write(tree.join("run"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(tree.join("run"), PermissionsExt::from_mode(0o600)).unwrap();
    let found = written(&tree).unwrap();
    assert_eq!(found, ["Procfile", "app.log", "deep"].map(PathBuf::from).into());
    assert_eq!(it.work, it.home.join("work"));
}

#[test]
fn a_failing_git_tells_its_command_its_ending_and_what_it_said_last() {
    let folder = tempfile::tempdir().unwrap();
    let home = Utf8Path::from_path(folder.path()).unwrap();
    let mut heard = Vec::new();
    let alias =
        format!("alias.say=!printf '10%%\\r20%%\\n'; echo two >&2; printf %{}s 'no end'; exit 7", 5000);
    let error = program(home)
        .command(home, ["-c", &alias, "say"])
        .check(&mut |line| heard.push(line.to_owned()))
        .unwrap_err();
    assert_eq!(heard.iter().map(String::len).collect::<Vec<_>>(), [3, 3, 0, 5000 - 4096]);
    assert_eq!(heard[..2], ["20%", "two"]);
    let Error::Failed { program, output, .. } = &error else { panic!("{error}") };
    assert!(program.starts_with("git -c 'alias.say="), "{program}");
    assert_eq!(output, &heard);
    assert!(error.to_string().ends_with("` ended with exit status 7"), "{error}");

    let nowhere = Git::new(home, "/nowhere").command(home, ["status"]).read().unwrap_err();
    assert_eq!(nowhere.to_string(), "could not start `git`");
}

#[test]
fn a_repository_is_made_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let repos = Utf8Path::from_path(folder.path()).unwrap().join("repos");
    init_bare(&repos.join("blog")).unwrap();
    // Something is in the way, and its files are kept.
    std::fs::create_dir(repos.join("shop")).unwrap();
    std::fs::write(repos.join("shop/file"), "x").unwrap();
    for taken in ["blog", "shop"] {
        init_bare(&repos.join(taken)).unwrap_err();
    }
    assert!(repos.join("blog/HEAD").is_file() && repos.join("shop/file").is_file());
    let mode = repos.join("blog").metadata().unwrap().permissions().mode();
    assert_eq!((repos.read_dir().unwrap().count(), mode & 0o777), (2, 0o700), "nothing is left beside them");
}

#[test]
fn a_push_conflicts_with_a_branch_that_is_its_folder() {
    let it = fixture(ordinary);
    assert_eq!(conflicting_branch(&it.bare, "refs/heads/main/next").unwrap().as_deref(), Some("main"));
    assert_eq!(conflicting_branch(&it.bare, "refs/heads/mainly").unwrap(), None);
}

#[test]
fn a_file_of_a_push_is_read_where_git_keeps_it_apart() {
    let it = fixture(|work| {
        std::fs::create_dir(work.join("etc")).unwrap();
        std::fs::write(work.join("etc/ENV"), "A=1\n").unwrap();
    });
    let read = |quarantine: Option<&Utf8Path>, path: &str, limit| {
        file_in_push(&it.bare, quarantine, &it.commit, path, limit)
    };
    assert_eq!(read(None, "etc/ENV", 4).as_deref(), Some(&b"A=1\n"[..]));
    assert_eq!((read(None, "etc/ENV", 3), read(None, "etc", 9), read(None, "ENV", 9)), (None, None, None));

    // As in a push: what is new is elsewhere.
    let (objects, quarantine) = (it.bare.join("objects"), it.home.join("incoming"));
    std::fs::rename(&objects, &quarantine).unwrap();
    std::fs::create_dir(&objects).unwrap();
    assert_eq!(read(None, "etc/ENV", 9), None);
    assert_eq!(read(Some(&quarantine), "etc/ENV", 9).as_deref(), Some(&b"A=1\n"[..]));
    assert_eq!(file_in_push(&it.bare, Some(&quarantine), "main", "etc/ENV", 9), None, "no commit id");
}

#[test]
fn a_clone_can_be_recycled_if_it_has_an_index_without_submodules() {
    let it = fixture(|work| {
        for name in ["one", "two", "three"] {
            std::fs::write(work.join(name), name).unwrap();
        }
    });
    let (git, tree) = (program(&it.home), it.home.join("tree"));
    git.deployment_clone(&it.bare, &it.commit, &tree).unwrap();
    assert_eq!((recyclable(&tree), recyclable(&it.work)), (Some(3), None));
    let submodule = format!("160000,{},inner", it.commit);
    git.beside(&tree, ["update-index", "--add", "--cacheinfo", &submodule]).check(&mut |_| {}).unwrap();
    assert_eq!(recyclable(&tree), None);
    std::fs::write(git_folder(&tree).join("index"), "something else").unwrap();
    assert_eq!(recyclable(&tree), None);
}

#[test]
fn the_top_of_a_commit_tells_modes_and_contents_apart() {
    let it = fixture(|work| {
        std::fs::create_dir(work.join("src")).unwrap();
        for file in ["README.md", "run", "src/app"] {
            std::fs::write(work.join(file), file).unwrap();
        }
    });
    let before = top_entries(&it.bare, &it.commit).unwrap();
    assert_eq!(before.keys().collect::<Vec<_>>(), ["README.md", "run", "src"]);
    assert!(before["README.md"].starts_with("100644 ") && before["src"].starts_with("40000 "), "{before:?}");
    std::fs::write(it.work.join("src/app"), "changed").unwrap();
    std::fs::set_permissions(it.work.join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let after = top_entries(&it.bare, &it.commit_and_push()).unwrap();
    let differ: Vec<_> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert_eq!(differ, ["run", "src"]);
    assert_eq!(top_entries(&it.bare, &"0".repeat(40)), None);
}

#[test]
fn pointers_of_git_lfs_are_found_until_somebody_brings_the_files() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:07\nsize 12345\n";
    let it = fixture(|work| {
        std::fs::create_dir(work.join("ml")).unwrap();
        std::fs::write(work.join(".gitattributes"), "[attr]big filter=lfs diff=lfs -text\n*.bin big\n")
            .unwrap();
        for name in ["a.bin", "ml/b.bin", "not-lfs.txt"] {
            std::fs::write(work.join(name), pointer).unwrap();
        }
        std::fs::write(work.join("whole.bin"), "in git itself").unwrap();
    });
    let tree = it.home.join("tree");
    program(&it.home).deployment_clone(&it.bare, &it.commit, &tree).unwrap();
    let found = || lfs_pointers(&it.bare, &it.commit, &tree).unwrap();
    assert_eq!(found(), ["a.bin", "ml/b.bin"]);
    std::fs::write(tree.join("a.bin"), [0; 12345]).unwrap();
    assert_eq!(found(), ["ml/b.bin"]);
}

#[test]
fn a_submodule_that_can_not_be_fetched_is_named_with_its_address() {
    let it = fixture(|work| std::fs::write(work.join("Procfile"), "web: x\n").unwrap());
    let git = program(&it.home);
    let lib = it.home.join("lib");
    std::fs::create_dir(&lib).unwrap();
    let run = |folder: &Utf8Path, words: &[&str]| {
        let who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always"];
        git.command(folder, who.iter().chain(words).copied()).check(&mut |_| {}).unwrap();
    };
    run(&lib, &["init", "--quiet"]);
    run(&lib, &["commit", "--quiet", "--allow-empty", "-m", "One"]);
    run(&it.work, &["submodule", "--quiet", "add", lib.as_str(), "vendor/lib"]);
    run(&it.work, &["config", "--file", ".gitmodules", "submodule.vendor/lib.url", "../lib.git"]);
    let commit = it.commit_and_push();
    let tree = it.home.join("tree");
    git.deployment_clone(&it.bare, &commit, &tree).unwrap();
    let error = git.update_submodules(&tree, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "could not fetch the submodule `vendor/lib` from `../lib.git`");
    assert!(error.help().unwrap().contains("git submodule set-url vendor/lib https://"), "{error:?}");
}

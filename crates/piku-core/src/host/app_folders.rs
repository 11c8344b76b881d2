//! The folders of an app, as it gets another name: moved in one step each, so that the old paths lead there too, and
//! what is in them that names the old paths.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};

use super::{HostError, files, relocate};
use crate::app::AppName;
use crate::persisted::Persisted;
use crate::release::{Made, store};
use crate::root::Root;

/// The largest file of a build that names paths, such as a script.
const LARGEST: u64 = 256 * 1024;

/// The folders of an app. The repository is the last one: pushes go on until then.
pub(crate) fn of(root: &Root, app: &AppName) -> [Utf8PathBuf; 7] {
    [
        root.releases(app),
        root.env(app),
        root.data(app),
        root.logs(app),
        root.cache(app),
        root.certificates(app),
        root.repo(app),
    ]
}

/// Moves every folder of `from` to its place below the name `to`, and leaves a link. At every moment both paths, or the
/// old one, lead to the contents. A second call does what is left to do.
pub(crate) fn move_all(root: &Root, from: &AppName, to: &AppName) -> Result<(), HostError> {
    for (old, new) in of(root, from).iter().zip(of(root, to)) {
        if old.is_dir() && files::link_target(old).is_none() {
            relocate::move_and_link(old.as_std_path(), new.as_std_path())?;
        }
    }
    Ok(())
}

/// Undoes [`move_all`], as far as it came.
pub(crate) fn move_back(root: &Root, from: &AppName, to: &AppName) -> Result<(), HostError> {
    for (old, new) in of(root, from).iter().zip(of(root, to)) {
        match (files::link_target(old), files::link_target(&new)) {
            (Some(target), None) if target == new && new.is_dir() => {
                relocate::move_back(new.as_std_path(), old.as_std_path())?;
            }
            // A link that leads to itself, made for a step that was not taken.
            (None, Some(target)) if target == new => files::remove(&new)?,
            _ => {}
        }
    }
    Ok(())
}

/// Names the folders of `to` wherever those of `from` are named: in the records of releases, the links of their trees,
/// the git folders beside these, and the scripts of builds. The folders are below the name `at`.
pub(crate) fn retarget(root: &Root, at: &AppName, from: &AppName, to: &AppName) -> Result<(), HostError> {
    let pairs = [
        (root.env(from), root.env(to)),
        (root.releases(from), root.releases(to)),
        (root.data(from), root.data(to)),
        (root.repo(from), root.repo(to)),
    ];
    let pairs: Vec<(String, String)> =
        pairs.iter().map(|(old, new)| (format!("{old}/"), format!("{new}/"))).collect();
    let persisted = Persisted::load(root, at)?;
    for mut release in store::all(root, at)? {
        let made = release.made.as_ref().map(|made| renamed(made, &pairs));
        if made != release.made {
            release.made = made;
            store::save(root, at, &release)?;
        }
        if release.tree_of != release.number {
            continue;
        }
        let tree = root.tree(at, release.number);
        let listed = release.persist.iter().map(|path| Path::new(path.as_str()));
        for path in persisted.0.keys().map(|path| path.as_path()).chain(listed) {
            relink(&tree.as_std_path().join(path), &root.data(from), &root.data(to))?;
        }
        let git = tree.with_extension("git");
        for file in [git.join("objects/info/alternates"), git.join("config")] {
            rewrite(file.as_std_path(), &pairs)?;
        }
    }
    scripts(root.env(at).as_std_path(), &pairs)
}

/// What a build provides, with other paths.
fn renamed(made: &Made, pairs: &[(String, String)]) -> Made {
    let text = |text: &String| replaced(text, pairs);
    let path = |path: &Utf8PathBuf| Utf8PathBuf::from(replaced(path.as_str(), pairs));
    Made {
        folder: made.folder.as_ref().map(path),
        path: made.path.as_ref().map(text),
        variables: made.variables.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        uwsgi: made.uwsgi.as_ref().map(path),
        ..made.clone()
    }
}

fn replaced(text: &str, pairs: &[(String, String)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Points a link into the data of one name to that of the other.
fn relink(link: &Path, from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    let target = fs::read_link(link).ok();
    match target.as_ref().and_then(|target| target.strip_prefix(from).ok()) {
        Some(below) => relocate::link(link, &to.as_std_path().join(below)),
        None => Ok(()),
    }
}

/// Replaces the paths in a text file, with the mode that it has. Others are left alone.
fn rewrite(file: &Path, pairs: &[(String, String)]) -> Result<(), HostError> {
    let is_small = |about: &fs::Metadata| about.is_file() && about.len() <= LARGEST;
    let Some(about) = file.symlink_metadata().ok().filter(is_small) else { return Ok(()) };
    let Some(path) = Utf8Path::from_path(file) else { return Ok(()) };
    let Some(text) = files::read(path)?.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Ok(());
    };
    let new = replaced(&text, pairs);
    if new == text {
        return Ok(());
    }
    files::write(path, new.as_bytes(), about.permissions().mode() & 0o7777)
}

/// Rewrites the files of virtual environments that name their own folder: what is in `bin`, `pyvenv.cfg`, and `*.pth`.
fn scripts(folder: &Path, pairs: &[(String, String)]) -> Result<(), HostError> {
    let mut waiting = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            // envs/<app>/<build>/lib/python3.11/site-packages
            if is_folder && depth < 4 && name != "node_modules" {
                waiting.push((path, depth + 1));
            } else if !is_folder
                && (folder.ends_with("bin")
                    || name == "pyvenv.cfg"
                    || path.extension().is_some_and(|end| end == "pth"))
            {
                rewrite(&path, pairs)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_the_old_folders_names_the_new_ones_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap());
        let [old, new] = ["old", "new"].map(|name| name.parse::<AppName>().unwrap());
        let bin = root.env(&old).join("python-1/bin");
        for made in [&bin, &root.data(&old), &root.release(&old, 1), &root.repo(&old)] {
            fs::create_dir_all(made).unwrap();
        }
        let script = format!("#!{}/python\n", root.env(&old).join("python-1/bin"));
        files::write(&bin.join("gunicorn"), script.as_bytes(), 0o755).unwrap();
        files::write(&bin.join("binary"), b"\xff/envs/old/", 0o755).unwrap();
        let open = fs::File::create(root.data(&old).join("file")).unwrap();

        move_all(&root, &old, &new).unwrap();
        move_all(&root, &old, &new).unwrap();
        retarget(&root, &new, &old, &new).unwrap();
        let moved = root.env(&new).join("python-1/bin/gunicorn");
        assert_eq!(files::read_text(&moved).unwrap().unwrap(), script.replace("/old/", "/new/"));
        assert_eq!(files::mode(&moved), Some(0o755));
        for name in [&old, &new] {
            assert!(root.data(name).join("file").exists(), "both paths lead to the data");
        }
        assert!(files::link_target(&root.data(&new)).is_none());

        // Interrupted when only some of them were moved back.
        relocate::move_back(root.data(&new).as_std_path(), root.data(&old).as_std_path()).unwrap();
        move_back(&root, &old, &new).unwrap();
        retarget(&root, &old, &new, &old).unwrap();
        assert_eq!(files::read_text(&bin.join("gunicorn")).unwrap().unwrap(), script);
        for (was, is) in of(&root, &old).iter().zip(of(&root, &new)) {
            assert!(files::link_target(was).is_none() && !files::exists(&is), "{is}");
        }
        drop(open);
    }
}

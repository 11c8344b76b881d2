//! The nginx of another Debian, run on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Debian, layer, root};

/// A program that runs the nginx of this release here, with its own libraries. It is made anew by each call.
///
/// # Panics
///
/// When the release has no such nginx, or the program can't be written.
#[must_use]
pub fn nginx_of(debian: Debian) -> Utf8PathBuf {
    let base = root::base(debian);
    let layers = layer::with_dependencies(debian, &base);
    let libraries: Vec<String> = layers
        .iter()
        .flat_map(|layer| entries(&layer.join("usr/lib"), "-linux-gnu"))
        .map(Into::into)
        .collect();
    let loaders = ["usr/lib64", "usr/lib"].iter().flat_map(|folder| entries(&base.join(folder), ".so."));
    let loader =
        loaders.into_iter().find(|path| path.file_name().is_some_and(|name| name.starts_with("ld-linux")));
    let loader = loader.unwrap_or_else(|| panic!("{base} has no dynamic loader"));
    let nginx = layers.iter().map(|layer| layer.join("usr/sbin/nginx")).find(|path| path.exists());
    let nginx = nginx.unwrap_or_else(|| panic!("{debian:?} has no nginx"));
    let script =
        format!("#!/bin/sh\nexec '{loader}' --library-path '{}' '{nginx}' \"$@\"\n", libraries.join(":"));
    let program = base.with_file_name("nginx");
    fs::write(&program, script).unwrap_or_else(|error| panic!("{program} can't be written: {error}"));
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&program, mode)
        .unwrap_or_else(|error| panic!("{program} can't be a program: {error}"));
    program
}

/// What a folder has whose name contains `part`.
fn entries(folder: &Utf8Path, part: &str) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten().map(|entry| entry.into_path());
    entries.filter(|path| path.file_name().is_some_and(|name| name.contains(part))).collect()
}

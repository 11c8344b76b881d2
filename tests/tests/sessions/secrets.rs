//! Secrets are readable by their owner alone.

use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;
use piku_tests::TestServer;

/// Every file below `folder` whose text holds `secret`, with its mode and whether others may enter its folders.
fn holding(folder: &Utf8Path, open: bool, secret: &[u8], found: &mut Vec<(String, u32, bool)>) {
    for entry in folder.read_dir_utf8().unwrap().flatten() {
        let Ok(facts) = entry.metadata() else { continue };
        let mode = facts.permissions().mode() & 0o777;
        // An app's own files are its own affair.
        if facts.is_symlink() || entry.path().ends_with(".piku/data") {
            continue;
        }
        if facts.is_dir() {
            holding(entry.path(), open && mode & 0o011 != 0, secret, found);
        } else if facts.is_file()
            && std::fs::read(entry.path()).unwrap().windows(secret.len()).any(|part| part == secret)
        {
            found.push((entry.path().to_string(), mode, open));
        }
    }
}

#[test]
fn no_file_that_holds_a_setting_can_be_read_by_others() {
    let server = TestServer::new();
    let blog = server.app_from("hello-wsgi", "blog").file("ENV", "FROM_FILE=s3cret-in-the-tree\n");
    blog.push().succeeds();
    server.ssh(["config:set", "blog", "TOKEN=s3cret-of-config"]).succeeds();

    let mut found = Vec::new();
    holding(&server.root(), true, b"s3cret-of-config", &mut found);
    assert!(!found.is_empty(), "the setting is kept somewhere");
    for (file, mode, _) in &found {
        assert_eq!(mode & 0o077, 0, "{file} is {mode:o}");
    }
    for file in ["envs/blog/ENV", "envs/blog/LIVE_ENV"] {
        let mode = std::fs::metadata(server.root().join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file} is {mode:o}");
    }

    let mut found = Vec::new();
    holding(&server.root(), true, b"s3cret-in-the-tree", &mut found);
    for (file, mode, open) in found {
        assert!(!open || mode & 0o044 == 0, "{file} is {mode:o}, and others may enter its folder");
    }
}

#[test]
fn no_setting_is_in_the_process_list() {
    let server = TestServer::new();
    let shop = server.app_from("hello-web", "shop").file("ENV", "FROM_FILE=s3cret-in-the-tree\n");
    shop.push().succeeds();
    server.piku(["config:set", "shop", "TOKEN=s3cret-of-config"]).succeeds();
    for process in server.processes() {
        assert!(!process.command.contains("s3cret"), "{}", process.command);
    }
}

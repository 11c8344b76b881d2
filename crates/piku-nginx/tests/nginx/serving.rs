//! Which files are served, and which never are.

use std::os::unix::fs::{lchown, symlink};

use piku_nginx::{Backend, Site, StaticPath};

use crate::{
    passing::echo,
    running::{Machine, machine},
};

/// An app's folder with secrets in it, and a site that serves only `paths`.
fn served(machine: &mut Machine, paths: &str, change: impl FnOnce(&mut Site)) {
    for (name, text) in [
        ("ENV", "secret"),
        ("Procfile", "secret"),
        (".env", "secret"),
        (".git/config", "secret"),
        ("public/.hidden", "secret"),
        ("public/a.txt", "a"),
        ("public/about.html", "about"),
        ("public/docs/index.html", "docs"),
        ("public/empty/x.txt", "x"),
        ("public/index.html", "home"),
        ("public.old/a.txt", "old"),
        ("publicENV", "secret"),
        (".well-known/security.txt", "contact"),
        ("a b;{c}.txt", "odd"),
    ] {
        machine.file(name, text);
    }
    let mut site = machine.site("blog", echo());
    site.backend = Backend::StaticOnly;
    site.statics = StaticPath::parse_list(paths, &machine.tree()).unwrap();
    change(&mut site);
    machine.add(&site);
    machine.start();
}

fn shown(machine: &Machine, path: &str) -> String {
    let answer = machine.get("blog.example.org", path).unwrap();
    match (answer.status, answer.header("Location")) {
        (200, _) => answer.body,
        (status, None) => status.to_string(),
        (status, Some(there)) => format!("{status} {there}"),
    }
}

#[track_caller]
fn check(machine: &Machine, table: &[(&str, &str)]) {
    for (path, what) in table {
        assert_eq!(shown(machine, path), *what, "{path}");
    }
}

/// URLs of files that are never served, below `/`.
const SECRETS: [&str; 16] = [
    "/ENV",
    "//ENV",
    "/ENV/",
    "/%45NV",
    "/%45%4e%56",
    "/public/../ENV",
    "/public/%2e%2e/ENV",
    "/./ENV",
    "/ENV?x",
    "/Procfile",
    "/.env",
    "/%2eenv",
    "/.git/config",
    "/public/.hidden",
    "/public/%2ehidden",
    "/.well-known/../.env",
];

#[test]
fn a_folder_is_served_without_its_secrets() {
    let Some(mut machine) = machine() else { return };
    served(&mut machine, "/:.", |_| ());
    for path in SECRETS {
        assert_eq!(shown(&machine, path), "404", "{path}");
    }
    for path in ["/ENV%00", "/../ENV", "/%2e%2e/ENV"] {
        assert_eq!(shown(&machine, path), "400", "{path}");
    }
    check(
        &machine,
        &[
            ("/public/a.txt", "a"),
            ("/public/about", "about"),
            ("/public/docs/", "docs"),
            ("/public/docs", "301 /public/docs/"),
            ("/.well-known/security.txt", "contact"),
            ("/a%20b%3B%7Bc%7D.txt", "odd"),
            ("/nowhere", "404"),
            ("/env", "404"),
        ],
    );
}

#[test]
fn a_missing_file_has_the_sites_own_page_if_there_is_one() {
    let page = |site: &mut Site| site.not_found = "/404.html".parse().ok();
    let Some(mut machine) = machine() else { return };
    machine.file("public/404.html", "not here");
    served(&mut machine, "/:public", page);
    for path in ["/nowhere", "/docs/nowhere", "/.hidden", "/ENV"] {
        let answer = machine.get("blog.example.org", path).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (404, "not here"), "{path}");
    }
    check(&machine, &[("/a.txt", "a"), ("/", "home")]);

    let Some(mut machine) = self::machine() else { return };
    served(&mut machine, "/:public", page);
    let answer = machine.get("blog.example.org", "/nowhere").unwrap();
    assert!(answer.status == 404 && answer.body.contains("404 Not Found"), "{}", answer.body);
}

#[test]
fn a_url_prefix_reaches_its_folder_and_nothing_beside_it() {
    let Some(mut machine) = machine() else { return };
    served(&mut machine, "/static:public,/all:.,/one:public/a.txt,/dot:.env,/git:.git", |_| ());
    check(
        &machine,
        &[
            ("/static/a.txt", "a"),
            ("/static/about", "about"),
            ("/static/docs/", "docs"),
            ("/static/docs", "301 /static/docs/"),
            ("/static", "301 /static/"),
            ("/static?x=1", "301 /static/?x=1"),
            ("/static/", "home"),
            ("/one", "a"),
            ("/one/", "404"),
            ("/dot", "404"),
            ("/dot/", "404"),
            ("/git/.git", "404"),
            ("/static../ENV", "404"),
            ("/static.old/a.txt", "404"),
            ("/staticENV", "404"),
            ("/static/../ENV", "404"),
            ("/static/..%2fENV", "404"),
            ("/static%2f..%2f.env", "404"),
            ("/all/public/a.txt", "a"),
            ("/a.txt", "404"),
        ],
    );
    for path in SECRETS {
        assert_eq!(shown(&machine, &format!("/all{path}")), "404", "{path}");
    }
}

#[test]
fn a_catch_all_stands_in_for_what_is_not_there() {
    let Some(mut machine) = machine() else { return };
    served(&mut machine, "/:public,/static:public", |site| site.catch_all = "/index.html".parse().ok());
    check(
        &machine,
        &[
            ("/", "home"),
            ("/nowhere/at/all", "home"),
            ("/a.txt", "a"),
            ("/about", "about"),
            ("/empty/", "home"),
            ("/.hidden", "404"),
            ("/static/nowhere", "home"),
            ("/static/empty/", "home"),
            ("/static/.hidden", "404"),
        ],
    );
}

#[test]
fn an_app_answers_for_what_its_folder_does_not_have() {
    let Some(mut machine) = machine() else { return };
    let address = echo();
    served(&mut machine, "/:public,/static:public", |site| site.backend = Backend::Http(vec![address]));
    check(&machine, &[("/a.txt", "a"), ("/about", "about"), ("/.hidden", "404"), ("/static/x", "404")]);
    for path in ["/", "/nowhere", "/docs/"] {
        let heard = shown(&machine, path);
        assert!(heard.contains(&format!("GET {path} HTTP/1.1\n")), "{path}: {heard}");
    }
}

#[test]
fn links_lead_to_files_of_their_owner_only() {
    let Some(mut machine) = machine() else { return };
    std::fs::create_dir_all(machine.path("data")).unwrap();
    std::fs::write(machine.path("data/upload.txt"), "upload").unwrap();
    machine.file("public/x.txt", "x");
    symlink(machine.path("data"), machine.tree().join("public/data")).unwrap();
    symlink("/etc/hostname", machine.tree().join("public/etc")).unwrap();
    symlink("/etc", machine.tree().join("public/folder")).unwrap();
    for name in ["public/etc", "public/folder"] {
        // If the tests run as root, root's own links would rightly lead to /etc.
        let _ = lchown(machine.tree().join(name), Some(65534), Some(65534));
    }
    // The folder of an app is itself a link.
    std::fs::rename(machine.tree(), machine.path("release")).unwrap();
    symlink(machine.path("release"), machine.tree()).unwrap();
    served(&mut machine, "/:public,/all:.,/file:public/etc", |_| ());
    check(
        &machine,
        &[
            ("/x.txt", "x"),
            ("/data/upload.txt", "upload"),
            ("/all/public/x.txt", "x"),
            ("/etc", "404"),
            ("/folder/hostname", "404"),
            ("/all/public/folder/hostname", "404"),
            ("/file", "403"),
        ],
    );
}

#[test]
fn folders_of_git_are_served_when_allowed() {
    let Some(mut machine) = machine() else { return };
    served(&mut machine, "/:.", |site| site.allow_git_folders = true);
    check(&machine, &[("/.git/config", "secret"), ("/.env", "404"), ("/.gitx", "404")]);
}

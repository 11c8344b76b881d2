//! Which files are served, and which never are.

use std::os::unix::fs::symlink;

use piku_nginx::{Backend, Led, Servable, Site, StaticPath};

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
    site.statics = StaticPath::parse_list(paths, &Servable::tree(&machine.tree())).unwrap();
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
fn no_link_is_followed_but_the_one_to_the_folder_of_the_app() {
    let Some(mut machine) = machine() else { return };
    for (file, text) in
        [("victim/file", "theirs"), ("data/blog/upload.txt", "upload"), ("data/blog/ENV", "secret")]
    {
        let path = machine.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    for (file, text) in [("public/x.txt", "x"), ("nested/ENV", "secret"), ("public/real/ENV", "secret")] {
        machine.file(file, text);
    }
    let tree = machine.tree();
    for (link, target) in [
        ("public/out", machine.path("victim")),
        ("public/out.txt", machine.path("victim/file")),
        ("public/env", "../ENV".into()),
        ("public/procfile.txt", "../Procfile".into()),
        ("public/nested", "../nested".into()),
        ("public/dot.txt", "../.env".into()),
        ("public/uploads", machine.path("data/blog")),
        ("public/in.txt", "x.txt".into()),
        ("linked", "public".into()),
        ("public/index2", "out".into()),
    ] {
        symlink(target, tree.join(link)).unwrap();
    }
    symlink(machine.path("victim"), machine.path("data/blog/out")).unwrap();
    // The folder of an app is itself a link.
    std::fs::rename(&tree, machine.path("release")).unwrap();
    symlink(machine.path("release"), &tree).unwrap();
    let data = machine.path("data/blog");
    let add = |site: &mut Site| {
        let from = Servable::tree(&tree).with_data(&data);
        let uploads = (tree.join("public/uploads"), data.clone());
        let led: Vec<Led> =
            site.statics.iter().filter_map(|mapped| mapped.led(&uploads.0, &uploads.1, &from)).collect();
        for led in led {
            if let Led::Part(part) = led {
                site.statics.push(part);
            }
        }
    };
    served(&mut machine, "/:public,/all:.,/file:public/out.txt,/linked:linked,/whole:public/uploads", add);
    check(
        &machine,
        &[
            ("/x.txt", "x"),
            ("/all/public/x.txt", "x"),
            ("/uploads/upload.txt", "upload"),
            ("/all/public/uploads/upload.txt", "upload"),
            ("/uploads/ENV", "404"),
            ("/uploads/out/file", "404"),
            ("/uploads/../ENV", "404"),
            ("/out/file", "404"),
            ("/out/", "404"),
            ("/out", "404"),
            ("/out.txt", "404"),
            ("/env", "404"),
            ("/procfile.txt", "404"),
            ("/nested/ENV", "404"),
            ("/real/ENV", "404"),
            ("/dot.txt", "404"),
            ("/in.txt", "404"),
            ("/index2/", "404"),
            ("/all/public/out/file", "404"),
            ("/all/linked/x.txt", "404"),
            ("/all/public/env", "404"),
            ("/linked/x.txt", "404"),
            ("/whole/upload.txt", "404"),
        ],
    );
    for path in ["/file", "/linked"] {
        let status = machine.get("blog.example.org", path).unwrap().status;
        assert!(matches!(status, 403 | 404), "{path}: {status}");
    }
    // What the app changes while nginx is running.
    std::fs::remove_file(machine.path("release/public/x.txt")).unwrap();
    symlink(machine.path("victim/file"), machine.path("release/public/x.txt")).unwrap();
    std::fs::rename(machine.path("data/blog"), machine.path("data/gone")).unwrap();
    symlink(machine.path("victim"), machine.path("data/blog")).unwrap();
    check(&machine, &[("/x.txt", "404"), ("/uploads/file", "404")]);
}

#[test]
fn folders_of_git_are_served_when_allowed() {
    let Some(mut machine) = machine() else { return };
    served(&mut machine, "/:.", |site| site.allow_git_folders = true);
    check(&machine, &[("/.git/config", "secret"), ("/.env", "404"), ("/.gitx", "404")]);
}

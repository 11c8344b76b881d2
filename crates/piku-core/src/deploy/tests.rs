//! From texts to files, without a machine: what a release of an app would be.

#![allow(clippy::disallowed_methods, reason = "tests look at a folder of their own")]

mod site_values;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use piku_nginx::Version;
use piku_uwsgi::{Flavour, Owner};

use super::build::Build;
use super::built::tree;
use super::plan::basis::{Basis, Ports};
use super::plan::render::{self, Rendered};
use super::plan::{self, Plan, hosted, site};
use super::source::inputs::{Inputs, Instead, Texts, Written};
use crate::app::AppName;
use crate::formation::{Formation, Scale};
use crate::host::Surroundings;
use crate::host::facts::Uwsgi;
use crate::host::socket_access::SocketAccess;
use crate::included::Directives;
use crate::persisted::Persisted;
use crate::root::Root;

const COMMIT: &str = "0123456789012345678901234567890123456789";

struct App {
    root: Root,
    surroundings: Surroundings,
    name: AppName,
    inputs: Inputs,
    formation: Formation,
    uwsgi: Uwsgi,
    tree: Utf8PathBuf,
}

impl App {
    fn new(procfile: &str, env: &str, scale: &[&str]) -> Self {
        let texts = Texts {
            procfile: Some(procfile.into()),
            instead: Instead::default(),
            env: Some(env.into()),
            stored: b"SECRET=$(HOME) %d @(exec://id) %(socket)\n".to_vec(),
            ..Texts::default()
        };
        let mut app = Self::of(&texts).unwrap();
        for change in scale {
            app.formation.set(&change.parse::<Scale>().unwrap());
        }
        app
    }

    /// An app with these texts; `None` if there are mistakes in them.
    fn of(texts: &Texts) -> Option<Self> {
        let root = Root::new("/srv/piku");
        let name: AppName = "blog".parse().unwrap();
        let inputs = Written::parse(Some(&name), texts).expand(&BTreeMap::new()).inputs?;
        Some(Self {
            tree: root.tree(&name, 3),
            surroundings: Surroundings {
                home: "/home/piku".into(),
                user: "piku".into(),
                path: "/usr/bin:/bin".into(),
                program: "/usr/local/bin/piku".into(),
                nginx_reload: None,
                max_processes: None,
            },
            inputs,
            formation: Formation::default(),
            uwsgi: Uwsgi {
                program: "/usr/bin/uwsgi".into(),
                flavour: Flavour::Debian,
                python: Some(("python311".into(), (3, 11))),
                plugins: ["php", "rack"].map(str::to_owned).into(),
            },
            root,
            name,
        })
    }

    fn with<T>(&self, ports: &[u16], use_it: impl FnOnce(&Basis<'_>, &Plan) -> T) -> T {
        let web = plan::web_count(&self.inputs.procfile, &self.formation) as usize;
        let basis = Basis {
            root: &self.root,
            surroundings: &self.surroundings,
            app: &self.name,
            release: 3,
            run: 3,
            commit: COMMIT,
            tree: &self.tree,
            inputs: &self.inputs,
            formation: &self.formation,
            build: &Build::default(),
            uwsgi: Some(&self.uwsgi),
            class_path: vec!["/srv/piku/releases/blog/3/tree".into()],
            ports: Ports { app: ports[0], web: ports[..web].to_vec(), kept: Vec::new() },
            kept: &Persisted::default(),
        };
        let plan = plan::plan(&basis);
        use_it(&basis, &plan)
    }

    fn vassals(&self, ports: &[u16]) -> Vec<Rendered> {
        let access = SocketAccess::Group(Owner::new("piku", "www-data").unwrap());
        self.with(ports, |basis, plan| {
            plan.processes.iter().map(|process| render::render(basis, process, &access).unwrap()).collect()
        })
    }

    fn site(&self, ports: &[u16]) -> String {
        self.with(ports, |_, plan| {
            let place = site::Place {
                directives: &Directives::default(),
                links: &[],
                error_pages: &[],
                nginx: Some(Version(1, 22, 1)),
            };
            site::render(&self.root, &self.name, &self.inputs, plan, &place).unwrap().unwrap().text
        })
    }
}

fn shown(vassals: &[Rendered]) -> String {
    vassals.iter().map(|vassal| format!("--- {}\n{}", vassal.name, vassal.ini)).collect()
}

#[test]
fn a_wsgi_app_without_a_site_has_its_processes_a_worker_and_a_router() {
    let app = App::new("wsgi: app:app\nworker: python work.py\n", "UWSGI_PROCESSES=1\n", &["worker=2"]);
    insta::assert_snapshot!(shown(&app.vassals(&[20_001])));
}

#[test]
fn a_daemon_is_launched_with_its_whole_environment_and_uwsgi_sees_none_of_it() {
    let app = App::new("worker: echo %d $(date) @(x)\n", "COLOR=blue\nUWSGI_THREADS=3\n", &[]);
    let vassals = app.vassals(&[20_001]);
    insta::assert_snapshot!(vassals[0].record);
    for hostile in ["$(HOME)", "@(exec", "blue", "echo"] {
        assert!(!vassals[0].ini.contains(hostile), "{hostile}");
    }
}

#[test]
fn web_processes_have_a_port_each_and_only_a_fixed_one_is_handed_over() {
    let app = App::new("web: ./serve\n", "PORT=8000\nNGINX_SERVER_NAME=blog.example.org\n", &["web=2"]);
    let vassals = app.vassals(&[8000, 20_002]);
    let ports: Vec<(bool, bool)> = vassals
        .iter()
        .map(|vassal| {
            (vassal.record.contains("\"PORT\": \"8000\""), vassal.record.contains("blog@web.1.slot"))
        })
        .collect();
    assert_eq!(ports, [(true, true), (false, false)]);
    assert!(vassals[1].record.contains("\"drain_ms\": 2000"));
    let site = app.site(&[8000, 20_002]);
    assert!(site.contains("server 127.0.0.1:8000") && site.contains("server 127.0.0.1:20002"), "{site}");
}

#[test]
fn a_site_depends_on_ports_and_settings_and_not_on_the_release() {
    let env = "NGINX_SERVER_NAME=blog.example.org\nNGINX_STATIC_PATHS=/static:public\n";
    let app = App::new("wsgi: app:app\n", env, &[]);
    let first = app.site(&[20_001]);
    // The hash of the text is another one whenever the text is.
    let without_hash = |line: &str| match line.split_once("\"blog ") {
        Some((head, hashed)) => format!("{head}\"blog …{}", &hashed[16..]),
        None => line.to_owned(),
    };
    insta::assert_snapshot!(
        first
            .lines()
            .filter(|line| line.contains("return 200") || line.contains("server "))
            .map(without_hash)
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert_eq!(first, App::new("wsgi: app:app\nworker: x\n", env, &[]).site(&[20_009]));
    assert_ne!(
        first,
        App::new("wsgi: app:app\n", &format!("{env}NGINX_HTTPS_ONLY=1\n"), &[]).site(&[20_001])
    );
}

#[test]
fn an_app_scaled_to_nothing_answers_that_it_is_unavailable() {
    let app = App::new("wsgi: app:app\n", "NGINX_SERVER_NAME=blog.example.org\n", &["wsgi=0"]);
    assert!(app.vassals(&[20_001]).is_empty());
    assert!(app.site(&[20_001]).contains("return 503"));
}

#[test]
fn a_socket_that_would_be_too_long_is_refused_with_its_path() {
    let mut app = App::new("wsgi: app:app\n", "", &[]);
    app.root = Root::new(Utf8Path::new("/").join("long".repeat(30)));
    let error = app.with(&[20_001], |basis, plan| {
        render::render(basis, &plan.processes[0], &SocketAccess::Own).unwrap_err()
    });
    assert_eq!(error.code(), "deploy::socket-path");
}

#[test]
fn every_mistake_of_all_files_is_found_at_once() {
    let texts = Texts {
        procfile: Some(b"worker: x\nstatic: ../etc\nphp: /srv\njwsgi: java -jar x\n".to_vec()),
        instead: Instead::default(),
        env: Some(b"A=1\nnonsense\nUWSGI_PROCESSES=abc\n".to_vec()),
        stored: b"PORT=99999\n".to_vec(),
        ..Texts::default()
    };
    let name = "blog".parse().unwrap();
    let reading = Written::parse(Some(&name), &texts).expand(&BTreeMap::new());
    let found: Vec<String> = reading
        .diagnostics
        .iter()
        .map(|found| format!("{}:{}: {}", found.file, found.place().line, found.diagnostic.code))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    Procfile:2: procfile::static-outside
    Procfile:3: procfile::php-outside
    Procfile:4: procfile::bad-jwsgi
    Procfile:4: procfile::two-servers
    ENV:2: env::missing-equals
    ");
    assert!(reading.inputs.is_none());
}

#[test]
fn apps_of_every_language_of_uwsgis_are_served_alike() {
    let kept = |ini: &str| {
        let app = ini.split_once("master = true\n").unwrap().1.split_once("socket = ").unwrap().0.to_owned();
        let limit: String = ini.lines().filter(|line| line.starts_with("max-req")).collect();
        app + &limit
    };
    let mut shown = String::new();
    for procfile in ["php: public", "php: .", "rwsgi: config.ru", "rwsgi: site", "jwsgi: org.example.Blog"] {
        let vassals = App::new(&format!("{procfile}\n"), "UWSGI_THREADS=3\n", &[]).vassals(&[20_001]);
        let names: Vec<String> = vassals.iter().map(|vassal| vassal.name.to_string()).collect();
        shown += &format!("--- {procfile} {names:?}\n{}\n", kept(&vassals[0].ini));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_plugin_that_is_missing_is_named_with_the_package_that_brings_it() {
    let refused = |procfile: &str, env: &str| {
        let app = App::new(&format!("{procfile}\n"), env, &[]);
        let uwsgi = Some(&app.uwsgi);
        let outcome = hosted::require_kinds(&app.inputs.procfile, uwsgi)
            .and_then(|()| hosted::require_settings(&app.inputs, uwsgi));
        outcome.map_err(|error| format!("{error}; {}", error.help().unwrap()))
    };
    assert_eq!(refused("php: public", "UWSGI_GEVENT=10\n"), Ok(()));
    assert_eq!(refused("wsgi: app:app", ""), Ok(()));
    let texts = [
        ("jwsgi: Blog", ""),
        ("wsgi: app:app", "UWSGI_GEVENT=10\n"),
        ("wsgi: app:app", "UWSGI_ASYNCIO=10\n"),
    ]
    .map(|(procfile, env)| refused(procfile, env).unwrap_err());
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn classes_are_looked_for_where_builds_leave_them() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Utf8Path::from_path(folder.path()).unwrap();
    for file in ["lib/b.jar", "lib/a.jar", "lib/notes.txt", "target/classes/A.class", "top.jar"] {
        std::fs::create_dir_all(tree.join(file).parent().unwrap()).unwrap();
        std::fs::write(tree.join(file), "").unwrap();
    }
    let app = App::new("jwsgi: Blog\n", "", &[]);
    let places = tree::class_path(&app.inputs, tree).unwrap();
    let shown: Vec<&str> =
        places.iter().map(|place| place.strip_prefix(tree).unwrap_or(place).as_str()).collect();
    assert_eq!(
        shown,
        ["", "target/classes", "top.jar", "lib/a.jar", "lib/b.jar", "/usr/share/java/uwsgi.jar"]
    );
    assert!(tree::class_path(&App::new("php: .\n", "", &[]).inputs, tree).unwrap().is_empty());
}

#[test]
fn what_is_named_has_to_be_there_after_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Utf8Path::from_path(folder.path()).unwrap();
    let refused = |procfile: &str, env: &str| {
        let app = App::new(&format!("{procfile}\nworker: x\n"), env, &[]);
        tree::require_paths(&app.inputs, tree).err().map(|error| error.to_string())
    };
    let cases = [
        ("static: public", ""),
        ("php: public", ""),
        ("rwsgi: site", ""),
        ("web: x", "UWSGI_INCLUDE_FILE=own.ini\n"),
        ("web: x", "NGINX_INCLUDE_FILE=own.conf\n"),
    ];
    std::fs::write(tree.join("public"), "no folder").unwrap();
    let found = cases.map(|(procfile, env)| refused(procfile, env).unwrap());
    insta::assert_snapshot!(found.join("\n"), @r"
    there is no folder `public` in the app, which `static` names
    there is no folder `public` in the app, which `php` names
    there is no file `site/config.ru` in the app, which `rwsgi` names
    there is no file `own.ini` in the app, which `UWSGI_INCLUDE_FILE` names
    there is no file `own.conf` in the app, which `NGINX_INCLUDE_FILE` names
    ");

    std::fs::remove_file(tree.join("public")).unwrap();
    for folder in ["public", "site"] {
        std::fs::create_dir(tree.join(folder)).unwrap();
    }
    for file in ["site/config.ru", "own.ini", "own.conf"] {
        std::fs::write(tree.join(file), "").unwrap();
    }
    assert_eq!(cases.map(|(procfile, env)| refused(procfile, env)), [const { None }; 5]);
}

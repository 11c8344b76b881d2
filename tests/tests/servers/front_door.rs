//! What an app may say of its site, and what it puts into the folder that is served, reaches nothing of other apps and
//! nothing of the server.

use piku_tests::booted::{BootedServer, Debian};
use piku_tests::needs;

const ROOT: &str = "/home/piku/.piku";
const OWN_FILES: &str = "only files in the app's folder and in its data are served";

/// Lines of `ENV` that are refused, and what the push says then.
const SETTINGS: [(&str, &str); 16] = [
    ("NGINX_SERVER_NAME=victim.example.", "`victim.example` belongs to the app `victim`"),
    ("NGINX_SERVER_NAME=VICTIM.example", "`victim.example` belongs to the app `victim`"),
    ("NGINX_SERVER_NAME=.victim.example", "meets `victim.example`"),
    ("NGINX_SERVER_NAME=*.example", "meets `victim.example`"),
    ("NGINX_SERVER_NAME=victim.*", "meets `victim.example`"),
    ("NGINX_SERVER_NAME=~^victim", "mistake in ENV"),
    ("NGINX_SERVER_NAME=thief.example;listen 81", "mistake in ENV"),
    ("NGINX_REDIRECT=victim.example", "`victim.example` belongs to the app `victim`"),
    ("NGINX_STATIC_PATHS=/x:/etc", OWN_FILES),
    ("NGINX_STATIC_PATHS=/x:../victim", OWN_FILES),
    ("NGINX_STATIC_PATHS=/x:/home/piku/.piku/data/victim", OWN_FILES),
    ("NGINX_STATIC_PATHS=/x{}:public", "mistake in ENV"),
    ("NGINX_ERROR_PAGES=../victim", "mistake in ENV"),
    ("NGINX_CACHE_PATH=/home/piku/.piku/data/victim", "is not below `cache/<app>`"),
    ("NGINX_CACHE_PATH=../victim", "is not below `cache/<app>`"),
    ("NGINX_MAX_BODY_SIZE=1m; alias /etc", "mistake in ENV"),
];

/// Lines of an include file that are refused: each of them by name, at its line.
const INCLUDES: [&str; 14] = [
    "access_log /home/piku/.piku/data/victim/log;",
    "error_log /tmp/log;",
    "alias /home/piku/.piku/data/victim/;",
    "root /etc;",
    "include /etc/passwd;",
    "server_name victim.example;",
    "listen 81;",
    "proxy_pass http://127.0.0.1:9191;",
    "location /x { alias /home/piku/.piku/envs/victim/; }",
    "location /x { try_files /../../victim/ENV =404; }",
    "if (-f /home/piku/.piku/envs/victim/ENV) { return 200 there; }",
    "client_body_temp_path /home/piku/.piku/data/victim;",
    "ssl_certificate /home/piku/.piku/nginx/victim.crt;",
    "} server { listen 80; server_name victim.example;",
];

/// Makes links and files in the folder that is served. None of them may be read through the site.
const LINKS: &str = "cd public && ln -s ../Procfile p && ln -s ../ENV e && ln -s /etc/passwd passwd && ln -s .. up \
    && ln -s /home/piku/.piku/data data && ln -s ../../../victim v && ln -s ../../../../victim w \
    && ln -s /home/piku/.piku/apps/victim app && ln -s /home/piku/.piku/envs/victim/LIVE_ENV live && mkdir s \
    && cp ../ENV ../Procfile s && ln -s s t && echo dot > .dot && ln -s .dot plain && ln -s index.html ok.html";

const PATHS: [&str; 20] = [
    "p",
    "e",
    "passwd",
    "up/ENV",
    "up/Procfile",
    "data/victim/diary",
    "v/tree/ENV",
    "v/1/tree/public/index.html",
    "w/1/tree/ENV",
    "app/ENV",
    "app/public/index.html",
    "live",
    "s/ENV",
    "s/Procfile",
    "s//ENV",
    "s/E%4eV",
    "t/ENV",
    ".dot",
    "plain",
    "s/..%2f..%2fENV",
];

/// A server with two apps of files: `victim`, which is live and has data, and `thief`, which nobody has pushed.
fn server(debian: Debian, system: bool) -> BootedServer {
    let server = BootedServer::installed(debian);
    if system {
        server.root("piku setup --system --nginx=system").succeeds();
    }
    for name in ["victim", "thief"] {
        server.laptop_has_site("static", name);
    }
    server
        .laptop("cd victim && echo SECRET=treasure >> ENV && git commit -qam secret && git push -q piku main")
        .succeeds();
    server.root(&format!("runuser -u piku -- sh -c 'echo treasure > {ROOT}/data/victim/diary'")).succeeds();
    server
}

/// Pushes `thief` with another ENV and include file, each a commit that replaces the one before.
fn push(server: &BootedServer, env: &str, include: &str) -> piku_tests::Outcome {
    server.write("/home/laptop/thief/ENV", &format!("{env}\n"));
    server.write("/home/laptop/thief/site.conf", include);
    server.laptop(
        "cd thief && git add -A && git commit -q --allow-empty -m try && git push -q --force piku main",
    )
}

/// Settings are refused before nginx is asked, whichever it is.
fn attack_by_settings(server: &BootedServer) {
    for (setting, told) in SETTINGS {
        let name =
            if setting.starts_with("NGINX_SERVER_NAME") { "" } else { "NGINX_SERVER_NAME=thief.example\n" };
        push(server, &format!("{name}NGINX_CACHE_PREFIXES=/c\n{setting}"), "").is_refused().says(told);
    }
}

fn attack_by_files(server: &BootedServer) {
    let included = "NGINX_SERVER_NAME=thief.example\nNGINX_INCLUDE_FILE=site.conf";
    for line in INCLUDES {
        push(server, included, &format!("gzip on;\n{line}\n")).is_refused().says("site.conf:2:");
    }
    // What only nginx can tell is said in its words, at the user's line.
    push(server, included, "gzip on;\nadd_header;\n")
        .is_refused()
        .says("invalid number of arguments")
        .says("site.conf:2");
    // Nothing of what was refused is left, in the site of another or in nginx's files.
    server.root(&format!("ls {ROOT}/nginx/thief.conf")).ends_with(2);

    server.write("/home/laptop/links.sh", LINKS);
    server.laptop("cd thief && sh ../links.sh").succeeds();
    push(
        server,
        "NGINX_SERVER_NAME=thief.example\nNGINX_HEADERS=X-A: b\"; } server { server_name victim.example; x",
        "",
    )
    .succeeds();
    assert_eq!(server.get("thief.example", "/ok.html").status, 200);
    for path in PATHS {
        let answer = server.get("thief.example", &format!("/{path}"));
        assert!([400, 403, 404].contains(&answer.status), "{path}: {answer:?}");
        assert!(!answer.body.contains("treasure") && !answer.body.contains("NGINX_"), "{path}: {answer:?}");
    }

    // The other app was served all the while, can change, and nginx starts anew.
    let victim = server.get("victim.example", "/");
    assert_eq!(victim.status, 200, "{victim:?}");
    server
        .laptop("cd victim && echo NGINX_TIMEOUT=70 >> ENV && git commit -qam more && git push -q piku main")
        .succeeds();
    assert_eq!(
        server.root("find / -xdev -newer /etc/hostname -user www-data -path '*/data/*'").succeeds().stdout,
        ""
    );
}

#[test]
fn no_site_reaches_what_is_not_its_own_with_an_nginx_of_piku_s() {
    needs!(booted, package);
    let server = server(Debian::Bookworm, false);
    attack_by_settings(&server);
    attack_by_files(&server);
    server.root("systemctl restart piku-nginx").succeeds();
    assert_eq!(server.unit_property("piku-nginx.service", "ActiveState"), "active");
}

#[test]
fn no_site_reaches_what_is_not_its_own_with_the_system_s_nginx() {
    needs!(booted, package);
    let server = server(Debian::Trixie, true);
    attack_by_files(&server);
    server.root("nginx -t && systemctl restart nginx").succeeds();
    assert_eq!(server.unit_property("nginx.service", "ActiveState"), "active");
}

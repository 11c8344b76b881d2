//! The settings of the whole server: its domain, and defaults for all apps.

use piku_tests::TestServer;

#[test]
fn apps_answer_below_the_domain_of_the_server_and_get_its_defaults() {
    piku_tests::needs!(nginx);
    let server = TestServer::with_nginx();
    let address = format!("NGINX_IPV4_ADDRESS={}", server.address());
    server
        .ssh([
            "server:set",
            "PIKU_DOMAIN=example.org",
            "DISABLE_IPV6=true",
            &address,
            "NGINX_HTTPS_ONLY=true",
        ])
        .succeeds()
        .says("Set PIKU_DOMAIN (11 bytes), DISABLE_IPV6 (4 bytes)");
    let blog = server.app_from("static", "blog");
    blog.push().succeeds().says("https://blog.example.org/");
    let page = server.get_https("blog.example.org", "/");
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(server.get("blog.example.org", "/").status, 301);

    // A release keeps the defaults that it was made with; the next one has those of then. An app's own value wins.
    server
        .ssh(["server:set", "PIKU_DOMAIN=example.net"])
        .succeeds()
        .says("Defaults of blog change at the next deploy, such as `deploy blog`");
    server.ssh(["restart", "blog"]).succeeds().says("https://blog.example.org/");
    server
        .ssh(["config:set", "blog", "NGINX_HTTPS_ONLY=false"])
        .succeeds()
        .says("http://blog.example.net/")
        .never_says("blog.example.org");
    assert_eq!(server.get("blog.example.net", "/").status, 200);
    server.ssh(["server:unset", "NGINX_HTTPS_ONLY", "PIKU_DOMAIN"]).succeeds();
    server.ssh(["deploy", "blog"]).succeeds().never_says("example.net");

    // Another app can't take a name that is in use.
    let shop = server.app_from("static", "shop").file("ENV", "NGINX_SERVER_NAME=wiki.example.org\n");
    shop.push().succeeds();
    server.ssh(["server:set", "PIKU_DOMAIN=example.org"]).succeeds();
    server.app_from("static", "wiki").push().is_refused().says("wiki.example.org").says("shop");
}

#[test]
fn settings_of_the_server_are_listed_and_refused_with_the_nearest_key() {
    let server = TestServer::builder().without_emperor().start();
    let listed = || server.ssh(["server"]).succeeds().stdout;
    assert!(listed().contains("PIKU_MAX_PROCESSES=64") && !listed().contains("Defaults for apps"));
    assert!(listed().lines().all(|line| line.chars().count() <= 80), "{}", listed());

    server
        .ssh(["server:set", "PIKU_DOMAIN=example.org", "PIKU_DOMIAN=x"])
        .ends_with(1)
        .says("`PIKU_DOMIAN` is not a setting of the server")
        .says("did you mean `PIKU_DOMAIN`?");
    server.ssh(["server:set", "NGINX_SERVER_NAME=x.org"]).ends_with(1).says("PIKU_DOMAIN");
    server.ssh(["server:set", "UWSGI_PROCESSES=many"]).ends_with(1).says("not a whole number");
    server.ssh(["server:unset", "PIKU_DOMAIN"]).ends_with(1).says("`PIKU_DOMAIN` is not set");
    let own = format!("PIKU_ALLOWED_PATHS={}", server.home());
    server.ssh(["server:set", &own]).ends_with(1).says("piku's own folder");
    assert!(!server.root().join("SERVER").exists(), "nothing was changed");

    server.ssh_with_input("server:set PIKU_MAX_PROCESSES=3 ACME_EAB_HMAC_KEY=-", b"c2VjcmV0\n").succeeds();
    server.ssh(["server:set", "UWSGI_PROCESSES=3"]).succeeds();
    let mode = std::fs::metadata(server.root().join("SERVER")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    let text = listed();
    assert!(!text.contains("c2VjcmV0") && text.contains("Defaults for apps:\nUWSGI_PROCESSES=3"), "{text}");
    let all = server.ssh(["server", "--json"]).succeeds().never_says("c2VjcmV0").json();
    let of = |key: &str| all.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
    let most = of("PIKU_MAX_PROCESSES");
    assert_eq!(
        (&most["schema"], &most["value"], &most["origin"]),
        (&1.into(), &"3".into(), &"server".into())
    );
    assert_eq!(
        (&of("UWSGI_PROCESSES")["for_apps"], &of("ACME_EAB_HMAC_KEY")["value"]),
        (&true.into(), &().into())
    );

    // What was written by hand and is wrong is reported, and refuses no other command.
    let file = server.root().join("SERVER");
    std::fs::write(&file, "PIKU_DOMIAN=x\n").unwrap();
    server.namespace().own(&file);
    server.ssh(["doctor"]).says("`PIKU_DOMIAN` is not a setting").says("did you mean `PIKU_DOMAIN`?");
    std::fs::write(&file, "no equals sign\n").unwrap();
    server.ssh(["doctor"]).says("the settings of the server can't be read: line 1");
    server.ssh(["server"]).ends_with(1).says("correct `");
    server.ssh(["apps"]).succeeds();
}

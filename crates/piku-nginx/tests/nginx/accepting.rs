//! Every kind of site is accepted by nginx without a warning.

use std::net::TcpListener;

use piku_nginx::{
    Backend, Cache, CatchAll, DirectiveNames, FilePath, Servable, Site, SocketPath, StaticPath, Trusted,
};

use crate::running::{machine, port, probe};

#[test]
fn every_kind_of_site_is_accepted_without_a_warning() {
    let Some(machine) = machine() else { return };
    let address = ([127, 0, 0, 1], 4001).into();
    let names = ["http", "Http", "HTTP", "several", "uwsgi", "nobody", "nowhere", "same", &"L".repeat(63)];
    let sites = names.map(|name| machine.site(name, address));
    for (number, mut site) in sites.into_iter().enumerate() {
        site.server_names = vec![format!("site-{number}.example.org").parse().unwrap()];
        if number % 2 == 0 {
            site.tls = Some(machine.certificate());
            site.https_only = number % 4 == 0;
            site.reject_handshake = number != 2;
        }
        site.backend = match number {
            3 => Backend::Http(vec![address, "[::1]:4002".parse().unwrap(), address]),
            4 => Backend::Uwsgi(vec![
                SocketPath::new("/run/a.sock").unwrap(),
                SocketPath::new("/run/b.sock").unwrap(),
            ]),
            5 => Backend::Unavailable,
            6 => Backend::StaticOnly,
            7 => {
                // Several parts of the site claim the same URLs.
                site.probe = Some(probe("/same", "same"));
                let tree = machine.tree();
                let same = StaticPath::new("/same".parse().unwrap(), "a", &Servable::tree(&tree)).unwrap();
                site.statics =
                    vec![same.clone(), same, StaticPath::root("b", &Servable::tree(&tree)).unwrap()];
                site.statics.extend(
                    StaticPath::parse_list("/.well-known/acme-challenge:c", &Servable::tree(&tree)).unwrap(),
                );
                site.acme_webroot = Some(machine.file_path("acme"));
                let one = site.server_names[0].clone();
                site.server_names.extend([
                    one,
                    ".y.org".parse().unwrap(),
                    "*.y.org".parse().unwrap(),
                    "y.org".parse().unwrap(),
                ]);
                site.backend
            }
            _ => site.backend,
        };
        let mut cache = Cache::new(machine.file_path(&format!("cache/{number}")), Vec::new());
        cache.prefixes = Cache::parse_prefixes("/same,/a.b+(c),/~x!&',/d").unwrap();
        if number == 8 {
            cache.size = u32::MAX;
            (cache.time, cache.expiry, cache.control) = (u32::MAX, u32::MAX, u32::MAX);
            cache.prefixes = (0..40).map(|n| format!("/{}{n}", ".".repeat(190)).parse().unwrap()).collect();
        }
        site.cache = Some(cache);
        site.allow_only =
            Some(["1.2.3.4/8", "::1/0", "1.2.3.4/8"].map(|range| range.parse().unwrap()).into());
        machine.add(&site);
    }
    assert_eq!(machine.complaints(), "");
}

#[test]
fn a_site_is_accepted_beside_one_of_another_namespace() {
    let Some(mut machine) = machine() else { return };
    let mut bare = Site::proxied("blog", ["bare.example.org"], "127.0.0.1:4001").unwrap();
    bare.listen = machine.site("blog", ([127, 0, 0, 1], 4001).into()).listen;
    bare.backend = Backend::Unavailable;
    assert!(bare.render().starts_with("# Hosts that no site claims"), "{bare}");
    let mut other = bare.clone();
    other.namespace = "longestofall".parse().unwrap();
    other.server_names = vec!["other.example.org".parse().unwrap()];
    machine.add_text("bare", &bare.render());
    machine.add_text("other", &other.render());
    machine.start();
    assert_eq!(machine.get("other.example.org", "/").unwrap().status, 503);
}

#[test]
fn odd_values_that_are_accepted_here_are_accepted_there() {
    let Some(machine) = machine() else { return };
    let odd = [
        " a b ",
        "a;b",
        "a{b",
        "a}b",
        "a#b",
        "#a",
        "a\"b",
        "'a'",
        "a\\b",
        "a\\",
        "\\n",
        "ä",
        "~a",
        "=a",
        "a:b",
        "a,b",
        "%a",
        "a`b|c<d>&(e)!",
    ];
    for (number, name) in odd.into_iter().enumerate() {
        let folder = machine.path(&format!("odd {number} {name}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("include"), "# nothing\n").unwrap();
        let path = |file: &str| FilePath::new(folder.join(file)).unwrap();
        let certificate = machine.certificate();
        for (from, to) in [(&certificate.certificate, "c"), (&certificate.key, "k")] {
            std::fs::copy(from.as_path(), folder.join(to)).unwrap();
        }
        let mut site = machine.site(&format!("odd{number}"), ([127, 0, 0, 1], 4001).into());
        site.tls = Some(piku_nginx::Tls::new(path("c"), path("k")));
        site.backend = Backend::Uwsgi(vec![SocketPath::new(folder.join("s")).unwrap()]);
        site.acme_webroot = Some(path("acme"));
        site.include = Some(path("include"));
        site.cache = Some(Cache::new(
            path("cache"),
            Cache::parse_prefixes("/'a',!b&(c)+d=e@f:g~h").unwrap_or_default(),
        ));
        site.statics = vec![
            StaticPath::new("/~!&'()+,=:@ä".parse().unwrap(), &format!("x/{name}"), &Servable::tree(&folder))
                .unwrap(),
            StaticPath::root(name, &Servable::tree(&folder)).unwrap(),
        ];
        site.catch_all = Some("'a'!&()+,=:@.html".parse::<CatchAll>().unwrap());
        machine.add(&site);
    }
    assert_eq!(machine.complaints(), "");
}

#[test]
fn debians_own_site_may_stand_beside_ours() {
    let Some(machine) = machine() else { return };
    let six = TcpListener::bind("[::]:0").is_ok();
    let both = |port: u16| match six {
        true => format!("listen {port} default_server; listen [::]:{port} default_server;"),
        false => format!("listen {port} default_server;"),
    };
    machine.add_text("default", &format!("server {{ {} server_name _; }}", both(machine.http)));
    for name in ["a", "b"] {
        let mut site = machine.site(name, ([127, 0, 0, 1], 4001).into());
        site.listen.ipv4 = Some([0, 0, 0, 0].into());
        site.listen.ipv6 = six.then(|| [0; 8].into());
        machine.add(&site);
    }
    assert_eq!(machine.complaints(), "");
}

#[test]
fn http2_asked_for_by_a_directive_reads_well_where_it_is_known() {
    let Some(machine) = machine() else { return };
    let mut site = machine.site("blog", ([127, 0, 0, 1], port()).into());
    site.tls = Some(machine.certificate());
    site.http2 = piku_nginx::Http2::Directive;
    machine.add(&site);
    let complaints = machine.complaints();
    assert!(complaints.is_empty() || complaints.contains("unknown directive \"http2\""), "{complaints}");
}

#[test]
fn an_include_may_say_what_people_say_in_one() {
    let Some(machine) = machine() else { return };
    let said = "client_max_body_size 100m; proxy_read_timeout 600s; proxy_connect_timeout 9s; server_tokens off;\n\
                keepalive_timeout 5; add_header X-Own yes; error_page 502 /502.html; gzip off;\n\
                real_ip_header X-Real-IP; set_real_ip_from 10.0.0.0/8; uninitialized_variable_warn off; ssl_protocols TLSv1.3;\n\
                location /own { return 204; }\nlocation = / { return 204; }\n";
    std::fs::write(machine.path("include"), said).unwrap();
    let mut site = machine.site("blog", ([127, 0, 0, 1], 4001).into());
    site.include = Some(machine.file_path("include"));
    site.left_to_include = DirectiveNames::of(said);
    site.max_body_size = "1m".parse().ok();
    site.trusted = Some(Trusted::new(vec!["10.0.0.0/8".parse().unwrap()]));
    site.tls = Some(machine.certificate());
    machine.add(&site);
    assert_eq!(machine.complaints(), "");
}

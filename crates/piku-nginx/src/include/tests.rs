use super::*;

fn read(text: &str, place: Place) -> Result<Includes, Vec<String>> {
    let file = IncludedFile { name: "extra.conf", text, place };
    Includes::parse(&[file], &"piku".parse().unwrap()).map_err(|mistakes| {
        mistakes.iter().map(|one| format!("{}: {}", &text[one.span.clone()], one.message)).collect()
    })
}

#[test]
fn what_people_write_is_accepted() {
    let text = r#"
        # of many sites
        client_max_body_size 100m; proxy_read_timeout 600s; server_tokens off; keepalive_timeout 5;
        add_header X-Frame-Options "DENY" always;
        add_header Content-Security-Policy "default-src 'self'; img-src *" always;
        expires 1h; gzip_types text/css; charset utf-8; error_page 502 504 /502.html; error_page 404 =200 /x;
        if ($host = www.a.test) { return 301 https://a.test$request_uri; }
        if ($http_user_agent ~* "(bad|worse)bot") { return 403; }
        rewrite ^/old/(.*)$ /new/$1 permanent; rewrite ^/a/(.+)$ /b/$1?x=$arg_x last;
        set $mobile "${http_user_agent}x";
        location = /favicon.ico { access_log off; log_not_found off; expires max; }
        location ~* \.(?<ext>png|jpe?g)$ { expires 30d; add_header X-Ext $ext; }
        location /events { proxy_buffering off; proxy_set_header X-Mobile $mobile; }
        location /admin { allow 192.0.2.0/24; allow 2001:db8::1; deny all; auth_basic "Closed"; }
        location /go { return 302 /there; }
        location @own { return 503 "later"; }
        limit_req_zone $binary_remote_addr zone=login:1m rate=5r/s;
        location /login { limit_req zone=login burst=5 nodelay; limit_req_status 429; }
        location /api { limit_except GET POST { deny all; } sub_filter 'a' '$host'; types { text/x-a a; } }
        location /files { try_files $uri $uri/index.html =404; }
    "#;
    assert_eq!(read(text, Place::Server).err(), None);
    let text =
        "proxy_read_timeout 1h; proxy_set_header X-A b; add_header X-B c; limit_except GET { deny all; }";
    assert_eq!(read(text, Place::Location).err(), None);
}

#[test]
fn what_could_reach_out_of_the_site_is_refused() {
    for text in [
        "access_log /etc/cron.d/x;",
        "error_log /x;",
        "location /x { alias /etc/; }",
        "root /;",
        "include /etc/passwd;",
        "load_module x.so;",
        "server_name victim.test;",
        "listen 80 default_server;",
        "ssl_certificate /x;",
        "ssl_certificate_key /x;",
        "ssl_protocols TLSv1.3;",
        "lua_code_cache on;",
        "content_by_lua_block { os.execute('x') }",
        "perl_set $x 'sub {}';",
        "js_content x;",
        "location /x { proxy_pass http://unix:/run/victim.sock; }",
        "location /x { proxy_pass http://127.0.0.1:1; }",
        "location /x { fastcgi_pass unix:/x; }",
        "location /x { uwsgi_pass unix:/x; }",
        "location /x { scgi_pass x; }",
        "location /x { grpc_pass x; }",
        "location /x { memcached_pass x; }",
        "proxy_store /tmp/$uri;",
        "uwsgi_store on;",
        "client_body_temp_path /tmp;",
        "proxy_temp_path /tmp;",
        "location /x { dav_methods PUT; }",
        "location /x { autoindex on; }",
        "client_body_in_file_only on;",
        "auth_basic_user_file /etc/shadow;",
        "proxy_cache_path /tmp keys_zone=a:1m;",
        "proxy_cache victim;",
        "upstream x { server 127.0.0.1:1; }",
        "map $a $b { default 1; }",
        "log_format x y;",
        "resolver 1.1.1.1;",
        "set_real_ip_from 0.0.0.0/0;",
        "real_ip_header X-A;",
        "proxy_ssl_certificate /x;",
        "ssi on;",
        "location /x { stub_status; }",
        "} server { listen 80;",
        "disable_symlinks off;",
        "location /x { if (-f /etc/passwd) { return 200; } }",
        "if (-f $arg_f) { return 200; }",
        "if ( !-e /x) { return 200; }",
        "location /x { try_files /../../etc/passwd =404; }",
        "location /x { try_files $arg_f =404; }",
        "location /x { try_files $uri/${arg_f} =404; }",
        "rewrite ^ /static/$arg_f last;",
        "rewrite ^/x /static/../ENV last;",
        "error_page 404 /$arg_f;",
        "error_page 404 /../x;",
        "location / { return 200; }",
        "return 200 all;",
        "set $piku_host evil.test;",
        "set $uri /x;",
        "set $host a;",
        "add_header X $of_another_site;",
        "limit_req zone=of_another;",
        "limit_conn of_another 1;",
        "limit_req_zone $uri zone=big:1g rate=1r/s;",
        "allow victim.test;",
        "allow unix:;",
        "uwsgi_param UWSGI_FILE exec://id;",
        "location /x { internal; index ../ENV; }",
        "proxy_read_timeout $arg_t;",
        "auth_request /$arg_x;",
        "add_header X 'a\nb';",
        "types { include /x; }",
        "open_file_cache max=1;",
        "mirror /x;",
        "proxy_bind 127.0.0.1;",
        "location ~ x { proxy_set_header A $b; }",
        "no_such_directive on;",
        "location @app { return 200; }",
        "gzip { }",
        "if ($a = b);",
        "location /x;",
    ] {
        assert!(read(text, Place::Server).is_err(), "{text}");
    }
    for text in [
        "try_files /ENV =404;",
        "root /;",
        "rewrite ^ /ENV break;",
        "break;",
        "location = /ENV { }",
        "if ($uri) { rewrite ^ /ENV break; }",
        "if ($uri) { break; }",
        "index ENV;",
        "alias /x;",
        "limit_req_zone $uri zone=a:1m rate=1r/s;",
        "listen 80;",
    ] {
        assert!(read(text, Place::Location).is_err(), "{text}");
    }
}

#[test]
fn each_mistake_is_told_at_its_word() {
    let found =
        read("gzip on;\nlocation /x {\n    alias /etc/;\n}\naccess_log /x;\n", Place::Server).unwrap_err();
    assert_eq!(found, ["alias: `alias` can't be in a site", "access_log: a log can only be turned off here"]);
    assert_eq!(read("gzip on", Place::Server).unwrap_err(), ["gzip on: this directive does not end"]);
}

#[test]
fn names_of_a_foreign_site_are_found() {
    let text = "http { server { server_name a.test 'B.test'; location / { } } }\nserver_name ~^x;";
    assert_eq!(server_names_in(text), ["a.test", "B.test", "~^x"]);
    assert!(server_names_in("server_name a").is_empty());
}

//! Renders the main configuration.

use std::fmt;
use std::net::IpAddr;

use super::text::Text;
use crate::{Instance, Strangers};

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(self))
    }
}

/// Renders the main configuration of an nginx that serves only sites.
fn render(instance: &Instance) -> String {
    let mut text = Text::default();
    text.line(
        "# Written by a program: changes are lost. What belongs to one site stands in that site's file.",
    );
    text.line("daemon off;");
    text.line("worker_processes auto;");
    text.line(&format!("pid {};", instance.pid.word()));
    text.line("error_log stderr warn;");
    text.line(&format!("error_log {} emerg;", instance.refused_log.word()));
    text.block("events", |text| text.line("worker_connections 1024;"));
    text.block("http", |text| {
        media_types(instance, text);
        text.lines([
            "access_log off;",
            "server_tokens off;",
            "sendfile on;",
            "tcp_nopush on;",
            "keepalive_timeout 65;",
            "server_names_hash_bucket_size 128;",
            "types_hash_max_size 2048;",
            "ssl_protocols TLSv1.2 TLSv1.3;",
            "ssl_session_cache shared:tls:2m;",
        ]);
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            text.line(&format!("{kind}_temp_path {};", instance.temporary.below(kind).word()));
        }
        strangers(instance, text);
        text.line("");
        text.line(&format!("include {};", instance.sites.word()));
    });
    text.finish()
}

fn media_types(instance: &Instance, text: &mut Text) {
    if let Some(table) = &instance.media_types {
        text.line(&format!("include {};", table.word()));
    }
    text.line("default_type application/octet-stream;");
}

/// Adds the server for unknown hosts.
fn strangers(instance: &Instance, text: &mut Text) {
    let address = |ip: &IpAddr, port: u16| std::net::SocketAddr::new(*ip, port).to_string();
    text.block("server", |text| {
        for ip in &instance.addresses {
            text.line(&format!("listen {} default_server;", address(ip, instance.http_port)));
        }
        for ip in &instance.addresses {
            text.line(&format!("listen {} ssl default_server;", address(ip, instance.https_port)));
        }
        text.line("server_name \"\";");
        match &instance.strangers {
            Strangers::Rejected => text.line("ssl_reject_handshake on;"),
            Strangers::Closed { certificate, key } => {
                text.line(&format!("ssl_certificate {};", certificate.word()));
                text.line(&format!("ssl_certificate_key {};", key.word()));
            }
        }
        text.line("return 444;");
    });
}

//! The directives that may stand in a site, and what to use instead of the others.
//!
//! A directive is on the list if people use it, and if its values can name nothing outside of the site: no file or
//! folder, no other server, no memory that another site has, and nothing that is looked up when nginx starts. A name
//! that is not found then would keep the whole nginx, with every other site, from starting.

/// What the arguments of a directive may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// Anything, with variables.
    Free,
    /// Anything without variables.
    Literal,
    /// `off` alone: anything else would name a file.
    Off,
    /// Addresses and ranges, or `all`.
    Addresses,
    /// A name that is not one of uWSGI's own, and a value.
    Parameter,
    ErrorPage,
    TryFiles,
    Rewrite,
    If,
    Location,
    Set,
    Types,
    /// A zone that this file defines.
    UseOfZone,
    Zone,
    /// The path of a URL.
    Path,
}

/// Where a directive may stand: a set of [`SERVER`], [`LOCATION`], and so on.
pub(super) type Places = u8;

/// Directly in the `server` block.
pub(super) const SERVER: Places = 1;
/// In a `location` of the file.
pub(super) const LOCATION: Places = 2;
/// In the site's own `location /`, which may serve files.
pub(super) const ROOT: Places = 4;
/// In an `if` of the `server` block.
pub(super) const IF: Places = 8;
/// In an `if` of a location.
pub(super) const IF_LOCATION: Places = 16;
/// In `limit_except`.
pub(super) const EXCEPT: Places = 32;

const ALL: Places = SERVER | LOCATION | ROOT;
const EVERYWHERE: Places = ALL | IF_LOCATION;

/// A directive on the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) places: Places,
    pub(super) values: Values,
    pub(super) has_block: bool,
}

/// What the table says of a directive.
pub(super) enum Entry {
    Allowed(Rule),
    /// Not allowed; with what to use instead, or why.
    Refused(&'static str),
}

/// Directives that exist for both `proxy_` and `uwsgi_`, about the app behind the site.
const OF_APP: &[&str] = &[
    "buffer_size",
    "buffering",
    "buffers",
    "busy_buffers_size",
    "connect_timeout",
    "force_ranges",
    "hide_header",
    "ignore_client_abort",
    "ignore_headers",
    "intercept_errors",
    "limit_rate",
    "max_temp_file_size",
    "next_upstream",
    "next_upstream_timeout",
    "next_upstream_tries",
    "pass_header",
    "pass_request_body",
    "pass_request_headers",
    "read_timeout",
    "request_buffering",
    "send_timeout",
    "socket_keepalive",
    "temp_file_write_size",
];

/// Directives without variables, everywhere.
const LITERAL: &[&str] = &[
    "absolute_redirect",
    "auth_delay",
    "charset_types",
    "chunked_transfer_encoding",
    "client_body_buffer_size",
    "client_body_timeout",
    "client_max_body_size",
    "default_type",
    "etag",
    "gunzip",
    "gunzip_buffers",
    "gzip_buffers",
    "gzip_comp_level",
    "gzip_disable",
    "gzip_http_version",
    "gzip_min_length",
    "gzip_proxied",
    "gzip_static",
    "gzip_types",
    "gzip_vary",
    "if_modified_since",
    "keepalive_disable",
    "keepalive_requests",
    "keepalive_time",
    "keepalive_timeout",
    "limit_conn_dry_run",
    "limit_conn_log_level",
    "limit_conn_status",
    "limit_req_dry_run",
    "limit_req_log_level",
    "limit_req_status",
    "lingering_close",
    "lingering_time",
    "lingering_timeout",
    "log_not_found",
    "max_ranges",
    "msie_padding",
    "output_buffers",
    "override_charset",
    "port_in_redirect",
    "postpone_output",
    "proxy_headers_hash_bucket_size",
    "proxy_headers_hash_max_size",
    "proxy_http_version",
    "recursive_error_pages",
    "reset_timedout_connection",
    "satisfy",
    "send_timeout",
    "sendfile",
    "sendfile_max_chunk",
    "server_name_in_redirect",
    "server_tokens",
    "source_charset",
    "sub_filter_last_modified",
    "sub_filter_once",
    "sub_filter_types",
    "tcp_nodelay",
    "tcp_nopush",
    "types_hash_bucket_size",
    "types_hash_max_size",
    "uninitialized_variable_warn",
    "valid_referers",
];

/// Directives without variables that are about a connection, before a location is chosen.
const OF_CONNECTION: &[&str] = &[
    "client_header_buffer_size",
    "client_header_timeout",
    "ignore_invalid_headers",
    "large_client_header_buffers",
    "merge_slashes",
    "underscores_in_headers",
];

/// Directives with variables, everywhere.
const FREE: &[&str] = &[
    "add_trailer",
    "auth_basic",
    "auth_request_set",
    "proxy_cache_bypass",
    "proxy_cookie_domain",
    "proxy_cookie_flags",
    "proxy_cookie_path",
    "proxy_method",
    "proxy_no_cache",
    "proxy_redirect",
    "proxy_set_body",
    "sub_filter",
    "uwsgi_cache_bypass",
    "uwsgi_no_cache",
    "secure_link",
    "secure_link_md5",
];

/// Directives that may stand several times in one block.
const REPEATABLE: &[&str] = &[
    "add_header",
    "add_trailer",
    "allow",
    "auth_request_set",
    "break",
    "deny",
    "error_page",
    "if",
    "limit_conn",
    "limit_conn_zone",
    "limit_except",
    "limit_req",
    "limit_req_zone",
    "location",
    "return",
    "rewrite",
    "set",
    "sub_filter",
    "valid_referers",
];

pub(super) fn entry(name: &str) -> Entry {
    let rule = |places, values| Entry::Allowed(Rule { places, values, has_block: false });
    let block = |places, values| Entry::Allowed(Rule { places, values, has_block: true });
    match name {
        "add_header" | "expires" | "charset" => rule(EVERYWHERE, Values::Free),
        "limit_rate" | "limit_rate_after" => rule(EVERYWHERE, Values::Free),
        "gzip" => rule(EVERYWHERE, Values::Literal),
        "allow" | "deny" => rule(ALL | EXCEPT, Values::Addresses),
        "access_log" => rule(ALL, Values::Off),
        "proxy_set_header" => rule(ALL, Values::Free),
        "uwsgi_param" => rule(ALL, Values::Parameter),
        "error_page" => rule(ALL, Values::ErrorPage),
        "return" => rule(SERVER | LOCATION | ROOT | IF | IF_LOCATION, Values::Free),
        "rewrite" => rule(SERVER | LOCATION | ROOT | IF | IF_LOCATION, Values::Rewrite),
        "set" => rule(SERVER | LOCATION | ROOT | IF | IF_LOCATION, Values::Set),
        "break" => rule(SERVER | LOCATION | IF, Values::Literal),
        "if" => block(ALL, Values::If),
        "location" => block(SERVER | LOCATION, Values::Location),
        "limit_except" => block(LOCATION | ROOT, Values::Literal),
        "types" => block(ALL, Values::Types),
        "try_files" => rule(LOCATION, Values::TryFiles),
        "internal" | "empty_gif" => rule(LOCATION, Values::Literal),
        "auth_request" => rule(ALL, Values::Path),
        "limit_req" | "limit_conn" => rule(ALL, Values::UseOfZone),
        "limit_req_zone" | "limit_conn_zone" => rule(SERVER, Values::Zone),
        name if LITERAL.contains(&name) => rule(ALL, Values::Literal),
        name if OF_CONNECTION.contains(&name) => rule(SERVER, Values::Literal),
        name if FREE.contains(&name) => rule(ALL, Values::Free),
        name => match name.strip_prefix("proxy_").or(name.strip_prefix("uwsgi_")) {
            Some(rest) if OF_APP.contains(&rest) => rule(ALL, Values::Literal),
            _ => Entry::Refused(instead(name)),
        },
    }
}

/// What to use instead of a directive, or why it can't be there.
fn instead(name: &str) -> &'static str {
    match name {
        "server_name" => "set NGINX_SERVER_NAME to all names of the app",
        "listen" | "http2" | "http3" | "quic" => {
            "set NGINX_IPV4_ADDRESS, NGINX_IPV6_ADDRESS, or DISABLE_IPV6"
        }
        "root" | "alias" | "autoindex" | "index" | "disable_symlinks" => {
            "name the files in NGINX_STATIC_PATHS, such as `/static:public`"
        }
        "include" => "write the directives into this file",
        "error_log" | "log_format" | "open_log_file_cache" => "remove it: each site has a log of its own",
        "auth_basic_user_file" => {
            "let the app ask for the password: nginx would read any file that this names"
        }
        "real_ip_header" | "set_real_ip_from" | "real_ip_recursive" => {
            "remove it: with it, visitors could claim to be somebody else"
        }
        "server" | "http" | "upstream" | "map" | "geo" | "split_clients" | "events" | "stream" | "mail" => {
            "remove it: the file is part of the `server` block of one site, where this can't be"
        }
        "client_body_temp_path" | "client_body_in_file_only" | "create_full_put_path" => {
            "remove it: the site writes no files"
        }
        "open_file_cache" => "remove it: a new release must be seen at once",
        "resolver" => "remove it: a site asks for no names",
        _ if name.ends_with("_pass") => {
            "remove it: the site and each `location` here pass requests to the app by themselves, which can ask other servers"
        }
        _ if name.ends_with("_store") || name.ends_with("_temp_path") || name.starts_with("dav_") => {
            "remove it: the site writes no files"
        }
        _ if name.starts_with("proxy_cache") || name.starts_with("uwsgi_cache") => {
            "set NGINX_CACHE_PREFIXES, and the other keys that begin with NGINX_CACHE_"
        }
        _ if name.starts_with("ssl_") => {
            "remove it: the certificate and how it is used are not for this file"
        }
        _ if ["load_module", "perl", "js_", "lua_", "ssi", "xslt_"].iter().any(|it| name.starts_with(it))
            || name.contains("_by_lua") =>
        {
            "remove it: programs run in the app, not in nginx"
        }
        _ => "remove it; which directives may stand here is in docs/front-door.md",
    }
}

/// Whether a directive defines a zone.
pub(super) fn is_zone(name: &str) -> bool {
    matches!(name, "limit_req_zone" | "limit_conn_zone")
}

/// Whether a directive may stand several times in one block.
pub(super) fn is_repeatable(name: &str) -> bool {
    REPEATABLE.contains(&name)
}

/// What only one directive of a block can say: its name or, if it sets one of several values, that as well.
pub(crate) fn key<'a>(mut words: impl Iterator<Item = &'a str>) -> String {
    let name = words.next().unwrap_or_default();
    let sets_one = ["proxy_set_header", "uwsgi_param"].contains(&name) || name.ends_with("_header");
    match words.next().filter(|_| sets_one) {
        Some(which) => format!("{name} {}", which.to_ascii_lowercase()),
        None => name.to_owned(),
    }
}

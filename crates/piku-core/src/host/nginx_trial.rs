//! Tries a site in an nginx of its own, before the one that serves reads it.
//!
//! No right is needed: instead of addresses, the trial listens on sockets in a folder that is removed afterwards.

use camino::{Utf8Path, Utf8PathBuf};

use super::command::Invocation;
use super::nginx_error::{NginxError, at_its_line};
use super::search_path::program;
use super::{HostError, Surroundings, files};

/// Asks nginx whether it would accept the text of a site.
///
/// # Errors
/// [`NginxError::Refused`] with what nginx has against it, at the line of the file that it was read from. Whatever else
/// keeps the trial from its end is left to the nginx that serves.
pub(crate) fn check(surroundings: &Surroundings, site: &Utf8Path, text: &str) -> Result<(), NginxError> {
    let Some(nginx) = program(&surroundings.search_path(), "nginx") else { return Ok(()) };
    let Ok(folder) = tempfile::Builder::new().prefix("piku-site-").tempdir() else { return Ok(()) };
    let Ok(folder) = Utf8PathBuf::from_path_buf(folder.path().to_owned()).map(|path| (folder, path)) else {
        return Ok(());
    };
    let (tried, main) = (folder.1.join("site.conf"), folder.1.join("nginx.conf"));
    let written = files::write(&tried, trial(text, &folder.1).as_bytes(), 0o600)
        .and_then(|()| files::write(&main, main_text(&folder.1).as_bytes(), 0o600));
    if written.is_err() {
        return Ok(());
    }
    let log = folder.1.join("log");
    let command = Invocation::new([nginx.as_str(), "-t", "-q", "-e", log.as_str(), "-c", main.as_str()]);
    match command.check(&mut |_| {}) {
        Err(HostError::Failed { output, .. }) => match refusal(&output, &tried) {
            Some(said) => Err(NginxError::Refused { said: at_its_line(&said, &tried, site, text) }),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// What nginx says about the file, if that is why it refuses.
fn refusal(output: &[String], tried: &Utf8Path) -> Option<String> {
    let said = output.iter().find_map(|line| Some(line.split_once("[emerg] ")?.1))?;
    let said = said.split_once(": ").filter(|(who, _)| who.contains('#')).map_or(said, |(_, said)| said);
    said.contains(&format!(" in {tried}:")).then(|| said.to_owned())
}

/// The text with a socket in place of each address.
fn trial(text: &str, folder: &Utf8Path) -> String {
    let mut addresses: Vec<&str> = Vec::new();
    let mut tried = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let Some((indent, address)) =
            line.split_once("listen ").filter(|(indent, _)| indent.trim().is_empty())
        else {
            tried.push_str(line);
            continue;
        };
        let end = address.find([' ', ';']).unwrap_or(address.len());
        let (address, rest) = address.split_at(end);
        let known = addresses.iter().position(|known| *known == address).unwrap_or_else(|| {
            addresses.push(address);
            addresses.len() - 1
        });
        tried.push_str(&format!("{indent}listen unix:{folder}/{known}.sock{rest}"));
    }
    tried
}

fn main_text(folder: &Utf8Path) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "pid {folder}/pid;\nerror_log stderr;\nevents {{ }}\nhttp {{\n    access_log off;\n    \
         server_names_hash_bucket_size 128;\n{temporary}    include {folder}/site.conf;\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_sockets_and_lines_stay() {
        let text = "server {\n    listen 0.0.0.0:80;\n    listen [::]:443 ssl http2;\n    http2 on;\n}\nserver {\n    listen 0.0.0.0:80;\n}\n";
        let tried = trial(text, "/t".into());
        assert_eq!(
            tried,
            "server {\n    listen unix:/t/0.sock;\n    listen unix:/t/1.sock ssl http2;\n    http2 on;\n}\nserver {\n    listen unix:/t/0.sock;\n}\n"
        );
    }

    #[test]
    fn what_nginx_says_is_told_at_the_line_that_somebody_wrote() {
        let text = "server {\n    expires x; # extra.conf:7\n    gzip on;\n}\n";
        let output = ["nginx: [emerg] \"expires\" directive invalid value in /t/site.conf:2".to_owned()];
        let said = refusal(&output, "/t/site.conf".into()).unwrap();
        let told = |said: &str| at_its_line(said, "/t/site.conf".into(), "/r/nginx/blog.conf".into(), text);
        assert_eq!(told(&said), "\"expires\" directive invalid value in extra.conf:7");
        assert_eq!(told("odd in /t/site.conf:3"), "odd in /r/nginx/blog.conf:3");
        let log = ["2026/11/26 11:25:07 [emerg] 3#3: x: y in /t/site.conf:2".to_owned()];
        assert_eq!(refusal(&log, "/t/site.conf".into()).as_deref(), Some("x: y in /t/site.conf:2"));
        let other = ["nginx: [emerg] mkdir() \"/x\" failed (13: Permission denied)".to_owned()];
        assert_eq!(refusal(&other, "/t/site.conf".into()), None);
    }

    #[test]
    fn a_site_that_nginx_would_refuse_is_refused_without_any_right() {
        let home = Utf8PathBuf::from("/nowhere");
        let surroundings = Surroundings::of_tests(&home);
        assert!(program(&surroundings.search_path(), "nginx").is_some(), "this test needs nginx");
        let check = |text: &str| check(&surroundings, "/r/nginx/blog.conf".into(), text);
        check("server {\n    listen 0.0.0.0:80;\n    server_name a.test;\n    return 204;\n}\n").unwrap();
        let refused = check("server {\n    listen 0.0.0.0:80;\n    expires sometime; # a.conf:3\n}\n");
        let said = refused.unwrap_err().to_string();
        assert!(said.ends_with("invalid value in a.conf:3"), "{said}");
    }
}

//! A visitor of an app: forms, cookies, uploads, and WebSockets, as browsers send them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::http::{self, Response};
use crate::{App, WebSocket};

/// A browser that visits one app. It keeps cookies and follows redirects.
#[derive(Debug)]
pub struct Browser {
    address: SocketAddr,
    host: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// A file in a form.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// The field of the form.
    pub field: &'a str,
    /// The file's name.
    pub name: &'a str,
    /// Its contents.
    pub content: &'a str,
}

const BOUNDARY: &str = "----------visitor";

impl Browser {
    /// A new visitor of the app, without cookies.
    ///
    /// # Panics
    ///
    /// When the app has neither a host nor a port.
    #[track_caller]
    #[must_use]
    pub fn of(app: &App<'_>) -> Self {
        let (address, host) = app.address();
        Self { address, host, cookies: RefCell::default() }
    }

    /// Opens a page.
    ///
    /// # Panics
    ///
    /// When there is no complete answer.
    #[track_caller]
    #[must_use]
    pub fn get(&self, path: &str) -> Response {
        self.follow(self.ask("GET", path, "", ""))
    }

    /// Opens a page, fills in its first form, and sends it.
    ///
    /// # Panics
    ///
    /// When the page has no form, or there is no complete answer.
    #[track_caller]
    #[must_use]
    pub fn submit(&self, page: &str, fields: &[(&str, &str)]) -> Response {
        let (action, hidden) = self.form(page);
        let known = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body: Vec<String> = known
            .chain(fields.iter().copied())
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        self.follow(self.ask("POST", &action, "application/x-www-form-urlencoded", &body.join("&")))
    }

    /// Like [`Self::submit`], with a file.
    ///
    /// # Panics
    ///
    /// As [`Self::submit`].
    #[track_caller]
    #[must_use]
    pub fn upload(&self, page: &str, fields: &[(&str, &str)], file: Upload<'_>) -> Response {
        let (action, hidden) = self.form(page);
        let known = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut body: String = known
            .chain(fields.iter().copied())
            .map(|(name, value)| {
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            })
            .collect();
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{}\r\n--{BOUNDARY}--\r\n",
            file.field, file.name, file.content
        );
        self.follow(self.ask("POST", &action, &format!("multipart/form-data; boundary={BOUNDARY}"), &body))
    }

    /// Opens a WebSocket, as a script of the site itself would.
    ///
    /// # Panics
    ///
    /// When the server does not switch protocols.
    #[track_caller]
    #[must_use]
    pub fn websocket(&self, path: &str) -> WebSocket {
        WebSocket::open(self.address, &self.host, path)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> Response {
        let mut request = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", self.host);
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request += &format!("Cookie: {}\r\n", cookies.join("; "));
        }
        if method == "POST" {
            request += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        }
        let answer = http::ask(self.address, &format!("{request}\r\n{body}"));
        let answer = answer.unwrap_or_else(|error| panic!("{method} http://{}{path}: {error}", self.host));
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            if let Some((name, value)) = value.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Follows redirects, which must lead to the same site.
    #[track_caller]
    fn follow(&self, mut answer: Response) -> Response {
        for _ in 0..5 {
            let Some(to) = answer.header("location").filter(|_| (300..400).contains(&answer.status)) else {
                return answer;
            };
            let site = format!("http://{}/", self.host);
            let path = to.strip_prefix(&site).unwrap_or(to).trim_start_matches('/');
            assert!(!path.contains("://"), "a redirect leads away from {site}: {to}");
            answer = self.ask("GET", &format!("/{path}"), "", "");
        }
        panic!("there are too many redirects: {answer:?}")
    }

    /// Where the first form of a page is sent, and its hidden fields.
    #[track_caller]
    fn form(&self, page: &str) -> (String, Vec<(String, String)>) {
        let answer = self.get(page);
        let form = answer.body.split("<form").nth(1).and_then(|rest| rest.split("</form>").next());
        let form = form.unwrap_or_else(|| panic!("{page} has no form: {answer:?}"));
        let tag = form.split('>').next().unwrap_or_default();
        let hidden = form.split("<input").skip(1).filter_map(|input| {
            let input = input.split('>').next()?;
            (attribute(input, "type")? == "hidden")
                .then(|| Some((attribute(input, "name")?, attribute(input, "value")?)))?
        });
        (attribute(tag, "action").unwrap_or_else(|| page.to_owned()), hidden.collect())
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(ToOwned::to_owned)
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

//! `open`: opens the address of the app in a browser, and prints it where there is none.

use std::process::{Command, Stdio};

use piku_core::AppName;
use serde_json::Value;

use super::connection::{Connection, Form};
use super::error::LaptopError;
use super::{exit_code, forward};
use crate::surroundings;
use crate::ui::Ui;

/// Prints the address, and opens it unless `print` is set.
pub(super) fn open(app: &AppName, connection: &Connection, print: bool, ui: &Ui) -> Result<i32, LaptopError> {
    let words = ["apps", app.as_str(), "--json"].map(str::to_owned);
    let mut ssh = forward::command(connection, Form::Data, &words)?;
    let output = ssh.stderr(Stdio::inherit()).output().map_err(LaptopError::start("ssh"))?;
    let status = exit_code::of(output.status);
    if status != 0 {
        return if status == forward::FAILED {
            Err(LaptopError::Unreached(connection.server()))
        } else {
            Ok(status)
        };
    }
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let address = address(&said).ok_or_else(|| LaptopError::NoAddress(app.clone()))?;
    ui.data(format_args!("{address}"));
    if is_there_only(&address) {
        ui.done(format_args!(
            "Only the server itself reaches it; `piku tunnel 8000` leads there from this machine"
        ));
    } else if !print && let Some(program) = opener() {
        let mut browser = Command::new(program);
        browser.arg(&address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        browser.status().map_err(LaptopError::start(program))?;
    }
    Ok(0)
}

/// The first address of the app.
fn address(said: &Value) -> Option<String> {
    let app = said.as_array().and_then(|all| all.first()).unwrap_or(said);
    let first = app.get("addresses")?.as_array()?.first()?.as_str()?;
    // Nothing else is given to a program that opens what it is given.
    let is_site = ["http://", "https://"].iter().any(|scheme| first.starts_with(scheme));
    is_site.then(|| first.to_owned())
}

fn is_there_only(address: &str) -> bool {
    address.strip_prefix("http://").is_some_and(|rest| rest.starts_with("127.") || rest.starts_with("[::1]"))
}

/// The program that opens an address; `None` without a desktop.
fn opener() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    let has_desktop =
        ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| surroundings::variable(name).is_some());
    has_desktop.then_some("xdg-open")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_from_what_the_server_says_of_the_app() {
        let of = |text: &str| address(&serde_json::from_str(text).unwrap());
        assert_eq!(of(r#"{"addresses":["https://a.test/","http://b.test/"]}"#).unwrap(), "https://a.test/");
        assert_eq!(of(r#"[{"addresses":["http://b.test/"]}]"#).unwrap(), "http://b.test/");
        for none in [r#"{"addresses":[]}"#, r#"{"addresses":["file:///etc/passwd"]}"#, "[]", "null"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert!(is_there_only("http://127.0.0.1:4000/") && !is_there_only("http://10.0.0.5:4000/"));
    }
}

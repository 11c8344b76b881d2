//! Writes the `[uwsgi]` section of a configuration file.

use camino::{Utf8Path, Utf8PathBuf};

use crate::value::{Fault, InvalidValue, Value, path};

/// A `[uwsgi]` section under construction. Keys are constants; values pass through [`Value`].
#[derive(Debug)]
pub(crate) struct Ini {
    text: String,
}

impl Ini {
    pub(crate) fn new() -> Self {
        Self { text: "[uwsgi]\n".to_owned() }
    }

    pub(crate) fn text(&mut self, key: &'static str, text: &str) -> Result<(), InvalidValue> {
        self.put(key, text.parse())
    }

    /// Writes an absolute path that must not contain any of `special`.
    pub(crate) fn path(
        &mut self,
        key: &'static str,
        value: &Utf8Path,
        special: &[char],
    ) -> Result<(), InvalidValue> {
        self.put(key, path(value, special))
    }

    /// Writes text whose form the caller has checked.
    pub(crate) fn checked(
        &mut self,
        key: &'static str,
        text: &str,
        form: &'static str,
        fits: bool,
    ) -> Result<(), InvalidValue> {
        if fits {
            self.text(key, text)
        } else {
            Err(InvalidValue { key: Some(key), value: text.to_owned(), fault: Fault::NotA(form) })
        }
    }

    /// Writes a number from `least` to `most`.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        number: u64,
        least: u64,
        most: u64,
    ) -> Result<(), InvalidValue> {
        if (least..=most).contains(&number) {
            self.line(key, &number.to_string());
            Ok(())
        } else {
            let fault = Fault::OutOfRange { least, most };
            Err(InvalidValue { key: Some(key), value: number.to_string(), fault })
        }
    }

    /// Sends output to `file`. Once it exceeds `max_size`, it is renamed with `.1` added, and the older such file
    /// removed.
    ///
    /// `log-maxsize` implies `log-master`: only the master opens the file, and everything else writes to a socket of it
    /// that does not block. So this is for the few lines of an emperor, not for the output of programs. As a stream,
    /// because a datagram is cut off at 8 KiB. After a rotation the master no longer appends, but writes at its own
    /// offset; so it watches the older file, and reopens the newer one for appending when it changes.
    pub(crate) fn log(&mut self, file: &Utf8Path, max_size: u64) -> Result<(), InvalidValue> {
        let older = Utf8PathBuf::from(format!("{file}.1"));
        self.path("logto2", file, &[':'])?;
        self.number("log-maxsize", max_size, 4096, 1 << 40)?;
        self.path("log-backupname", &older, &[])?;
        self.path("touch-logreopen", &older, &[])?;
        self.flag("log-master-stream");
        Ok(())
    }

    pub(crate) fn flag(&mut self, key: &'static str) {
        self.line(key, "true");
    }

    /// Writes a number as `chmod` and `umask` take it.
    pub(crate) fn octal(&mut self, key: &'static str, bits: u32) -> Result<(), InvalidValue> {
        if bits <= 0o777 {
            self.line(key, &format!("{bits:03o}"));
            Ok(())
        } else {
            let fault = Fault::NotA("a file mode");
            Err(InvalidValue { key: Some(key), value: format!("{bits:o}"), fault })
        }
    }

    /// Makes room for a single app and a single function for remote calls: uWSGI fills room for 64 of each, which a
    /// process without any would hold for nothing.
    pub(crate) fn without_app(&mut self) -> Result<(), InvalidValue> {
        self.number("max-apps", 1, 1, 64)?;
        self.number("rpc-max", 1, 1, 64)
    }

    /// Loads a plugin unless `what` is built in, so that a monolithic uWSGI does not complain.
    pub(crate) fn plugin_unless(&mut self, what: &'static str, plugin: &str) -> Result<(), InvalidValue> {
        self.line("if-not-plugin", what);
        self.plugin(plugin)?;
        self.text.push_str("end-if =\n");
        Ok(())
    }

    /// Loads a plugin.
    pub(crate) fn plugin(&mut self, plugin: &str) -> Result<(), InvalidValue> {
        let fits = !plugin.is_empty() && plugin.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        self.checked("plugin", plugin, "the name of a plugin", fits)
    }

    /// Loads a plugin in place of Python's, for requests with modifier 0, so that no client (a web server, the http
    /// router, or a health check) needs to know the language of an app.
    pub(crate) fn plugin_for_all(&mut self, plugin: &'static str) -> Result<(), InvalidValue> {
        self.text("plugin", &format!("0:{plugin}"))
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn put(&mut self, key: &'static str, value: Result<Value, InvalidValue>) -> Result<(), InvalidValue> {
        let value = value.map_err(|error| InvalidValue { key: Some(key), ..error })?;
        self.line(key, &value.to_string());
        Ok(())
    }

    fn line(&mut self, key: &str, written: &str) {
        self.text.push_str(&format!("{key} = {written}\n"));
    }
}

//! The different builds of uWSGI.

/// How a uWSGI was built, which decides how it loads plugins and Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// From a distribution: nearly everything is a plugin in a separate folder.
    Debian,
    /// `pyuwsgi` from PyPI: a Python script and a library with everything built in. It always runs in the virtual
    /// environment it is installed in.
    Wheel,
    /// `uwsgi` from PyPI: one program with everything built in.
    Source,
}

impl Flavour {
    /// Recognizes the flavour by what `uwsgi --version` and `uwsgi --plugins-list` print, and the file's first bytes.
    ///
    /// The list is printed to standard error. It may be empty if the rest suffices.
    pub fn tell(version_output: &str, plugins_list_output: &str, head_of_file: &[u8]) -> Flavour {
        let mut plugins = plugins_list_output.lines().map(str::trim);
        let script = head_of_file.starts_with(b"#!");
        if script || plugins.clone().any(|line| line == "pyuwsgi") {
            Flavour::Wheel
        } else if version_output.contains('-') || !plugins.any(is_python) {
            Flavour::Debian
        } else {
            Flavour::Source
        }
    }

    /// Whether Python and the http router have to be loaded as plugins.
    pub fn is_modular(&self) -> bool {
        matches!(self, Flavour::Debian)
    }
}

fn is_python(line: &str) -> bool {
    line == "0: python"
}

/// Returns the CPython that a plugin is linked against, such as `(3, 11)`.
///
/// Looks for `libpython3.11` in the bytes of the plugin, then for the version in the file name, such as
/// `python311_plugin.so`; `python3_plugin.so` is a link without a version.
pub fn plugin_python_version(file_name: &str, plugin_bytes: &[u8]) -> Option<(u32, u32)> {
    const LIBRARY: &[u8] = b"libpython3.";
    let linked = plugin_bytes
        .windows(LIBRARY.len())
        .position(|window| window == LIBRARY)
        .and_then(|start| minor(&plugin_bytes[start + LIBRARY.len()..]));
    let named = || {
        let digits = file_name.strip_prefix("python3")?.strip_suffix("_plugin.so")?;
        minor(digits.as_bytes())
    };
    linked.or_else(named).map(|minor| (3, minor))
}

fn minor(text: &[u8]) -> Option<u32> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELF: &[u8] = b"\x7fELF\x02\x01\x01";

    #[test]
    fn flavours_are_told_apart() {
        let debian = "*** uWSGI loaded generic plugins ***\n\n*** uWSGI loaded request plugins ***\n--- end of plugins list ---\n";
        let wheel = "*** uWSGI loaded generic plugins ***\npyuwsgi\ngevent\n\n*** uWSGI loaded request plugins ***\n0: python\n";
        let source = "*** uWSGI loaded generic plugins ***\ngevent\n\n*** uWSGI loaded request plugins ***\n0: python\n";
        let cases: [(&str, &str, &[u8], Flavour); 5] = [
            ("2.0.21-debian\n", debian, ELF, Flavour::Debian),
            ("2.0.21-debian\n", "", ELF, Flavour::Debian),
            ("2.0.30\n", wheel, b"#!/srv/env/bin/python3\n", Flavour::Wheel),
            ("2.0.30\n", "", b"#!/srv/env/bin/python3\n", Flavour::Wheel),
            ("2.0.31\n", source, ELF, Flavour::Source),
        ];
        for (version, plugins, head, flavour) in cases {
            assert_eq!(Flavour::tell(version, plugins, head), flavour, "{version:?} {plugins:?}");
            assert_eq!(flavour.is_modular(), flavour == Flavour::Debian);
        }
    }

    #[test]
    fn a_plugin_tells_its_python() {
        let cases = [
            ("python3_plugin.so", b"\x7fELF\0libc.so.6\0libpython3.11.so.1.0\0".as_slice(), Some((3, 11))),
            ("python311_plugin.so", b"libpython3.9.so.1.0\0", Some((3, 9))),
            ("python311_plugin.so", ELF, Some((3, 11))),
            ("python3_plugin.so", ELF, None),
            ("python3_plugin.so", b"libpython3.", None),
            ("http_plugin.so", ELF, None),
        ];
        for (name, bytes, version) in cases {
            assert_eq!(plugin_python_version(name, bytes), version, "{name}");
        }
    }
}

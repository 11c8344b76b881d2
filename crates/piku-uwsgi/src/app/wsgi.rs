//! Python apps.

use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// A Python app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WsgiApp {
    /// `package.module:name`, or `package.module` if the callable is `application`.
    pub module: String,
    /// The virtual environment; the wheel always uses the one it is installed in.
    pub virtualenv: Option<Utf8PathBuf>,
    /// The plugin with Python, such as `python311`; loaded only if Python is not built in.
    pub plugin: Option<String>,
    /// Folders to import from first.
    pub python_path: Vec<Utf8PathBuf>,
    /// Whether the app may start threads of its own.
    pub enable_threads: bool,
    /// How a process serves several requests at once.
    pub concurrency: Concurrency,
}

/// How one process of a Python app serves several requests at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Concurrency {
    /// By this many threads.
    Threads(u32),
    /// By this many gevent greenlets.
    Gevent(u32),
    /// By this many asyncio tasks. The wheel has no asyncio, and serves one request at a time in each process.
    Asyncio(u32),
}

impl WsgiApp {
    /// Describes an app with four threads in each process.
    pub fn new(module: impl Into<String>) -> Self {
        Self {
            module: module.into(),
            virtualenv: None,
            plugin: None,
            python_path: Vec::new(),
            enable_threads: true,
            concurrency: Concurrency::Threads(4),
        }
    }

    /// How many threads of each process serve requests.
    pub(super) fn threads(&self) -> u32 {
        match self.concurrency {
            Concurrency::Threads(threads) => threads,
            Concurrency::Gevent(_) | Concurrency::Asyncio(_) => 1,
        }
    }

    pub(super) fn write(&self, ini: &mut Ini) -> Result<(), InvalidValue> {
        if let Some(plugin) = &self.plugin {
            ini.plugin_unless("python", plugin)?;
        }
        if let Some(virtualenv) = &self.virtualenv {
            ini.path("virtualenv", virtualenv, &[])?;
        }
        for folder in &self.python_path {
            ini.path("pythonpath", folder, &['*', '?', '[', '\\'])?;
        }
        ini.checked("module", &self.module, "a module and its callable", is_module(&self.module))?;
        ini.flag("need-app");
        ini.flag("single-interpreter");
        if let Concurrency::Threads(_) = self.concurrency {
            // uWSGI imports these in each process. Imported before, their memory is shared, and that of what importing
            // changes. Not before gevent has patched them.
            ini.text("import", "random")?;
            ini.text("import", "threading")?;
        }
        if self.enable_threads {
            ini.flag("enable-threads");
        }
        match self.concurrency {
            Concurrency::Threads(threads) if threads > 1 => ini.number("threads", threads.into(), 1, 1024)?,
            Concurrency::Threads(_) => {}
            Concurrency::Gevent(greenlets) => {
                self.companion(ini, "gevent")?;
                ini.number("gevent", greenlets.into(), 1, 65_535)?;
            }
            Concurrency::Asyncio(tasks) => {
                self.companion(ini, "asyncio")?;
                self.companion(ini, "greenlet")?;
                ini.number("asyncio", tasks.into(), 1, 65_535)?;
                ini.flag("greenlet");
            }
        }
        Ok(())
    }

    /// Loads a plugin that Debian names after its Python plugin, such as `gevent_python311`.
    fn companion(&self, ini: &mut Ini, what: &'static str) -> Result<(), InvalidValue> {
        match &self.plugin {
            Some(python) => ini.plugin_unless(what, &format!("{what}_{python}")),
            None => Ok(()),
        }
    }
}

/// Whether the text is `dotted.module`, optionally with `:callable` or `:factory()`.
///
/// The parts of a module are names of files, so that they may begin with a digit and hold a `-`.
fn is_module(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let name =
        |name: &str| name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(word);
    let file = |part: &str| part.starts_with(word) && part.chars().all(|c| word(c) || c == '-');
    let dotted = |path: &str| path.split('.').all(file);
    match text.split_once(':') {
        None => dotted(text),
        Some((module, callable)) => dotted(module) && name(callable.strip_suffix("()").unwrap_or(callable)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn written(app: &WsgiApp) -> Result<String, InvalidValue> {
        let mut ini = Ini::new();
        app.write(&mut ini)?;
        Ok(ini.finish())
    }

    #[test]
    fn a_module_is_needed() {
        insta::assert_snapshot!(written(&WsgiApp::new("blog.main:app")).unwrap(), @r"
        [uwsgi]
        module = blog.main:app
        need-app = true
        single-interpreter = true
        import = random
        import = threading
        enable-threads = true
        threads = 4
        ");
    }

    #[test]
    fn every_option_has_its_line() {
        let app = WsgiApp {
            virtualenv: Some("/srv/my env".into()),
            plugin: Some("python311".to_owned()),
            python_path: vec!["/srv/blog".into(), "/srv/50%".into()],
            concurrency: Concurrency::Asyncio(50),
            ..WsgiApp::new("blog.main:app")
        };
        insta::assert_snapshot!(written(&app).unwrap(), @r"
        [uwsgi]
        if-not-plugin = python
        plugin = python311
        end-if =
        virtualenv = /srv/my env
        pythonpath = /srv/blog
        pythonpath = /srv/50%%
        module = blog.main:app
        need-app = true
        single-interpreter = true
        enable-threads = true
        if-not-plugin = asyncio
        plugin = asyncio_python311
        end-if =
        if-not-plugin = greenlet
        plugin = greenlet_python311
        end-if =
        asyncio = 50
        greenlet = true
        ");
    }

    #[test]
    fn gevent_takes_the_place_of_threads() {
        let app = WsgiApp {
            plugin: Some("python311".to_owned()),
            concurrency: Concurrency::Gevent(100),
            ..WsgiApp::new("blog.main:app")
        };
        let ini = written(&app).unwrap();
        assert!(ini.contains("if-not-plugin = gevent\nplugin = gevent_python311\nend-if =\ngevent = 100\n"));
        assert!(!ini.contains("\nthreads =") && !ini.contains("\nimport ="));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for module in ["app", "a.b:c", "_a.b2:make()", "größe:app", "my-app.wsgi:app", "2048:app"] {
            assert!(is_module(module), "{module:?}");
        }
        for module in [
            "", "a.", "a:b:c", "a b:c", "../a:app", "a/b:app", "a:b(1)", "a:b-c", "-a:b", "a.-b:c", "a:2b",
            "a:b.c", "a:()",
        ] {
            let error = written(&WsgiApp::new(module)).unwrap_err();
            assert_eq!(
                (error.key, error.fault),
                (Some("module"), Fault::NotA("a module and its callable")),
                "{module:?}"
            );
        }
    }

    #[test]
    fn an_import_folder_that_reads_as_a_pattern_is_refused() {
        let app = WsgiApp { python_path: vec!["/srv/*".into()], ..WsgiApp::new("app") };
        let error = written(&app).unwrap_err();
        assert_eq!((error.key, error.fault), (Some("pythonpath"), Fault::Special('*')));
    }
}

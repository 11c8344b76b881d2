//! Java apps.

use camino::Utf8PathBuf;

use crate::InvalidValue;
use crate::ini::Ini;

/// A class that answers requests inside a Java virtual machine, one in each process.
///
/// Needs uWSGI's plugins `jvm` and `jwsgi`, which no wheel has.
/// See <https://uwsgi-docs.readthedocs.io/en/latest/JWSGI.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwsgiApp {
    /// `package.Class`, or `package.Class:method`; the method is usually called `application`.
    pub class: String,
    /// Folders of classes, and archives, in search order.
    pub class_path: Vec<Utf8PathBuf>,
    /// How many threads in each process.
    pub threads: u32,
}

impl JwsgiApp {
    /// Describes an app with four threads in each process.
    pub fn new(class: impl Into<String>) -> Self {
        Self { class: class.into(), class_path: Vec::new(), threads: 4 }
    }

    pub(super) fn write(&self, ini: &mut Ini) -> Result<(), InvalidValue> {
        // The first takes the requests and hands them to the second.
        ini.plugin_for_all("jvm")?;
        ini.plugin("jwsgi")?;
        for place in &self.class_path {
            ini.path("jvm-classpath", place, &[':'])?;
        }
        let class = match self.class.split_once(':') {
            Some(_) => self.class.clone(),
            None => format!("{}:application", self.class),
        };
        ini.checked("jwsgi", &class, "a Java class and its method", is_method(&class))?;
        if self.threads > 1 {
            ini.number("threads", self.threads.into(), 1, 1024)?;
        }
        Ok(())
    }
}

/// Whether the text is `package.Class:method`, in letters, digits, and `_`.
fn is_method(text: &str) -> bool {
    let name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    text.split_once(':').is_some_and(|(class, method)| class.split('.').all(name) && name(method))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn written(app: &JwsgiApp) -> Result<String, InvalidValue> {
        let mut ini = Ini::new();
        app.write(&mut ini)?;
        Ok(ini.finish())
    }

    #[test]
    fn a_class_is_found_on_its_path() {
        let class_path = vec!["/srv/blog".into(), "/srv/blog/lib/a.jar".into()];
        let app = JwsgiApp { class_path, ..JwsgiApp::new("org.example.Blog") };
        insta::assert_snapshot!(written(&app).unwrap(), @r"
        [uwsgi]
        plugin = 0:jvm
        plugin = jwsgi
        jvm-classpath = /srv/blog
        jvm-classpath = /srv/blog/lib/a.jar
        jwsgi = org.example.Blog:application
        threads = 4
        ");
    }

    #[test]
    fn what_is_no_class_is_refused() {
        for class in ["", "a.", "a b", "a:b:c", "java -jar x", "../a", "a:", "2a"] {
            let error = written(&JwsgiApp::new(class)).unwrap_err();
            assert_eq!(error.fault, Fault::NotA("a Java class and its method"), "{class:?}");
        }
    }
}

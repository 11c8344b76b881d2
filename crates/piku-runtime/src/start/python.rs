//! Python: Django, Flask and its relatives, ASGI frameworks, Streamlit, or a script.

use super::guess::{Start, has, text};
use crate::SourceTree;
use crate::python;

/// Modules that hold an app, the likeliest first.
const MODULES: [&str; 12] = [
    "wsgi",
    "asgi",
    "app",
    "main",
    "application",
    "server",
    "api",
    "run",
    "web",
    "index",
    "hello",
    "app/main",
];

/// Frameworks whose apps uWSGI runs.
const WSGI: [&str; 6] =
    ["Flask(", "Bottle(", "bottle.default_app(", "falcon.App(", "web.application(", "Eve("];
/// Frameworks whose apps need an ASGI server.
const ASGI: [&str; 5] = ["FastAPI(", "Starlette(", "Quart(", "Litestar(", "Sanic("];

/// A Django project, by its `manage.py`.
pub(super) fn django(tree: &dyn SourceTree) -> Option<Start> {
    let manage = text(tree, "manage.py");
    let settings = manage.split("DJANGO_SETTINGS_MODULE").nth(1)?;
    let named =
        settings.split(['"', '\'']).filter(|part| is_dotted(part)).find(|part| part.contains("settings"));
    let of_settings = named.map(|module| {
        let parts = module.split('.').take_while(|part| !part.starts_with("settings"));
        parts.collect::<Vec<_>>().join("/")
    });
    let folders = of_settings.into_iter().chain(tree.names());
    let project = folders.into_iter().find(|folder| has(tree, &format!("{folder}/wsgi.py")))?;
    let module = project.replace('/', ".");
    let line = format!("wsgi: {module}.wsgi:application");
    is_dotted(&module).then(|| {
        Start::new(line, "a Django project (manage.py)").with_release("python manage.py migrate --noinput")
    })
}

/// Any other Python app.
pub(super) fn start(tree: &dyn SourceTree) -> Option<Start> {
    let packages =
        tree.names().into_iter().filter(|name| is_dotted(name) && !MODULES.contains(&name.as_str()));
    let in_packages = packages.flat_map(|name| {
        let sources = ["__init__", "app", "main", "wsgi"].map(|file| format!("{name}/{file}"));
        sources.into_iter().filter(|path| has(tree, &format!("{path}.py"))).collect::<Vec<_>>()
    });
    let modules =
        MODULES.into_iter().map(str::to_owned).chain(["app/__init__".to_owned()]).chain(in_packages);
    let own: Vec<(String, String)> =
        modules.map(|module| (format!("{module}.py"), module)).filter(|(file, _)| has(tree, file)).collect();
    if let Some(found) = own.iter().find_map(|(file, module)| in_module(&text(tree, file), file, module)) {
        return Some(found);
    }
    python::manifest(tree)?;
    let (file, _) =
        own.iter().find(|(file, _)| !file.contains('/') && file != "wsgi.py" && file != "asgi.py")?;
    Some(Start::new(format!("web: python {file}"), format!("a Python program ({file})")))
}

/// The app of a framework in one module.
fn in_module(source: &str, file: &str, path: &str) -> Option<Start> {
    let module = path.trim_end_matches("/__init__").replace('/', ".");
    if source.contains("import streamlit") {
        let line = format!("web: streamlit run {file} --server.address $BIND_ADDRESS --server.port $PORT");
        return Some(Start::new(line, format!("a Streamlit app ({file})")));
    }
    if let Some((name, framework)) = made_by(source, &WSGI) {
        return Some(Start::new(format!("wsgi: {module}:{name}"), format!("a {framework} app ({file})")));
    }
    if let Some((name, framework)) = made_by(source, &ASGI) {
        let line = format!("web: uvicorn {module}:{name} --host $BIND_ADDRESS --port $PORT");
        return Some(Start::new(line, format!("a {framework} app ({file})")));
    }
    if let Some((name, _)) = made_by(source, &["Dash(", "dash.Dash("]) {
        return Some(Start::new(format!("wsgi: {module}:{name}.server"), format!("a Dash app ({file})")));
    }
    source
        .lines()
        .any(|line| line.starts_with("application =") || line.starts_with("def application("))
        .then(|| Start::new(format!("wsgi: {module}:application"), format!("a WSGI application ({file})")))
}

/// The name at the top of a module that a framework's app is given, or the factory that makes one; and the framework.
fn made_by<'a>(source: &str, calls: &[&'a str]) -> Option<(String, &'a str)> {
    let mut function = None;
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("def ").and_then(|rest| rest.split('(').next()) {
            function = Some(name);
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim_start();
        let call =
            calls.iter().find(|call| value.split_once(**call).is_some_and(|(before, _)| is_path(before)));
        let Some(call) = call else { continue };
        let name = name.split(':').next().unwrap_or(name).trim_end();
        let framework = call.trim_end_matches('(').split('.').next().unwrap_or(call);
        if is_dotted(name) && !name.contains('.') {
            return Some((name.to_owned(), framework));
        }
        // Indented: within a factory, which uWSGI calls if it needs no arguments.
        if let Some(factory) =
            function.filter(|name| matches!(*name, "create_app" | "make_app" | "build_app"))
        {
            return Some((format!("{factory}()"), framework));
        }
    }
    None
}

/// Whether this may stand before a class: nothing, or the module it is in.
fn is_path(before: &str) -> bool {
    before.is_empty() || before.strip_suffix('.').is_some_and(is_dotted)
}

fn is_dotted(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    name.split('.').all(part)
}

//! How an app without a Procfile is probably started.

use piku_runtime::{MemoryTree, start};

/// The line for a tree of these files, and what it was guessed from.
fn guessed(files: &[(&str, &str)]) -> String {
    let tree = files.iter().fold(MemoryTree::new("c"), |tree, (path, text)| tree.with(*path, *text));
    let Some(start) = start(&tree) else { return "nothing".to_owned() };
    let release = start.release.map(|line| format!("; {line}")).unwrap_or_default();
    format!("{}{release}  # {}", start.line, start.what)
}

#[test]
fn the_apps_of_each_language_are_recognized() {
    let manage = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings.dev')\n";
    let flask = "from flask import Flask\napp = Flask(__name__)\n";
    let factory = "def create_app():\n    app = Flask(__name__)\n    return app\n";
    let trees: [&[(&str, &str)]; 30] = [
        &[("manage.py", manage), ("mysite/wsgi.py", ""), ("requirements.txt", "django")],
        &[("manage.py", &manage.replace("mysite.settings.dev", "config.settings")), ("shop/wsgi.py", "")],
        &[("app.py", flask), ("requirements.txt", "flask")],
        &[("requirements.txt", "flask"), ("flaskr/__init__.py", factory)],
        &[
            ("microblog.py", "from app import app"),
            ("app/__init__.py", "app: Flask = flask.Flask(__name__)\n"),
        ],
        &[("main.py", "api = FastAPI(title=\"x\")\n"), ("pyproject.toml", "")],
        &[("app/main.py", "app = FastAPI()\n")],
        &[("app.py", "import streamlit as st\n"), ("requirements.txt", "streamlit")],
        &[("app.py", "app = dash.Dash(__name__)\n")],
        &[("main.py", "print()\n"), ("requirements.txt", "")],
        &[("package.json", r#"{"scripts": {"start": "node s.js"}}"#), ("yarn.lock", "")],
        &[("package.json", r#"{"main": "./lib/s.js"}"#), ("lib/s.js", "")],
        &[(
            "package.json",
            r#"{"scripts": {"dev": "vite", "build": "vite build"}, "devDependencies": {"vite": "5"}}"#,
        )],
        &[(
            "package.json",
            r#"{"scripts": {"start": "react-scripts start", "build": "x"}, "dependencies": {"react-scripts": "5"}}"#,
        )],
        &[("package.json", r#"{"dependencies": {"next": "14"}, "scripts": {"build": "next build"}}"#)],
        &[("package.json", "not JSON"), ("index.html", "")],
        &[("config.ru", ""), ("Gemfile", ""), ("bin/rails", ""), ("config/database.yml", "")],
        &[("app.rb", "require 'sinatra'\n")],
        &[("composer.json", "{}"), ("public/index.php", "")],
        &[("index.php", "")],
        &[("go.mod", "module example.org/shop/v2\n"), ("main.go", "package main\n")],
        &[("go.mod", "module example.org/shop // ours\n"), ("cmd/server/main.go", "package main\n")],
        &[("Cargo.toml", "[package]\nname = \"shop\"\n[dependencies]\nname = \"x\"\n")],
        &[("Cargo.toml", "[package]\nname = \"shop\"\n\n[[bin]]\npath = \"src/s.rs\"\nname = \"serve\"\n")],
        &[("pom.xml", "<groupId>org.springframework.boot</groupId>")],
        &[("deno.json", r#"{"tasks": {"start": "x"}}"#)],
        &[("index.html", ""), ("style.css", "")],
        &[("dist/index.html", "")],
        &[
            ("render.yaml", "services:\n  - type: web\n    startCommand: \"gunicorn app:app\"\n"),
            ("app.py", flask),
        ],
        &[("Dockerfile", "FROM x\nENTRYPOINT [\"serve\"]\nCMD [\"--port\", \"80\"]\n")],
    ];
    let lines: Vec<String> = trees.iter().map(|tree| guessed(tree)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    wsgi: mysite.wsgi:application; release: python manage.py migrate --noinput  # a Django project (manage.py)
    wsgi: shop.wsgi:application; release: python manage.py migrate --noinput  # a Django project (manage.py)
    wsgi: app:app  # a Flask app (app.py)
    wsgi: flaskr:create_app()  # a Flask app (flaskr/__init__.py)
    wsgi: app:app  # a Flask app (app/__init__.py)
    web: uvicorn main:api --host $BIND_ADDRESS --port $PORT  # a FastAPI app (main.py)
    web: uvicorn app.main:app --host $BIND_ADDRESS --port $PORT  # a FastAPI app (app/main.py)
    web: streamlit run app.py --server.address $BIND_ADDRESS --server.port $PORT  # a Streamlit app (app.py)
    wsgi: app:app.server  # a Dash app (app.py)
    web: python main.py  # a Python program (main.py)
    web: yarn start  # a Node.js app with a script `start` (package.json)
    web: node lib/s.js  # a Node.js program (lib/s.js)
    static: dist  # a site built by vite (package.json)
    static: build  # a site built by react-scripts (package.json)
    web: npx next start -p $PORT -H $BIND_ADDRESS  # a Next.js app (package.json)
    static: .  # a site of files (index.html)
    rwsgi: config.ru; release: bin/rails db:migrate  # a Rails app (config.ru)
    web: ruby app.rb -p $PORT -o $BIND_ADDRESS  # a Ruby program (app.rb)
    php: public  # a PHP app (public/index.php)
    php: .  # a PHP app (index.php)
    web: ./bin/shop  # a Go program (go.mod)
    web: ./bin/server  # a Go program (cmd/server/main.go)
    web: ./target/release/shop  # a Rust program (Cargo.toml)
    web: ./target/release/serve  # a Rust program (Cargo.toml)
    web: java -Dserver.port=$PORT -Dserver.address=$BIND_ADDRESS -jar target/*.jar  # a Java program (pom.xml)
    web: deno task start  # a Deno app with a task `start` (deno.json)
    static: .  # a site of files (index.html)
    static: dist  # a site of files (dist/index.html)
    web: gunicorn app:app  # what render.yaml starts
    web: serve --port 80  # what the Dockerfile starts (piku builds no images)
    ");
}

#[test]
fn nothing_is_guessed_from_what_is_not_familiar_or_can_not_be_quoted() {
    assert_eq!(guessed(&[("README.md", "")]), "nothing");
    assert_eq!(guessed(&[("manage.py", "print('no Django')")]), "nothing");
    assert_eq!(guessed(&[("render.yaml", "startCommand: echo 'x' | sh\n")]), "nothing");
    assert_eq!(guessed(&[("render.yaml", "startCommand: |\n  sh x\n")]), "nothing");
    assert_eq!(guessed(&[("Cargo.toml", "[package]\nname = \"$(id)\"\n")]), "nothing");
    assert_eq!(guessed(&[("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n")]), "nothing");
}

//! Apps of other languages, and of none.

use camino::Utf8Path;
use piku_tests::{App, TestServer, needs};

fn push_and_push_again(app: &App<'_>, hello: &str, built: &str) {
    app.push().succeeds();
    assert!(app.get("/").body.starts_with(hello), "{}", app.get("/").body);
    app.push_with(["HEAD:refs/heads/again"]).succeeds().never_says(built);
    assert!(app.get("/").body.starts_with(hello), "{}", app.get("/").body);
}

#[test]
fn a_go_program_is_built_once_for_its_commit() {
    needs!(go);
    let server = TestServer::new();
    push_and_push_again(&server.app_from("go", "meter"), "Hello from Go", "Building the programs");
}

#[test]
fn a_rust_program_gets_its_crates() {
    needs!(crates);
    let server = TestServer::new();
    let compiler = Utf8Path::new(env!("CARGO")).parent().unwrap();
    for tool in ["cargo", "rustc"] {
        server.lend(tool, &compiler.join(tool));
    }
    push_and_push_again(
        &server.app_from("rust", "meter"),
        "Hello from Rust, number",
        "Building the programs",
    );
}

#[test]
fn a_gradle_project_becomes_an_archive() {
    needs!(gradle);
    let server = TestServer::new();
    push_and_push_again(&server.app_from("gradle", "meter"), "Hello from Java", "Building build.gradle");
}

#[test]
fn a_project_of_leiningen_becomes_an_archive() {
    needs!(leiningen);
    let server = TestServer::new();
    push_and_push_again(&server.app_from("clojure", "meter"), "Hello from Clojure", "Building project.clj");
}

#[test]
fn bundler_installs_what_the_lock_file_holds() {
    needs!(bundler);
    let server = TestServer::new();
    let app = server.app_from("bundler", "songs");
    app.push().succeeds().says("Installing the gems");
    assert_eq!(app.get("/").body, "Hello from a gem\n");
    app.write(
        "app.rb",
        app.read("app.rb")
            .replace("Greeting::TEXT.b", "Greeting::TEXT.upcase.b")
            .replace("{Greeting::TEXT}", "{Greeting::TEXT.upcase}"),
    );
    app.push().succeeds().never_says("Installing");
    assert_eq!(app.get("/").body, "HELLO FROM A GEM\n");
}

/// Stands in for Rails, which takes minutes to install: gems of its names, and its program.
fn rails<'a>(server: &'a TestServer) -> App<'a> {
    let app = server.app_from("bundler", "songs");
    let gem = |name: &str| {
        format!(
            "Gem::Specification.new do |gem|\n  gem.name = '{name}'\n  gem.version = '8.0'\n  gem.summary = 'Rails'\n  \
             gem.authors = ['piku']\n  gem.files = []\nend\n"
        )
    };
    let (mut gemfile, mut lock) = (app.read("Gemfile"), app.read("Gemfile.lock"));
    for name in ["propshaft", "railties"] {
        app.write(&format!("vendor/{name}/{name}.gemspec"), gem(name));
        gemfile.push_str(&format!("gem '{name}', path: 'vendor/{name}'\n"));
        let path = format!("PATH\n  remote: vendor/{name}\n  specs:\n    {name} (8.0)\n\n");
        lock = lock.replace("GEM\n", &format!("{path}GEM\n")) + &format!("  {name}!\n");
    }
    let program = "require 'fileutils'\nabort 'no secret' unless ENV['SECRET_KEY_BASE_DUMMY'] == '1'\n\
                   FileUtils.mkdir_p 'public/assets'\n\
                   color = File.read('app/assets/color').strip\nabort 'no such color' if color == 'none'\n\
                   File.write 'public/assets/app.css', \"#{ARGV.join(' ')} #{ENV['RAILS_ENV']} #{color}\"\n";
    let text = "(File.read('public/assets/app.css') + ' in ' + ENV['RAILS_ENV'].to_s)";
    let server = app.read("app.rb").replace("Greeting::TEXT.bytesize", &format!("{text}.bytesize"));
    let server = server.replace("#{Greeting::TEXT}", &format!("#{{{text}}}"));
    app.file("Gemfile", gemfile)
        .file("Gemfile.lock", lock)
        .file("app.rb", server)
        .file("bin/rails", program)
        .file("app/assets/color", "blue\n")
}

#[test]
fn the_assets_of_rails_are_compiled_in_the_build_and_gems_are_not_installed_again() {
    needs!(bundler);
    let server = TestServer::new();
    let app = rails(&server);
    app.push().succeeds().says("Installing the gems").says("Compiling the assets with Rails");
    assert_eq!(app.get("/").body, "assets:precompile production blue in production");
    app.write("app/assets/color", "red\n");
    app.push().succeeds().says("Compiling the assets").never_says("Installing");
    assert_eq!(app.get("/").body, "assets:precompile production red in production");
    app.write("app/assets/color", "none\n");
    app.push().is_refused().says("no such color").says("while compiling the assets with Rails");
    assert_eq!(app.get("/").body, "assets:precompile production red in production");
}

#[test]
fn composer_makes_the_classes_of_a_php_app_known() {
    needs!(composer, php);
    let server = TestServer::new();
    push_and_push_again(
        &server.app_from("composer", "wiki"),
        "Hello from a class",
        "Installing the packages",
    );
}

#[test]
fn sinatra_is_served_by_the_systems_ruby() {
    needs!(ruby);
    let server = TestServer::new();
    let app = server.app_from("sinatra", "songs");
    app.push().succeeds();
    assert_eq!(app.get("/").body, "Hello from Sinatra\n");
    app.write("app.rb", app.read("app.rb").replace("Hello", "Good day"));
    app.push().succeeds();
    assert_eq!(app.get("/").body, "Good day from Sinatra\n");
}

#[test]
fn a_folder_of_files_needs_no_process() {
    needs!(nginx, node, npm);
    let server = TestServer::with_nginx();
    let app = server.app_from("static", "pages").served_as("pages.test");
    app.push().succeeds().says("Static site");
    assert_eq!(app.get("/").body, "<h1>Hello from a file</h1>\n");
    // Nothing is built of what is in the commit: the tools of the page need not even be here.
    app.write("package.json", r#"{"engines": {"node": ">=99"}, "scripts": {"build": "false"}}"#);
    app.write("public/index.html", "two\n");
    app.write("public/404.html", "not here\n");
    app.push().succeeds().says("Static site").never_says("warning");
    assert_eq!(app.get("/").body, "two\n");
    let missing = app.get("/nowhere");
    assert_eq!((missing.status, missing.body.as_str()), (404, "not here\n"));
    // What a build makes is built.
    let build = r#"{"scripts": {"build": "mkdir dist && echo built > dist/index.html"}}"#;
    app.write("package.json", build);
    app.write("Procfile", "static: dist\n");
    app.push().succeeds().says("Running the script");
    assert_eq!(app.get("/").body, "built\n");
}

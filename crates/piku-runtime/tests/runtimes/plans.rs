//! The plan of each kind of app, except Python and Node.js, as text.

use piku_runtime::{Reuse, RuntimeName, Step, Toolbox, Wishes};

use crate::given::{Files, equipped, planned, shown, shown_with, tree, wishing, with};

#[test]
fn go_builds_every_program() {
    insta::assert_snapshot!(shown(&[("go.mod", "module blog\ngo 1.22\n"), ("main.go", "package main\n")]), @r"
    # building the programs with Go
    GOCACHE=$CACHE/go/build GOMODCACHE=$CACHE/go/modules /usr/bin/go build -trimpath -buildvcs=false -mod=readonly -modcacherw -o $BUILD/bin/ .
    PATH $BUILD/bin
    set GOCACHE=$CACHE/go/build
    set GOMODCACHE=$CACHE/go/modules
    place $BUILD/bin in $TREE/bin
    SameCommit
    ");
}

#[test]
fn go_builds_what_there_is() {
    let main = "// Serves.\npackage main\n";
    let cases: &[(Files, &str)] = &[
        (&[("go.mod", ""), ("serve.go", main)], "-mod=readonly -modcacherw -o $BUILD/bin/ ."),
        (
            &[("go.mod", ""), ("a.go", "package a\n"), ("cmd/b/b.go", main)],
            "-modcacherw -o $BUILD/bin/ ./cmd/...",
        ),
        (&[("go.mod", ""), ("a.go", main), ("cmd/b/b.go", main)], "-modcacherw -o $BUILD/bin/ . ./cmd/..."),
        (&[("go.mod", ""), ("a.go", "package a\n")], "-modcacherw -o $BUILD/bin/ ./..."),
        (&[("go.mod", ""), ("a_test.go", main)], "-modcacherw -o $BUILD/bin/ ./..."),
        (
            &[("go.mod", ""), ("vendor/modules.txt", ""), ("a.go", main)],
            "-mod=vendor -modcacherw -o $BUILD/bin/ .",
        ),
        (&[("go.work", "use (\n./api\n./web\n)\n")], "-modcacherw -o $BUILD/bin/ ./api/... ./web/..."),
        (
            &[("main.go", main), ("b.go", main), ("b_test.go", main)],
            "-buildvcs=false -o $BUILD/bin/ ./main.go ./b.go",
        ),
        (&[("serve.go", main), ("a.go", main)], "-buildvcs=false -o $BUILD/bin/ ./a.go ./serve.go"),
    ];
    for (files, end) in cases {
        let plan = planned(&tree(files), &equipped(), &Wishes::default()).unwrap().unwrap();
        let step = plan.steps[0].to_string();
        assert!(step.ends_with(end), "{files:?}: {step}");
    }
}

#[test]
fn ruby_installs_what_is_locked() {
    insta::assert_snapshot!(shown(&[("Gemfile", ""), ("Gemfile.lock", "")]), @r"
    # installing the gems of Gemfile.lock with bundler
    BUNDLE_DEPLOYMENT=true BUNDLE_GEMFILE=$TREE/Gemfile BUNDLE_GLOBAL_GEM_CACHE=true BUNDLE_PATH=$BUILD/gems BUNDLE_USER_CACHE=$CACHE/bundler BUNDLE_WITHOUT=development:test /usr/bin/bundle install
    set BUNDLE_FROZEN=true
    set BUNDLE_PATH=$BUILD/gems
    set BUNDLE_WITHOUT=development:test
    AnyTree
    ");
}

#[test]
fn ruby_without_a_lock_file_gets_one() {
    insta::assert_snapshot!(shown(&[("Gemfile", "gem 'sinatra'\n")]), @r"
    (copy Gemfile to $BUILD/work)
    # installing the gems of Gemfile with bundler
    [$BUILD/work] BUNDLE_GEMFILE=$BUILD/work/Gemfile BUNDLE_GLOBAL_GEM_CACHE=true BUNDLE_PATH=$BUILD/gems BUNDLE_USER_CACHE=$CACHE/bundler BUNDLE_WITHOUT=development:test /usr/bin/bundle install
    set BUNDLE_FROZEN=true
    set BUNDLE_PATH=$BUILD/gems
    set BUNDLE_WITHOUT=development:test
    place $BUILD/work/Gemfile.lock in $TREE/Gemfile.lock
    ! `Gemfile` has no `Gemfile.lock`, so the versions of its packages are not fixed
    AnyTree
    ");
    assert!(shown(&[("Gemfile", "gemspec\n")]).starts_with("(copy the tree to $BUILD/work)"));
}

/// The lock file of a Rails app.
const RAILS: &str = "GEM\n  specs:\n    propshaft (1.1.0)\n      railties (>= 7)\n    railties (8.0.1)\n";

#[test]
fn rails_compiles_its_assets_in_a_copy_of_the_tree_that_starts_from_the_gems() {
    let files = [("Gemfile", ""), ("Gemfile.lock", RAILS), ("bin/rails", "")];
    insta::assert_snapshot!(shown(&files), @r"
    packages:
      # installing the gems of Gemfile.lock with bundler
      BUNDLE_DEPLOYMENT=true BUNDLE_GEMFILE=$TREE/Gemfile BUNDLE_GLOBAL_GEM_CACHE=true BUNDLE_PATH=$BUILD/gems BUNDLE_USER_CACHE=$CACHE/bundler BUNDLE_WITHOUT=development:test /usr/bin/bundle install
    (copy the tree to $BUILD/work)
    # compiling the assets with Rails
    [$BUILD/work] BUNDLE_FROZEN=true BUNDLE_GEMFILE=$BUILD/work/Gemfile BUNDLE_PATH=$PACKAGES/gems BUNDLE_WITHOUT=development:test RAILS_ENV=production SECRET_KEY_BASE=only-to-compile-assets SECRET_KEY_BASE_DUMMY=1 /usr/bin/bundle exec ruby bin/rails assets:precompile
    set BUNDLE_FROZEN=true
    set BUNDLE_PATH=$PACKAGES/gems
    set BUNDLE_WITHOUT=development:test
    set RAILS_ENV=production
    place $BUILD/work/public in $TREE/public
    SameCommit
    ");
}

#[test]
fn assets_are_compiled_where_there_are_some_and_nobody_objects() {
    let app: Files = &[("Gemfile", ""), ("Gemfile.lock", RAILS), ("Rakefile", "")];
    let compiles = |files: Files, pairs: &[(&str, &str)]| {
        shown_with(files, &equipped(), pairs).contains("assets:precompile")
    };
    assert!(compiles(app, &[]));
    assert!(shown(app).contains("bundle exec rake assets:precompile"));
    assert!(compiles(app, &[("DISABLE_ASSETS_PRECOMPILE", "0")]));
    assert!(!compiles(app, &[("DISABLE_ASSETS_PRECOMPILE", "1")]));
    assert!(!compiles(&app[..2], &[]));
    let mut brought = app.to_vec();
    brought.push(("public/assets/.manifest.json", "{}"));
    assert!(!compiles(&brought, &[]));
    // Gems that others would like are not there.
    let lock = "GEM\n  specs:\n    thor (1)\n      railties (>= 7)\n      sprockets\n    railties (8)\n";
    assert!(!compiles(&[("Gemfile", ""), ("Gemfile.lock", lock), ("Rakefile", "")], &[]));
}

#[test]
fn rails_runs_in_production_unless_a_setting_says_otherwise() {
    let files: Files = &[("Gemfile", ""), ("Gemfile.lock", RAILS), ("Rakefile", "")];
    assert!(shown(files).contains("set RAILS_ENV=production"));
    for pair in [("RAILS_ENV", "staging"), ("RACK_ENV", "staging")] {
        let text = shown_with(files, &equipped(), &[pair]);
        assert!(!text.contains("RAILS_ENV="), "{text}");
    }
    let sinatra: Files =
        &[("Gemfile", ""), ("Gemfile.lock", "GEM\n  specs:\n    sinatra (4)\n"), ("Rakefile", "")];
    assert!(!shown(sinatra).contains("RAILS_ENV"));
}

#[test]
fn the_groups_of_gems_are_the_apps_own_business_where_it_speaks_of_them() {
    for pairs in [("BUNDLE_WITHOUT", "test"), ("RACK_ENV", "development"), ("RAILS_ENV", "development")] {
        let text = shown_with(&[("Gemfile", ""), ("Gemfile.lock", "")], &equipped(), &[pairs]);
        assert!(!text.contains("BUNDLE_WITHOUT"), "{text}");
    }
}

#[test]
fn cargo_builds_what_is_locked_and_keeps_what_it_compiled() {
    insta::assert_snapshot!(shown(&[("Cargo.toml", ""), ("Cargo.lock", "")]), @r"
    (remove the files in $APP_CACHE/target/release)
    # building the programs with cargo
    CARGO_HOME=$CACHE/cargo CARGO_TARGET_DIR=$APP_CACHE/target /usr/bin/cargo build --release --locked
    (copy the programs in $APP_CACHE/target/release to $BUILD/bin)
    PATH $BUILD/bin
    place $BUILD/bin in $TREE/target/release
    SameCommit
    ");
}

#[test]
fn cargo_without_a_lock_file_works_in_a_copy() {
    insta::assert_snapshot!(shown_with(&[("Cargo.toml", "")], &equipped(), &[("CARGO_BUILD_TARGET", "x86_64-unknown-linux-musl")]), @r"
    (copy the tree to $BUILD/work)
    (remove the files in $APP_CACHE/target/x86_64-unknown-linux-musl/release)
    # building the programs with cargo
    [$BUILD/work] CARGO_HOME=$CACHE/cargo CARGO_TARGET_DIR=$APP_CACHE/target /usr/bin/cargo build --release
    (copy the programs in $APP_CACHE/target/x86_64-unknown-linux-musl/release to $BUILD/bin)
    PATH $BUILD/bin
    place $BUILD/bin in $TREE/target/release
    ! `Cargo.toml` has no `Cargo.lock`, so the versions of its packages are not fixed
    SameCommit
    ");
    let odd = shown_with(&[("Cargo.toml", "")], &equipped(), &[("CARGO_BUILD_TARGET", "../../x")]);
    assert!(odd.contains("(copy the programs in $APP_CACHE/target/release to $BUILD/bin)"), "{odd}");
}

#[test]
fn the_cargo_beside_rustup_builds_what_asks_for_a_toolchain() {
    let files = [
        ("Cargo.toml", ""),
        ("Cargo.lock", ""),
        ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.80\"\n"),
    ];
    let host = equipped().with_tool("rustup", "/opt/cargo/bin/rustup");
    let text = shown_with(&files, &host, &[]);
    assert!(text.contains("PATH=/opt/cargo/bin:$PATH CARGO_HOME="), "{text}");
    assert!(text.contains(" /opt/cargo/bin/cargo build --release --locked"), "{text}");
    let text = shown_with(&files[..2], &host, &[]);
    assert!(text.contains(" /usr/bin/cargo build"), "{text}");
}

#[test]
fn java_is_built_by_its_wrapper_or_by_the_hosts_tool() {
    insta::assert_snapshot!(shown(&[("pom.xml", "")]), @r"
    (copy the tree to $BUILD/work)
    # building pom.xml with Maven
    [$BUILD/work] MAVEN_USER_HOME=$CACHE/maven /usr/bin/mvn --batch-mode --no-transfer-progress -DskipTests -Dmaven.repo.local=$CACHE/maven/repository package
    place $BUILD/work in $TREE/
    SameCommit
    ");
    insta::assert_snapshot!(shown(&[("pom.xml", ""), ("mvnw", "")]), @r"
    (copy the tree to $BUILD/work)
    # building pom.xml with Maven
    [$BUILD/work] MAVEN_USER_HOME=$CACHE/maven /bin/sh $BUILD/work/mvnw --batch-mode --no-transfer-progress -DskipTests -Dmaven.repo.local=$CACHE/maven/repository package
    place $BUILD/work in $TREE/
    SameCommit
    ");
    insta::assert_snapshot!(shown(&[("build.gradle.kts", ""), ("gradlew", "")]), @r"
    (copy the tree to $BUILD/work)
    # building build.gradle.kts with Gradle
    [$BUILD/work] GRADLE_USER_HOME=$CACHE/gradle /bin/sh $BUILD/work/gradlew --no-daemon --console=plain --build-cache assemble
    place $BUILD/work in $TREE/
    SameCommit
    ");
}

#[test]
fn clojure_is_built_by_leiningen_or_by_its_own_tools() {
    insta::assert_snapshot!(shown(&[("project.clj", "")]), @r"
    (copy the tree to $BUILD/work)
    # building project.clj with Leiningen
    [$BUILD/work] LEIN_HOME=$CACHE/lein LEIN_NON_INTERACTIVE=1 /usr/bin/lein uberjar
    place $BUILD/work/target in $TREE/target
    SameCommit
    ");
    insta::assert_snapshot!(shown(&[("deps.edn", "{}"), ("build.clj", "(defn uber [_] 1)")]), @r"
    (copy the tree to $BUILD/work)
    # building with build.clj
    [$BUILD/work] GITLIBS=$CACHE/gitlibs /usr/bin/clojure -T:build uber
    set GITLIBS=$CACHE/gitlibs
    place $BUILD/work in $TREE/
    SameCommit
    ");
    insta::assert_snapshot!(shown(&[("deps.edn", "{}")]), @r"
    # fetching the dependencies of deps.edn
    CLJ_CACHE=$BUILD/classpaths GITLIBS=$CACHE/gitlibs /usr/bin/clojure -P
    set CLJ_CACHE=$BUILD/classpaths
    set GITLIBS=$CACHE/gitlibs
    AnyTree
    ");
    let release = shown(&[("deps.edn", "{}"), ("build.clj", "(defn uber [_] 1)\n(defn release [_] 2)")]);
    assert!(release.contains("-T:build release"), "{release}");
}

#[test]
fn composer_installs_what_is_locked() {
    insta::assert_snapshot!(shown(&[("composer.json", "{}"), ("composer.lock", "{}")]), @r"
    (copy composer.json composer.lock to $BUILD/work)
    # installing the packages of composer.lock with composer
    [$BUILD/work] COMPOSER_CACHE_DIR=$CACHE/composer /usr/bin/composer install --no-dev --no-interaction --no-progress --prefer-dist --optimize-autoloader
    place $BUILD/work/vendor in $TREE/vendor
    AnyTree
    ");
}

#[test]
fn composer_gets_the_tree_where_it_reads_it() {
    let script = r#"{"scripts": {"post-autoload-dump": ["@php artisan package:discover"]}}"#;
    insta::assert_snapshot!(shown(&[("composer.json", script)]), @r"
    packages:
      (copy composer.json to $BUILD/work)
      # installing the packages of composer.json with composer
      [$BUILD/work] COMPOSER_CACHE_DIR=$CACHE/composer /usr/bin/composer install --no-dev --no-interaction --no-progress --prefer-dist --no-scripts --no-autoloader
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/vendor to $BUILD/work/vendor)
    (copy $PACKAGES/work/composer.lock to $BUILD/work/composer.lock)
    # making the autoloader and running the scripts of composer.json
    [$BUILD/work] COMPOSER_CACHE_DIR=$CACHE/composer /usr/bin/composer install --no-dev --no-interaction --no-progress --prefer-dist --optimize-autoloader
    place $BUILD/work in $TREE/
    ! `composer.json` has no `composer.lock`, so the versions of its packages are not fixed
    SameCommit
    ");
    // Where nothing but the packages goes into `vendor`, they are installed apart.
    insta::assert_snapshot!(shown(&[("composer.json", script), ("composer.lock", "{}")]), @r"
    packages:
      (copy composer.json composer.lock to $BUILD/work)
      # installing the packages of composer.lock with composer
      [$BUILD/work] COMPOSER_CACHE_DIR=$CACHE/composer /usr/bin/composer install --no-dev --no-interaction --no-progress --prefer-dist --no-scripts --no-autoloader
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/vendor to $BUILD/work/vendor)
    # making the autoloader and running the scripts of composer.json
    [$BUILD/work] COMPOSER_CACHE_DIR=$CACHE/composer /usr/bin/composer install --no-dev --no-interaction --no-progress --prefer-dist --optimize-autoloader
    place $BUILD/work in $TREE/
    SameCommit
    ");
    let packages = |text: &str| {
        let files = [("composer.json", text), ("composer.lock", "{}")];
        planned(&tree(&files), &equipped(), &Wishes::default()).unwrap().unwrap().packages.is_some()
    };
    assert!(packages(r#"{"scripts": {"a": "b"}, "extra": {"laravel": {"dont-discover": []}}}"#));
    assert!(!packages(r#"{"scripts": {"a": "b"}, "extra": {"installer-paths": {"web/": []}}}"#));
    assert!(!packages(r#"{"scripts": {"a": "b"}, "require": {"composer/installers": "^2"}}"#));
    let cases = [
        (r#"{"autoload": {"psr-4": {"App\\": "src/"}}, "config": {"sort-packages": true}}"#, false),
        (r#"{"autoload": {"classmap": ["lib/"]}}"#, true),
        (r#"{"config": {"vendor-dir": "lib/vendor"}}"#, true),
        (r#"{"repositories": [{"type": "path", "url": "../lib"}]}"#, true),
        (r#"{"repositories": [{"type": "vcs", "url": "https://x"}], "scripts": {}}"#, false),
    ];
    for (text, whole) in cases {
        let plan =
            planned(&tree(&[("composer.json", text)]), &equipped(), &Wishes::default()).unwrap().unwrap();
        assert_eq!(plan.reuse == Reuse::SameCommit, whole, "{text}");
    }
}

#[test]
fn deno_installs_what_is_locked_into_a_folder_of_the_build() {
    insta::assert_snapshot!(shown(&[("deno.json", "{}"), ("deno.lock", "{}")]), @r"
    (copy deno.json deno.lock to $BUILD/work)
    # installing the packages of deno.lock with Deno
    [$BUILD/work] DENO_DIR=$BUILD/deno DENO_NO_UPDATE_CHECK=1 /usr/bin/deno install --frozen
    set DENO_DIR=$BUILD/deno
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    insta::assert_snapshot!(shown(&[("deno.lock", "{}")]), @r"
    set DENO_DIR=$BUILD/deno
    AnyTree
    ");
    insta::assert_snapshot!(shown(&[("deno.jsonc", "{\n  // ours\n  \"workspace\": [\"./a\"]\n}")]), @r"
    (copy the tree to $BUILD/work)
    # installing the packages of deno.jsonc with Deno
    [$BUILD/work] DENO_DIR=$BUILD/deno DENO_NO_UPDATE_CHECK=1 /usr/bin/deno install
    set DENO_DIR=$BUILD/deno
    place $BUILD/work in $TREE/
    ! `deno.jsonc` has no `deno.lock`, so the versions of its packages are not fixed
    SameCommit
    ");
}

#[test]
fn an_app_without_a_manifest_has_nothing_to_build() {
    let cases = [None, Some(RuntimeName::Ruby), Some(RuntimeName::Php), Some(RuntimeName::Java)];
    for needs in cases {
        let wishes = wishing(|it| it.needs = needs);
        let plan = planned(&tree(&[("index.html", "")]), &Toolbox::new("linux"), &wishes).unwrap();
        assert_eq!(plan, None, "{needs:?}");
    }
}

#[test]
fn no_word_of_an_app_becomes_an_option_or_a_shell_line() {
    let odd: &[Files] = &[
        &[
            ("package.json", r#"{"packageManager": "yarn@4;id"}"#),
            ("yarn.lock", ""),
            (".yarnrc.yml", "yarnPath: --x\n"),
        ],
        &[("go.work", "use --exec\nuse $(id)\nuse ./-x\n")],
        &[("main.go", ""), ("-exec=id.go", "")],
    ];
    for files in odd {
        let plan = planned(&tree(files), &with("corepack"), &Wishes::default()).unwrap().unwrap();
        for step in &plan.steps {
            let Step::Run(command) = step else { continue };
            let foreign = |word: &String| {
                ["--x", "--exec", "$(id)", "-exec=id.go", ";id"].iter().any(|it| word.starts_with(it))
            };
            let words: Vec<String> = command.args.iter().map(ToString::to_string).collect();
            assert!(!words.iter().any(foreign), "{words:?}");
        }
    }
}

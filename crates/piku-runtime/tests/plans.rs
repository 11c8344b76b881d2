//! The plan of each kind of app, Python aside, as text, and what changes its key.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic, in what its cases share as well")]

use std::collections::BTreeSet;

use piku_runtime::{
    BuildPlan, MemoryTree, PlanError, Reuse, RuntimeName, Step, Toolbox, Wishes, detect, plan,
};

/// A host with everything but corepack, nodeenv, and a Gradle of its own.
fn host() -> Toolbox {
    let tools = [
        "bun", "bundle", "cargo", "clojure", "composer", "deno", "go", "java", "javac", "lein", "mvn",
        "node", "npm", "php", "pnpm", "ruby", "yarnpkg",
    ];
    let host = Toolbox::new("linux-x86_64-glibc");
    let host = tools.into_iter().fold(host, |host, tool| host.with_tool(tool, format!("/usr/bin/{tool}")));
    let versions =
        [("node", "20.19.2"), ("go", "1.22.1"), ("ruby", "3.1.2"), ("cargo", "1.75.0"), ("javac", "17.0.15")];
    versions.into_iter().fold(host, |host, (tool, version)| host.with_version(tool, version.parse().unwrap()))
}

fn with(tool: &str) -> Toolbox {
    host().with_tool(tool, format!("/usr/bin/{tool}"))
}

/// Paths and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

fn tree(files: Files<'_>) -> MemoryTree {
    files.iter().fold(MemoryTree::new("4f2a90c"), |tree, (path, text)| tree.with(*path, *text))
}

fn settings(pairs: &[(&str, &str)]) -> Wishes {
    let settings = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Wishes { settings: settings.collect(), ..Wishes::default() }
}

fn planned(tree: &MemoryTree, host: &Toolbox, wishes: &Wishes) -> Result<Option<BuildPlan>, PlanError> {
    plan(&detect(tree, host, wishes).unwrap(), tree, host, wishes)
}

/// Shows what is done, what an app gets, and for which trees that is good.
fn shown_with(files: Files<'_>, host: &Toolbox, pairs: &[(&str, &str)]) -> String {
    let plan = planned(&tree(files), host, &settings(pairs)).unwrap().unwrap();
    let mut lines: Vec<String> = Vec::new();
    for step in &plan.steps {
        if !step.says().is_empty() {
            lines.push(format!("# {}", step.says()));
        }
        lines.push(step.to_string());
    }
    lines.extend(plan.provides.path.iter().map(|folder| format!("PATH {folder}")));
    lines.extend(plan.provides.env.iter().map(|(name, value)| format!("set {name}={value}")));
    let place = |it: &piku_runtime::Placement| format!("place $BUILD/{} in $TREE/{}", it.from, it.to);
    lines.extend(plan.provides.in_tree.iter().map(place));
    lines.extend(plan.warnings.iter().map(|warning| format!("! {}", warning.message)));
    lines.push(format!("{:?}", plan.reuse));
    lines.join("\n")
}

fn shown(files: Files<'_>) -> String {
    shown_with(files, &host(), &[])
}

const NPM: Files<'_> = &[("package.json", "{}"), ("package-lock.json", "{}"), (".npmrc", "")];
const BUILT: (&str, &str) = ("package.json", r#"{"scripts": {"build": "vite build"}}"#);

#[test]
fn npm_installs_what_is_locked_beside_the_lock_file() {
    insta::assert_snapshot!(shown(NPM), @r"
    (copy package.json .npmrc package-lock.json to $BUILD/work)
    # installing the packages of package-lock.json with npm
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm ci --no-audit --no-fund --include=dev
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

#[test]
fn in_production_npm_leaves_out_what_is_for_development() {
    insta::assert_snapshot!(shown_with(NPM, &host(), &[("NODE_ENV", "production")]), @r"
    (copy package.json .npmrc package-lock.json to $BUILD/work)
    # installing the packages of package-lock.json with npm
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm ci --no-audit --no-fund --omit=dev
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

#[test]
fn npm_without_a_lock_file_is_warned_of_and_makes_none() {
    insta::assert_snapshot!(shown(&[("package.json", "{}")]), @r"
    (copy package.json to $BUILD/work)
    # installing the packages of package.json with npm
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm install --no-package-lock --no-audit --no-fund --include=dev
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    ! `package.json` has no `package-lock.json`, so the versions of its packages are not fixed
    AnyTree
    ");
}

#[test]
fn a_build_script_runs_in_a_copy_of_the_tree_with_everything_installed() {
    let files = [BUILT, ("package-lock.json", "{}")];
    insta::assert_snapshot!(shown_with(&files, &host(), &[("NODE_ENV", "production")]), @r"
    (copy the tree to $BUILD/work)
    # installing the packages of package-lock.json with npm
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm ci --no-audit --no-fund --include=dev
    # running the script `build` of package.json
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm run build
    # removing the packages for development
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm prune --omit=dev --no-audit --no-fund
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
}

#[test]
fn pnpm_installs_what_is_locked() {
    insta::assert_snapshot!(shown(&[("package.json", "{}"), ("pnpm-lock.yaml", "")]), @r"
    (copy package.json pnpm-lock.yaml to $BUILD/work)
    # installing the packages of pnpm-lock.yaml with pnpm
    [$BUILD/work] npm_config_store_dir=$CACHE/pnpm /usr/bin/pnpm install --frozen-lockfile --reporter=append-only --prod=false
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    let files = [BUILT, ("pnpm-lock.yaml", "")];
    insta::assert_snapshot!(shown_with(&files, &host(), &[("NODE_ENV", "production")]), @r"
    (copy the tree to $BUILD/work)
    # installing the packages of pnpm-lock.yaml with pnpm
    [$BUILD/work] npm_config_store_dir=$CACHE/pnpm /usr/bin/pnpm install --frozen-lockfile --reporter=append-only --prod=false
    # running the script `build` of package.json
    [$BUILD/work] npm_config_store_dir=$CACHE/pnpm /usr/bin/pnpm run build
    # removing the packages for development
    [$BUILD/work] npm_config_store_dir=$CACHE/pnpm /usr/bin/pnpm prune --prod
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
}

#[test]
fn corepack_brings_the_version_that_is_asked_for() {
    let files = [("package.json", r#"{"packageManager": "pnpm@9.1.0"}"#), ("pnpm-lock.yaml", "")];
    insta::assert_snapshot!(shown_with(&files, &with("corepack"), &[]), @r"
    (copy package.json pnpm-lock.yaml to $BUILD/work)
    # installing the packages of pnpm-lock.yaml with pnpm
    [$BUILD/work] COREPACK_ENABLE_DOWNLOAD_PROMPT=0 COREPACK_HOME=$CACHE/corepack npm_config_store_dir=$CACHE/pnpm /usr/bin/corepack pnpm install --frozen-lockfile --reporter=append-only --prod=false
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

#[test]
fn yarn_classic_installs_what_is_locked() {
    insta::assert_snapshot!(shown(&[("package.json", "{}"), ("yarn.lock", "")]), @r"
    (copy package.json yarn.lock to $BUILD/work)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg install --frozen-lockfile --non-interactive --no-progress --production=false
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    let files = [BUILT, ("yarn.lock", "")];
    insta::assert_snapshot!(shown_with(&files, &host(), &[("NODE_ENV", "production")]), @r"
    (copy the tree to $BUILD/work)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg install --frozen-lockfile --non-interactive --no-progress --production=false
    # running the script `build` of package.json
    [$BUILD/work] YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg run build
    # removing the packages for development
    [$BUILD/work] YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg install --frozen-lockfile --non-interactive --no-progress --production=true --ignore-scripts --prefer-offline
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
}

#[test]
fn a_newer_yarn_is_the_one_that_the_tree_brings_or_corepack() {
    let files = [
        ("package.json", "{}"),
        ("yarn.lock", "__metadata:\n"),
        (".yarnrc.yml", "nodeLinker: pnp\nyarnPath: .yarn/releases/yarn-4.5.0.cjs\n"),
        (".yarn/releases/yarn-4.5.0.cjs", ""),
    ];
    insta::assert_snapshot!(shown(&files), @r"
    (copy the tree to $BUILD/work)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_TELEMETRY=0 YARN_GLOBAL_FOLDER=$CACHE/yarn /usr/bin/node $BUILD/work/.yarn/releases/yarn-4.5.0.cjs install --immutable
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
    insta::assert_snapshot!(shown_with(&files[..2], &with("corepack"), &[]), @r"
    (copy the tree to $BUILD/work)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] COREPACK_ENABLE_DOWNLOAD_PROMPT=0 COREPACK_HOME=$CACHE/corepack YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_TELEMETRY=0 YARN_GLOBAL_FOLDER=$CACHE/yarn /usr/bin/corepack yarn install --immutable
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
    for path in ["/etc/passwd", "../yarn.cjs", "absent.cjs"] {
        let lines = format!("yarnPath: {path}\n");
        let files = [("package.json", "{}"), ("yarn.lock", ""), (".yarnrc.yml", lines.as_str())];
        assert!(planned(&tree(&files), &host(), &Wishes::default()).is_err(), "{path}");
    }
}

#[test]
fn bun_installs_and_builds_without_node() {
    insta::assert_snapshot!(shown(&[("package.json", "{}"), ("bun.lock", "")]), @r"
    (copy package.json bun.lock to $BUILD/work)
    # installing the packages of bun.lock with Bun
    [$BUILD/work] BUN_INSTALL_CACHE_DIR=$CACHE/bun /usr/bin/bun install --frozen-lockfile
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    insta::assert_snapshot!(shown(&[BUILT, ("bun.lock", "")]), @r"
    (copy the tree to $BUILD/work)
    # installing the packages of bun.lock with Bun
    [$BUILD/work] BUN_INSTALL_CACHE_DIR=$CACHE/bun /usr/bin/bun install --frozen-lockfile
    # running the script `build` of package.json
    [$BUILD/work] BUN_INSTALL_CACHE_DIR=$CACHE/bun /usr/bin/bun run build
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
}

#[test]
fn nodeenv_fetches_node_and_everything_runs_on_that() {
    let files = [("package.json", "{}"), ("package-lock.json", "{}"), (".nvmrc", "22.11.0")];
    insta::assert_snapshot!(shown_with(&files, &with("nodeenv"), &[]), @r"
    # fetching Node.js 22.11.0 with nodeenv
    /usr/bin/nodeenv --prebuilt --clean-src --node=22.11.0 $BUILD/node
    (copy package.json package-lock.json to $BUILD/work)
    # installing the packages of package-lock.json with npm
    [$BUILD/work] PATH=$BUILD/node/bin:$PATH npm_config_cache=$CACHE/npm $BUILD/node/bin/npm ci --no-audit --no-fund --include=dev
    PATH $BUILD/node/bin
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    let files = [("package.json", "{}"), ("yarn.lock", ""), (".nvmrc", "22.11.0")];
    insta::assert_snapshot!(shown_with(&files, &with("nodeenv"), &[]), @r"
    # fetching Node.js 22.11.0 with nodeenv
    /usr/bin/nodeenv --prebuilt --clean-src --node=22.11.0 $BUILD/node
    (copy package.json yarn.lock to $BUILD/work)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] PATH=$BUILD/node/bin:$PATH YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg install --frozen-lockfile --non-interactive --no-progress --production=false
    PATH $BUILD/node/bin
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

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
    ];
    for (files, end) in cases {
        let plan = planned(&tree(files), &host(), &Wishes::default()).unwrap().unwrap();
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

#[test]
fn the_groups_of_gems_are_the_apps_own_business_where_it_speaks_of_them() {
    for pairs in [("BUNDLE_WITHOUT", "test"), ("RACK_ENV", "development"), ("RAILS_ENV", "development")] {
        let text = shown_with(&[("Gemfile", ""), ("Gemfile.lock", "")], &host(), &[pairs]);
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
    insta::assert_snapshot!(shown_with(&[("Cargo.toml", "")], &host(), &[("CARGO_BUILD_TARGET", "x86_64-unknown-linux-musl")]), @r"
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
    let odd = shown_with(&[("Cargo.toml", "")], &host(), &[("CARGO_BUILD_TARGET", "../../x")]);
    assert!(odd.contains("(copy the programs in $APP_CACHE/target/release to $BUILD/bin)"), "{odd}");
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
    (copy the tree to $BUILD/work)
    # installing the packages of composer.json with composer
    [$BUILD/work] COMPOSER_CACHE_DIR=$CACHE/composer /usr/bin/composer install --no-dev --no-interaction --no-progress --prefer-dist --optimize-autoloader
    place $BUILD/work in $TREE/
    ! `composer.json` has no `composer.lock`, so the versions of its packages are not fixed
    SameCommit
    ");
    let cases = [
        (r#"{"autoload": {"psr-4": {"App\\": "src/"}}, "config": {"sort-packages": true}}"#, false),
        (r#"{"autoload": {"classmap": ["lib/"]}}"#, true),
        (r#"{"config": {"vendor-dir": "lib/vendor"}}"#, true),
        (r#"{"repositories": [{"type": "path", "url": "../lib"}]}"#, true),
        (r#"{"repositories": [{"type": "vcs", "url": "https://x"}], "scripts": {}}"#, false),
    ];
    for (text, whole) in cases {
        let plan = planned(&tree(&[("composer.json", text)]), &host(), &Wishes::default()).unwrap().unwrap();
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
        let wishes = Wishes { needs, ..Wishes::default() };
        let plan = planned(&tree(&[("index.html", "")]), &Toolbox::new("linux"), &wishes).unwrap();
        assert_eq!(plan, None, "{needs:?}");
    }
}

#[test]
fn a_missing_tool_is_told_with_what_brings_it() {
    let cases: &[Files] = &[
        &[("package.json", "{}")],
        &[("package.json", "{}"), ("bun.lock", "")],
        &[("go.mod", "")],
        &[("Gemfile", "")],
        &[("Cargo.toml", "")],
        &[("pom.xml", "")],
        &[("deps.edn", "")],
        &[("composer.json", "{}")],
        &[("deno.json", "{}")],
    ];
    let told = |files: Files, host: &Toolbox| {
        let error = planned(&tree(files), host, &Wishes::default()).unwrap_err();
        format!("error[{}]: {error}\nhelp: {}", error.code(), error.help().unwrap())
    };
    let bare = Toolbox::new("linux");
    let some = ["node", "javac"].into_iter().fold(bare.clone(), |host, tool| host.with_tool(tool, "/bin/x"));
    let half: &[Files] = &[
        &[("package.json", "{}")],
        &[("package.json", "{}"), ("pnpm-lock.yaml", "")],
        &[("package.json", "{}"), ("yarn.lock", "")],
        &[("package.json", "{}"), ("yarn.lock", "__metadata:\n")],
        &[("pom.xml", "")],
        &[("build.gradle", "")],
        &[("deps.edn", "")],
        &[("project.clj", "")],
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|files| told(files, &bare))
        .chain(half.iter().map(|files| told(files, &some)))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    error[runtime-tool-missing]: `package.json` needs Node.js, which this host does not have
    help: install it on the host: `apt install nodejs npm`, or a newer one as https://nodejs.org shows
    error[runtime-tool-missing]: `bun.lock` needs Bun, which this host does not have
    help: install it on the host, as https://bun.sh shows
    error[runtime-tool-missing]: `go.mod` needs Go, which this host does not have
    help: install it on the host: `apt install golang-go`, or a newer one as https://go.dev/dl shows
    error[runtime-tool-missing]: `Gemfile` needs bundler, which this host does not have
    help: install it on the host: `apt install ruby-bundler ruby-dev build-essential`
    error[runtime-tool-missing]: `Cargo.toml` needs cargo, which this host does not have
    help: install it on the host: `apt install cargo`, or a newer one as https://rustup.rs shows
    error[runtime-tool-missing]: `pom.xml` needs a JDK, which this host does not have
    help: install it on the host: `apt install default-jdk-headless`
    error[runtime-tool-missing]: `deps.edn` needs a JDK, which this host does not have
    help: install it on the host: `apt install default-jdk-headless`
    error[runtime-tool-missing]: `composer.json` needs composer, which this host does not have
    help: install it on the host: `apt install composer php-cli unzip`
    error[runtime-tool-missing]: `deno.json` needs Deno, which this host does not have
    help: install it on the host, as https://docs.deno.com/runtime shows
    error[runtime-tool-missing]: `package.json` needs npm, which this host does not have
    help: install it on the host: `apt install npm`
    error[runtime-tool-missing]: `pnpm-lock.yaml` needs pnpm, which this host does not have
    help: install it on the host: `npm install -g pnpm`, or corepack, which fetches it: `npm install -g corepack`
    error[runtime-tool-missing]: `yarn.lock` needs Yarn, which this host does not have
    help: install it on the host: `apt install yarnpkg`
    error[runtime-tool-missing]: `yarn.lock` needs Yarn 2 or newer, which this host does not have
    help: install corepack on the host, which fetches it: `npm install -g corepack`
    error[runtime-tool-missing]: `pom.xml` needs Maven, which this host does not have
    help: install it on the host (`apt install maven`), or commit Maven's wrapper (`mvn wrapper:wrapper`)
    error[runtime-tool-missing]: `build.gradle` needs Gradle, which this host does not have
    help: commit Gradle's wrapper (`gradle wrapper`), or install it on the host (`apt install gradle`)
    error[runtime-tool-missing]: `deps.edn` needs the Clojure tools, which this host does not have
    help: install the Clojure tools on the host, as https://clojure.org/guides/install_clojure shows
    error[runtime-tool-missing]: `project.clj` needs Leiningen, which this host does not have
    help: install it on the host: `apt install leiningen`
    ");
}

/// A change to what a build is made from.
type Change = fn(&mut MemoryTree, &mut Toolbox, &mut Wishes);

fn key(files: Files<'_>, change: Change) -> String {
    let (mut tree, mut host, mut wishes) = (tree(files), host(), Wishes::default());
    change(&mut tree, &mut host, &mut wishes);
    planned(&tree, &host, &wishes).unwrap().unwrap().key.to_string()
}

fn put(tree: &mut MemoryTree, path: &str, text: &str) {
    *tree = std::mem::take(tree).with(path, text);
}

fn set(wishes: &mut Wishes, name: &str, value: &str) {
    wishes.settings.insert(name.to_owned(), value.to_owned());
}

fn update(host: &mut Toolbox, tool: &str, version: &str) {
    *host = std::mem::take(host).with_version(tool, version.parse().unwrap());
}

#[test]
fn packages_are_installed_again_when_what_decides_them_changes() {
    let changes: [Change; 8] = [
        |_, _, _| {},
        |tree, _, _| put(tree, "package-lock.json", "{ }"),
        |tree, _, _| put(tree, "package.json", "{ }"),
        |tree, _, _| put(tree, ".npmrc", "omit=dev\n"),
        |_, host, _| update(host, "node", "22.0.0"),
        |_, host, _| host.platform = "linux-aarch64-glibc".to_owned(),
        |_, _, wishes| set(wishes, "NODE_ENV", "production"),
        |_, _, wishes| set(wishes, "npm_config_registry", "https://npm.example.org"),
    ];
    let keys: BTreeSet<String> = changes.iter().map(|change| key(NPM, *change)).collect();
    assert_eq!(keys.len(), changes.len());
}

#[test]
fn packages_are_not_installed_again_for_anything_else() {
    let changes: [Change; 5] = [
        |tree, _, _| put(tree, "server.js", "changed"),
        |tree, _, _| *tree = std::mem::take(tree).with_tree_id("another"),
        |_, host, _| drop(host.tools.insert("npm".to_owned(), "/opt/npm".into())),
        |_, host, _| update(host, "go", "1.23.0"),
        |_, _, wishes| set(wishes, "SECRET", "another"),
    ];
    for change in changes {
        assert_eq!(key(NPM, |_, _, _| {}), key(NPM, change));
    }
}

#[test]
fn what_is_compiled_belongs_to_its_sources_and_its_settings() {
    let trees: [Files; 5] = [
        &[("Cargo.toml", ""), ("Cargo.lock", "")],
        &[("pom.xml", "")],
        &[("project.clj", "")],
        &[BUILT, ("package-lock.json", "{}")],
        &[("composer.json", r#"{"scripts": {"a": "b"}}"#)],
    ];
    for files in trees {
        let same = key(files, |_, _, _| {});
        assert_ne!(
            same,
            key(files, |tree, _, _| *tree = std::mem::take(tree).with_tree_id("another")),
            "{files:?}"
        );
        assert_ne!(
            same,
            key(files, |_, _, wishes| set(wishes, "API", "https://api.example.org")),
            "{files:?}"
        );
        assert_eq!(same, key(files, |_, _, wishes| set(wishes, "PORT", "8000")), "{files:?}");
        assert_eq!(same, key(files, |_, _, wishes| set(wishes, "NGINX_SERVER_NAME", "a")), "{files:?}");
    }
}

#[test]
fn a_commit_with_the_same_files_finds_the_build_of_the_other() {
    let of = |commit: &str, tree_id: &str| {
        let tree = MemoryTree::new(commit).with_tree_id(tree_id).with("go.mod", "");
        planned(&tree, &host(), &Wishes::default()).unwrap().unwrap().key
    };
    assert_eq!(of("1", "t"), of("2", "t"));
    assert_ne!(of("1", "t"), of("1", "u"));
}

#[test]
fn go_looks_at_its_own_settings_only() {
    let files: Files = &[("go.mod", "")];
    let same = key(files, |_, _, _| {});
    assert_eq!(same, key(files, |_, _, wishes| set(wishes, "SECRET", "another")));
    assert_ne!(same, key(files, |_, _, wishes| set(wishes, "CGO_ENABLED", "0")));
    assert_ne!(same, key(files, |_, _, wishes| set(wishes, "GOFLAGS", "-tags=x")));
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

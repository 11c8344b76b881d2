//! The plan of each kind of Node.js and Bun app, as text.

use piku_runtime::{Planner, Toolbox, Wishes};

use crate::given::{Files, equipped, planned, shown, shown_with, tree, with};

pub(crate) const NPM: Files<'_> = &[("package.json", "{}"), ("package-lock.json", "{}"), (".npmrc", "")];
pub(crate) const BUILT: (&str, &str) = ("package.json", r#"{"scripts": {"build": "vite build"}}"#);

#[test]
fn npm_installs_what_is_locked_beside_the_lock_file() {
    insta::assert_snapshot!(shown(NPM), @r"
    (copy .npmrc package-lock.json to $BUILD/work)
    (write $BUILD/work/package.json)
    # installing the packages of package-lock.json with npm
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm ci --no-audit --no-fund --include=dev
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

#[test]
fn in_production_npm_leaves_out_what_is_for_development() {
    insta::assert_snapshot!(shown_with(NPM, &equipped(), &[("NODE_ENV", "production")]), @r"
    (copy .npmrc package-lock.json to $BUILD/work)
    (write $BUILD/work/package.json)
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
    (make $BUILD/work)
    (write $BUILD/work/package.json)
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
    insta::assert_snapshot!(shown_with(&files, &equipped(), &[("NODE_ENV", "production")]), @r"
    packages:
      (copy package-lock.json to $BUILD/work)
      (write $BUILD/work/package.json)
      # installing the packages of package-lock.json with npm
      [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm ci --no-audit --no-fund --include=dev
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/node_modules to $BUILD/work/node_modules)
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
    (copy pnpm-lock.yaml to $BUILD/work)
    (write $BUILD/work/package.json)
    # installing the packages of pnpm-lock.yaml with pnpm
    [$BUILD/work] npm_config_store_dir=$CACHE/pnpm /usr/bin/pnpm install --frozen-lockfile --reporter=append-only --prod=false
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    let files = [BUILT, ("pnpm-lock.yaml", "")];
    insta::assert_snapshot!(shown_with(&files, &equipped(), &[("NODE_ENV", "production")]), @r"
    packages:
      (copy pnpm-lock.yaml to $BUILD/work)
      (write $BUILD/work/package.json)
      # installing the packages of pnpm-lock.yaml with pnpm
      [$BUILD/work] npm_config_store_dir=$CACHE/pnpm /usr/bin/pnpm install --frozen-lockfile --reporter=append-only --prod=false
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/node_modules to $BUILD/work/node_modules)
    # running the script `build` of package.json
    [$BUILD/work] npm_config_store_dir=$CACHE/pnpm npm_config_verify_deps_before_run=false /usr/bin/pnpm run build
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
    (copy pnpm-lock.yaml to $BUILD/work)
    (write $BUILD/work/package.json)
    # installing the packages of pnpm-lock.yaml with pnpm
    [$BUILD/work] COREPACK_ENABLE_DOWNLOAD_PROMPT=0 COREPACK_HOME=$CACHE/corepack npm_config_store_dir=$CACHE/pnpm /usr/bin/corepack pnpm install --frozen-lockfile --reporter=append-only --prod=false
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

/// npm's lock file with packages that have an install script.
fn lock(packages: &[&str]) -> String {
    let entry = |name: &&str| format!(r#""node_modules/{name}": {{"hasInstallScript": true}}"#);
    let entries: Vec<String> = packages.iter().map(entry).collect();
    format!(r#"{{"lockfileVersion": 3, "packages": {{{}}}}}"#, entries.join(", "))
}

#[test]
fn install_scripts_of_packages_that_look_at_the_app_run_where_the_tree_is() {
    let lock = lock(&["esbuild", "puppeteer"]);
    let files = [("package.json", "{}"), ("package-lock.json", lock.as_str()), (".puppeteerrc.cjs", "")];
    insta::assert_snapshot!(shown(&files), @r"
    packages:
      (copy package-lock.json to $BUILD/work)
      (write $BUILD/work/package.json)
      # installing the packages of package-lock.json with npm
      [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm ci --no-audit --no-fund --include=dev --ignore-scripts
      # running the install scripts of esbuild
      [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm rebuild -- esbuild
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/node_modules to $BUILD/work/node_modules)
    # running the install scripts of puppeteer
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm rebuild -- puppeteer
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
}

#[test]
fn install_scripts_of_the_app_run_where_the_tree_is_and_install_nothing_again() {
    let package =
        r#"{"scripts": {"postinstall": "prisma generate", "prepare": "husky", "build": "vite build"}}"#;
    let files = [("package.json", package), ("package-lock.json", "{}")];
    insta::assert_snapshot!(shown(&files), @r"
    packages:
      (copy package-lock.json to $BUILD/work)
      (write $BUILD/work/package.json)
      # installing the packages of package-lock.json with npm
      [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm ci --no-audit --no-fund --include=dev --ignore-scripts
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/node_modules to $BUILD/work/node_modules)
    # running the script `postinstall` of package.json
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm run postinstall
    # running the script `prepare` of package.json
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm run prepare
    # running the script `build` of package.json
    [$BUILD/work] npm_config_cache=$CACHE/npm /usr/bin/npm run build
    PATH $TREE/node_modules/.bin
    place $BUILD/work in $TREE/
    SameCommit
    ");
}

#[test]
fn install_scripts_that_look_at_nothing_run_beside_the_lock_file() {
    let lock = lock(&["esbuild"]);
    let text = shown(&[("package.json", "{}"), ("package-lock.json", lock.as_str())]);
    assert!(text.ends_with("AnyTree") && !text.contains("rebuild"), "{text}");
    // Other package managers can't run the scripts of one package, and npm does not forgive those of optional ones.
    let optional = r#"{"packages": {"node_modules/x": {"hasInstallScript": true, "optional": true}}}"#;
    let cases: [Files; 4] = [
        &[("package.json", "{}"), ("package-lock.json", optional)],
        &[("package.json", "{}"), ("yarn.lock", "puppeteer@^22:\n")],
        &[
            ("package.json", "{}"),
            ("pnpm-lock.yaml", ""),
            ("pnpm-workspace.yaml", "allowBuilds:\n  msw: true\n"),
        ],
        &[("package.json", r#"{"scripts": {"prepare": "husky"}}"#), ("pnpm-lock.yaml", "")],
    ];
    for files in cases {
        let text = shown(files);
        assert!(text.starts_with("(copy the tree to $BUILD/work)\n# installing"), "{text}");
    }
}

#[test]
fn settings_of_pnpm_are_no_workspace() {
    let allowed = ("pnpm-workspace.yaml", "onlyBuiltDependencies:\n  - esbuild\n");
    let text = shown(&[BUILT, ("pnpm-lock.yaml", ""), allowed]);
    assert!(
        text.starts_with("packages:\n  (copy pnpm-workspace.yaml pnpm-lock.yaml to $BUILD/work)"),
        "{text}"
    );
    let members = ("pnpm-workspace.yaml", "packages:\n  - web\n");
    assert!(shown(&[BUILT, ("pnpm-lock.yaml", ""), members]).starts_with("(copy the tree"));
}

#[test]
fn archives_in_the_tree_are_installed_from_like_other_packages() {
    let files = [("package.json", r#"{"dependencies": {"a": "file:lib/a.tgz"}}"#), ("lib/a.tgz", "")];
    let text = shown(&files);
    assert!(text.starts_with("(copy lib/a.tgz to $BUILD/work)") && text.contains("AnyTree"), "{text}");
    assert!(shown(&files[..1]).starts_with("(copy the tree"));
}

#[test]
fn the_package_manager_that_is_asked_for_is_used_or_the_other_is_named() {
    let run = |field: &str, setting: &str, host: &Toolbox| {
        let package = format!(r#"{{"packageManager": "{field}"}}"#);
        let pairs = [("NODE_PACKAGE_MANAGER", setting)];
        let text = shown_with(&[("package.json", &package)], host, &pairs);
        let says = |line: &&str| line.starts_with("! `package.json` asks") || line.starts_with("! `NODE");
        let program = text.lines().find_map(|line| line.split("/usr/bin/").nth(1)).unwrap();
        let program: String = program.split(" install").next().unwrap().to_owned();
        [Some(program), text.lines().find(says).map(str::to_owned)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let version =
        |host: Toolbox, tool: &str, version: &str| host.with_version(tool, version.parse().unwrap());
    let npm = version(with("corepack"), "npm", "9.2.0");
    let pnpm = version(with("corepack"), "pnpm", "9.15.0");
    let bare = version(equipped(), "pnpm", "9.15.0");
    assert_eq!(run("npm@9.2.0", "", &npm), "npm");
    assert_eq!(run("npm@9", "", &npm), "npm");
    assert_eq!(run("npm@10.9.2", "", &npm), "corepack npm");
    assert_eq!(run("npm@10", "", &npm), "npm ! `package.json` asks for npm 10, and 9.2.0 is used");
    assert_eq!(run("pnpm@9.15.0+sha512.abc", "", &pnpm), "pnpm");
    assert_eq!(run("pnpm@9.1.0", "", &pnpm), "corepack pnpm");
    assert_eq!(run("pnpm@9.1.0", "", &bare), "pnpm ! `package.json` asks for pnpm 9.1.0, and 9.15.0 is used");
    assert_eq!(run("npm@9", "pnpm@9.1.0", &pnpm), "corepack pnpm@9.1.0");
    let bun = version(equipped(), "bun", "1.1.38");
    assert_eq!(run("bun@1.2.0", "", &bun), "bun ! `package.json` asks for Bun 1.2.0, and 1.1.38 is used");
    let questions = |package: &str| {
        let tree = tree(&[("package.json", package)]);
        let planner = Planner::new(&tree, Toolbox::default(), Wishes::default());
        planner.version_questions().unwrap().iter().map(|it| it.tool).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(questions(r#"{"packageManager": "yarn@1.22.22"}"#), "node bun yarn yarnpkg");
    assert_eq!(questions(r#"{"packageManager": "npm"}"#), "node bun");
}

#[test]
fn yarn_classic_installs_what_is_locked() {
    insta::assert_snapshot!(shown(&[("package.json", "{}"), ("yarn.lock", "")]), @r"
    (copy yarn.lock to $BUILD/work)
    (write $BUILD/work/package.json)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg install --frozen-lockfile --non-interactive --no-progress --production=false
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    let files = [BUILT, ("yarn.lock", "")];
    insta::assert_snapshot!(shown_with(&files, &equipped(), &[("NODE_ENV", "production")]), @r"
    packages:
      (copy yarn.lock to $BUILD/work)
      (write $BUILD/work/package.json)
      # installing the packages of yarn.lock with Yarn
      [$BUILD/work] YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg install --frozen-lockfile --non-interactive --no-progress --production=false
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/node_modules to $BUILD/work/node_modules)
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
        assert!(planned(&tree(&files), &equipped(), &Wishes::default()).is_err(), "{path}");
    }
}

#[test]
fn a_newer_yarn_that_fills_node_modules_needs_its_own_files_alone() {
    let files = [
        ("package.json", "{}"),
        ("yarn.lock", "__metadata:\n"),
        (".yarnrc.yml", "nodeLinker: node-modules\nyarnPath: .yarn/releases/yarn-4.5.0.cjs\n"),
        (".yarn/releases/yarn-4.5.0.cjs", ""),
        ("server.js", ""),
    ];
    insta::assert_snapshot!(shown(&files), @r"
    (copy yarn.lock .yarnrc.yml .yarn/releases/yarn-4.5.0.cjs to $BUILD/work)
    (write $BUILD/work/package.json)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] YARN_ENABLE_GLOBAL_CACHE=true YARN_ENABLE_TELEMETRY=0 YARN_GLOBAL_FOLDER=$CACHE/yarn /usr/bin/node $BUILD/work/.yarn/releases/yarn-4.5.0.cjs install --immutable
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

#[test]
fn bun_installs_and_builds_without_node() {
    insta::assert_snapshot!(shown(&[("package.json", "{}"), ("bun.lock", "")]), @r"
    (copy bun.lock to $BUILD/work)
    (write $BUILD/work/package.json)
    # installing the packages of bun.lock with Bun
    [$BUILD/work] BUN_INSTALL_CACHE_DIR=$CACHE/bun /usr/bin/bun install --frozen-lockfile
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
    insta::assert_snapshot!(shown(&[BUILT, ("bun.lock", "")]), @r"
    packages:
      (copy bun.lock to $BUILD/work)
      (write $BUILD/work/package.json)
      # installing the packages of bun.lock with Bun
      [$BUILD/work] BUN_INSTALL_CACHE_DIR=$CACHE/bun /usr/bin/bun install --frozen-lockfile
    (copy the tree to $BUILD/work)
    (copy $PACKAGES/work/node_modules to $BUILD/work/node_modules)
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
    (copy package-lock.json to $BUILD/work)
    (write $BUILD/work/package.json)
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
    (copy yarn.lock to $BUILD/work)
    (write $BUILD/work/package.json)
    # installing the packages of yarn.lock with Yarn
    [$BUILD/work] PATH=$BUILD/node/bin:$PATH YARN_CACHE_FOLDER=$CACHE/yarn /usr/bin/yarnpkg install --frozen-lockfile --non-interactive --no-progress --production=false
    PATH $BUILD/node/bin
    PATH $TREE/node_modules/.bin
    place $BUILD/work/node_modules in $TREE/node_modules
    AnyTree
    ");
}

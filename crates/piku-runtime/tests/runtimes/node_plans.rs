//! The plan of each kind of Node.js and Bun app, as text.

use piku_runtime::Wishes;

use crate::given::{Files, equipped, planned, shown, shown_with, tree, with};

pub(crate) const NPM: Files<'_> = &[("package.json", "{}"), ("package-lock.json", "{}"), (".npmrc", "")];
pub(crate) const BUILT: (&str, &str) = ("package.json", r#"{"scripts": {"build": "vite build"}}"#);

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
    insta::assert_snapshot!(shown_with(NPM, &equipped(), &[("NODE_ENV", "production")]), @r"
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
    insta::assert_snapshot!(shown_with(&files, &equipped(), &[("NODE_ENV", "production")]), @r"
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
    insta::assert_snapshot!(shown_with(&files, &equipped(), &[("NODE_ENV", "production")]), @r"
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
    insta::assert_snapshot!(shown_with(&files, &equipped(), &[("NODE_ENV", "production")]), @r"
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
    (copy package.json yarn.lock .yarnrc.yml .yarn/releases/yarn-4.5.0.cjs to $BUILD/work)
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

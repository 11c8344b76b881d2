//! What to do about a submodule that could not be fetched.

/// What to do about a submodule that could not be fetched.
pub(crate) fn help(path: &str, url: &str, output: &[String]) -> String {
    let said = |words: &str| output.iter().any(|line| line.contains(words));
    let change =
        |to: &str| format!("`git submodule set-url {path} {to}`, commit `.gitmodules`, and push again");
    if url.is_empty() {
        return format!("add its address to `.gitmodules`: `git submodule add <address> {path}`");
    }
    if said("did not contain") || said("not our ref") {
        return format!("the commit that is wanted is not there: push it first, with `git -C {path} push`");
    }
    if url.starts_with("./") || url.starts_with("../") {
        let name = url.trim_start_matches("../").trim_start_matches("./");
        return format!(
            "`{url}` is relative to the address it is pushed to, and there is no such repository on this server; give it \
             the whole address: {}",
            change(&format!("https://github.com/<you>/{name}"))
        );
    }
    if url.starts_with('/') || url.starts_with("file:") {
        return format!(
            "the server can't read a folder of another machine; give it an address: {}",
            change("https://…")
        );
    }
    if url.starts_with("ssh:") || url.contains('@') && !url.contains("://") {
        return format!(
            "the server has no key for that address; if everybody may read it, use https: {}; otherwise let a key of the \
             server's user read it",
            change("https://…")
        );
    }
    format!("the server must be able to fetch it without a password; try it there: `git ls-remote {url}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_is_for_the_address_and_for_what_git_said() {
        let of = |url: &str, said: &str| help("lib", url, &[said.to_owned()]);
        let cases = [
            of("../lib.git", "fatal: repository '/srv/repos/lib.git' does not exist"),
            of("git@github.com:ada/lib.git", "Permission denied (publickey)."),
            of("https://example.org/lib.git", "fatal: could not read Username: terminal prompts disabled"),
            of(
                "https://example.org/lib.git",
                "Fetched in submodule path 'lib', but it did not contain 1a2b3c4.",
            ),
            of("/home/ada/lib", "fatal: '/home/ada/lib' does not appear to be a git repository"),
            of("", "fatal: No url found for submodule path 'lib' in .gitmodules"),
        ];
        insta::assert_snapshot!(cases.join("\n"), @r"
        `../lib.git` is relative to the address it is pushed to, and there is no such repository on this server; give it the whole address: `git submodule set-url lib https://github.com/<you>/lib.git`, commit `.gitmodules`, and push again
        the server has no key for that address; if everybody may read it, use https: `git submodule set-url lib https://…`, commit `.gitmodules`, and push again; otherwise let a key of the server's user read it
        the server must be able to fetch it without a password; try it there: `git ls-remote https://example.org/lib.git`
        the commit that is wanted is not there: push it first, with `git -C lib push`
        the server can't read a folder of another machine; give it an address: `git submodule set-url lib https://…`, commit `.gitmodules`, and push again
        add its address to `.gitmodules`: `git submodule add <address> lib`
        ");
    }
}

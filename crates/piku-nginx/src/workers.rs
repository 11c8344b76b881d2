//! The user of nginx's workers, from nginx's build arguments and configuration.

/// The user and group that the workers of an nginx run as when root starts it.
///
/// ```
/// use piku_nginx::Workers;
/// let workers = Workers::configured("configure arguments: --user=nginx", Some("user www-data;"));
/// assert_eq!((workers.user.as_str(), workers.group.as_str()), ("www-data", "www-data"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Workers {
    /// The name of the user.
    pub user: String,
    /// The name of the group.
    pub group: String,
}

impl Workers {
    /// Reads the output of `nginx -V`, and the text of the main configuration file if it can be read.
    ///
    /// The `user` directive decides, then how nginx was built. If neither is known, assumes the packages of Debian
    /// and Ubuntu.
    #[must_use]
    pub fn configured(built: &str, configuration: Option<&str>) -> Self {
        if let Some(workers) = configuration.and_then(directive) {
            return workers;
        }
        match (argument(built, "--user="), configuration) {
            (Some(user), _) => {
                Self { user: user.to_owned(), group: argument(built, "--group=").unwrap_or(user).to_owned() }
            }
            (None, Some(_)) => Self { user: "nobody".to_owned(), group: "nogroup".to_owned() },
            (None, None) => Self { user: "www-data".to_owned(), group: "www-data".to_owned() },
        }
    }
}

/// The default path of the configuration, from the output of `nginx -V`.
#[must_use]
pub fn configuration_path(built: &str) -> &str {
    argument(built, "--conf-path=").unwrap_or("/etc/nginx/nginx.conf")
}

/// The default path of the error log, from the output of `nginx -V`.
#[must_use]
pub fn error_log_path(built: &str) -> &str {
    argument(built, "--error-log-path=").unwrap_or("/var/log/nginx/error.log")
}

/// The value of a build argument of nginx.
fn argument<'a>(built: &'a str, name: &str) -> Option<&'a str> {
    let word = built.split_ascii_whitespace().find_map(|word| word.strip_prefix(name))?;
    Some(word.trim_matches(['\'', '"'])).filter(|value| !value.is_empty())
}

/// The `user` directive of a configuration, outside all blocks.
fn directive(text: &str) -> Option<Workers> {
    let mut depth = 0_usize;
    let mut words: Vec<String> = Vec::new();
    for token in tokens(text) {
        match token {
            Token::Word(word) => words.push(word),
            Token::Open => {
                depth += 1;
                words.clear();
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                words.clear();
            }
            Token::End => match std::mem::take(&mut words).as_slice() {
                [name, user, group @ ..] if depth == 0 && name == "user" => {
                    let group = group.first().unwrap_or(user);
                    return Some(Workers { user: user.clone(), group: group.clone() });
                }
                _ => {}
            },
        }
    }
    None
}

enum Token {
    Word(String),
    Open,
    Close,
    End,
}

/// Splits a configuration as nginx does, as far as needed to find the `user` directive.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ';' => tokens.push(Token::End),
            '{' => tokens.push(Token::Open),
            '}' => tokens.push(Token::Close),
            '#' => while rest.next_if(|c| *c != '\n').is_some() {},
            '"' | '\'' => {
                let mut word = String::new();
                while let Some(next) = rest.next().filter(|next| *next != c) {
                    word.push(if next == '\\' { rest.next().unwrap_or(next) } else { next });
                }
                tokens.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(next) = rest.next_if(|c| !c.is_whitespace() && !";{}".contains(*c)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::Workers;

    const DEBIAN: &str = "nginx version: nginx/1.22.1\nconfigure arguments: --with-cc-opt='-g -O2' \
                          --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf";
    const UPSTREAM: &str = "configure arguments: --conf-path=/opt/nginx.conf --user=nginx --group=web";

    #[test]
    fn the_directive_decides_then_how_nginx_was_built() {
        for (built, configuration, user, group) in [
            (DEBIAN, Some("user www-data;\nworker_processes auto;"), "www-data", "www-data"),
            (DEBIAN, Some("user  'web-user' \"web\" ;"), "web-user", "web"),
            (DEBIAN, Some("# user a;\nevents { user b; } http { server { } }\nuser\nc\nd;"), "c", "d"),
            (DEBIAN, Some("env X=1;user e;"), "e", "e"),
            (UPSTREAM, Some("events {}"), "nginx", "web"),
            (UPSTREAM, None, "nginx", "web"),
            ("--user='deploy'", Some(""), "deploy", "deploy"),
            (DEBIAN, Some("username x; events {}"), "nobody", "nogroup"),
            (DEBIAN, Some("user ; user \"unended"), "nobody", "nogroup"),
            (DEBIAN, None, "www-data", "www-data"),
        ] {
            let expected = Workers { user: user.to_owned(), group: group.to_owned() };
            assert_eq!(Workers::configured(built, configuration), expected, "{configuration:?}");
        }
    }

    #[test]
    fn an_nginx_says_where_its_files_are() {
        assert_eq!(super::error_log_path("--error-log-path=/var/log/error.log x"), "/var/log/error.log");
        assert_eq!(super::configuration_path(UPSTREAM), "/opt/nginx.conf");
        assert_eq!(super::configuration_path(""), "/etc/nginx/nginx.conf");
    }
}

//! A rendered site in which something is served from another folder.

use crate::{FilePath, quote};

/// Serves from `target` what a rendered site serves at `path`, or below it, in a folder that follows no links. `top` is
/// the folder up to which links to `target` are followed.
///
/// For a site that is served while files of its app move. A site that is rendered later says the same by itself.
pub fn moved(site: &str, path: &FilePath, target: &FilePath, top: &FilePath) -> String {
    let mut text = String::with_capacity(site.len());
    let mut lines = site.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with("    location ") {
            text.push_str(line);
            continue;
        }
        let mut block = vec![line.to_owned()];
        for line in lines.by_ref() {
            block.push(line.to_owned());
            if line.starts_with("    }") {
                break;
            }
        }
        let part = Block { lines: &mut block, target, top }.lead(path);
        text.extend(block);
        // One that is there already says where it is.
        let is_new = |part: &String| part.lines().all(|line| !line.contains(" {") || !has(site, line));
        text.extend(part.filter(is_new));
    }
    text
}

/// Whether a site has a block with this head.
fn has(site: &str, head: &str) -> bool {
    head.starts_with("    location ") && site.contains(&format!("{head}\n"))
}

struct Block<'a> {
    lines: &'a mut Vec<String>,
    target: &'a FilePath,
    top: &'a FilePath,
}

impl Block<'_> {
    /// Changes the block if it serves what is at the path or below it. Returns blocks for what is below its folder.
    fn lead(self, path: &FilePath) -> Option<String> {
        let follows_none = |line: &String| line.trim_start().starts_with("disable_symlinks on ");
        let links = self.lines.iter().position(follows_none)?;
        let named = |line: &str| {
            let (name, word) = line.trim().strip_suffix(';')?.split_once(' ')?;
            let path = word.trim_matches('"').parse::<FilePath>().ok()?;
            ["alias", "root"].contains(&name).then(|| (name.to_owned(), path, word.ends_with('/')))
        };
        let (at, (name, folder, slash)) =
            self.lines.iter().enumerate().find_map(|(at, line)| Some((at, named(line)?)))?;
        let links_line =
            format!("        disable_symlinks on {};\n", quote::word(&format!("from={}", self.top)));
        if let Ok(below) = folder.as_path().strip_prefix(path.as_path()) {
            let to = FilePath::new(self.target.as_path().join(below)).ok()?;
            let word = if slash { to.folder_word() } else { to.word() };
            self.lines[at] = format!("        {name} {word};\n");
            self.lines[links] = links_line;
            return None;
        }
        let below = path.as_path().strip_prefix(folder.as_path()).ok()?;
        let head = self.lines.first()?.trim();
        let url = match (head, name.as_str()) {
            ("location / {", "root") => "/",
            (head, "alias") => head.strip_prefix("location ^~ ")?.strip_suffix(" {")?,
            _ => return None,
        };
        let url = format!("{url}{below}").parse::<crate::UrlPath>().ok()?;
        let mut folder = self.lines.clone();
        folder[0] = format!("    location ^~ {} {{\n", url.folder_word());
        folder[at] = format!("        alias {};\n", self.target.folder_word());
        folder[links].clone_from(&links_line);
        let file = format!(
            "    location = {} {{\n        alias {};\n{links_line}    }}\n",
            url.word(),
            self.target.word()
        );
        Some(format!("\n{file}\n{}", folder.concat()))
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::moved;
    use crate::{Backend, FilePath, Led, Servable, Site, StaticPath};

    fn site(statics: Vec<StaticPath>) -> String {
        let names = vec!["a.test".parse().unwrap()];
        let mut site = Site::new("blog".parse().unwrap(), names, Backend::StaticOnly);
        site.statics = statics;
        site.render()
    }

    #[test]
    fn a_site_serves_what_has_moved_as_one_that_is_rendered_later() {
        let (live, data) = (Utf8Path::new("/r/apps/blog"), Utf8Path::new("/r/data/blog"));
        let from = Servable::tree(live).with_data(data);
        let path = |text: &str| text.parse::<FilePath>().unwrap();
        let top = path("/r/data");
        for (list, link) in [("/media:media", "media"), ("/m:media/a,/x:other", "media")] {
            let statics = StaticPath::parse_list(list, &from).unwrap();
            let (link, target) = (live.join(link), data.join("kept"));
            let later = statics.iter().map(|one| match one.led(&link, &target, &from) {
                Some(Led::Whole(led)) => led,
                _ => one.clone(),
            });
            let later = site(later.collect());
            let before = site(statics);
            assert_ne!(before, later);
            assert_eq!(moved(&before, &path(link.as_str()), &path(target.as_str()), &top), later, "{list}");
        }
        let before = site(StaticPath::parse_list("/:public,/s:public", &from).unwrap());
        let text = moved(&before, &path("/r/apps/blog/public/up"), &path("/r/data/blog/up"), &top);
        for url in ["^~ /up/", "= /up", "^~ /s/up/", "= /s/up"] {
            assert_eq!(text.matches(&format!("location {url} {{\n")).count(), 1, "{url}\n{text}");
        }
        assert_eq!(text.matches("alias /r/data/blog/up/;").count(), 2, "{text}");
        assert_eq!(moved(&before, &path("/r/apps/blog/other"), &path("/r/data/blog/o"), &top), before);
    }
}

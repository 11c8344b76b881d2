//! The documents: whoever follows them on a fresh server gets what they say.

use piku_tests::booted::Debian;
use piku_tests::booted::manual::{Reader, documents};
use piku_tests::markdown::{Block, Work, blocks};
use piku_tests::needs;

/// How many blocks of all documents together are read and not tried.
const ONLY_READ: usize = 5;

fn follow(document: &str, debian: Debian) {
    let documents = documents();
    let (_, text) = documents.iter().find(|(name, _)| name == document).unwrap();
    let blocks = blocks(text);
    assert!(blocks.iter().any(is_tried), "{document} has something to try");
    Reader::with_server(debian).follow(document, &blocks);
}

fn is_tried(block: &Block) -> bool {
    matches!(&block.work, Work::Type(_) | Work::Write { .. })
}

#[test]
fn the_readme_works_on_debian_12() {
    needs!(booted, package);
    follow("README.md", Debian::Bookworm);
}

#[test]
fn the_readme_works_on_debian_13() {
    needs!(booted, package);
    follow("README.md", Debian::Trixie);
}

#[test]
fn the_guide_works() {
    needs!(booted, package);
    follow("docs/guide.md", Debian::Bookworm);
}

#[test]
fn every_document_is_followed_and_few_blocks_are_only_read() {
    let mut only_read = Vec::new();
    for (name, text) in documents() {
        let blocks = blocks(&text);
        // Whoever adds a document with commands adds a test above.
        let followed = ["README.md", "docs/guide.md"].contains(&name.as_str());
        assert_eq!(blocks.iter().any(is_tried), followed, "whether {name} has something to try");
        for Block { line, work } in blocks {
            match work {
                Work::Type(commands) => assert!(!commands.is_empty(), "{name}:{line} has no command"),
                Work::Write { .. } => {}
                Work::Read { reason } => {
                    assert!(reason.is_some(), "{name}:{line} is not tried, and gives no reason");
                    only_read.push(format!("{name}:{line}"));
                }
            }
        }
    }
    assert!(only_read.len() <= ONLY_READ, "too many blocks are not tried: {only_read:?}");
}

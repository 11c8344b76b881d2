use camino::Utf8PathBuf;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::*;
use crate::host::archive::Writer;

/// An entry: its type, its path, what it links to, and its content.
type Described<'a> = (EntryType, &'a [u8], &'a str, &'a [u8]);

/// An archive made by hand, of entries with kind, name, target, and contents.
fn archive(entries: &[Described]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (kind, name, target, contents) in entries {
        let mut header = Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        header.as_gnu_mut().unwrap().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o4755);
        header.set_mtime(1);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        builder.append(&header, *contents).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

const FIRST: (EntryType, &[u8], &str, &[u8]) = (
    EntryType::Regular,
    b"piku-backup.json",
    "",
    br#"{"format":1,"app":"blog","piku":"0.1.0","made":"2026-11-26T14:50:59Z","commit":null,"head":null,"data":true}"#,
);

fn unpacked(stream: &[u8], limits: Limits) -> (tempfile::TempDir, Result<Manifest, BackupError>) {
    let outer = tempfile::tempdir().unwrap();
    let folder = Utf8PathBuf::from_path_buf(outer.path().join("inner")).unwrap();
    fs::create_dir(&folder).unwrap();
    let outcome = unpack(stream, &folder, limits);
    let beside: Vec<_> = fs::read_dir(outer.path()).unwrap().flatten().collect();
    assert_eq!(beside.len(), 1, "nothing was made outside of the folder");
    (outer, outcome)
}

#[test]
fn what_was_written_is_unpacked_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("data/{}", "long/".repeat(40));
    fs::write(folder.path().join("x"), "contents").unwrap();
    let open = || File::open(folder.path().join("x")).unwrap();
    let mut stream = Vec::new();
    let mut out = Writer::new(&mut stream);
    out.text(MANIFEST, FIRST.3).unwrap();
    out.text("ENV", b"A=1\n").unwrap();
    out.folder(Path::new("data/closed"), 0o500).unwrap();
    out.file(Path::new("data/closed/x"), open(), 0o640, 1_700_000_000).unwrap();
    out.link(&Path::new(&long).join("link"), Path::new("../../x")).unwrap();
    out.file(&Path::new(&long).join("x"), open(), 0o600, 5).unwrap();
    out.finish().unwrap();
    let (outer, outcome) = unpacked(&stream, Limits::default());
    assert_eq!(outcome.unwrap().app.as_str(), "blog");
    let at = |name: &str| outer.path().join("inner").join(name);
    assert_eq!(fs::read_to_string(at("ENV")).unwrap(), "A=1\n");
    assert_eq!(fs::read_to_string(at(&long).join("x")).unwrap(), "contents");
    assert_eq!(fs::read_link(at(&long).join("link")).unwrap(), Path::new("../../x"));
    let about = fs::metadata(at("data/closed/x")).unwrap();
    assert_eq!(about.permissions().mode() & 0o7777, 0o640);
    assert_eq!(about.modified().unwrap(), UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    assert_eq!(fs::metadata(at("data/closed")).unwrap().permissions().mode() & 0o7777, 0o500);
    fs::set_permissions(at("data/closed"), Permissions::from_mode(0o700)).unwrap();

    for cut in [0, 1, 9, 30, stream.len() / 2, stream.len() - 9, stream.len() - 1] {
        let (_outer, outcome) = unpacked(&stream[..cut], Limits::default());
        outcome.expect_err("a stream that is cut off is no backup");
    }
    let mut flipped = stream.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    let (_outer, outcome) = unpacked(&flipped, Limits::default());
    assert!(matches!(outcome, Err(BackupError::Damaged { .. })), "its checksum is wrong");
}

#[test]
fn a_stream_of_a_stranger_writes_nothing_elsewhere() {
    let file = |name: &'static [u8]| (EntryType::Regular, name, "", &b"x"[..]);
    let link = |name: &'static [u8], target: &'static str| (EntryType::Symlink, name, target, &b""[..]);
    let streams: Vec<Vec<Described>> = vec![
        vec![FIRST, file(b"/etc/piku-test")],
        vec![FIRST, file(b"data/../../x")],
        vec![FIRST, file(b"unknown")],
        vec![FIRST, file(b"ENV"), file(b"ENV")],
        vec![FIRST, file(b"data/a"), file(b"data/a")],
        vec![FIRST, file(b"data/a"), file(b"data/a/b")],
        vec![FIRST, link(b"data/a", "/etc")],
        vec![FIRST, link(b"data/a", "../../x")],
        vec![FIRST, link(b"data/a/b", "../../../x")],
        vec![FIRST, link(b"ENV", "/etc/passwd")],
        vec![FIRST, link(b"data/a", "b"), file(b"data/a/x"), link(b"data/a", "/")],
        vec![FIRST, (EntryType::Link, b"data/a", "/etc/passwd", b"")],
        vec![FIRST, (EntryType::Char, b"data/a", "", b"")],
        vec![FIRST, (EntryType::Block, b"data/a", "", b"")],
        vec![FIRST, (EntryType::Fifo, b"data/a", "", b"")],
        vec![FIRST, (EntryType::XHeader, b"data/a", "", b"20 path=/etc/passwd\n")],
        vec![FIRST, (EntryType::GNUSparse, b"data/a", "", b"")],
        vec![FIRST, (EntryType::GNULongName, b"x", "", b"data/../../../etc/x\0"), file(b"data/a")],
        vec![file(b"data/a"), FIRST],
    ];
    for entries in streams {
        let (_outer, outcome) = unpacked(&archive(&entries), Limits::default());
        outcome.expect_err(&entries.last().unwrap().1.escape_ascii().to_string());
    }
    // A link that is first does not catch what comes behind it.
    let entries = [FIRST, link(b"data/a", "b"), file(b"data/b/x"), file(b"data/a/y")];
    let (_outer, outcome) = unpacked(&archive(&entries), Limits::default());
    assert!(matches!(outcome, Err(BackupError::Hostile { why: "is there twice", .. })));

    let odd = archive(&[FIRST, file(b"data/a")]);
    let (outer, outcome) = unpacked(&odd, Limits::default());
    outcome.unwrap();
    let mode = fs::metadata(outer.path().join("inner/data/a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o755, "nothing is setuid");
    for not_one in [&b""[..], b"hello\n", &[0; 2000]] {
        let (_outer, outcome) = unpacked(not_one, Limits::default());
        assert!(matches!(outcome, Err(BackupError::NotABackup { .. })));
    }
}

#[test]
fn a_disk_that_gets_full_ends_it() {
    let large = vec![0; 4 * 1024 * 1024];
    let stream = archive(&[FIRST, (EntryType::Regular, b"data/zeros", "", &large)]);
    assert!(stream.len() < 100 * 1024, "it is much smaller than what is in it");
    let limits = Limits { reserve: u64::MAX, step: 1024 * 1024 };
    let (outer, outcome) = unpacked(&stream, limits);
    assert!(matches!(outcome, Err(BackupError::NoRoom { .. })));
    assert!(fs::metadata(outer.path().join("inner/data/zeros")).unwrap().len() <= 1024 * 1024);
}

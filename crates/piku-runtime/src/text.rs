//! Decodes text files as their tools do.

/// Decodes text: UTF-16 if it begins with a byte order mark, as PowerShell writes it, otherwise UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let utf16 = |read: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => utf16(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The first place that [`decode`] can't read: its line from 1, and what it seems to be written in.
pub(crate) fn unreadable(bytes: &[u8]) -> Option<(usize, Encoding)> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return None;
    }
    let line = |at: usize| bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    // Text of a Latin script has a zero in every second byte.
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Some((line(at), if at % 2 == 1 { Encoding::Utf16Le } else { Encoding::Utf16Be }));
    }
    let at = std::str::from_utf8(bytes).err()?.valid_up_to();
    Some((line(at), Encoding::Latin1))
}

/// An encoding that files are found in and tools don't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// One byte for each character, as old editors write it. Windows' variant has a few characters more.
    Latin1,
    /// UTF-16 without a byte order mark.
    Utf16Le,
    /// The same with the other byte first.
    Utf16Be,
}

impl Encoding {
    /// Its name in a sentence.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Latin1 => "Latin-1",
            Self::Utf16Le | Self::Utf16Be => "UTF-16 without a byte order mark",
        }
    }

    /// Its name for `iconv`.
    pub(crate) fn iconv(self) -> &'static str {
        match self {
            Self::Latin1 => "WINDOWS-1252",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn what_can_not_be_read_is_named_with_its_line() {
        assert_eq!(unreadable("# é\n3.12\n".as_bytes()), None);
        assert_eq!(unreadable(b"\xef\xbb\xbf3.12"), None);
        assert_eq!(unreadable(&[&[0xff, 0xfe], utf16("3.12").as_slice()].concat()), None);
        assert_eq!(unreadable(b"flask\n# caf\xe9\n"), Some((2, Encoding::Latin1)));
        assert_eq!(unreadable(&utf16("flask\n")), Some((1, Encoding::Utf16Le)));
        assert_eq!(unreadable(&[0, b'a', 0, b'b']), Some((1, Encoding::Utf16Be)));
    }

    #[test]
    fn byte_order_marks_are_honoured() {
        assert_eq!(decode(&[&[0xff, 0xfe], utf16("3.12\r\n").as_slice()].concat()), "3.12\r\n");
        assert_eq!(decode(b"\xef\xbb\xbf3.12"), "3.12");
        assert_eq!(decode(b"\xfe\xff\x003"), "3");
    }
}

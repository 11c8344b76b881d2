//! Files that a command names are on the laptop, so the server reads their contents from standard input.

use super::error::LaptopError;

/// The most bytes of a file of keys or certificates.
const MOST: u64 = 1024 * 1024;

/// The contents of the files, each with a line end after it.
pub(super) fn contents(files: &[String]) -> Result<Vec<u8>, LaptopError> {
    use std::io::Read;
    let mut all = Vec::new();
    for path in files {
        let read = std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut all));
        read.map_err(|source| LaptopError::File { action: "read", path: path.clone(), source })?;
        all.push(b'\n');
    }
    Ok(all)
}

/// The words with `-` in place of the first file, and without the others, which are read together with it.
pub(super) fn replaced(mut words: Vec<String>, files: &[String]) -> Vec<String> {
    for (at, file) in files.iter().enumerate().rev() {
        if let Some(place) = words.iter().rposition(|word| word == file) {
            if at == 0 {
                "-".clone_into(&mut words[place]);
            } else {
                words.remove(place);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn the_first_file_is_standard_input_and_the_others_are_in_it() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let shown = |line: &str, files: &str| replaced(words(line), &words(files)).join(" ");
        assert_eq!(shown("certs:add blog c.pem k.pem", "c.pem k.pem"), "certs:add blog -");
        assert_eq!(shown("certs:add k c k", "c k"), "certs:add k -");
        assert_eq!(shown("setup:ssh id.pub", "id.pub"), "setup:ssh -");
    }
}

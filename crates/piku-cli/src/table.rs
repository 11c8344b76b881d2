//! Tables: heads, aligned columns, and lines that fit a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::control_characters::visible;

/// What stands between two columns.
const GAP: &str = "  ";
/// What stands before a note.
const INDENT: &str = "    ";

/// A column: its head, and how its cells are laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    head: &'static str,
    is_number: bool,
    /// The width below which it is not shortened; `None` if it is never shortened.
    least: Option<usize>,
}

/// A column of text.
pub(crate) const fn text(head: &'static str) -> Column {
    Column { head, is_number: false, least: None }
}

/// A column of numbers, which end below each other.
pub(crate) const fn number(head: &'static str) -> Column {
    Column { head, is_number: true, least: None }
}

impl Column {
    /// A column that may be shortened, to this width, where a line would be too long.
    pub(crate) const fn at_least(self, width: usize) -> Self {
        Self { least: Some(width), ..self }
    }
}

/// Rows below heads. Columns without any text are left out.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    Cells(Vec<String>),
    /// A text across all columns, which is broken between words and indented.
    Note(String),
    /// A line across all columns, as it is.
    Line(String),
}

impl Table {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, which has a cell for each column, or fewer.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        // A line end would end the row.
        let cells =
            cells.into_iter().map(|cell| visible(&cell.into().replace(['\n', '\t'], " ")).into_owned());
        self.rows.push(Row::Cells(cells.collect()));
    }

    /// Adds a text below the last row, such as the reason of what it says.
    pub(crate) fn note(&mut self, text: &str) {
        self.rows.push(Row::Note(visible(text).into_owned()));
    }

    /// Adds a line that has no columns.
    pub(crate) fn line(&mut self, line: impl Into<String>) {
        self.rows.push(Row::Line(visible(&line.into()).into_owned()));
    }

    fn cells(&self) -> impl Iterator<Item = &Vec<String>> {
        self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => Some(cells),
            Row::Note(_) | Row::Line(_) => None,
        })
    }

    /// The lines, of at most `width` where that can be. Without a row, there is not even the line of heads.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let widths = self.widths(width);
        let heads: Vec<String> = self.columns.iter().map(|column| column.head.to_owned()).collect();
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        if self.cells().next().is_some() && heads.iter().any(|head| !head.is_empty()) {
            lines.push(self.aligned(&heads, &widths));
        }
        for row in &self.rows {
            match row {
                Row::Cells(cells) => lines.push(self.aligned(cells, &widths)),
                Row::Note(text) => {
                    let broken = wrapped(text, width.saturating_sub(INDENT.len())).into_iter();
                    lines.extend(broken.map(|line| format!("{INDENT}{line}")));
                }
                Row::Line(line) => lines.push(line.clone()),
            }
        }
        lines
    }

    fn aligned(&self, row: &[String], widths: &[usize]) -> String {
        let cell = |at: usize| row.get(at).map_or("", String::as_str);
        let shown = self.columns.iter().zip(widths).enumerate().filter(|(_, (_, width))| **width > 0);
        let cells = shown.map(|(at, (column, width))| {
            let text = cut(cell(at), *width);
            let blanks = " ".repeat(width.saturating_sub(text.width()));
            if column.is_number { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    }

    /// The width of each column; 0 if it is left out.
    fn widths(&self, width: usize) -> Vec<usize> {
        let widest = |at: usize| self.cells().filter_map(|row| row.get(at)).map(|cell| cell.width()).max();
        let natural = |(at, column): (usize, &Column)| match widest(at).unwrap_or(0) {
            0 => 0,
            cells => cells.max(column.head.width()),
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(natural).collect();
        let least = |column: &Column| column.least.map_or(usize::MAX, |least| least.max(column.head.width()));
        loop {
            let shown = widths.iter().filter(|width| **width > 0).count();
            let gaps = GAP.len() * shown.saturating_sub(1);
            if widths.iter().sum::<usize>() + gaps <= width {
                return widths;
            }
            let may = self.columns.iter().zip(&mut widths).filter(|(column, width)| **width > least(column));
            let Some((_, widest)) = may.max_by_key(|(_, width)| **width) else { return widths };
            *widest -= 1;
        }
    }
}

/// Shortens a text to this width, which it ends with `…`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |character: &char| {
        let wide = character.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Breaks a text between words, where a line would be longer.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Lines of a name and a text each, one below the other. Those without a text are left out.
pub(crate) fn fields(fields: &[(&str, String)]) -> Vec<String> {
    let mut table = Table::new(&[text(""), text("")]);
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        table.row([*name, value]);
    }
    table.lines(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_their_heads_and_empty_ones_are_left_out() {
        let mut table = Table::new(&[text("APP"), number("RELEASE"), text("BY"), text("SUBJECT")]);
        table.row(["*blog", "7", "", "Say hello"]);
        table.row([" a", "12", "", "日本\u{1b}[2J\nsecond"]);
        table.row([" new"]);
        insta::assert_snapshot!(table.lines(80).join("\n"), @r"
        APP    RELEASE  SUBJECT
        *blog        7  Say hello
         a          12  日本\u{1b}[2J second
         new
        ");
        assert!(Table::new(&[text("APP")]).lines(80).is_empty(), "no heads above nothing");
        assert_eq!(fields(&[("app", "blog".into()), ("by", String::new())]), ["app  blog"]);
    }

    #[test]
    fn a_sentence_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensible", 7), ["incomprehensible"]);
        assert!(wrapped("", 7).is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_shortened_where_it_may_be() {
        let mut table = Table::new(&[text("NAME"), text("SUBJECT").at_least(8), text("REASON").at_least(4)]);
        table.row(["a-name-of-twenty-one.", "a subject of some length", "why"]);
        table.row(["b", "日本語日本語日本語", "because it is so"]);
        let lines = table.lines(44);
        insta::assert_snapshot!(lines.join("\n"), @r"
        NAME                   SUBJECT     REASON
        a-name-of-twenty-one.  a subject…  why
        b                      日本語日…   because …
        ");
        assert!(lines.iter().all(|line| line.width() <= 44));
        table.note("a note that is broken between two of its words");
        table.line("worker:2");
        assert_eq!(
            table.lines(44)[3..],
            ["    a note that is broken between two of its", "    words", "worker:2"]
        );
        assert!(table.lines(1)[1].starts_with("a-name-of-twenty-one.  "), "what may not be shortened is not");
    }
}

//! Draws a view into a buffer. Pure.
//!
//! Text goes through [`Buffer::set_stringn`], which leaves control characters out: no name can drive the terminal.

use piku_core::{Snapshot, State};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::{Sparkline, Widget};

use super::figures;
use super::lines::{self, Column, MINUTES, PROCESSES, SITES};
use super::view::View;

/// The least width of a screen with all columns.
const WIDE: u16 = 70;
/// The least height of a screen with plots.
const HIGH: u16 = 16;
/// The rows of a plot.
const PLOT: u16 = 2;
/// The width of what stands before a plot.
const LABEL: u16 = 11;

/// Draws the whole view.
pub(super) fn render(view: &View, area: Rect, buffer: &mut Buffer) {
    let Some(snapshot) = &view.snapshot else {
        return text(buffer, area, 0, "Looking at the apps …", Style::new());
    };
    head(view, snapshot, area, buffer);
    foot(view, area, buffer);
    let mut rest = inner(area, 1, 1);
    if area.height >= HIGH {
        let used = plots(view, snapshot, rest, buffer);
        rest = inner(rest, used + 1, 0);
    }
    let (heads, rows) = requests(view, snapshot);
    // Requests get what they need, up to a half, and processes the rest.
    let wanted =
        if rows.is_empty() { 0 } else { u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2) };
    let below = wanted.min(rest.height / 2);
    processes(view, snapshot, Rect { height: rest.height - below, ..rest }, buffer);
    if below > 2 {
        let area = inner(rest, rest.height - below + 1, 0);
        table(heads, &rows, None, None, area, buffer);
        if view.app.is_none() {
            plots_of_sites(snapshot, heads, &rows, area, buffer);
        }
    }
}

/// The area without so many rows at its top and bottom.
fn inner(area: Rect, top: u16, bottom: u16) -> Rect {
    let top = top.min(area.height);
    let height = (area.height - top).saturating_sub(bottom);
    Rect { y: area.y + top, height, ..area }
}

/// Writes a line of an area, as far as there is room.
fn text(buffer: &mut Buffer, area: Rect, row: u16, line: &str, style: Style) {
    if row < area.height {
        buffer.set_stringn(area.x, area.y + row, line, usize::from(area.width), style);
    }
}

fn head(view: &View, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let time = snapshot.time.to_zoned(view.zone.clone()).strftime("%H:%M:%S").to_string();
    let count = snapshot.processes().count();
    let what = match &view.app {
        Some(app) => app.to_string(),
        None => counted(snapshot.apps.len(), "app", "apps"),
    };
    let line = format!("piku top  {time}  {what}, {}", counted(count, "process", "processes"));
    text(buffer, area, 0, &line, Style::new().add_modifier(Modifier::BOLD));
    let machine = snapshot.machine;
    let free = format!("{} of {} free", figures::bytes(machine.available), figures::bytes(machine.memory));
    let right = format!("load {:.2}  {free}", machine.load);
    let width = u16::try_from(right.len()).unwrap_or(u16::MAX);
    if usize::from(area.width) > line.len() + right.len() + 1 {
        text(buffer, Rect { x: area.right() - width, width, ..area }, 0, &right, Style::new());
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn foot(view: &View, area: Rect, buffer: &mut Buffer) {
    if area.height < 2 {
        return;
    }
    let keys = match view.app {
        Some(_) => "q quit  Esc back  arrows move, sort  r reverse",
        None => "q quit  Enter one app  arrows move, sort  r reverse",
    };
    text(buffer, area, area.height - 1, keys, Style::new().add_modifier(Modifier::DIM));
}

/// Draws four plots, two beside each other if there is room. Returns the rows they take.
fn plots(view: &View, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) -> u16 {
    let seconds = snapshot.seconds();
    let (memory, cpu, failed): (Vec<u64>, Vec<u64>, Vec<u64>) = (
        view.memory.iter().copied().collect(),
        view.cpu.iter().copied().collect(),
        view.failed.iter().copied().collect(),
    );
    let all = [
        ("requests", format!("{}/s", figures::rate(snapshot.per_second())), seconds, Color::Green),
        ("cpu", figures::percent(snapshot.cpu()), cpu, Color::Cyan),
        ("failed", format!("{}/s", figures::rate(snapshot.failed_per_second())), failed, Color::Red),
        ("memory", figures::bytes(snapshot.memory()), memory, Color::Blue),
    ];
    let columns = if area.width >= WIDE { 2 } else { 1 };
    let width = (area.width - (columns - 1) * 2) / columns;
    let shown = if columns == 2 { 4 } else { 2 };
    for (at, (name, value, data, color)) in (0..).zip(all.iter().take(shown)) {
        let (column, row) = (at % columns, at / columns);
        let place = Rect { x: area.x + column * (width + 2), width, ..inner(area, row * PLOT, 0) };
        let place = Rect { height: PLOT.min(place.height), ..place };
        text(buffer, place, 0, name, Style::new());
        text(buffer, place, 1, value, Style::new().add_modifier(Modifier::BOLD));
        let plot = Rect { x: place.x + LABEL, width: place.width.saturating_sub(LABEL), ..place };
        sparkline(data, painted(view, *color), plot, buffer);
    }
    u16::try_from(shown).unwrap_or(0).div_ceil(columns) * PLOT
}

/// Draws the newest values, the newest at the right.
fn sparkline(data: &[u64], style: Style, area: Rect, buffer: &mut Buffer) {
    let shown = data.len().min(usize::from(area.width));
    let newest = &data[data.len() - shown..];
    let width = u16::try_from(shown).unwrap_or(area.width);
    let area = Rect { x: area.x + (area.width - width), width, ..area };
    Sparkline::default().data(newest).style(style).render(area, buffer);
}

fn painted(view: &View, color: Color) -> Style {
    if view.color { Style::new().fg(color) } else { Style::new() }
}

fn processes(view: &View, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let rows = view.rows();
    if rows.is_empty() {
        let none = match &view.app {
            Some(_) => "no processes are running",
            None if snapshot.apps.is_empty() => "there are no apps yet",
            None => "no app has a process",
        };
        return text(buffer, area, 0, none, Style::new());
    }
    let cells: Vec<_> = rows.iter().map(|(app, one)| lines::process(app, one, snapshot.time)).collect();
    let room = usize::from(area.height.saturating_sub(1));
    if room == 0 {
        return;
    }
    // The selected row stays on the screen.
    let first = (view.selected + 1).saturating_sub(room);
    let shown = &cells[first..cells.len().min(first + room)];
    let styles: Vec<Style> =
        rows[first..first + shown.len()].iter().map(|(_, one)| state(view, one.state)).collect();
    let selected = view.selected - first;
    table(&PROCESSES, shown, Some((selected, &styles)), Some(view.order.head()), area, buffer);
}

fn state(view: &View, state: State) -> Style {
    match state {
        State::Failing => painted(view, Color::Red),
        State::Starting => painted(view, Color::Yellow),
        State::Down => Style::new().add_modifier(Modifier::DIM),
        _ => Style::new(),
    }
}

/// The table of requests: by site or, of one app, by minute, the newest first.
fn requests(view: &View, snapshot: &Snapshot) -> (&'static [Column], Vec<Vec<String>>) {
    let sites = snapshot.apps.iter().filter_map(|app| Some((app, app.traffic.as_ref()?)));
    if view.app.is_none() {
        return (&SITES, sites.map(|(app, traffic)| lines::site(app, traffic)).collect());
    }
    let minutes = sites.flat_map(|(_, traffic)| traffic.minutes.iter().rev());
    (&MINUTES, minutes.map(|minute| lines::minute(minute, &view.zone)).collect())
}

/// The columns for which there is room, by their places.
fn fitting(columns: &[Column], widths: &[usize], width: u16) -> Vec<usize> {
    let all: Vec<usize> = (0..columns.len()).collect();
    let needed: usize = widths.iter().sum::<usize>() + 2 * columns.len().saturating_sub(1);
    if needed <= usize::from(width) {
        return all;
    }
    all.into_iter().filter(|at| !columns[*at].spare).collect()
}

/// Draws a head and rows. `styled` has the selected row and the style of each.
fn table(
    columns: &[Column],
    rows: &[Vec<String>],
    styled: Option<(usize, &[Style])>,
    sorted: Option<&str>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let widths = lines::widths(columns, rows);
    let places = fitting(columns, &widths, area.width);
    let chosen: Vec<Column> = places.iter().map(|at| columns[*at]).collect();
    let widths: Vec<usize> = places.iter().map(|at| widths[*at]).collect();
    let row =
        |row: &[String]| -> Vec<String> { places.iter().filter_map(|at| row.get(*at).cloned()).collect() };
    let mut x = area.x;
    for (column, width) in chosen.iter().zip(&widths) {
        let underlined = if sorted == Some(column.head) { Modifier::UNDERLINED } else { Modifier::empty() };
        let style = Style::new().add_modifier(Modifier::BOLD | underlined);
        let before = if column.right { width - column.head.len() } else { 0 };
        let place = x.saturating_add(u16::try_from(before).unwrap_or(u16::MAX));
        if place < area.right() && area.height > 0 {
            buffer.set_stringn(place, area.y, column.head, usize::from(area.right() - place), style);
        }
        x = x.saturating_add(u16::try_from(width + 2).unwrap_or(u16::MAX));
    }
    for (at, cells) in (0..).zip(rows) {
        let line = lines::line(&chosen, &row(cells), &widths);
        let style = styled.and_then(|(_, styles)| styles.get(usize::from(at)).copied()).unwrap_or_default();
        text(buffer, area, at + 1, &line, style);
        if styled.is_some_and(|(selected, _)| selected == usize::from(at)) && at + 1 < area.height {
            let line = Rect { y: area.y + at + 1, height: 1, ..area };
            buffer.set_style(line, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// Draws the last seconds of each site behind its row.
fn plots_of_sites(
    snapshot: &Snapshot,
    columns: &[Column],
    rows: &[Vec<String>],
    area: Rect,
    buffer: &mut Buffer,
) {
    let widths = lines::widths(columns, rows);
    let used: usize = widths.iter().sum::<usize>() + 2 * columns.len();
    let Some(room) = area.width.checked_sub(u16::try_from(used).unwrap_or(u16::MAX)) else { return };
    let traffic = snapshot.apps.iter().filter_map(|app| app.traffic.as_ref());
    for (row, traffic) in (1..area.height).zip(traffic) {
        let place = Rect { x: area.right() - room, width: room, y: area.y + row, height: 1 };
        sparkline(&traffic.seconds, Style::new(), place, buffer);
    }
}

#[cfg(test)]
mod tests;

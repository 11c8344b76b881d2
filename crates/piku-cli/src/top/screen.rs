//! The terminal: a screen of its own while `top` runs, and as it was before in any case after.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use piku_core::{AppName, Piku};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal;

use super::render::render;
use super::view::{Then, View, Wish};
use crate::surroundings;
use crate::ui::Ui;

/// How often to look.
const LOOK: Duration = Duration::from_secs(2);
/// How many times as long as a look took to wait for the next one, at least: on a server with many apps.
const REST: u32 = 5;
/// How often to see whether a signal came or the terminal is gone.
const GLANCE: Duration = Duration::from_millis(250);
/// The signals that end it. In a terminal that is ours, Ctrl-C is a key.
const ENDS: [i32; 4] = [
    signal_hook::consts::SIGHUP,
    signal_hook::consts::SIGINT,
    signal_hook::consts::SIGQUIT,
    signal_hook::consts::SIGTERM,
];

/// How it ended.
pub(crate) enum Ended {
    /// By a key, or because the terminal is gone.
    Quietly,
    /// By a signal.
    BySignal(usize),
}

/// Whether a terminal is there to draw on. One without a size, such as that of some tools, is none.
pub(crate) fn is_there() -> bool {
    surroundings::is_interactive() && terminal::size().is_ok_and(|(width, height)| width > 0 && height > 0)
}

/// Watches until a key, a signal, or the end of the terminal.
pub(crate) fn run(piku: &Piku, ui: &Ui, app: Option<AppName>) -> Result<Ended, piku_core::Error> {
    let mut watch = piku.watch(app.as_ref())?;
    let mut view = View::new(app, TimeZone::system(), !surroundings::no_color());
    let signal = signals();
    let Ok(mut screen) = Screen::open() else { return Ok(Ended::Quietly) };
    let mut next = Instant::now();
    loop {
        if Instant::now() >= next {
            let begin = Instant::now();
            view.take(watch.look()?);
            next = Instant::now() + LOOK.max(begin.elapsed() * REST);
        }
        if screen.draw(&view).is_err() {
            return Ok(Ended::Quietly);
        }
        let wish = match await_wish(next, &signal, ui) {
            Ok(wish) => wish,
            Err(ended) => return Ok(ended),
        };
        match wish.map_or(Then::Go, |wish| view.wish(wish)) {
            Then::Go => {}
            Then::Watch(app) => {
                watch = piku.watch(app.as_ref())?;
                next = Instant::now();
            }
            Then::End => return Ok(Ended::Quietly),
        }
    }
}

/// Waits for a key that means something or a new size, until it is time to look again.
fn await_wish(next: Instant, signal: &AtomicUsize, ui: &Ui) -> Result<Option<Wish>, Ended> {
    loop {
        match signal.load(Ordering::Relaxed) {
            0 => {}
            signal => return Err(Ended::BySignal(signal)),
        }
        let left = next.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        if !ui.is_read() {
            return Err(Ended::Quietly);
        }
        match event::poll(left.min(GLANCE)).and_then(|there| there.then(event::read).transpose()) {
            Err(_) => return Err(Ended::Quietly),
            Ok(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                if let Some(wish) = wish(key) {
                    return Ok(Some(wish));
                }
            }
            Ok(Some(Event::Resize(..))) => return Ok(None),
            Ok(_) => {}
        }
    }
}

/// What a key asks for.
fn wish(key: KeyEvent) -> Option<Wish> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'd')).then_some(Wish::Quit);
    }
    Some(match key.code {
        KeyCode::Char('q' | 'Q') => Wish::Quit,
        KeyCode::Esc | KeyCode::Backspace => Wish::Back,
        KeyCode::Enter => Wish::Open,
        KeyCode::Up | KeyCode::Char('k') => Wish::Move(-1),
        KeyCode::Down | KeyCode::Char('j') => Wish::Move(1),
        KeyCode::PageUp => Wish::page(-1),
        KeyCode::PageDown => Wish::page(1),
        KeyCode::Home => Wish::First,
        KeyCode::End => Wish::Last,
        KeyCode::Right | KeyCode::Char('s' | 'l') => Wish::Next,
        KeyCode::Left | KeyCode::Char('h') => Wish::Previous,
        KeyCode::Char('r') => Wish::Reverse,
        _ => return None,
    })
}

/// The number of a signal that came; 0 before that.
fn signals() -> Arc<AtomicUsize> {
    let came = Arc::new(AtomicUsize::new(0));
    for signal in ENDS {
        let number = usize::try_from(signal).unwrap_or_default();
        // Without it, the signal ends us at once, and leaves the terminal as it is.
        drop(signal_hook::flag::register_usize(signal, Arc::clone(&came), number));
    }
    came
}

/// The terminal while it is ours.
struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the terminal. If this program panics, it is given back before the message.
    fn open() -> std::io::Result<Self> {
        ratatui::try_init().map(|terminal| Self { terminal }).inspect_err(|_| drop(ratatui::try_restore()))
    }

    fn draw(&mut self, view: &View) -> std::io::Result<()> {
        self.terminal.draw(|frame| render(view, frame.area(), frame.buffer_mut())).map(drop)
    }
}

impl Drop for Screen {
    /// Gives the terminal back. If it is gone, there is nothing to give back.
    fn drop(&mut self) {
        drop(self.terminal.show_cursor());
        drop(ratatui::try_restore());
    }
}

//! What a person looks at: the newest snapshot, what was before it, and what the keys chose. Pure.

use std::cmp::Ordering;
use std::collections::VecDeque;

use jiff::tz::TimeZone;
use piku_core::{AppName, AppUsage, ProcessUsage, Snapshot};

/// How many looks are remembered for the plots.
const REMEMBERED: usize = 120;
/// How many rows a page is.
const PAGE: usize = 10;

/// By what processes are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// By app and process.
    #[default]
    Name,
    /// By memory, most first.
    Memory,
    /// By CPU time, most first.
    Cpu,
    /// By when they were started, newest first.
    Up,
    /// By restarts, most first.
    Restarts,
}

impl Order {
    const ALL: [Self; 5] = [Self::Name, Self::Memory, Self::Cpu, Self::Up, Self::Restarts];

    fn step(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }

    /// The head of the column by which they are sorted.
    pub(super) fn head(self) -> &'static str {
        match self {
            Self::Name => "APP",
            Self::Memory => "MEMORY",
            Self::Cpu => "CPU",
            Self::Up => "UP",
            Self::Restarts => "RESTARTS",
        }
    }

    fn compare(self, one: &ProcessUsage, other: &ProcessUsage) -> Ordering {
        match self {
            Self::Name => Ordering::Equal,
            Self::Memory => other.memory.cmp(&one.memory),
            Self::Cpu => other.cpu.unwrap_or_default().total_cmp(&one.cpu.unwrap_or_default()),
            Self::Up => other.since.cmp(&one.since),
            Self::Restarts => other.restarts.cmp(&one.restarts),
        }
    }
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// End.
    Quit,
    /// Show all apps again; end if they are shown.
    Back,
    /// Go up or down by so many rows.
    Move(isize),
    /// Go up or down by a page.
    Page(isize),
    /// Go to the first row.
    First,
    /// Go to the last row.
    Last,
    /// Sort by the next column.
    Next,
    /// Sort by the previous column.
    Previous,
    /// Turn the order round.
    Reverse,
    /// Show only the app of the selected row.
    Open,
}

impl Wish {
    /// Goes up or down by a page.
    pub(crate) fn page(pages: isize) -> Self {
        Self::Page(pages)
    }
}

/// What is to happen after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Draw again.
    Go,
    /// Look again: at this app, or at all.
    Watch(Option<AppName>),
    /// End.
    End,
}

/// What a person looks at.
#[derive(Debug)]
pub(crate) struct View {
    pub(super) zone: TimeZone,
    pub(super) color: bool,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) memory: VecDeque<u64>,
    /// In tenths of a percent.
    pub(super) cpu: VecDeque<u64>,
    /// In tenths of a request a second.
    pub(super) failed: VecDeque<u64>,
    pub(super) order: Order,
    pub(super) reversed: bool,
    pub(super) selected: usize,
    /// The one app that is shown.
    pub(super) app: Option<AppName>,
    /// Whether all apps were shown before.
    opened: bool,
}

impl View {
    pub(crate) fn new(app: Option<AppName>, zone: TimeZone, color: bool) -> Self {
        Self {
            zone,
            color,
            snapshot: None,
            memory: VecDeque::new(),
            cpu: VecDeque::new(),
            failed: VecDeque::new(),
            order: Order::default(),
            reversed: false,
            selected: 0,
            app,
            opened: false,
        }
    }

    /// Takes a new snapshot.
    pub(crate) fn take(&mut self, snapshot: Snapshot) {
        remember(&mut self.memory, snapshot.memory());
        remember(&mut self.cpu, tenths(snapshot.cpu()));
        remember(&mut self.failed, tenths(snapshot.failed_per_second()));
        self.snapshot = Some(snapshot);
        self.selected = self.selected.min(self.rows().len().saturating_sub(1));
    }

    /// Does what a key asks for.
    pub(crate) fn wish(&mut self, wish: Wish) -> Then {
        let last = self.rows().len().saturating_sub(1);
        match wish {
            Wish::Quit => return Then::End,
            Wish::Back if !self.opened => return Then::End,
            Wish::Back => return self.show(None),
            Wish::Open => {
                let app = self.rows().get(self.selected).map(|(app, _)| app.app.clone());
                if let Some(app) = app.filter(|_| self.app.is_none()) {
                    return self.show(Some(app));
                }
            }
            Wish::Move(by) => self.selected = self.selected.saturating_add_signed(by).min(last),
            Wish::Page(by) => {
                let rows = by.saturating_mul(PAGE.cast_signed());
                self.selected = self.selected.saturating_add_signed(rows).min(last);
            }
            Wish::First => self.selected = 0,
            Wish::Last => self.selected = last,
            Wish::Next => self.order = self.order.step(1),
            Wish::Previous => self.order = self.order.step(Order::ALL.len() - 1),
            Wish::Reverse => self.reversed = !self.reversed,
        }
        Then::Go
    }

    /// Shows an app, or all. What was remembered was of others.
    fn show(&mut self, app: Option<AppName>) -> Then {
        self.opened = app.is_some();
        self.app.clone_from(&app);
        self.selected = 0;
        for past in [&mut self.memory, &mut self.cpu, &mut self.failed] {
            past.clear();
        }
        Then::Watch(app)
    }

    /// The processes, as they are sorted.
    pub(super) fn rows(&self) -> Vec<(&AppUsage, &ProcessUsage)> {
        let mut rows: Vec<_> = self.snapshot.iter().flat_map(Snapshot::processes).collect();
        rows.sort_by(|(_, one), (_, other)| self.order.compare(one, other));
        if self.reversed {
            rows.reverse();
        }
        rows
    }
}

fn remember(past: &mut VecDeque<u64>, value: u64) {
    if past.len() == REMEMBERED {
        past.pop_front();
    }
    past.push_back(value);
}

fn tenths(number: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is small and positive"
    )]
    let tenths = (number * 10.0).round() as u64;
    tenths
}

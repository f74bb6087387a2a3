//! Lays a table out for a terminal: columns that line up in any script, and fit.
//!
//! The first column takes what the others leave. Where that is too little, other columns are
//! dropped in a fixed order, and texts are shortened in the middle.

use std::io::{self, Write};

use super::style::{Ink, Signs, Style};
use super::width::{columns, padding, shorten_middle};

/// Columns between two columns of the table.
const GAP: usize = 2;
/// The first column keeps at least this many columns, as far as it needs them.
const MIN_FIRST: usize = 20;
/// A text keeps at least this many columns before what follows it is shortened.
const MIN_TEXT: usize = 8;
/// A tail that would be shorter than this is left out: it says nothing any more.
const MIN_TAIL: usize = 16;

/// Where a cell's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Head {
    /// What stands above it.
    pub title: &'static str,
    /// Where its texts stand.
    pub align: Align,
    /// Columns with a higher number are dropped first where space is short; 0 stays.
    pub drop: u8,
}

/// A cell: text with an optional faint tail. Everything in it is escaped.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Tree branches before the text: for each level whether a sibling follows.
    pub follows: Vec<bool>,
    /// The text, shortened in the middle where it must be.
    pub text: String,
    /// Follows the text, faint; shortened first.
    pub tail: String,
    /// Colour of the text.
    pub ink: Ink,
}

impl Cell {
    /// A cell of plain text.
    pub fn new(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// In this ink.
    pub fn ink(mut self, ink: Ink) -> Cell {
        self.ink = ink;
        self
    }
}

/// A table and its rows.
#[derive(Debug, Default)]
pub struct Table {
    /// Its columns, the flexible one first.
    pub heads: Vec<Head>,
    /// One cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// How branches of a tree are drawn: columns for each level.
#[derive(Clone, Copy)]
struct Branches {
    step: usize,
    most: usize,
}

impl Table {
    /// Writes the table in at most `width` columns.
    pub fn write(
        &self,
        width: usize,
        style: Style,
        signs: &Signs,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(first) = self.heads.first() else { return Ok(()) };
        let shown = self.choose(width, signs);
        let others: usize = shown.iter().map(|(_, width)| GAP + width).sum();
        let room = width.saturating_sub(others);
        let branches = self.branches(room);
        let natural = self.rows.iter().filter_map(|row| row.first());
        let natural = natural.map(|cell| cell_columns(cell, branches)).max().unwrap_or(0);
        let first_width = natural.max(columns(first.title)).min(room);

        let title = shorten_middle(first.title, first_width, signs.ellipsis);
        let mut line = style.paint(Ink::Strong, &title).into_owned();
        line += &padding(&title, first_width);
        for (at, width) in &shown {
            let head = &self.heads[*at];
            let title = style.paint(Ink::Strong, head.title);
            push_aligned(&mut line, head.align, &title, columns(head.title), *width);
        }
        writeln!(out, "{}", line.trim_end())?;
        let total = first_width + others;
        writeln!(out, "{}", style.paint(Ink::Faint, &signs.rule.repeat(total)))?;
        for row in &self.rows {
            let Some(cell) = row.first() else { continue };
            let (mut line, used) = draw(cell, first_width, branches, style, signs);
            line += &" ".repeat(first_width.saturating_sub(used));
            for (at, width) in &shown {
                let head = &self.heads[*at];
                let Some(cell) = row.get(*at) else { continue };
                let (text, used) = draw(cell, *width, branches, style, signs);
                push_aligned(&mut line, head.align, &text, used, *width);
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// The columns after the first that fit, with their widths.
    fn choose(&self, width: usize, signs: &Signs) -> Vec<(usize, usize)> {
        let mut shown: Vec<(usize, usize)> = (1..self.heads.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let widest = cells.map(|cell| cell_columns(cell, Branches { step: 0, most: 0 }));
                let title = columns(self.heads[at].title);
                // A wide text column may take half of the line, no more.
                let most = (width / 2).max(columns(signs.ellipsis));
                let widest = widest.max().unwrap_or(0).max(title);
                let left = self.heads[at].align == Align::Left;
                (at, if left { widest.min(most.max(title)) } else { widest })
            })
            .collect();
        let first = self.rows.iter().filter_map(|row| row.first());
        let need = first.map(|cell| cell_columns(cell, Branches { step: 1, most: 8 })).max();
        let title = self.heads.first().map_or(0, |head| columns(head.title));
        let need = need.unwrap_or(0).clamp(title.min(MIN_FIRST), MIN_FIRST);
        loop {
            let used: usize = shown.iter().map(|(_, width)| GAP + width).sum();
            let dropped = shown
                .iter()
                .enumerate()
                .filter(|(_, (at, _))| self.heads[*at].drop > 0)
                .max_by_key(|(_, (at, _))| self.heads[*at].drop)
                .map(|(position, _)| position);
            match dropped {
                Some(position) if used + need > width => shown.remove(position),
                _ => return shown,
            };
        }
    }

    /// Three columns for each level of the tree, fewer where the tree would take half of the room.
    fn branches(&self, room: usize) -> Branches {
        let depths = self.rows.iter().filter_map(|row| row.first()).map(|cell| cell.follows.len());
        let depth = depths.max().unwrap_or(0);
        let most = room / 2;
        let step = (1..=3).rev().find(|step| depth * step <= most).unwrap_or(1);
        Branches { step, most }
    }
}

fn branch_columns(cell: &Cell, branches: Branches) -> usize {
    (cell.follows.len() * branches.step).min(branches.most)
}

fn cell_columns(cell: &Cell, branches: Branches) -> usize {
    branch_columns(cell, branches) + columns(&cell.text) + columns(&cell.tail)
}

fn push_aligned(line: &mut String, align: Align, text: &str, used: usize, width: usize) {
    let fill = " ".repeat(width.saturating_sub(used));
    *line += &" ".repeat(GAP);
    match align {
        Align::Left => *line = std::mem::take(line) + text + &fill,
        Align::Right => *line = std::mem::take(line) + &fill + text,
    }
}

/// The cell in at most `room` columns, painted, and the columns that it takes.
fn draw(
    cell: &Cell,
    room: usize,
    branches: Branches,
    style: Style,
    signs: &Signs,
) -> (String, usize) {
    let prefix = draw_branches(cell, branches, signs);
    let room_left = room.saturating_sub(columns(&prefix));
    let text_wants = columns(&cell.text).min(MIN_TEXT.max(room_left / 2));
    let tail_room = room_left.saturating_sub(text_wants);
    let mut tail = cell.tail.clone();
    if columns(&tail) > tail_room {
        let short = shorten_middle(&tail, tail_room, signs.ellipsis);
        tail = if tail_room < MIN_TAIL { String::new() } else { short };
    }
    let text = shorten_middle(&cell.text, room_left.saturating_sub(columns(&tail)), signs.ellipsis);
    let used = columns(&prefix) + columns(&text) + columns(&tail);
    let painted = style.paint(Ink::Faint, &prefix).into_owned()
        + &style.paint(cell.ink, &text)
        + &style.paint(Ink::Faint, &tail);
    (painted, used)
}

fn draw_branches(cell: &Cell, branches: Branches, signs: &Signs) -> String {
    let Some((own, ancestors)) = cell.follows.split_last() else { return String::new() };
    if branches.step == 0 || branches.most == 0 {
        return String::new();
    }
    let mut prefix = String::new();
    let (dash, space) = match branches.step {
        1 => (String::new(), String::new()),
        2 => (signs.dash.to_owned(), " ".to_owned()),
        _ => (format!("{} ", signs.dash), "  ".to_owned()),
    };
    // Levels that do not fit are left out on the left, with a sign that says so.
    let fit = (branches.most / branches.step).max(1);
    let cut = (ancestors.len() + 1).saturating_sub(fit);
    for (level, follows) in ancestors.iter().enumerate().skip(cut) {
        let sign = match () {
            () if level == cut && cut > 0 => ":",
            () if *follows => signs.pipe,
            () => " ",
        };
        prefix += sign;
        prefix += &space;
    }
    prefix += if *own { signs.tee } else { signs.corner };
    prefix += &dash;
    prefix
}

//! The tree and the list of variables, with the legend of the signs that they use.

use std::io;

use crate::model::Report;
use crate::number::{bytes, share, thousands, value};
use crate::render::outline::{Shown, outline};
use crate::render::sentences;
use crate::render::style::{Ink, Signs};
use crate::render::table::{Align, Cell, Head, Table};
use crate::render::train_state::TrainState;
use crate::render::view::{Column, View};
use crate::select::Selection;

use crate::render::page::{NARROW, Page};

/// From this width on there is room for bytes.
const WIDE: usize = 100;

/// Writes the tree of groups; gives the signs that it used.
pub fn groups(report: &Report, view: &View, page: &mut Page<'_>) -> io::Result<Legend> {
    let only = |column: &Column| !matches!(column, Column::Shape | Column::Dtype | Column::Key);
    let mut chosen = vec![Column::Parameters, Column::Share, Column::Bar, Column::Trainable];
    if page.width >= WIDE {
        chosen.insert(1, Column::Bytes);
    }
    let columns = choose(view, chosen, only);
    let whole = report.totals.all.parameters;
    let mut legend = Legend::default();
    let mut table =
        Table { heads: heads(sentences::tree_head(report), &columns), rows: Vec::new() };
    for row in outline(report, view.depth, view.sort) {
        let (mut name, counts, own, state, shared);
        match row.what {
            Shown::Group(_, group, hidden) => {
                name = Cell::new(page.escape(&group.name));
                if row.follows.is_empty() {
                    name = Cell::new(page.escape(sentences::model_name(report))).ink(Ink::Strong);
                }
                if let Some(class) = &group.class {
                    name.tail = format!(" ({})", page.escape(class));
                }
                if hidden > 0 {
                    name.tail += &format!(" {} {hidden} below", page.signs.ellipsis);
                }
                (counts, own) = (group.counts, group.own_parameters);
                (state, shared) = (TrainState::of_group(group), group.shared);
            }
            Shown::Rest(rest) => {
                let kind = report.groups.nodes.last().map_or("layer", |group| group.kind.as_str());
                let more = sentences::plural(rest.groups as u64, kind).replacen(' ', " more ", 1);
                name = Cell::new(format!("{} {more}", page.signs.ellipsis)).ink(Ink::Faint);
                (counts, own, shared) = (rest.counts, rest.counts.parameters, rest.shared);
                state = TrainState::of_sums(&rest);
            }
        }
        name.follows = row.follows;
        let mut cells = vec![name];
        for column in &columns {
            cells.push(match column {
                Column::Parameters => Cell::new(thousands(counts.parameters)),
                Column::Share => Cell::new(share(counts.parameters, whole)),
                Column::Bar => bar(page, counts.parameters, whole),
                Column::Bytes => Cell::new(bytes(counts.bytes)),
                Column::Variables => Cell::new(thousands(counts.variables)),
                Column::Own => Cell::new(thousands(own)),
                Column::Trainable => legend.state(state, shared, page),
                Column::Shape | Column::Dtype | Column::Key => Cell::default(),
            });
        }
        table.rows.push(cells);
    }
    table.write(page.width, page.style, page.signs, page.out)?;
    Ok(legend)
}

/// Writes the selected variables; adds the signs that it used.
pub fn variables(
    report: &Report,
    selection: &Selection,
    view: &View,
    legend: &mut Legend,
    page: &mut Page<'_>,
) -> io::Result<()> {
    if selection.ids.is_empty() {
        return page.line(Ink::Faint, "No variables to list");
    }
    let only = |column: &Column| !matches!(column, Column::Variables | Column::Own);
    let mut chosen = vec![Column::Shape, Column::Dtype, Column::Parameters, Column::Trainable];
    if page.width >= WIDE {
        chosen.splice(3..3, [Column::Bytes, Column::Share, Column::Bar]);
    }
    let columns = choose(view, chosen, only);
    let whole = report.totals.all.parameters;
    let mut table = Table { heads: heads("Variable", &columns), rows: Vec::new() };
    for variable in selection.ids.iter().filter_map(|id| report.variables.get(id.0)) {
        let mut cells = vec![Cell::new(page.escape(&variable.name))];
        for column in &columns {
            cells.push(match column {
                Column::Parameters => Cell::new(thousands(variable.parameters)),
                Column::Share => Cell::new(share(variable.parameters, whole)),
                Column::Bar => bar(page, variable.parameters, whole),
                Column::Bytes => Cell::new(bytes(variable.bytes)),
                Column::Shape => Cell::new(variable.shape.to_string()),
                Column::Dtype => Cell::new(variable.dtype.name()),
                Column::Key => Cell::new(match &variable.checkpoint_key {
                    Some(key) => page.escape(key).into_owned(),
                    None => String::new(),
                }),
                Column::Trainable => {
                    legend.state(TrainState::of_variable(variable), variable.shared, page)
                }
                Column::Variables | Column::Own => Cell::default(),
            });
        }
        table.rows.push(cells);
    }
    table.write(page.width, page.style, page.signs, page.out)
}

/// Writes the statistics of the selected variables that have any.
pub fn values(report: &Report, selection: &Selection, page: &mut Page<'_>) -> io::Result<()> {
    let chosen = selection.ids.iter().filter_map(|id| report.variables.get(id.0));
    let listed: Vec<_> = chosen.filter_map(|v| v.stats.as_ref().map(|stats| (v, stats))).collect();
    let head = |title, drop| Head { title, align: Align::Right, drop };
    let mut heads = vec![
        Head { title: "Values", align: Align::Left, drop: 0 },
        head("Mean", 3),
        head("Std dev", 4),
        head("Min", 5),
        head("Max", 6),
        head("Zeros", 2),
    ];
    // Almost no model has these; where one has, they matter most and are never dropped.
    let (nans, infinities) =
        (listed.iter().any(|(_, s)| s.nans > 0), listed.iter().any(|(_, s)| s.infinities > 0));
    heads.extend(nans.then(|| head("NaN", 0)));
    heads.extend(infinities.then(|| head("Inf", 0)));
    let mut table = Table { heads, rows: Vec::new() };
    let shown = |number: Option<f64>| Cell::new(number.map(value).unwrap_or_default());
    let counted =
        |count: u64| Cell::new(thousands(count)).ink(if count > 0 { Ink::Bad } else { Ink::Faint });
    for (variable, stats) in &listed {
        let mut cells = vec![
            Cell::new(page.escape(&variable.name)),
            shown(stats.mean),
            shown(stats.std_dev),
            shown(stats.min),
            shown(stats.max),
            Cell::new(share(stats.zeros, variable.parameters)),
        ];
        cells.extend(nans.then(|| counted(stats.nans)));
        cells.extend(infinities.then(|| counted(stats.infinities)));
        table.rows.push(cells);
    }
    table.write(page.width, page.style, page.signs, page.out)
}

fn choose(view: &View, default: Vec<Column>, only: impl Fn(&Column) -> bool) -> Vec<Column> {
    let asked = view.columns.iter().copied().filter(only).collect::<Vec<_>>();
    if asked.is_empty() { default } else { asked }
}

fn heads(first: &'static str, columns: &[Column]) -> Vec<Head> {
    let mut heads = vec![Head { title: first, align: Align::Left, drop: 0 }];
    heads.extend(columns.iter().map(|column| match column {
        Column::Parameters => Head { title: "Parameters", align: Align::Right, drop: 0 },
        Column::Share => Head { title: "Share", align: Align::Right, drop: 3 },
        Column::Bar => Head { title: "", align: Align::Left, drop: 9 },
        Column::Trainable => Head { title: "Train", align: Align::Left, drop: 2 },
        Column::Bytes => Head { title: "Bytes", align: Align::Right, drop: 5 },
        Column::Variables => Head { title: "Variables", align: Align::Right, drop: 6 },
        Column::Own => Head { title: "Own", align: Align::Right, drop: 7 },
        Column::Shape => Head { title: "Shape", align: Align::Left, drop: 4 },
        Column::Dtype => Head { title: "Type", align: Align::Left, drop: 5 },
        Column::Key => Head { title: "Key", align: Align::Left, drop: 8 },
    }));
    heads
}

fn bar(page: &Page<'_>, part: u64, whole: u64) -> Cell {
    let width = if page.width >= WIDE { 16 } else { 8 };
    Cell::new(page.signs.bar(part, whole, width)).ink(Ink::Accent)
}

/// The signs that were used, and so need a word.
#[derive(Default)]
pub struct Legend {
    states: Vec<TrainState>,
    shared: bool,
}

impl Legend {
    fn state(&mut self, state: TrainState, shared: bool, page: &Page<'_>) -> Cell {
        if !self.states.contains(&state) {
            self.states.push(state);
        }
        self.shared |= shared;
        let mut text = sign(state, page.signs).to_owned();
        if page.width >= NARROW && state != TrainState::Empty {
            text = text + " " + state.word();
        }
        if shared {
            text = text + " " + page.signs.shared;
        }
        let ink = match state {
            TrainState::Partly | TrainState::Unknown | TrainState::Maybe => Ink::Warn,
            TrainState::Fixed | TrainState::Frozen | TrainState::Empty => Ink::Faint,
            TrainState::Trainable => Ink::Good,
        };
        Cell::new(text.trim_start()).ink(ink)
    }

    /// One line, wrapped where it must be; nothing where no sign needs one.
    pub fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let all = page.width < NARROW;
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for state in [
            TrainState::Trainable,
            TrainState::Partly,
            TrainState::Fixed,
            TrainState::Frozen,
            TrainState::Unknown,
            TrainState::Maybe,
        ] {
            let says = match state {
                TrainState::Partly => "trainable in part",
                TrainState::Frozen => "frozen, though its own flag says trainable",
                TrainState::Unknown => "no file states whether it is trainable",
                TrainState::Maybe => "trainable at most: frozen layers left no trace",
                TrainState::Trainable if all => "trainable",
                TrainState::Fixed if all => "not trainable",
                _ => continue,
            };
            if self.states.contains(&state) {
                parts.push((sign(state, page.signs), says));
            }
        }
        if self.shared {
            parts.push((page.signs.shared, "shared: met in several places, counted once"));
        }
        if parts.is_empty() {
            return Ok(());
        }
        page.blank()?;
        let mut line = String::new();
        for (sign, says) in parts {
            let part = format!("{sign} {says}");
            if !line.is_empty()
                && crate::render::width::columns(&line) + 3 + crate::render::width::columns(&part)
                    > page.width
            {
                page.paragraph(0, Ink::Faint, &std::mem::take(&mut line))?;
            }
            if !line.is_empty() {
                line += "   ";
            }
            line += &part;
        }
        page.paragraph(0, Ink::Faint, &line)
    }
}

fn sign(state: TrainState, signs: &Signs) -> &'static str {
    match state {
        TrainState::Empty => "",
        TrainState::Trainable => signs.trainable,
        TrainState::Partly => signs.partly,
        TrainState::Fixed => signs.fixed,
        TrainState::Frozen => signs.frozen,
        TrainState::Unknown => signs.unknown,
        TrainState::Maybe => signs.maybe,
    }
}

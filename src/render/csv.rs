//! Comma-separated values of variables or of groups: one header line, no totals.

use std::io::{self, Write};

use crate::model::{Report, Variable};
use crate::select::Selection;

use super::escape;
use super::outline::{Shown, outline};
use super::train_state::TrainState;
use super::view::{Listing, View};

/// Writes what [`View::csv_of`] names.
pub fn write(
    report: &Report,
    selection: &Selection,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    match view.csv_of {
        Listing::Variables => variables(report, selection, out),
        Listing::Groups => groups(report, view, out),
    }
}

fn variables(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "name,checkpoint_key,dtype,shape,parameters,bytes,trainable,shared,confirmed,paths"
    )?;
    let with_values = report.variables.iter().any(|variable| variable.stats.is_some());
    writeln!(
        out,
        "{}",
        if with_values { ",mean,std_dev,min,max,zeros,nans,infinities" } else { "" }
    )?;
    for variable in selection.ids.iter().filter_map(|id| report.variables.get(id.0)) {
        write!(
            out,
            "{},{},{},{},{},{},{},{},{},{}",
            escape::csv(&variable.name),
            escape::csv(variable.checkpoint_key.as_deref().unwrap_or("")),
            escape::csv(&variable.dtype.name()),
            dims(variable),
            variable.parameters,
            variable.bytes,
            TrainState::of_variable(variable).word(),
            variable.shared,
            variable.confirmed,
            escape::csv(&variable.paths.join(" | ")),
        )?;
        if with_values {
            values(variable, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The statistics of a variable; empty cells where there are none.
fn values(variable: &Variable, out: &mut dyn Write) -> io::Result<()> {
    let Some(stats) = &variable.stats else { return write!(out, ",,,,,,,") };
    for number in [stats.mean, stats.std_dev, stats.min, stats.max] {
        // The shortest text that reads back as the same number.
        write!(out, ",{}", number.map(|number| format!("{number:?}")).unwrap_or_default())?;
    }
    write!(out, ",{},{},{}", stats.zeros, stats.nans, stats.infinities)
}

/// `3x3x32`; a scalar is `scalar`. No comma, so that no reader has to know about quotes.
fn dims(variable: &Variable) -> String {
    if variable.shape.0.is_empty() {
        return "scalar".into();
    }
    variable.shape.0.iter().map(u64::to_string).collect::<Vec<_>>().join("x")
}

fn groups(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "id,parent,depth,name,class,kind,variables,parameters,bytes,trainable,trainable_is,undetermined,\
         own_parameters,state,shared"
    )?;
    // Ancestors of the row at hand, by depth.
    let mut ancestors: Vec<usize> = Vec::new();
    // Everything, unless the view sets a depth: a file has no screen to fit.
    let depth = Some(view.depth.unwrap_or(usize::MAX));
    for row in outline(report, depth, view.sort) {
        let Shown::Group(id, group, _) = row.what else { continue };
        let depth = row.follows.len();
        ancestors.truncate(depth);
        writeln!(
            out,
            "{},{},{depth},{},{},{},{},{},{},{},{},{},{},{},{}",
            id.0,
            ancestors.last().map(usize::to_string).unwrap_or_default(),
            escape::csv(&group.name),
            escape::csv(group.class.as_deref().unwrap_or("")),
            group.kind.as_str(),
            group.counts.variables,
            group.counts.parameters,
            group.counts.bytes,
            group.trainable,
            group.trainable_is,
            group.undetermined,
            group.own_parameters,
            TrainState::of_group(group).word(),
            group.shared,
        )?;
        ancestors.push(id.0);
    }
    Ok(())
}

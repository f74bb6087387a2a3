//! An earlier JSON report, with which a new census is compared: totals, and every variable's shape
//! and type. Reads only the keys that it compares, so that reports of other versions serve too.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::limits::MAX_BASELINE_BYTES;
use crate::model::{Certainty, Code, Finding, Quantity, Report, Severity, WHY_AT_MOST};
use crate::number::thousands;
use crate::regular_file;

/// Variables that are named one by one; the rest are counted.
const MAX_VARIABLES: usize = 50;

/// What an earlier report said.
#[derive(Debug, Deserialize)]
pub struct Baseline {
    schema_version: u32,
    totals: Totals,
    #[serde(default)]
    variables: Vec<Entry>,
    /// Present where the report lists only some of its variables.
    #[serde(default)]
    selection: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Totals {
    parameters: u64,
    trainable: u64,
    /// Absent from reports of versions that did not tell.
    #[serde(default)]
    trainable_is: String,
    non_trainable: u64,
    undetermined: u64,
    bytes: u64,
    variables: u64,
}

impl Totals {
    fn certainty(&self) -> Certainty {
        let known = Certainty::ALL.iter().find(|certainty| certainty.as_str() == self.trainable_is);
        known.copied().unwrap_or_default()
    }
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    checkpoint_key: Option<String>,
    dtype: String,
    shape: Vec<u64>,
}

impl Baseline {
    /// Reads a file that `tfcensus count --format json` wrote.
    pub fn read(path: &Path) -> Result<Baseline> {
        let text = regular_file::read(path, MAX_BASELINE_BYTES)
            .map_err(|error| Error::io("read", path, error))?
            .ok_or_else(|| {
                unusable(path, format!("it is larger than {MAX_BASELINE_BYTES} bytes"))
            })?;
        let baseline: Baseline =
            serde_json::from_slice(&text).map_err(|error| unusable(path, error.to_string()))?;
        match baseline.schema_version {
            1 => Ok(baseline),
            other => Err(unusable(path, format!("its schema version is {other}, not 1"))),
        }
    }

    /// A finding for each total, and for each variable, that is not as it was.
    pub fn check(&self, report: &Report) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (quantity, before) in [
            (Quantity::Parameters, self.totals.parameters),
            (Quantity::Trainable, self.totals.trainable),
            (Quantity::NonTrainable, self.totals.non_trainable),
            (Quantity::Undetermined, self.totals.undetermined),
            (Quantity::Bytes, self.totals.bytes),
            (Quantity::Variables, self.totals.variables),
        ] {
            findings.extend(self.total_finding(quantity, before, report));
        }
        if self.selection.is_none() {
            findings.extend(self.variable_findings(report));
        }
        findings
    }

    /// A finding where a total is not as it was, or may not be.
    fn total_finding(&self, quantity: Quantity, before: u64, report: &Report) -> Option<Finding> {
        let was = (quantity.certainty_where(self.totals.certainty()), before);
        let is = (quantity.certainty(report), quantity.of(report));
        if was == is {
            return None;
        }
        let name = quantity.as_str();
        let message = match was.0 != is.0 && Certainty::may_be_equal(was, is) {
            true => format!("{name} is only a bound on one side: {WHY_AT_MOST}"),
            false => format!("{name} is not what it was"),
        };
        let say = |(certainty, number): (Certainty, u64)| certainty.of(thousands(number));
        let finding = Finding::new(Code::Expectation, Severity::Error, message);
        Some(finding.about(name).values(say(was), say(is)))
    }

    fn variable_findings(&self, report: &Report) -> Vec<Finding> {
        // Names and keys need not be unique: each leads to a sorted list.
        let mut before: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for entry in &self.variables {
            let key = entry.checkpoint_key.as_deref().unwrap_or(&entry.name);
            before.entry(key).or_default().push(format!("{} {:?}", entry.dtype, entry.shape));
        }
        let mut now: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for variable in &report.variables {
            let key = variable.checkpoint_key.as_deref().unwrap_or(&variable.name);
            let says = format!("{} {:?}", variable.dtype.name(), variable.shape.0);
            now.entry(key).or_default().push(says);
        }
        before.values_mut().chain(now.values_mut()).for_each(|list| list.sort());
        let mut findings = Vec::new();
        let mut differences = 0usize;
        let keys: std::collections::BTreeSet<&str> =
            before.keys().chain(now.keys()).copied().collect();
        for key in keys {
            let (was, is) = (before.get(key), now.get(key));
            if was == is {
                continue;
            }
            differences += 1;
            if findings.len() >= MAX_VARIABLES {
                continue;
            }
            let absent = || "absent".to_owned();
            let (was, is) = (was.map(|l| l.join(", ")), is.map(|l| l.join(", ")));
            findings.push(
                Finding::new(Code::Expectation, Severity::Error, "a variable is not what it was")
                    .about(key)
                    .values(was.unwrap_or_else(absent), is.unwrap_or_else(absent)),
            );
        }
        let more = differences.saturating_sub(findings.len());
        if more > 0 {
            let text = format!("{more} more variables are not what they were");
            findings.push(Finding::new(Code::Expectation, Severity::Error, text));
        }
        findings
    }
}

fn unusable(path: &Path, why: String) -> Error {
    Error::Usage {
        what: format!("{} cannot serve as a baseline: {why}", path.display()),
        advice: "write one with: tfcensus count MODEL --format json -o FILE".into(),
    }
}

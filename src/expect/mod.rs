//! Compares a census with what was expected of it: numbers, upper bounds, an earlier report.
//!
//! Every failure is a finding of [`Code::Expectation`] with both values. What is expected comes
//! from the user; nothing here changes the report.

mod baseline;

use crate::error::{Error, Result};
use crate::model::{Code, Finding, Report, Severity, WHY_AT_MOST};
use crate::number::thousands;

pub use crate::model::Quantity;
pub use baseline::Baseline;

/// How a value must compare with the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Equal to it.
    Exactly,
    /// No more than it.
    AtMost,
}

/// One expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Of which number.
    pub quantity: Quantity,
    /// How the two must compare.
    pub bound: Bound,
    /// The expected value.
    pub value: u64,
}

impl Expectation {
    /// Reads `parameters=3538984,trainable=3504872`.
    pub fn parse_list(text: &str, bound: Bound) -> Result<Vec<Expectation>> {
        text.split(',').map(|part| Expectation::parse(part.trim(), bound)).collect()
    }

    fn parse(text: &str, bound: Bound) -> Result<Expectation> {
        let usage = |what: String| {
            let words: Vec<&str> = Quantity::ALL.iter().map(|q| q.as_str()).collect();
            let advice = format!("write NAME=NUMBER, where NAME is one of {}", words.join(", "));
            Error::Usage { what, advice }
        };
        let Some((name, number)) = text.split_once('=') else {
            return Err(usage(format!("'{text}' is not NAME=NUMBER")));
        };
        let name = name.trim().replace('-', "_");
        let quantity = Quantity::ALL.iter().copied().find(|q| q.as_str() == name);
        let quantity = quantity.ok_or_else(|| usage(format!("there is no number '{name}'")))?;
        let value = parse_number(number.trim())
            .ok_or_else(|| usage(format!("'{number}' is not a whole number")))?;
        Ok(Expectation { quantity, bound, value })
    }

    fn finding(self, report: &Report) -> Option<Finding> {
        let (found, certainty) = (self.quantity.of(report), self.quantity.certainty(report));
        let may_be = certainty.range(found);
        let (met, is_possible, message, expected) = match self.bound {
            Bound::Exactly => (
                may_be == (self.value..=self.value),
                may_be.contains(&self.value),
                "is not what was expected",
                thousands(self.value),
            ),
            Bound::AtMost => (
                *may_be.end() <= self.value,
                *may_be.start() <= self.value,
                "exceeds its maximum",
                format!("at most {}", thousands(self.value)),
            ),
        };
        let name = self.quantity.as_str();
        let message = match is_possible {
            true => format!("{name} is only a bound: {WHY_AT_MOST}"),
            false => format!("{name} {message}"),
        };
        let finding = Finding::new(Code::Expectation, Severity::Error, message);
        let found = certainty.of(thousands(found));
        (!met).then(|| finding.about(name).values(expected, found))
    }
}

/// A finding for each expectation that the report does not meet.
pub fn check(report: &Report, expectations: &[Expectation]) -> Vec<Finding> {
    expectations.iter().filter_map(|expectation| expectation.finding(report)).collect()
}

/// Adds findings to a report in their place: errors come first.
pub fn add_findings(report: &mut Report, findings: Vec<Finding>) {
    report.findings.extend(findings);
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}

/// A whole number with an optional unit: `3538984`, `3_538_984`, `4M` (10^6), `512MiB` (2^20).
pub fn parse_number(text: &str) -> Option<u64> {
    const UNITS: &[(&str, u64)] = &[
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("K", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("B", 1_000_000_000),
        ("T", 1_000_000_000_000),
    ];
    let unit = UNITS.iter().find(|(unit, _)| {
        text.len() >= unit.len()
            && text.is_char_boundary(text.len() - unit.len())
            && text[text.len() - unit.len()..].eq_ignore_ascii_case(unit)
    });
    let (digits, factor) = match unit {
        Some((unit, factor)) => (text[..text.len() - unit.len()].trim_end(), *factor),
        None => (text, 1),
    };
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
    if !plain {
        return None;
    }
    digits.replace('_', "").parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_units() {
        assert_eq!(parse_number("3538984"), Some(3_538_984));
        assert_eq!(parse_number("3_538_984"), Some(3_538_984));
        assert_eq!(parse_number("4M"), Some(4_000_000));
        assert_eq!(parse_number("7B"), Some(7_000_000_000));
        assert_eq!(parse_number("4GiB"), Some(4 << 30));
        assert_eq!(parse_number("512 mib"), Some(512 << 20));
    }

    #[test]
    fn refuses_what_is_no_whole_number() {
        for text in ["", "M", "-1", "1.5M", "1e6", "_1", "x", "16777216TiB", "é", "+1"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }

    #[test]
    fn reads_lists_and_names_what_is_wrong() {
        let list = Expectation::parse_list("parameters=10, non-trainable=2", Bound::Exactly);
        let list = list.unwrap();
        assert_eq!(list[1].quantity, Quantity::NonTrainable);
        assert_eq!((list[0].value, list[1].value), (10, 2));
        for text in ["parameters", "params=1", "parameters=x", ""] {
            assert!(Expectation::parse_list(text, Bound::AtMost).is_err(), "{text}");
        }
    }
}

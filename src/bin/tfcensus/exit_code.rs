//! Exit codes: what scripts learn without reading.

use tfcensus::RuntimeChoice;
use tfcensus::diff::Diff;
use tfcensus::model::{CachedModels, Code, Doctor, Report, Verdict};

use crate::args::Stop;

/// Verified, or counted with `--runtime off`; for `diff`, no difference; for `list`, every cached model
/// can be used; for `doctor`, a library that works.
pub const GOOD: u8 = 0;
/// Counted, but witnesses disagree or an expectation failed; for `diff`, a difference; for `list`, a
/// cached model that cannot be used.
pub const DISAGREEMENT: u8 = 1;
/// No census: wrong usage, not a model, unreadable.
pub const NO_CENSUS: u8 = 2;
/// Counted from files, but no session could confirm it; for `doctor`, no library that works.
pub const UNCONFIRMED: u8 = 3;

/// The exit code of a census. A contradiction outranks a missing session, and a failed expectation
/// outranks both an answer and its lack: a script that states a number wants to know of it.
pub fn of_census(report: &Report, asked: RuntimeChoice) -> u8 {
    let is_unmet = report.findings.iter().any(|finding| finding.code == Code::Expectation);
    match (report.verdict, is_unmet, asked) {
        (Verdict::Disagreement, _, _) | (_, true, _) => DISAGREEMENT,
        (Verdict::Verified, false, _) => GOOD,
        (Verdict::Unverified, false, RuntimeChoice::Off) => GOOD,
        (Verdict::Unverified, false, _) => UNCONFIRMED,
    }
}

/// The exit code of a difference.
pub fn of_diff(diff: &Diff) -> u8 {
    if diff.is_empty() { GOOD } else { DISAGREEMENT }
}

/// The exit code of a list of cached models.
pub fn of_list(list: &CachedModels) -> u8 {
    if list.is_sound() { GOOD } else { DISAGREEMENT }
}

/// The exit code of a search for a libtensorflow.
pub fn of_doctor(doctor: &Doctor) -> u8 {
    if doctor.is_usable() { GOOD } else { UNCONFIRMED }
}

/// The exit code where there is no command to run.
pub fn without_command(stop: Stop) -> u8 {
    match stop {
        Stop::Asked => GOOD,
        Stop::Usage => NO_CENSUS,
    }
}

#[cfg(test)]
mod tests {
    use tfcensus::RuntimeChoice;
    use tfcensus::model::*;

    use super::*;

    fn report(verdict: Verdict, findings: Vec<Finding>) -> Report {
        let mut report = Report::default();
        (report.verdict, report.findings) = (verdict, findings);
        report
    }

    #[test]
    fn says_what_became_of_the_census() {
        let auto = RuntimeChoice::Auto;
        assert_eq!(of_census(&report(Verdict::Verified, vec![]), auto), 0);
        assert_eq!(of_census(&report(Verdict::Disagreement, vec![]), auto), 1);
        assert_eq!(of_census(&report(Verdict::Unverified, vec![]), auto), 3);
        assert_eq!(of_census(&report(Verdict::Unverified, vec![]), RuntimeChoice::Off), 0);
        assert_eq!(of_census(&report(Verdict::Disagreement, vec![]), RuntimeChoice::Off), 1);
    }

    #[test]
    fn a_failed_expectation_outranks_a_missing_session() {
        let failed = || {
            vec![Finding::new(
                Code::Expectation,
                Severity::Error,
                "parameters is not what was expected",
            )]
        };
        assert_eq!(of_census(&report(Verdict::Verified, failed()), RuntimeChoice::Auto), 1);
        assert_eq!(of_census(&report(Verdict::Unverified, failed()), RuntimeChoice::Auto), 1);
    }
}

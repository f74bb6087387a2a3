//! Exit codes: what scripts learn without reading.

use tfcensus::RuntimeChoice;
use tfcensus::model::{Code, Report, Verdict};

/// Verified, or files only as asked for; for `diff`, no difference.
pub const GOOD: u8 = 0;
/// Counted, but witnesses disagree or an expectation failed; for `diff`, a difference.
pub const DISAGREEMENT: u8 = 1;
/// No census: wrong usage, not a model, unreadable.
pub const NO_CENSUS: u8 = 2;
/// Counted from files, but no session could confirm it.
pub const UNCONFIRMED: u8 = 3;

/// The exit code of a census. A contradiction outranks a missing session.
pub fn code(report: &Report, asked: RuntimeChoice) -> u8 {
    let expectation_failed = report.findings.iter().any(|f| f.code == Code::Expectation);
    match report.verdict {
        Verdict::Disagreement => DISAGREEMENT,
        _ if expectation_failed => DISAGREEMENT,
        Verdict::Verified => GOOD,
        Verdict::Unverified if asked == RuntimeChoice::Off => GOOD,
        Verdict::Unverified => UNCONFIRMED,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tfcensus::RuntimeChoice;
    use tfcensus::model::*;

    use super::*;

    fn report(verdict: Verdict, findings: Vec<Finding>) -> Report {
        Report {
            model: ModelInfo { path: PathBuf::from("m"), ..ModelInfo::default() },
            totals: Totals::default(),
            not_counted: Vec::new(),
            constants: Constants::default(),
            variables: Vec::new(),
            groups: Groups::default(),
            witnesses: Vec::new(),
            runtime: RuntimeInfo {
                mode: RuntimeMode::Off,
                tensorflow_version: None,
                library: None,
                elapsed: None,
                peak_bytes: None,
                failure: None,
            },
            findings,
            verdict,
        }
    }

    #[test]
    fn says_what_became_of_the_census() {
        let auto = RuntimeChoice::Auto;
        assert_eq!(code(&report(Verdict::Verified, vec![]), auto), 0);
        assert_eq!(code(&report(Verdict::Disagreement, vec![]), auto), 1);
        assert_eq!(code(&report(Verdict::Unverified, vec![]), auto), 3);
        assert_eq!(code(&report(Verdict::Unverified, vec![]), RuntimeChoice::Off), 0);
        assert_eq!(code(&report(Verdict::Disagreement, vec![]), RuntimeChoice::Off), 1);
    }

    #[test]
    fn a_failed_expectation_outranks_a_missing_session() {
        let failed =
            || vec![Finding::new(Code::Expectation, "parameters is not what was expected")];
        assert_eq!(code(&report(Verdict::Verified, failed()), RuntimeChoice::Auto), 1);
        assert_eq!(code(&report(Verdict::Unverified, failed()), RuntimeChoice::Auto), 1);
    }
}

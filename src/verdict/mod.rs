//! From facts to everything that follows from them: findings with codes, severities and words,
//! witness statuses, and the verdict.
//!
//! Each is one function of the facts, in one file: `code`, `bearing` (severity, and which witness a
//! fact speaks against), `words`, `witness`. A new kind of fact does not compile until each of them
//! decides about it. The verdict also needs to know whether a session answered for every variable, which
//! `session_answer` in `census/report.rs` says. The program's exit code follows from the verdict.

mod bearing;
mod code;
#[cfg(test)]
mod tests;
mod witness;
mod words;

use crate::model::{Finding, Verdict};
use crate::reconcile::{Fact, VariablesReason};
use bearing::bearing;
pub(crate) use witness::{Testimony, witness};

/// The findings of a report, errors first.
pub(crate) fn findings(facts: &[Fact]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.iter().map(finding).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// Why a session over the variables was asked, in words that follow a colon.
pub(crate) fn reason_words(reason: &VariablesReason) -> String {
    words::reason(reason)
}

fn finding(fact: &Fact) -> Finding {
    let words::Words { subject, message, expected, found } = words::words(fact);
    Finding {
        code: code::code(fact),
        severity: bearing(fact).severity(),
        subject,
        message,
        expected,
        found,
    }
}

/// What the session had to say, as far as the verdict needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionAnswer {
    /// It holds every counted variable.
    Whole,
    /// It holds some of them, or there was no session.
    Lacking,
}

/// The judgement over all witnesses. A contradiction outranks what the session confirmed.
pub(crate) fn verdict(facts: &[Fact], session: SessionAnswer) -> Verdict {
    let is_contradicted = facts.iter().any(|fact| bearing(fact).is_disagreement());
    match (is_contradicted, session) {
        (true, _) => Verdict::Disagreement,
        (false, SessionAnswer::Whole) => Verdict::Verified,
        (false, SessionAnswer::Lacking) => Verdict::Unverified,
    }
}

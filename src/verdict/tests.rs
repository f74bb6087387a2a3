use super::*;
use crate::evidence::checkpoint::{Problem, ProblemKind};
use crate::model::{Code, Counts, Severity, WitnessName, WitnessStatus};
use crate::reconcile::{FileFact, KerasFact, SessionFact, Unconfirmed, WhyNot};

const ALL: [WitnessName; 4] =
    [WitnessName::Runtime, WitnessName::Checkpoint, WitnessName::Declaration, WitnessName::Keras];

fn shard(kind: ProblemKind) -> Fact {
    FileFact::Checkpoint(Problem { kind, key: None, shard: Some(0), expected: None, found: None })
        .into()
}

fn status(name: WitnessName, testimony: Testimony, facts: &[Fact]) -> WitnessStatus {
    witness(name, testimony, 1, facts, String::new()).status
}

fn saw(variables: u64) -> Testimony {
    Testimony::Saw(Counts { variables, ..Counts::default() })
}

#[test]
fn a_shard_that_cannot_be_read_is_no_agreement() {
    let facts = [shard(ProblemKind::ShardUnreadable)];
    assert_eq!(findings(&facts)[0].code, Code::FileUnreadable);
    assert_eq!(findings(&facts)[0].severity, Severity::Error);
    assert_eq!(verdict(&facts, SessionAnswer::Lacking), Verdict::Disagreement);
    assert_eq!(status(WitnessName::Checkpoint, saw(1), &facts), WitnessStatus::Contradicts);
}

#[test]
fn a_foreign_configuration_contradicts_the_model() {
    let foreign = KerasFact::ConfigLacksLayers { first: "w".into(), weights: 1, is_foreign: true };
    let facts = [foreign.into()];
    assert_eq!(verdict(&facts, SessionAnswer::Whole), Verdict::Disagreement);
    assert_eq!(status(WitnessName::Keras, saw(0), &facts), WitnessStatus::Contradicts);
    assert_eq!(status(WitnessName::Declaration, saw(1), &facts), WitnessStatus::Agrees);
}

#[test]
fn an_unreadable_index_silences_the_checkpoint() {
    let facts = [FileFact::IndexMissing.into()];
    assert_eq!(status(WitnessName::Checkpoint, saw(1), &facts), WitnessStatus::Unavailable);
    assert_eq!(verdict(&facts, SessionAnswer::Lacking), Verdict::Disagreement);
}

#[test]
fn a_library_that_is_too_old_does_not_contradict_the_model() {
    let fact = |reason: &str| {
        let reason = Some(reason.to_owned());
        Fact::from(SessionFact::NotConfirmed(Unconfirmed {
            variable: "w".into(),
            why: WhyNot::NotHeld(reason),
        }))
    };
    let old = [fact("Value for attr 'dtype': invalid DataType enum value 29")];
    assert_eq!(verdict(&old, SessionAnswer::Lacking), Verdict::Unverified);
    assert_eq!(status(WitnessName::Runtime, saw(0), &old), WitnessStatus::Partial);
    let other = [fact("it is not initialised")];
    assert_eq!(verdict(&other, SessionAnswer::Lacking), Verdict::Disagreement);
    assert_eq!(status(WitnessName::Runtime, saw(0), &other), WitnessStatus::Contradicts);
}

#[test]
fn a_contradiction_outranks_a_session_that_holds_everything() {
    assert_eq!(verdict(&[], SessionAnswer::Whole), Verdict::Verified);
    assert_eq!(verdict(&[], SessionAnswer::Lacking), Verdict::Unverified);
    let facts = [shard(ProblemKind::ChecksumMismatch)];
    assert_eq!(verdict(&facts, SessionAnswer::Whole), Verdict::Disagreement);
}

#[test]
fn a_witness_agrees_where_it_saw_every_counted_variable() {
    for name in ALL {
        assert_eq!(status(name, saw(1), &[]), WitnessStatus::Agrees);
        assert_eq!(status(name, saw(0), &[]), WitnessStatus::Partial);
        assert_eq!(status(name, Testimony::Absent, &[]), WitnessStatus::Absent);
        assert_eq!(status(name, Testimony::Unavailable, &[]), WitnessStatus::Unavailable);
    }
}

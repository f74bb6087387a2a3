//! How each witness stands to the count.

use super::bearing::bearing;
use crate::model::{Counts, Witness, WitnessName, WitnessStatus};
use crate::reconcile::Fact;

/// What a witness was heard to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Testimony {
    /// The model has no such witness, or it was not asked.
    Absent,
    /// It should be there and could not be heard.
    Unavailable,
    /// What it saw of the counted variables.
    Saw(Counts),
}

/// The witness as the report shows it. `weights` is the number of counted variables.
pub(crate) fn witness(
    name: WitnessName,
    testimony: Testimony,
    weights: u64,
    facts: &[Fact],
    detail: String,
) -> Witness {
    let counts = match testimony {
        Testimony::Saw(counts) => Some(counts),
        Testimony::Absent | Testimony::Unavailable => None,
    };
    Witness { name, status: status(name, testimony, weights, facts), counts, detail }
}

fn status(name: WitnessName, testimony: Testimony, weights: u64, facts: &[Fact]) -> WitnessStatus {
    let mut bearings = facts.iter().map(bearing);
    if bearings.clone().any(|bearing| bearing.silences(name)) {
        return WitnessStatus::Unavailable;
    }
    if bearings.any(|bearing| bearing.contradicts(name)) {
        return WitnessStatus::Contradicts;
    }
    match testimony {
        Testimony::Absent => WitnessStatus::Absent,
        Testimony::Unavailable => WitnessStatus::Unavailable,
        Testimony::Saw(counts) if counts.variables == weights => WitnessStatus::Agrees,
        Testimony::Saw(_) => WitnessStatus::Partial,
    }
}

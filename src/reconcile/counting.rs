//! What a reader should know of the count itself: what was left out and why, what is frozen, what
//! no witness knows.

use foldhash::HashSet;

use super::fact::{CountFact, Fact, VariableFact};
use super::file_facts::archive_to_try;
use super::inventory::{Confirmed, Inventory, ItemId, sum};
use super::keras_total::of_keras_total;
use crate::evidence::files::FileEvidence;
use crate::model::{Certainty, Constants, Counts, Role, Trainable};
use crate::source::Source;

/// Constants beside variables are worth a note from one parameter in so many.
const BESIDE_SHARE: u64 = 100;

/// Facts about the count of this inventory.
pub(crate) fn facts_of_count(
    source: &Source,
    inventory: &Inventory<Confirmed>,
    files: &FileEvidence<'_>,
) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let with_role = |role: Role| sum(items(inventory).filter(move |i| i.role == role));
    let with_state = |state: Trainable| {
        sum(inventory.weights().map(|(_, i)| i).filter(move |i| i.trainable == state))
    };
    let in_doubt = |item: &&Confirmed| item.trainable_is == Certainty::AtMost;
    let in_doubt = sum(inventory.weights().map(|(_, i)| i).filter(in_doubt));
    for (fact, counts) in [
        (CountFact::ExportCopies as fn(Counts) -> CountFact, with_role(Role::Duplicate)),
        (CountFact::Unrestored, with_role(Role::Unrestored)),
        (CountFact::Frozen, with_state(Trainable::Frozen)),
        (CountFact::TrainableUndetermined, with_state(Trainable::Undetermined)),
    ] {
        if counts.variables > 0 {
            facts.push(fact(counts).into());
        }
    }
    if in_doubt.variables > 0 {
        let archive = archive_to_try(source, files);
        facts.push(CountFact::FrozenUnknown { weights: in_doubt, archive }.into());
    }
    facts.extend(of_values(inventory).into_iter().map(Fact::from));
    facts.extend(of_unknown_size(inventory).into_iter().map(Fact::from));
    facts.extend(of_constants(inventory, files.constants).map(Fact::from));
    facts.extend(of_keras_total(inventory, files).map(Fact::from));
    facts.extend(of_lists(inventory, files).map(Fact::from));
    facts
}

fn items(inventory: &Inventory<Confirmed>) -> impl Iterator<Item = &Confirmed> {
    inventory.iter().map(|(_, item)| item)
}

/// Weights whose values are not what training leaves, where values were looked at.
fn of_values(inventory: &Inventory<Confirmed>) -> Vec<CountFact> {
    let mut facts = Vec::new();
    for (_, item) in inventory.weights() {
        let Some(stats) = item.stats() else { continue };
        let variable = || item.name.clone();
        if stats.nans > 0 || stats.infinities > 0 {
            let (nans, infinities) = (stats.nans, stats.infinities);
            facts.push(CountFact::NotFinite { variable: variable(), nans, infinities });
        }
        if stats.zeros > 0 && Some(stats.zeros) == item.parameters() {
            facts.push(CountFact::AllZeros(variable()));
        }
    }
    facts
}

/// Weights that cannot be in the totals.
fn of_unknown_size(inventory: &Inventory<Confirmed>) -> Vec<VariableFact> {
    let unknown = inventory.weights().map(|(_, i)| i).filter(|i| i.parameters().is_none());
    unknown
        .map(|item| match item.shape() {
            None => VariableFact::ShapeUnknown(item.name.clone()),
            Some(_) => {
                VariableFact::TooManyElements { variable: item.name.clone(), declared: None }
            }
        })
        .collect()
}

/// Constants, where they are the model's weights or many beside its variables.
fn of_constants(inventory: &Inventory<Confirmed>, constants: Constants) -> Option<CountFact> {
    let Constants { tensors, parameters, bytes } = constants;
    let constants = Counts { variables: tensors, parameters, bytes };
    let mut sizes = inventory.weights().filter_map(|(_, i)| i.size()).peekable();
    if sizes.peek().is_none() {
        return Some(match parameters {
            0 => CountFact::NoVariables,
            _ => CountFact::FrozenConstants(constants),
        });
    }
    let counted = sizes.fold(0u64, |sum, (.., parameters)| sum.saturating_add(parameters));
    let is_large = tensors > 0 && parameters.saturating_mul(BESIDE_SHARE) >= counted;
    is_large.then_some(CountFact::ConstantsBeside(constants))
}

/// Weights that the root's own lists leave out, which Keras therefore does not print.
fn of_lists(inventory: &Inventory<Confirmed>, files: &FileEvidence<'_>) -> Option<CountFact> {
    let (_, facts) = files.objects.as_ref().filter(|(_, f)| !f.lists.root.is_empty())?;
    let listed: HashSet<ItemId> =
        facts.lists.root.keys().filter_map(|object| inventory.of_object(*object)).collect();
    let left_out = inventory.weights().filter(|(id, _)| !listed.contains(id));
    let left_out = sum(left_out.map(|(_, item)| item));
    (left_out.variables > 0).then_some(CountFact::ListIncomplete(left_out))
}

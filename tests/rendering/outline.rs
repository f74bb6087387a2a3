//! The rows of the tree that are shown.

use tfcensus::internals::outline::{Row, SCREENFUL, Shown, outline};
use tfcensus::model::GroupId;
use tfcensus::select::Sort;

use crate::build::{flat, layer, nested, report};

fn groups(rows: &[Row<'_>]) -> usize {
    rows.iter().filter(|row| matches!(row.what, Shown::Group(..))).count()
}

#[test]
fn shows_all_of_a_small_tree() {
    // 1 + 2 + 4 + 8 groups.
    assert_eq!(outline(&nested(3, 2), None, Sort::Model).len(), 15);
}

#[test]
fn stops_where_the_next_level_exceeds_a_screenful() {
    let report = nested(6, 2);
    // 31 rows down to the fourth level, 63 down to the fifth.
    assert_eq!(outline(&report, None, Sort::Model).len(), 31);
    assert_eq!(outline(&report, Some(6), Sort::Model).len(), 127);
    assert_eq!(outline(&report, Some(0), Sort::Model).len(), 1);
}

#[test]
fn rolls_up_the_smallest_siblings_of_a_wide_model() {
    let report = flat(100);
    let rows = outline(&report, None, Sort::Model);
    assert_eq!(rows.len(), SCREENFUL);
    assert_eq!(groups(&rows), SCREENFUL - 1);
    let Some(Row { what: Shown::Rest(rest), .. }) = rows.last() else { panic!("no rest") };
    // 38 layers are shown: 63..=100. The rest is 1 + ... + 62.
    assert_eq!(rest.groups, 62);
    assert_eq!(rest.counts.parameters, 62 * 63 / 2);
    assert_eq!(rest.trainable, rest.counts.parameters);
}

#[test]
fn counts_a_shared_layer_once_in_a_rolled_up_row() {
    let mut root = layer("root", "Model");
    for i in 0..60 {
        root = root.child(layer(&format!("big_{i}"), "Dense").weight("w", &[10]));
    }
    root = root.child(layer("small", "Dense").weight("w", &[1]));
    root = root.child(layer("small_again", "").again("small"));
    let report = report(&root);
    let rows = outline(&report, None, Sort::Model);
    let Some(Row { what: Shown::Rest(rest), .. }) = rows.last() else { panic!("no rest") };
    // 62 children, 38 shown; 22 big ones and both visits of the small one are rolled up.
    assert_eq!(rest.groups, 24);
    assert_eq!(rest.counts.parameters, 22 * 10 + 1);
    assert!(rest.shared);
}

#[test]
fn orders_siblings() {
    let report = flat(5);
    let first = |sort| match outline(&report, None, sort)[1].what {
        Shown::Group(_, group, _) => group.name.clone(),
        Shown::Rest(_) => panic!("nothing is rolled up"),
    };
    assert_eq!(first(Sort::Model), "layer_1");
    assert_eq!(first(Sort::Parameters), "layer_5");
    assert_eq!(first(Sort::Name), "layer_1");
}

#[test]
fn cycles_and_missing_groups_are_ignored() {
    let mut report = flat(3);
    report.groups.nodes[2].children = vec![GroupId(0), GroupId(2), GroupId(99)];
    assert_eq!(outline(&report, Some(9), Sort::Model).len(), 4);
}

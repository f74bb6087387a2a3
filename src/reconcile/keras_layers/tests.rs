use super::judge::{Circumstances, Pair, Seen, judge};
use super::layer_check::LayerCheck;
use crate::evidence::keras::{ExpectedVariable, Presence};
use crate::model::Shape;
use crate::reconcile::layer_difference::{LayerDifference, LayerMismatch};
use crate::saved_model::DeclaredShape;

fn expected(name: &'static [&'static str], dims: &[i64], presence: Presence) -> ExpectedVariable {
    ExpectedVariable {
        holders: Vec::new(),
        names: name,
        presence,
        shape: DeclaredShape::Dims(dims.to_vec()),
        trainable: true,
    }
}

fn variable(dims: &[u64]) -> Seen {
    Seen::Variable(Shape(dims.to_vec()), Some(true))
}

/// Whether a layer with a kernel of `[?, 10]` and a bias of `[10]` is derived, and how it differs.
fn told(
    bias: Presence,
    circumstances: Circumstances,
    kernel_seen: Seen,
    bias_seen: Seen,
) -> (bool, Vec<String>) {
    let kernel = expected(&["kernel"], &[-1, 10], Presence::Always);
    let bias = expected(&["bias"], &[10], bias);
    let pairs: [Pair<'_>; 2] = [(&kernel, kernel_seen), (&bias, bias_seen)];
    let (is_derived, differences) = judge(circumstances, &pairs);
    let words = differences.into_iter().map(|(variable, mismatch)| {
        let what = match mismatch {
            LayerMismatch::Shape { expected, found } => format!("{expected} not {found}"),
            LayerMismatch::Missing(expected) => format!("{expected} missing"),
            LayerMismatch::Extra(found) => format!("{found} extra"),
            LayerMismatch::Flag { expected, found } => format!("trainable {expected} not {found}"),
        };
        format!("{} {what}", variable.path())
    });
    (is_derived, words.collect())
}

fn differs(words: &str) -> (bool, Vec<String>) {
    (true, vec![words.to_owned()])
}

#[test]
fn a_layer_is_derived_where_all_that_is_known_fits() {
    let plain = Circumstances::default();
    let fits = (true, Vec::new());
    assert_eq!(told(Presence::Always, plain, variable(&[84, 10]), variable(&[10])), fits);
    assert_eq!(told(Presence::Never, plain, variable(&[84, 10]), Seen::Nothing), fits);
    assert_eq!(told(Presence::Maybe, plain, variable(&[84, 10]), Seen::Nothing), fits);
    let others = Circumstances { has_others: true, ..plain };
    let derived = told(Presence::Always, others, variable(&[84, 10]), variable(&[10]));
    assert_eq!(derived, (false, Vec::new()));
}

#[test]
fn shapes_missing_extra_and_flags_are_told_apart() {
    let plain = Circumstances::default();
    assert_eq!(
        told(Presence::Always, plain, variable(&[84, 12]), variable(&[10])),
        differs("kernel [?, 10] not [84, 12]")
    );
    assert_eq!(
        told(Presence::Always, plain, variable(&[84, 10]), Seen::Nothing),
        differs("bias [10] missing")
    );
    assert_eq!(
        told(Presence::Never, plain, variable(&[84, 10]), variable(&[10])),
        differs("bias [10] extra")
    );
    let frozen = || Seen::Variable(Shape(vec![84, 10]), Some(false));
    assert_eq!(
        told(Presence::Always, plain, frozen(), variable(&[10])),
        differs("kernel trainable true not false")
    );
    let follows = Circumstances { flags_follow_layer: true, ..plain };
    assert_eq!(told(Presence::Always, follows, frozen(), variable(&[10])), (true, Vec::new()));
}

#[test]
fn what_is_unclear_is_no_contradiction() {
    let plain = Circumstances::default();
    let unclear = (false, Vec::new());
    assert_eq!(told(Presence::Always, plain, Seen::Unclear, variable(&[3])), unclear);
    assert_eq!(told(Presence::Always, plain, Seen::Nothing, Seen::Nothing), unclear);
    let wrapped = Circumstances { may_be_wrapped: true, ..plain };
    assert_eq!(told(Presence::Always, wrapped, Seen::Nothing, variable(&[10])), unclear);
}

#[test]
fn many_differences_are_counted_and_not_listed() {
    let mut check = LayerCheck::default();
    let difference = LayerDifference {
        layer: "d".into(),
        class: "Dense".into(),
        variable: "bias".into(),
        mismatch: LayerMismatch::Missing(DeclaredShape::Dims(vec![1])),
    };
    check.add(true, vec![difference; 100]);
    check.add(false, Vec::new());
    assert_eq!((check.layers, check.derived, check.facts().count()), (2, 1, 21));
}

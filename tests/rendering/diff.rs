//! Differences between two models.

use tfcensus::diff::{ChangeKind, Diff, diff};
use tfcensus::expect::Quantity;
use tfcensus::model::{DType, Trainable};
use tfcensus::render::View;
use tfcensus::render::diff::{DiffFormat, write};

use crate::build::{self, Layer, layer, report};
use crate::common::golden::check;

fn show(diff: &Diff, format: DiffFormat) -> String {
    let mut out = Vec::new();
    write(diff, format, &View::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn base(trainable: Trainable) -> Layer {
    layer("base", "Functional")
        .child(layer("conv", "Conv2D").with("kernel", &[3, 3, 3, 8], trainable))
        .child(layer("conv_1", "Conv2D").with("kernel", &[3, 3, 8, 8], trainable))
}

fn kinds(diff: &Diff) -> Vec<(ChangeKind, u64)> {
    ChangeKind::ALL.iter().map(|k| (*k, diff.count(*k))).filter(|(_, n)| *n > 0).collect()
}

#[test]
fn a_model_does_not_differ_from_itself() {
    for model in [build::transfer(), build::hostile(), build::encoder(3), build::frozen_graph()] {
        let diff = diff(&model, &model);
        assert!(diff.is_empty());
        assert_eq!(diff.unchanged, model.totals.all.variables);
    }
}

#[test]
fn a_fine_tuned_copy_has_a_frozen_base_and_a_new_head() {
    let head = |name: &str, classes| {
        layer(name, "Dense").weight("kernel", &[8, classes]).weight("bias", &[classes])
    };
    let before = layer("m", "Functional").child(base(Trainable::Yes)).child(head("top", 1000));
    let after = layer("m", "Functional").child(base(Trainable::Frozen)).child(head("mine", 5));
    let diff = diff(&report(&before), &report(&after));
    use ChangeKind::{Added, Frozen, Removed};
    assert_eq!(kinds(&diff), [(Added, 2), (Removed, 2), (Frozen, 2)]);
    assert_eq!(diff.unchanged, 0);
    let paths: Vec<&str> = diff.groups.iter().map(|group| group.path.as_str()).collect();
    assert_eq!(paths, ["", "base", "base/conv", "base/conv_1", "mine", "top"]);
    let total = diff.totals.iter().find(|t| t.quantity == Quantity::Parameters).unwrap();
    // 216 + 576 in the base; 8 * 1000 + 1000 and 8 * 5 + 5 in the heads.
    assert_eq!((total.before, total.after), (792 + 9000, 792 + 45));
    check("diff.fine_tuned.txt", &show(&diff, DiffFormat::Text));
    check("diff.fine_tuned.md", &show(&diff, DiffFormat::Markdown));
    check("diff.fine_tuned.json", &show(&diff, DiffFormat::Json));
}

#[test]
fn what_one_side_cannot_know_is_no_change() {
    // Live, the base and the head are frozen: 3 of 41 are trainable. The other save has at most 37.
    use Trainable::{Frozen, No};
    let base = layer("base", "").with("kernel", &[6, 4], Frozen).with("moving_mean", &[4], No);
    let head = layer("head", "").with("kernel", &[4, 2], Frozen).with("bias", &[2], Frozen);
    let net = layer("net", "").child(base).child(head);
    let scale = layer("scale", "").weight("scale", &[3]);
    let exact = report(&layer("module", "").child(net).child(scale));
    let bound = build::no_traces();
    for (before, after, which) in
        [(&exact, &bound, "the second model"), (&bound, &exact, "the first model")]
    {
        let diff = diff(before, after);
        assert!(diff.is_empty(), "{diff:?}");
        for format in [DiffFormat::Text, DiffFormat::Markdown] {
            let text = show(&diff, format);
            assert!(text.contains("No difference in 5 variables"), "{text}");
            assert!(text.contains("at most 37") && text.contains("unknown"), "{text}");
            let remark = format!("only an upper bound in {which}");
            assert!(text.contains(&remark), "{text}");
        }
        let json: serde_json::Value = serde_json::from_str(&show(&diff, DiffFormat::Json)).unwrap();
        let side = if which == "the second model" { "after" } else { "before" };
        assert_eq!(json[side]["trainable_is"], "at_most");
        assert_eq!(json["totals"]["trainable"][side], 37);
    }
    check("diff.no_traces.txt", &show(&diff(&exact, &bound), DiffFormat::Text));
    // More than the bound is a difference, whatever the truth behind the bound is.
    let mut more = exact;
    more.totals.trainable.parameters = 38;
    assert!(!diff(&more, &bound).is_empty());
    assert!(show(&diff(&more, &bound), DiffFormat::Text).contains("changed"));
}

#[test]
fn variables_inside_a_new_wrapper_have_moved() {
    let before = report(&layer("m", "").child(base(Trainable::Yes)));
    let wrapped = layer("wrapper", "Model").child(base(Trainable::Yes));
    let mut after = report(&layer("m", "").child(wrapped));
    for variable in &mut after.variables {
        variable.name = format!("wrapper/{}", variable.name);
    }
    let diff = diff(&before, &after);
    assert_eq!(kinds(&diff), [(ChangeKind::Moved, 2)]);
}

#[test]
fn reshaped_retyped_and_thawed_are_different_changes() {
    let before = report(&layer("m", "").child(base(Trainable::No)));
    let mut after = report(
        &layer("m", "").child(
            layer("base", "Functional")
                .child(layer("conv", "Conv2D").with("kernel", &[3, 3, 3, 16], Trainable::No))
                .child(layer("conv_1", "Conv2D").with("kernel", &[3, 3, 8, 8], Trainable::Yes)),
        ),
    );
    after.variables[1].dtype = DType::from_name("float16").unwrap();
    let diff = diff(&before, &after);
    assert_eq!(diff.variables[0].kinds, [ChangeKind::Reshaped]);
    assert_eq!(diff.variables[1].kinds, [ChangeKind::Retyped, ChangeKind::Thawed]);
}

#[test]
fn one_more_of_many_equal_weights_is_one_addition() {
    let stack = |n| {
        (0..n).fold(layer("m", ""), |m, i| {
            m.child(layer(&format!("dense_{i}"), "Dense").weight("kernel", &[4, 4]))
        })
    };
    let diff = diff(&report(&stack(5)), &report(&stack(6)));
    assert_eq!(kinds(&diff), [(ChangeKind::Added, 1)]);
    assert_eq!(diff.variables[0].after.as_ref().unwrap().name, "dense_5/kernel:0");
}

#[test]
fn no_control_character_reaches_a_terminal() {
    let diff = diff(&build::transfer(), &build::hostile());
    for format in [DiffFormat::Text, DiffFormat::Markdown] {
        let text = show(&diff, format);
        let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200b}' | '\u{202e}');
        assert!(!text.contains(bad), "{format:?}");
        assert!(format == DiffFormat::Markdown || !text.contains("\x1b"));
    }
}

#[test]
fn summaries_fit_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    let diff = diff(&build::encoder(6), &build::hostile());
    for width in [40, 80, 120] {
        let mut out = Vec::new();
        let view = View { width, ..View::default() };
        write(&diff, DiffFormat::Text, &view, &mut out).unwrap();
        for line in String::from_utf8(out).unwrap().lines() {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
}

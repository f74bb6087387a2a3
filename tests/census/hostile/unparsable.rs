//! Files of which a census could read all that it needs, and that TensorFlow refuses to parse.

use std::fs;

use super::model::Model;
use super::{FIXTURE, count};
use crate::common::protobuf::Message;
use crate::common::saved_model::node;

#[test]
fn what_no_parser_reads_is_verified_by_no_session() {
    // An attribute that nothing asks for, with a wire type that does not exist.
    let damaged = Message(vec![0x0e, 0]);
    let model = Model::of(FIXTURE.0).add(&[node("x", "NoOp", &[], &[("_x", damaged)])], &[], None);
    for runtime in ["auto", "load", "variables"] {
        let census = count(&model.path(), &["--runtime", runtime]);
        assert_eq!(census.code, Some(2), "{runtime}: {}", census.stderr);
        assert!(census.stderr.contains("impossible wire type"), "{}", census.stderr);
    }
}

#[test]
fn a_text_form_that_tensorflow_refuses_is_not_verified_over_the_variables_alone() {
    let model = Model::of("text");
    let file = model.path().join("saved_model.pbtxt");
    // A field that no version has: this program skips it, TensorFlow's parser of text does not.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("no_such_field: 3\n{text}")).unwrap();
    let census = count(&model.path(), &[]);
    assert_eq!(census.code, Some(3), "{}", census.stderr);
    assert_eq!(census.report["verdict"], "unverified");
    assert!(census.stderr.contains("as text proto"), "{}", census.stderr);
}

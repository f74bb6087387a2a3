//! The tree of a Keras 3 model that `tf.saved_model.save` wrote: by attributes, or by scopes.

use super::{GroupBy, Options, SidecarFiles, of_bytes};
use crate::testkit::protobuf::bytes;
use crate::testkit::saved_model::{ObjectGraphBytes, object, saved_model, variable};

/// The names of the groups in reading order, below a root that holds `block` under this attribute.
fn tree(held_as: &str, list: &str) -> Vec<String> {
    let user = "_generic_user_object";
    let objects = vec![
        object(user, &[("_inbound_nodes", 1), ("_outbound_nodes", 1), (held_as, 2)]),
        object("trackable_list_wrapper", &[]),
        object(list, &[("dense", 3), ("0", 3)]),
        object(user, &[("kernel", 4)]),
        variable("sub/kernel", &[3, 2], true),
    ];
    let graph = ObjectGraphBytes::new(objects);
    let model = saved_model(bytes(7, graph.0));
    let options = Options::default().group_by(GroupBy::Auto);
    let report = of_bytes(model, SidecarFiles::default(), &options).unwrap();
    assert_eq!(report.totals.all.parameters, 3 * 2);
    report.groups.nodes.iter().map(|group| group.name.clone()).collect()
}

#[test]
fn attributes_of_a_subclassed_model_tell_more_than_its_names() {
    assert_eq!(tree("block", "_generic_user_object"), ["model", "block", "dense"]);
}

#[test]
fn places_in_the_lists_of_keras_tell_nothing() {
    assert_eq!(tree("_operations", "trackable_list_wrapper"), ["model", "sub"]);
}

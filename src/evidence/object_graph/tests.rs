use super::*;
use crate::testkit::saved_model::{Object, ObjectGraphBytes, object, variable};

fn roles(objects: ObjectGraphBytes) -> Vec<(String, Role)> {
    let graph = objects.decode();
    let facts = read(&graph);
    facts
        .variables
        .iter()
        .map(|(id, role)| (graph.variable(*id).unwrap().name.to_owned(), *role))
        .collect()
}

fn is(name: &str, role: Role) -> (String, Role) {
    (name.to_owned(), role)
}

#[test]
fn counts_what_attributes_lead_to_once() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("_generic_user_object", &[("a", 1), ("again", 1), ("child", 2)]),
        variable("w", &[3], true),
        object("_generic_user_object", &[("a", 1), ("parent", 0)]),
    ]));
    assert_eq!(got, [is("w", Role::Weight)]);
}

#[test]
fn excludes_optimizer_metric_and_generator_state() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("_tf_keras_model", &[("w", 1), ("optimizer", 2), ("m", 4), ("g", 6)]),
        variable("w", &[3], true),
        // A new optimizer is told by its children; it refers back to the weight.
        object("any", &[("_variables", 8), ("_iterations", 3), ("w", 1)]),
        variable("iteration", &[], false),
        object("_tf_keras_metric", &[("total", 5)]),
        variable("total", &[], false),
        object("_generic_user_object", &[("_state_var", 7)]),
        variable("state", &[3], false),
        object("trackable_list_wrapper", &[("0", 3), ("1", 9)]),
        variable("m/w", &[3], false),
    ]));
    assert_eq!(
        got,
        [
            is("w", Role::Weight),
            is("iteration", Role::Optimizer),
            is("total", Role::Metric),
            is("state", Role::Rng),
            is("m/w", Role::Optimizer),
        ]
    );
}

#[test]
fn the_states_of_a_recurrent_layer_are_no_weights() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("_tf_keras_rnn_layer", &[("cell", 1), ("keras_api", 3)]),
        object("_tf_keras_layer", &[("kernel", 2)]),
        variable("kernel", &[3, 20], true),
        object("_generic_user_object", &[("states", 4)]),
        object("trackable_list_wrapper", &[("0", 5)]),
        variable("Variable", &[2, 5], true),
    ]));
    assert_eq!(got, [is("kernel", Role::Weight), is("Variable", Role::State)]);
}

#[test]
fn keras_3_keeps_the_states_of_recurrent_layers_beside_their_cell() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("_generic_user_object", &[("lstm", 1), ("custom", 6)]),
        object(
            "_generic_user_object",
            &[("cell", 2), ("states", 4), ("_inbound_nodes", 8), ("_outbound_nodes", 8)],
        ),
        object("_generic_user_object", &[("kernel", 3)]),
        variable("kernel", &[3, 20], true),
        object("trackable_list_wrapper", &[("0", 5)]),
        variable("lstm/rnn_state", &[2, 5], false),
        // A layer of another kind may call its weights so.
        object(
            "_generic_user_object",
            &[("states", 7), ("_inbound_nodes", 8), ("_outbound_nodes", 8)],
        ),
        object("trackable_list_wrapper", &[("0", 9)]),
        object("trackable_list_wrapper", &[]),
        variable("states", &[7], true),
    ]));
    let roles: Vec<Role> = got.into_iter().map(|(_, role)| role).collect();
    assert_eq!(roles, [Role::Weight, Role::State, Role::Weight]);
}

#[test]
fn what_keeps_slots_is_an_optimizer_with_all_that_it_holds() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("any", &[("w", 1), ("optimizer", 2)]),
        variable("w", &[3], true),
        object("any", &[("beta1_power", 3)]).keeps(1, "m", 4),
        variable("beta1_power", &[], false),
        variable("w/Adam", &[3], false),
    ]));
    let roles: Vec<Role> = got.into_iter().map(|(_, role)| role).collect();
    assert_eq!(roles, [Role::Weight, Role::Optimizer, Role::Optimizer]);
}

#[test]
fn what_a_tpu_embedding_keeps_beside_its_parameters_is_state() {
    let with = |configuration: &str| {
        let got = roles(ObjectGraphBytes::new(vec![
            object("any", &[("embedding", 1)]),
            object(
                "any",
                &[("_variables", 2), ("_table_config", 4), (configuration, 4), ("t/momenta", 6)],
            ),
            object("trackable_dict_wrapper", &[("t", 3)]),
            object("trackable_dict_wrapper", &[("momenta", 6), ("parameters", 5), ("other", 7)]),
            object("trackable_list_wrapper", &[]),
            variable("t", &[7, 3], true),
            variable("t/momenta", &[7, 3], false),
            variable("t/other", &[3], false),
        ]));
        got.into_iter().map(|(_, role)| role).collect::<Vec<_>>()
    };
    assert_eq!(with("_feature_config"), [Role::Weight, Role::Optimizer, Role::Weight]);
    assert_eq!(with("config"), [Role::Weight; 3]);
}

#[test]
fn a_list_of_an_optimizers_variables_and_nothing_else_is_the_optimizer() {
    let with = |last: Object| {
        roles(ObjectGraphBytes::new(vec![
            object("any", &[("w", 1), ("kept", 2)]),
            variable("w", &[3], true),
            object("trackable_list_wrapper", &[("0", 3), ("1", 4)]),
            variable("adam/iteration", &[], false).integer(),
            last,
        ]))
    };
    for (last, role) in [
        (variable("adam/w_momentum", &[3], false), Role::Optimizer),
        (variable("adam/w_momentum", &[3], true), Role::Weight),
        (variable("w/mean", &[3], false), Role::Weight),
    ] {
        let got = with(last);
        assert_eq!((got[1].1, got[2].1), (role, role), "{}", got[2].0);
    }
}

#[test]
fn a_collection_of_an_exports_own_holds_copies_where_the_weights_are_elsewhere() {
    let with = |all: &[(&str, u64)]| {
        roles(ObjectGraphBytes::new(vec![
            object("any", &[("variables", 1), ("head", 2), ("_all_variables", 3)]),
            object("trackable_list_wrapper", &[("0", 4), ("1", 5)]),
            object("trackable_list_wrapper", &[("0", 6)]),
            object("trackable_list_wrapper", all),
            variable("kernel", &[3], true),
            variable("head", &[5], true),
            variable("head", &[5], true),
            variable("kernel", &[3], true),
        ]))
    };
    let roles_of = |got: Vec<(String, Role)>| got.into_iter().map(|(_, r)| r).collect::<Vec<_>>();
    use Role::{Duplicate, Weight};
    // The export's own list has copies of both, one of them through the collection.
    let got = with(&[("0", 7), ("1", 6)]);
    assert_eq!(roles_of(got), [Weight, Weight, Duplicate, Duplicate]);
    // The collection holds a weight that the export has a copy of: nothing is left to pair it.
    let got = with(&[("0", 4), ("1", 5), ("2", 6)]);
    assert_eq!(roles_of(got)[..3], [Weight, Weight, Weight]);
}

#[test]
fn a_layer_of_keras_3_is_told_by_the_lists_of_its_nodes() {
    let layer = |edges: &[(&str, u64)]| {
        let graph = ObjectGraphBytes::new(vec![
            object("_generic_user_object", edges),
            object("trackable_list_wrapper", &[]),
            variable("kernel", &[3], true),
        ]);
        let graph = graph.decode();
        let kernel = graph.ids().find(|id| graph.variable(*id).is_some()).unwrap();
        read(&graph).may_be_frozen.get(kernel)
    };
    let nodes = [("_inbound_nodes", 1), ("_outbound_nodes", 1), ("kernel", 2)];
    assert!(layer(&nodes));
    assert!(!layer(&nodes[..2]));
    assert!(!layer(&nodes[1..]));
}

#[test]
fn only_layers_of_keras_3_and_their_exports_freeze_without_a_trace() {
    let may_be_frozen = |objects| {
        let graph = ObjectGraphBytes::new(objects);
        let graph = graph.decode();
        let facts = read(&graph);
        facts.variables.iter().map(|(id, _)| facts.may_be_frozen.get(*id)).collect::<Vec<_>>()
    };
    // A module with a variable of its own, around a layer whose kernel is in a module inside.
    let layer = [("_inbound_nodes", 2), ("_outbound_nodes", 2), ("inner", 3)];
    let module = vec![
        object("_generic_user_object", &[("layer", 1), ("scale", 5)]),
        object("_generic_user_object", &layer),
        object("trackable_list_wrapper", &[]),
        object("_generic_user_object", &[("kernel", 4)]),
        variable("kernel", &[3], true),
        variable("scale", &[2], true),
    ];
    assert_eq!(may_be_frozen(module), [true, false]);
    let export = vec![
        object("_generic_user_object", &[("_all_variables", 1)]),
        object("trackable_list_wrapper", &[("0", 2)]),
        variable("kernel", &[3], true),
    ];
    assert_eq!(may_be_frozen(export), [true]);
}

#[test]
fn keras_2_prints_its_list_and_keras_3_the_weights_and_a_built_optimizer() {
    let printed = |objects| format!("{:?}", read(&ObjectGraphBytes::new(objects).decode()).printed);
    let listed = |root: &str| {
        printed(vec![
            object(root, &[("variables", 1)]),
            object("trackable_list_wrapper", &[("0", 2)]),
            variable("kernel", &[3], true),
        ])
    };
    assert_eq!(listed("_tf_keras_model"), "Listed([NodeId(2)])");
    assert_eq!(listed("_generic_user_object"), "Unknown");
    let trained = |root: &[(&str, u64)], built_for: &[(&str, u64)]| {
        let optimizer = [("_variables", 2), ("_iterations", 3), ("_trainable_variables", 4)];
        printed(vec![
            object("_generic_user_object", root),
            object("_generic_user_object", &optimizer),
            object("trackable_list_wrapper", &[("0", 3)]),
            variable("adam/iteration", &[], false),
            object("trackable_list_wrapper", built_for),
            variable("kernel", &[3], true),
        ])
    };
    let model = [("kernel", 5), ("optimizer", 1), ("_inbound_nodes", 2), ("_outbound_nodes", 2)];
    assert_eq!(trained(&model, &[("0", 5)]), "WeightsAnd([NodeId(3)])");
    assert_eq!(trained(&model, &[]), "Unknown");
    assert_eq!(trained(&model[..2], &[("0", 5)]), "Unknown");
}

#[test]
fn what_only_a_flat_list_holds_is_a_weight_unless_an_optimizer_has_it() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("_tf_keras_layer", &[("variables", 1), ("keras_api", 2), ("opt", 4)]),
        object("trackable_list_wrapper", &[("0", 3), ("1", 5)]),
        object("_generic_user_object", &[]),
        variable("only/listed", &[2], true),
        object("optimizer", &[("iter", 5)]),
        variable("iter", &[], false),
    ]));
    assert_eq!(got, [is("only/listed", Role::Weight), is("iter", Role::Optimizer)]);
}

#[test]
fn pairs_each_export_copy_with_one_weight() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("_generic_user_object", &[("variables", 1), ("_all_variables", 2)]),
        object("trackable_list_wrapper", &[("0", 3), ("1", 4)]),
        object("trackable_list_wrapper", &[("0", 5), ("1", 6), ("2", 7), ("3", 8)]),
        variable("d/kernel", &[2, 2], true),
        variable("s/seed_generator_state", &[2], false),
        variable("d/kernel", &[2, 2], true),
        variable("s/seed_generator_state", &[2], false),
        // Same name and shape, but no second weight to be a copy of.
        variable("d/kernel", &[2, 2], true),
        variable("other", &[5], true),
    ]));
    assert_eq!(
        got,
        [
            is("d/kernel", Role::Weight),
            is("s/seed_generator_state", Role::Rng),
            is("d/kernel", Role::Duplicate),
            is("s/seed_generator_state", Role::Duplicate),
            is("d/kernel", Role::Weight),
            is("other", Role::Weight),
        ]
    );
}

#[test]
fn reads_counters_only_where_they_are_scalar_integers() {
    let got = roles(ObjectGraphBytes::new(vec![
        object("x", &[("a", 1), ("b", 2), ("c", 3)]),
        variable("save_counter", &[], false).integer(),
        variable("global_step", &[4], false).integer(),
        variable("train/global_step", &[], false),
    ]));
    assert_eq!(
        got,
        [
            is("save_counter", Role::Counter),
            is("global_step", Role::Weight),
            is("train/global_step", Role::Weight),
        ]
    );
}

#[test]
fn lists_speak_for_what_they_hold() {
    let graph_bytes = ObjectGraphBytes::new(vec![
        object(
            "_tf_keras_model",
            &[("variables", 1), ("trainable_variables", 2), ("a", 3), ("b", 4), ("c", 5)],
        ),
        object("trackable_list_wrapper", &[("0", 3), ("1", 4)]),
        object("trackable_list_wrapper", &[("0", 3)]),
        variable("a", &[1], true),
        variable("b", &[1], true),
        variable("c", &[1], true),
    ]);
    let graph = graph_bytes.decode();
    let facts = read(&graph);
    assert_eq!(facts.lists.says(NodeId(3)), Some(true));
    assert_eq!(facts.lists.says(NodeId(4)), Some(false));
    assert_eq!(facts.lists.says(NodeId(5)), None);
}

#[test]
fn the_outermost_keras_objects_speak_where_the_root_is_none() {
    let model = |trainable, held: [u64; 2]| {
        let [first, second] = held;
        object(
            "_tf_keras_sequential",
            &[("variables", 4), ("trainable_variables", trainable), ("a", first), ("b", second)],
        )
    };
    let graph_bytes = ObjectGraphBytes::new(vec![
        object("_generic_user_object", &[("parts", 1), ("free", 9)]),
        object("trackable_dict_wrapper", &[("one", 2), ("two", 3)]),
        model(5, [7, 8]),
        model(6, [7, 8]),
        object("trackable_list_wrapper", &[("0", 7), ("1", 8), ("2", 10)]),
        object("trackable_list_wrapper", &[("0", 7)]),
        object("trackable_list_wrapper", &[("0", 10)]),
        variable("a", &[1], true),
        variable("b", &[1], true),
        variable("free", &[1], true),
        variable("c", &[1], true),
    ]);
    let graph = graph_bytes.decode();
    let lists = read(&graph).lists;
    assert!(lists.root.is_empty());
    // Each model trains one, none trains `b`, and nobody speaks of `free`.
    let said = [7, 8, 9, 10].map(|id| lists.says(NodeId(id)));
    assert_eq!(said, [Some(true), Some(false), None, Some(true)]);
}

#[test]
fn a_list_overrules_a_role_that_a_name_tells() {
    let with = |list: &str| {
        let got = roles(ObjectGraphBytes::new(vec![
            object("_tf_keras_model", &[(list, 1), ("step", 2), ("seed", 3)]),
            object("trackable_list_wrapper", &[("0", 2), ("1", 3)]),
            variable("global_step", &[], true).integer(),
            variable("seed_generator_state", &[2], true),
        ]));
        got.into_iter().map(|(_, role)| role).collect::<Vec<_>>()
    };
    assert_eq!(with("held"), [Role::Counter, Role::Rng]);
    assert_eq!(with("variables"), [Role::Weight, Role::Rng]);
    assert_eq!(with("trainable_variables"), [Role::Weight, Role::Weight]);
}

#[test]
fn tells_keras_3_by_what_its_operations_or_its_exports_hold() {
    let is_keras_3 = |identifier: &str, edges: &[&str]| {
        let edges: Vec<(&str, u64)> = edges.iter().map(|name| (*name, 1)).collect();
        let objects = vec![object(identifier, &edges), object("trackable_list_wrapper", &[])];
        read(&ObjectGraphBytes::new(objects).decode()).is_keras_3
    };
    assert!(is_keras_3("_generic_user_object", &["_inbound_nodes", "_outbound_nodes"]));
    assert!(is_keras_3("_generic_user_object", &["_all_variables"]));
    assert!(!is_keras_3("_generic_user_object", &["_inbound_nodes"]));
    assert!(!is_keras_3("_tf_keras_layer", &["_inbound_nodes", "_outbound_nodes"]));
}

#[test]
fn two_to_the_sixtieth_paths_are_walked_once() {
    let mut objects: Vec<_> =
        (1..=60).map(|next| object("_generic_user_object", &[("l", next), ("r", next)])).collect();
    objects.push(variable("deep", &[7], true));
    assert_eq!(roles(ObjectGraphBytes::new(objects)), [is("deep", Role::Weight)]);
}

"""A small SavedModel in which every construct occurs that the decoders know: most mutations of it meet
something that a census looks at."""


def saved_model(SavedModel):
    from tensorflow.core.framework.variable_pb2 import VariableDef

    model = SavedModel(saved_model_schema_version=1)
    for tags in (["serve"], ["train", "gpu"]):
        meta = model.meta_graphs.add()
        meta.meta_info_def.tags.extend(tags)
        meta.meta_info_def.tensorflow_version = "2.21.0"
        meta.saver_def.restore_op_name = "restore"
        add_signatures(meta)
        add_collections(meta, VariableDef)
        add_graph(meta.graph_def)
        add_objects(meta.object_graph_def)
        for name, file in (("path:0", "vocabulary.txt"), ("other:0", "../elsewhere")):
            meta.asset_file_def.add(filename=file).tensor_info.name = name
    return model


def add_signatures(meta):
    serving = meta.signature_def["serving_default"]
    serving.inputs["x"].name = "x:0"
    serving.outputs["dense"].name = "y:1"
    sparse = serving.outputs["sparse"].coo_sparse
    sparse.values_tensor_name, sparse.indices_tensor_name = "v:0", "i:0"
    sparse.dense_shape_tensor_name = "s:0"
    parts = serving.outputs["ragged"].composite_tensor
    parts.components.add().name = "part:0"
    parts.components.add().composite_tensor.components.add().name = "inner:0"
    meta.signature_def["__saved_model_init_op"].outputs["op"].name = "init"


def add_collections(meta, VariableDef):
    part = VariableDef(variable_name="w/part_0:0")
    part.save_slice_info_def.full_name = "w"
    part.save_slice_info_def.full_shape.extend([10, 4])
    part.save_slice_info_def.var_offset.extend([0, 0])
    part.save_slice_info_def.var_shape.extend([5, 4])
    whole = VariableDef(variable_name="b:0", initializer_name="b/Assign")
    for name in ("variables", "trainable_variables"):
        values = [part.SerializeToString(), whole.SerializeToString()]
        meta.collection_def[name].bytes_list.value.extend(values)
    for name in ("saved_model_main_op", "legacy_init_op", "train_op"):
        meta.collection_def[name].node_list.value.append(name + "_node")


def add_graph(graph):
    handle = graph.node.add(name="w", op="VarHandleOp")
    handle.attr["dtype"].type = 1
    handle.attr["shape"].shape.dim.add(size=3)
    handle.attr["shape"].shape.dim.add(size=-1)
    handle.attr["shared_name"].s = b"w"
    unknown = graph.node.add(name="u", op="VariableV2", device="/cpu:0")
    unknown.attr["dtype"].type = 101
    unknown.attr["shape"].shape.unknown_rank = True
    names = graph.node.add(name="names", op="Const")
    names.attr["value"].tensor.dtype = 7
    names.attr["value"].tensor.tensor_shape.dim.add(size=2)
    names.attr["value"].tensor.string_val.extend([b"a", b"\xff"])
    restore = graph.node.add(name="restore", op="RestoreV2", input=["prefix", "names", "^init"])
    restore.attr["dtypes"].list.type.extend([1, 3, 101])
    add_calls(graph.node.add(name="call", op="PartitionedCall", input=["w"]))
    for name in ("f", "g"):
        add_function(graph.library.function.add(), name)
    graph.library.gradient.add(function_name="f", gradient_func="g")
    graph.node.add(name="y", op="Identity", input=["w:1"])


def add_calls(node):
    node.attr["f"].func.name = "f"
    node.attr["f"].func.attr["handed"].func.name = "g"
    node.attr["branches"].list.func.add(name="f").attr["T"].type = 1
    node.attr["branches"].list.func.add(name="g").attr["more"].list.func.add(name="h")


def add_function(function, name):
    signature = function.signature
    signature.name = name
    signature.input_arg.add(name="a", type=1)
    signature.input_arg.add(name="b", type=20)
    signature.output_arg.add(name="out", type=1)
    function.attr["_implements"].s = b"f"
    inner = function.node_def.add(name="inner", op="ReadVariableOp", input=["b", "^a"])
    inner.attr["dtype"].type = 1
    add_calls(function.node_def.add(name="call", op="StatefulPartitionedCall", input=["a"]))
    function.ret["out"] = "inner:value:0"
    function.control_ret["c"] = "call"


def add_objects(graph):
    root = graph.nodes.add()
    root.user_object.identifier = "_tf_keras_model"
    root.user_object.metadata = '{"name": "m"}'
    root.user_object.version.producer = 1
    for child, name in enumerate(("w", "asset", "table", "call", "missing"), 1):
        root.children.add(node_id=child, local_name=name)
    root.slot_variables.add(original_variable_node_id=1, slot_name="m", slot_variable_node_id=1)
    variable = graph.nodes.add().variable
    variable.name, variable.dtype, variable.trainable = "w", 1, True
    variable.shape.dim.add(size=3)
    variable.shape.dim.add(size=4)
    graph.nodes.add().asset.asset_file_def_index = 0
    graph.nodes.add().resource.device = "/cpu:0"
    graph.nodes.add().function.concrete_functions.append("f")
    graph.nodes[-1].children.add(node_id=0, local_name="root")


def checkpoint_graph(TrackableObjectGraph):
    graph = TrackableObjectGraph()
    root = graph.nodes.add()
    root.children.add(node_id=1, local_name="w")
    root.slot_variables.add(original_variable_node_id=1, slot_name="m", slot_variable_node_id=2)
    root.registered_saver.name = "Custom.Saver"
    root.registered_saver.object_name = "x"
    for name in ("w", "w/m"):
        value = graph.nodes.add().attributes.add()
        value.name, value.full_name = "VARIABLE_VALUE", name
        value.checkpoint_key = name + "/.ATTRIBUTES/VARIABLE_VALUE"
    return graph

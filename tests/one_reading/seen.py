"""What protocol buffers' own parser sees of a message: the same JSON as `src/testkit/seen.rs` writes.

Only the values are this program's own words: a dtype is its number, a reference type that of its base,
an unknown shape is null.
"""

VARIABLE_COLLECTIONS = ("variables", "trainable_variables")
NODE_COLLECTIONS = ("saved_model_main_op", "legacy_init_op", "train_op")
INIT = "__saved_model_init_op"
# Ops whose attributes cannot name a function: their attributes are not searched for one.
PLAIN_OPS = {
    "Const", "Placeholder", "Identity", "NoOp", "VarHandleOp", "ReadVariableOp", "AssignVariableOp",
    "VarIsInitializedOp", "VariableV2", "Assign",
}


def saved_model(message):
    metas = [meta_graph(meta) for meta in message.meta_graphs]
    return {"version": message.saved_model_schema_version, "metas": metas}


def checkpoint_graph(message):
    return [
        {
            "children": [[c.node_id, c.local_name] for c in node.children],
            "attributes": [[a.name, a.full_name, a.checkpoint_key] for a in node.attributes],
            "slots": [
                [s.original_variable_node_id, s.slot_name, s.slot_variable_node_id]
                for s in node.slot_variables
            ],
            "saver": node.registered_saver.name if node.HasField("registered_saver") else None,
        }
        for node in message.nodes
    ]


def meta_graph(meta):
    init = []
    signatures = []
    for key, signature in meta.signature_def.items():
        outputs = [name for info in signature.outputs.values() for name in tensor_names(info)]
        if key == INIT:
            init += outputs
        elif not key.startswith("__saved_model_"):
            signatures.append(sorted(outputs))
    for name in NODE_COLLECTIONS[:2]:
        init += map(node_of, listed(meta, name, "node_list"))
    assets, foreign = [], []
    for asset in meta.asset_file_def:
        names = tensor_names(asset.tensor_info)
        # Only what the loader feeds: the first output of a node that is named.
        is_fed = asset.tensor_info.WhichOneof("encoding") == "name" and is_first(asset.tensor_info.name)
        leads_out = ".." in asset.filename.split("/")
        (assets if is_fed and not leads_out else foreign).extend(names)
    functions = {}
    for function_def in meta.graph_def.library.function:
        if name := function_def.signature.name:
            functions.setdefault(name, function_def)
    return {
        "tags": list(meta.meta_info_def.tags),
        "tensorflow_version": meta.meta_info_def.tensorflow_version,
        "restore_op": meta.saver_def.restore_op_name,
        "assets": sorted(assets),
        "foreign_files": sorted(foreign),
        "init": sorted(init),
        "signatures": sorted(signatures),
        "variables": {
            name: [variable_def(d) for d in listed(meta, name, "bytes_list")]
            for name in VARIABLE_COLLECTIONS
        },
        "nodes": {name: listed(meta, name, "node_list") for name in NODE_COLLECTIONS},
        "graph": [node(n) for n in meta.graph_def.node],
        "functions": {name: function(f) for name, f in functions.items()},
        "objects": objects(meta.object_graph_def),
    }


def node_of(name):
    return name[1:] if name.startswith("^") else name.split(":")[0]


def is_first(name):
    number = name.rsplit(":", 1)[-1] if ":" in name else "0"
    return not name.startswith("^") and not (number.isdecimal() and int(number) > 0)


def tensor_names(info):
    """The nodes that a TensorInfo names."""
    kind = info.WhichOneof("encoding")
    if kind == "name":
        return [node_of(info.name)]
    if kind == "coo_sparse":
        sparse = info.coo_sparse
        names = (
            sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name
        )
        return [node_of(name) for name in names if node_of(name)]
    if kind == "composite_tensor":
        return [name for part in info.composite_tensor.components for name in tensor_names(part)]
    return []


def listed(meta, name, kind):
    if name not in meta.collection_def or meta.collection_def[name].WhichOneof("kind") != kind:
        return []
    return list(getattr(meta.collection_def[name], kind).value)


def variable_def(encoded):
    """A `VariableDef` in a collection."""
    # Can be imported once `messages.load` has been called.
    from tensorflow.core.framework.variable_pb2 import VariableDef

    message = VariableDef.FromString(encoded)
    if not message.HasField("save_slice_info_def"):
        return [message.variable_name, None]
    part = message.save_slice_info_def
    shapes = [list(part.full_shape), list(part.var_offset), list(part.var_shape)]
    return [message.variable_name, [part.full_name, *shapes]]


def node(n):
    return {
        "name": n.name,
        "op": n.op,
        "inputs": list(n.input),
        "dtype": dtype(attr(n, "dtype", "type")),
        "shape": shape(attr(n, "shape", "shape")),
        "shared_name": octets(attr(n, "shared_name", "s")),
        "tensor": tensor(attr(n, "value", "tensor")),
        "function": getattr(attr(n, "f", "func"), "name", ""),
        "dtypes": dtypes(n),
        "functions": [] if n.op in PLAIN_OPS else sorted(
            name for value in n.attr.values() for name in functions_of(value)
        ),
    }


def attr(n, name, kind):
    if name in n.attr and n.attr[name].WhichOneof("value") == kind:
        return getattr(n.attr[name], kind)
    return None


def octets(value):
    return None if value is None else list(value)


def dtype(number):
    if number is None or number <= 0:
        return None
    return number - 100 if number > 100 else number


def dtypes(n):
    if "dtypes" not in n.attr:
        return None
    value = n.attr["dtypes"]
    return [dtype(t) for t in value.list.type] if value.WhichOneof("value") == "list" else []


def shape(message):
    if message is None or message.unknown_rank:
        return None
    return [dim.size for dim in message.dim]


def tensor(message):
    if message is None:
        return None
    strings = [list(value) for value in message.string_val]
    return [dtype(message.dtype), shape(message.tensor_shape), strings]


def functions_of(value):
    """The functions that an attribute names, those included that it hands on to one."""
    kind = value.WhichOneof("value")
    named = [value.func] if kind == "func" else value.list.func if kind == "list" else []
    for function_attr in named:
        # An absent name and an empty one are the same in the message, and not in the file.
        if function_attr.name:
            yield function_attr.name
        for inner in function_attr.attr.values():
            yield from functions_of(inner)


def function(message):
    return {
        "arguments": [arg.name for arg in message.signature.input_arg],
        "outputs": [arg.name for arg in message.signature.output_arg],
        "returns": sorted(list(entry) for entry in message.ret.items()),
        "nodes": [node(n) for n in message.node_def],
    }


def objects(graph):
    count = len(graph.nodes)
    found, slots, dangling = [], [], []
    for holder, saved in enumerate(graph.nodes):
        edges = []
        for child in saved.children:
            if 0 <= child.node_id < count:
                edges.append([child.local_name, child.node_id])
            else:
                dangling.append([holder, child.local_name, child.node_id])
        for s in saved.slot_variables:
            ends = (s.original_variable_node_id, s.slot_variable_node_id)
            if all(0 <= end < count for end in ends):
                slots.append([holder, ends[0], s.slot_name, ends[1]])
            else:
                dangling.append([holder, "slot variable", ends[1]])
        found.append([kind_of(saved), edges])
    return {"objects": found, "slots": slots, "dangling": sorted(dangling)}


def kind_of(saved):
    kind = saved.WhichOneof("kind")
    if kind == "user_object":
        return ["user", saved.user_object.identifier, saved.user_object.metadata]
    if kind == "variable":
        v = saved.variable
        return ["variable", v.name, dtype(v.dtype), shape(v.shape), v.trainable]
    return [kind] if kind in ("resource", "asset") else ["other"]

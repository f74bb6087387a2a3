//! Hostile models, made from intact fixtures: nodes, functions and signatures are added to their
//! `saved_model.pb`, whose messages merge with what is appended to them.
//!
//! Source: saved_model.proto, meta_graph.proto, graph.proto, node_def.proto, attr_value.proto,
//! tensor.proto, function.proto and saved_object_graph.proto of TensorFlow.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A field of bytes.
pub fn bytes(number: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, u64::from(number) << 3 | 2);
    put(&mut out, value.len() as u64);
    out.extend(value);
    out
}

/// A field of text.
pub fn text(number: u32, value: &str) -> Vec<u8> {
    bytes(number, value.as_bytes())
}

/// A field with a number.
pub fn number(field: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, u64::from(field) << 3);
    put(&mut out, value);
    out
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

/// A `NodeDef`; attributes are written `AttrValue`s.
pub fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = [text(1, name), text(2, op)].concat();
    for input in inputs {
        out.extend(text(3, input));
    }
    for (key, value) in attrs {
        out.extend(bytes(5, &[text(1, key), bytes(2, value)].concat()));
    }
    out
}

/// A scalar of text.
pub fn text_const(name: &str, value: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let tensor = [number(1, 7), bytes(2, &[]), bytes(8, value.as_os_str().as_bytes())].concat();
    node(name, "Const", &[], &[("dtype", number(6, 7)), ("value", bytes(8, &tensor))])
}

/// A float tensor of these dimensions, and of no contents.
pub fn float_const(name: &str, dims: &[u64]) -> Vec<u8> {
    let shape: Vec<u8> = dims.iter().flat_map(|d| bytes(2, &number(1, *d))).collect();
    let tensor = [number(1, 1), bytes(2, &shape)].concat();
    node(name, "Const", &[], &[("dtype", number(6, 1)), ("value", bytes(8, &tensor))])
}

/// A call of a function without arguments.
pub fn call(name: &str, function: &str) -> Vec<u8> {
    let none = bytes(1, &[]);
    let attrs = [("f", bytes(10, &text(1, function))), ("Tin", none.clone()), ("Tout", none)];
    node(name, "StatefulPartitionedCall", &[], &attrs)
}

/// A copy of a fixture, which this may change.
pub struct Model {
    folder: TempDir,
}

impl Model {
    /// A copy of `tests/fixtures/NAME/model`.
    pub fn of(name: &str) -> Model {
        let folder = TempDir::new().unwrap();
        copy(&fixture(name), &folder.path().join("model"));
        Model { folder }
    }

    /// The folder of the model.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("model")
    }

    /// A place beside the model.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds nodes and functions to the graph, and has a load run `init` in the end.
    pub fn add(self, nodes: &[Vec<u8>], functions: &[Vec<u8>], init: Option<&str>) -> Model {
        let mut graph: Vec<u8> = nodes.iter().flat_map(|n| bytes(1, n)).collect();
        let library: Vec<u8> = functions.iter().flat_map(|f| bytes(1, f)).collect();
        graph.extend(bytes(2, &library));
        let mut more = bytes(2, &graph);
        if let Some(init) = init {
            let info = [text(1, "__saved_model_init_op"), bytes(2, &text(1, init))].concat();
            let key = text(1, "__saved_model_init_op");
            more.extend(bytes(5, &[key, bytes(2, &bytes(2, &info))].concat()));
        }
        let file = self.path().join("saved_model.pb");
        let old = std::fs::read(&file).unwrap();
        let mut new = Vec::new();
        let mut at = 0;
        while at < old.len() {
            let tag = take(&old, &mut at);
            let value = take(&old, &mut at);
            if tag & 7 == 2 {
                let end = at + value as usize;
                let meta_graph = tag >> 3 == 2;
                let more = if meta_graph { &more[..] } else { &[] };
                new.extend(bytes((tag >> 3) as u32, &[&old[at..end], more].concat()));
                at = end;
            } else {
                new.extend(number((tag >> 3) as u32, value));
            }
        }
        std::fs::write(file, new).unwrap();
        self
    }

    /// The model in a tar archive.
    pub fn tar(&self) -> PathBuf {
        let path = self.beside("model.tar");
        let mut tar = tar::Builder::new(std::fs::File::create(&path).unwrap());
        tar.append_dir_all("model", self.path()).unwrap();
        tar.finish().unwrap();
        path
    }
}

/// A model of one variable of three elements, which 2^`levels` paths lead to.
pub fn exponential(levels: u64) -> Model {
    let object = |children: &[(&str, u64)]| {
        let children = children.iter();
        let edge = |(name, to): &(&str, u64)| bytes(1, &[number(1, *to), text(2, name)].concat());
        [children.flat_map(edge).collect::<Vec<u8>>(), bytes(4, &[])].concat()
    };
    let mut graph = Vec::new();
    for level in 1..=levels {
        graph.extend(bytes(1, &object(&[("left", level), ("right", level)])));
    }
    let shape = bytes(2, &number(1, 3));
    let variable = [number(1, 1), bytes(2, &shape), number(3, 1), text(6, "v")].concat();
    graph.extend(bytes(1, &bytes(7, &variable)));
    let meta_graph = [bytes(1, &text(4, "serve")), bytes(7, &graph)].concat();
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("model");
    std::fs::create_dir(&model).unwrap();
    let file = [number(1, 1), bytes(2, &meta_graph)].concat();
    std::fs::write(model.join("saved_model.pb"), file).unwrap();
    Model { folder }
}

/// The model of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).join("model")
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

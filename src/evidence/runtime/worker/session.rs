//! A TensorFlow session behind a small, checked interface. The only file that uses the
//! `tensorflow` crate; it runs in the worker process alone.
//!
//! The crate's `DataType` ends at number 23, and its getters turn any other number into a value of
//! the enum that does not exist, which is undefined behaviour. So no getter of a dtype is called:
//! attributes pass as serialized messages, and a tensor is fetched only where its dtype is known
//! beforehand.

use tensorflow::{
    BFloat16, Code, FetchToken, Graph, Library, Operation, QInt8, QInt16, QInt32, QUInt8, QUInt16,
    SavedModelBundle, SessionOptions, SessionRunArgs, Status, Tensor,
};

use super::attributes;
use crate::evidence::runtime::failure::StatusCode;
use crate::model::DType;
use crate::wire::writer::{put_bytes, put_number};

/// TensorFlow refused to do something.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// Its status code.
    pub code: StatusCode,
    /// Its message.
    pub message: String,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let text = status.to_string();
        // `Status` is shown as "Code: message"; there is no getter for the message alone.
        let message = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest).to_string();
        Refusal { code: StatusCode(code_number(status.code())), message }
    }
}

impl From<std::ffi::NulError> for Refusal {
    fn from(_: std::ffi::NulError) -> Self {
        Refusal {
            code: StatusCode::INVALID_ARGUMENT,
            message: "a name contains a zero byte".into(),
        }
    }
}

fn code_number(code: Code) -> u32 {
    match code {
        Code::Ok => 0,
        Code::Cancelled => 1,
        Code::Unknown => 2,
        Code::InvalidArgument => 3,
        Code::DeadlineExceeded => 4,
        Code::NotFound => 5,
        Code::AlreadyExists => 6,
        Code::PermissionDenied => 7,
        Code::ResourceExhausted => 8,
        Code::FailedPrecondition => 9,
        Code::Aborted => 10,
        Code::OutOfRange => 11,
        Code::Unimplemented => 12,
        Code::Internal => 13,
        Code::Unavailable => 14,
        Code::DataLoss => 15,
        Code::Unauthenticated => 16,
        _ => 2,
    }
}

/// Binds the crate to the library that its own search finds (`TENSORFLOW_DIR` comes first).
pub(super) fn bind_library() -> Result<(), String> {
    tensorflow::library::load()
}

/// The library's version, as `TF_Version` says.
pub(super) fn version() -> String {
    tensorflow::version().unwrap_or_else(|_| "unknown".into())
}

/// Registers the ops of one library of custom ops.
pub(super) fn load_op_library(path: &str) -> Result<(), Refusal> {
    Library::load(path)?;
    Ok(())
}

/// How many threads a session may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads(pub u8);

/// `ConfigProto`: variables pinned to devices that do not exist go to the CPU, and nothing is
/// optimised, because the graph runs once.
/// Source: tensorflow/core/protobuf/config.proto, rewriter_config.proto (TensorFlow 2.21).
fn session_options(threads: Threads) -> Result<SessionOptions, Refusal> {
    // The enum value -1, as protocol buffers write a negative number.
    const LEVEL_L0: u64 = u64::MAX;
    let mut optimizer = Vec::new();
    put_number(&mut optimizer, 3, LEVEL_L0); // opt_level
    let mut rewrite = Vec::new();
    put_number(&mut rewrite, 19, 1); // disable_meta_optimizer
    let mut graph = Vec::new();
    put_bytes(&mut graph, 3, &optimizer);
    put_bytes(&mut graph, 10, &rewrite);
    let mut config = Vec::new();
    put_number(&mut config, 2, u64::from(threads.0)); // intra_op_parallelism_threads
    put_number(&mut config, 5, u64::from(threads.0)); // inter_op_parallelism_threads
    put_number(&mut config, 7, 1); // allow_soft_placement
    put_bytes(&mut config, 10, &graph); // graph_options
    let mut options = SessionOptions::new();
    options.set_config(&config)?;
    Ok(options)
}

/// The start of the crate's message when its own decoder, older than many element types, refuses a
/// MetaGraph that TensorFlow has loaded.
const CRATE_CANNOT_DECODE: &str = "Invalid serialized MetaGraphDef";

/// A graph and the session that runs it.
pub(super) struct Session {
    session: tensorflow::Session,
    graph: Graph,
}

/// An attribute of a node to be added.
pub(super) enum Attr<'a> {
    /// A serialized `AttrValue`.
    Value(&'a str, &'a [u8]),
    /// A string.
    Text(&'a str, &'a str),
}

/// A graph under construction.
pub(super) struct GraphBuilder {
    graph: Graph,
}

/// A node of a [`GraphBuilder`] or [`Session`].
#[derive(Clone, Debug)]
pub(super) struct Node(Operation);

impl GraphBuilder {
    pub fn new() -> GraphBuilder {
        GraphBuilder { graph: Graph::new() }
    }

    /// Adds one node. `inputs` are nodes and the number of their output.
    pub fn add(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[(&Node, i32)],
        after: &[&Node],
        attrs: &[Attr<'_>],
    ) -> Result<Node, Refusal> {
        add_node(&mut self.graph, op, name, inputs, after, attrs)
    }

    /// Adds one node whose only input is a list.
    pub fn add_list(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[&Node],
        attrs: &[Attr<'_>],
    ) -> Result<Node, Refusal> {
        let mut node = self.graph.new_operation(op, name)?;
        let inputs: Vec<tensorflow::Output> = inputs
            .iter()
            .map(|input| tensorflow::Output { operation: input.0.clone(), index: 0 })
            .collect();
        node.add_input_list(&inputs);
        finish(node, attrs)
    }

    /// Starts a session on what has been added.
    pub fn start(self, threads: Threads) -> Result<Session, Refusal> {
        let session = tensorflow::Session::new(&session_options(threads)?, &self.graph)?;
        Ok(Session { session, graph: self.graph })
    }
}

fn add_node(
    graph: &mut Graph,
    op: &str,
    name: &str,
    inputs: &[(&Node, i32)],
    after: &[&Node],
    attrs: &[Attr<'_>],
) -> Result<Node, Refusal> {
    let mut node = graph.new_operation(op, name)?;
    for (input, index) in inputs {
        node.add_input(tensorflow::Output { operation: input.0.clone(), index: *index });
    }
    for earlier in after {
        node.add_control_input(&earlier.0);
    }
    finish(node, attrs)
}

fn finish(
    mut node: tensorflow::OperationDescription<'_>,
    attrs: &[Attr<'_>],
) -> Result<Node, Refusal> {
    for attr in attrs {
        match attr {
            Attr::Value(name, value) => node.set_attr_value_proto(name, value)?,
            Attr::Text(name, text) => node.set_attr_string(name, text)?,
        }
    }
    Ok(Node(node.finish()?))
}

/// What to run once: strings to feed, nodes whose first output to fetch, and nodes to run.
#[derive(Default)]
pub(super) struct Run<'a> {
    pub feeds: Vec<(&'a Node, Vec<String>)>,
    pub fetches: Vec<&'a Node>,
    pub targets: Vec<&'a Node>,
}

impl Session {
    /// Loads the folder `dir` with TensorFlow's own loader.
    pub fn load(dir: &str, tags: &[String], threads: Threads) -> Result<Session, Refusal> {
        let mut graph = Graph::new();
        let loaded = SavedModelBundle::load(&session_options(threads)?, tags, &mut graph, dir);
        let bundle = loaded.map_err(|status| {
            let mut refusal = Refusal::from(status);
            if refusal.message.starts_with(CRATE_CANNOT_DECODE) {
                refusal.message.push_str(
                    " (TensorFlow has loaded the model, but the tensorflow crate cannot read back \
                     what it loaded)",
                );
            }
            refusal
        })?;
        Ok(Session { session: bundle.session, graph })
    }

    /// Every node of the graph.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        self.graph.operation_iter().map(Node)
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<Node> {
        self.graph.operation_by_name(name).ok().flatten().map(Node)
    }

    /// Adds a node to the graph, which the next run can use.
    pub fn add(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[(&Node, i32)],
        attrs: &[Attr<'_>],
    ) -> Result<Node, Refusal> {
        add_node(&mut self.graph, op, name, inputs, &[], attrs)
    }

    /// Runs and gives the fetched vectors of 64-bit integers.
    pub fn run_for_dims(&self, run: &Run<'_>) -> Result<Vec<Vec<i64>>, Refusal> {
        self.run_for::<i64, _>(run, |tensor| tensor.to_vec())
    }

    /// Runs and gives the fetched booleans; `false` for an empty tensor.
    pub fn run_for_bools(&self, run: &Run<'_>) -> Result<Vec<bool>, Refusal> {
        self.run_for::<bool, _>(run, |tensor| tensor.first().copied().unwrap_or(false))
    }

    /// Runs and gives the fetched vectors of 64-bit floats.
    pub fn run_for_floats(&self, run: &Run<'_>) -> Result<Vec<Vec<f64>>, Refusal> {
        self.run_for::<f64, _>(run, |tensor| tensor.to_vec())
    }

    fn run_for<T: tensorflow::TensorType, R>(
        &self,
        run: &Run<'_>,
        take: impl Fn(&Tensor<T>) -> R,
    ) -> Result<Vec<R>, Refusal> {
        let mut fed = Vec::with_capacity(run.feeds.len());
        for (_, texts) in &run.feeds {
            fed.push(Tensor::<String>::new(&[texts.len() as u64]).with_values(texts)?);
        }
        let mut args = SessionRunArgs::new();
        for ((node, _), tensor) in run.feeds.iter().zip(&fed) {
            args.add_feed(&node.0, 0, tensor);
        }
        for target in &run.targets {
            args.add_target(&target.0);
        }
        let tokens: Vec<FetchToken> =
            run.fetches.iter().map(|node| args.request_fetch(&node.0, 0)).collect();
        self.session.run(&mut args)?;
        let mut results = Vec::with_capacity(tokens.len());
        for token in tokens {
            results.push(take(&args.fetch::<T>(token)?));
        }
        Ok(results)
    }

    /// Runs once and gives the dimensions of the fetched tensors, without copying them. Each must
    /// have the dtype named, and [`can_fetch`] must hold for it.
    pub fn run_for_tensor_dims(
        &self,
        fetches: &[(&Node, DType)],
    ) -> Result<Vec<Vec<u64>>, Refusal> {
        let mut args = SessionRunArgs::new();
        let tokens: Vec<FetchToken> =
            fetches.iter().map(|(node, _)| args.request_fetch(&node.0, 0)).collect();
        self.session.run(&mut args)?;
        let mut results = Vec::with_capacity(tokens.len());
        for (token, (_, dtype)) in tokens.into_iter().zip(fetches) {
            results.push(fetch_dims(&mut args, token, *dtype)?);
        }
        Ok(results)
    }
}

macro_rules! fetchable {
    ($($number:literal => $rust:ty,)*) => {
        /// True where the crate has a Rust type for tensors of this type.
        pub(super) fn can_fetch(dtype: DType) -> bool {
            matches!(dtype.number(), $($number)|*)
        }

        fn fetch_dims(
            args: &mut SessionRunArgs<'_>,
            token: FetchToken,
            dtype: DType,
        ) -> Result<Vec<u64>, Refusal> {
            match dtype.number() {
                $($number => Ok(args.fetch::<$rust>(token)?.dims().to_vec()),)*
                _ => Err(Refusal {
                    code: StatusCode::UNIMPLEMENTED,
                    message: format!("tensors of {dtype} cannot be fetched"),
                }),
            }
        }
    };
}

fetchable! {
    1 => f32, 2 => f64, 3 => i32, 4 => u8, 5 => i16, 6 => i8, 9 => i64, 10 => bool,
    11 => QInt8, 12 => QUInt8, 13 => QInt32, 14 => BFloat16, 15 => QInt16, 16 => QUInt16,
    17 => u16, 22 => u32, 23 => u64,
}

impl Node {
    /// Its name. TensorFlow allows a few ASCII characters in one.
    pub fn name(&self) -> String {
        self.0.name().unwrap_or_default()
    }

    /// The name of its op.
    pub fn op(&self) -> String {
        self.0.op_type().unwrap_or_default()
    }

    /// The name of the node that its first input comes from.
    pub fn input(&self) -> Option<String> {
        if self.0.num_inputs() == 0 {
            return None;
        }
        self.0.input(0).0.name().ok()
    }

    /// The type in the attribute `attr`; `None` where there is none.
    pub fn type_attr(&self, attr: &str) -> Option<DType> {
        attributes::read_type(&self.0.get_attr_value_proto(attr).ok()?)
    }
}

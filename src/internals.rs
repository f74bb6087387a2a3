//! For the tests of this package alone: parts that they exercise from outside. No promise is made
//! about anything here.

pub mod checkpoint {
    //! The reader of checkpoints.
    pub use crate::evidence::checkpoint::{OBJECT_GRAPH_KEY, read_index, read_string_scalar};
}

pub mod outline {
    //! Which rows of the tree are shown.
    pub use crate::render::outline::{Row, SCREENFUL, Shown, outline};
}

pub mod runtime {
    //! The worker process and its protocol.
    pub use crate::evidence::runtime::{
        Answer, Failure, FailureKind, LoadRequest, Location, RawBytes, VariableOp, locate, probe,
        start,
    };
}

pub mod source {
    //! From a path, an address or a handle to a folder.
    pub use crate::source::{
        CacheKind, CacheState, Credentials, Patience, Places, ResolveOptions, ShardRange, Source,
        Weights, cleanup_all, list_caches, resolve,
    };
}

//! The hazards that were found.

/// Most unsafe ops that are listed.
const MAX_LISTED: usize = 20;

/// What a full load would run although it should not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadHazards<'a> {
    /// Ops that reach beyond the model, or may do so: op and node, each pair once.
    pub unsafe_ops: Vec<(&'a str, &'a str)>,
    /// A function that calls itself, directly or through others: the load would not end.
    pub recursion: Option<&'a str>,
}

impl<'a> LoadHazards<'a> {
    /// Adds an op and its node.
    pub fn add(&mut self, op: &'a str, node: &'a str) {
        if self.unsafe_ops.len() < MAX_LISTED && !self.unsafe_ops.contains(&(op, node)) {
            self.unsafe_ops.push((op, node));
        }
    }

    /// True where a load only restores and initialises the model itself.
    pub fn is_none(&self) -> bool {
        self.unsafe_ops.is_empty() && self.recursion.is_none()
    }
}

//! Places in the lists of a report.

use serde::Serialize;

/// Index into [`Report::variables`](super::Report::variables).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct VariableId(pub usize);

/// Index into [`Groups::nodes`](super::Groups::nodes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct GroupId(pub usize);

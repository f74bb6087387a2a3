//! Divides the tensors of a restore into batches.

use std::collections::VecDeque;

use crate::evidence::runtime::protocol::RestoreTensor;

/// One tensor of the request.
pub(super) struct Wanted<'a> {
    /// Its position in the request.
    pub index: usize,
    pub tensor: &'a RestoreTensor,
}

/// The tensors in the order in which they are restored: by type, because a batch has one type, then
/// by key, because a checkpoint stores tensors in the order of their keys.
pub(super) fn sorted(tensors: &[RestoreTensor]) -> Vec<Wanted<'_>> {
    let mut wanted: Vec<Wanted<'_>> =
        tensors.iter().enumerate().map(|(index, tensor)| Wanted { index, tensor }).collect();
    wanted.sort_by_key(|wanted| (wanted.tensor.dtype, &wanted.tensor.key));
    wanted
}

/// A range of the sorted tensors, and their bytes.
pub(super) struct Batch {
    pub from: usize,
    pub to: usize,
    pub bytes: u64,
}

/// Batches of one type, of at most `slots` tensors and at most `budget` bytes; a tensor beyond the
/// budget is a batch of its own.
pub(super) fn batches(tensors: &[Wanted<'_>], budget: u64, slots: usize) -> VecDeque<Batch> {
    let mut batches: VecDeque<Batch> = VecDeque::new();
    let mut dtype = None;
    for (at, Wanted { tensor, .. }) in tensors.iter().enumerate() {
        match batches.back_mut() {
            Some(batch)
                if dtype == Some(tensor.dtype)
                    && batch.to - batch.from < slots
                    && batch.bytes.checked_add(tensor.byte_len).is_some_and(|b| b <= budget) =>
            {
                batch.to = at + 1;
                batch.bytes += tensor.byte_len;
            }
            _ => batches.push_back(Batch { from: at, to: at + 1, bytes: tensor.byte_len }),
        }
        dtype = Some(tensor.dtype);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::runtime::protocol::RawBytes;
    use crate::model::DType;

    fn tensor(dtype: i64, byte_len: u64) -> RestoreTensor {
        let (key, dtype) = (RawBytes(Vec::new()), DType::from_number(dtype).unwrap());
        RestoreTensor { key, slice: String::new(), dtype, byte_len }
    }

    fn ranges(tensors: &[RestoreTensor], budget: u64, slots: usize) -> Vec<(usize, usize)> {
        batches(&sorted(tensors), budget, slots).iter().map(|b| (b.from, b.to)).collect()
    }

    #[test]
    fn a_batch_has_one_type_and_respects_budget_and_slots() {
        let tensors = [tensor(1, 40), tensor(1, 40), tensor(1, 40), tensor(3, 10), tensor(3, 10)];
        assert_eq!(ranges(&tensors, 100, 64), [(0, 2), (2, 3), (3, 5)]);
        assert_eq!(ranges(&tensors, 1_000, 2), [(0, 2), (2, 3), (3, 5)]);
        assert_eq!(ranges(&tensors, 1_000, 64), [(0, 3), (3, 5)]);
    }

    #[test]
    fn a_tensor_beyond_the_budget_is_a_batch_of_its_own() {
        let tensors = [tensor(1, 10), tensor(1, 500), tensor(1, 10)];
        assert_eq!(ranges(&tensors, 100, 64), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(ranges(&[tensor(1, u64::MAX), tensor(1, u64::MAX)], u64::MAX, 64).len(), 2);
    }
}

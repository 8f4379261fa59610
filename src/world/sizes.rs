//! Sums of what is drawn, for a run's check of itself.

use super::{Draws, Happening};
use crate::plan::tally::{Sized, Which};

impl Draws {
    fn of(&self, which: Which) -> &[f64] {
        match which {
            Which::Duration => &self.duration,
            Which::Leaves => &self.leaves,
            Which::Suspends => &self.suspends,
            Which::Notice => &self.notice,
            Which::Price => &self.price,
            Which::Capability => &self.capability,
            Which::Revenue(k, _) => &self.revenue[k],
            Which::Lasts => &self.lasts,
            Which::Over => &self.over,
            Which::Cost => &self.cost,
            Which::Stake => &self.stake,
        }
    }

    /// Adds the sizes of the happenings in `hit` to the sums of their effects.
    pub(super) fn add_to(&self, sums: &mut [f64], sized: &Sized, hit: &[(u32, Happening, f64)]) {
        if sized.list.is_empty() {
            return;
        }
        let (count, sums) = sums[sized.happened..].split_first_mut().expect("a column for each of its sums, and one");
        #[expect(clippy::cast_precision_loss, reason = "events of a trial")]
        let happened = hit.len() as f64;
        *count += happened;
        for (sum, size) in sums.iter_mut().zip(&sized.list) {
            let values = self.of(size.which);
            *sum += hit.iter().map(|&(j, _, _)| values[j as usize].min(size.limit)).sum::<f64>();
        }
    }
}

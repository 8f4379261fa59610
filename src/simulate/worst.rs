//! What the losses that look worst are divided into, kept as long as memory has room, so that few trials must be drawn again.

use std::ops::Range;

use super::block::Columns;
use super::{Parts, Trials, units};
use crate::plan::Plan;

/// Of every block the worst by weight are kept, one part in so many: twice what the tail holds.
const PART: usize = 50;

/// The worst trials of one portfolio, in order of their number.
#[derive(Debug, Default)]
pub(super) struct Kept {
    trials: Vec<u64>,
    /// Trial after trial: components, risks, nodes and services, as in a row of the table, then the loss.
    parts: Vec<f64>,
}

/// The worst trials of every portfolio. Which they are changes no figure: whatever is not here is drawn again.
#[derive(Debug)]
pub(crate) struct Worst {
    /// Numbers of a trial.
    width: usize,
    /// Where components, risks, nodes and services lie among them.
    lists: [Range<usize>; 4],
    /// Bytes that these and the rows of trials may take together, and what a trial's rows take.
    room: u64,
    row: u64,
    portfolios: Vec<Kept>,
}

/// Indices of the trials that are worst by weight, ascending.
fn worst(losses: &[f64], weights: Option<&[f64]>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..losses.len()).collect();
    let descending = |a: &usize, b: &usize| losses[*b].total_cmp(&losses[*a]);
    let n = match weights {
        None => {
            let n = order.len().div_ceil(PART);
            if n > 0 {
                order.select_nth_unstable_by(n - 1, descending);
            }
            n
        }
        Some(weights) => {
            order.sort_unstable_by(descending);
            let all: u64 = weights.iter().map(|&weight| units(weight)).sum();
            let mut above = 0;
            let beyond = order.iter().position(|&trial| {
                above += units(weights[trial]);
                above > all / PART as u64
            });
            beyond.map_or(order.len(), |last| last + 1)
        }
    };
    order.truncate(n);
    order.sort_unstable();
    order
}

impl Kept {
    /// Those of a block whose first trial is `first`. `table`: a row for each.
    pub(super) fn of(
        columns: &Columns,
        first: u64,
        (losses, weights): (&[f64], Option<&[f64]>),
        table: &[f64],
    ) -> Self {
        let worst = worst(losses, weights);
        let width = columns.months + 1;
        let mut parts = Vec::with_capacity(worst.len() * width);
        for &trial in &worst {
            parts.extend_from_slice(&table[trial * columns.loss()..][..columns.months]);
            parts.push(losses[trial]);
        }
        Self { trials: worst.into_iter().map(|trial| first + trial as u64).collect(), parts }
    }

    fn bytes(&self) -> u64 {
        8 * (self.trials.capacity() + self.parts.capacity()) as u64
    }
}

impl Worst {
    /// `room`: bytes that these and the rows of trials may take together; `row`: what a trial's rows take.
    pub(super) fn new(plan: &Plan, columns: &Columns, (room, row): (u64, u64)) -> Self {
        let Columns { risks, nodes, services, months, .. } = *columns;
        Self {
            width: months + 1,
            lists: [0..risks, risks..nodes, nodes..services, services..months],
            room,
            row,
            portfolios: plan.portfolios.iter().map(|_| Kept::default()).collect(),
        }
    }

    /// Appends those of a block; once room is short keeps none, now and later. `trials`: all so far.
    pub(super) fn append(&mut self, of_block: impl Iterator<Item = Kept>, trials: &Trials) {
        for (all, one) in self.portfolios.iter_mut().zip(of_block) {
            all.trials.extend(one.trials);
            all.parts.extend(one.parts);
        }
        let rows = trials.portfolios.first().map_or(0, |p| p.loss.len() as u64);
        let free = self.room.saturating_sub(rows * self.row);
        if self.portfolios.iter().map(Kept::bytes).sum::<u64>() > free {
            self.forget();
            self.room = 0;
        }
    }

    /// Leaves out all so far.
    pub(super) fn forget(&mut self) {
        self.portfolios.iter_mut().for_each(|kept| *kept = Kept::default());
    }

    /// What the loss of portfolio `p` in a trial is divided into, if it was kept.
    pub(super) fn parts(&self, p: usize, trial: u64) -> Option<Parts> {
        let kept = &self.portfolios[p];
        let place = kept.trials.binary_search(&trial).ok()?;
        let row = &kept.parts[place * self.width..][..self.width];
        let [components, risks, nodes, services] = self.lists.clone().map(|list| row[list].to_vec());
        Some(Parts { trial, loss: row[self.width - 1], components, risks, nodes, services })
    }
}

//! The billed index taken apart: what each path and each event adds to it, under each portfolio's terms (MODEL section 7,
//! *Charging*).

use fearless_simd::{Level, dispatch};

use super::ledger::Cause;
use crate::contract::bill;
use crate::lanes::{clear, width};
use crate::plan::Plan;
use crate::view::View;
use crate::world::World;

/// Chains of causes, one per terms of the plan. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    chains: Vec<Vec<Link>>,
    spare: Vec<Link>,
    /// Per terms, a row of cells: the billed index of the plan.
    planned: Vec<f64>,
    width: usize,
    index: Vec<f64>,
    before: Vec<f64>,
    billed: Vec<f64>,
}

/// What one cause changes, cell by cell, when added to those before it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) cause: Cause,
    /// Change of the billed index in each cell; zeros up to the width of a row of cells.
    pub(crate) change: Vec<f64>,
}

impl Prices {
    /// The links of a vendor's price under `terms`, the paths first; empty if nothing moves it.
    pub(crate) fn chain(&self, terms: usize) -> &[Link] {
        &self.chains[terms]
    }

    /// The billed index of the plan in each cell, under `terms`; zeros up to the width of a row, and for a vendor without price.
    pub(crate) fn planned(&self, terms: usize) -> &[f64] {
        &self.planned[terms * self.width..][..self.width]
    }

    /// The same under all terms, row after row.
    pub(crate) fn all_planned(&self) -> &[f64] {
        &self.planned
    }

    pub(crate) fn prepare(&mut self, plan: &Plan, view: &View, world: &World) {
        self.chains.resize_with(plan.terms.len(), Vec::new);
        self.width = view.cells.width();
        clear(&mut self.planned, plan.terms.len() * self.width);
        for terms in 0..plan.terms.len() {
            while let Some(link) = self.chains[terms].pop() {
                self.spare.push(link);
            }
            dispatch!(Level::new(), _ => self.chain_of(plan, view, world, terms));
        }
    }

    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn chain_of(&mut self, plan: &Plan, view: &View, world: &World, terms: usize) {
        let (vendor, cap) = (plan.terms[terms].vendor, plan.terms[terms].cap);
        let months = &view.cells.months;
        let paths = &plan.terms[terms].paths;
        let planned = &mut self.planned[terms * self.width..][..months.len()];
        let matters = plan.vendors[vendor].price != 0.0 && plan.minded[vendor];
        if matters {
            let by_month = &plan.terms[terms].planned[..];
            planned.iter_mut().zip(months).for_each(|(planned, &m)| *planned = by_month[m]);
        }
        if !matters || (paths.is_empty() && view.prices[vendor].is_empty()) {
            return;
        }
        self.before.clear();
        self.before.extend_from_slice(planned);
        for n in 1..=paths.len() {
            // The first n paths as drawn, the rest as expected.
            self.index.clear();
            if let [path] = paths[..] {
                let by_month = &world.paths[path][..];
                self.index.extend(months.iter().map(|&m| by_month[m]));
            } else {
                self.index.extend(months.iter().map(|&m| {
                    (paths.iter().enumerate())
                        .map(|(i, &p)| if i < n { world.paths[p][m] } else { plan.paths[p].expected[m] })
                        .product::<f64>()
                }));
            }
            self.link(terms, Cause::Path(u32::try_from(paths[n - 1]).unwrap_or(u32::MAX)), cap, months);
        }
        if paths.is_empty() {
            self.index.clear();
            self.index.resize(months.len(), 1.0);
        }
        for change in &view.prices[vendor] {
            // Cells are cut where it begins and ends.
            let cell = |t: f64| view.cells.bounds[..months.len()].partition_point(|&start| start < t);
            let range = cell(change.start)..cell(change.end);
            self.index[range].iter_mut().for_each(|index| *index *= 1.0 + change.change);
            self.link(terms, Cause::Event(change.by.event), cap, months);
        }
    }

    /// Adds the change from `before` to the bill of `index`.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn link(&mut self, terms: usize, cause: Cause, cap: Option<f64>, months: &[usize]) {
        self.billed.clear();
        self.billed.extend_from_slice(&self.index);
        if let Some(cap) = cap {
            bill(&self.index, months, cap, &mut self.billed);
        }
        let mut link = self.spare.pop().unwrap_or(Link { cause, change: Vec::new() });
        link.cause = cause;
        link.change.clear();
        link.change.extend(self.billed.iter().zip(&self.before).map(|(now, before)| now - before));
        link.change.resize(width(months.len()), 0.0);
        self.chains[terms].push(link);
        std::mem::swap(&mut self.before, &mut self.billed);
    }
}

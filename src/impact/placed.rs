//! What vendors serve where traffic is placed, and what changes of prices take from all that is served.

use fearless_simd::{Simd, SimdBase, f64x8};

use super::ledger::Ledger;
use super::{Case, Judge};
use crate::lanes::{is_zero, join, lanes, lanes_mut, load};
use crate::plan::curve::Curve;
use crate::response::Regime;
use crate::results::Component;

impl Judge {
    /// Adds what is served where it is placed, before anything falls.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    pub(super) fn serve_as_placed(&mut self, case: &Case, s: usize, regimes: &[Regime]) {
        let service = &case.plan.services[s];
        let bounds = &case.view.cells.bounds;
        let with_nominal = case.portfolio.counts_bills();
        let (n, width) = (case.plan.vendors.len(), case.view.cells.width());
        for regime in regimes {
            let whole = regimes.len() == 1;
            let cells = if whole { 0..case.view.cells.len() } else { touched_cells(bounds, regime) };
            for (v, &share) in regime.shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let row = (s * n + v) * width;
                let row = row + cells.start..row + cells.end;
                let used = share * service.usage;
                let present = (&case.common.present[s][..], &service.present);
                add(&mut self.usage[row.clone()], used, present, (bounds, &cells), regime);
                if with_nominal {
                    let nominal = (&case.common.nominal[s][..], &service.nominal);
                    add(&mut self.usage_nominal[row], used, nominal, (bounds, &cells), regime);
                }
            }
        }
    }

    /// Changes of price on traffic as served, each charged to its path or event.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    pub(super) fn prices<S: Simd>(&mut self, simd: S, case: &Case, ledger: &mut Ledger) {
        let n = case.plan.vendors.len();
        let cells = &case.view.cells;
        let width = cells.width();
        let mut amounts = std::mem::take(&mut self.amounts);
        for v in 0..n {
            let chain = case.common.prices.chain(case.portfolio.terms[v]);
            let price = case.plan.vendors[v].price;
            if chain.is_empty() || price == 0.0 {
                continue;
            }
            let terms = case.portfolio.yearly.iter().position(|c| c.vendor == v);
            for s in (0..case.plan.services.len()).filter(|&s| case.plan.services[s].usage > 0.0) {
                let row = (s * n + v) * width..(s * n + v + 1) * width;
                let usage = &self.usage[row.clone()];
                if is_zero(simd, lanes(usage)) {
                    continue;
                }
                for link in chain {
                    let mut sum = f64x8::splat(simd, 0.0);
                    let each = lanes_mut(&mut amounts).iter_mut().zip(lanes(usage)).zip(lanes(&link.change));
                    for ((all, used), change) in each {
                        let amount = load(simd, used) * load(simd, change) * price;
                        (load(simd, all) + amount).store_slice(all);
                        sum += amount;
                    }
                    ledger.total(Component::Spend, s, link.cause, join(sum));
                }
                if ledger.journal.is_some() {
                    for (link, cell) in chain.iter().flat_map(|link| (0..cells.len()).map(move |cell| (link, cell))) {
                        ledger.at(cells.bounds[cell], cells.bounds[cell + 1], Some(v));
                        ledger.note(Component::Spend, s, link.cause, usage[cell] * link.change[cell] * price);
                    }
                }
                if let Some(terms) = terms {
                    let usage = &self.usage_nominal[row];
                    for year in 0..case.plan.clock.n_years {
                        let of_year = cells.of_year(year);
                        for link in chain {
                            let each = usage[of_year.clone()].iter().zip(&link.change[of_year.clone()]);
                            let change: f64 = each.map(|(used, change)| used * change).sum();
                            ledger.bill(terms, year, link.cause, change * price);
                        }
                    }
                }
            }
        }
        for (&month, amount) in cells.months.iter().zip(&amounts) {
            ledger.month(month, *amount);
        }
        self.amounts = amounts;
    }
}

/// The cells that a regime touches.
fn touched_cells(bounds: &[f64], regime: &Regime) -> std::ops::Range<usize> {
    let first = bounds.partition_point(|&t| t <= regime.start).saturating_sub(1);
    first..bounds.partition_point(|&t| t < regime.end).min(bounds.len() - 1)
}

/// Adds `factor` × the areas of a curve during a regime to the cells that it touches.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn add(
    row: &mut [f64],
    factor: f64,
    (areas, curve): (&[f64], &Curve),
    (bounds, cells): (&[f64], &std::ops::Range<usize>),
    regime: &Regime,
) {
    let mut whole = cells.clone();
    let mut part = |cell: usize| {
        let (from, to) = (bounds[cell].max(regime.start), bounds[cell + 1].min(regime.end));
        row[cell - cells.start] += factor * (curve.integral(to) - curve.integral(from));
    };
    if !whole.is_empty() && bounds[whole.start] < regime.start {
        part(whole.start);
        whole.start += 1;
    }
    if !whole.is_empty() && regime.end < bounds[whole.end] {
        part(whole.end - 1);
        whole.end -= 1;
    }
    let row = &mut row[whole.start - cells.start..whole.end - cells.start];
    row.iter_mut().zip(&areas[whole]).for_each(|(r, area)| *r += factor * area);
}

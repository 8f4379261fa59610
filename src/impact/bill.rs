//! What hangs on nominal bills: take-or-pay and rebates of a year, credits of a month (MODEL section 7.2, `spend`).

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::contract::credit;
use crate::response::found::Piece;
use crate::results::Component;
use crate::view::taken::Taken;

/// Changes of a bill below this part of it are roundings, and change nothing that hangs on it.
const ROUNDING: f64 = 1e-12;

impl Judge {
    /// The part of a piece within one cell, on nominal bills. `used`: nominal usage of the service.
    #[expect(clippy::too_many_arguments, reason = "a place in time, and where it is booked")]
    pub(super) fn part_of_bills(
        &mut self,
        case: &Case,
        s: usize,
        piece: &Piece,
        used: f64,
        cell: usize,
        month: usize,
        ledger: &mut Ledger,
    ) {
        let row = |v: usize| (s * case.plan.vendors.len() + v) * case.view.cells.width() + cell;
        for lost in piece.lost {
            self.usage_nominal[row(lost.vendor)] -= used * lost.missing;
        }
        for &(v, x) in piece.moved {
            self.usage_nominal[row(v)] += used * x;
        }
        let moved: f64 = piece.moved.iter().map(|m| m.1).sum();
        for (terms, v) in case.portfolio.yearly.iter().map(|y| y.vendor).enumerate() {
            let price = case.portfolio.price(v, month);
            let taken = piece.moved.iter().filter(|m| m.0 == v).map(|m| m.1).sum::<f64>() * used;
            for lost in piece.lost {
                let mut change =
                    if moved > 0.0 { taken * price * ((lost.missing - lost.unserved) / moved) } else { 0.0 };
                if lost.vendor == v {
                    change -= used * lost.missing * price;
                }
                let year = month / 12;
                case.each_taker(lost.by, |event, part| ledger.bill(terms, year, Cause::Event(event), change * part));
            }
        }
    }

    /// Credits for missed availability, to those who took it.
    pub(super) fn credits(&self, case: &Case, ledger: &mut Ledger) {
        let clock = &case.plan.clock;
        for terms in &case.portfolio.credits {
            for of_month in case.view.taken[terms.vendor].chunk_by(|a, b| a.month == b.month) {
                let month = of_month[0].month;
                let (start, end) = (clock.months[month], clock.months[month + 1]);
                let taken: f64 = of_month.iter().map(|t| t.hours).sum();
                let part = credit(&terms.tiers, 1.0 - taken / (end - start));
                if part == 0.0 {
                    continue;
                }
                let amount = -part * self.month_bill(case, terms.vendor, month) * clock.discount(end);
                ledger.at(end, end, Some(terms.vendor));
                for &Taken { event, hours, .. } in of_month {
                    let (place, cause) = (ledger.firm_wide(), Cause::Event(event));
                    ledger.post(Component::Spend, place, month, cause, amount * hours / taken);
                }
            }
        }
    }

    /// The nominal bill of a vendor in a month.
    fn month_bill(&self, case: &Case, vendor: usize, month: usize) -> f64 {
        let (n, cells) = (case.plan.vendors.len(), &case.view.cells);
        let chain = case.common.prices.chain(case.portfolio.terms[vendor]);
        let price = case.plan.vendors[vendor].price;
        let end = cells.first_of_month.get(month + 1).copied().unwrap_or(cells.len());
        (cells.first_of_month[month]..end)
            .map(|cell| {
                let used: f64 = (0..case.plan.services.len())
                    .map(|s| self.usage_nominal[(s * n + vendor) * cells.width() + cell])
                    .sum();
                let change: f64 = chain.iter().map(|link| link.change[cell]).sum();
                used * (case.portfolio.price(vendor, month) + change * price)
            })
            .sum()
    }
}

impl Case<'_> {
    /// Changes of shortfalls and rebates, in proportion to the changes of that year's bill.
    pub(super) fn yearly(&self, ledger: &mut Ledger) {
        let clock = &self.plan.clock;
        for (i, terms) in self.portfolio.yearly.iter().enumerate() {
            for (year, &plan_bill) in terms.plan_bill.iter().enumerate() {
                let changed = ledger.bill_change(i, year);
                let change = terms.due(year, plan_bill + changed) - terms.due(year, plan_bill);
                if change == 0.0 || changed.abs() <= ROUNDING * plan_bill {
                    continue;
                }
                let due = clock.year_end(year);
                let month = clock.year_months(year).end - 1;
                ledger.at(due, due, Some(terms.vendor));
                ledger.settle(i, year, month, change * clock.discount(due) / changed);
            }
        }
    }
}

//! What hangs on nominal bills: take-or-pay and rebates of a year, credits of a month (MODEL section 7.2, `spend`).

use super::ledger::{Cause, Ledger};
use super::traffic::Part;
use super::{Case, Judge};
use crate::contract::credit;
use crate::results::Component;
use crate::view::taken::Taken;

/// Changes of a bill below this part of it are roundings, and change nothing that hangs on it.
const ROUNDING: f64 = 1e-12;

impl Judge {
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
    /// Notes what a part of a piece changes of yearly bills. `used`: what is used if all is served, at nominal value.
    #[inline(never)] // Where nothing hangs on bills, its registers are needed.
    pub(super) fn part_of_bills(&self, part: &Part, used: f64, ledger: &mut Ledger) {
        let &Part { piece, month, .. } = part;
        for (terms, v) in self.portfolio.yearly.iter().map(|y| y.vendor).enumerate() {
            let came = piece.moved().iter().fold(0.0, |came, m| if m.0 == v { came + m.1 } else { came });
            for lost in piece.lost {
                let gone = if lost.vendor == v { lost.missing } else { 0.0 };
                let change = came * part.moved_from(lost) - gone;
                if change != 0.0 {
                    let amount = used * self.portfolio.price(v, month) * change;
                    self.each_taker(lost.by, |event, part| {
                        ledger.bill(terms, month / 12, Cause::Event(event), amount * part);
                    });
                }
            }
        }
    }

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

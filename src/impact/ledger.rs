//! The books of one portfolio in one trial: every amount of loss by component, service, month and cause.

use super::journal::Journal;
use crate::plan::Plan;
use crate::plan::portfolio::PortfolioPlan;
pub(crate) use crate::response::Cause;
use crate::results::Component;
use crate::world::World;

/// The books. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) components: [f64; 10],
    /// Services, then firm-wide.
    pub(crate) services: Vec<f64>,
    pub(crate) months: Vec<f64>,
    /// Paths, then events.
    charges: Vec<f64>,
    n_paths: usize,
    /// Per risk: charges of outages that are no events; per full year: the largest of them, −∞ if there is none.
    plain_risks: Vec<f64>,
    plain_years: Vec<f64>,
    pub(crate) unserved_hours: Vec<f64>,
    pub(crate) longest_hours: Vec<f64>,
    /// Per contract with yearly terms and year: nominal change of the bill by cause.
    bills: Vec<Vec<f64>>,
    n_years: usize,
    /// Every amount one by one, where somebody asks for it.
    pub(crate) journal: Option<Box<Journal>>,
}

impl Ledger {
    /// Empties the books for a new trial.
    pub(crate) fn open(&mut self, plan: &Plan, portfolio: &PortfolioPlan, world: &World) {
        let clear = |list: &mut Vec<f64>, n: usize| {
            list.clear();
            list.resize(n, 0.0);
        };
        self.components = [0.0; 10];
        if let Some(journal) = &mut self.journal {
            **journal = Journal::new();
        }
        clear(&mut self.services, plan.services.len() + 1);
        clear(&mut self.months, plan.clock.n_months());
        self.n_paths = plan.paths.len();
        let n_causes = self.n_paths + world.events.len();
        clear(&mut self.charges, n_causes);
        clear(&mut self.plain_risks, plan.risks.len());
        self.plain_years.clear();
        self.plain_years.resize(plan.clock.n_full_years, f64::NEG_INFINITY);
        clear(&mut self.unserved_hours, plan.services.len());
        clear(&mut self.longest_hours, plan.services.len());
        self.n_years = plan.clock.n_years;
        self.bills.resize_with(portfolio.yearly.len() * self.n_years, Vec::new);
        for bill in &mut self.bills {
            clear(bill, n_causes);
        }
    }

    /// The place of amounts that are due for no service alone.
    pub(crate) fn firm_wide(&self) -> usize {
        self.services.len() - 1
    }

    /// Books and charges an amount.
    pub(crate) fn post(&mut self, component: Component, service: usize, month: usize, cause: Cause, amount: f64) {
        self.book(component, service, month, amount);
        self.charge(cause, amount);
        self.note(component, service, cause, amount);
    }

    /// Books an amount that is charged apart.
    #[inline]
    pub(crate) fn book(&mut self, component: Component, service: usize, month: usize, amount: f64) {
        self.components[component as usize] += amount;
        self.services[service] += amount;
        self.months[month] += amount;
    }

    /// Books an amount in its month alone.
    #[inline]
    pub(crate) fn month(&mut self, month: usize, amount: f64) {
        self.months[month] += amount;
    }

    /// Books and charges an amount whose months are booked apart.
    pub(crate) fn total(&mut self, component: Component, service: usize, cause: Cause, amount: f64) {
        self.apart(component, service, amount);
        self.charge(cause, amount);
    }

    /// Books an amount whose months and causes are booked apart.
    pub(crate) fn apart(&mut self, component: Component, service: usize, amount: f64) {
        self.components[component as usize] += amount;
        self.services[service] += amount;
    }

    /// Charges an amount that is booked apart.
    #[inline]
    pub(crate) fn charge(&mut self, cause: Cause, amount: f64) {
        let place = self.place(cause);
        self.charges[place] += amount;
    }

    /// Charges an amount that is booked apart to outages of a risk that are no events.
    pub(crate) fn plain_risk(&mut self, risk: usize, amount: f64) {
        self.plain_risks[risk] += amount;
    }

    /// Takes note of what one of them costs, in the year in which it began.
    #[inline]
    pub(crate) fn plain_event(&mut self, year: usize, amount: f64) {
        if let Some(largest) = self.plain_years.get_mut(year).filter(|largest| amount > **largest) {
            *largest = amount;
        }
    }

    fn place(&self, cause: Cause) -> usize {
        match cause {
            Cause::Path(p) => p as usize,
            Cause::Event(e) => self.n_paths + e as usize,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "causes are numbered in 32 bits")]
    fn cause(&self, place: usize) -> Cause {
        if place < self.n_paths { Cause::Path(place as u32) } else { Cause::Event((place - self.n_paths) as u32) }
    }

    /// Notes a nominal change of a vendor's bill in a year.
    pub(crate) fn bill(&mut self, terms: usize, year: usize, cause: Cause, amount: f64) {
        let place = self.place(cause);
        self.bills[terms * self.n_years + year][place] += amount;
    }

    /// The change of a vendor's bill in a year.
    pub(crate) fn bill_change(&self, terms: usize, year: usize) -> f64 {
        self.bills[terms * self.n_years + year].iter().sum()
    }

    /// Posts `factor` × each cause's change of a bill.
    pub(crate) fn settle(&mut self, terms: usize, year: usize, month: usize, factor: f64) {
        let bill = std::mem::take(&mut self.bills[terms * self.n_years + year]);
        let mut sum = 0.0;
        for (charge, change) in self.charges.iter_mut().zip(&bill) {
            *charge += factor * change;
            sum += factor * change;
        }
        self.book(Component::Spend, self.firm_wide(), month, sum);
        if self.journal.is_some() {
            for (place, change) in bill.iter().enumerate() {
                self.note(Component::Spend, self.firm_wide(), self.cause(place), factor * change);
            }
        }
        self.bills[terms * self.n_years + year] = bill;
    }

    /// Charges of the price paths, in the plan's order.
    pub(crate) fn path_charges(&self) -> &[f64] {
        &self.charges[..self.n_paths]
    }

    /// Charges of the events, in the world's order.
    pub(crate) fn event_charges(&self) -> &[f64] {
        &self.charges[self.n_paths..]
    }

    /// Charges, by risk, of outages that are no events.
    pub(crate) fn plain_charges(&self) -> &[f64] {
        &self.plain_risks
    }

    /// The largest charge of one of them in each full year; −∞ if there is none.
    pub(crate) fn plain_largest(&self) -> &[f64] {
        &self.plain_years
    }

    /// The loss: total cost less plan.
    pub(crate) fn loss(&self) -> f64 {
        self.components.iter().sum()
    }
}

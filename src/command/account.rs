//! What happened, what the firm did and what it cost, in words: for the commands that tell of one trial.

use linchpin::results::COMPONENTS;
use linchpin::scenario::{Scenario, Trigger};
use linchpin::study::trace::{Action, Cause, Decision, Effect, Event, Origin, Served, Trace, What};

use super::{amount, terminal};

/// A scenario's names, to tell a trace with.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) trace: &'a Trace,
}

/// Shares below this are not told.
const LITTLE: f64 = 5e-4;

impl<'a> Words<'a> {
    /// `2026-03-01 08:30`; the date alone at midnight.
    pub(super) fn moment(self, hours: f64) -> String {
        let date = self.scenario.date(hours);
        match date.split_once('T') {
            Some((day, time)) => format!("{day} {}", time.get(..5).unwrap_or(time)),
            None => date,
        }
    }

    /// `2026-03-01`.
    pub(super) fn day(self, hours: f64) -> String {
        self.scenario.date(hours).split('T').next().unwrap_or_default().to_owned()
    }

    /// `08:30`.
    pub(super) fn clock(self, hours: f64) -> String {
        let date = self.scenario.date(hours);
        date.split_once('T').map_or("00:00", |(_, time)| time.get(..5).unwrap_or(time)).to_owned()
    }

    pub(super) fn risk(self, risk: usize) -> String {
        terminal::plain(&self.scenario.risks[risk].id)
    }

    pub(super) fn vendor(self, vendor: usize) -> &'a str {
        &self.scenario.nodes[self.scenario.vendor_node(vendor)].id
    }

    fn on(self, risk: usize) -> String {
        let on = &self.scenario.risks[risk].on;
        let names: Vec<&str> = on.iter().map(|&node| self.scenario.nodes[node].id.as_str()).collect();
        and(&names)
    }

    /// The services, or `all traffic`.
    fn services(self, services: &[usize]) -> String {
        if services.len() == self.scenario.services.len() {
            return "all traffic".to_owned();
        }
        let names: Vec<&str> = services.iter().map(|&s| self.scenario.services[s].id.as_str()).collect();
        and(&names)
    }

    /// `azure-outage (outage) on azure`, and what it comes of.
    pub(super) fn event(self, event: &Event) -> String {
        let kind = self.scenario.risks[event.risk].kind;
        let of = |i: usize| {
            let cause = &self.trace.events[i];
            format!("{} of {}", self.risk(cause.risk), self.moment(cause.at_hours))
        };
        let origin = match event.origin {
            Origin::Arrival => String::new(),
            Origin::Raised => ", at a raised rate".to_owned(),
            Origin::Aftershock(i) => format!(", aftershock of {}", of(i)),
            Origin::Caused(i) => format!(", caused by {}", of(i)),
        };
        format!("{} ({kind}) on {}{origin}", self.risk(event.risk), self.on(event.risk))
    }

    /// What an event does, with the time of each; risks whose rates are raised alike are told together.
    pub(super) fn effects(self, event: &Event) -> Vec<(f64, String)> {
        let alike = |a: &Effect, b: &Effect| {
            let raise = |e: &Effect| matches!(e.what, What::Raises { .. });
            raise(a) && raise(b) && (a.from_hours, a.to_hours) == (b.from_hours, b.to_hours)
        };
        (event.effects.chunk_by(alike))
            .map(|together| {
                let said = match together {
                    [only] => self.effect(event, only),
                    several => {
                        let rates: Vec<String> = several.iter().filter_map(|e| self.rate(e)).collect();
                        format!("rates of {} {}", and(&rates), self.lasts(&several[0]))
                    }
                };
                (together[0].from_hours, said)
            })
            .collect()
    }

    fn rate(self, effect: &Effect) -> Option<String> {
        let What::Raises { risk, factor } = effect.what else { return None };
        Some(format!("{}\u{a0}×\u{a0}{}", self.risk(risk), amount::figure(factor)))
    }

    /// What an effect is: `azure at 30 % for 3 h`.
    pub(super) fn effect(self, event: &Event, effect: &Effect) -> String {
        let on = self.on(event.risk);
        let lasts = self.lasts(effect);
        let over = |hours: f64| {
            if hours > 0.0 { format!(", reached over {}", amount::hours(hours)) } else { String::new() }
        };
        match effect.what {
            What::Outcome => self.outcome(event.risk, effect),
            What::Outage { leaves } if leaves <= 0.0 => format!("{on} down {lasts}"),
            What::Outage { leaves } => format!("{on} at {} {lasts}", amount::percent(leaves)),
            What::AccessLoss { announced_hours } if announced_hours < effect.from_hours => {
                format!("access to {on} lost {lasts} (announced {})", self.moment(announced_hours))
            }
            What::AccessLoss { .. } => format!("access to {on} lost {lasts}"),
            What::Price { change } => format!("price of {on} {} {lasts}", amount::change(change)),
            What::Capability { change, over_hours } => {
                format!("capability of {on} {} {lasts}{}", amount::change(change), over(over_hours))
            }
            What::Revenue { service, change, over_hours } => {
                let service = &self.scenario.services[service].id;
                format!("revenue of {service} {} {lasts}{}", amount::change(change), over(over_hours))
            }
            What::Stake { change } => format!("stake in {on} {}", amount::change(change)),
            What::Cost { amount } => {
                format!("a cost of {}, before the portfolio's part", amount::money(amount, &self.scenario.currency))
            }
            What::Raises { risk, factor } => {
                format!("rate of {} × {} {lasts}", self.risk(risk), amount::figure(factor))
            }
        }
    }

    /// What is over when an effect ends.
    pub(super) fn end(self, event: &Event, effect: &Effect) -> String {
        let on = self.on(event.risk);
        match effect.what {
            What::Outage { .. } => format!("{}: {on} is back", self.risk(event.risk)),
            What::AccessLoss { .. } => format!("{}: access to {on} is back", self.risk(event.risk)),
            What::Price { change } => {
                format!("{}: price of {on} no longer {}", self.risk(event.risk), amount::change(change))
            }
            What::Capability { change, .. } => {
                format!("{}: capability of {on} no longer {}", self.risk(event.risk), amount::change(change))
            }
            What::Revenue { service, change, .. } => {
                let service = &self.scenario.services[service].id;
                format!("{}: revenue of {service} no longer {}", self.risk(event.risk), amount::change(change))
            }
            What::Outcome | What::Stake { .. } | What::Cost { .. } | What::Raises { .. } => String::new(),
        }
    }

    /// `ruling: injunction`.
    fn outcome(self, risk: usize, effect: &Effect) -> String {
        let Some((stage, outcome)) = effect.outcome else { return String::new() };
        let stage = &self.scenario.risks[risk].stages[stage];
        let outcome = terminal::plain(&stage.outcomes[outcome].name);
        if stage.name.is_empty() { outcome } else { format!("{}: {outcome}", terminal::plain(&stage.name)) }
    }

    fn lasts(self, effect: &Effect) -> String {
        if effect.to_hours >= self.scenario.horizon_hours {
            "to the end of the horizon".to_owned()
        } else {
            format!("for {}", amount::hours(effect.to_hours - effect.from_hours))
        }
    }

    /// What the firm does.
    pub(super) fn decision(self, decision: &Decision) -> String {
        let services = self.services(&decision.services);
        match &decision.action {
            Action::MigrationBegins { vendor, share } => {
                format!(
                    "the firm begins to move {} of {services} off {}",
                    amount::percent(*share),
                    self.vendor(*vendor)
                )
            }
            Action::SharesMove(changes) => {
                let parts: Vec<String> = changes
                    .iter()
                    .map(|(v, share)| format!("{} {}", self.vendor(*v), amount::change(*share)))
                    .collect();
                format!("{services} moves for good: {}", parts.join(", "))
            }
            Action::Exit { vendor } => format!("the firm has left {}", self.vendor(*vendor)),
            Action::Playbook { entry } => {
                let play = &self.scenario.portfolios[self.trace.portfolio].playbook[*entry];
                let vendor = self.vendor(play.vendor);
                let why = match play.trigger {
                    Trigger::PriceAbove(mark) => format!("price of {vendor} above {}", amount::change(mark)),
                    Trigger::CapabilityBelow(mark) => format!("capability of {vendor} below {}", amount::figure(mark)),
                    Trigger::DownHoursAbove(mark) => {
                        format!("{vendor} down for more than {} in 90 days", amount::hours(mark))
                    }
                };
                format!("playbook entry {} fires: {why}", entry + 1)
            }
        }
    }

    /// Where a service's traffic is: `openai 40 %, grok 25 %; 35 % unserved`.
    pub(super) fn served(self, served: &Served) -> String {
        let all = served.by_vendor.iter().enumerate().filter(|(_, part)| **part > LITTLE);
        let mut parts: Vec<String> =
            all.map(|(v, part)| format!("{} {}", self.vendor(v), amount::percent(*part))).collect();
        if parts.is_empty() {
            return "all unserved".to_owned();
        }
        if served.unserved > LITTLE {
            parts.push(format!("{} unserved", amount::percent(served.unserved)));
        }
        parts.join(", ")
    }

    /// What an event leaves unserved and moves: empty if neither.
    pub(super) fn response(self, event: &Event) -> String {
        let mut parts = Vec::new();
        for (s, service) in self.scenario.services.iter().enumerate() {
            let moved: Vec<String> = (event.moved.iter().filter(|m| m.0 == s && m.2 > LITTLE))
                .map(|(_, v, part)| format!("{} of it to {}", amount::percent(*part), self.vendor(*v)))
                .collect();
            let unserved = event.unserved_hours[s];
            if moved.is_empty() && unserved <= 0.0 {
                continue;
            }
            let unserved =
                if unserved > 0.0 { format!("{} unserved", amount::hours(unserved)) } else { "all served".to_owned() };
            let moved = if moved.is_empty() { String::new() } else { format!(", at most {} moved", and(&moved)) };
            parts.push(format!("{}: {unserved}{moved}", service.id));
        }
        parts.join("; ")
    }

    /// `$12.3M: interruption $11.0M, churn $1.3M`; the figure alone if there is but one, empty if there is none.
    pub(super) fn costs(self, costs: &[f64; 10]) -> String {
        let currency = &self.scenario.currency;
        let all: f64 = costs.iter().sum();
        let size: f64 = costs.iter().map(|x| x.abs()).sum();
        let mut parts: Vec<(usize, f64)> =
            costs.iter().copied().enumerate().filter(|(_, x)| x.abs() > 1e-9 * size).collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        let said: Vec<String> =
            parts.iter().map(|(c, x)| format!("{} {}", component(*c), amount::money(*x, currency))).collect();
        match said.len() {
            0 => String::new(),
            1 => said.concat(),
            _ => format!("{}: {}", amount::money(all, currency), said.join(", ")),
        }
    }

    /// What is said of a cause in a table.
    pub(super) fn cause(self, cause: Cause) -> String {
        match cause {
            Cause::Event(i) => {
                let event = &self.trace.events[i];
                format!("{}, {}", self.risk(event.risk), self.moment(event.at_hours))
            }
            Cause::Path(i) => format!("{}, price path", self.risk(self.trace.paths[i].risk)),
        }
    }
}

/// A component as text says it.
pub(super) fn component(component: usize) -> String {
    COMPONENTS[component].replace('_', "-")
}

/// `a, b and c`.
pub(super) fn and<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Whole amounts that add up to the total as they are printed: each is the step of the rounded sum so far. To cents where
/// all is small.
pub(super) fn that_add_up(amounts: &[f64], currency: &str) -> (Vec<String>, String) {
    let total: f64 = amounts.iter().sum();
    let size = amounts.iter().fold(total.abs(), |m, x| m.max(x.abs()));
    let per_unit = if size < 1000.0 { 100.0 } else { 1.0 };
    let digits = if size < 1000.0 { 2 } else { 0 };
    let (mut sum, mut before) = (0.0, 0.0);
    let said = (amounts.iter())
        .map(|x| {
            sum += x;
            let now = libm::round(sum * per_unit);
            let step = now - before;
            before = now;
            amount::whole(step / per_unit, digits, currency)
        })
        .collect();
    (said, amount::whole(before / per_unit, digits, currency))
}

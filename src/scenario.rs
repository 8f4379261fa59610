//! A valid scenario: what a strategist's file says, checked, in the engine's units.
//!
//! Everything here is already right: shares sum to 1, names are resolved to indices, units are hours and the
//! scenario's currency. Nothing here knows how a future is drawn or what it costs.

use crate::chance::law::Law;
use crate::quantity::iso;

mod check;
mod contagion;
mod context;
mod files;
mod kinds;
mod law;
mod nodes;
mod portfolio;
mod read;
mod reference;
mod risk;
mod schema;
mod table;
mod terms;
#[cfg(test)]
mod tests;

pub use files::{FileError, Files, NoFiles};
pub use read::{Read, read};
pub use reference::reference;
pub use schema::schema;

/// Hours in a day, a week, a month and a year of the model (MODEL section 2).
pub const DAY: f64 = 24.0;
/// Hours in a week.
pub const WEEK: f64 = 168.0;
/// Hours in a month: a twelfth of a year.
pub const MONTH: f64 = 730.5;
/// Hours in a year of 365.25 days.
pub const YEAR: f64 = 8766.0;

/// A checked scenario. Index types: a *node* is a platform or a vendor (platforms first, both in file order); a
/// *vendor* index counts vendors alone, so vendor `v` is node `n_platforms + v`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// `name`.
    pub name: String,
    /// `note`, `source` and `grade` of the file as a whole.
    pub about: About,
    /// `start`, in seconds since 1970-01-01T00:00:00Z.
    pub start_unix: i64,
    /// `horizon`, hours; positive.
    pub horizon_hours: f64,
    /// `currency`: the sign that amounts carry.
    pub currency: String,
    /// `discount_rate` per year, above −1.
    pub discount_rate: f64,
    /// `appetite`.
    pub appetite: Option<Appetite>,
    /// `trials`; at least 1.
    pub trials: u64,
    /// `seed`.
    pub seed: u64,
    /// Platforms, then vendors, each in file order.
    pub nodes: Vec<Node>,
    /// How many of `nodes` are platforms.
    pub n_platforms: usize,
    /// Vendors in file order.
    pub vendors: Vec<Vendor>,
    /// Services in file order.
    pub services: Vec<Service>,
    /// Factors in file order.
    pub factors: Vec<Factor>,
    /// Insurance policies in file order.
    pub covers: Vec<Cover>,
    /// Risks in file order.
    pub risks: Vec<Risk>,
    /// Events that a trial has on average, at the highest rates that any portfolio could have.
    pub expected_events: f64,
    /// Portfolios in file order; at least one.
    pub portfolios: Vec<Portfolio>,
    /// Index of the baseline portfolio (`baseline = true`, or the first).
    pub baseline: usize,
    /// Empirical files read: path as written in the scenario, and content.
    pub files: Vec<(String, Vec<u8>)>,
}

/// What every table may say about itself; kept and shown, never computed with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// `note`.
    pub note: Option<String>,
    /// `source`.
    pub source: Option<String>,
    /// `grade`: `data`, `expert` or `guess`.
    pub grade: Option<&'static str>,
}

/// The loss a firm is willing to bear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Appetite {
    /// Amount, in currency.
    pub loss: f64,
    /// At most so likely to be exceeded, if the file says so.
    pub probability: Option<f64>,
}

/// A platform or a vendor, and what it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// What it runs on.
    pub runs_on: RunsOn,
    /// Note, source, grade.
    pub about: About,
}

/// What a node needs, as node indices. The graph has no cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunsOn {
    /// All of them (none: stands alone).
    All(Vec<usize>),
    /// One of them is enough.
    AnyOf(Vec<usize>),
}

/// What only a vendor has.
#[derive(Debug, Clone, PartialEq)]
pub struct Vendor {
    /// Currency per base unit (per token, not per Mtok), if the file gives a price.
    pub price: Option<f64>,
    /// The unit word of the price (`tok`), without prefix.
    pub unit: Option<String>,
    /// Capability at start; 1 is the frontier.
    pub capability: f64,
    /// What the firm holds in it, currency.
    pub stake: f64,
}

/// Something that moves rates and prices together (MODEL section 5.6).
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Its id.
    pub id: String,
    /// `persistence`, hours; `None`: each month is new.
    pub persistence_hours: Option<f64>,
    /// Note, source, grade.
    pub about: About,
}

/// How closely something follows a factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Follows {
    /// Index of the factor.
    pub factor: usize,
    /// β. Of a price path: the squares of all sum to 1 at the most.
    pub beta: f64,
}

/// Insurance of interruption losses (MODEL section 7).
#[derive(Debug, Clone, PartialEq)]
pub struct Cover {
    /// Its id.
    pub id: String,
    /// Indices of the risks that it covers.
    pub risks: Vec<usize>,
    /// First part of each interruption that it does not pay for, hours.
    pub waiting_hours: f64,
    /// What the firm bears of each event, currency.
    pub deductible: f64,
    /// Most of an event's loss beyond the deductible that counts; infinite if the policy has no such limit.
    pub limit_per_event: f64,
    /// Most that is paid for the events of a model year; infinite if the policy has no such limit.
    pub limit_per_year: f64,
    /// The part that it pays.
    pub pays: f64,
    /// Premium, currency per hour.
    pub premium_per_hour: f64,
    /// Note, source, grade.
    pub about: About,
}

/// A service the firm sells.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Currency per hour at full service, at start, averaged over the week.
    pub revenue_per_hour: f64,
    /// Growth per year, above −1.
    pub growth: f64,
    /// Demand profile.
    pub calendar: Option<Calendar>,
    /// Part of unearned revenue that is lost.
    pub margin: f64,
    /// Base units per hour at start, if the service uses metered traffic.
    pub usage_per_hour: Option<f64>,
    /// The unit word of the usage, without prefix.
    pub unit: Option<String>,
    /// First part of each interruption that costs nothing, hours.
    pub tolerance_hours: f64,
    /// The longest interruption that the firm may show its regulator, hours.
    pub impact_tolerance_hours: Option<f64>,
    /// Customers lost after long interruptions.
    pub churn: Option<Churn>,
    /// Part of revenue lost per unit of capability short of 1.
    pub sensitivity: f64,
    /// Note, source, grade.
    pub about: About,
}

/// Customers who leave after a long interruption (MODEL section 7.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Churn {
    /// The longest interruption that drives nobody away, hours.
    pub after_hours: f64,
    /// Part of customers lost.
    pub loses: Law,
    /// Mean time until they are won back, hours; positive.
    pub returns_hours: f64,
}

/// Weights by hour of the week, scaled to mean 1: `weekday[d] * hour[h]`, Monday first, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// Seven weights of mean 1.
    pub weekday: [f64; 7],
    /// Twenty-four weights of mean 1.
    pub hour: [f64; 24],
}

/// Something that can happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Its id.
    pub id: String,
    /// Name of its kind (an entry of the kinds table).
    pub kind: &'static str,
    /// Node indices it is on; at least one, no repeats.
    pub on: Vec<usize>,
    /// When it happens; `None` for a price path alone.
    pub arrivals: Option<Arrivals>,
    /// A price path on every vendor of `on`.
    pub path: Option<PricePath>,
    /// Conditions on the event.
    pub conditions: Conditions,
    /// Effects of the event itself.
    pub effects: Effects,
    /// What follows the event, stage by stage. `outcomes` without stages are one stage with `after` zero.
    pub stages: Vec<Stage>,
    /// Note, source, grade.
    pub about: About,
}

/// When events come (MODEL section 5.1).
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one per risk, and most are the large one")]
pub enum Arrivals {
    /// Poisson, with a rate per hour at start, its change per year, and a weekly profile.
    Poisson {
        /// Events per hour at start, averaged over the week.
        per_hour: f64,
        /// The rate is × (1 + trend)^years.
        trend: f64,
        /// Weekly profile.
        calendar: Option<Calendar>,
        /// Factors that the rate follows, each once.
        follows: Vec<Follows>,
        /// What each event begets.
        aftershocks: Option<Aftershocks>,
    },
    /// Renewal: intervals in hours, the first from `start`.
    Every(Law),
    /// At most one, uniform between two times (hours since start).
    Once {
        /// Probability that it happens.
        probability: f64,
        /// Earliest time.
        from_hours: f64,
        /// Latest time.
        to_hours: f64,
    },
    /// Each date independently.
    At {
        /// Hours since start; negative only for risks with stages.
        times_hours: Vec<f64>,
        /// Probability of each.
        probability: f64,
    },
    /// A date on which something is due, and the event that it slips: none where `effects.lasts` draws 0 (kind `delay`).
    Due {
        /// Hours since start.
        due_hours: f64,
    },
}

/// What an event begets of its own kind (MODEL section 5.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aftershocks {
    /// Mean number of children of an event, below 1.
    pub mean: f64,
    /// Mean delay of a child, hours; positive.
    pub within_hours: f64,
}

/// A price path (MODEL section 5.5).
#[derive(Debug, Clone, PartialEq)]
pub struct PricePath {
    /// Change of the expected index per year, above −1.
    pub drift: f64,
    /// Standard deviation of the log index over a year.
    pub volatility: f64,
    /// Factors that its steps follow, each once.
    pub follows: Vec<Follows>,
}

/// For whom an event happens, and how much more often (MODEL section 6).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conditions {
    /// Multipliers of the rate or probability; `only_if` is one with `times` 1 and `otherwise` 0.
    pub list: Vec<Condition>,
}

/// One condition on a portfolio's planned share of all traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Node index: a vendor, or a platform (then the vendors it would strike).
    pub uses: usize,
    /// The planned share that fulfils it.
    pub at_least: f64,
    /// The multiplier where fulfilled.
    pub times: f64,
    /// The multiplier elsewhere: 1 for `rate_if`, 0 for `only_if`.
    pub otherwise: f64,
}

/// What an event or an outcome does (MODEL section 5.2).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// Outage: how long (hours), and what fraction is left.
    pub outage: Option<Outage>,
    /// Access loss: how long.
    pub suspends: Option<Length>,
    /// Hours between announcement and beginning; `None`: none.
    pub notice: Option<Law>,
    /// Change of the vendor's price index.
    pub price_change: Option<Law>,
    /// Change of the vendor's capability.
    pub capability_change: Option<Law>,
    /// Changes of services' revenue: service index and law, one entry per service.
    pub revenue_change: Vec<(usize, Law)>,
    /// How long changes of price, capability and revenue and raised rates last; `None`: permanent.
    pub lasts: Option<Law>,
    /// Hours over which a change of revenue or capability is reached; `None`: at once.
    pub over: Option<Law>,
    /// An amount due at the event.
    pub cost: Option<Cost>,
    /// Change of the worth of the stakes in the struck vendors.
    pub stake_change: Option<Law>,
    /// Risks whose rates are raised, each once.
    pub raises: Vec<Raise>,
    /// Risks of which an event may follow, each once.
    pub causes: Vec<Cause>,
}

/// A risk's rate × a factor for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Raise {
    /// Index of the risk.
    pub risk: usize,
    /// The factor, 0 or more.
    pub factor: f64,
}

/// An event of another risk that may follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// Index of the risk.
    pub risk: usize,
    /// Probability, before the conditions of that risk.
    pub probability: f64,
    /// Hours after it begins.
    pub after: Law,
}

/// A full or partial outage.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// Hours.
    pub duration: Law,
    /// Fraction left, in [0, 1].
    pub leaves: Law,
}

/// A length of time that may have no end.
#[derive(Debug, Clone, PartialEq)]
pub enum Length {
    /// Hours.
    Hours(Law),
    /// To the end of the trial.
    Permanent,
}

/// A cost effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Currency.
    pub amount: Law,
    /// Which part a portfolio bears.
    pub scales_with: ScalesWith,
}

/// Which part of a cost a portfolio bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalesWith {
    /// Its planned share of all traffic on the struck vendors.
    Share,
    /// The whole, if it plans any.
    Use,
}

/// A stage: a delay, then at most one of its outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name; empty for the outcomes of an event without stages.
    pub name: String,
    /// Hours after the stage before.
    pub after: Law,
    /// Mutually exclusive outcomes; the rest is "nothing".
    pub outcomes: Vec<Outcome>,
}

/// One outcome of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Its name, unique in its stage.
    pub name: String,
    /// Probability before conditions.
    pub probability: f64,
    /// Conditions.
    pub conditions: Conditions,
    /// Effects.
    pub effects: Effects,
    /// No further stage follows.
    pub ends: bool,
}

/// Where traffic is placed, and what the firm does when it is lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// Its id.
    pub id: String,
    /// Per service: vendors and shares as listed; each sums to 1, no zero shares.
    pub shares: Vec<Vec<(usize, f64)>>,
    /// Failover policy.
    pub failover: Option<Failover>,
    /// Standbys, as listed.
    pub standby: Vec<Standby>,
    /// Migration policy.
    pub migration: Option<Migration>,
    /// Cost once, at start.
    pub setup: f64,
    /// Running cost per hour.
    pub overhead_per_hour: f64,
    /// Indices of its insurance policies, each once.
    pub covers: Vec<usize>,
    /// Moves on a trigger, in file order.
    pub playbook: Vec<Play>,
    /// Contract with each vendor: the portfolio's own, or else the scenario's.
    pub contracts: Vec<Contract>,
    /// Note, source, grade.
    pub about: About,
}

/// Failover (MODEL section 7.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Failover {
    /// Hours until lost traffic may move.
    pub detect_hours: f64,
    /// Spare room of a vendor, as a part of its share.
    pub headroom: f64,
    /// Probability that it works.
    pub works: f64,
    /// Explicit order of rooms, as vendor indices.
    pub order: Option<Vec<usize>>,
}

/// A vendor kept ready without traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct Standby {
    /// Vendor index.
    pub vendor: usize,
    /// Traffic it can carry, as a fraction of all of a service's.
    pub capacity: f64,
    /// Hours until it is ready.
    pub starts_hours: f64,
    /// Currency per hour, whether used or not.
    pub costs_per_hour: f64,
}

/// Moving a share for good (MODEL section 7.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Migration {
    /// Where to, as vendor indices; empty: the service's other vendors.
    pub to: Vec<usize>,
    /// Shortest loss that makes the firm move, hours.
    pub patience_hours: f64,
    /// Hours it takes.
    pub takes: Law,
    /// Currency, for all traffic.
    pub costs: Law,
}

/// An entry of a playbook: shares change when a condition has held for a while (MODEL section 7.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Play {
    /// Vendor index.
    pub vendor: usize,
    /// What it looks at.
    pub trigger: Trigger,
    /// Hours for which it must hold without a break.
    pub lasting_hours: f64,
    /// Per service: the new shares; each sums to 1, no zero shares.
    pub shares: Vec<Vec<(usize, f64)>>,
    /// Hours from firing until the shares change.
    pub takes_hours: f64,
    /// Due when it fires, currency.
    pub costs: f64,
}

/// What a playbook entry looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trigger {
    /// The billed index − 1 is above this.
    PriceAbove(f64),
    /// Capability is below this; at start it is not.
    CapabilityBelow(f64),
    /// Hours down (∫ 1 − A dt) over the last 90 days are above this.
    DownHoursAbove(f64),
}

/// Terms with one vendor; each field absent if the contract does not have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contract {
    /// Most the billed index may rise above its value at the start of the year.
    pub price_cap: Option<f64>,
    /// Take-or-pay, currency per year.
    pub commitment_per_year: Option<f64>,
    /// Due when a migration takes the last traffic away.
    pub exit_fee: Option<f64>,
    /// Service credits, by ascending threshold: mean availability of a month below which part of its bill comes back.
    pub sla: Vec<Credit>,
    /// Volume discounts, by ascending threshold.
    pub rebates: Vec<Rebate>,
}

/// A step of a service level agreement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Credit {
    /// Mean availability of the month below which it is due.
    pub below: f64,
    /// Part of the month's bill.
    pub credit: f64,
}

/// A tier of a volume discount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rebate {
    /// Currency per year above which it counts, up to the next tier.
    pub above_per_year: f64,
    /// Part of the bill in the tier.
    pub off: f64,
}

impl Scenario {
    /// The moment so many hours after the start, ISO 8601 in UTC, to the second; the date alone at midnight.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a horizon is at most 100 years")]
    pub fn date(&self, hours: f64) -> String {
        iso(self.start_unix + libm::round(hours * 3600.0) as i64)
    }

    /// Index of a vendor's node.
    #[must_use]
    pub fn vendor_node(&self, vendor: usize) -> usize {
        self.n_platforms + vendor
    }

    /// Number of months, the last possibly partial.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a horizon is at most 100 years")]
    pub fn n_months(&self) -> usize {
        (self.horizon_hours / MONTH - 1e-9).ceil().max(1.0) as usize
    }
}

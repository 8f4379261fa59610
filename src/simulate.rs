//! All trials over all cores, joined in order.

mod summary;

pub(crate) use summary::rank;
pub use summary::{Histogram, Moments};

/// What is kept of the trials of one run: all that ranking needs per trial, sums of the rest.
#[derive(Debug, Clone)]
pub struct Trials {
    /// First trial.
    pub first: u64,
    /// Number of trials.
    pub n: usize,
    /// Full model years within the horizon.
    pub n_years: usize,
    /// One per portfolio.
    pub portfolios: Vec<PortfolioTrials>,
}

/// One portfolio's trials. Losses are present values in currency.
#[derive(Debug, Clone)]
pub struct PortfolioTrials {
    /// Total cost where nothing happens, by component.
    pub plan: [f64; 10],
    /// Loss of each trial. Total cost is this plus the plan.
    pub loss: Vec<f64>,
    /// Loss of each full year, trial by trial: `n × n_years`.
    pub aep: Vec<f64>,
    /// Largest loss charged to one event of each full year, trial by trial: `n × n_years`.
    pub oep: Vec<f64>,
    /// Per service: unserved hours of each trial.
    pub unserved_hours: Vec<Vec<f64>>,
    /// Per service: the longest interruption of each trial, hours.
    pub longest_hours: Vec<Vec<f64>>,
    /// Loss by component.
    pub components: Vec<Moments>,
    /// Loss by risk.
    pub risks: Vec<Moments>,
    /// Loss by node.
    pub nodes: Vec<Moments>,
    /// Loss by service, then firm-wide.
    pub services: Vec<Moments>,
    /// Loss by year, the last possibly partial.
    pub years: Vec<Moments>,
    /// Loss by month.
    pub months: Vec<Moments>,
    /// Distribution of the loss of each month.
    pub month_histograms: Vec<Histogram>,
    /// Planned share × hours down, per vendor.
    pub down: Vec<Moments>,
    /// Sum of these over vendors.
    pub down_total: Moments,
    /// Loss by component of every trial, if asked for.
    pub rows: Option<Vec<[f64; 10]>>,
}

/// A trial drawn again, its loss divided in every way that attribution asks for. Parts of one division sum to
/// the loss.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    /// The loss, present value, in currency.
    pub loss: f64,
    /// Loss by component, in the order of `COMPONENTS`.
    pub components: Vec<f64>,
    /// Loss by risk.
    pub risks: Vec<f64>,
    /// Loss by node.
    pub nodes: Vec<f64>,
    /// Loss by service, then firm-wide.
    pub services: Vec<f64>,
}

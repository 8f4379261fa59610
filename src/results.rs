//! Everything an output may show, with where it comes from. Plain values: no output computes a figure of its own.

/// The ten components of total cost, in the order of MODEL section 7.2.
pub const COMPONENTS: [&str; 10] =
    ["interruption", "churn", "capability", "market", "spend", "overhead", "migration", "one_off", "stake", "cover"];

/// A component of total cost; `as usize` is its place in [`COMPONENTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "MODEL section 7.2 and `output/README.md` say what each one is")]
pub enum Component {
    Interruption,
    Churn,
    Capability,
    Market,
    Spend,
    Overhead,
    Migration,
    OneOff,
    Stake,
    Cover,
}

/// The results of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Where they come from.
    pub provenance: Provenance,
    /// Portfolio ids in file order.
    pub portfolios: Vec<String>,
    /// Index of the baseline in `portfolios`.
    pub baseline: usize,
    /// Risk ids, node ids, and service ids followed by `firm-wide`.
    pub risks: Vec<String>,
    /// Platforms, then vendors.
    pub nodes: Vec<String>,
    /// Services, then `firm-wide`.
    pub services: Vec<String>,
    /// The long table: every figure.
    pub measures: Vec<Measure>,
    /// Points of the exceedance curves.
    pub exceedance: Vec<ExceedancePoint>,
    /// Each portfolio against the baseline, the baseline left out.
    pub comparison: Vec<Comparison>,
    /// What causes the mean and the tail.
    pub attribution: Vec<Attribution>,
    /// Loss by month.
    pub timeline: Vec<TimelinePoint>,
    /// How figures settled as trials were added: portfolio by portfolio, by number of trials.
    pub convergence: Vec<ConvergencePoint>,
    /// One entry per portfolio, in order.
    pub headlines: Vec<Headline>,
    /// Distribution of total cost: one histogram per portfolio, on common bin edges.
    pub distribution: Distribution,
    /// One row per trial and portfolio, if asked for.
    pub trials: Option<Vec<TrialRow>>,
    /// What the run counted against what formulas expect.
    pub checks: Vec<Check>,
}

/// Which run of which scenario this is.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// Version of the engine.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its currency sign.
    pub currency: String,
    /// Its start, ISO 8601 (`2025-06-01`, or with a time if it has one).
    pub start: String,
    /// Its horizon, hours.
    pub horizon_hours: f64,
    /// Seed.
    pub seed: u64,
    /// Trials run.
    pub trials: u64,
    /// Trials of which rows were kept: all, or as many as memory had room for. Then distributions were counted in bins.
    pub rows: u64,
    /// Width of those bins as a part of the amount; none where all trials have rows.
    pub bin_width: Option<f64>,
    /// Width of the bins in which the losses of months are always counted.
    pub month_bin_width: f64,
    /// Kish's effective number of trials, where they have weights.
    pub effective_trials: Option<f64>,
    /// The appetite for loss, if any.
    pub appetite: Option<f64>,
    /// At most so likely to be exceeded, if the file says so.
    pub appetite_probability: Option<f64>,
}

/// A figure with its error: `std_error` and a 95 % interval where it has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure; NaN if the sample is too small for it.
    pub value: f64,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Lower end of the 95 % interval.
    pub lower: Option<f64>,
    /// Upper end of the 95 % interval.
    pub upper: Option<f64>,
}

/// A row of the long table (MODEL section 8).
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// What is measured: `loss`, `component`, `charged` …
    pub quantity: &'static str,
    /// Of what: a component, a risk, a node, a service, a year, a month; or empty.
    pub item: String,
    /// How: `mean`, `quantile`, `tvar` …
    pub measure: &'static str,
    /// Probability, return period in years, or hours; or none.
    pub level: Option<f64>,
    /// The figure.
    pub estimate: Estimate,
    /// `currency`, `hours`, `fraction`, `currency/month`, `1`.
    pub unit: &'static str,
}

/// Which exceedance curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceedance {
    /// Loss over the horizon.
    Horizon,
    /// Aggregate loss of a year.
    Aep,
    /// Largest event of a year.
    Oep,
}

/// A point of an exceedance curve.
#[derive(Debug, Clone, PartialEq)]
pub struct ExceedancePoint {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Which curve.
    pub kind: Exceedance,
    /// 1 / probability, years; none for the horizon.
    pub return_period: Option<f64>,
    /// Probability of a larger loss.
    pub probability: f64,
    /// The loss and its 95 % interval.
    pub loss: Estimate,
}

/// A portfolio against the baseline on the same trials; differences are portfolio − baseline of total cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Index of the baseline.
    pub baseline: usize,
    /// Mean difference, with the standard error of the paired difference.
    pub mean: Estimate,
    /// Probability that the portfolio is cheaper.
    pub p_cheaper: Estimate,
    /// Differences of VaR and TVaR: level, VaR difference, TVaR difference.
    pub tail: Vec<(f64, Estimate, Estimate)>,
    /// Further overhead per month at which the mean difference is 0.
    pub break_even_overhead: Estimate,
    /// The verdict.
    pub verdict: Verdict,
}

/// What the 95 % paired interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Cheaper than the baseline.
    Better,
    /// Dearer than the baseline.
    Worse,
    /// The interval contains 0.
    CannotTell,
}

/// What the 95 % interval of P(loss > appetite) says of the probability that the appetite allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appetite {
    /// The interval does not reach above the probability.
    Within,
    /// The whole interval lies above the probability.
    Over,
    /// The probability lies in the interval, or there is no interval.
    CannotTell,
}

impl Appetite {
    /// As a word: `within`, `over`, `cannot tell`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Appetite::Within => "within",
            Appetite::Over => "over",
            Appetite::CannotTell => "cannot tell",
        }
    }
}

/// By what a loss is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By risk.
    Risk,
    /// By node.
    Node,
    /// By component.
    Component,
    /// By service.
    Service,
}

/// A part of the loss: of its mean and of its TVaR at 99 %. Parts of one `by` sum to the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Divided by what.
    pub by: By,
    /// Which part.
    pub item: String,
    /// Part of the mean loss.
    pub mean: Estimate,
    /// Part of TVaR 99 %.
    pub tvar_99_part: Estimate,
}

/// Loss of one month.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelinePoint {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Month from 0.
    pub month: usize,
    /// When it begins, ISO date (and time, if not midnight).
    pub start: String,
    /// Mean loss.
    pub mean: f64,
    /// 5, 25, 50, 75 and 95 % quantiles.
    pub quantiles: [f64; 5],
}

/// A figure after so many trials.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvergencePoint {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Trials.
    pub trials: u64,
    /// `mean`, `tvar` or `difference`.
    pub measure: &'static str,
    /// Level of a TVaR.
    pub level: Option<f64>,
    /// The figure.
    pub estimate: Estimate,
}

/// The figures a reader wants first.
#[derive(Debug, Clone, PartialEq)]
pub struct Headline {
    /// Total cost where nothing happens.
    pub plan: f64,
    /// Mean loss.
    pub mean_loss: Estimate,
    /// Standard deviation of loss.
    pub sd_loss: Estimate,
    /// Mean total cost.
    pub mean_total_cost: Estimate,
    /// VaR and TVaR of loss at 95, 99 and 99.5 %.
    pub var_95: Estimate,
    /// TVaR at 95 %.
    pub tvar_95: Estimate,
    /// VaR at 99 %.
    pub var_99: Estimate,
    /// TVaR at 99 %.
    pub tvar_99: Estimate,
    /// VaR at 99.5 %.
    pub var_995: Estimate,
    /// TVaR at 99.5 %.
    pub tvar_995: Estimate,
    /// So many trials drawn plainly would know it as well; none where trials are drawn plainly.
    pub tvar_995_worth: Option<f64>,
    /// P(loss > appetite), if there is an appetite.
    pub prob_over_appetite: Option<Estimate>,
    /// What its interval says of the probability that the appetite allows; none where the file allows none.
    pub appetite: Option<Appetite>,
    /// Per service: mean hours unserved, mean availability, and availability in the worst 1 % of trials.
    pub services: Vec<ServiceHeadline>,
    /// Concentration by vendor.
    pub hhi_vendor: f64,
    /// Concentration by platform.
    pub hhi_platform: f64,
    /// Effective number of independent vendors; none if no vendor ever fails.
    pub effective_vendors: Option<f64>,
}

/// How well one service is served.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceHeadline {
    /// Mean hours unserved.
    pub unserved_hours: Estimate,
    /// Mean availability.
    pub availability: Estimate,
    /// Mean availability in the worst 1 % of trials.
    pub availability_worst_1: Estimate,
    /// Mean of the longest interruption, hours.
    pub longest_interruption: Estimate,
    /// The service's impact tolerance, hours, and the probability of an interruption longer than that; none without one.
    pub over_impact_tolerance: Option<(f64, Estimate)>,
}

/// What a run counted of what happens, whatever the portfolio, against what a formula expects.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `events`: number within the horizon; `size`: mean, what lies above the law's 99 % point counting as that; `hours_down` of a risk;
    /// `node_hours_down`.
    pub what: &'static str,
    /// A risk, an outcome (`RISK/STAGE/OUTCOME`), or a node.
    pub item: String,
    /// Of a size: which, as the file calls it.
    pub of: String,
    /// By formula.
    pub expected: f64,
    /// By the trials; NaN if there are none.
    pub simulated: f64,
    /// Standard error of that; NaN where there are too few trials for one.
    pub std_error: f64,
    /// Their difference in standard errors; none where there is no error.
    pub z: Option<f64>,
    /// What follows.
    pub verdict: Checked,
}

/// What follows from a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// The difference is one that chance makes.
    Passed,
    /// Chance does not make such a difference once in a million runs: the engine or the formula is wrong.
    Failed,
    /// Too few trials, or too few of its kind in them, to tell.
    TooFew,
    /// The formula leaves something out, such as what events have to do with each other: nothing follows.
    Approximate,
}

impl Checked {
    /// As words: `passed`, `failed`, `too few`, `approximate`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::TooFew => "too few",
            Self::Approximate => "approximate",
        }
    }
}

/// Histograms of total cost on common bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Bin edges, ascending; one more than counts. Trials beyond the ends are counted in the end bins.
    pub edges: Vec<f64>,
    /// Per portfolio: trials in each bin, or weight of trials in equal units.
    pub counts: Vec<Vec<u64>>,
}

/// One trial of one portfolio.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialRow {
    /// Trial number from 0.
    pub trial: u64,
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Loss.
    pub loss: f64,
    /// Total cost.
    pub total_cost: f64,
    /// Total cost by component.
    pub components: [f64; 10],
    /// Its weight, where trials do not weigh alike.
    pub weight: Option<f64>,
}

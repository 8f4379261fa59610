//! What the reference says besides the keys: the order of its sections, their words and their examples.
//!
//! The examples are parts of one scenario, in this order; a test puts them together and reads it.

use super::Keys;
use crate::quantity::Quantity;
use crate::scenario::nodes::{FACTOR, PLATFORM, SERVICE, VENDOR};
use crate::scenario::portfolio::PORTFOLIO;
use crate::scenario::read::{TABLES as ALL_TABLES, TOP};
use crate::scenario::risk::{ARRIVALS, CONDITIONS, EFFECTS, OUTCOME, RISK, STAGE};
use crate::scenario::terms::{CONTRACT, COVER};

/// A part of the reference.
pub(super) struct Section {
    pub level: usize,
    pub title: &'static str,
    pub says: &'static str,
    /// Lines of the scenario that the page's examples make.
    pub example: &'static str,
    pub keys: Option<Keys>,
}

pub(super) const TABLES: &str = "The tables of the file";
pub(super) const KINDS: &str = "Kinds";

pub(super) const OPENING: &str = "\
# The scenario file

Every key, what it takes, what holds without it, and what it says. This page is made from the tables that the reader
itself uses, so that it cannot say otherwise; `linchpin check FILE` tells what it understood of a file, and every mistake at
once. The examples of this page, put together in their order, are one scenario that runs.

A scenario is a [TOML](https://toml.io) file. A heading such as `[vendor.openai]` begins the table of the vendor `openai`; the
lines below it are its keys. `vendor.openai = { price = \"$4/Mtok\" }` says the same on one line. Names are yours to choose:
letters, digits, `-` and `_`. Other tables then refer to them, and a name that is not there is refused, with the nearest
that is. Tables may stand in any order.
";

pub(super) const QUANTITIES: &str = "\
Text carries units, and is written in quotes; digits may be grouped by `_` or `,`, and a point stands before decimals. Where a
number has one meaning only (a fraction, a change, a count), it may be written bare.
";

/// How a quantity is written.
pub(super) enum How {
    /// As its help says.
    Of(Quantity),
    /// In these words.
    Says(&'static str),
}

pub(super) const FORMS_OF_QUANTITIES: &[(&str, How)] = &[
    ("duration", How::Of(Quantity::Duration)),
    ("amount of money", How::Of(Quantity::Money)),
    ("amount of money per time", How::Of(Quantity::MoneyPerHour)),
    ("usage per time", How::Says("write an amount, a unit and a time in quotes: \"3 Ttok/month\", \"250 Mcall/day\"")),
    ("price", How::Says("write an amount per unit in quotes: \"$4.40/Mtok\", \"$30/seat\"")),
    ("fraction", How::Of(Quantity::Fraction)),
    ("fraction that may exceed 1", How::Of(Quantity::Multiple)),
    ("relative change", How::Of(Quantity::Change)),
    ("number", How::Of(Quantity::Number)),
    ("date", How::Says("write a date or a date-time, in UTC, without quotes: `2025-06-01`, `2025-06-01T08:30:00Z`")),
];

pub(super) const UNITS: &str = "\
A year is 365.25 days, a month a twelfth of it. Money: `k`, `M`, `bn`, `tn`; the sign, if any, must be the file's
`currency`. Usage and prices: the prefixes `k`, `M`, `G`, `T` before a word of your choice (`tok`, `call`, `seat`), which must be
the same for a service and for the vendors that can serve it. What has no end is `\"permanent\"`, where that is allowed.
A `stake_change` may be `\"-100%\"`; other changes stay above it.
";

pub(super) const DISTRIBUTIONS: &str = "\
Where a value is a distribution, it may be

- one value, `\"3 h\"`: always that;
- an interval that you believe with 90 %, `\"20 min to 9 h\"`: the 5th and 95th percentiles of a log-normal law. Of a change,
  `\"-8% to +15%\"`, one plus it is log-normal, so that it never falls below −100 %. A fraction is cut off at 1; if more than one case
  in 10,000 would lie above, the reader says how to write it instead;
- a table that names a law: two of `median` and percentiles such as `p95`, or `mean` and `sd`, or `median` and `sigma` for a log-normal;
  or one of the other forms below. `min` and `max` cut any of them off, and the rest is scaled up.
";

pub(super) const REMARKS: &str = "\
Every table may say where its figures are from. Remarks are kept and shown, never computed with.
";

pub(super) const SECTIONS: &[Section] = &[
    Section {
        level: 2,
        title: "Top of the file",
        says: "These stand above the first heading.",
        example: "\
name = \"An assistant on two models\"
start = 2025-06-01
horizon = \"36 months\"
discount_rate = \"6%\"
appetite = { loss = \"$50M\", probability = \"5%\" }
",
        keys: Some(TOP),
    },
    Section {
        level: 3,
        title: TABLES,
        says: "Each in its own section of this page.",
        example: "",
        keys: Some(ALL_TABLES),
    },
    Section {
        level: 2,
        title: "Who stands on whom",
        says: "\
Traffic goes to vendors; vendors stand on platforms, and platforms on platforms. What happens to a platform reaches everybody who
needs it at the same moment: five vendors on one cloud are not five independent vendors.

The availability of a vendor is its own times that of all it needs, or of the best of `any_of`. An event *strikes* the
vendors that would be gone if what it is `on` were gone.",
        example: "",
        keys: None,
    },
    Section {
        level: 3,
        title: "Platforms: `[platform.ID]`",
        says: "A cloud, a network, a jurisdiction.",
        example: "\
[platform.azure]
[platform.aws]
[platform.gateway]
runs_on = { any_of = [\"azure\", \"aws\"] }
",
        keys: Some(PLATFORM),
    },
    Section {
        level: 3,
        title: "Vendors: `[vendor.ID]`",
        says: "Whom the firm buys from; a model that it runs itself is a vendor too.",
        example: "\
[vendor.openai]
runs_on = [\"azure\"]
price = \"$4.40/Mtok\"
stake = \"$40M\"
[vendor.grok]
runs_on = [\"azure\", \"gateway\"]
price = \"$3/Mtok\"
capability = 0.95
[vendor.llama]
price = \"$1/Mtok\"
capability = 0.9
",
        keys: Some(VENDOR),
    },
    Section {
        level: 2,
        title: "What is sold: `[service.ID]`",
        says: "\
Revenue that is not earned because a vendor failed is lost by the part `margin`. What is not served is not billed.

A service with `churn` loses customers for good after long interruptions, less those who are won back; one with a
`sensitivity` earns less where its models are behind the frontier.",
        example: "\
[service.copilot]
revenue = \"$410k/h\"
growth = \"+25%\"
calendar = { weekday = [5, 5, 5, 5, 5, 2, 2] }
margin = 0.7
usage = \"3 Ttok/month\"
tolerance = \"10 min\"
impact_tolerance = \"4 h\"
churn = { after = \"4 h\", loses = \"0.2% to 1%\", returns = \"9 months\" }
sensitivity = 0.3
",
        keys: Some(SERVICE),
    },
    Section {
        level: 2,
        title: "Terms",
        says: "What vendors and insurers owe, and what is owed to them.",
        example: "",
        keys: None,
    },
    Section {
        level: 3,
        title: "Contracts: `[contract.VENDOR]`",
        says: "\
Terms with the vendor of that name. A portfolio's own `contract.VENDOR` replaces all of them. They bind a portfolio that plans
traffic with the vendor.",
        example: "\
[contract.openai]
price_cap = \"+10%\"
commitment = \"$40M/year\"
sla = [{ below = 0.999, credit = \"10%\" }, { below = 0.99, credit = \"25%\" }]
rebates = [{ above = \"$120M/year\", off = \"5%\" }]
exit_fee = \"$5M\"
",
        keys: Some(CONTRACT),
    },
    Section {
        level: 3,
        title: "Insurance: `[cover.ID]`",
        says: "\
Pays for what interruptions by its `risks` cost a portfolio that lists it in `covers`: per event, `pays` × what lies above the
deductible and below the limit, the first part of each interruption left out.",
        example: "\
[cover.interruption]
risks = [\"openai-outage\", \"azure-outage\"]
waiting = \"8 h\"
per_event = { deductible = \"$1M\", limit = \"$25M\" }
per_year = { limit = \"$50M\" }
pays = 0.9
premium = \"$600k/year\"
",
        keys: Some(COVER),
    },
    Section {
        level: 2,
        title: "What moves together: `[factor.ID]`",
        says: "\
A factor is a mood that many risks have in common: politics, the market for computing. Its value of a month is standard normal. A
rate follows it by `follows` in `arrivals`, a price by `follows` in its `path`: what follows one factor is high together and low together,
its mean unchanged.",
        example: "\
[factor.climate]
persistence = \"9 months\"
[factor.market]
",
        keys: Some(FACTOR),
    },
    Section {
        level: 2,
        title: "What can happen: `[risk.ID]`",
        says: "\
A risk says when its events come ([arrivals](#when-arrivals)), whom they strike (`on`), and what they do ([effects](#what-effects)). What
comes of an event later, or only perhaps, are its [outcomes and stages](#outcomes-and-stages).",
        example: "\
[risk.openai-outage]
kind = \"outage\"
on = \"openai\"
arrivals = { per_year = 12, follows = { climate = 0.5 }, aftershocks = { mean = 0.3, within = \"12 h\" } }
duration = \"20 min to 9 h\"
leaves = { pert = [0, 0.4, 1] }

[risk.azure-outage]
kind = \"outage\"
on = \"azure\"
arrivals = { per_year = 1.5 }
duration = { median = \"2 h\", p95 = \"12 h\" }

[risk.prices]
kind = \"pricing\"
on = [\"openai\", \"grok\", \"llama\"]
path = { drift = \"-35%\", volatility = 0.25, follows = { market = 0.4 } }
",
        keys: Some(RISK),
    },
    Section {
        level: 3,
        title: KINDS,
        says: "\
A kind is a vocabulary: it says which keys a risk needs and may have, and what reports call it. `kind`, `on`, `rate_if` and
`only_if` go with every kind. What a kind needs may also stand in the risk's outcomes and stages. `arrivals` are not needed
where another risk `causes` this one.",
        example: "\
[risk.next-model]
kind = \"delay\"
on = \"openai\"
due = 2025-09-01
slips = { values = [\"0 days\", \"3 months\", \"9 months\"], weights = [1, 2, 1] }
gap = \"-12% to -4%\"

[risk.sunset]
kind = \"retirement\"
on = \"llama\"
arrivals = { per_year = 0.3 }
notice = \"6 months\"
cost = \"$1M to $4M\"

[risk.turmoil]
kind = \"governance\"
on = \"openai\"
arrivals = { per_year = 0.4, follows = { climate = 0.8 } }
raises = { openai-outage = 2.5, leak = 3 }
causes = { end = { probability = 0.02, after = \"30 days to 1 year\" } }
for = \"4 months\"
stake_change = \"-30% to -5%\"

[risk.leak]
kind = \"breach\"
on = \"openai\"
arrivals = { per_year = 0.2 }
cost = \"$1M to $20M\"
revenue_change = { copilot = \"-6% to -1%\" }
for = \"3 months\"

[risk.end]
kind = \"insolvency\"
on = \"openai\"
notice = \"14 days\"
stake_change = \"-100%\"
",
        keys: None,
    },
    Section {
        level: 3,
        title: "When: `arrivals`",
        says: "\
Exactly one of `per_year`, `per_month`, `every`, `once` and `at`. `trend`, `calendar`, `follows` and `aftershocks` go with a rate per
year or month.",
        example: "",
        keys: Some(ARRIVALS),
    },
    Section {
        level: 3,
        title: "What: effects",
        says: "\
These stand in a risk, or in an outcome. Let the event be at τ. An outage and costs begin at τ; access is lost, and prices, capability, revenue
and other risks change, at τ + `notice`. `for` and `over` say how long and how fast.",
        example: "\
[risk.exclusive]
kind = \"exclusivity\"
on = \"grok\"
arrivals = { once = { probability = 0.2, between = [2026-01-01, 2027-01-01] } }
notice = \"30 days\"
suspends = \"permanent\"
revenue_change = { copilot = \"-4% to -1%\" }
for = \"1 year\"
over = \"3 months\"
",
        keys: Some(EFFECTS),
    },
    Section {
        level: 3,
        title: "For whom: conditions",
        says: "\
By default an event reaches every portfolio that stands on what it strikes. Conditions make it rarer, more frequent, or absent, by what
a portfolio *plans*: this is how vendors react to a firm that diversifies. They stand in a risk or in an outcome.",
        example: "\
[risk.answer]
kind = \"retaliation\"
on = \"openai\"
arrivals = { per_year = 0.3 }
only_if = { uses = \"grok\", at_least = 0.2 }
outcomes = [
    { name = \"restricts\", probability = 0.2, suspends = \"30 days\", notice = \"10 days\" },
    { name = \"reprices\", probability = 0.3, price_change = \"+20%\", for = \"1 year\" },
    { name = \"comes to terms\", probability = 0.2, cost = \"-$5M\", scales_with = \"use\" },
]
",
        keys: Some(CONDITIONS),
    },
    Section {
        level: 3,
        title: "Outcomes and stages",
        says: "\
`outcomes` are what may come of an event at once: at most one of them; what their probabilities leave to 1 is the chance that
nothing does. `stages` are what follows in time, one after the other: each with outcomes, or with a probability and effects of its own.
Whatever comes of a stage, the next follows, until an outcome with `ends`.",
        example: "\
[risk.suit]
kind = \"legal\"
on = \"openai\"
arrivals = { at = [2025-03-01] }
stages = [
    { name = \"motion\", after = \"6 months to 18 months\", outcomes = [{ name = \"dismissed\", probability = 0.4, ends = true }, { name = \"injunction\", probability = 0.05, notice = \"30 days\", suspends = \"90 days\" }] },
    { name = \"trial\", after = \"1 year\", probability = 0.3, cost = \"$5M to $50M\", scales_with = \"use\" },
]
",
        keys: None,
    },
    Section {
        level: 4,
        title: "An outcome",
        says: "Besides [effects](#what-effects) and [conditions](#for-whom-conditions):",
        example: "",
        keys: Some(OUTCOME),
    },
    Section {
        level: 4,
        title: "A stage",
        says: "Besides [effects](#what-effects) and [conditions](#for-whom-conditions), where it has no `outcomes`:",
        example: "",
        keys: Some(STAGE),
    },
    Section {
        level: 2,
        title: "What the firm does: `[portfolio.ID]`",
        says: "\
A portfolio places the traffic and says what happens to it when a vendor is lost. All portfolios are judged in the same futures. First
*failover* moves what is lost into room that others have; a loss that lasts begins a *migration*, which moves a share for good; a
*playbook* moves shares when prices, capability or hours down have been too bad for too long.",
        example: "\
[portfolio.single]
baseline = true
shares = { openai = 1.0 }
migration = { to = [\"grok\"], patience = \"30 days\", takes = \"2 months to 8 months\", costs = \"$4M to $20M\" }
covers = [\"interruption\"]

[portfolio.neutral]
shares = { openai = 0.6, grok = 0.4 }
failover = { detect = \"5 min\", headroom = 0.6, works = 0.95, order = [\"grok\", \"openai\", \"llama\"] }
standby = { llama = { capacity = 0.3, starts = \"2 h\", costs = \"$80k/month\" } }
migration = { patience = \"14 days\", takes = \"3 weeks to 4 months\", costs = \"$1M to $5M\" }
playbook = [{ when = { vendor = \"openai\", price_above = \"+40%\", lasting = \"2 months\" }, shares = { grok = 0.7, openai = 0.3 }, takes = \"2 months\", costs = \"$3M\" }]
setup = \"$3M\"
overhead = \"$450k/month\"
contract.openai = { price_cap = \"+5%\" }
",
        keys: Some(PORTFOLIO),
    },
];

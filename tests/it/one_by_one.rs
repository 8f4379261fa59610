//! Outages that are settled together, against the same settled one by one: every figure, trial by trial.

use linchpin::scenario::{NoFiles, read};
use linchpin::simulate::{PortfolioTrials, Trials, simulate};
use linchpin::{Options, Plan};

const TRIALS: u64 = 200;

/// Four vendors of which two share a cloud; rare losses that last; portfolios that respond in every way.
const BASE: &str = r#"
start = 2025-06-01
horizon = "30 months"
[platform.cloud]
[platform.west]
[vendor.a]
runs_on = ["cloud"]
price = "$1/unit"
[vendor.b]
runs_on = ["cloud"]
price = "$2/unit"
[vendor.c]
runs_on = { any_of = ["cloud", "west"] }
price = "$3/unit"
[vendor.d]
price = "$1.5/unit"
[service.s]
revenue = "$50k/h"
usage = "1 Munit/month"
[service.t]
revenue = "$10k/h"
usage = "2 Munit/month"
tolerance = "20 min"
[risk.cloud-out]
kind = "outage"
on = "cloud"
arrivals = { per_year = 6 }
duration = { median = "3 h", sigma = 1.0 }
[risk.west-out]
kind = "outage"
on = "west"
arrivals = { per_year = 9, trend = "+30%" }
duration = { median = "5 h", sigma = 1.2 }
leaves = 0.25
[risk.a-out]
kind = "outage"
on = "a"
arrivals = { per_year = 24 }
duration = { median = "1.2 h", sigma = 1.1 }
[risk.b-out]
kind = "outage"
on = "b"
arrivals = { per_year = 20 }
duration = "2 h"
leaves = 0.4
[risk.cd-out]
kind = "outage"
on = ["c", "d"]
arrivals = { per_year = 12 }
duration = { median = "4 h", sigma = 1.5 }
[risk.d-brown]
kind = "outage"
on = "d"
arrivals = { per_year = 12 }
duration = "1 h to 9 h"
leaves = { uniform = [0, 0.9] }
[risk.a-lost]
kind = "exclusivity"
on = "a"
arrivals = { per_year = 0.4 }
notice = "3 days"
suspends = "10 days to 90 days"
[risk.d-lost]
kind = "exclusivity"
on = "d"
arrivals = { per_year = 0.4 }
suspends = "permanent"
[risk.west-half]
kind = "outage"
on = "west"
arrivals = { per_year = 0.5 }
duration = "20 days to 50 days"
leaves = 0.5
[risk.price]
kind = "pricing"
on = "b"
path = { drift = "-10%", volatility = 0.3 }
arrivals = { per_year = 1 }
price_change = "+5% to +40%"
[portfolio.single]
baseline = true
shares = { a = 1.0 }
migration = { to = ["b"], patience = "14 days", takes = "20 days to 80 days", costs = "$2M" }
[portfolio.two]
shares.s = { a = 0.6, b = 0.4 }
shares.t = { a = 0.2, d = 0.8 }
failover = { detect = "10 min", headroom = 0.6 }
standby = { c = { capacity = 0.2, starts = "1 h", costs = "$1k/month" } }
migration = { patience = "14 days", takes = "20 days to 80 days", costs = "$2M" }
[portfolio.four]
shares = { a = 0.4, b = 0.3, c = 0.2, d = 0.1 }
failover = { detect = "10 min", headroom = 0.7, order = ["d", "c", "b", "a"] }
migration = { patience = "14 days", takes = "20 days to 80 days", costs = "$2M" }
[portfolio.stay]
shares = { a = 0.4, b = 0.3, c = 0.2, d = 0.1 }
failover = { detect = "2 h", headroom = 0.1 }
"#;

fn trials(text: &str, apart: bool) -> Trials {
    let scenario = read("one.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|p| panic!("{p}")).scenario;
    let plan = Plan::new(&scenario, scenario.seed);
    let plan = if apart { plan.one_by_one() } else { plan };
    simulate(&plan, &Options { keep_components: true, ..Options::of(0..TRIALS) }, &|_| true).expect("not stopped")
}

/// Every list of figures of a portfolio, with a name and a scale.
fn figures(p: &PortfolioTrials) -> Vec<(&'static str, Vec<f64>, f64)> {
    let means =
        |list: &[linchpin::simulate::Moments]| -> Vec<f64> { list.iter().flat_map(|m| [m.mean, m.sd()]).collect() };
    let money = p.plan.iter().sum::<f64>();
    let rows: Vec<f64> = p.rows.iter().flatten().flatten().copied().collect();
    let mut all = vec![
        ("loss", p.loss.clone(), money),
        ("components", rows, money),
        ("AEP", p.aep.clone(), money),
        ("OEP", p.oep.clone(), money),
        ("risks", means(&p.all.risks), money),
        ("nodes", means(&p.all.nodes), money),
        ("services", means(&p.all.services), money),
        ("months", means(&p.all.months), money),
        ("hours down", means(&p.all.down), 1e3),
    ];
    all.extend(p.unserved_hours.iter().map(|hours| ("unserved hours", hours.clone(), 1e2)));
    all.extend(p.longest_hours.iter().map(|hours| ("longest interruption", hours.clone(), 1e2)));
    all
}

#[track_caller]
fn assert_same(text: &str) {
    let (together, apart) = (trials(text, false), trials(text, true));
    for (p, (one, other)) in together.portfolios.iter().zip(&apart.portfolios).enumerate() {
        for ((what, one, scale), (_, other, _)) in figures(one).into_iter().zip(figures(other)) {
            assert_eq!(one.len(), other.len());
            for (n, (x, y)) in one.iter().zip(&other).enumerate() {
                assert!(
                    (x - y).abs() <= 1e-11 * scale + 1e-9 * y.abs(),
                    "{what} of portfolio {p}, {n}: {x}, one by one {y}\n{text}"
                );
            }
        }
    }
}

#[test]
fn outages_settled_together_are_those_settled_one_by_one() {
    assert_same(BASE);
    let with = |from: &str, to: &str| {
        assert!(BASE.contains(from), "{from}");
        assert_same(&BASE.replace(from, to));
    };
    with(
        "revenue = \"$50k/h\"",
        "revenue = \"$50k/h\"\ngrowth = \"+40%\"\ncalendar = { hour = [1,1,1,1,1,1,2,3,4,5,6,6,6,6,6,6,5,4,3,2,1,1,1,1] }",
    );
    with("horizon", "discount_rate = 0.08\nhorizon");
    with("headroom = 0.7", "headroom = 0.7, works = 0.8");
    with(
        "tolerance = \"20 min\"",
        "tolerance = \"5 h\"\nchurn = { after = \"9 h\", loses = \"1%\", returns = \"9 months\" }",
    );
    with(
        "[portfolio.single]",
        "[cover.all]\nwaiting = \"6 h\"\npays = 0.5\npremium = \"$1k/year\"\n[portfolio.single]\ncovers = [\"all\"]",
    );
    with(
        "[risk.price]",
        "[risk.leaks]\nkind = \"breach\"\non = \"c\"\narrivals = { per_year = 0.7 }\nrevenue_change = { s = \"-9%\" }\nfor = \"90 days\"\nover = \"30 days\"\n[risk.price]",
    );
    with("detect = \"10 min\"", "detect = \"0 s\"");
    with("starts = \"1 h\"", "starts = \"2 days\"");
}

/// The comparison is one: a text in which nothing is settled together differs in nothing, one in which it is does in roundings.
#[test]
fn outages_are_settled_together() {
    let (together, apart) = (trials(BASE, false), trials(BASE, true));
    let differ = |p: usize| {
        together.portfolios[p].loss.iter().zip(&apart.portfolios[p].loss).any(|(x, y)| x.to_bits() != y.to_bits())
    };
    assert!((0..4).all(differ));
}

//! Chance has an address: results depend on the file, the seed and the trial's number, and on nothing else.

use linchpin::simulate::{Trials, redraw, simulate};
use linchpin::{Options, Plan};

use crate::sample::{range, scenario, trials};

/// Something of everything, so that whatever moves a draw is seen.
const BASE: &str = r#"
name = "luck"
start = 2025-06-01
horizon = "26 months"
discount_rate = "5%"
[platform.azure]
[platform.aws]
[vendor.openai]
runs_on = ["azure"]
price = "$4/Mtok"
[vendor.grok]
price = "$3/Mtok"
[vendor.llama]
runs_on = { any_of = ["azure", "aws"] }
price = "$1/Mtok"
[vendor.spare]
price = "$2/Mtok"
[service.copilot]
revenue = "$40k/h"
growth = "+25%"
usage = "3 Gtok/month"
tolerance = "10 min"
calendar = { weekday = [2, 2, 2, 2, 2, 1, 1] }
[service.search]
revenue = "$10k/h"
margin = 0.5
usage = "1 Gtok/month"
[risk.openai-outage]
kind = "outage"
on = "openai"
arrivals = { per_year = 30, trend = "-10%" }
duration = "20 min to 9 h"
leaves = { beta = { mean = 0.3, sd = 0.2 } }
[risk.azure-outage]
kind = "outage"
on = "azure"
arrivals = { per_year = 6, calendar = { hour = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1] } }
duration = "1 h to 30 h"
[risk.grok-outage]
kind = "outage"
on = ["grok", "aws"]
arrivals = { every = { weibull = { shape = 1.5, scale = "20 days" } } }
duration = { exponential = "5 h" }
[risk.openai-leaves]
kind = "exclusivity"
on = "openai"
arrivals = { once = { probability = 0.3, between = [2025-10-01, 2026-10-01] } }
notice = "10 days to 90 days"
suspends = "20 days to 300 days"
revenue_change = { copilot = "-6% to -1%" }
for = "1 month to 6 months"
over = "2 weeks"
[risk.suit]
kind = "legal"
on = "openai"
arrivals = { at = [2025-01-15, 2025-09-01], probability = 0.8 }
rate_if = [{ uses = "grok", at_least = 0.1, times = 1.2 }]
[[risk.suit.stages]]
name = "motion"
after = "5 months to 14 months"
outcomes = [{ name = "settled", probability = 0.3, cost = "$1M to $9M", ends = true }]
[[risk.suit.stages]]
name = "trial"
after = "1 month to 6 months"
outcomes = [{ name = "injunction", probability = 0.2, suspends = "20 days to 90 days" }, { name = "damages", probability = 0.4, cost = "$4M to $40M", rate_if = [{ uses = "openai", at_least = 0.6, times = 1.5 }] }]
[risk.prices]
kind = "pricing"
on = "openai"
path = { drift = "-20%", volatility = 0.25 }
arrivals = { per_year = 0.7 }
price_change = "-8% to +40%"
[factor.climate]
persistence = "9 months"
[risk.turmoil]
kind = "governance"
on = "openai"
arrivals = { per_year = 0.6, follows = { climate = 0.8 } }
raises = { azure-outage = 2.5 }
causes = { leak = { probability = 0.5, after = "1 day to 1 year" } }
for = "4 months"
[risk.leak]
kind = "breach"
on = ["openai", "grok"]
arrivals = { per_year = 0.3, follows = { climate = -0.4 }, aftershocks = { mean = 0.3, within = "20 days" } }
rate_if = [{ uses = "grok", at_least = 0.1, times = 2 }]
cost = "$1M to $9M"
[portfolio.openai-only]
baseline = true
shares = { openai = 1.0 }
migration = { to = ["grok"], patience = "10 days", takes = "1 month to 8 months", costs = "$4M to $20M" }
[portfolio.neutral]
shares.copilot = { openai = 0.5, grok = 0.25, llama = 0.25 }
shares.search = { openai = 0.4, grok = 0.3, llama = 0.3 }
failover = { detect = "5 min", headroom = 0.6, works = 0.9 }
standby = { spare = { capacity = 0.2, starts = "2 h", costs = "$80k/month" } }
migration = { patience = "15 days", takes = "3 weeks to 4 months", costs = "$1M to $5M" }
contract.openai = { price_cap = "+10%", commitment = "$60k/year", exit_fee = "$1M" }
"#;

const N: u64 = 1_500;

/// Runs a range on a pool of so many threads.
fn on_threads(n: usize, trials: std::ops::Range<u64>) -> Trials {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads");
    pool.install(|| range(BASE, trials))
}

/// Every figure, with the bits of its floats; the trials' own sums and histograms too.
fn bytes(trials: &Trials) -> String {
    let quantiles: Vec<Vec<f64>> = (trials.portfolios.iter())
        .map(|p| p.month_histograms.iter().flat_map(|h| [0.0, 0.05, 0.5, 0.73, 1.0].map(|q| h.quantile(q))).collect())
        .collect();
    let stripped: Vec<String> = (trials.portfolios.iter())
        .map(|p| {
            format!(
                "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                p.plan,
                p.loss,
                p.aep,
                p.oep,
                p.unserved_hours,
                p.longest_hours,
                p.all.components,
                p.all.risks,
                p.all.nodes,
                p.all.services,
                p.all.years,
                p.all.months,
                p.all.down,
                p.all.down_total,
                p.rows
            )
        })
        .collect();
    format!("{} {} {} {stripped:?} {quantiles:?}", trials.first, trials.n, trials.n_years)
}

#[test]
fn threads_change_nothing() {
    let one = bytes(&on_threads(1, 0..N));
    for n in [2, 3, 8] {
        assert!(one == bytes(&on_threads(n, 0..N)), "{n} threads");
    }
}

#[test]
fn threads_change_no_result() {
    let scenario = scenario(BASE);
    let run = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads");
        let options = Options { keep_components: true, ..Options::of(0..N) };
        // A NaN (too small a sample) equals itself when printed.
        format!("{:?}", pool.install(|| linchpin::run(&scenario, &options, &|_| true)).expect("not stopped"))
    };
    let one = run(1);
    for n in [2, 3, 8] {
        assert!(one == run(n), "{n} threads");
    }
}

/// Everything that is kept trial by trial.
fn rows(trials: &Trials, at: std::ops::Range<usize>) -> String {
    let years = trials.n_years;
    let row = |p: &linchpin::simulate::PortfolioTrials| {
        let lists = |all: &[Vec<f64>]| all.iter().map(|l| l[at.clone()].to_vec()).collect::<Vec<_>>();
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            &p.loss[at.clone()],
            &p.aep[at.start * years..at.end * years],
            &p.oep[at.start * years..at.end * years],
            lists(&p.unserved_hours),
            lists(&p.longest_hours),
            &p.rows.as_ref().expect("kept")[at.clone()]
        )
    };
    trials.portfolios.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_range_in_parts_is_the_same_trials() {
    let whole = range(BASE, 0..N);
    // At a block's boundary, and anywhere.
    for cut in [512, 1024, 1, 700, 1234] {
        let (first, rest) = (range(BASE, 0..cut), range(BASE, cut..N));
        let cut = usize::try_from(cut).expect("small");
        assert_eq!((first.n, rest.n), (cut as u64, 1500 - cut as u64));
        assert!(rows(&whole, 0..cut) == rows(&first, 0..cut), "before {cut}");
        assert!(rows(&whole, cut..1500) == rows(&rest, 0..1500 - cut), "from {cut}");
    }
}

#[test]
fn a_trial_alone_is_its_row() {
    let whole = range(BASE, 0..N);
    let alone = range(BASE, 1234..1235);
    assert_eq!((alone.first, alone.n), (1234, 1));
    assert_eq!(rows(&whole, 1234..1235), rows(&alone, 0..1));
    assert_ne!(rows(&whole, 1233..1234), rows(&alone, 0..1));
    let scenario = scenario(BASE);
    let plan = Plan::new(&scenario, scenario.seed);
    for (p, portfolio) in whole.portfolios.iter().enumerate() {
        for parts in redraw(&plan, p, &[1234, 3, 1234]).iter().zip([1234, 3, 1234]) {
            let (parts, trial): (_, usize) = parts;
            assert_eq!(parts.loss.to_bits(), portfolio.loss[trial].to_bits());
            assert_eq!(parts.components, portfolio.rows.as_ref().expect("kept")[trial]);
        }
    }
}

#[test]
fn seeds_differ_and_are_kept_apart() {
    let with = |seed: u64| {
        let scenario = scenario(BASE);
        let options = Options::of(0..50);
        simulate(&Plan::new(&scenario, seed), &options, &|_| true).expect("not stopped")
    };
    let (one, two) = (with(1), with(2));
    let same = one.portfolios[0].loss.iter().zip(&two.portfolios[0].loss).filter(|(a, b)| a == b).count();
    assert_eq!(same, 0);
    assert_eq!(with(1).portfolios[0].loss, one.portfolios[0].loss);
    let mut losses = one.portfolios[0].loss.clone();
    losses.sort_by(f64::total_cmp);
    losses.dedup();
    assert_eq!(losses.len(), 50, "trials differ");
}

/// Losses of the two portfolios of [`BASE`] in `text`, where they may stand at other places.
fn losses(text: &str) -> [Vec<f64>; 2] {
    let scenario = scenario(text);
    let trials = trials(text, 400);
    ["openai-only", "neutral"].map(|id| {
        let at = scenario.portfolios.iter().position(|p| p.id == id).expect("there");
        trials.portfolios[at].loss.clone()
    })
}

/// The same bits.
#[track_caller]
fn assert_same(text: &str) {
    assert!(losses(BASE) == losses(text), "draws have moved");
}

/// The same draws, summed in another order: another risk's events stand between, or a lone fall is no longer alone.
#[track_caller]
fn assert_same_but_for_rounding(text: &str) {
    for (before, after) in losses(BASE).iter().flatten().zip(losses(text).iter().flatten()) {
        assert!((before - after).abs() <= 1e-9 * (before.abs() + after.abs() + 1e6), "{before} {after}");
    }
}

fn with(more: &str) -> String {
    format!("{BASE}{more}")
}

/// `BASE` with the text between two marks moved or changed.
fn replaced(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "{from}");
    BASE.replace(from, to)
}

#[test]
fn a_new_vendor_platform_or_portfolio_moves_no_draw() {
    assert_same(&replaced("[platform.azure]", "[platform.new]\n[platform.azure]"));
    assert_same(&replaced("[vendor.openai]\n", "[vendor.new]\nprice = \"$9/Mtok\"\n[vendor.openai]\n"));
    // At the end and in front; one that sees what the others do, and one that does not.
    assert_same(&with("[portfolio.new]\nshares = { spare = 1.0 }\n"));
    assert_same(&replaced(
        "[portfolio.openai-only]",
        "[portfolio.new]\nshares = { grok = 0.5, openai = 0.5 }\nfailover = { headroom = 1, works = 0.5 }\nmigration = { patience = \"2 days\", takes = \"1 day\", costs = \"$1\" }\n[portfolio.openai-only]",
    ));
}

#[test]
fn a_new_service_moves_no_draw() {
    // One without revenue, so that the planned shares of all traffic stay as they are; others are weighted by revenue.
    let text = replaced("[service.copilot]", "[service.new]\nrevenue = \"$0/h\"\n[service.copilot]")
        .replace("shares.search", "shares.new = { openai = 0.4, grok = 0.3, llama = 0.3 }\nshares.search");
    assert_same_but_for_rounding(&text);
}

#[test]
fn a_new_risk_moves_no_draw() {
    // On a vendor where nobody's traffic goes, in front and at the end.
    let risk = |id: &str| {
        format!(
            "[risk.{id}]\nkind = \"outage\"\non = \"idle\"\narrivals = {{ per_year = 40 }}\nduration = \"1 h to 90 h\"\n"
        )
    };
    let idle =
        |text: String| text.replace("[vendor.openai]\n", "[vendor.idle]\nprice = \"$9/Mtok\"\n[vendor.openai]\n");
    assert_same_but_for_rounding(&idle(with(&risk("new"))));
    assert_same_but_for_rounding(&idle(replaced(
        "[risk.openai-outage]",
        &format!("{}[risk.openai-outage]", risk("new")),
    )));
    // On a vendor of theirs, without effect: every lone fall has company.
    for kind in ["per_year = 300", "every = \"25 h\""] {
        let nothing = format!(
            "[risk.nothing]\nkind = \"outage\"\non = [\"openai\", \"grok\", \"aws\"]\narrivals = {{ {kind} }}\nduration = {{ uniform = [\"10 h\", \"90 h\"] }}\nleaves = 1\n"
        );
        assert_same_but_for_rounding(&with(&nothing));
    }
    // A suit that costs nothing, and a repricing by nothing.
    assert_same_but_for_rounding(&with(
        "[risk.new]\nkind = \"legal\"\non = \"openai\"\narrivals = { per_year = 9 }\noutcomes = [{ name = \"x\", probability = 0.5, cost = \"$0\" }]\n",
    ));
    assert_same_but_for_rounding(&with(
        "[risk.new]\nkind = \"pricing\"\non = \"openai\"\narrivals = { per_year = 9 }\nprice_change = \"0%\"\n",
    ));
}

#[test]
fn a_new_date_stage_or_outcome_moves_no_draw() {
    // Dates stand for their events: a third one, with an outcome that a portfolio without grok sees no more often, adds to
    // the losses of trials in which it happens, and leaves the others.
    let more = replaced("[2025-01-15, 2025-09-01]", "[2025-01-15, 2025-05-31, 2025-09-01]");
    let (old, new) = (losses(BASE), losses(&more));
    let same =
        |a: &[f64], b: &[f64]| a.iter().zip(b).filter(|(a, b)| (*a - *b).abs() <= 1e-6 * (a.abs() + 1e6)).count();
    for (old, new) in old.iter().zip(&new) {
        // It happens with 0.8, and has an effect with 0.3 + 0.7 · 0.6 or so if there is time for it.
        assert!((100..350).contains(&same(old, new)), "{}", same(old, new));
    }
    // What ends nothing and does nothing, after and beside what there is.
    assert_same_but_for_rounding(&replaced(
        "[risk.prices]",
        "[[risk.suit.stages]]\nname = \"appeal\"\nafter = \"1 month to 2 months\"\noutcomes = [{ name = \"new\", probability = 0.5, cost = \"$0\" }]\n[risk.prices]",
    ));
    assert_same_but_for_rounding(&replaced(
        "cost = \"$1M to $9M\", ends = true }",
        "cost = \"$1M to $9M\", ends = true }, { name = \"new\", probability = 0.4, cost = \"$0\" }",
    ));
}

#[test]
fn a_name_is_an_address() {
    let differ = |text: &str| {
        losses(BASE)
            .iter()
            .zip(losses(text))
            .map(|(a, b)| a.iter().zip(&b).filter(|(a, b)| a != b).count())
            .collect::<Vec<_>>()
    };
    for risk in ["openai-outage", "grok-outage", "prices"] {
        let differ = differ(&replaced(&format!("[risk.{risk}]"), &format!("[risk.{risk}-2]")));
        // Nobody on openai alone has a thing to do with grok, but where it migrates to it.
        assert!(differ[1] > 390 && (differ[0] > 390 || risk == "grok-outage"), "{risk}: {differ:?}");
    }
    let failover = differ(&BASE.replace("grok", "xai"));
    assert!(failover[1] > 100, "whether a failover works is the vendor's: {failover:?}");
}

#[test]
fn the_order_in_the_file_is_the_order_of_the_report_alone() {
    // Risks and portfolios, back to front.
    let head = BASE.find("[risk.").expect("there");
    let portfolios = BASE.find("[portfolio.").expect("there");
    let sections = |text: &str, mark: &str| {
        let starts: Vec<usize> = text.match_indices(mark).map(|(i, _)| i).chain([text.len()]).collect();
        starts.windows(2).rev().map(|w| text[w[0]..w[1]].to_owned()).collect::<String>()
    };
    // `[[risk.suit.stages]]` goes with its risk.
    let risks = sections(&BASE[head..portfolios].replace("[[risk", "[[RISK"), "[risk.").replace("[[RISK", "[[risk");
    let text = format!("{}{risks}{}", &BASE[..head], sections(&BASE[portfolios..], "[portfolio."));
    assert_ne!(text, BASE);
    assert_same_but_for_rounding(&text);
    let (one, other) = (scenario(BASE), scenario(&text));
    assert_eq!(
        one.risks.iter().map(|r| &r.id).collect::<Vec<_>>(),
        other.risks.iter().rev().map(|r| &r.id).collect::<Vec<_>>()
    );
    let (before, after) = (trials(BASE, 400), trials(&text, 400));
    for (risk, moments) in before.portfolios[1].all.risks.iter().enumerate() {
        let same = after.portfolios[0].all.risks[one.risks.len() - 1 - risk];
        assert!((moments.mean() - same.mean()).abs() <= 1e-9 * (moments.mean().abs() + 1e6), "{risk}");
    }
}

/// Longer outages are the same outages, longer: each value is its law's quantile at the same uniform.
#[test]
fn a_changed_law_moves_values_and_not_luck() {
    let (old, new) =
        (losses(BASE), losses(&replaced("duration = \"20 min to 9 h\"", "duration = \"22 min to 9.9 h\"")));
    for (a, b) in old[0].iter().zip(&new[0]) {
        let relative = (b - a) / (a.abs() + 1e6);
        assert!(relative.abs() < 0.3, "{a} {b}");
    }
    let more: usize = old[0].iter().zip(&new[0]).filter(|(a, b)| b > a).count();
    assert!(more > 380, "{more}");
}

const USED: &str = r#"
name = "used"
start = 2025-06-01
horizon = "2 years"
[vendor.a]
price = "$1/unit"
[vendor.b]
price = "$1/unit"
[vendor.idle]
price = "$1/unit"
[service.s]
revenue = "$50k/h"
usage = "1 Munit/month"
[risk.a-out]
kind = "outage"
on = "a"
arrivals = { per_year = 24 }
duration = "1 h to 9 h"
[risk.both-out]
kind = "outage"
on = ["b", "idle"]
arrivals = { per_year = 12 }
duration = "1 h to 9 h"
[portfolio.p]
shares = { a = 0.7, b = 0.3 }
failover = { detect = "10 min" }
"#;

/// Much happens to a vendor.
const IDLE: &str = r#"
[risk.idle-out]
kind = "outage"
on = "idle"
arrivals = { per_year = 300 }
duration = "1 h to 9 h"
[risk.idle-lost]
kind = "exclusivity"
on = "idle"
arrivals = { per_year = 1 }
suspends = "20 days to 200 days"
[risk.idle-price]
kind = "pricing"
on = "idle"
path = { drift = "-21%", volatility = 0.2 }
[risk.idle-dearer]
kind = "pricing"
on = "idle"
arrivals = { per_year = 2 }
price_change = "+12% to +75%"
"#;

#[test]
fn what_happens_to_a_vendor_that_nobody_uses_changes_no_bit() {
    let losses = |more: &str| {
        let scenario = scenario(&format!("{USED}{more}"));
        simulate(&Plan::new(&scenario, 1), &Options::of(0..300), &|_| true).expect("nobody stops it").portfolios[0]
            .loss
            .clone()
    };
    assert!(losses("") == losses(IDLE));
    let moves = "migration = { to = [\"idle\"], takes = \"20 days\", patience = \"4 h\" }\n";
    assert!(losses(moves) != losses(&format!("{moves}{IDLE}")), "whoever may move to it minds");
    let watches = "playbook = [{ when = { vendor = \"idle\", price_above = \"+8%\", lasting = \"1 month\" }, takes = \"5 days\", shares = { a = 0.2, b = 0.8 } }]\n";
    assert!(losses(watches) != losses(&format!("{watches}{IDLE}")), "whoever watches it minds");
}

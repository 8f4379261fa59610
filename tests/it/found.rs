//! Every shipped scenario opens with what it asks and what it found, and what it found still comes out.
//!
//! Each figure in the words, in order, is held to a measure of a small run: within four standard errors or the rounding of the words,
//! whichever is larger. Words that are no figures (a fifth, one in twenty) are spelt out in the scenarios, so none goes unchecked.

use std::fs;
use std::path::{Path, PathBuf};

use linchpin::Options;
use linchpin::results::{Estimate, Results};
use linchpin::scenario::{FileError, Files, read};

/// What the words of a file say, as measures of `run`: its figures in order, and what else must hold.
#[expect(clippy::too_many_lines, reason = "a table, one entry a scenario")]
fn found(file: &str, run: &Run) -> Found {
    match file {
        "bank-assistant" => says([
            run.total("one-vendor"),
            run.over_appetite("one-vendor"),
            run.over_appetite("two-vendors-one-cloud"),
            run.dearer("two-vendors-two-clouds", "one-vendor"),
            run.over_appetite("two-vendors-two-clouds"),
            run.component("one-vendor-insured", "cover").negated(),
            run.plan("one-vendor-insured").minus(run.plan("one-vendor")),
        ])
        .and("one cloud costs as much as one vendor", run.within("two-vendors-one-cloud", "one-vendor", 0.05)),
        "copilot-2025" => says([
            run.total("openai-only"),
            run.plan("neutral").minus(run.plan("openai-only")),
            run.plan("two-clouds").minus(run.plan("openai-only")),
        ])
        .and("standing by costs no less", !run.is_cheaper("openai-standby", "openai-only"))
        .and("a commitment costs more", run.is_cheaper("openai-only", "grok-committed"))
        .and("the neutral layer costs more", run.is_cheaper("openai-only", "neutral"))
        .and("two clouds cost more", run.is_cheaper("openai-only", "two-clouds"))
        .and("models of one's own cost more", run.is_cheaper("openai-only", "in-house-first"))
        .and("but for hosting, which changes little", run.within("grok-hosted", "openai-only", 0.03))
        .and("about half is the stake's", {
            let part = run.component("openai-only", "stake").over(run.mean("openai-only")).value;
            (0.4..0.6).contains(&part)
        })
        .and("wherever traffic stands", {
            run.component("openai-only", "stake").agrees(run.component("two-clouds", "stake"))
        }),
        "starter" => says([run.dearer("two-vendors", "as-today"), run.tail_difference("two-vendors", 0.99).negated()]),
        "startup-api" => says([
            run.dearer("all-in", "router"),
            run.dearer("all-in", "plan-b"),
            run.dearer("all-in", "committed"),
            run.row("router", "break_even_overhead", "", "mean", None),
            run.over_appetite("plan-b"),
        ])
        .and("all are beyond the appetite", ["all-in", "committed", "plan-b", "router"].iter().all(|p| run.is_over(p))),
        "stress-injunction" => says([run.mean("hold"), run.mean("switch"), run.mean("pair"), run.appetite()])
            .and("only the last is within it", !run.is_over("pair") && run.is_over("hold") && run.is_over("switch")),
        "examples/access-loss" => says([
            run.mean("unprepared"),
            run.mean("prepared"),
            run.component("prepared", "overhead"),
            run.dearer("unprepared", "prepared"),
        ]),
        "examples/aftershocks" => {
            says([run.mean("on-clustered"), run.tail("on-clustered", 0.95), run.tail("on-single", 0.95)])
                .and("hardly on average", run.within("on-clustered", "on-single", 0.06))
                .and("clusters have the worse years", run.lower_tail("on-single", "on-clustered"))
        }
        "examples/any-of" => says([run.unserved_hours("both", "chat"), run.mean("both")])
            .and("either loses next to nothing", run.mean("either").value < 0.01 * run.mean("both").value),
        "examples/breach" => says([run.mean("all-on-a"), run.mean("a-little")])
            .and("a share is no smaller", run.cannot_tell("a-little", "all-on-a"))
            .and("no share loses nothing", run.loses_nothing("none-on-a")),
        "examples/calendar" => {
            says([run.mean("on-busy"), run.mean("on-even"), run.mean("on-busy").over(run.mean("on-even"))])
                .and("an even spread costs less", run.is_cheaper("on-even", "on-busy"))
        }
        "examples/capability" => says([run.dearer("cheap", "frontier"), run.dearer("frontier", "each-where-it-fits")]),
        "examples/causes" => says([
            run.charged("all-on-a", "leak"),
            run.charged("all-on-a", "order"),
            run.charged("all-on-a", "suit"),
            run.mean("half"),
            run.mean("all-on-a"),
        ])
        .and("half loses less", run.is_cheaper("half", "all-on-a")),
        "examples/churn" => says([
            run.unserved_hours("on-long", "chat"),
            run.mean("on-long"),
            run.mean("on-short"),
            run.component("on-long", "churn"),
        ])
        .and("as many hours", run.unserved_hours("on-long", "chat").agrees(run.unserved_hours("on-short", "chat")))
        .and("short ones cost less", run.is_cheaper("on-short", "on-long")),
        "examples/common-cause" => {
            says([run.mean("one-cloud")]).and("two clouds lose nothing", run.loses_nothing("two-clouds"))
        }
        "examples/cover" => says([
            run.component("insured", "cover").negated(),
            run.plan("insured"),
            run.dearer("insured", "bare"),
            run.dearer("bare", "standby"),
        ])
        .and("the standby costs as much", run.plan("insured").agrees(run.plan("standby"))),
        "examples/delay" => {
            says([run.mean("all-on-a"), run.mean("half"), run.plan("half"), run.dearer("half", "all-on-a")])
        }
        "examples/empirical" => says([
            run.mean("on-observed"),
            run.mean("on-fitted"),
            run.tail("on-observed", 0.99),
            run.tail("on-fitted", 0.99),
        ])
        .and("the history has the better tail", run.lower_tail("on-observed", "on-fitted")),
        "examples/exclusivity" => says([
            run.dearer("loyal", "host"),
            run.charged("host", "only-host").negated(),
            run.charged("host", "squeezed"),
            run.charged("loyal", "squeezed"),
        ]),
        "examples/factor" => {
            says([run.component("in-step", "interruption"), run.component("out-of-step", "interruption")])
                .and("hardly more than one vendor", (1.0..1.3).contains(&run.effective_vendors("in-step")))
                .and("two vendors", (1.8..2.2).contains(&run.effective_vendors("out-of-step")))
                .and("in step costs more", run.is_cheaper("out-of-step", "in-step"))
        }
        "examples/failover" => says([run.mean("none"), run.mean("tight"), run.mean("roomy")])
            .and("each costs less", run.is_cheaper("tight", "none") && run.is_cheaper("roomy", "tight")),
        "examples/governance" => says([
            run.mean("on-stormy"),
            run.row("on-stormy", "loss", "", "quantile", Some(0.25)),
            run.row("on-even", "loss", "", "quantile", Some(0.25)),
            run.var("on-stormy", 0.99),
            run.var("on-even", 0.99),
        ])
        .and("about as much", run.within("on-even", "on-stormy", 0.03))
        .and("the worst futures are worse", run.var("on-stormy", 0.99).minus(run.var("on-even", 0.99)).is_positive()),
        "examples/insolvency" => {
            says([run.component("none-on-a", "stake"), run.mean("all-on-a"), run.dearer("all-on-a", "none-on-a")])
                .and("the stake is lost whatever the shares", {
                    run.component("none-on-a", "stake").agrees(run.component("all-on-a", "stake"))
                })
        }
        "examples/once" => says([
            run.charged("all-on-a", "deadline"),
            run.charged("half", "deadline"),
            run.charged("all-on-a", "rule"),
        ])
        .and("the rule costs either as much", run.charged("half", "rule").agrees(run.charged("all-on-a", "rule")))
        .and("nothing there, nothing lost", run.loses_nothing("none-on-a")),
        "examples/outage" => says([run.unserved_hours("single", "chat"), run.mean("single"), run.tail("single", 0.99)]),
        "examples/partial-outage" => {
            says([run.mean("on-stops"), run.mean("on-degrades"), run.mean("on-stops").over(run.mean("on-degrades"))])
                .and("whole ones cost more", run.is_cheaper("on-degrades", "on-stops"))
        }
        "examples/playbook" => says([
            run.mean("none"),
            run.mean("playbook"),
            run.charged("playbook", "a-outage"),
            run.charged("none", "a-outage"),
        ])
        .and("the playbook costs less", run.is_cheaper("playbook", "none")),
        "examples/price-path" => {
            says([run.mean("open"), run.mean("capped"), run.tail("open", 0.99), run.tail("capped", 0.99)])
                .and("the cap costs less", run.is_cheaper("capped", "open"))
                .and("and has the better tail", run.lower_tail("capped", "open"))
        }
        "examples/rebates" => says([
            run.plan("half").minus(run.plan("all-on-a")),
            run.mean("all-on-a"),
            run.dearer("half", "all-on-a"),
            run.tail("all-on-a", 0.95),
        ]),
        "examples/renewal" => says([
            run.mean("on-regular"),
            run.mean("on-random"),
            run.tail("on-regular", 0.95),
            run.tail("on-random", 0.95),
        ])
        .and("regular intervals cost less", run.is_cheaper("on-regular", "on-random"))
        .and("and have the better tail", run.lower_tail("on-regular", "on-random")),
        "examples/retaliation" => {
            says([run.dearer("loyal", "hedged"), run.dearer("loyal", "half"), run.tail("hedged", 0.95)])
                .and("a small hedge is better", run.is_cheaper("hedged", "half"))
        }
        "examples/retirement" => {
            says([run.mean("on-hurried"), run.component("on-hurried", "interruption"), run.mean("on-steady")])
                .and("steady ones cost less", run.is_cheaper("on-steady", "on-hurried"))
        }
        "examples/sla" => says([run.dearer("without", "with"), run.component("without", "interruption")]),
        "examples/staged-legal" => says([
            run.row("half", "p_cheaper", "", "mean", None),
            run.mean("all-on-a"),
            run.component("all-on-a", "one_off"),
            run.mean("half"),
        ]),
        "examples/standby" => says([run.total("none"), run.total("cold"), run.total("warm")])
            .and("each costs less", run.is_cheaper("cold", "none") && run.is_cheaper("warm", "cold")),
        "examples/take-or-pay" => says([
            run.dearer("committed", "pay-as-you-go"),
            run.plan("committed").minus(run.plan("pay-as-you-go")),
            run.charged("committed", "a-suspended"),
            run.charged("pay-as-you-go", "a-suspended"),
        ]),
        _ => panic!("say here what the figures of {file} are"),
    }
}

/// Small runs: enough for every figure to be told from one half as large again.
fn trials(file: &str) -> u64 {
    match file {
        "copilot-2025" => 800,
        "startup-api" => 6_000,
        "examples/governance" | "examples/retaliation" => 50_000,
        _ => 8_000,
    }
}

struct Found {
    figures: Vec<Figure>,
    holds: Vec<(&'static str, bool)>,
}

fn says<const N: usize>(figures: [Figure; N]) -> Found {
    Found { figures: figures.to_vec(), holds: vec![] }
}

impl Found {
    fn and(mut self, what: &'static str, holds: bool) -> Self {
        self.holds.push((what, holds));
        self
    }
}

/// A measure and its standard error.
#[derive(Debug, Clone, Copy)]
struct Figure {
    value: f64,
    error: f64,
}

impl From<Estimate> for Figure {
    fn from(estimate: Estimate) -> Self {
        Self { value: estimate.value, error: estimate.std_error.unwrap_or(0.0) }
    }
}

impl Figure {
    fn negated(self) -> Self {
        Self { value: -self.value, ..self }
    }

    /// Of two that have nothing in common; an upper bound of the error where they move together.
    fn minus(self, other: Self) -> Self {
        Self { value: self.value - other.value, error: self.error.hypot(other.error) }
    }

    fn over(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, error: value * (self.error / self.value).hypot(other.error / other.value) }
    }

    fn is_positive(self) -> bool {
        self.value > 4.0 * self.error
    }

    fn agrees(self, other: Self) -> bool {
        let Self { value, error } = self.minus(other);
        value.abs() <= 4.0 * error + 1e-6
    }
}

/// A small run of a shipped scenario.
struct Run(Results);

impl Run {
    fn row(&self, portfolio: &str, quantity: &str, item: &str, measure: &str, level: Option<f64>) -> Figure {
        let p = self.index(portfolio);
        let mut rows = self.0.measures.iter();
        let row = rows.find(|m| {
            (m.portfolio, m.quantity, m.item.as_str(), m.measure, m.level) == (p, quantity, item, measure, level)
        });
        row.unwrap_or_else(|| panic!("no {portfolio} {quantity} {item} {measure} {level:?}")).estimate.into()
    }

    fn index(&self, portfolio: &str) -> usize {
        let mut ids = self.0.portfolios.iter();
        ids.position(|id| id == portfolio).unwrap_or_else(|| panic!("no {portfolio}"))
    }

    /// Mean loss.
    fn mean(&self, portfolio: &str) -> Figure {
        self.row(portfolio, "loss", "", "mean", None)
    }

    /// Mean total cost.
    fn total(&self, portfolio: &str) -> Figure {
        self.row(portfolio, "total_cost", "", "mean", None)
    }

    fn plan(&self, portfolio: &str) -> Figure {
        Figure { value: self.0.headlines[self.index(portfolio)].plan, error: 0.0 }
    }

    /// VaR of loss.
    fn var(&self, portfolio: &str, level: f64) -> Figure {
        self.row(portfolio, "loss", "", "var", Some(level))
    }

    /// TVaR of loss.
    fn tail(&self, portfolio: &str, level: f64) -> Figure {
        self.row(portfolio, "loss", "", "tvar", Some(level))
    }

    /// TVaR of total cost against the baseline's.
    fn tail_difference(&self, portfolio: &str, level: f64) -> Figure {
        self.row(portfolio, "difference", "", "tvar", Some(level))
    }

    fn component(&self, portfolio: &str, component: &str) -> Figure {
        self.row(portfolio, "component", component, "mean", None)
    }

    fn charged(&self, portfolio: &str, risk: &str) -> Figure {
        self.row(portfolio, "charged", risk, "mean", None)
    }

    fn unserved_hours(&self, portfolio: &str, service: &str) -> Figure {
        self.row(portfolio, "unserved_hours", service, "mean", None)
    }

    fn effective_vendors(&self, portfolio: &str) -> f64 {
        self.row(portfolio, "effective_vendors", "", "value", None).value
    }

    fn appetite(&self) -> Figure {
        Figure { value: self.0.provenance.appetite.expect("an appetite"), error: 0.0 }
    }

    /// How likely a loss beyond the appetite is.
    fn over_appetite(&self, portfolio: &str) -> Figure {
        self.0.headlines[self.index(portfolio)].prob_over_appetite.expect("an appetite").into()
    }

    /// By how much total cost differs on average, trial by trial.
    fn difference(&self, portfolio: &str, other: &str) -> Figure {
        let rows = self.0.trials.as_ref().expect("rows");
        let of = |portfolio| {
            let p = self.index(portfolio);
            rows.iter().filter(move |row| row.portfolio == p).map(|row| row.total_cost)
        };
        let differences: Vec<f64> = of(portfolio).zip(of(other)).map(|(a, b)| a - b).collect();
        let (value, error) = crate::sample::mean(&differences);
        Figure { value, error }
    }

    /// The same where the words claim that it is one; where it is none, nothing that they could say agrees.
    fn dearer(&self, portfolio: &str, than: &str) -> Figure {
        let difference = self.difference(portfolio, than);
        if difference.is_positive() { difference } else { Figure { value: f64::NAN, ..difference } }
    }

    fn is_cheaper(&self, portfolio: &str, than: &str) -> bool {
        self.difference(than, portfolio).is_positive()
    }

    fn cannot_tell(&self, portfolio: &str, baseline: &str) -> bool {
        let Figure { value, error } = self.difference(portfolio, baseline);
        value.abs() <= 1.96 * error + 1e-6
    }

    /// The difference is at most a part of the other's total cost.
    fn within(&self, portfolio: &str, other: &str, part: f64) -> bool {
        let Figure { value, error } = self.difference(portfolio, other);
        value.abs() + 1.96 * error < part * self.total(other).value
    }

    fn loses_nothing(&self, portfolio: &str) -> bool {
        self.0.headlines[self.index(portfolio)].tvar_99.value.abs() < 1e-6
    }

    /// TVaR 95 %, by four standard errors of the difference (taken as if they had nothing in common).
    fn lower_tail(&self, portfolio: &str, than: &str) -> bool {
        self.tail(than, 0.95).minus(self.tail(portfolio, 0.95)).is_positive()
    }

    /// More than the appetite is lost more often than it allows, or, where it allows nothing, more often than not.
    fn is_over(&self, portfolio: &str) -> bool {
        let allowed = self.0.provenance.appetite_probability.unwrap_or(0.5);
        self.over_appetite(portfolio).minus(Figure { value: allowed, error: 0.0 }).is_positive()
    }
}

/// A figure as it stands in the words, and half of its last digit.
#[derive(Debug)]
struct Printed {
    text: String,
    value: f64,
    rounding: f64,
}

impl Printed {
    /// `digits` as in `1.25` or `120`, in units of `scale`. Two digits count at least: `120` is 115 to 125.
    fn new(text: String, digits: &str, scale: f64) -> Self {
        let digits = digits.replace(',', "");
        let n_decimals = digits.split_once('.').map(|(_, decimals)| decimals.len());
        let n_zeros = (digits.len() - digits.trim_end_matches('0').len()).min(digits.len().saturating_sub(2));
        let power = |n: usize| 10_f64.powi(i32::try_from(n).expect("few"));
        let last = n_decimals.map_or_else(|| power(n_zeros), |n| 1.0 / power(n));
        let value = digits.parse::<f64>().unwrap_or_else(|_| panic!("{text}"));
        Self { text, value: value * scale, rounding: 0.5 * last * scale }
    }

    /// Why the figure found is not the one printed.
    fn differs_from(&self, figure: Figure) -> Option<String> {
        let within = (4.0 * figure.error).max(self.rounding * (1.0 + 1e-9));
        let close = |to: f64| (figure.value - to).abs() <= within;
        if !close(self.value) {
            return Some(format!("says {}, found {:.4e} ± {:.1e}", self.text, figure.value, figure.error));
        }
        // A bound that lets everything through would hold nothing.
        let vague = close(self.value * 1.5) || close(self.value / 1.5);
        vague.then(|| format!("{} is not held by a small run: {:.4e} ± {:.1e}", self.text, figure.value, figure.error))
    }
}

/// Every number of `words`, but for those within a name.
fn printed(words: &str) -> Vec<Printed> {
    let mut all = vec![];
    let mut rest = words;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if !c.is_ascii_digit() || before.is_alphanumeric() || before == '-' {
            rest = &rest[c.len_utf8()..];
            before = c;
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(rest.len());
        let digits = rest[..end].trim_end_matches(['.', ',']);
        let after = &rest[digits.len()..];
        let (unit, scale) = [("k", 1e3), ("M", 1e6), ("bn", 1e9), (" %", 0.01)]
            .into_iter()
            .find(|(unit, _)| after.strip_prefix(unit).is_some_and(|next| !next.starts_with(char::is_alphanumeric)))
            .unwrap_or(("", 1.0));
        all.push(Printed::new(format!("{digits}{unit}"), digits, scale));
        before = digits.chars().next_back().expect("a digit");
        rest = &after[unit.len()..];
    }
    all
}

/// The words behind `# Found:` up to the next line without any.
fn words<'a>(text: &'a str, heading: &str) -> Option<String> {
    let comment = |line: &'a str| line.strip_prefix('#').map(str::trim);
    let mut opening = text.lines().map_while(comment).skip_while(|line| !line.starts_with(heading));
    let first = opening.next()?.strip_prefix(heading)?.trim();
    let more = opening.take_while(|line| !line.is_empty());
    Some(std::iter::once(first).chain(more).collect::<Vec<_>>().join(" "))
}

/// What is wrong with the opening of a file.
fn wrong(file: &str, text: &str, run: &Run) -> Vec<String> {
    let mut wrong = vec![];
    match words(text, "Asks:") {
        Some(asks) if asks.contains('?') && text.starts_with("# Asks:") => {}
        _ => wrong.push("does not open with what it asks".to_owned()),
    }
    let Some(words) = words(text, "Found:").filter(|words| !words.is_empty()) else {
        wrong.push("does not say what it found".to_owned());
        return wrong;
    };
    if words.len() > 2 * 150 {
        wrong.push("says what it found in more than two lines".to_owned());
    }
    let (printed, found) = (printed(&words), found(file, run));
    if printed.len() != found.figures.len() {
        wrong.push(format!("{} figures in the words, {} held: {printed:?}", printed.len(), found.figures.len()));
    }
    wrong.extend(printed.iter().zip(&found.figures).filter_map(|(printed, figure)| printed.differs_from(*figure)));
    let fails = found.holds.iter().filter(|(_, holds)| !holds);
    wrong.extend(fails.map(|(what, _)| format!("does not hold: {what}")));
    wrong
}

/// Files beside a scenario.
pub struct Beside<'a>(pub &'a Path);

impl Files for Beside<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        fs::read(self.0.with_file_name(path)).map_err(|_| FileError::NotFound)
    }
}

pub fn shipped() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut all = vec![];
    for folder in ["", "examples/"] {
        for entry in fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                all.push((format!("{folder}{}", path.file_stem().expect("a name").to_string_lossy()), path));
            }
        }
    }
    all.sort();
    all
}

fn small_run(file: &str, path: &Path, text: &str) -> Run {
    let read = read(&path.to_string_lossy(), text.as_bytes(), &Beside(path)).unwrap_or_else(|wrong| panic!("{wrong}"));
    let options = Options { keep_components: true, ..Options::of(0..trials(file)) };
    Run(linchpin::run(&read.scenario, &options, &|_| true).expect("not stopped"))
}

#[test]
fn every_scenario_opens_with_what_it_asks_and_what_it_found() {
    let shipped = shipped();
    assert!(shipped.len() >= 35, "{shipped:?}");
    let mut all = vec![];
    for (file, path) in &shipped {
        let text = fs::read_to_string(path).expect("a scenario");
        let run = small_run(file, path, &text);
        all.extend(wrong(file, &text, &run).into_iter().map(|wrong| format!("{file}: {wrong}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// The negative control: words that went stale are refused.
#[test]
fn stale_words_are_refused() {
    let file = "examples/standby";
    let (_, path) = shipped().into_iter().find(|(name, _)| name == file).expect("it is there");
    let text = fs::read_to_string(&path).expect("a scenario");
    let run = small_run(file, &path, &text);
    assert_eq!(wrong(file, &text, &run), [""; 0]);
    let refused = |from: &str, to: &str, why: &str| {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "no {from}");
        let wrong = wrong(file, &edited, &run);
        assert!(wrong.len() == 1 && wrong[0].contains(why), "{from} for {to}: {wrong:?}");
    };
    refused("$285k", "$310k", "says 310k");
    refused("$285k", "$28k", "says 28k");
    refused("$285k", "much less", "figures in the words");
    refused("# Found:", "#", "does not say what it found");
    refused("# Asks:", "#", "does not open with what it asks");
}

#[test]
fn figures_are_read_as_they_are_written() {
    let read = |words: &str| -> Vec<(String, f64, f64)> {
        printed(words).into_iter().map(|p| (p.text, p.value, p.rounding)).collect()
    };
    let expected = |text: &str, value: f64, rounding: f64| (text.to_owned(), value, rounding);
    assert_eq!(
        read("`gpt-5` of m365 loses $1.25M, or $120k; 52 h in 5 % of years."),
        [
            expected("1.25M", 1.25e6, 5e3),
            expected("120k", 120e3, 5e3),
            expected("52", 52.0, 0.5),
            expected("5 %", 0.05, 0.005)
        ]
    );
}

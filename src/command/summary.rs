//! What the terminal, or a script, is told of a run: one table, the verdict, where the files are.

use std::path::Path;

use linchpin::output::RunInfo;
use linchpin::results::{Appetite, Checked, Estimate, Results, Verdict};
use serde_json::{Value, json};

use super::terminal::{self, Column};
use super::{amount, failed, shown, verdict};

/// Table, verdict and places, for a terminal of `width` columns.
pub(super) fn text(results: &Results, info: &RunInfo, target: &Path, width: usize) -> String {
    let from = &results.provenance;
    let title = format!(
        "{}\n{}, seed {}, {}",
        terminal::plain(&from.scenario),
        amount::trials(from.trials),
        from.seed,
        took(info.wall_seconds)
    );
    let imprecise = imprecise(results);
    let drawn = drawn(results, info);
    let verdict = format!("Verdict (95 % paired intervals): {}", verdict::sentence(results));
    let files = format!("Files: {} (tables, charts/, run.json, inputs/)", shown(&target.join("")));
    let wrapped = |text: &str, indent: &str| terminal::wrapped(text, width, indent);
    let failed = failed::sentence(results);
    let checks = if failed.is_empty() { failed } else { wrapped(&failed, "") + "\n" };
    [
        wrapped(&title, "  ") + &if drawn.is_empty() { drawn } else { wrapped(&drawn, "  ") },
        table(results, width),
        wrapped(&note(results), "") + &if imprecise.is_empty() { imprecise } else { wrapped(&imprecise, "") },
        checks + &tolerances(results, width) + &wrapped(&verdict, ""),
        wrapped(&files, "  "),
    ]
    .join("\n")
}

/// How trials were drawn, where plainly was not all that was asked for.
fn drawn(results: &Results, info: &RunInfo) -> String {
    let Some(sampling) = &info.sampling else { return String::new() };
    let Some(effective) = results.provenance.effective_trials else {
        return format!("Drawn plainly. {}", sampling.reason);
    };
    let worth = |f: fn(f64, f64) -> f64| results.headlines.iter().filter_map(|h| h.tvar_995_worth).reduce(f);
    let worth = match (worth(f64::min), worth(f64::max)) {
        (Some(least), Some(most)) if amount::short(least) == amount::short(most) => amount::short(most),
        (Some(least), Some(most)) => format!("{} to {}", amount::short(least), amount::short(most)),
        _ => "an unknown number of".to_owned(),
    };
    format!(
        "Importance sampling: worth {worth} plain trials for TVaR 99.5 %; effective sample size {}.",
        amount::short(effective)
    )
}

/// What the columns of the table mean.
fn note(results: &Results) -> String {
    let counted = results.provenance.bin_width.map_or_else(String::new, |width| {
        format!(
            " Distributions are counted in bins {} wide; their errors are those of {} of the trials.",
            amount::percent(width),
            amount::count(results.provenance.rows)
        )
    });
    let usual = "Present values. TVaR: mean of the worst 5 and 1 % of losses beyond plan. To baseline: total cost, ± half of the 95 % interval.";
    if results.headlines.iter().any(|h| [h.mean_loss, h.tvar_95, h.tvar_99].iter().any(is_vague)) {
        return format!("{usual} {VAGUE} means too few trials to know the error.{counted}");
    }
    format!("{usual}{counted}")
}

/// A relative standard error above which a figure is called uncertain.
const IMPRECISE: f64 = 0.1;

/// Which figures of the table have a large error; empty if none has. A figure lost in the noise of what it is made of, such as
/// the mean of gains and losses that cancel, is judged by the largest figure beside it.
fn imprecise(results: &Results) -> String {
    let mut said = Vec::new();
    let mut worst: f64 = 0.0;
    for (name, of) in [
        ("mean loss", (|h| h.mean_loss) as fn(&linchpin::results::Headline) -> Estimate),
        ("TVaR 95 %", |h| h.tvar_95),
        ("TVaR 99 %", |h| h.tvar_99),
    ] {
        let errors: Vec<(usize, f64)> = (results.headlines.iter().enumerate())
            .filter_map(|(p, headline)| Some((p, of(headline).relative_error()?)))
            .filter(|(_, error)| *error > IMPRECISE)
            .collect();
        worst = errors.iter().map(|(_, error)| *error).fold(worst, f64::max);
        let of = match &errors[..] {
            [] => continue,
            all if all.len() == results.portfolios.len() => "every portfolio".to_owned(),
            some => some.iter().map(|(p, _)| terminal::plain(&results.portfolios[*p])).collect::<Vec<_>>().join(", "),
        };
        said.push(format!("{name} of {of}"));
    }
    if said.is_empty() {
        return String::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "for the eye")]
    let enough = results.provenance.trials as f64 * (worst / IMPRECISE) * (worst / IMPRECISE);
    let more = if enough < 1e9 { format!("; some {} trials would do", amount::short(enough)) } else { String::new() };
    format!("Uncertain, with a standard error above 10 % of the figure: {}{more}.", said.join("; "))
}

/// How likely each service is interrupted for longer than its impact tolerance; empty if none has one.
fn tolerances(results: &Results, width: usize) -> String {
    let over = |portfolio: usize, service: usize| {
        results.headlines[portfolio].services.get(service).and_then(|service| service.over_impact_tolerance)
    };
    let services: Vec<usize> = (0..results.services.len()).filter(|s| over(results.baseline, *s).is_some()).collect();
    if services.is_empty() {
        return String::new();
    }
    let heading = |s: &usize| {
        let hours = over(results.baseline, *s).map_or_else(String::new, |(hours, _)| amount::hours(hours));
        format!("{}\n{hours}", results.services[*s])
    };
    let headings: Vec<String> = services.iter().map(heading).collect();
    let mut columns = vec![("P(longer than)", Column::Left)];
    columns.extend(headings.iter().map(|heading| (heading.as_str(), Column::Right)));
    let cell =
        |(_, p): (f64, Estimate)| format!("{}{}", if is_vague(&p) { VAGUE } else { "" }, amount::probability(&p));
    let rows: Vec<Vec<String>> = (0..results.portfolios.len())
        .map(|p| {
            let cells = services.iter().map(|s| over(p, *s).map_or_else(String::new, cell));
            std::iter::once(terminal::plain(&results.portfolios[p])).chain(cells).collect()
        })
        .collect();
    let table = terminal::table(&columns, &rows, width);
    format!("Impact tolerances: how likely an interruption is longer.\n{table}\n")
}

/// Stands before a figure without an error.
const VAGUE: &str = "~";

fn is_vague(estimate: &Estimate) -> bool {
    estimate.value.is_finite() && estimate.std_error.is_none()
}

fn took(seconds: f64) -> String {
    match seconds {
        s if s < 0.95 => "in under a second".to_owned(),
        s if s < 120.0 => format!("in {s:.0} s"),
        s => format!("in {}", amount::hours(s / 3600.0)),
    }
}

/// A row per portfolio.
fn table(results: &Results, width: usize) -> String {
    let currency = &results.provenance.currency;
    let over = results.provenance.appetite.map(|limit| format!("P(over\n{})", amount::given(limit, currency)));
    let mut columns = vec![
        ("portfolio", Column::Left),
        ("plan", Column::Right),
        ("mean\nloss", Column::Right),
        ("TVaR\n95 %", Column::Right),
        ("TVaR\n99 %", Column::Right),
    ];
    if let Some(over) = &over {
        columns.push((over, Column::Right));
    }
    if results.portfolios.len() > 1 {
        columns.push(("to baseline", Column::Right));
    }
    let rows: Vec<Vec<String>> = (0..results.portfolios.len()).map(|p| row(results, p, over.is_some())).collect();
    terminal::table(&columns, &rows, width)
}

fn row(results: &Results, portfolio: usize, appetite: bool) -> Vec<String> {
    let currency = &results.provenance.currency;
    let headline = &results.headlines[portfolio];
    let vague = |estimate: &Estimate| if is_vague(estimate) { VAGUE } else { "" };
    let money = |estimate: &Estimate| format!("{}{}", vague(estimate), amount::estimated(estimate, currency));
    let mut row = vec![
        terminal::plain(&results.portfolios[portfolio]),
        amount::money(headline.plan, currency),
        money(&headline.mean_loss),
        money(&headline.tvar_95),
        money(&headline.tvar_99),
    ];
    if appetite {
        let probability = |over: &Estimate| format!("{}{}", vague(over), amount::probability(over));
        row.push(headline.prob_over_appetite.as_ref().map_or_else(String::new, probability));
    }
    if results.portfolios.len() > 1 {
        let comparison = results.comparison.iter().find(|c| c.portfolio == portfolio);
        row.push(comparison.map_or_else(|| "baseline".to_owned(), |c| amount::difference(&c.mean, currency)));
    }
    row
}

/// The same for a script: full figures with their errors.
pub(super) fn json(results: &Results, info: &RunInfo, target: &Path) -> Value {
    let from = &results.provenance;
    json!({
        "scenario": from.scenario,
        "scenario_file": info.scenario_file,
        "scenario_sha256": info.scenario_sha256,
        "version": from.version,
        "start": from.start,
        "horizon_hours": from.horizon_hours,
        "currency": from.currency,
        "seed": from.seed,
        "trials": from.trials,
        "sampling": info.sampling.as_ref().map_or("plain", |sampling| &sampling.taken),
        "sampling_reason": info.sampling.as_ref().map(|sampling| &sampling.reason),
        "effective_trials": from.effective_trials,
        "appetite": from.appetite,
        "appetite_probability": from.appetite_probability,
        "wall_seconds": info.wall_seconds,
        "warnings": info.warnings,
        "checks": checks(results),
        "baseline": results.portfolios[results.baseline],
        "may_be_cheapest": verdict::may_be_cheapest(results).into_iter().map(|p| &results.portfolios[p]).collect::<Vec<_>>(),
        "portfolios": (0..results.portfolios.len()).map(|p| portfolio(results, p)).collect::<Vec<_>>(),
        "verdict": verdict::sentence(results).replace('\u{a0}', " "),
        "output": target.display().to_string(),
    })
}

/// How many checks came out how.
fn checks(results: &Results) -> Value {
    let count = |verdict: Checked| results.checks.iter().filter(|check| check.verdict == verdict).count();
    json!({
        "passed": count(Checked::Passed),
        "failed": count(Checked::Failed),
        "too_few": count(Checked::TooFew),
        "approximate": count(Checked::Approximate),
    })
}

fn portfolio(results: &Results, idx: usize) -> Value {
    let headline = &results.headlines[idx];
    let comparison = results.comparison.iter().find(|c| c.portfolio == idx).map(|c| {
        let word = match c.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::CannotTell => "cannot tell",
        };
        json!({
            "verdict": word,
            "difference": estimate(&c.mean),
            "p_cheaper": estimate(&c.p_cheaper),
            "break_even_overhead_per_month": estimate(&c.break_even_overhead),
        })
    });
    let services = results.services.iter().zip(&headline.services).map(|(id, service)| {
        json!({
            "service": id,
            "unserved_hours": estimate(&service.unserved_hours),
            "availability": estimate(&service.availability),
            "longest_interruption": estimate(&service.longest_interruption),
            "impact_tolerance_hours": service.over_impact_tolerance.map(|(hours, _)| hours),
            "over_impact_tolerance": service.over_impact_tolerance.as_ref().map(|(_, p)| estimate(p)),
        })
    });
    json!({
        "portfolio": results.portfolios[idx],
        "plan": headline.plan,
        "mean_total_cost": estimate(&headline.mean_total_cost),
        "mean_loss": estimate(&headline.mean_loss),
        "sd_loss": estimate(&headline.sd_loss),
        "var_95": estimate(&headline.var_95),
        "tvar_95": estimate(&headline.tvar_95),
        "var_99": estimate(&headline.var_99),
        "tvar_99": estimate(&headline.tvar_99),
        "tvar_995": estimate(&headline.tvar_995),
        "tvar_995_worth_trials": headline.tvar_995_worth,
        "prob_over_appetite": headline.prob_over_appetite.as_ref().map(estimate),
        "appetite": headline.appetite.map(Appetite::word),
        "comparison": comparison,
        "hhi_vendor": headline.hhi_vendor,
        "hhi_platform": headline.hhi_platform,
        "effective_vendors": headline.effective_vendors,
        "services": services.collect::<Vec<_>>(),
    })
}

/// What is not a number becomes `null`.
fn estimate(estimate: &Estimate) -> Value {
    json!({ "value": estimate.value, "std_error": estimate.std_error, "lower": estimate.lower, "upper": estimate.upper })
}

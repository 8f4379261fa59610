//! What a mixture is worth: the variance of each figure under plain sampling over that under the mixture, at equal trials.

use crate::simulate::pilot::Drawn;

/// For one portfolio: variance under plain sampling ÷ variance under the mixture, at equal trials. Above 1: the mixture is
/// better, and needs so many times fewer trials for the same error. Infinite: the figure has no error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// Of the mean loss.
    pub mean: f64,
    /// Of the mean of the worst 5 %.
    pub tvar_95: f64,
    /// Of the mean of the worst 1 %.
    pub tvar_99: f64,
    /// Of the mean of the worst 0.5 %.
    pub tvar_995: f64,
}

/// What time a mixture must save, and which variance ratio no figure may fall below.
const PAYS: f64 = 2.0;
const WORST: f64 = 0.4;

/// By portfolio.
pub(super) fn gains(drawn: &[Drawn]) -> Vec<Gain> {
    (0..n_portfolios(drawn))
        .map(|p| {
            let losses = losses(drawn, p);
            let tail = |level: f64| ratio(&losses, tail_influence(&losses, level));
            let mean = weighted(&losses, |x| x) / weighted(&losses, |_| 1.0);
            Gain { mean: ratio(&losses, |x| x - mean), tvar_95: tail(0.95), tvar_99: tail(0.99), tvar_995: tail(0.995) }
        })
        .collect()
}

/// How many portfolios there are.
pub(super) fn n_portfolios(drawn: &[Drawn]) -> usize {
    drawn.first().map_or(0, |d| d.losses.len())
}

/// In how many trials some portfolio loses more than in half of them.
pub(super) fn n_worse(drawn: &[Drawn]) -> usize {
    let medians: Vec<f64> = (0..n_portfolios(drawn)).map(|p| super::fit::quantile(&losses(drawn, p), 0.5)).collect();
    drawn.iter().filter(|d| d.losses.iter().zip(&medians).any(|(loss, median)| loss > median)).count()
}

/// A portfolio's losses with their weights, descending.
pub(super) fn losses(drawn: &[Drawn], p: usize) -> Vec<(f64, f64)> {
    let mut losses: Vec<(f64, f64)> = drawn.iter().map(|d| (d.losses[p], d.weight)).collect();
    losses.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    losses
}

/// Trials that TVaR at `level` of every portfolio takes to this relative standard error, drawn as these.
pub(super) fn needed(drawn: &[Drawn], level: f64, error: f64) -> u64 {
    let worst = (0..n_portfolios(drawn)).map(|p| relative_variance(&losses(drawn, p), level)).fold(0.0, f64::max);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; what is too large is most"
    )]
    {
        (worst / (error * error)).ceil() as u64
    }
}

/// Trials × the relative variance of TVaR at `level`, as drawn. Of a TVaR near 0, relative to what it exceeds VaR by. `losses`: descending.
pub(super) fn relative_variance(losses: &[(f64, f64)], level: f64) -> f64 {
    let (q, beyond) = tail(losses, level);
    let size = f64::max((q + beyond).abs(), beyond);
    if size > 0.0 { variance(losses, tail_influence(losses, level)) / (size * size) } else { 0.0 }
}

/// Mean number of events of a trial as drawn ÷ mean number under the scenario.
pub(super) fn cost(drawn: &[Drawn]) -> f64 {
    let events: f64 = drawn.iter().map(|d| d.events).sum();
    let plain: f64 = drawn.iter().map(|d| d.weight * d.events).sum();
    if plain > 0.0 { events / plain } else { 1.0 }
}

/// Whether to draw by a mixture of these gains, and why. `cost`: how many times longer a trial takes; `pilot`: how many times longer the
/// pilot makes the run, where that is known.
///
/// It must save half the time for TVaR 99.5 % in the middle of portfolios, cost time for none, and make no figure much worse.
pub(super) fn advice(gains: &[Gain], cost: f64, pilot: Option<f64>) -> (bool, String) {
    let cost = cost * pilot.unwrap_or(1.0);
    // What is certain needs no trials, however they are drawn.
    let mut tails: Vec<f64> = gains.iter().map(|gain| gain.tvar_995 / cost).filter(|gain| gain.is_finite()).collect();
    tails.sort_unstable_by(f64::total_cmp);
    let (Some(least), Some(middle)) = (tails.first(), tails.get(tails.len() / 2)) else {
        return (false, "In the pilot no portfolio had a tail that was uncertain.".to_owned());
    };
    let all = gains.iter().flat_map(|gain| [gain.mean, gain.tvar_95, gain.tvar_99, gain.tvar_995]);
    let worst = all.fold(f64::INFINITY, f64::min);
    if worst < WORST {
        return (false, format!("Some figure would need {:.1} times as many trials.", 1.0 / worst));
    }
    let counted = if pilot.is_some() { "the pilot included" } else { "the pilot not counted" };
    let (is, least_is) = (faster(*middle), faster(*least));
    let to_equal = format!(
        "For an equal error of TVaR 99.5 %, a run is {is}, {counted} (for the portfolio that gains least, {least_is})"
    );
    if *middle >= PAYS && *least >= 1.0 {
        (true, to_equal + ".")
    } else {
        (false, to_equal + ": less than `auto` asks for.")
    }
}

/// How much faster something is that takes so many times less time.
fn faster(times: f64) -> String {
    if times >= 1.0 { format!("{times:.1} times faster") } else { format!("{:.1} times slower", 1.0 / times) }
}

/// Σ w f(x) of losses with weights.
fn weighted(losses: &[(f64, f64)], f: impl Fn(f64) -> f64) -> f64 {
    losses.iter().map(|&(x, w)| w * f(x)).sum()
}

/// The variances of a self-normalised estimator with this influence function, under plain sampling: Σ w I² ÷ Σ w; over that under the
/// mixture.
fn ratio(losses: &[(f64, f64)], influence: impl Fn(f64) -> f64) -> f64 {
    let plain = weighted(losses, |x| influence(x) * influence(x)) / weighted(losses, |_| 1.0);
    let mixture = variance(losses, influence);
    if mixture > 0.0 { plain / mixture } else { f64::INFINITY }
}

/// Trials × the variance of a self-normalised estimator with this influence function, as drawn: n Σ (w I)² ÷ (Σ w)².
fn variance(losses: &[(f64, f64)], influence: impl Fn(f64) -> f64) -> f64 {
    let all = weighted(losses, |_| 1.0);
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let n = losses.len() as f64;
    let squares: f64 = losses.iter().map(|&(x, w)| w * influence(x) * (w * influence(x))).sum();
    n * squares / (all * all)
}

/// VaR, and what TVaR exceeds it by.
fn tail(losses: &[(f64, f64)], level: f64) -> (f64, f64) {
    let q = super::fit::quantile(losses, level);
    let over = |x: f64| (x - q).max(0.0) / (1.0 - level);
    (q, weighted(losses, over) / weighted(losses, |_| 1.0))
}

/// The influence function of the mean of the worst 1 − `level`: (x − q)⁺ / (1 − `level`) − (TVaR − q).
fn tail_influence(losses: &[(f64, f64)], level: f64) -> impl Fn(f64) -> f64 {
    let (q, beyond) = tail(losses, level);
    move |x| (x - q).max(0.0) / (1.0 - level) - beyond
}

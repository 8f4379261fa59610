//! What risks do to each other: whether `raises` and `causes` can be, and how many events they make.
//!
//! Knows no place in the file but those of names; draws nothing.

use super::context::{Cx, Link};
use super::risk::highest;
use super::{Arrivals, Effects, Risk, YEAR};
use crate::chance::law::Law;
use crate::quantity::grouped;
use crate::source::{Problem, Span};

/// More events than can be meant.
const MOST_EVENTS: f64 = 1e6;
/// Counting stops here.
const ENOUGH: f64 = 1e9;
/// Parts of the horizon in which caused events are counted.
const PARTS: usize = 256;
/// Rounds of one event causing another within a part.
const ROUNDS: usize = 1000;
/// Risks that raise others in a row; more are not written by hand.
const RAISED_IN_A_ROW: usize = 20;

/// Risks with the places that say when they happen, `None` where they were refused; with the places of their names.
pub(crate) type Read = [(Option<(Risk, Span)>, Span)];

/// Notes every problem between risks; gives the events that a trial has on average, at the highest rates.
pub(crate) fn check(risks: &Read, cx: &mut Cx) -> f64 {
    for link in std::mem::take(&mut cx.links) {
        if let (Some((risk, place)), _) = &risks[link.risk] {
            check_link(&link, risk, place, cx);
        }
    }
    let edges = edges(risks);
    refuse_unreached(risks, &edges, cx);
    // What comes back to itself has no number of events.
    if refuse_circles(risks, &edges, cx) { f64::INFINITY } else { refuse_too_many(risks, &edges, cx) }
}

/// `raises` acts on a rate, `causes` on a risk that has events.
fn check_link(link: &Link, risk: &Risk, place: &Span, cx: &mut Cx) {
    let id = &risk.id;
    if link.raises && !matches!(risk.arrivals, Some(Arrivals::Poisson { .. })) {
        let (why, help) = match &risk.arrivals {
            None if !acts(risk) => {
                ("its prices drift, without events", Some("raise a risk with `per_year` or `per_month`".to_owned()))
            }
            None => (
                "it has no `arrivals` of its own",
                Some(format!("give `{id}` arrivals with `per_year`, or write it in `causes`")),
            ),
            Some(Arrivals::Every(_)) => ("its events come at intervals, not at a rate", None),
            Some(_) => ("its events come on dates, not at a rate", None),
        };
        let help =
            help.unwrap_or_else(|| format!("raise a risk with `per_year` or `per_month`, or write `{id}` in `causes`"));
        let problem = Problem::error(format!("`raises` cannot act on risk `{id}`")).at(link.span.clone(), why);
        let problem = if risk.arrivals.is_some() { problem.at(place.clone(), "says when it happens") } else { problem };
        cx.log.push(problem.help(help));
    }
    if !link.raises && !acts(risk) {
        let problem = Problem::error(format!("risk `{id}` has no events that could follow"));
        let help = format!("give `{id}` an effect such as `price_change`, or take it out of `causes`");
        cx.log.push(problem.at(link.span.clone(), "a price path alone").help(help));
    }
}

/// Whether an event of a risk does anything.
fn acts(risk: &Risk) -> bool {
    risk.effects != Effects::default() || !risk.stages.is_empty()
}

/// What one risk does to another.
#[derive(Debug, Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    /// Probability per event of `from`, at the highest that any portfolio could have.
    probability: f64,
    does: Does,
}

#[derive(Debug, Clone, Copy)]
enum Does {
    /// An event follows, not before so many hours (but for one in ten).
    Cause { after: f64 },
    /// The rate is × this for so many hours.
    Raise { factor: f64, lasts: f64 },
}

impl Edge {
    fn raises(&self) -> bool {
        matches!(self.does, Does::Raise { .. })
    }

    /// An event of the one brings one of the other for sure.
    fn certain(&self) -> bool {
        !self.raises() && self.probability > 1.0 - 1e-9
    }
}

/// All edges of all risks.
fn edges(risks: &Read) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, (read, _)) in risks.iter().enumerate() {
        let Some((risk, _)) = read else { continue };
        add(&mut edges, from, &risk.effects, 1.0, 0.0, risks);
        let mut delay = 0.0;
        for stage in &risk.stages {
            delay += early(&stage.after);
            let first = edges.len();
            for outcome in &stage.outcomes {
                let probability = (outcome.probability * highest(&outcome.conditions)).min(1.0);
                add(&mut edges, from, &outcome.effects, probability, delay, risks);
            }
            join(&mut edges, first);
        }
    }
    edges
}

/// Edges of one event or outcome, which happens with `probability` after `delay` hours.
fn add(edges: &mut Vec<Edge>, from: usize, effects: &Effects, probability: f64, delay: f64, risks: &Read) {
    let begins = delay + effects.notice.as_ref().map_or(0.0, early);
    for cause in &effects.causes {
        let times = risks[cause.risk].0.as_ref().map_or(1.0, |(risk, _)| highest(&risk.conditions));
        let probability = probability * (cause.probability * times).min(1.0);
        let does = Does::Cause { after: begins + early(&cause.after) };
        edges.push(Edge { from, to: cause.risk, probability, does });
    }
    for raise in &effects.raises {
        let lasts = effects.lasts.as_ref().map_or(f64::INFINITY, |law| law.mean().unwrap_or(f64::INFINITY));
        edges.push(Edge { from, to: raise.risk, probability, does: Does::Raise { factor: raise.factor, lasts } });
    }
}

/// At most one outcome of a stage happens, so the probabilities with which they cause one risk add up.
fn join(edges: &mut Vec<Edge>, first: usize) {
    let mut joined: Vec<Edge> = Vec::new();
    for edge in edges.drain(first..) {
        match joined.iter_mut().find(|other| !edge.raises() && !other.raises() && other.to == edge.to) {
            Some(other) => other.probability += edge.probability,
            None => joined.push(edge),
        }
    }
    edges.append(&mut joined);
}

/// A delay that nine in ten exceed.
fn early(law: &Law) -> f64 {
    law.quantile(0.1).max(0.0)
}

/// A raised rate may not come back to its own, nor certain events to themselves.
fn refuse_circles(risks: &Read, edges: &[Edge], cx: &mut Cx) -> bool {
    let mut told = vec![false; risks.len()];
    for (closing, among) in
        [(Edge::raises as fn(&Edge) -> bool, (|_| true) as fn(&Edge) -> bool), (Edge::certain, Edge::certain)]
    {
        let out = outgoing(risks.len(), edges, among);
        for edge in edges.iter().filter(|edge| closing(edge)) {
            if told[edge.from] {
                continue;
            }
            if let Some(rest) = way(edge.to, edge.from, edges, &out) {
                let circle: Vec<&Edge> = std::iter::once(edge).chain(rest).collect();
                for edge in &circle {
                    told[edge.from] = true;
                }
                refuse_circle(risks, &circle, cx);
            }
        }
    }
    told.contains(&true)
}

/// Numbers of the edges that leave each risk.
fn outgoing(n_risks: usize, edges: &[Edge], among: fn(&Edge) -> bool) -> Vec<Vec<usize>> {
    let mut out = vec![Vec::new(); n_risks];
    for (n, edge) in edges.iter().enumerate().filter(|(_, edge)| among(edge)) {
        out[edge.from].push(n);
    }
    out
}

/// The shortest way from one risk to another; none is needed to itself.
fn way<'e>(from: usize, to: usize, edges: &'e [Edge], out: &[Vec<usize>]) -> Option<Vec<&'e Edge>> {
    let mut came: Vec<Option<&Edge>> = vec![None; out.len()];
    let mut open = std::collections::VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at == to {
            let mut way = Vec::new();
            let mut at = to;
            while at != from {
                let edge = came[at]?;
                way.push(edge);
                at = edge.from;
            }
            way.reverse();
            return Some(way);
        }
        for edge in out[at].iter().map(|n| &edges[*n]) {
            if edge.to != from && came[edge.to].is_none() {
                came[edge.to] = Some(edge);
                open.push_back(edge.to);
            }
        }
    }
    None
}

fn refuse_circle(risks: &Read, circle: &[&Edge], cx: &mut Cx) {
    let say = |edge: &&Edge| {
        let does = if edge.raises() { "raises" } else { "causes" };
        format!("`{}` {does} `{}`", cx.risks[edge.from], cx.risks[edge.to])
    };
    let way: Vec<String> = circle.iter().map(say).collect();
    let raises = circle.iter().any(|edge| edge.raises());
    let (message, label, help) = match (raises, circle.len()) {
        (true, 1) => (
            "a risk raises itself",
            "each event would make the next more likely, without end",
            "for events that come in clusters give it `aftershocks`",
        ),
        (true, _) => (
            "risks raise each other in a circle",
            "comes back to itself",
            "take one of these out; for events that come in clusters use `aftershocks`",
        ),
        (false, 1) => (
            "a risk surely causes itself",
            "one event would bring on another, without end",
            "lower the `probability`, or use `aftershocks`",
        ),
        (false, _) => (
            "risks surely cause each other in a circle",
            "one event would bring on another, without end",
            "lower one of the probabilities below 1, conditions of the risk that follows included",
        ),
    };
    let problem = Problem::error(format!("{message}: {}", way.join(", ")));
    cx.log.push(problem.at(risks[circle[0].from].1.clone(), label).help(help.to_owned()));
}

/// Risks without arrivals that only others without arrivals cause.
fn refuse_unreached(risks: &Read, edges: &[Edge], cx: &mut Cx) {
    let Some(read) = risks.iter().map(|(read, _)| read.as_ref().map(|(risk, _)| risk)).collect::<Option<Vec<&Risk>>>()
    else {
        return;
    };
    let out = outgoing(risks.len(), edges, |edge| !edge.raises());
    let mut reached: Vec<bool> = read.iter().map(|risk| risk.arrivals.is_some()).collect();
    let mut open: Vec<usize> = (0..read.len()).filter(|n| reached[*n]).collect();
    while let Some(at) = open.pop() {
        for edge in out[at].iter().map(|n| &edges[*n]) {
            if !std::mem::replace(&mut reached[edge.to], true) {
                open.push(edge.to);
            }
        }
    }
    for edge in edges.iter().filter(|edge| !edge.raises() && !reached[edge.to]) {
        let problem = Problem::error(format!("risk `{}` never happens", read[edge.to].id));
        let label = "only caused by risks that never happen themselves";
        let help = format!("give `{}` or a risk that causes it `arrivals = {{ per_year = 2 }}`", read[edge.to].id);
        cx.log.push(problem.at(risks[edge.to].1.clone(), label).help(help));
    }
}

/// Refuses risks that have more events than can be meant, alone or together; gives the number of all.
fn refuse_too_many(risks: &Read, edges: &[Edge], cx: &mut Cx) -> f64 {
    let Some(horizon) = cx.horizon else { return 0.0 };
    let expected = expected(risks, edges, horizon);
    let about = |n: f64| format!("{} {}", if n > ENOUGH { "more than" } else { "about" }, grouped(n.min(ENOUGH)));
    let mut found = false;
    for ((read, _), n) in risks.iter().zip(&expected) {
        let Some((risk, place)) = read.as_ref().filter(|_| *n > MOST_EVENTS) else { continue };
        found = true;
        let problem = Problem::error(format!("risk `{}` has more than a million events in a trial", risk.id));
        let caused = edges.iter().any(|edge| cx.risks[edge.to] == risk.id);
        let (label, help) = if caused {
            (
                format!("{} are expected, with what others raise and cause", about(*n)),
                "lower the rate, what `raises` it or the probabilities of `causes`",
            )
        } else {
            (format!("{} are expected", about(*n)), "lower the rate, or lengthen the interval")
        };
        cx.log.push(problem.at(place.clone(), label).help(help.to_owned()));
    }
    let sum: f64 = expected.iter().sum();
    let largest = risks.iter().zip(&expected).max_by(|one, other| one.1.total_cmp(other.1));
    let Some((((Some((risk, _)), span), n), true)) = largest.map(|largest| (largest, sum > MOST_EVENTS && !found))
    else {
        return sum;
    };
    let problem =
        Problem::error(format!("the risks together have more than a million events in a trial: {}", about(sum)));
    let label = format!("most come from `{}`: {}", risk.id, about(*n));
    cx.log.push(problem.at(span.clone(), label).help("lower the rates, or lengthen the intervals".to_owned()));
    sum
}

/// Events of each risk that a trial has on average, at the highest rates that any portfolio could have.
fn expected(risks: &Read, edges: &[Edge], horizon: f64) -> Vec<f64> {
    let own: Vec<f64> =
        risks.iter().map(|(read, _)| read.as_ref().map_or(0.0, |(risk, _)| of_itself(risk, horizon))).collect();
    let mut raised = vec![1.0; risks.len()];
    // Raised rates come in no circle, so that this settles after as many rounds as risks raise others in a row.
    for _ in 0..RAISED_IN_A_ROW {
        let expected = with_caused(risks, &own, &raised, edges, horizon);
        let now = raised_by(&expected, &raised, edges, horizon);
        if now == raised {
            return expected;
        }
        raised = now;
    }
    with_caused(risks, &own, &raised, edges, horizon)
}

/// Events that come without others; aftershocks leave their mean as it is.
fn of_itself(risk: &Risk, horizon: f64) -> f64 {
    match &risk.arrivals {
        None => 0.0,
        Some(Arrivals::Poisson { per_hour, trend, .. }) => {
            let growth = libm::log1p(*trend);
            let years = horizon / YEAR;
            // ∫ (1 + trend)^(t / year) dt, which is the horizon where there is no trend.
            let hours = if growth.abs() < 1e-12 { horizon } else { libm::expm1(growth * years) / growth * YEAR };
            per_hour * hours * highest(&risk.conditions)
        }
        Some(Arrivals::Every(law)) => horizon / law.mean().unwrap_or_else(|| law.quantile(0.5)),
        Some(Arrivals::Once { probability, .. }) => *probability,
        Some(Arrivals::Due { .. }) => 1.0,
        #[expect(clippy::cast_precision_loss, reason = "a number of dates in a file")]
        Some(Arrivals::At { times_hours, .. }) => times_hours.len() as f64,
    }
}

/// What every risk's rate is multiplied by on average, at least as found `before`. Of many raises at once the numbers
/// under way are taken as Poisson, so that what is rare and large counts too.
fn raised_by(expected: &[f64], before: &[f64], edges: &[Edge], horizon: f64) -> Vec<f64> {
    let mut raised = vec![1.0; before.len()];
    for edge in edges {
        let Does::Raise { factor, lasts } = edge.does else { continue };
        let more = factor.max(1.0) - 1.0;
        let n = expected[edge.from] * edge.probability;
        let under_way = n * (lasts / horizon).min(1.0);
        raised[edge.to] *= if n <= 1.0 { 1.0 + more * under_way } else { libm::exp(more * under_way) };
    }
    raised.iter().zip(before).map(|(now, before)| now.max(*before)).collect()
}

/// Own events with all that they cause, each so much later, part of the horizon by part of it.
fn with_caused(risks: &Read, own: &[f64], raised: &[f64], edges: &[Edge], horizon: f64) -> Vec<f64> {
    let out = outgoing(risks.len(), edges, |edge| !edge.raises() && edge.probability > 0.0);
    let plain: Vec<f64> = own.iter().zip(raised).map(|(own, raised)| own * raised).collect();
    if out.iter().all(Vec::is_empty) {
        return plain;
    }
    let begets: Vec<f64> =
        risks.iter().map(|(read, _)| read.as_ref().map_or(1.0, |(risk, _)| begotten(risk))).collect();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let parts = PARTS as f64;
    let mut coming = vec![vec![0.0; risks.len()]; PARTS];
    for part in &mut coming {
        part.clone_from_slice(&plain.iter().map(|n| n / parts).collect::<Vec<f64>>());
    }
    let mut all = vec![0.0; risks.len()];
    for part in 0..PARTS {
        let mut fresh: Vec<(usize, f64)> = coming[part].iter().copied().enumerate().filter(|(_, n)| *n > 0.0).collect();
        for _ in 0..ROUNDS + risks.len() {
            if fresh.is_empty() {
                break;
            }
            let mut next = std::collections::BTreeMap::new();
            for (risk, n) in fresh {
                all[risk] += n;
                for edge in out[risk].iter().map(|n| &edges[*n]) {
                    let Does::Cause { after } = edge.does else { continue };
                    let caused = n * edge.probability * begets[edge.to];
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                    let later = part.saturating_add((after / horizon * parts) as usize);
                    if later == part {
                        *next.entry(edge.to).or_insert(0.0) += caused;
                    } else if later < PARTS {
                        coming[later][edge.to] += caused;
                    }
                }
            }
            if all.iter().sum::<f64>() > ENOUGH {
                return all.iter().zip(&plain).map(|(all, own)| all.max(*own)).collect();
            }
            fresh = next.into_iter().filter(|(_, n)| *n > 1e-9).collect();
        }
    }
    all
}

/// A caused event with its aftershocks.
fn begotten(risk: &Risk) -> f64 {
    match &risk.arrivals {
        Some(Arrivals::Poisson { aftershocks: Some(aftershocks), .. }) => 1.0 / (1.0 - aftershocks.mean),
        _ => 1.0,
    }
}

//! When the events of a risk come, and at which addresses their other draws are (MODEL section 5.1).

use super::Event;
use crate::plan::risk::{ArrivalsPlan, Quantity, RiskPlan};
use crate::plan::{Clock, Plan};

/// How the draws of a risk's events are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// Event after event in one stream per quantity.
    Stream,
    /// Each by its own number.
    Counter,
}

/// Appends the events of `risk` (number `r`) in `trial`.
pub(crate) fn draw(plan: &Plan, r: u32, risk: &RiskPlan, trial: u64, events: &mut Vec<Event>) -> Addresses {
    let horizon = plan.clock.horizon;
    let mut push =
        |tau: f64, counter: u64| events.push(Event { risk: r, counter, tau, mark: 0.0, year: Clock::year(tau) });
    match &risk.arrivals {
        ArrivalsPlan::Never => Addresses::Counter,
        ArrivalsPlan::Poisson { count, time, law, curve, area } => {
            let n = law.quantile(count.uniform(trial, 0));
            if n > 0 {
                let mut stream = time.stream(trial);
                for j in 0..n as u64 {
                    // The rounding of an inverse may reach the horizon itself.
                    push(curve.inverse(stream.uniform() * area).min(horizon), j);
                }
            }
            Addresses::Stream
        }
        ArrivalsPlan::Every { interval } => {
            let mut stream = interval.key.stream(trial);
            let mut tau = interval.law.quantile(stream.uniform());
            let mut j = 0;
            while tau < horizon {
                push(tau, j);
                tau += interval.law.quantile(stream.uniform());
                j += 1;
            }
            Addresses::Stream
        }
        ArrivalsPlan::Once { happens, time, probability, from, to } => {
            if happens.uniform(trial, 0) < *probability {
                push(from + (to - from) * time.uniform(trial, 0), 0);
            }
            Addresses::Counter
        }
        ArrivalsPlan::At { happens, times, probability } => {
            for &(tau, address) in times {
                if *probability >= 1.0 || happens.uniform(trial, address) < *probability {
                    push(tau, address);
                }
            }
            Addresses::Counter
        }
    }
}

/// One value of `quantity` for each of `events`.
pub(crate) fn fill(
    quantity: &Quantity,
    trial: u64,
    addresses: Addresses,
    events: &[Event],
    out: &mut Vec<f64>,
    tails: &mut Vec<(usize, f64)>,
) {
    use crate::chance::law::Law;
    out.clear();
    if let Law::Constant(value) = quantity.law {
        out.resize(events.len(), value);
    } else if addresses == Addresses::Stream {
        let mut stream = quantity.key.stream(trial);
        out.extend(events.iter().map(|_| stream.uniform()));
        quantity.law.quantiles(out, tails);
    } else {
        out.extend(events.iter().map(|e| quantity.law.quantile(quantity.key.uniform(trial, e.counter))));
    }
}

/// One uniform at `key` for each of `events`.
pub(crate) fn uniforms(
    key: crate::chance::Key,
    trial: u64,
    addresses: Addresses,
    events: &[Event],
    out: &mut Vec<f64>,
) {
    out.clear();
    if addresses == Addresses::Stream {
        let mut stream = key.stream(trial);
        out.extend(events.iter().map(|_| stream.uniform()));
    } else {
        out.extend(events.iter().map(|e| key.uniform(trial, e.counter)));
    }
}

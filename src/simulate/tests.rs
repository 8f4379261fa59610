//! Ranges, blocks and the way to stop.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{BLOCK, Options, blocks, simulate};
use crate::plan::Plan;

fn plan() -> Plan {
    Plan::of_text(
        "name = \"x\"\nstart = 2025-06-01\nhorizon = \"2 years\"\n[vendor.a]\n[service.s]\nrevenue = \"$1/h\"\n[risk.r]\nkind = \"outage\"\non = \"a\"\narrivals = { per_year = 4 }\nduration = \"1 h to 9 h\"\n[portfolio.p]\nshares = { a = 1 }\n",
    )
}

fn options(trials: std::ops::Range<u64>) -> Options {
    Options { trials, keep_components: false }
}

#[test]
fn blocks_are_cut_at_multiples_whatever_the_range() {
    assert_eq!(blocks(&(0..3 * BLOCK)), [0..BLOCK, BLOCK..2 * BLOCK, 2 * BLOCK..3 * BLOCK]);
    assert_eq!(blocks(&(5..BLOCK + 1)), [5..BLOCK, BLOCK..BLOCK + 1]);
    assert_eq!(blocks(&(BLOCK - 1..BLOCK)), vec![BLOCK - 1..BLOCK]);
    assert_eq!(blocks(&(7..7)), vec![]);
}

#[test]
fn progress_is_told_of_every_trial() {
    let most = AtomicU64::new(0);
    let n = 3 * BLOCK + 17;
    let trials = simulate(&plan(), &options(10..10 + n), &|done| {
        most.fetch_max(done, Ordering::Relaxed);
        true
    });
    assert_eq!(most.into_inner(), n);
    let trials = trials.expect("not stopped");
    assert_eq!((trials.first, trials.n, trials.n_years), (10, n as usize, 2));
    let portfolio = &trials.portfolios[0];
    assert_eq!(portfolio.aep.len(), 2 * trials.n);
    assert_eq!((portfolio.loss.len(), portfolio.risks[0].n, portfolio.month_histograms[0].n()), (trials.n, n, n));
    for (loss, years) in portfolio.loss.iter().zip(portfolio.aep.chunks(2)) {
        assert!((loss - years[0] - years[1]).abs() < 1e-9 * (1.0 + loss));
    }
}

#[test]
fn a_run_that_is_told_to_stop_gives_nothing() {
    assert!(simulate(&plan(), &options(0..3 * BLOCK), &|_| false).is_none());
    assert!(simulate(&plan(), &options(0..3 * BLOCK), &|done| done < 3 * BLOCK).is_none(), "at the last moment too");
}

#[test]
fn no_trials_are_no_trials() {
    let trials = simulate(&plan(), &options(9..9), &|_| true).expect("not stopped");
    assert_eq!((trials.n, trials.portfolios[0].loss.len(), trials.portfolios[0].risks[0].n), (0, 0, 0));
}

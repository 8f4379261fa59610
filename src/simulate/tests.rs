//! Ranges, blocks and the way to stop.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{BLOCK, Options, block, simulate};
use crate::plan::Plan;

const TEXT: &str = "name = \"x\"\nstart = 2025-06-01\nhorizon = \"2 years\"\n[vendor.a]\n[service.s]\nrevenue = \"$1/h\"\n[risk.r]\nkind = \"outage\"\non = \"a\"\narrivals = { per_year = 4 }\nduration = \"1 h to 9 h\"\n[portfolio.p]\nshares = { a = 1 }\n";

fn plan() -> Plan {
    Plan::of_text(TEXT)
}

fn options(trials: std::ops::Range<u64>) -> Options {
    Options::of(trials)
}

#[test]
fn blocks_are_cut_at_multiples_whatever_the_range() {
    let blocks = |trials: std::ops::Range<u64>| (0..).map_while(|k| block(&trials, k)).collect::<Vec<_>>();
    assert_eq!(blocks(0..3 * BLOCK), [0..BLOCK, BLOCK..2 * BLOCK, 2 * BLOCK..3 * BLOCK]);
    assert_eq!(blocks(5..BLOCK + 1), [5..BLOCK, BLOCK..BLOCK + 1]);
    assert_eq!(blocks(BLOCK - 1..BLOCK), vec![BLOCK - 1..BLOCK]);
    assert_eq!(blocks(7..7), vec![]);
    assert_eq!(block(&(0..u64::MAX), u64::MAX / BLOCK).map(|last| last.end), Some(u64::MAX));
    assert_eq!(block(&(0..u64::MAX), u64::MAX), None);
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
    assert_eq!((trials.first, trials.n, trials.n_years), (10, n, 2));
    let portfolio = &trials.portfolios[0];
    assert_eq!(portfolio.aep.len(), 2 * trials.n as usize);
    assert_eq!((portfolio.loss.len(), portfolio.all.risks[0].n, portfolio.month_histograms[0].n()), (n as usize, n, n));
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
    assert_eq!((trials.n, trials.portfolios[0].loss.len(), trials.portfolios[0].all.risks[0].n), (0, 0, 0));
}

/// So little memory that not all trials of `n` blocks have room.
fn narrow(n: u64) -> Options {
    Options { memory: 1 << 20, ..options(0..n * BLOCK) }
}

#[test]
fn steps_and_parts_leave_no_trace() {
    let scenario = crate::scenario::read("x.toml", TEXT.as_bytes(), &crate::scenario::NoFiles).expect("sound").scenario;
    let tuned =
        crate::sampling::tune(&scenario, 1, crate::sampling::Length::default(), &|_| true).expect("not stopped");
    let weighted = plan().sampled_by(Some(&tuned.mixture.expect("something is tilted")));
    for (plan, options) in
        [(plan(), options(0..40 * BLOCK + 100)), (plan(), narrow(90)), (weighted, options(0..7 * BLOCK + 100))]
    {
        let plan = &plan;
        let end = options.trials.end;
        let whole = simulate(plan, &options, &|_| true).expect("not stopped");
        assert_eq!(whole.thinned > 0, end == 90 * BLOCK);
        let mut stepped = super::Run::new(plan, &options);
        for to in [BLOCK, 2 * BLOCK, 4 * BLOCK, end.min(30 * BLOCK), end] {
            assert!(stepped.advance(plan, to, &|_| true));
            let saved = stepped.save();
            stepped = super::Run::new(plan, &options);
            assert!(stepped.restore(&saved));
        }
        assert!(*stepped.trials() == whole, "in steps");
        let mut joined = super::Run::new(plan, &options);
        for part in [0..3 * BLOCK, 3 * BLOCK..4 * BLOCK, 4 * BLOCK..6 * BLOCK, 6 * BLOCK..end] {
            let mut run = super::Run::new(plan, &Options { trials: part.clone(), ..options.clone() });
            assert!(run.advance(plan, part.end, &|_| true));
            assert!(!joined.join(&run.save()[1..]), "what is cut is not joined");
            assert!(joined.join(&run.save()));
            assert!(!joined.join(&run.save()), "nothing is joined twice");
        }
        assert!(*joined.trials() == whole, "in parts");
        // What was counted month by month weighs as much as the trials do.
        let weight = |weights: &Vec<f64>| weights.iter().map(|&weight| super::units(weight)).sum();
        let all = whole.weights.as_ref().map_or(whole.n, weight);
        assert!(whole.portfolios.iter().flat_map(|p| &p.month_histograms).all(|month| month.n() == all));
    }
}

/// What was kept of the worst trials is what they are divided into when they are drawn again; hardly any are missing while there is room.
#[test]
fn the_worst_trials_are_kept_as_they_would_be_drawn_again() {
    // No two numbers of a division alike.
    let text = TEXT.replace(
        "[portfolio.p]\nshares = { a = 1 }",
        "[vendor.b]\n[service.t]\nrevenue = \"$3/h\"\ntolerance = \"1 h\"\n[risk.q]\nkind = \"outage\"\non = \"b\"\n\
         arrivals = { per_year = 2 }\nduration = \"1 h to 30 h\"\n\
         [risk.t]\nkind = \"outage\"\non = \"b\"\narrivals = { per_year = 9 }\nduration = \"1 h to 3 h\"\n\
         [portfolio.p]\nshares = { a = 0.4, b = 0.6 }",
    );
    let scenario = crate::scenario::read("x.toml", text.as_bytes(), &crate::scenario::NoFiles).expect("sound").scenario;
    let tuned =
        crate::sampling::tune(&scenario, 1, crate::sampling::Length::default(), &|_| true).expect("not stopped");
    let plan = || Plan::of_text(&text);
    let weighted = plan().sampled_by(Some(&tuned.mixture.expect("something is tilted")));
    for (plan, options, kept) in [
        (plan(), options(3..60 * BLOCK), 0.95..=1.0),
        (weighted, options(0..20 * BLOCK), 0.95..=1.0),
        (plan(), narrow(90), 0.0..=0.0),
    ] {
        let mut run = super::Run::new(&plan, &options);
        let half = options.trials.end / 2 / BLOCK * BLOCK;
        assert!(run.advance(&plan, half, &|_| true) && run.advance(&plan, options.trials.end, &|_| true));
        let (trials, worst) = run.finish();
        for (p, portfolio) in trials.portfolios.iter().enumerate() {
            let numbers: Vec<u64> = trials.numbers().collect();
            let tail = crate::measure::tail(&portfolio.loss, trials.weights.as_deref(), crate::measure::TAIL);
            let tail: Vec<u64> = tail.into_iter().map(|(row, _)| numbers[row]).collect();
            let again = super::redraw(&plan, p, &tail);
            let found = tail.iter().filter(|&&trial| worst.parts(p, trial).is_some()).count();
            let part = found as f64 / tail.len() as f64;
            assert!(kept.contains(&part), "{found} of {}", tail.len());
            assert_eq!(super::divide(&plan, p, &tail, &worst), again);
        }
    }
}

/// A state of which a bit is wrong is refused, or its rows are those of the trials that it says to hold.
#[test]
fn a_state_has_the_rows_that_it_says() {
    let plan = plan();
    for options in [options(0..2 * BLOCK + 100), narrow(40)] {
        let mut run = super::Run::new(&plan, &options);
        assert!(run.advance(&plan, options.trials.end, &|_| true));
        let good = run.save();
        let mut refused = 0;
        for bit in 0..8 * 40 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let mut run = super::Run::new(&plan, &options);
            if !run.restore(&bad) {
                refused += 1;
                continue;
            }
            let trials = run.trials();
            assert_eq!(trials.numbers().count(), trials.portfolios[0].loss.len(), "bit {bit}");
        }
        assert!(refused > 40, "{refused}");
    }
}

/// What another scenario gave is refused even if it has the same portfolios, services, months and years.
#[test]
fn other_columns_are_not_taken_up() {
    let saved = |plan: &Plan, range: std::ops::Range<u64>| {
        let mut run = super::Run::new(plan, &options(range.clone()));
        assert!(run.advance(plan, range.end, &|_| true));
        run.save()
    };
    let more = TEXT.replace(
        "[portfolio",
        "[vendor.b]\n[risk.q]\nkind = \"outage\"\non = \"b\"\narrivals = { per_year = 4 }\nduration = \"1 h\"\n[portfolio",
    );
    let (one, other) = (plan(), Plan::of_text(&more));
    for (ours, theirs) in [(&one, &other), (&other, &one)] {
        let mut run = super::Run::new(ours, &options(0..2 * BLOCK));
        assert!(
            !run.restore(&saved(theirs, 0..BLOCK)) && !run.join(&saved(theirs, 0..BLOCK)),
            "before the first trial"
        );
        assert!(run.restore(&saved(ours, 0..BLOCK)), "equal columns");
        assert!(!run.join(&saved(theirs, BLOCK..2 * BLOCK)), "after some");
        assert!(run.join(&saved(ours, BLOCK..2 * BLOCK)), "equal columns");
        assert!(*run.trials() == simulate(ours, &options(0..2 * BLOCK), &|_| true).expect("not stopped"));
    }
}

#[test]
fn where_not_all_have_room_all_are_counted_and_some_kept() {
    let plan = plan();
    let all = simulate(&plan, &options(0..90 * BLOCK), &|_| true).expect("not stopped");
    let some = simulate(&plan, &narrow(90), &|_| true).expect("not stopped");
    let (all, kept) = (&all.portfolios[0], &some.portfolios[0]);
    let counted = kept.counted.as_ref().expect("not all have room");
    let n = kept.loss.len();
    assert!(n < all.loss.len() / 2 && n >= all.loss.len() / 8, "{n}");
    assert_eq!((kept.aep.len(), kept.unserved_hours[0].len()), (2 * n, n));
    assert_eq!((counted.loss.n(), counted.oep.n()), (all.loss.len() as u64, 2 * all.loss.len() as u64));
    let numbers: Vec<usize> = some.numbers().map(|trial| trial as usize).collect();
    assert_eq!(numbers.len(), n);
    for (row, trial) in numbers.into_iter().enumerate() {
        assert_eq!(kept.loss[row].to_bits(), all.loss[trial].to_bits());
        assert_eq!(kept.aep[2 * row + 1].to_bits(), all.aep[2 * trial + 1].to_bits());
        assert_eq!(kept.longest_hours[0][row].to_bits(), all.longest_hours[0][trial].to_bits());
    }
    assert!(kept.all == all.all);
}

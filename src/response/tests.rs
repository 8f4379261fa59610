//! Hand-drawn worlds: what a firm does is told by timelines alone, without chance.

use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::decisions::Decisions;
use super::failover::Sweep;
use super::found::{Found, Piece};
use super::migration::Luck;
use crate::plan::Plan;
use crate::view::View;
use crate::view::sight::Sight;
use crate::world::World;
use crate::world::tests::Drawn;

mod playbook;

/// Vendors a, b, c, d; risks 0 to 3 are outages of each, 4 of a and b, 5 to 8 losses of access to each.
fn text(portfolio: &str) -> String {
    let mut text = "name = \"hand\"\nstart = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\n[vendor.b]\n[vendor.c]\n[vendor.d]\n[service.s]\nrevenue = \"$3/h\"\n[service.t]\nrevenue = \"$1/h\"\n".to_owned();
    for (i, on) in ["\"a\"", "\"b\"", "\"c\"", "\"d\"", "[\"a\", \"b\"]"].iter().enumerate() {
        text +=
            &format!("[risk.r{i}]\nkind = \"outage\"\non = {on}\narrivals = {{ per_year = 1 }}\nduration = \"1 h\"\n");
    }
    for (i, on) in ["a", "b", "c", "d"].iter().enumerate() {
        text += &format!(
            "[risk.r{}]\nkind = \"exclusivity\"\non = \"{on}\"\narrivals = {{ per_year = 1 }}\nsuspends = \"1 h\"\n",
            i + 5
        );
    }
    format!("{text}[portfolio.p]\n{portfolio}\n")
}

fn plan(portfolio: &str) -> Plan {
    Plan::of_text(&text(portfolio))
}

fn outage(vendor: usize, start: f64, end: f64) -> Drawn {
    Drawn { risk: vendor, start, end, leaves: 0.0, announced: None }
}

fn partial(vendor: usize, start: f64, end: f64, leaves: f64) -> Drawn {
    Drawn { leaves, ..outage(vendor, start, end) }
}

fn access(vendor: usize, announced: f64, start: f64, end: f64) -> Drawn {
    Drawn { risk: vendor + 5, start, end, leaves: 0.0, announced: Some(announced) }
}

fn sight<'a>(plan: &'a Plan, world: &'a World, view: &'a View) -> Sight<'a> {
    Sight { plan, world, view, seer: &plan.views[0] }
}

/// How long migrations take.
struct Takes(f64);

impl Luck for Takes {
    fn takes(&self, _: usize, _: u32) -> f64 {
        self.0
    }
}

/// Traffic of a group during [from, to): unserved, and moved to each vendor.
#[derive(Debug, Clone, PartialEq)]
struct Shot {
    from: f64,
    to: f64,
    unserved: f64,
    moved: [f64; 4],
}

fn shot(piece: &Piece) -> Shot {
    let mut moved = [0.0; 4];
    piece.moved().iter().for_each(|&(v, x)| moved[v] += x);
    let sum: f64 = piece.lost.iter().map(|l| l.unserved).sum();
    assert!((sum - piece.unserved).abs() < 1e-8, "what is unserved is somebody's: {piece:?}");
    let missing: f64 = piece.lost.iter().map(|l| l.missing).sum();
    assert!((missing - piece.unserved - moved.iter().sum::<f64>()).abs() < 1e-8, "{piece:?}");
    Shot { from: piece.start, to: piece.end, unserved: piece.unserved, moved }
}

/// All that a sweep finds, in order of time; `works`: the uniform of a vendor and an event.
fn swept(plan: &Plan, world: &World, takes: f64, works: impl Fn(usize, u32) -> f64) -> Vec<Shot> {
    let portfolio = &plan.portfolios[0];
    let view = View::of(plan, world);
    let mut decisions = Decisions::default();
    decisions.settle(sight(plan, world, &view), portfolio, &Takes(takes));
    let first = portfolio.first_regimes(plan);
    let regimes = decisions.regimes.first().map_or(&first[..1], Vec::as_slice);
    let mut shots = vec![];
    Sweep::default().run(plan, &view, portfolio.failover.as_ref(), regimes, works, |found| match found {
        Found::Alone(alone) => alone.pieces(|piece| shots.push(shot(piece))),
        Found::Piece(piece) => shots.push(shot(piece)),
    });
    shots.sort_by(|a, b| a.from.total_cmp(&b.from));
    shots
}

fn shots(portfolio: &str, drawn: &[Drawn]) -> Vec<Shot> {
    let plan = plan(portfolio);
    swept(&plan, &World::by_hand(&plan, drawn), 0.0, |_, _| 0.0)
}

/// The shots are these: (from, to, unserved, moved to a, b, c, d); neighbours alike count as one.
#[track_caller]
fn assert_shots(portfolio: &str, drawn: &[Drawn], expected: &[(f64, f64, f64, [f64; 4])]) {
    let mut got: Vec<Shot> = vec![];
    for shot in shots(portfolio, drawn) {
        match got.last_mut() {
            Some(last) if last.to == shot.from && last.unserved == shot.unserved && last.moved == shot.moved => {
                last.to = shot.to
            }
            _ => got.push(shot),
        }
    }
    let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let same = |s: &Shot, e: &(f64, f64, f64, [f64; 4])| {
        close(s.from, e.0)
            && close(s.to, e.1)
            && close(s.unserved, e.2)
            && s.moved.iter().zip(e.3).all(|(x, y)| close(*x, y))
    };
    assert!(
        got.len() == expected.len() && got.iter().zip(expected).all(|(s, e)| same(s, e)),
        "{got:#?}, expected {expected:#?}"
    );
}

const NOBODY: [f64; 4] = [0.0; 4];

#[test]
fn without_failover_what_is_missing_is_unserved() {
    assert_shots("shares = { a = 0.6, b = 0.4 }", &[outage(0, 1.0, 5.0)], &[(1.0, 5.0, 0.6, NOBODY)]);
    assert_shots(
        "shares = { a = 0.6, b = 0.4 }",
        &[partial(0, 1.0, 5.0, 0.25), outage(2, 0.0, 9.0)],
        &[(1.0, 5.0, 0.45, NOBODY)],
    );
    assert_shots(
        "shares = { a = 0.6, b = 0.4 }",
        &[partial(0, 1.0, 5.0, 0.25), outage(1, 3.0, 6.0)],
        &[(1.0, 3.0, 0.45, NOBODY), (3.0, 5.0, 0.85, NOBODY), (5.0, 6.0, 0.4, NOBODY)],
    );
}

#[test]
fn traffic_moves_once_the_fall_is_detected() {
    let policy = "shares = { a = 0.6, b = 0.4 }\nfailover = { detect = \"1 h\", headroom = 1 }";
    assert_shots(policy, &[outage(0, 1.0, 5.0)], &[(1.0, 2.0, 0.6, NOBODY), (2.0, 5.0, 0.2, [0.0, 0.4, 0.0, 0.0])]);
    // Over before it is seen.
    assert_shots(policy, &[outage(0, 1.0, 1.5)], &[(1.0, 1.5, 0.6, NOBODY)]);
    // An announced loss of access is known when it comes; one without notice is not.
    assert_shots(policy, &[access(0, 0.5, 1.0, 5.0)], &[(1.0, 5.0, 0.2, [0.0, 0.4, 0.0, 0.0])]);
    assert_shots(
        policy,
        &[access(0, 1.0, 1.0, 5.0)],
        &[(1.0, 2.0, 0.6, NOBODY), (2.0, 5.0, 0.2, [0.0, 0.4, 0.0, 0.0])],
    );
}

#[test]
fn a_fall_that_deepens_was_detected_when_it_began() {
    let policy = "shares = { a = 0.6, b = 0.4 }\nfailover = { detect = \"1 h\", headroom = 2 }";
    assert_shots(
        policy,
        &[partial(0, 1.0, 5.0, 0.5), outage(0, 3.0, 4.0), partial(0, 4.5, 6.0, 0.5)],
        &[
            (1.0, 2.0, 0.3, NOBODY),
            (2.0, 3.0, 0.0, [0.0, 0.3, 0.0, 0.0]),
            (3.0, 4.0, 0.0, [0.0, 0.6, 0.0, 0.0]),
            (4.0, 4.5, 0.0, [0.0, 0.3, 0.0, 0.0]),
            (4.5, 5.0, 0.0, [0.0, 0.45, 0.0, 0.0]),
            (5.0, 6.0, 0.0, [0.0, 0.3, 0.0, 0.0]),
        ],
    );
    // Whole again in between, however briefly, it must be detected anew.
    assert_shots(
        policy,
        &[outage(0, 1.0, 3.0), outage(0, 3.5, 5.0)],
        &[
            (1.0, 2.0, 0.6, NOBODY),
            (2.0, 3.0, 0.0, [0.0, 0.6, 0.0, 0.0]),
            (3.5, 4.5, 0.6, NOBODY),
            (4.5, 5.0, 0.0, [0.0, 0.6, 0.0, 0.0]),
        ],
    );
}

#[test]
fn rooms_are_filled_in_their_order() {
    // As listed in `shares`; then as listed in `order`; who is not in it offers none.
    let shares = "shares = { c = 0.25, a = 0.5, b = 0.25 }\n";
    let with = |order: &str| {
        format!(
            "{shares}failover = {{ headroom = 1{order} }}\nstandby = {{ d = {{ capacity = 0.2, starts = \"0 s\" }} }}"
        )
    };
    let down = [outage(0, 1.0, 5.0)];
    assert_shots(&with(""), &down, &[(1.0, 5.0, 0.0, [0.0, 0.25, 0.25, 0.0])]);
    assert_shots(&with(", order = [\"d\", \"b\", \"c\"]"), &down, &[(1.0, 5.0, 0.0, [0.0, 0.25, 0.05, 0.2])]);
    assert_shots(&with(", order = [\"b\", \"a\"]"), &down, &[(1.0, 5.0, 0.25, [0.0, 0.25, 0.0, 0.0])]);
    // A room shrinks with its vendor, and what is missing of it needs room itself, not its own.
    assert_shots(
        &with(""),
        &[outage(0, 1.0, 5.0), partial(2, 0.0, 9.0, 0.4)],
        &[
            (0.0, 1.0, 0.0, [0.15, 0.0, 0.0, 0.0]),
            (1.0, 5.0, 0.1, [0.0, 0.25, 0.1, 0.2]),
            (5.0, 9.0, 0.0, [0.15, 0.0, 0.0, 0.0]),
        ],
    );
}

#[test]
fn two_that_fall_share_the_rooms_of_the_rest_in_proportion() {
    let policy = "shares = { a = 0.4, b = 0.2, c = 0.4 }\nfailover = { headroom = 0.75 }";
    let plan = plan(policy);
    let world = World::by_hand(&plan, &[outage(0, 1.0, 5.0), outage(1, 1.0, 5.0)]);
    let view = View::of(&plan, &world);
    let portfolio = &plan.portfolios[0];
    let mut unserved = vec![];
    Sweep::default().run(
        &plan,
        &view,
        portfolio.failover.as_ref(),
        &portfolio.first_regimes(&plan)[..1],
        |_, _| 0.0,
        |found| {
            let Found::Piece(piece) = found else { return };
            unserved.extend(piece.lost.iter().map(|l| (l.vendor, l.missing, l.unserved)));
        },
    );
    // 0.3 of 0.6 finds room.
    let expected = [(0, 0.4, 0.2), (1, 0.2, 0.1)];
    for (got, expected) in unserved.iter().zip(expected) {
        assert!(
            got.0 == expected.0 && (got.1 - expected.1).abs() < 1e-12 && (got.2 - expected.2).abs() < 1e-12,
            "{unserved:?}"
        );
    }
    assert_eq!(unserved.len(), 2);
}

#[test]
fn a_standby_starts_when_something_is_movable_without_a_break() {
    let policy = "shares = { a = 0.5, b = 0.5 }\nfailover = { detect = \"1 h\" }\nstandby = { c = { capacity = 0.7, starts = \"2 h\" } }";
    let c = |x: f64| [0.0, 0.0, x, 0.0];
    assert_shots(policy, &[outage(0, 1.0, 6.0)], &[(1.0, 4.0, 0.5, NOBODY), (4.0, 6.0, 0.0, c(0.5))]);
    // b falls while a's traffic is movable: the clock runs on if b's may move before a is back, else it starts anew.
    assert_shots(
        policy,
        &[outage(0, 1.0, 6.0), outage(1, 5.5, 9.0)],
        &[
            (1.0, 4.0, 0.5, NOBODY),
            (4.0, 5.5, 0.0, c(0.5)),
            (5.5, 6.0, 0.5, c(0.5)),
            (6.0, 8.5, 0.5, NOBODY),
            (8.5, 9.0, 0.0, c(0.5)),
        ],
    );
    assert_shots(
        policy,
        &[outage(0, 1.0, 6.0), outage(1, 4.5, 9.0)],
        &[
            (1.0, 4.0, 0.5, NOBODY),
            (4.0, 4.5, 0.0, c(0.5)),
            (4.5, 5.5, 0.5, c(0.5)),
            (5.5, 6.0, 0.3, c(0.7)),
            (6.0, 9.0, 0.0, c(0.5)),
        ],
    );
    // Its own fall takes its room, a lasting one too.
    assert_shots(
        policy,
        &[outage(0, 1.0, 1000.0), partial(2, 500.0, 510.0, 0.5)],
        &[
            (1.0, 4.0, 0.5, NOBODY),
            (4.0, 500.0, 0.0, c(0.5)),
            (500.0, 510.0, 0.15, c(0.35)),
            (510.0, 1000.0, 0.0, c(0.5)),
        ],
    );
}

#[test]
fn whether_a_failover_works_is_asked_of_the_vendor_and_the_event_that_begins_the_fall() {
    let plan = plan("shares = { a = 0.5, b = 0.5 }\nfailover = { headroom = 1, works = 0.5 }");
    let drawn = [partial(0, 1.0, 4.0, 0.5), outage(0, 2.0, 5.0), outage(1, 10.0, 12.0), outage(0, 20.0, 22.0)];
    let unserved = |works: &dyn Fn(usize, u32) -> f64| {
        let shots = swept(&plan, &World::by_hand(&plan, &drawn), 0.0, works);
        shots.iter().map(|s| s.unserved * (s.to - s.from)).sum::<f64>()
    };
    assert_eq!(unserved(&|_, _| 0.49), 0.0);
    // At 1 − works and above it fails; the first fall misses 0.25 + 0.5 × 3, the others an hour each.
    assert_eq!(unserved(&|_, _| 0.5), 1.75 + 1.0 + 1.0);
    assert_eq!(unserved(&|v, e| if (v, e) == (0, 0) { 0.9 } else { 0.0 }), 1.75);
    assert_eq!(unserved(&|v, e| if (v, e) == (0, 1) { 0.9 } else { 0.0 }), 0.0, "the second does not begin a fall");
    assert_eq!(unserved(&|v, e| if (v, e) == (1, 2) { 0.9 } else { 0.0 }), 1.0);
}

/// Up and down in turn, exponential, up at 0: not what arrivals give, so drawn by hand (KA-8).
fn alternating(vendor: usize, up: f64, down: f64, generator: &mut Xoshiro256PlusPlus) -> Vec<Drawn> {
    let mut drawn = vec![];
    let mut t = 0.0;
    let mut wait = |mean: f64| -mean * libm::log1p(-generator.random::<f64>());
    loop {
        t += wait(up);
        let end = t + wait(down);
        if t >= 8760.0 {
            return drawn;
        }
        drawn.push(outage(vendor, t, end.min(8760.0)));
        t = end;
    }
}

/// Hours unserved and number of interruptions of so many hand-drawn years.
fn years(portfolio: &str, vendors: usize, up: f64, down: f64, n: usize) -> Vec<(f64, f64)> {
    let plan = plan(portfolio);
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(8);
    (0..n)
        .map(|_| {
            let drawn: Vec<Drawn> = (0..vendors).flat_map(|v| alternating(v, up, down, &mut generator)).collect();
            let shots: Vec<Shot> = swept(&plan, &World::by_hand(&plan, &drawn), 0.0, |_, _| 0.0)
                .into_iter()
                .filter(|s| s.unserved > 0.0)
                .collect();
            let begun = 1 + shots.windows(2).filter(|w| w[0].to < w[1].from).count();
            (
                shots.iter().map(|s| s.unserved * (s.to - s.from)).sum(),
                if shots.is_empty() { 0.0 } else { begun as f64 },
            )
        })
        .collect()
}

fn z(sample: impl Iterator<Item = f64>, expected: f64) -> f64 {
    let moments = crate::simulate::Moments::from_slice(&sample.collect::<Vec<f64>>());
    (moments.mean() - expected) / moments.standard_error().expect("many")
}

#[test]
fn alternating_vendors_have_the_downtime_of_ka_8() {
    let single = years("shares = { a = 1 }", 1, 720.0, 4.0, 4000);
    assert!(z(single.iter().map(|y| y.0), 48.375_813).abs() < 4.0);
    assert!(z(single.iter().map(|y| y.0), 1.03 * 48.375_813).abs() > 4.0);
    assert!(z(single.iter().map(|y| y.1), 12.099_478).abs() < 4.0);
    // One of two is enough; two of three are, and when two are down the third carries its half of the rest as well.
    let one_of_two = years("shares = { a = 0.5, b = 0.5 }\nfailover = { headroom = 1 }", 2, 100.0, 10.0, 4000);
    assert!(z(one_of_two.iter().map(|y| y.0), 72.283_997).abs() < 4.0);
    assert!(z(one_of_two.iter().map(|y| y.0), 1.03 * 72.283_997).abs() > 4.0);
    assert!(z(one_of_two.iter().map(|y| y.1), 14.465_064).abs() < 4.0);
    let third = 1.0 / 3.0;
    let two_of_three = years(
        &format!("shares = {{ a = {third}, b = {third}, c = {third} }}\nfailover = {{ headroom = 0.5 }}"),
        3,
        100.0,
        10.0,
        3000,
    );
    // P(down) = U (1 − e^(−r t)); half is unserved while exactly two are down.
    let q = |t: f64| -(10.0 / 110.0) * libm::expm1(-t * (1.0 / 100.0 + 1.0 / 10.0));
    let integral = |f: &dyn Fn(f64) -> f64| (0..87_600).map(|i| 0.1 * f(q((f64::from(i) + 0.5) * 0.1))).sum::<f64>();
    assert!((integral(&|q| 3.0 * q * q * (1.0 - q) + q * q * q) - 203.713_999).abs() < 1e-3);
    let expected = integral(&|q| 1.5 * q * q * (1.0 - q) + q * q * q);
    assert!(z(two_of_three.iter().map(|y| y.0), expected).abs() < 4.0);
    assert!(z(two_of_three.iter().map(|y| y.0), 1.03 * expected).abs() > 4.0);
    assert!(z(two_of_three.iter().map(|y| y.1), 39.452_292).abs() < 4.0);
}

/// What was decided: begun as (at, group, vendor, event), moves as (at, group, from, to whom how much).
type Decided = (Vec<(f64, usize, usize, u32)>, Vec<(f64, usize, usize, Vec<(usize, f64)>)>);

fn decided(portfolio: &str, takes: f64, drawn: &[Drawn]) -> (Decided, Vec<(f64, usize)>) {
    let plan = plan(portfolio);
    let world = World::by_hand(&plan, drawn);
    let mut decisions = Decisions::default();
    decisions.settle(sight(&plan, &world, &View::of(&plan, &world)), &plan.portfolios[0], &Takes(takes));
    let begun = decisions.begun.iter().map(|b| (b.at, b.group, b.vendor, b.event)).collect();
    let moves = decisions.moves.iter().map(|m| (m.at, m.group, m.changes[0].0, m.changes[1..].to_vec())).collect();
    ((begun, moves), decisions.exits.iter().map(|e| (e.at, e.vendor)).collect())
}

fn policy(shares: &str, to: &str) -> String {
    format!("shares = {shares}\nmigration = {{ {to}patience = \"100 h\", takes = \"1 h\", costs = \"$1\" }}")
}

#[test]
fn a_loss_as_long_as_the_patience_makes_the_firm_move() {
    let even = policy("{ a = 0.5, b = 0.5 }", "");
    let begun = |drawn: Drawn| decided(&even, 10.0, &[drawn]).0.0;
    assert_eq!(begun(outage(0, 50.0, 150.0)), [(150.0, 0, 0, 0)], "an outage, when it has lasted so long");
    assert_eq!(begun(outage(0, 50.0, 149.999)), []);
    assert_eq!(begun(access(0, 20.0, 50.0, 150.0)), [(20.0, 0, 0, 0)], "a loss of access, when it is announced");
    assert_eq!(begun(access(0, 20.0, 50.0, 149.999)), []);
    assert_eq!(begun(access(2, 20.0, 50.0, 150.0)), [], "where no traffic is");
    // By its drawn length, though the trial ends before; but not if it has not lasted so long by then.
    assert_eq!(begun(access(0, 8600.0, 8700.0, 8800.0)), [(8600.0, 0, 0, 0)]);
    assert_eq!(begun(outage(0, 8665.0, 8800.0)), [(8765.0, 0, 0, 0)]);
    assert_eq!(begun(outage(0, 8666.0, 8800.0)), []);
    assert_eq!(
        decided("shares = { a = 0.5, b = 0.5 }", 10.0, &[outage(0, 50.0, 900.0)]).0,
        (vec![], vec![]),
        "without a policy"
    );
}

#[test]
fn a_share_moves_for_good_when_the_migration_is_done() {
    let shares = "{ a = 0.5, b = 0.3, c = 0.2 }";
    let moves = |to: &str, drawn: &[Drawn]| decided(&policy(shares, to), 10.0, drawn).0.1;
    let off_a = outage(0, 50.0, 500.0);
    // In proportion to shares; in equal parts to those named, itself left out.
    assert_eq!(moves("", &[off_a]), [(160.0, 0, 0, vec![(1, 0.3), (2, 0.2)])]);
    assert_eq!(moves("to = [\"d\", \"a\", \"b\"], ", &[off_a]), [(160.0, 0, 0, vec![(3, 0.25), (1, 0.25)])]);
    // Those not usable when it is done are left out: an outage that has lasted 100 h by 160, announced access.
    assert_eq!(moves("", &[off_a, outage(1, 60.0, 200.0)])[0], (160.0, 0, 0, vec![(2, 0.5)]));
    assert_eq!(moves("", &[off_a, outage(1, 61.0, 200.0)])[0].3.len(), 2);
    assert_eq!(moves("", &[off_a, access(1, 155.0, 400.0, 600.0)])[0], (160.0, 0, 0, vec![(2, 0.5)]));
    assert_eq!(moves("", &[off_a, access(1, 155.0, 400.0, 499.0)])[0].3.len(), 2, "shorter than patience");
    // Over at the very moment.
    assert_eq!(moves("", &[off_a, outage(1, 20.0, 160.0)])[0].3.len(), 2);
}

#[test]
fn nobody_usable_no_migration() {
    let even = policy("{ a = 0.5, b = 0.5 }", "");
    let run = |drawn: &[Drawn]| decided(&even, 10.0, drawn).0;
    // b is lost, and empty, when a's would begin (150): none begins. When it is done (160): the share stays.
    assert_eq!(
        run(&[outage(0, 50.0, 500.0), outage(1, 30.0, 151.0)]),
        (vec![(130.0, 0, 1, 1)], vec![(140.0, 0, 1, vec![(0, 0.5)])])
    );
    // At 150 the one has just lasted its patience, so it does not take the other's share.
    assert_eq!(run(&[outage(0, 50.0, 500.0), outage(1, 40.0, 151.0)]), (vec![(140.0, 0, 1, 1)], vec![]));
    let stays = run(&[outage(0, 50.0, 500.0), access(1, 155.0, 160.0, 900.0)]);
    assert_eq!(stays, (vec![(150.0, 0, 0, 0)], vec![]), "nor off b at 155, a being lost");
    // `to` is struck.
    let to = |drawn: &[Drawn]| decided(&policy("{ a = 0.5, b = 0.5 }", "to = [\"c\"], "), 10.0, drawn).0;
    assert_eq!(to(&[outage(0, 50.0, 500.0), outage(2, 45.0, 151.0)]), (vec![], vec![]));
    assert_eq!(to(&[outage(0, 50.0, 500.0), outage(2, 45.0, 150.0)]).0.len(), 1, "over when it begins");
    assert_eq!(to(&[outage(0, 50.0, 500.0), outage(2, 55.0, 161.0)]), (vec![(150.0, 0, 0, 0)], vec![]));
}

#[test]
fn one_migration_at_a_time_off_a_vendor() {
    let even = policy("{ a = 0.5, b = 0.5 }", "");
    let run = |takes: f64, drawn: &[Drawn]| decided(&even, takes, drawn).0;
    let twice = [outage(0, 50.0, 200.0), access(0, 160.0, 210.0, 400.0)];
    assert_eq!(run(30.0, &twice), (vec![(150.0, 0, 0, 0)], vec![(180.0, 0, 0, vec![(1, 0.5)])]));
    // Done at 160, before the other begins at the same instant: nothing is left to move.
    assert_eq!(run(10.0, &twice), (vec![(150.0, 0, 0, 0)], vec![(160.0, 0, 0, vec![(1, 0.5)])]));
    // Where the share had to stay, the next loss begins another.
    let stays = [outage(0, 50.0, 200.0), access(1, 155.0, 155.0, 300.0), access(0, 400.0, 400.0, 600.0)];
    assert_eq!(run(10.0, &stays), (vec![(150.0, 0, 0, 0), (400.0, 0, 0, 2)], vec![(410.0, 0, 0, vec![(1, 0.5)])]));
    // One that takes no time.
    assert_eq!(run(0.0, &twice), (vec![(150.0, 0, 0, 0)], vec![(150.0, 0, 0, vec![(1, 0.5)])]));
}

#[test]
fn shares_move_on_from_where_they_went() {
    let to = "to = [\"b\", \"c\"], ";
    let (both, exits) =
        decided(&policy("{ a = 0.8, b = 0.2 }", to), 10.0, &[outage(0, 50.0, 200.0), outage(1, 300.0, 500.0)]);
    assert_eq!(both.0, [(150.0, 0, 0, 0), (400.0, 0, 1, 1)]);
    assert_eq!(both.1[0], (160.0, 0, 0, vec![(1, 0.4), (2, 0.4)]));
    let (at, _, from, ref taken) = both.1[1];
    assert!((at, from, taken.len()) == (410.0, 1, 1) && taken[0].0 == 2 && (taken[0].1 - 0.6).abs() < 1e-12);
    assert_eq!(exits, [(160.0, 0), (410.0, 1)]);
}

#[test]
fn services_move_apart_and_leave_together() {
    let shares = "shares.s = { a = 0.5, b = 0.5 }\nshares.t = { a = 0.9, c = 0.1 }\nmigration = { patience = \"100 h\", takes = \"1 h\", costs = \"$1\" }";
    let (both, exits) = decided(shares, 10.0, &[outage(0, 50.0, 500.0), access(2, 155.0, 160.0, 900.0)]);
    // t has nobody left but c, which is lost when it would be done (and a when c's would begin).
    assert_eq!(both, (vec![(150.0, 0, 0, 0), (150.0, 1, 0, 0)], vec![(160.0, 0, 0, vec![(1, 0.5)])]));
    assert_eq!(exits, [], "t is still there");
    let (both, exits) = decided(shares, 10.0, &[outage(0, 50.0, 500.0)]);
    assert_eq!(both.1.len(), 2);
    assert_eq!(exits, [(160.0, 0)], "once");
}

#[test]
fn one_event_on_two_vendors_moves_both_if_there_is_anybody() {
    let both = Drawn { risk: 4, ..outage(0, 50.0, 500.0) };
    let (with, _) = decided(&policy("{ a = 0.5, b = 0.3, c = 0.2 }", ""), 10.0, &[both]);
    assert_eq!(with.0, [(150.0, 0, 0, 0), (150.0, 0, 1, 0)]);
    assert_eq!(with.1, [(160.0, 0, 0, vec![(2, 0.5)]), (160.0, 0, 1, vec![(2, 0.3)])]);
    assert_eq!(decided(&policy("{ a = 0.5, b = 0.5 }", ""), 10.0, &[both]).0, (vec![], vec![]));
}

#[test]
fn falls_after_a_move_are_of_the_new_shares() {
    let plan = plan(&policy("{ a = 0.8, b = 0.2 }", ""));
    let drawn = [outage(0, 50.0, 500.0), outage(1, 155.0, 165.0), outage(0, 600.0, 610.0), outage(1, 700.0, 701.0)];
    let shots = swept(&plan, &World::by_hand(&plan, &drawn), 10.0, |_, _| 0.0);
    let unserved: f64 = shots.iter().map(|s| s.unserved * (s.to - s.from)).sum();
    // a alone until 155, both until the move at 160, then b has all: down until 165, and again for an hour.
    let expected = 0.8 * 105.0 + 1.0 * 5.0 + 1.0 * 5.0 + 1.0;
    assert!((unserved - expected).abs() < 1e-9, "{unserved}, expected {expected}: {shots:?}");
}

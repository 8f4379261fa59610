//! When entries of a playbook fire, who answers for it, and what they do to shares.

use super::{Takes, access, outage, partial, sight};
use crate::plan::Plan;
use crate::response::Cause;
use crate::response::decisions::Decisions;
use crate::scenario::{DAY, MONTH, NoFiles, Play, Trigger, read};
use crate::view::View;
use crate::world::tests::Drawn;
use crate::world::{CapabilityChange, Event, Happening, OWN, PriceChange, World};

/// Vendors a, b, c, d, as in the parent's tests, at a price; risk 9 is a path of b.
fn plan(portfolio: &str, plays: &[Play]) -> Plan {
    let text = super::text(portfolio).replace("[vendor.b]", "[vendor.b]\nprice = \"$1/call\"")
        + "[risk.r9]\nkind = \"pricing\"\non = \"b\"\npath = { drift = \"+60%\", volatility = 0 }\n";
    let mut scenario = read("hand.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|p| panic!("{p}")).scenario;
    scenario.portfolios[0].playbook = plays.to_vec();
    Plan::new(&scenario, 1)
}

fn play(vendor: usize, trigger: Trigger, lasting_hours: f64, takes_hours: f64, shares: &[(usize, f64)]) -> Play {
    Play { vendor, trigger, lasting_hours, shares: vec![shares.to_vec(); 2], takes_hours, costs: 1.0 }
}

fn event(world: &mut World, risk: u32, tau: f64) -> Happening {
    let event = u32::try_from(world.events.len()).expect("few");
    world.events.push(Event { risk, counter: u64::from(event), tau, mark: 0.0, year: 0 });
    Happening { event, occurrence: OWN }
}

fn settled(plan: &Plan, takes: f64, drawn: &[Drawn], happens: impl Fn(&mut World)) -> Decisions {
    let mut world = World::by_hand(plan, drawn);
    happens(&mut world);
    let view = View::of(plan, &world);
    let mut decisions = Decisions::default();
    decisions.settle(sight(plan, &world, &view), &plan.portfolios[0], &Takes(takes));
    decisions
}

fn nothing(_: &mut World) {}

/// When the only entry fires, and why.
fn fires(play: Play, drawn: &[Drawn], happens: impl Fn(&mut World)) -> Option<(f64, Cause)> {
    let plan = plan("shares = { a = 1 }\n", &[play]);
    settled(&plan, 0.0, drawn, happens).fired.first().map(|f| (f.at, f.cause))
}

fn price(world: &mut World, (start, end): (f64, f64), change: f64) {
    let by = event(world, 1, start);
    world.prices.push(PriceChange { by, risk: 1, start, end, change });
}

fn capability(world: &mut World, (start, over, end): (f64, f64, f64), change: f64) {
    let by = event(world, 0, start);
    world.capabilities.push(CapabilityChange { by, risk: 0, start, over, end, change });
}

#[track_caller]
fn assert_fires(got: Option<(f64, Cause)>, at: f64, cause: Cause) {
    let (got_at, got_cause) = got.expect("it fires");
    assert!((got_at - at).abs() < 1e-6 && got_cause == cause, "{got_at} {got_cause:?}, expected {at} {cause:?}");
}

const EVENT: [Cause; 3] = [Cause::Event(0), Cause::Event(1), Cause::Event(2)];

#[test]
fn a_price_must_stay_above_its_mark_without_a_break() {
    let above = |mark: f64, lasting: f64| play(1, Trigger::PriceAbove(mark), lasting, 0.0, &[(0, 1.0)]);
    let twice = |world: &mut World| {
        price(world, (100.0, 200.0), 0.5);
        price(world, (250.0, 350.0), 0.5);
        price(world, (350.0, 450.0), 0.5);
    };
    // Until half a year the path alone is below 1.5.
    assert_fires(fires(above(0.45, 0.0), &[], twice), 100.0, EVENT[0]);
    assert_fires(fires(above(0.45, 99.0), &[], twice), 199.0, EVENT[0]);
    // Over at the very moment: the next two touch.
    assert_fires(fires(above(0.45, 100.0), &[], twice), 350.0, EVENT[2]);
    assert_fires(fires(above(0.45, 199.0), &[], twice), 449.0, EVENT[2]);
    // 1.6^(k/12) is above 1.45 for k ≥ 10, and above 1.59 in no month of the year.
    assert_fires(fires(above(0.45, 0.0), &[], nothing), 10.0 * MONTH, Cause::Path(0));
    assert_eq!(fires(above(0.59, 0.0), &[], nothing), None);
}

#[test]
fn a_price_is_charged_to_the_last_that_alone_would_move_it() {
    let above = |mark: f64| play(1, Trigger::PriceAbove(mark), 0.0, 0.0, &[(0, 1.0)]);
    let both = |world: &mut World| {
        price(world, (100.0, 900.0), 0.4);
        price(world, (200.0, 900.0), 0.2);
        price(world, (300.0, 900.0), 0.0);
        price(world, (300.0, 900.0), 0.3);
    };
    assert_fires(fires(above(0.5), &[], both), 200.0, EVENT[1]);
    assert_fires(fires(above(1.1), &[], both), 300.0, Cause::Event(3));
}

#[test]
fn capability_is_looked_at_along_its_ramps() {
    let below = |mark: f64, lasting: f64| play(0, Trigger::CapabilityBelow(mark), lasting, 0.0, &[(1, 1.0)]);
    let slips = |world: &mut World| capability(world, (100.0, 200.0, 1000.0), -0.4);
    assert_fires(fires(below(0.8, 0.0), &[], slips), 200.0, EVENT[0]);
    assert_fires(fires(below(0.8, 500.0), &[], slips), 700.0, EVENT[0]);
    assert_eq!(fires(below(0.8, 800.0), &[], slips), None, "undone at 1000");
    assert_eq!(fires(below(0.6, 0.0), &[], slips), None, "not below");
    assert_eq!(fires(below(0.8, 0.0), &[], nothing), None);
    // One falls while the other rises: (1 − t)(1 + t) is below 0.75 from the middle on.
    let cross = |world: &mut World| {
        capability(world, (100.0, 200.0, 1000.0), -1.0);
        capability(world, (100.0, 200.0, 1000.0), 1.0);
    };
    assert_fires(fires(below(0.75, 0.0), &[], cross), 200.0, EVENT[1]);
    // It dips for a while: (1 − t / 2)(1 + t) on its way up again is nowhere below 1, its opposite is in between.
    let dips = |world: &mut World| {
        capability(world, (100.0, 200.0, 1000.0), -0.5);
        capability(world, (200.0, 50.0, 1000.0), 3.0);
    };
    assert_fires(fires(below(0.8, 10.0), &[], dips), 100.0 + 80.0 + 10.0, EVENT[0]);
}

#[test]
fn hours_down_are_those_of_the_last_ninety_days() {
    let above = |mark: f64, lasting: f64| play(0, Trigger::DownHoursAbove(mark), lasting, 0.0, &[(1, 1.0)]);
    let drawn = [outage(0, 100.0, 104.0), partial(0, 500.0, 510.0, 0.5), outage(1, 600.0, 700.0)];
    assert_eq!(fires(above(9.0, 0.0), &drawn, nothing), None, "nine in all");
    assert_fires(fires(above(5.0, 0.0), &drawn, nothing), 502.0, EVENT[1]);
    // From 502 until an hour of the first is 90 days ago less what has come since: the first begins to leave at 2260.
    assert_fires(fires(above(5.0, 1700.0), &drawn, nothing), 2202.0, EVENT[1]);
    // Nine hours fall to six in 2260..2263: 1761 h above six is too long.
    let until = 90.0 * DAY + 103.0;
    assert_fires(fires(above(6.0, until - 504.0 - 0.5), &drawn, nothing), until - 0.5, EVENT[1]);
    assert_eq!(fires(above(6.0, until - 504.0), &drawn, nothing), None);
    // The last to begin of all that took some, though it is over.
    let drawn = [outage(0, 100.0, 130.0), outage(0, 120.0, 121.0), outage(0, 400.0, 400.5)];
    assert_fires(fires(above(25.0, 0.0), &drawn, nothing), 125.0, EVENT[1]);
    assert_fires(fires(above(25.0, 300.0), &drawn, nothing), 425.0, EVENT[2]);
}

type Changed = Vec<(f64, usize, Cause, Vec<(usize, f64)>)>;

fn changed(decisions: &Decisions) -> Changed {
    let near = |x: f64| (x * 1e9).round() / 1e9;
    let when = |t: f64| (t * 1e6).round() / 1e6;
    let list = |m: &crate::response::decisions::Move| m.changes.iter().map(|&(v, x)| (v, near(x))).collect();
    decisions.moves.iter().map(|m| (when(m.at), m.group, m.cause, list(m))).collect()
}

const MOVES: &str =
    "shares = { a = 0.6, b = 0.4 }\nmigration = { patience = \"100 h\", takes = \"1 h\", costs = \"$1\" }\n";

#[test]
fn an_entry_places_traffic_anew_and_leaves_out_who_is_not_usable() {
    let plays = [play(0, Trigger::DownHoursAbove(20.0), 0.0, 50.0, &[(1, 0.5), (2, 0.25), (3, 0.25)])];
    let short = outage(0, 10.0, 60.0);
    let acts = |drawn: &[Drawn]| changed(&settled(&plan(MOVES, &plays), 1000.0, drawn, nothing));
    assert_eq!(acts(&[short]), [(80.0, 0, EVENT[0], vec![(0, -0.6), (1, 0.1), (2, 0.25), (3, 0.25)])]);
    // c is lost, and announced to be: a third of the rest.
    assert_eq!(
        acts(&[short, access(2, 79.0, 200.0, 900.0)]),
        [(80.0, 0, EVENT[0], vec![(0, -0.6), (1, 0.266_666_667), (3, 0.333_333_333)])]
    );
    let all = [access(1, 70.0, 200.0, 900.0), access(2, 70.0, 200.0, 900.0), access(3, 70.0, 200.0, 900.0)];
    let lost: Vec<Drawn> = [short].into_iter().chain(all).collect();
    let all_on_a = MOVES.replace("a = 0.6, b = 0.4", "a = 1");
    assert_eq!(changed(&settled(&plan(&all_on_a, &plays), 1000.0, &lost, nothing)), [], "nobody is usable");
    // Without a policy all are.
    let plan = plan("shares = { a = 1 }\n", &plays);
    let decisions = settled(&plan, 0.0, &lost, nothing);
    assert_eq!(changed(&decisions), [(80.0, 0, EVENT[0], vec![(0, -1.0), (1, 0.5), (2, 0.25), (3, 0.25)])]);
    assert_eq!(decisions.exits.iter().map(|e| (e.vendor, e.cause)).collect::<Vec<_>>(), [(0, EVENT[0])]);
    assert_eq!(decisions.regimes[0].iter().map(|r| r.shares[0]).collect::<Vec<_>>(), [1.0, 0.0]);
}

#[test]
fn an_entry_waits_for_migrations_and_goes_before_those_that_begin() {
    let plays = [play(1, Trigger::DownHoursAbove(5.0), 0.0, 0.0, &[(0, 0.5), (2, 0.5)])];
    let plan = plan(MOVES, &plays);
    let at = |drawn: &[Drawn]| changed(&settled(&plan, 30.0, drawn, nothing)).iter().map(|m| m.0).collect::<Vec<_>>();
    // a's migration is under way from 150 to 180; the entry fires at 165.
    assert_eq!(at(&[outage(0, 50.0, 155.0), outage(1, 160.0, 170.0)]), [180.0, 180.0]);
    let moves = changed(&settled(&plan, 30.0, &[outage(0, 50.0, 155.0), outage(1, 160.0, 170.0)], nothing));
    assert_eq!(moves[0].3, [(0, -0.6), (1, 0.6)], "the migration ends first");
    assert_eq!(moves[1].3, [(0, 0.5), (1, -1.0), (2, 0.5)]);
    // At the same instant as one that would begin: off b, where then nothing is.
    let plays = [play(1, Trigger::PriceAbove(0.3), 0.0, 0.0, &[(0, 0.5), (2, 0.5)])];
    let dearer = |world: &mut World| price(world, (65.0, 100.0), 0.5);
    let decisions = settled(&self::plan(MOVES, &plays), 30.0, &[access(1, 65.0, 500.0, 900.0)], dearer);
    assert_eq!(decisions.begun, []);
    assert_eq!(changed(&decisions).len(), 1);
}

#[test]
fn an_entry_fires_once_and_each_for_itself() {
    let plays = [
        play(0, Trigger::DownHoursAbove(5.0), 0.0, 100.0, &[(1, 1.0)]),
        play(1, Trigger::DownHoursAbove(5.0), 0.0, 0.0, &[(0, 1.0)]),
    ];
    let drawn = [outage(0, 10.0, 20.0), outage(0, 4000.0, 4020.0), outage(1, 4500.0, 4600.0)];
    let decisions = settled(&plan("shares = { a = 1 }\n", &plays), 0.0, &drawn, nothing);
    assert_eq!(decisions.fired.iter().map(|f| f.play).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(changed(&decisions).iter().map(|m| m.0).collect::<Vec<_>>(), [115.0, 4505.0]);
}

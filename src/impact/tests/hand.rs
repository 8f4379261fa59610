//! Hand-drawn worlds, hand-made books: each sentence of MODEL section 7.2 by figures one can check on paper.

use super::scenario;
use crate::chance::law::Law;
use crate::impact::ledger::Ledger;
use crate::impact::{Common, Judge, Lot};
use crate::plan::Plan;
use crate::response::decisions::Decisions;
use crate::response::parting::Alone;
use crate::results::Component;
use crate::scenario::{Churn, Contract, Cover, Credit, MONTH, Play, Rebate, Scenario, Trigger, YEAR};
use crate::view::View;
use crate::view::sight::Sight;
use crate::world::tests::Drawn;
use crate::world::{CapabilityChange, Happening, OWN, PriceChange, RevenueChange, StakeChange, World};

/// Vendors a at $2 and b at $1 a call; a service of $100 and 10 calls an hour; risks 0 and 1 are outages of each, 2 a loss
/// of access to a, 3 a price path of b, 4 an outage of both.
const TEXT: &str = r#"
name = "hand"
start = 2025-06-01
horizon = "2 years"
[vendor.a]
price = "$2/call"
[vendor.b]
price = "$1/call"
[service.s]
revenue = "$100/h"
usage = "10 call/h"
[risk.a-out]
kind = "outage"
on = "a"
arrivals = { per_year = 1 }
duration = "1 h"
[risk.b-out]
kind = "outage"
on = "b"
arrivals = { per_year = 1 }
duration = "1 h"
[risk.a-lost]
kind = "exclusivity"
on = "a"
arrivals = { per_year = 1 }
suspends = "1 h"
[risk.b-path]
kind = "pricing"
on = "b"
path = { drift = "0%", volatility = 0 }
[risk.both-out]
kind = "outage"
on = ["a", "b"]
arrivals = { per_year = 1 }
duration = "1 h"
[portfolio.p]
"#;

struct Books {
    plan: [f64; 10],
    ledger: Ledger,
}

impl Books {
    /// The books of the first portfolio. `alter`: what is not in the text; `happens`: what is drawn but interruptions.
    fn of(portfolio: &str, alter: impl Fn(&mut Scenario), drawn: &[Drawn], happens: impl Fn(&mut World)) -> Self {
        let mut scenario = scenario(&format!("{TEXT}{portfolio}"));
        alter(&mut scenario);
        let plan = Plan::new(&scenario, scenario.seed).one_by_one();
        let mut world = World::by_hand(&plan, drawn);
        happens(&mut world);
        let mut view = View::default();
        view.see(&plan, &plan.views[0], &world);
        let mut common = Common::default();
        common.prepare(&plan, &view, &world);
        let mut ledger = Ledger::default();
        let regimes = plan.portfolios[0].first_regimes(&plan);
        let mut decisions = Decisions::default();
        let sight = Sight { plan: &plan, world: &world, view: &view, seer: &plan.views[0] };
        let lot = Lot { plan: &plan, portfolio: &plan.portfolios[0], world: &world };
        decisions.settle(sight, lot.portfolio, &lot);
        let mut judge = Judge::default();
        // Twice, so that nothing is left from trial to trial.
        for _ in 0..2 {
            judge.judge(sight, 0, &regimes, &decisions, (&common, &Alone::default()), &mut ledger);
        }
        let books = Self { plan: plan.portfolios[0].plan, ledger };
        let sum = |list: &[f64]| list.iter().sum::<f64>();
        let charges = sum(books.ledger.path_charges()) + sum(books.ledger.event_charges());
        for parts in [charges, sum(&books.ledger.months), sum(&books.ledger.services)] {
            assert!((parts - books.ledger.loss()).abs() < 1e-6, "parts {parts}, whole {}", books.ledger.loss());
        }
        books
    }

    #[track_caller]
    fn assert(&self, component: Component, expected: f64) {
        close(self.ledger.components[component as usize], expected);
    }

    #[track_caller]
    fn assert_planned(&self, component: Component, expected: f64) {
        close(self.plan[component as usize], expected);
    }

    #[track_caller]
    fn assert_charges(&self, expected: &[f64]) {
        let got = self.ledger.event_charges();
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            close(*got, *expected);
        }
    }
}

#[track_caller]
fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{got}, expected {expected}");
}

fn nothing(_: &mut World) {}

fn outage(risk: usize, start: f64, end: f64) -> Drawn {
    Drawn { risk, start, end, leaves: 0.0, announced: None }
}

/// An event of a risk without interruptions, at `tau`.
fn event(world: &mut World, risk: u32, tau: f64) -> Happening {
    let counter = world.events.len() as u64;
    world.events.push(crate::world::Event { risk, counter, tau, mark: 0.0, year: crate::plan::Clock::year(tau) });
    Happening { event: u32::try_from(counter).expect("few"), occurrence: OWN }
}

fn capability(world: &mut World, risk: u32, (start, over, end): (f64, f64, f64), change: f64) {
    let by = event(world, risk, start);
    world.capabilities.push(CapabilityChange { by, risk, start, over, end, change });
}

fn price(world: &mut World, risk: u32, (start, end): (f64, f64), change: f64) {
    let by = event(world, risk, start);
    world.prices.push(PriceChange { by, risk, start, end, change });
}

fn able(a: f64, b: f64) -> impl Fn(&mut Scenario) {
    move |s| {
        (s.vendors[0].capability, s.vendors[1].capability) = (a, b);
        s.services[0].sensitivity = 0.5;
        s.services[0].usage_per_hour = None;
    }
}

const EVEN: &str = "shares = { a = 0.5, b = 0.5 }\nfailover = { headroom = 1 }\n";

#[test]
fn capability_short_of_one_costs_where_traffic_is_served() {
    let books = Books::of(EVEN, able(1.1, 0.8), &[outage(0, 100.0, 110.0), outage(1, 200.0, 210.0)], nothing);
    // At 0.5 × (−0.1) + 0.5 × 0.2 short of 1, half of which is lost.
    books.assert_planned(Component::Capability, 100.0 * 0.5 * 0.05 * 2.0 * YEAR);
    // From 1.1 to 0.8 and back: half of the traffic, ten hours.
    let moved = 100.0 * 0.5 * 0.5 * 0.3 * 10.0;
    books.assert_charges(&[moved, -moved]);
    books.assert(Component::Capability, 0.0);
    // What nobody serves is not served badly.
    let books = Books::of("shares = { b = 1 }\n", able(1.0, 0.8), &[outage(1, 100.0, 110.0)], nothing);
    books.assert(Component::Interruption, 1000.0);
    books.assert(Component::Capability, -100.0 * 0.5 * 0.2 * 10.0);
}

#[test]
fn a_change_of_capability_counts_on_traffic_as_served() {
    let fall = |world: &mut World| {
        capability(world, 0, (1000.0, 100.0, 1500.0), -0.2);
        capability(world, 0, (1200.0, 0.0, 1400.0), -0.5);
    };
    let books = Books::of(EVEN, able(1.0, 1.0), &[], fall);
    // A ramp of 100 h and 400 h; then half of what was left.
    let first = 100.0 * 0.5 * 0.5 * 0.2 * (50.0 + 400.0);
    books.assert_charges(&[first, 100.0 * 0.5 * 0.5 * 0.8 * 0.5 * 200.0]);
    // While a is down, for 10 h of the ramp's end, b serves what a would.
    let books = Books::of(EVEN, able(1.0, 1.0), &[outage(0, 1090.0, 1110.0)], |world| {
        capability(world, 0, (1000.0, 100.0, 1500.0), -0.2);
    });
    let missed = 100.0 * 0.5 * 0.5 * 0.2 * (0.95 * 10.0 + 10.0);
    books.assert_charges(&[0.0, first - missed]);
    // A move for good takes its traffic out of the way of what comes.
    let books = Books::of(
        "shares = { a = 1 }\nmigration = { to = [\"b\"], patience = \"10 h\", takes = \"0 h\", costs = \"$0\" }\n",
        able(1.0, 0.9),
        &[outage(0, 0.0, 10.0)],
        |world| capability(world, 0, (5.0, 0.0, 100.0), -0.2),
    );
    // In ten hours nothing is served; then b is 0.1 short.
    books.assert_charges(&[1000.0 + 100.0 * 0.5 * 0.1 * (2.0 * YEAR - 10.0), 0.0]);
}

#[test]
fn lost_revenue_is_not_lost_again_to_capability() {
    let lost = |world: &mut World| {
        let by = event(world, 0, 100.0);
        world.revenues.push(RevenueChange { by, service: 0, start: 100.0, over: 0.0, end: 300.0, change: -0.4 });
        capability(world, 0, (200.0, 0.0, 300.0), -0.2);
    };
    let books = Books::of("shares = { a = 1 }\n", able(0.9, 1.0), &[], lost);
    let (market, short) = (100.0 * 0.4 * 200.0, 100.0 * 0.5 * 0.1 * 200.0 * 0.4);
    books.assert(Component::Market, market);
    books.assert_charges(&[market - short, 60.0 * 0.5 * 0.9 * 0.2 * 100.0]);
}

#[test]
fn a_stake_loses_of_what_is_left_of_it() {
    let stakes = |world: &mut World| {
        for (risk, tau, change) in [(0, YEAR, -0.5), (4, YEAR, -0.1), (0, 1.5 * YEAR, 0.2)] {
            let by = event(world, risk, tau);
            world.stakes.push(StakeChange { by, risk, tau, change });
        }
    };
    let hold = |s: &mut Scenario| {
        (s.vendors[0].stake, s.vendors[1].stake) = (1000.0, 10.0);
        s.discount_rate = 0.21;
    };
    // Whatever the shares: 500 of 1000; a tenth of 500 and of 10; then a fifth of 450 is gained.
    let books = Books::of("shares = { b = 1 }\n", hold, &[], stakes);
    books.assert_charges(&[500.0 / 1.21, 51.0 / 1.21, -90.0 / 1.331]);
    books.assert(Component::Stake, books.ledger.loss());
}

fn churn(after: f64, loses: Law, returns: f64) -> impl Fn(&mut Scenario) {
    move |s| {
        s.services[0].usage_per_hour = None;
        s.services[0].churn = Some(Churn { after_hours: after, loses: loses.clone(), returns_hours: returns });
    }
}

#[test]
fn customers_leave_after_a_long_interruption() {
    let alter = churn(4.0, Law::Constant(0.01), MONTH);
    // Exactly as long drives nobody away; nor does one that lasts to the end.
    let drawn = [outage(0, 100.3, 104.3), outage(0, 1000.0, 1008.0), outage(0, 2.0 * YEAR - 24.0, 3.0 * YEAR)];
    let books = Books::of("shares = { a = 0.5, b = 0.5 }\n", alter, &drawn, nothing);
    let fade = |hours: f64| MONTH * (1.0 - libm::exp(-hours / MONTH));
    let flow = 0.01 * 0.5 * 100.0;
    books.assert(Component::Churn, flow * fade(2.0 * YEAR - 1008.0));
    books.assert_charges(&[200.0, 400.0 + flow * fade(2.0 * YEAR - 1008.0), 1200.0]);
    // It flows month by month: the month of the interruption bears the rest of it.
    close(books.ledger.months[1], 400.0 + flow * fade(2.0 * MONTH - 1008.0));
    close(books.ledger.months[2], flow * libm::exp(-(2.0 * MONTH - 1008.0) / MONTH) * fade(MONTH));
}

#[test]
fn churn_goes_by_mean_unserved_and_is_charged_by_hours() {
    // Half unserved for two hours, all for six: 7 of 8; then b alone for two: an interruption of ten hours.
    let drawn = [outage(0, 1000.0, 1008.0), outage(1, 1002.0, 1010.0)];
    let portfolio = "shares = { a = 0.5, b = 0.5 }\n";
    let books = Books::of(portfolio, churn(4.0, Law::Constant(0.01), MONTH), &drawn, nothing);
    let fade = MONTH * (1.0 - libm::exp(-(2.0 * YEAR - 1010.0) / MONTH));
    let flow = 0.01 * 0.8 * 100.0 * fade;
    books.assert(Component::Churn, flow);
    books.assert_charges(&[400.0 + flow / 2.0, 400.0 + flow / 2.0]);
    // What revenue has become is what can be lost: nothing while it is all gone.
    let gone = |world: &mut World| {
        let by = event(world, 0, 2000.0);
        world.revenues.push(RevenueChange { by, service: 0, start: 2000.0, over: 0.0, end: 5000.0, change: -1.0 });
    };
    let books = Books::of(portfolio, churn(4.0, Law::Constant(0.01), MONTH), &drawn, gone);
    let meanwhile = MONTH * (libm::exp(-990.0 / MONTH) - libm::exp(-3990.0 / MONTH));
    books.assert(Component::Churn, 0.01 * 0.8 * 100.0 * (fade - meanwhile));
    // Back in a line over those hours.
    let back = |world: &mut World| {
        let by = event(world, 0, 2000.0);
        world.revenues.push(RevenueChange { by, service: 0, start: 2000.0, over: 3000.0, end: 5000.0, change: -1.0 });
    };
    let books = Books::of(portfolio, churn(4.0, Law::Constant(0.01), MONTH), &drawn, back);
    let plain: f64 = (0..300_000)
        .map(|i| 0.01 * (f64::from(i) + 0.5))
        .map(|x| 0.01 * libm::exp(-(x + 990.0) / MONTH) * x / 3000.0)
        .sum();
    books.assert(Component::Churn, 0.01 * 0.8 * 100.0 * (fade - plain));
}

#[test]
fn the_part_lost_is_drawn_by_the_last_to_begin_of_those_at_the_beginning() {
    let loses = || Law::Uniform { min: 0.0, max: 1.0 };
    let part = |drawn: &[Drawn]| {
        let books = Books::of(EVEN, churn(4.0, loses(), 10.0), drawn, nothing);
        let unserved: f64 = books.ledger.unserved_hours[0];
        let length = books.ledger.longest_hours[0];
        books.ledger.components[Component::Churn as usize] / (unserved / length * 1000.0)
    };
    // b carries all until it falls too: the interruption begins with both down, b's event the last to begin.
    let both = part(&[outage(0, 1000.0, 1020.0), outage(1, 1010.0, 1020.0)]);
    let by_second = part(&[outage(0, 5.0, 5.5), outage(1, 1010.0, 1020.0), outage(0, 1009.0, 1020.0)]);
    close(both, by_second);
    // Drawn by the first: in the other's place it is another part.
    let by_first = part(&[outage(1, 1010.0, 1020.0), outage(0, 1000.0, 1020.0)]);
    assert!((both - by_first).abs() > 1e-3, "{both} {by_first}");
}

fn insured(cover: Cover) -> impl Fn(&mut Scenario) {
    move |s| {
        s.services[0].usage_per_hour = None;
        s.services[0].tolerance_hours = 1.0;
        s.covers = vec![cover.clone()];
        s.portfolios[0].covers = vec![0];
    }
}

fn cover() -> Cover {
    Cover {
        id: "c".into(),
        risks: vec![0, 1],
        waiting_hours: 2.0,
        deductible: 100.0,
        limit_per_event: 1000.0,
        limit_per_year: f64::INFINITY,
        pays: 0.9,
        premium_per_hour: 3.0,
        about: crate::scenario::About::default(),
    }
}

#[test]
fn a_cover_pays_for_an_event_beyond_what_the_firm_bears() {
    let drawn = [
        outage(0, 100.0, 101.9), // within the waiting time
        outage(0, 200.0, 202.5), // below the deductible
        outage(0, 300.0, 305.0), // (5 − 2) × 100 − 100
        outage(0, 400.0, 440.0), // at the limit
        outage(4, 500.0, 540.0), // not covered
    ];
    let books = Books::of("shares = { a = 1 }\n", insured(cover()), &drawn, nothing);
    books.assert_planned(Component::Overhead, 3.0 * 2.0 * YEAR);
    books.assert(Component::Cover, -0.9 * (200.0 + 1000.0));
    books.assert_charges(&[90.0, 150.0, 400.0 - 180.0, 3900.0 - 900.0, 3900.0]);
    // The tolerance is longer than the wait.
    let books = Books::of("shares = { a = 1 }\n", insured(Cover { waiting_hours: 0.0, ..cover() }), &drawn, nothing);
    books.assert(Component::Cover, -0.9 * (50.0 + 300.0 + 1000.0));
}

#[test]
fn a_cover_pays_in_order_until_the_year_is_used_up() {
    let late = Cover { limit_per_year: 1200.0, ..cover() };
    // The later in the file is the earlier event; the next year begins anew, though its loss begins in this one.
    let drawn =
        [outage(0, 400.0, 440.0), outage(0, 300.0, 340.0), outage(0, 500.0, 540.0), outage(0, YEAR, YEAR + 40.0)];
    let books = Books::of("shares = { a = 1 }\n", insured(late), &drawn, nothing);
    books.assert_charges(&[3900.0 - 300.0, 3900.0 - 900.0, 3900.0, 3900.0 - 900.0]);
}

#[test]
fn an_event_s_insured_loss_is_what_is_charged_to_it() {
    // Half each, a down for ten hours, b for the last five of these and five more: one interruption, whose first two hours
    // do not count. Due when each event's own loss ends, nominal.
    let alter = |s: &mut Scenario| {
        insured(Cover { deductible: 0.0, limit_per_event: f64::INFINITY, pays: 1.0, ..cover() })(s);
        s.discount_rate = 0.5;
    };
    let drawn = [outage(0, 1000.0, 1010.0), outage(1, 1005.0, 1015.0)];
    let books = Books::of("shares = { a = 0.5, b = 0.5 }\n", alter, &drawn, nothing);
    let discount = |t: f64| libm::pow(1.5, -t / YEAR);
    books.assert(Component::Cover, -50.0 * (8.0 * discount(1010.0) + 10.0 * discount(1015.0)));
}

fn contract(contract: Contract) -> impl Fn(&mut Scenario) {
    move |s| s.portfolios[0].contracts[0] = contract.clone()
}

#[test]
fn credits_go_by_mean_availability_of_the_month_and_its_bill() {
    let sla = vec![Credit { below: 0.98, credit: 0.5 }, Credit { below: 0.99, credit: 0.1 }];
    let credited = |drawn: &[Drawn]| {
        let books = Books::of(
            "shares = { a = 1 }\n",
            contract(Contract { sla: sla.clone(), ..Contract::default() }),
            drawn,
            nothing,
        );
        let credit = -books.ledger.components[Component::Spend as usize] - 20.0 * books.ledger.unserved_hours[0];
        (credit, books)
    };
    // 1 % of a month is 7.305 h.
    close(credited(&[outage(0, 10.0, 17.0)]).0, 0.0);
    close(credited(&[outage(0, 10.0, 18.0)]).0, 0.1 * 20.0 * (MONTH - 8.0));
    close(credited(&[outage(0, 10.0, 30.0)]).0, 0.5 * 20.0 * (MONTH - 20.0));
    // Over two months, each by its own.
    close(credited(&[outage(0, MONTH - 5.0, MONTH + 10.0)]).0, 0.1 * 20.0 * (MONTH - 10.0));
    // A loss of access does not count, but lowers the bill.
    close(credited(&[Drawn { announced: Some(0.0), ..outage(2, 10.0, 100.0) }]).0, 0.0);
    close(
        credited(&[Drawn { announced: Some(0.0), ..outage(2, 10.0, 100.0) }, outage(0, 50.0, 58.0)]).0,
        0.1 * 20.0 * (MONTH - 90.0),
    );
    // By hours taken: together they leave nothing, and each alone would take all.
    let (_, books) = credited(&[outage(0, 10.0, 18.0), outage(4, 14.0, 18.0)]);
    let credit = 0.1 * 20.0 * (MONTH - 8.0);
    books.assert_charges(&[(6.0 * 80.0) - credit * 6.0 / 8.0, (2.0 * 80.0) - credit * 2.0 / 8.0]);
}

#[test]
fn rebates_are_on_a_year_s_bill_and_charged_by_its_changes() {
    // $20 an hour is $175,320 a year.
    let rebates = vec![Rebate { above_per_year: 100_000.0, off: 0.1 }, Rebate { above_per_year: 175_320.0, off: 0.5 }];
    let terms = Contract { rebates, commitment_per_year: Some(175_000.0), ..Contract::default() };
    let drawn = [outage(0, 100.0, 110.0), outage(0, YEAR + 100.0, YEAR + 200.0)];
    let dearer = |world: &mut World| price(world, 0, (1000.0, 1100.0), 1.0);
    let books = Books::of("shares = { a = 1 }\n", contract(terms), &drawn, dearer);
    books.assert_planned(Component::Spend, 2.0 * (175_320.0 - 7_532.0));
    // The first year's bill is 200 less and 2000 more: 1800 more, of which half comes back.
    let back = 900.0 / 1800.0;
    // The second year's is 2000 less: a tenth less comes back, and 1680 are owed.
    let owed = 200.0 + 1680.0;
    books.assert_charges(&[1000.0 - 200.0 + 200.0 * back, 10_000.0 - 2000.0 + owed, 2000.0 - 2000.0 * back]);
}

/// Shares that b takes over.
fn play(trigger: Trigger, lasting: f64, takes: f64) -> Play {
    let vendor = usize::from(matches!(trigger, Trigger::PriceAbove(_)));
    Play {
        vendor,
        trigger,
        lasting_hours: lasting,
        shares: vec![vec![(1 - vendor, 1.0)]],
        takes_hours: takes,
        costs: 7.0,
    }
}

#[test]
fn a_playbook_costs_when_it_fires_and_moves_when_it_is_done() {
    let alter = |s: &mut Scenario| {
        s.portfolios[0].playbook = vec![play(Trigger::PriceAbove(0.4), 100.0, 50.0)];
        s.portfolios[0].contracts[1].exit_fee = Some(1000.0);
        s.portfolios[0].contracts[1].price_cap = Some(0.5);
    };
    let dearer = |world: &mut World| {
        price(world, 1, (1000.0, 2.0 * YEAR), 0.3);
        price(world, 1, (1500.0, 2.0 * YEAR), 0.3);
    };
    // The second makes it 1.5 (1.69, capped), above 1.4: fires 100 h later, moves another 50 later, from $1 to $2.
    let books = Books::of("shares = { b = 1 }\n", alter, &[], dearer);
    books.assert(Component::Migration, 1007.0);
    // As served until then; its own change of shares at the plan's prices.
    let rest = 2.0 * YEAR - 1650.0;
    books.assert_charges(&[10.0 * 0.3 * 650.0, 10.0 * 0.2 * 150.0 + 1007.0 + 10.0 * rest]);
}

#[test]
fn a_playbook_that_nobody_moves_is_charged_to_the_path() {
    let alter = |s: &mut Scenario| {
        s.portfolios[0].playbook = vec![play(Trigger::PriceAbove(0.4), 0.0, 0.0)];
        s.risks[3].path.as_mut().expect("a path").drift = 0.5;
    };
    let books = Books::of("shares = { b = 1 }\n", alter, &[], nothing);
    // 1.5^(10/12) is the first above 1.4; the plan runs at the same path and moves nothing.
    let saved: f64 = (10..24).map(|k| MONTH * 10.0 * (2.0 - libm::pow(1.5, f64::from(k) / 12.0))).sum();
    books.assert(Component::Migration, 7.0);
    close(books.ledger.path_charges()[0], 7.0 + saved);
}

mod aftershocks;
mod contagion;
mod effects;
mod follows;
mod law;

use super::*;

/// An interruption drawn by hand: of a risk, from, to, leaving a part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn {
    pub(crate) risk: usize,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) leaves: f64,
    /// When it was announced, if it is a loss of access.
    pub(crate) announced: Option<f64>,
}

impl World {
    /// A world in which these interruptions happen, each by an event of its own, and nothing else.
    pub(crate) fn by_hand(plan: &Plan, interruptions: &[Drawn]) -> Self {
        let paths = plan.paths.iter().map(|p| p.expected.clone()).collect();
        let mut world = Self { paths, weight: 1.0, ..Self::default() };
        for (i, drawn) in interruptions.iter().enumerate() {
            let announced = drawn.announced.unwrap_or(drawn.start);
            let year = crate::plan::Clock::year(announced);
            world.events.push(Event { risk: index(drawn.risk), counter: i as u64, tau: announced, mark: 0.0, year });
            world.interruptions.push(Interruption {
                by: Happening { event: index(i), occurrence: OWN },
                risk: index(drawn.risk),
                start: drawn.start,
                end: drawn.end.min(plan.clock.horizon),
                leaves: drawn.leaves,
                length: drawn.end - drawn.start,
                announced,
                access: drawn.announced.is_some(),
            });
        }
        world
    }
}

fn plan(risk: &str) -> Plan {
    Plan::of_text(&format!(
        "name = \"world\"\nstart = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\n[vendor.b]\n[service.s]\nrevenue = \"$1/h\"\n{risk}\n[portfolio.p]\nshares = {{ a = 1 }}\n"
    ))
}

#[test]
fn what_runs_past_the_horizon_is_cut_and_keeps_its_length() {
    let plan = plan(
        "[risk.r]\nkind = \"exclusivity\"\non = \"a\"\narrivals = { at = [2026-05-31] }\nnotice = \"10 h\"\nsuspends = \"20 days\"\n",
    );
    let mut world = World::default();
    world.draw(&plan, 0);
    let [i] = world.interruptions[..] else { panic!("{:?}", world.interruptions) };
    let announced = 364.0 * 24.0;
    assert_eq!((i.announced, i.start, i.end, i.length), (announced, announced + 10.0, 8766.0, 480.0));
    assert!(i.access && i.leaves == 0.0);
}

#[test]
fn what_would_begin_after_the_horizon_is_left_out() {
    let plan = plan(
        "[risk.r]\nkind = \"exclusivity\"\non = \"a\"\narrivals = { at = [2026-05-31] }\nnotice = \"40 days\"\nsuspends = \"20 days\"\nprice_change = \"+5%\"\nrevenue_change = { s = \"-5%\" }\ncost = \"$5\"\n",
    );
    let mut world = World::default();
    world.draw(&plan, 0);
    assert!(world.interruptions.is_empty() && world.prices.is_empty() && world.revenues.is_empty());
    assert_eq!(world.costs.len(), 1, "a cost is due when it is announced");
}

/// All stages are drawn, one after the other; those who see an end see nothing after it.
#[test]
fn stages_follow_each_other() {
    let plan = plan(
        "[risk.r]\nkind = \"legal\"\non = \"a\"\narrivals = { at = [2025-06-02, 2025-06-03] }\n[[risk.r.stages]]\nname = \"one\"\nafter = \"24 h\"\noutcomes = [{ name = \"x\", probability = 1, cost = \"$1\", ends = true }]\n[[risk.r.stages]]\nname = \"two\"\nafter = \"48 h\"\nprobability = 1\ncost = \"$10\"\n",
    );
    let mut world = World::default();
    world.draw(&plan, 0);
    let due: Vec<(u32, f64, f64)> = world.costs.iter().map(|c| (c.by.event, c.tau, c.amount)).collect();
    assert_eq!(due, [(0, 48.0, 1.0), (1, 72.0, 1.0), (0, 96.0, 10.0), (1, 120.0, 10.0)]);
    let mut view = crate::view::View::default();
    view.see(&plan, &plan.views[0], &world);
    assert_eq!(view.costs.iter().map(|c| c.amount).sum::<f64>(), 2.0);
}

#[test]
fn events_before_the_start_do_nothing_themselves() {
    let plan = plan(
        "[risk.r]\nkind = \"legal\"\non = \"a\"\narrivals = { at = [2025-05-01] }\ncost = \"$7\"\nstages = [{ name = \"one\", after = { uniform = [\"0 days\", \"62 days\"] }, probability = 1, cost = \"$1\" }]\n",
    );
    let mut world = World::default();
    let mut sum = 0.0;
    let n = 4000;
    for trial in 0..n {
        world.draw(&plan, trial);
        let [cost] = world.costs[..] else { panic!("{:?}", world.costs) };
        assert!(cost.amount == 1.0 && (0.0..31.0 * 24.0).contains(&cost.tau));
        assert_eq!(world.events[0].year, 0);
        sum += cost.tau;
    }
    // Uniform on what is left of 62 days, 31 of which have passed.
    let z = (sum / n as f64 - 372.0) / (744.0 / 12.0_f64.sqrt() / (n as f64).sqrt());
    assert!(z.abs() < 4.0, "{z}");
}

/// Each of several outcomes has its probability, at most one happens, and none with the rest.
#[test]
fn outcomes_exclude_each_other() {
    let plan = plan(
        "[risk.r]\nkind = \"legal\"\non = \"a\"\narrivals = { at = [2025-06-02] }\noutcomes = [{ name = \"x\", probability = 0.2, cost = \"$1\" }, { name = \"y\", probability = 0.5, cost = \"$2\" }]\n",
    );
    let mut world = World::default();
    let mut counts = [0_u32; 3];
    let n = 20_000;
    for trial in 0..n {
        world.draw(&plan, trial);
        assert!(world.costs.len() <= 1);
        counts[world.costs.first().map_or(0, |c| c.amount as usize)] += 1;
    }
    for (count, p) in counts.into_iter().zip([0.3, 0.2, 0.5]) {
        let z = |p: f64| (f64::from(count) - n as f64 * p) / (n as f64 * p * (1.0 - p)).sqrt();
        assert!(z(p).abs() < 4.0 && z(p + 0.02).abs() > 4.0, "{counts:?}");
    }
}

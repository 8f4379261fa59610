use super::*;
use crate::world::tests::Drawn;
use crate::world::{Happening, OWN};

impl View {
    /// What the first portfolio sees of a world.
    pub(crate) fn of(plan: &Plan, world: &World) -> Self {
        let mut view = Self::default();
        view.see(plan, &plan.views[0], world);
        view
    }

    /// Whether `seer`, whose view this is, sees an event.
    pub(crate) fn sees_event(&self, seer: &ViewPlan, world: &World, event: usize) -> bool {
        let event = u32::try_from(event).expect("fewer");
        self.sees(seer, world, Happening { event, occurrence: OWN })
    }
}

const STACK: &str = r#"
name = "view"
start = 2025-06-01
horizon = "1 year"
[platform.east]
[platform.west]
[platform.edge]
runs_on = ["east"]
[vendor.a]
runs_on = ["east", "edge"]
[vendor.b]
runs_on = { any_of = ["east", "west"] }
[vendor.c]
[service.s]
revenue = "$1/h"
[portfolio.p]
shares = { a = 0.4, b = 0.3, c = 0.3 }
"#;

/// Risk r is on the r-th of east, west, edge, a, b, c, and the last on east and west.
fn plan() -> Plan {
    let mut text = STACK.to_owned();
    for (i, on) in
        ["\"east\"", "\"west\"", "\"edge\"", "\"a\"", "\"b\"", "\"c\"", "[\"east\", \"west\"]"].iter().enumerate()
    {
        text +=
            &format!("[risk.r{i}]\nkind = \"outage\"\non = {on}\narrivals = {{ per_year = 1 }}\nduration = \"1 h\"\n");
    }
    Plan::of_text(&text)
}

fn cut(risk: usize, start: f64, end: f64, leaves: f64) -> Drawn {
    Drawn { risk, start, end, leaves, announced: None }
}

fn down(interruptions: &[Drawn]) -> Vec<f64> {
    let plan = plan();
    View::of(&plan, &World::by_hand(&plan, interruptions)).down
}

#[track_caller]
fn assert_down(interruptions: &[Drawn], expected: [f64; 3]) {
    for (got, expected) in down(interruptions).iter().zip(expected) {
        assert!((got - expected).abs() < 1e-12, "{got}, expected {expected}");
    }
}

#[test]
fn availability_is_a_product_over_what_is_needed() {
    // East is needed by a twice: itself and under the edge.
    assert_down(&[cut(0, 10.0, 20.0, 0.5)], [10.0 * 0.75, 0.0, 0.0]);
    assert_down(&[cut(2, 10.0, 20.0, 0.5)], [5.0, 0.0, 0.0]);
    assert_down(&[cut(5, 10.0, 20.0, 0.2)], [0.0, 0.0, 8.0]);
    // Any of east and west is enough: the better of two.
    assert_down(&[cut(1, 10.0, 20.0, 0.0)], [0.0; 3]);
    assert_down(&[cut(6, 10.0, 20.0, 0.5)], [7.5, 5.0, 0.0]);
    assert_down(&[cut(0, 10.0, 20.0, 0.0), cut(1, 15.0, 25.0, 0.3)], [10.0, 5.0 * 0.7, 0.0]);
}

#[test]
fn what_interruptions_leave_multiplies() {
    assert_down(&[cut(3, 0.0, 10.0, 0.5), cut(3, 5.0, 15.0, 0.5)], [2.5 + 3.75 + 2.5, 0.0, 0.0]);
    assert_down(&[cut(2, 0.0, 10.0, 0.5), cut(3, 5.0, 15.0, 0.4)], [2.5 + 4.0 + 3.0, 0.0, 0.0]);
    assert_down(&[cut(4, 0.0, 10.0, 0.5), cut(6, 0.0, 10.0, 0.5)], [7.5, 7.5, 0.0]);
}

fn takers(interruptions: &[Drawn], vendor: usize) -> Vec<Vec<(u32, f64)>> {
    let plan = plan();
    let view = View::of(&plan, &World::by_hand(&plan, interruptions));
    let steps = view.falls.iter().filter(|f| f.vendor == vendor).flat_map(|f| &view.steps[f.first..f.last]);
    steps.map(|s| view.takers[s.first..s.last].iter().map(|t| (t.event, t.part)).collect()).collect()
}

#[test]
fn takers_answer_by_what_each_alone_would_take() {
    // a: 0.4 by itself, 0.75 by the half of east that enters twice.
    let steps = takers(&[cut(3, 0.0, 10.0, 0.6), cut(0, 5.0, 15.0, 0.5)], 0);
    assert_eq!(steps.len(), 3);
    assert_eq!(steps[0], [(0, 1.0)]);
    let [(0, first), (1, other)] = steps[1][..] else { panic!("{steps:?}") };
    assert!((first - 0.4 / 1.15).abs() < 1e-15 && (other - 0.75 / 1.15).abs() < 1e-15, "{steps:?}");
    assert_eq!(steps[2], [(1, 1.0)]);
}

#[test]
fn takers_answer_equally_where_none_alone_takes_any() {
    let steps = takers(&[cut(0, 0.0, 10.0, 0.0), cut(1, 5.0, 15.0, 0.0)], 1);
    assert_eq!(steps, [[(0, 0.5), (1, 0.5)]]);
}

#[test]
fn an_end_that_meets_a_beginning_is_one_fall() {
    let plan = plan();
    let falls = |second: f64| {
        View::of(&plan, &World::by_hand(&plan, &[cut(5, 10.0, 20.0, 0.0), cut(5, second, 30.0, 0.5)])).falls
    };
    let [fall] = falls(20.0)[..] else { panic!() };
    assert_eq!((fall.start, fall.end, fall.event, fall.last - fall.first), (10.0, 30.0, 0, 2));
    let starts: Vec<f64> = falls(21.0).iter().map(|f| f.start).collect();
    assert!(starts.is_empty() || starts == [10.0, 21.0], "alone, or at least apart: {starts:?}");
}

use crate::plan::Plan;
use crate::results::Component;
use crate::scenario::{NoFiles, Scenario, read};

impl Plan {
    /// The plan of a scenario's text, for tests.
    pub(crate) fn of_text(text: &str) -> Self {
        let scenario = scenario(text);
        Self::new(&scenario, scenario.seed).one_by_one()
    }

    /// The plan of a scenario's text after a change of what was read.
    pub(crate) fn of_changed(text: &str, change: impl FnOnce(&mut Scenario)) -> Self {
        let mut scenario = scenario(text);
        change(&mut scenario);
        Self::new(&scenario, scenario.seed).one_by_one()
    }
}

fn scenario(text: &str) -> Scenario {
    read("hand.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}\n{text}")).scenario
}

const TWO: &str = r#"
name = "two"
start = 2025-06-01
horizon = "18 months"
[platform.cloud]
[vendor.a]
runs_on = ["cloud"]
price = "$2/call"
[vendor.b]
price = "$1/call"
[vendor.c]
runs_on = { any_of = ["cloud"] }
[service.chat]
revenue = "$300/h"
usage = "10 call/h"
[service.search]
revenue = "$100/h"
[risk.suit]
kind = "legal"
on = "b"
arrivals = { per_year = 2 }
rate_if = [{ uses = "b", at_least = 0.25, times = 3 }, { uses = "cloud", at_least = 0.5, times = 0.5 }]
outcomes = [
  { name = "lost", probability = 0.2, cost = "$1", only_if = { uses = "a", at_least = 0.6 } },
  { name = "won", probability = 0.3, cost = "-$1", rate_if = [{ uses = "a", at_least = 0.6, times = 2 }] },
]
"#;

#[test]
fn planned_shares_are_means_by_revenue() {
    let plan = Plan::of_text(&format!(
        "{TWO}[portfolio.p]\nshares.chat = {{ a = 0.4, b = 0.6 }}\nshares.search = {{ b = 1 }}\n"
    ));
    let planned = &plan.portfolios[0].planned;
    assert!((planned[0] - 0.3).abs() < 1e-15 && (planned[1] - 0.7).abs() < 1e-15 && planned[2] == 0.0, "{planned:?}");
    assert_eq!(plan.portfolios[0].groups.len(), 2);
    let alike = Plan::of_text(&format!("{TWO}[portfolio.p]\nshares = {{ a = 0.4, b = 0.6 }}\n"));
    assert_eq!(alike.portfolios[0].groups.len(), 1);
}

#[test]
fn portfolios_see_their_rate_over_the_highest() {
    // The highest rate applies every `times` above 1, whatever portfolios there are.
    let text = format!(
        "{TWO}[portfolio.on-a]\nshares = {{ a = 1 }}\n[portfolio.on-b]\nshares = {{ b = 1 }}\n[portfolio.even]\nshares = {{ a = 0.5, b = 0.5 }}\n[portfolio.most]\nshares = {{ a = 0.75, b = 0.25 }}\n[portfolio.more]\nshares = {{ a = 0.7, b = 0.3 }}\n"
    );
    let plan = Plan::of_text(&text);
    let part = |p: usize| {
        let view = plan.views.iter().find(|v| v.portfolios.contains(&p)).expect("it sees");
        (view.events[0], view.outcomes.clone())
    };
    assert_eq!(part(0), (0.5 / 3.0, vec![1.0, 1.0]));
    assert_eq!(part(1), (1.0, vec![0.0, 0.5]));
    assert_eq!(part(2), (0.5, vec![0.0, 0.5]));
    assert_eq!(part(3), (0.5, vec![1.0, 1.0]));
    // 75 and 70 % see alike, so they share a view.
    assert_eq!(plan.views.len(), 4);
    assert_eq!(plan.views[3].portfolios, [3, 4]);
}

#[test]
fn the_plan_pays_the_expected_index_under_its_contract() {
    let text = format!(
        "{TWO}[risk.path]\nkind = \"pricing\"\non = \"a\"\npath = {{ drift = \"+50%\", volatility = 0.3 }}\n[portfolio.open]\nshares = {{ a = 1 }}\nsetup = \"$7\"\noverhead = \"$12/month\"\n[portfolio.capped]\nshares = {{ a = 1 }}\ncontract.a = {{ price_cap = \"+20%\", commitment = \"$400000/year\" }}\n[portfolio.elsewhere]\nshares = {{ b = 1 }}\ncontract.a = {{ price_cap = \"+20%\", commitment = \"$400000/year\" }}\n"
    );
    let plan = Plan::of_text(&text);
    let index = |k: u32| libm::pow(1.5, f64::from(k) / 12.0);
    let month = 730.5 * 10.0 * 2.0;
    let spend = |p: usize| plan.portfolios[p].plan[Component::Spend as usize];
    let open: f64 = (0..18).map(|k| month * index(k)).sum();
    assert!((spend(0) / open - 1.0).abs() < 1e-12);
    // Year 0: at most 1.2; year 1 begins at min(1.5, 1.2) and may reach 1.44. The second year is half a year.
    let years = [(0..12, 1.2, 400_000.0), (12..18, 1.44, 200_000.0)];
    let owed: f64 = years
        .into_iter()
        .map(|(months, cap, owed)| months.map(|k| month * index(k).min(cap)).sum::<f64>().max(owed))
        .sum();
    assert!((spend(1) / owed - 1.0).abs() < 1e-12, "{} {owed}", spend(1));
    assert!((spend(2) / (18.0 * 730.5 * 10.0) - 1.0).abs() < 1e-12, "a contract binds where traffic is planned");
    assert!((plan.portfolios[0].plan[Component::Overhead as usize] - (7.0 + 12.0 * 18.0)).abs() < 1e-9);
}

#[test]
fn an_event_strikes_those_who_cannot_stand_without_its_nodes() {
    let on = |list: &str| {
        let text = TWO.replace(
            "[vendor.c]\nruns_on = { any_of = [\"cloud\"] }",
            "[platform.other]\n[vendor.c]\nruns_on = { any_of = [\"cloud\", \"other\"] }",
        );
        let plan = Plan::of_text(&format!(
            "{text}[risk.x]\nkind = \"outage\"\non = {list}\narrivals = {{ per_year = 1 }}\nduration = \"1 h\"\n[portfolio.p]\nshares = {{ a = 1 }}\n"
        ));
        plan.risks[1].struck.clone()
    };
    assert_eq!(on("[\"cloud\"]"), [0]);
    assert_eq!(on("[\"other\"]"), Vec::<usize>::new());
    assert_eq!(on("[\"cloud\", \"other\"]"), [0, 2]);
    assert_eq!(on("[\"b\", \"c\"]"), [1, 2]);
}

#![expect(clippy::disallowed_methods, reason = "tests read their cases")]

use super::*;

/// Reads a file of `tests/cases`, or says what is wrong with it.
fn case(name: &str) -> Scenario {
    file(&format!("cases/{name}.toml"))
}

/// Reads a file of `tests`, which has no warnings.
fn file(name: &str) -> Scenario {
    let path = format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(&path).expect("a case");
    match read(&path, &text, &NoFiles) {
        Ok(read) => {
            assert_eq!(read.warnings, []);
            read.scenario
        }
        Err(problems) => panic!("{problems}"),
    }
}

const HEAD: &str = "start = 2025-06-01\nhorizon = \"2 years\"\n[vendor.a]\n[vendor.b]\n[vendor.c]\n[service.s]\nrevenue = \"$1k/h\"\n[service.t]\nrevenue = \"$1k/h\"\n";

/// Reads a small scenario with these lines added.
fn with(lines: &str) -> Scenario {
    let text = format!("{HEAD}{lines}");
    match read("folder/small.toml", text.as_bytes(), &NoFiles) {
        Ok(read) => read.scenario,
        Err(problems) => panic!("{problems}"),
    }
}

/// The first problem of a small scenario with these lines added.
fn refused(lines: &str) -> String {
    let text = format!("{HEAD}{lines}");
    read("small.toml", text.as_bytes(), &NoFiles).expect_err("a problem").list[0].message.clone()
}

const PORTFOLIO: &str = "[portfolio.p]\nshares = { a = 1.0 }\n";

#[test]
fn every_case_reads_without_a_word() {
    for name in [
        "01-one-outage",
        "02-failover",
        "03-common-cause",
        "04-access-loss",
        "05-pricing",
        "06-exclusivity",
        "07-staged-legal",
        "08-poisson-outages",
    ] {
        case(name);
    }
}

#[test]
fn one_outage() {
    let scenario = case("01-one-outage");
    assert_eq!((scenario.name.as_str(), scenario.start_unix), ("one outage", 1_748_736_000));
    assert_eq!((scenario.horizon_hours, scenario.trials, scenario.seed), (YEAR, 100_000, 1));
    assert_eq!(
        scenario.vendors[0],
        Vendor { price: Some(2.0), unit: Some("call".to_owned()), capability: 1.0, stake: 0.0 }
    );
    let service = &scenario.services[0];
    assert_eq!((service.revenue_per_hour, service.margin, service.usage_per_hour), (1e5, 0.7, Some(1000.0)));
    let risk = &scenario.risks[0];
    assert_eq!(risk.arrivals, Some(Arrivals::At { times_hours: vec![9.5 * DAY - 0.0], probability: 1.0 }));
    assert_eq!(risk.effects.outage, Some(Outage { duration: Law::Constant(3.0), leaves: Law::Constant(0.25) }));
    assert_eq!(scenario.portfolios[1].shares, [[(0, 0.5), (1, 0.5)]]);
    assert_eq!(scenario.baseline, 0);
}

#[test]
fn failover_and_standby() {
    let scenario = case("02-failover");
    let third = &scenario.portfolios[3];
    let failover = third.failover.as_ref().expect("a failover");
    assert_eq!(failover, &Failover { detect_hours: 10.0 / 60.0, headroom: 0.5, works: 1.0, order: None });
    assert_eq!(third.standby, [Standby { vendor: 2, capacity: 0.15, starts_hours: 2.0, costs_per_hour: 1000.0 }]);
}

#[test]
fn platforms_come_before_vendors() {
    let scenario = case("03-common-cause");
    let ids: Vec<&str> = scenario.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids, ["cloud1", "cloud2", "x", "y", "z", "w"]);
    assert_eq!(scenario.n_platforms, 2);
    assert_eq!(scenario.nodes[2].runs_on, RunsOn::All(vec![0]));
    assert_eq!(scenario.nodes[5].runs_on, RunsOn::AnyOf(vec![0, 1]));
    assert_eq!((scenario.risks[0].on.clone(), scenario.risks[1].on.clone()), (vec![0], vec![2]));
}

#[test]
fn access_loss_and_contracts() {
    let scenario = case("04-access-loss");
    assert_eq!(scenario.risks[0].effects.suspends, Some(Length::Permanent));
    assert_eq!(scenario.risks[0].effects.notice, Some(Law::Constant(60.0 * DAY)));
    let to_c = &scenario.portfolios[4];
    assert_eq!(to_c.migration.as_ref().map(|m| (m.to.clone(), m.patience_hours)), Some((vec![2], 720.0)));
    assert_eq!(to_c.contracts[0].exit_fee, Some(5e5));
    assert_eq!(scenario.portfolios[0].contracts, [Contract::default(), Contract::default(), Contract::default()]);
    let priced = case("05-pricing");
    let caps: Vec<Option<f64>> = priced.portfolios.iter().map(|p| p.contracts[0].price_cap).collect();
    assert_eq!(caps, [None, Some(0.1), Some(0.1)]);
    assert_eq!(priced.portfolios[2].contracts[0].commitment_per_year, Some(1e7));
    assert_eq!(priced.risks[0].effects.price_change, Some(Law::Constant(0.5)));
}

#[test]
fn conditions_and_changes_of_revenue() {
    let scenario = case("06-exclusivity");
    let won = &scenario.risks[0];
    assert_eq!(won.conditions.list, [Condition { uses: 1, at_least: 0.1, times: 1.0, otherwise: 0.0 }]);
    assert_eq!(won.effects.revenue_change, [(0, Law::Constant(0.06))]);
    assert_eq!(won.effects.lasts, Some(Law::Constant(1000.0)));
    assert_eq!(scenario.risks[1].effects.over, Some(Law::Constant(100.0)));
}

#[test]
fn stages_and_outcomes() {
    let scenario = case("07-staged-legal");
    let stages = &scenario.risks[0].stages;
    assert_eq!(stages.len(), 2);
    assert_eq!((stages[0].name.as_str(), &stages[0].after), ("motion", &Law::Constant(90.0 * DAY)));
    assert!(stages[0].outcomes[0].ends && !stages[1].outcomes[0].ends);
    assert_eq!(stages[1].outcomes[1].effects.cost.as_ref().map(|cost| &cost.amount), Some(&Law::Constant(4e7)));

    let single = with(&format!(
        "[risk.r]\nkind = \"legal\"\non = [\"a\", \"b\"]\narrivals = {{ at = [2025-03-01], probability = 0.5 }}\n\
         stages = [{{ name = \"trial\", after = \"6 months to 2 years\", probability = 0.4, cost = \"-$1M\", scales_with = \"use\", ends = true }}]\n{PORTFOLIO}"
    ));
    let stage = &single.risks[0].stages[0];
    assert_eq!((stage.outcomes[0].name.as_str(), stage.outcomes[0].ends), ("trial", true));
    let cost = Cost { amount: Law::Constant(-1e6), scales_with: ScalesWith::Use };
    assert_eq!(stage.outcomes[0].effects.cost, Some(cost));
    assert_eq!(single.risks[0].arrivals, Some(Arrivals::At { times_hours: vec![-92.0 * DAY], probability: 0.5 }));
}

#[test]
fn outcomes_alone_are_one_stage_at_once() {
    let scenario = with(&format!(
        "[risk.r]\nkind = \"legal\"\non = \"a\"\narrivals = {{ per_month = 0.5, trend = \"+40%\" }}\n\
         outcomes = [{{ name = \"ban\", probability = 0.25, suspends = \"90 days\" }}]\n{PORTFOLIO}"
    ));
    let stage = &scenario.risks[0].stages[0];
    assert_eq!((stage.name.as_str(), &stage.after, stage.outcomes.len()), ("", &Law::Constant(0.0), 1));
    let arrivals =
        Arrivals::Poisson { per_hour: 0.5 / MONTH, trend: 0.4, calendar: None, follows: Vec::new(), aftershocks: None };
    assert_eq!(scenario.risks[0].arrivals, Some(arrivals));
}

#[test]
fn shares_by_service_and_their_order() {
    let scenario = with("[portfolio.p]\nshares.t = { c = 0.25, a = 0.75 }\nshares.s = { b = \"100%\", a = 0 }\n");
    assert_eq!(scenario.portfolios[0].shares, [vec![(1, 1.0)], vec![(2, 0.25), (0, 0.75)]]);
    // A tenth ten times is not 1 in floating point, and must become it.
    let near = with("[portfolio.p]\nshares = { a = 0.3333333, b = 0.3333333, c = 0.3333333 }\n");
    let sum: f64 = near.portfolios[0].shares[0].iter().map(|(_, share)| share).sum();
    assert!((sum - 1.0).abs() < 1e-15);
    let zero = with("[portfolio.p]\nshares = { a = 1.0, b = 1e-10 }\n");
    assert_eq!(zero.portfolios[0].shares[0], [(0, 1.0)]);
}

#[test]
fn calendars_are_scaled_to_mean_one() {
    let scenario = with(&format!(
        "[risk.r]\nkind = \"outage\"\non = \"a\"\nduration = \"1 h\"\n\
         arrivals = {{ per_year = 1, calendar = {{ weekday = [2, 2, 2, 2, 2, 2, 2] }} }}\n{PORTFOLIO}"
    ));
    let Some(Arrivals::Poisson { calendar: Some(calendar), .. }) = &scenario.risks[0].arrivals else { panic!() };
    assert_eq!(calendar, &Calendar { weekday: [1.0; 7], hour: [1.0; 24] });
}

#[test]
fn defaults_of_the_file() {
    let scenario = with(PORTFOLIO);
    assert_eq!((scenario.name.as_str(), scenario.currency.as_str()), ("small", "$"));
    assert_eq!((scenario.trials, scenario.seed, scenario.appetite), (100_000, 1, None));
    assert_eq!(scenario.discount_rate.to_bits(), 0.0_f64.to_bits());
    let second = with("[portfolio.p]\nshares = { a = 1.0 }\n[portfolio.q]\nbaseline = true\nshares = { b = 1.0 }\n");
    assert_eq!(second.baseline, 1);
}

#[test]
fn remarks_are_kept_and_stand_anywhere() {
    let scenario = with(
        "[portfolio]\nnote = \"all of them\"\n[portfolio.p]\nnote = \"why\"\nsource = \"me\"\ngrade = \"guess\"\n\
         shares = { a = 1.0, note = \"all\" }\nfailover = { grade = \"data\" }\n",
    );
    let about = About { note: Some("why".to_owned()), source: Some("me".to_owned()), grade: Some("guess") };
    assert_eq!(scenario.portfolios[0].about, about);
}

#[test]
fn a_date_at_the_end_is_beyond_it() {
    let risk = |date: &str| {
        format!(
            "[risk.r]\nkind = \"outage\"\non = \"a\"\nduration = \"1 h\"\narrivals = {{ at = [{date}] }}\n{PORTFOLIO}"
        )
    };
    // Two years of 365.25 days end at 12:00.
    with(&risk("2027-06-01T11:59:59Z"));
    assert_eq!(refused(&risk("2027-06-01T12:00:00Z")), "a date lies beyond the horizon");
}

#[test]
fn a_million_events_and_no_more() {
    let risk = |rate: &str, more: &str| {
        format!(
            "[risk.r]\nkind = \"outage\"\non = \"a\"\nduration = \"1 s\"\narrivals = {{ per_year = {rate} }}\n{more}\n{PORTFOLIO}"
        )
    };
    with(&risk("500_000", ""));
    for (rate, more) in [("500_001", ""), ("300_000", "rate_if = [{ uses = \"a\", at_least = 0.1, times = 2 }]")] {
        assert_eq!(refused(&risk(rate, more)), "risk `r` has more than a million events in a trial");
    }
    let every = |interval: &str| risk("1", "").replace("per_year = 1", &format!("every = {interval}"));
    assert_eq!(refused(&every("\"1 s\"")), "risk `r` has more than a million events in a trial");
    assert_eq!(refused(&every("\"0 s\"")), "`every` can be 0");
    with(&every("{ exponential = \"1 day\" }"));
}

fn whole() -> Scenario {
    file("it/whole.toml")
}

impl Scenario {
    fn risk(&self, id: &str) -> &Risk {
        self.risks.iter().find(|risk| risk.id == id).expect("a risk")
    }

    fn risk_idx(&self, id: &str) -> usize {
        self.risks.iter().position(|risk| risk.id == id).expect("a risk")
    }
}

#[test]
fn vendors_and_services_of_the_whole() {
    let whole = whole();
    assert_eq!((whole.vendors[0].capability, whole.vendors[0].stake), (1.0, 13e9));
    assert_eq!((whole.vendors[1].capability, whole.vendors[1].stake), (0.95, 0.0));
    let copilot = &whole.services[0];
    let churn = copilot.churn.as_ref().expect("churn");
    assert_eq!((copilot.sensitivity, churn.after_hours, churn.returns_hours), (0.3, 4.0, 9.0 * MONTH));
    // An interval may reach beyond the whole by a hair, which is cut off.
    assert!((churn.loses.quantile(0.05) - 0.002).abs() < 1e-12 && churn.loses.support().1 <= 1.0);
    assert_eq!((whole.services[1].sensitivity, &whole.services[1].churn), (0.0, &None));
}

#[test]
fn terms_of_the_whole() {
    let whole = whole();
    let contract = &whole.portfolios[0].contracts[0];
    let sla = [Credit { below: 0.99, credit: 0.25 }, Credit { below: 0.999, credit: 0.1 }];
    let rebates = [Rebate { above_per_year: 5e7, off: 0.1 }, Rebate { above_per_year: 8e7, off: 0.15 }];
    assert_eq!((contract.sla.as_slice(), contract.rebates.as_slice()), (sla.as_slice(), rebates.as_slice()));
    // A portfolio's own contract replaces all of the scenario's.
    assert_eq!(whole.portfolios[1].contracts[0], Contract { price_cap: Some(0.05), ..Contract::default() });
    let cover = &whole.covers[0];
    assert_eq!((cover.id.as_str(), cover.risks.as_slice()), ("interruption", [0, 1].as_slice()));
    assert_eq!((cover.waiting_hours, cover.deductible, cover.pays), (8.0, 1e6, 0.9));
    assert_eq!((cover.limit_per_event, cover.limit_per_year), (25e6, 50e6));
    assert!((cover.premium_per_hour - 6e5 / YEAR).abs() < 1e-9);
    assert_eq!((whole.portfolios[0].covers.as_slice(), whole.portfolios[1].covers.len()), ([0].as_slice(), 0));
}

#[test]
fn a_cover_that_says_nothing_covers_everything() {
    let scenario = with(&format!(
        "[cover.c]\n[risk.r]\nkind = \"outage\"\non = \"a\"\narrivals = {{ per_year = 1 }}\nduration = \"1 h\"\n{PORTFOLIO}covers = [\"c\"]\n"
    ));
    let cover = &scenario.covers[0];
    assert_eq!((cover.risks.as_slice(), cover.waiting_hours, cover.deductible), ([0].as_slice(), 0.0, 0.0));
    assert_eq!((cover.pays, cover.premium_per_hour), (1.0, 0.0));
    assert!(cover.limit_per_event.is_infinite() && cover.limit_per_year.is_infinite());
}

#[test]
fn factors_and_who_follows_them() {
    let whole = whole();
    let persistence: Vec<Option<f64>> = whole.factors.iter().map(|factor| factor.persistence_hours).collect();
    assert_eq!(persistence, [Some(9.0 * MONTH), None]);
    let Some(Arrivals::Poisson { follows, aftershocks, .. }) = &whole.risk("openai-outage").arrivals else { panic!() };
    assert_eq!(follows, &[Follows { factor: 0, beta: 0.5 }]);
    assert_eq!(aftershocks, &Some(Aftershocks { mean: 0.3, within_hours: 12.0 }));
    let path = whole.risk("prices").path.as_ref().expect("a path");
    assert_eq!(path.follows, [Follows { factor: 1, beta: 0.4 }, Follows { factor: 0, beta: -0.2 }]);
}

#[test]
fn a_path_that_follows_all_the_way_leaves_nothing_negative() {
    let scenario = with(&format!(
        "[factor.x]\n[factor.y]\n[risk.r]\nkind = \"pricing\"\non = \"a\"\n\
         path = {{ volatility = 0.2, follows = {{ x = 0.6, y = -0.8 }} }}\n{PORTFOLIO}"
    ));
    let follows = &scenario.risks[0].path.as_ref().expect("a path").follows;
    let sum: f64 = follows.iter().map(|follows| follows.beta * follows.beta).sum();
    assert!(sum <= 1.0 && sum > 1.0 - 1e-12, "{sum}");
}

#[test]
fn a_delay_is_a_date_and_a_gap_as_long_as_it_slips() {
    let whole = whole();
    let delay = whole.risk("next-model");
    assert_eq!(delay.arrivals, Some(Arrivals::Due { due_hours: 92.0 * DAY }));
    let effects = &delay.effects;
    assert_eq!(effects.lasts.as_ref().map(|law| law.quantile(0.5)), Some(3.0 * MONTH));
    assert!((effects.capability_change.as_ref().expect("a gap").quantile(0.05) + 0.12).abs() < 1e-9);
    assert_eq!(effects.over, Some(Law::Constant(MONTH)));
}

#[test]
fn contagion_names_risks_by_their_places() {
    let whole = whole();
    let turmoil = &whole.risk("turmoil").effects;
    let raises = [
        Raise { risk: whole.risk_idx("openai-outage"), factor: 2.5 },
        Raise { risk: whole.risk_idx("leak"), factor: 3.0 },
    ];
    assert_eq!(turmoil.raises, raises);
    let cause = &turmoil.causes[0];
    assert_eq!((cause.risk, cause.probability), (whole.risk_idx("end"), 0.02));
    assert!((cause.after.quantile(0.05) - 30.0 * DAY).abs() < 1e-9);
    assert_eq!(turmoil.lasts, Some(Law::Constant(4.0 * MONTH)));
    assert_eq!(whole.risk("leak").effects.lasts, Some(Law::Constant(3.0 * MONTH)));
}

#[test]
fn an_insolvency_loses_access_for_good_unless_it_says_otherwise() {
    let whole = whole();
    let end = whole.risk("end");
    assert_eq!((&end.arrivals, &end.effects.suspends), (&None, &Some(Length::Permanent)));
    assert_eq!(end.effects.stake_change, Some(Law::Constant(-1.0)));
    let mild = with(&format!(
        "[risk.r]\nkind = \"insolvency\"\non = \"a\"\narrivals = {{ per_year = 1 }}\nsuspends = \"0 h\"\n{PORTFOLIO}"
    ));
    assert_eq!(mild.risks[0].effects.suspends, Some(Length::Hours(Law::Constant(0.0))));
}

#[test]
fn a_playbook_has_triggers_and_shares() {
    let whole = whole();
    let book = &whole.portfolios[1].playbook;
    let triggers: Vec<(usize, Trigger)> = book.iter().map(|play| (play.vendor, play.trigger)).collect();
    assert_eq!(
        triggers,
        [(0, Trigger::PriceAbove(0.4)), (1, Trigger::CapabilityBelow(0.8)), (0, Trigger::DownHoursAbove(40.0))]
    );
    assert_eq!(book[0].shares, [[(1, 0.7), (0, 0.3)], [(1, 0.7), (0, 0.3)]]);
    assert_eq!(book[2].shares, [[(1, 1.0)], [(2, 1.0)]]);
    assert_eq!((book[0].lasting_hours, book[0].takes_hours, book[0].costs), (2.0 * MONTH, 2.0 * MONTH, 3e6));
    assert_eq!((book[1].lasting_hours, book[1].costs), (0.0, 0.0));
}

#[test]
fn every_kind_takes_outcomes_where_it_takes_arrivals() {
    for kind in
        ["outage", "legal", "pricing", "exclusivity", "retirement", "governance", "breach", "insolvency", "retaliation"]
    {
        let needs = match kind {
            "outage" => "duration = \"1 h\"",
            "retirement" => "notice = \"1 day\"",
            "retaliation" => "only_if = { uses = \"a\", at_least = 0.1 }",
            "insolvency" => "suspends = \"0 h\"",
            _ => "",
        };
        let scenario = with(&format!(
            "[risk.r]\nkind = \"{kind}\"\non = \"a\"\narrivals = {{ per_year = 1 }}\n{needs}\n\
             stages = [{{ name = \"x\", after = \"1 day\", outcomes = [{{ name = \"y\", probability = 0.5, cost = \"$1\", \
             price_change = \"+1%\", revenue_change = {{ s = \"-1%\" }} }}] }}]\n{PORTFOLIO}"
        ));
        assert_eq!(scenario.risks[0].stages[0].outcomes.len(), 1, "{kind}");
    }
}

#[test]
fn caused_and_raised_events_count_towards_the_million() {
    let risks = |raises: &str, causes: &str| {
        format!(
            "[risk.r]\nkind = \"outage\"\non = \"a\"\nduration = \"1 s\"\narrivals = {{ per_year = 400_000 }}\n{causes}\n\
             [risk.q]\nkind = \"governance\"\non = \"a\"\narrivals = {{ per_year = 1 }}\ncost = \"$1\"\n{raises}\n\
             [risk.p]\nkind = \"outage\"\non = \"a\"\nduration = \"1 s\"\narrivals = {{ per_year = 1, aftershocks = {{ mean = 0.5, within = \"1 h\" }} }}\n{PORTFOLIO}"
        )
    };
    let together = "the risks together have more than a million events in a trial: about ";
    with(&risks("", ""));
    // 800,000 events, each with 0.1 others, and as many aftershocks of these; then 0.2.
    with(&risks("", "causes = { p = { probability = 0.1 } }"));
    assert_eq!(refused(&risks("", "causes = { p = { probability = 0.2 } }")), format!("{together}1,120,004"));
    // Two turmoils of a year each in two years, a rate of 1.2 times in each: exp(1 × 0.2); then 1.4.
    with(&risks("raises = { r = 1.2 }\nfor = \"1 year\"", ""));
    let problem = refused(&risks("raises = { r = 1.4 }\nfor = \"1 year\"", ""));
    assert_eq!(problem, "risk `r` has more than a million events in a trial");
}

#[test]
fn contagion_that_grows_slowly_is_not_refused() {
    let risks = |after: &str| {
        let one = |name: &str, others: [&str; 2]| {
            format!(
                "[risk.{name}]\nkind = \"governance\"\non = \"a\"\narrivals = {{ per_year = 1 }}\n\
                 causes = {{ {} = {{ probability = 0.6, after = \"{after}\" }}, {} = {{ probability = 0.6, after = \"{after}\" }} }}\n",
                others[0], others[1]
            )
        };
        format!("{}{}{}{PORTFOLIO}", one("p", ["q", "r"]), one("q", ["p", "r"]), one("r", ["p", "q"]))
    };
    with(&risks("3 months"));
    assert_eq!(refused(&risks("1 h")), "risk `p` has more than a million events in a trial");
}

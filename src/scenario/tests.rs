#![expect(clippy::disallowed_methods, reason = "tests read their cases")]

use super::*;

/// Reads a file of `tests/cases`, or says what is wrong with it.
fn case(name: &str) -> Scenario {
    let path = format!("{}/tests/cases/{name}.toml", env!("CARGO_MANIFEST_DIR"));
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

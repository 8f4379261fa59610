//! Every mistake we could think of, and exactly what the user sees of it.
//!
//! Each case is the sound scenario below with one part of its text exchanged. Read a snapshot aloud before accepting it.

use std::collections::BTreeMap;

use linchpin::scenario::{FileError, Files, read};
use linchpin::source::render;

mod whole;

const SOUND: &str = r#"name = "sound"
start = 2025-06-01
horizon = "12 months"

[platform.azure]
[vendor.openai]
runs_on = ["azure"]
price = "$4/Mtok"
[vendor.grok]
price = "$3/Mtok"

[service.copilot]
revenue = "$410k/h"
usage = "3 Ttok/month"
tolerance = "10 min"

[contract.openai]
price_cap = "+10%"

[risk.outage]
kind = "outage"
on = "openai"
arrivals = { per_year = 12 }
duration = "20 min to 9 h"

[risk.suit]
kind = "legal"
on = "openai"
arrivals = { at = [2025-09-01] }
outcomes = [{ name = "ban", probability = 0.2, suspends = "90 days" }, { name = "fine", probability = 0.3, cost = "$5M" }]

[risk.repricing]
kind = "pricing"
on = "grok"
path = { drift = "-20%", volatility = 0.2 }

[portfolio.single]
baseline = true
shares = { openai = 1.0 }
migration = { to = ["grok"], patience = "30 days", takes = "3 months", costs = "$2M" }
[portfolio.both]
shares = { openai = 0.6, grok = 0.4 }
failover = { detect = "5 min", headroom = 0.6, order = ["grok", "openai"] }
"#;

/// Files in memory.
struct Folder(BTreeMap<&'static str, &'static [u8]>);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match path {
            "data/link.csv" => Err(FileError::Outside),
            "data" => Err(FileError::NotAFile),
            _ => self.0.get(path).map(|content| content.to_vec()).ok_or(FileError::NotFound),
        }
    }
}

fn folder() -> Folder {
    Folder(BTreeMap::from([
        ("data/good.csv", &b"when,hours\n2024-01-01,1.5\n2024-02-01,0.25\n2024-03-01,12\n"[..]),
        ("data/text.csv", b"when,hours\n2024-01-01,1.5\n2024-02-01,unknown\n"),
        ("data/nan.csv", b"when,hours\n2024-01-01,NaN\n"),
        ("data/inf.csv", b"when,hours\n2024-01-01,inf\n"),
        ("data/gap.csv", b"when,hours\n2024-01-01,1.5\n2024-02-01,\n"),
        ("data/negative.csv", b"hours\n3\n-2\n"),
        ("data/bare.csv", b"when,hours\n"),
        ("data/nothing.csv", b""),
        ("data/binary.csv", b"hours\n\xff\xfe\n"),
    ]))
}

/// What the user sees of a text: its problems, or the warnings of a sound one.
fn seen(text: &[u8]) -> String {
    match read("case.toml", text, &folder()) {
        Err(problems) => problems.to_string(),
        Ok(read) if read.warnings.is_empty() => "no problems\n".to_owned(),
        Ok(read) => render("case.toml", &String::from_utf8_lossy(text), &read.warnings, false),
    }
}

/// The sound scenario with parts of its text exchanged.
#[track_caller]
fn changed(changes: &[(&str, &str)]) -> String {
    exchanged(SOUND, changes)
}

#[track_caller]
fn exchanged(text: &str, changes: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "the scenario has no `{old}`");
        text = text.replacen(old, new, 1);
    }
    text
}

/// A test per mistake in a scenario: its name, and what is exchanged.
macro_rules! mistakes {
    ($scenario:expr; $($name:ident: $($old:expr => $new:expr),+;)+) => {$(
        #[test]
        fn $name() {
            let text = exchanged($scenario, &[$(($old, $new)),+]);
            insta::assert_snapshot!(stringify!($name), seen(text.as_bytes()));
        }
    )+};
}
use mistakes;

#[test]
fn the_sound_scenario_is_sound() {
    assert_eq!(seen(SOUND.as_bytes()), "no problems\n");
}

const ARRIVALS: &str = "{ per_year = 12 }";
const DURATION: &str = "\"20 min to 9 h\"";
const TOLERANCE: &str = "tolerance = \"10 min\"";
const SHARES: &str = "{ openai = 0.6, grok = 0.4 }";
const OUTCOMES: &str = r#"outcomes = [{ name = "ban", probability = 0.2, suspends = "90 days" }, { name = "fine", probability = 0.3, cost = "$5M" }]"#;
const PATH: &str = r#"path = { drift = "-20%", volatility = 0.2 }"#;

mistakes! {
    SOUND;

    // Names.
    misspelt_key: TOLERANCE => "tolerence = \"10 min\"";
    unknown_key_without_a_near_one: TOLERANCE => "colour = \"blue\"";
    misspelt_top_key: "horizon" => "horzion";
    misspelt_heading: "[service.copilot]" => "[sevrice.copilot]";
    portfolio_that_is_no_table: "[portfolio.single]" => "[portfolio]\nnone = 3\n[portfolio.single]";
    misspelt_kind: "\"outage\"\non" => "\"outtage\"\non";
    unknown_kind: "\"outage\"\non" => "\"flood\"\non";
    misspelt_vendor_in_shares: SHARES => "{ openai = 0.6, grook = 0.4 }";
    unknown_vendor_in_order: "[\"grok\", \"openai\"]" => "[\"grok\", \"claude\"]";
    vendor_twice_in_order: "[\"grok\", \"openai\"]" => "[\"grok\", \"openai\", \"grok\"]";
    misspelt_vendor_of_a_risk: "on = \"openai\"\narrivals = { per_year" => "on = \"opnai\"\narrivals = { per_year";
    unknown_platform: "[\"azure\"]" => "[\"asure\"]";
    vendor_as_a_platform: "[\"azure\"]" => "[\"grok\"]";
    platform_with_a_share: SHARES => "{ openai = 0.6, azure = 0.4 }";
    unknown_vendor_of_a_contract: "[contract.openai]" => "[contract.openia]";
    unknown_service: DURATION => "\"1 h\"\nrevenue_change = { copilott = \"-5%\" }";
    name_of_vendor_and_platform: "[vendor.grok]" => "[platform.grok]\n[vendor.grok]";
    quoted_id: "[platform.azure]" => "[platform.azure]\n[platform.\"a zone\"]";
    key_of_another_kind: DURATION => "\"1 h\"\npath = { drift = \"-20%\" }";
    bad_grade: TOLERANCE => "tolerance = \"10 min\"\ngrade = \"experts\"";

    // Types and quantities.
    wrong_type: TOLERANCE => "tolerance = [10]";
    number_without_unit: TOLERANCE => "tolerance = 10";
    text_number_without_unit: TOLERANCE => "tolerance = \"10\"";
    misspelt_unit: TOLERANCE => "tolerance = \"10 minuts\"";
    ambiguous_unit: TOLERANCE => "tolerance = \"10 m\"";
    negative_duration: TOLERANCE => "tolerance = \"-10 min\"";
    decimal_comma: TOLERANCE => "tolerance = \"1,5 h\"";
    permanent_where_not_allowed: TOLERANCE => "tolerance = \"permanent\"";
    money_without_quotes: "\"$5M\"" => "5000000";
    money_of_another_currency: "\"$410k/h\"" => "\"€410k/h\"";
    unknown_multiple: "\"$5M\"" => "\"$5B\"";
    money_without_time: "\"$410k/h\"" => "\"$410k\"";
    money_too_large: "\"$5M\"" => "\"$5000000bn\"";
    negative_revenue: "\"$410k/h\"" => "\"-$410k/h\"";
    price_without_unit: "\"$3/Mtok\"" => "\"$3\"";
    usage_without_time: "\"3 Ttok/month\"" => "\"3 Ttok\"";
    fraction_above_one: "probability = 0.2" => "probability = 1.2";
    change_below_minus_one: "\"-20%\"" => "\"-120%\"";
    nan: "probability = 0.2" => "probability = nan";
    huge_float: "probability = 0.2" => "probability = 1e400";
    huge_integer: "volatility = 0.2" => "volatility = 123456789012345678901234567890";
    quoted_date: "2025-06-01" => "\"2025-06-01\"";
    time_without_date: "2025-06-01" => "08:30:00";
    bad_currency: "horizon" => "currency = \"5 $\"\nhorizon";
    bad_trials: "horizon" => "trials = 0\nhorizon";
    negative_seed: "horizon" => "seed = -1\nhorizon";
    fractional_trials: "horizon" => "trials = 1e5\nhorizon";

    // Distributions.
    reversed_interval: DURATION => "\"9 h to 20 min\"";
    interval_with_one_unit: DURATION => "\"2 to 9 h\"";
    interval_from_zero: DURATION => "\"0 h to 9 h\"";
    interval_of_a_fraction: DURATION => "\"1 h\"\nleaves = \"10% to 90%\"";
    unknown_law: DURATION => "{ medain = \"1 h\", p95 = \"8 h\" }";
    law_without_a_law: DURATION => "{ max = \"8 h\" }";
    two_laws: DURATION => "{ median = \"1 h\", p95 = \"8 h\", pert = [\"1 h\", \"2 h\", \"3 h\"] }";
    law_not_settled: DURATION => "{ median = \"1 h\" }";
    law_over_settled: DURATION => "{ median = \"1 h\", p95 = \"8 h\", sigma = 1 }";
    percentiles_out_of_order: DURATION => "{ median = \"8 h\", p95 = \"1 h\" }";
    pert_out_of_order: DURATION => "{ pert = [\"1 h\", \"9 h\", \"3 h\"] }";
    pert_of_two: DURATION => "{ pert = [\"1 h\", \"9 h\"] }";
    beta_too_wide: DURATION => "\"1 h\"\nleaves = { beta = { mean = 0.5, sd = 0.6 } }";
    beta_of_a_duration: DURATION => "{ beta = { mean = 0.5, sd = 0.1 } }";
    shape_missing: DURATION => "{ weibull = { scale = \"3 h\" } }";
    weights_do_not_fit: DURATION => "{ values = [\"1 h\", \"2 h\"], weights = [1, 2, 3] }";
    bounds_reversed: DURATION => "{ median = \"1 h\", p95 = \"8 h\", min = \"9 h\", max = \"2 h\" }";
    bounds_cut_off_everything: DURATION => "{ uniform = [\"1 h\", \"2 h\"], min = \"3 h\" }";

    // Empirical files.
    file_missing: DURATION => "{ empirical = \"data/none.csv\", column = \"hours\" }";
    file_without_column: DURATION => "{ empirical = \"data/good.csv\", column = \"hour\" }";
    file_with_text: DURATION => "{ empirical = \"data/text.csv\", column = \"hours\" }";
    file_with_nan: DURATION => "{ empirical = \"data/nan.csv\", column = \"hours\" }";
    file_with_infinity: DURATION => "{ empirical = \"data/inf.csv\", column = \"hours\" }";
    file_with_an_empty_cell: DURATION => "{ empirical = \"data/gap.csv\", column = \"hours\" }";
    file_with_a_negative: DURATION => "{ empirical = \"data/negative.csv\", column = \"hours\" }";
    file_without_rows: DURATION => "{ empirical = \"data/bare.csv\", column = \"hours\" }";
    file_empty: DURATION => "{ empirical = \"data/nothing.csv\", column = \"hours\" }";
    file_not_text: DURATION => "{ empirical = \"data/binary.csv\", column = \"hours\" }";
    file_a_directory: DURATION => "{ empirical = \"data\", column = \"hours\" }";
    file_with_a_negative_cut_off: DURATION => "{ empirical = \"data/negative.csv\", column = \"hours\", min = \"1 h\" }";
    file_outside_by_dots: DURATION => "{ empirical = \"../secret.csv\", column = \"hours\" }";
    file_outside_by_root: DURATION => "{ empirical = \"/etc/passwd\", column = \"hours\" }";
    file_outside_by_link: DURATION => "{ empirical = \"data/link.csv\", column = \"hours\" }";
    file_with_backslash: DURATION => "{ empirical = \"data\\\\good.csv\", column = \"hours\" }";
    file_without_naming_the_column: DURATION => "{ empirical = \"data/good.csv\" }";

    // Risks.
    kind_missing: "kind = \"outage\"\n" => "";
    outage_without_duration: "duration = \"20 min to 9 h\"\n" => "";
    exclusivity_without_effect: "kind = \"outage\"" => "kind = \"exclusivity\"", "duration = \"20 min to 9 h\"\n" => "";
    legal_without_outcomes: OUTCOMES => "";
    arrivals_missing: "arrivals = { per_year = 12 }\n" => "";
    arrivals_twice: ARRIVALS => "{ per_year = 12, every = \"1 month\" }";
    arrivals_say_nothing: ARRIVALS => "{ trend = \"+40%\" }";
    arrivals_with_a_stray_key: ARRIVALS => "{ at = [2025-09-01], trend = \"+40%\" }";
    probability_beside_once: ARRIVALS => "{ once = { between = [2025-09-01, 2025-10-01] }, probability = 0.3 }";
    negative_rate: ARRIVALS => "{ per_year = -12 }";
    date_beyond_the_horizon: "[2025-09-01]" => "[2025-09-01, 2027-09-01]";
    date_before_start: "[2025-09-01]" => "[2024-09-01]";
    date_too_long_before_start: "[2025-09-01]" => "[2024-09-01]", OUTCOMES => "stages = [{ name = \"trial\", after = \"90 days\", probability = 0.5, cost = \"$1M\" }]";
    dates_reversed: ARRIVALS => "{ once = { probability = 0.5, between = [2025-10-01, 2025-09-01] } }";
    probabilities_above_one: "probability = 0.3" => "probability = 0.9";
    probabilities_above_one_when_raised: "probability = 0.3" => "probability = 0.3, rate_if = [{ uses = \"openai\", at_least = 0.5, times = 3 }]";
    outcomes_and_stages: OUTCOMES => "outcomes = [{ name = \"a\", probability = 0.1 }]\nstages = [{ name = \"b\", after = \"1 h\", probability = 0.1 }]";
    stage_without_probability: OUTCOMES => "stages = [{ name = \"trial\", after = \"90 days\", cost = \"$1M\" }]";
    stage_without_after: OUTCOMES => "stages = [{ name = \"trial\", probability = 0.5, cost = \"$1M\" }]";
    stage_with_both: OUTCOMES => "stages = [{ name = \"trial\", after = \"1 h\", cost = \"$1M\", outcomes = [{ name = \"a\", probability = 0.1 }] }]";
    outcome_twice: "name = \"fine\"" => "name = \"ban\"";
    outcome_without_name: "name = \"fine\", " => "";
    renewal_made_more_frequent: ARRIVALS => "{ every = \"1 month\" }\nrate_if = [{ uses = \"grok\", at_least = 0.1, times = 2 }]";
    condition_on_nobody: ARRIVALS => "{ per_year = 12 }\nonly_if = { uses = \"gork\", at_least = 0.1 }";
    interval_that_can_be_zero: ARRIVALS => "{ every = { values = [\"0 h\", \"1 month\"] } }";
    too_many_events: ARRIVALS => "{ per_year = 5e6 }";
    too_many_events_together: ARRIVALS => "{ per_year = 9e5 }", "[2025-09-01]" => "[2025-09-01]\nprobability = 1", "{ at = [2025-09-01]\nprobability = 1 }" => "{ per_year = 8e5 }";
    lonely_for: DURATION => "\"1 h\"\nfor = \"3 months\"";
    lonely_scales_with: DURATION => "\"1 h\"\nscales_with = \"use\"";
    bad_scales_with: "cost = \"$5M\"" => "cost = \"$5M\", scales_with = \"shares\"";
    pricing_without_anything: PATH => "";
    pricing_that_never_happens: PATH => "price_change = \"+20%\"";
    pricing_with_idle_arrivals: PATH => "path = { drift = \"-20%\" }\narrivals = { per_year = 1 }";
    bad_calendar: ARRIVALS => "{ per_year = 12, calendar = { weekday = [1, 1, 1, 1, 1] } }";

    // Portfolios.
    shares_below_one: SHARES => "{ openai = 0.6, grok = 0.35 }";
    shares_above_one: SHARES => "{ openai = 0.6, grok = 0.6 }";
    negative_share: SHARES => "{ openai = 1.2, grok = -0.2 }";
    no_shares: "shares = { openai = 0.6, grok = 0.4 }\n" => "";
    empty_shares: SHARES => "{}";
    shares_mixed: SHARES => "{ openai = 0.6, copilot = { grok = 1.0 } }";
    shares_of_an_unknown_service: SHARES => "{ copliot = { openai = 0.6, grok = 0.4 } }";
    shares_of_one_service_only: "[contract.openai]" => "[service.bing]\nrevenue = \"$1k/h\"\n[contract.openai]", SHARES => "{ copilot = { openai = 0.6, grok = 0.4 } }";
    migration_without_patience: "patience = \"30 days\", " => "";
    standby_without_capacity: "failover =" => "standby = { grok = { starts = \"2 h\" } }\nfailover =";
    two_baselines: "[portfolio.both]" => "[portfolio.both]\nbaseline = true";
    no_portfolio: "[portfolio.single]\nbaseline = true\nshares = { openai = 1.0 }\nmigration = { to = [\"grok\"], patience = \"30 days\", takes = \"3 months\", costs = \"$2M\" }\n[portfolio.both]\nshares = { openai = 0.6, grok = 0.4 }\nfailover = { detect = \"5 min\", headroom = 0.6, order = [\"grok\", \"openai\"] }\n" => "";

    // The whole.
    vendor_without_price: "price = \"$3/Mtok\"\n" => "";
    unit_mismatch: "\"$3/Mtok\"" => "\"$3/kcall\"";
    cycle: "[platform.azure]" => "[platform.azure]\nruns_on = [\"grid\"]\n[platform.grid]\nruns_on = [\"dam\"]\n[platform.dam]\nruns_on = [\"azure\"]";
    platform_on_itself: "[platform.azure]" => "[platform.azure]\nruns_on = [\"azure\"]";
    any_of_nothing: "[\"azure\"]" => "{ any_of = [] }";
    horizon_too_long: "\"12 months\"" => "\"101 years\"";
    horizon_missing: "horizon = \"12 months\"\n" => "";
    several_at_once: "\"12 months\"" => "\"12 mnths\"", "revenue = \"$410k/h\"" => "revenu = \"$410k/h\"", SHARES => "{ openai = 0.6, grok = 0.3 }";

    // Warnings.
    warning_price_unused: "[service.copilot]" => "[vendor.llama]\nprice = \"$1/Mtok\"\n[service.copilot]";
    warning_law_without_mean: DURATION => "{ pareto = { shape = 0.9, scale = \"1 h\" } }";
    warning_law_without_variance: DURATION => "{ loglogistic = { shape = 1.5, scale = \"1 h\" } }";
    warning_wide_interval: DURATION => "\"1 s to 9 h\"";
    warning_between_beyond_the_horizon: ARRIVALS => "{ once = { probability = 0.5, between = [2026-01-01, 2027-01-01] } }";
    warning_standby_without_failover: "migration = {" => "standby = { grok = { capacity = 0.3 } }\nmigration = {";
    warning_order_without_room: "[service.copilot]" => "[vendor.llama]\n[service.copilot]", "[\"grok\", \"openai\"]" => "[\"grok\", \"llama\"]";
    warning_unfelt_risk: "[service.copilot]" => "[vendor.llama]\n[service.copilot]", "on = \"openai\"\narrivals = { per_year" => "on = \"llama\"\narrivals = { per_year";

    // Not TOML.
    unclosed_bracket: "[\"azure\"]" => "[\"azure\"";
    unclosed_brace: ARRIVALS => "{ per_year = 12";
    unclosed_string: "\"12 months\"" => "\"12 months";
    unquoted_text: "\"12 months\"" => "12 months";
    invalid_date: "2025-06-01" => "2025-06-31";
    key_twice: TOLERANCE => "tolerance = \"10 min\"\ntolerance = \"20 min\"";
    heading_twice: "[contract.openai]" => "[service.copilot]";
    two_syntax_errors: "\"12 months\"" => "12 months", "{ per_year = 12 }" => "{ per_year = }";
    syntax_before_sense: "\"12 months\"" => "12 months", "runs_on" => "runs_onn";
}

macro_rules! texts {
    ($($name:ident: $text:expr;)+) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), seen($text));
        }
    )+};
}

texts! {
    empty_file: b"";
    comments_alone: b"# nothing yet\n";
    json: b"{\n  \"name\": \"x\",\n  \"start\": \"2025-06-01\"\n}\n";
    prose: b"Dear all,\n\nplease find attached the scenario.\nBest\n";
    not_utf8: b"name = \"x\"\nstart = 2025-06-01\nnote = \"caf\xe9\"\n";
    png: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    nul_bytes: b"name = \"x\0y\"\n";
}

#[test]
fn ten_thousand_nested_arrays() {
    let text = format!("x = {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    insta::assert_snapshot!("ten_thousand_nested_arrays", seen(text.as_bytes()));
}

#[test]
fn a_mark_and_windows_lines_change_no_place() {
    let plain = changed(&[(TOLERANCE, "tolerence = \"10 min\"")]);
    let windows = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
    assert_eq!(seen(windows.as_bytes()), seen(plain.as_bytes()));
    let sound = format!("\u{feff}{}", SOUND.replace('\n', "\r\n"));
    assert_eq!(seen(sound.as_bytes()), "no problems\n");
}

#[test]
fn colour_changes_no_word() {
    let text = changed(&[(TOLERANCE, "tolerence = \"10 min\"")]);
    let problems = read("case.toml", text.as_bytes(), &folder()).expect_err("a misspelt key");
    let coloured = problems.render(true);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    assert_eq!(plain, problems.to_string());
}

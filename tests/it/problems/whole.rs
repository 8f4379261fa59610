//! Mistakes in what the smaller scenario does not say: factors, contagion, covers, playbooks, the other kinds.

use super::{exchanged, mistakes, seen};

const WHOLE: &str = include_str!("../whole.toml");

#[test]
fn the_whole_is_sound() {
    assert_eq!(seen(WHOLE.as_bytes()), "no problems\n");
}

const CHURN: &str = r#"churn = { after = "4 h", loses = "0.2% to 1%", returns = "9 months" }"#;
const SLA: &str = r#"[{ below = 0.999, credit = "10%" }, { below = 0.99, credit = "25%" }]"#;
const REBATES: &str = r#"[{ above = "$50M/year", off = "10%" }, { above = "$80M/year", off = "15%" }]"#;
const AFTERSHOCKS: &str = r#"{ mean = 0.3, within = "12 h" }"#;
const RAISES: &str = "raises = { openai-outage = 2.5, leak = 3 }";
const CAUSES: &str = r#"{ end = { probability = 0.02, after = "30 days to 1 year" } }"#;
const PER_EVENT: &str = r#"per_event = { deductible = "$1M", limit = "$25M" }"#;
const DUE: &str = "due = 2025-09-01";
const GAP: &str = "gap = \"-12% to -4%\"";
const WHEN: &str = r#"{ vendor = "openai", price_above = "+40%", lasting = "2 months" }"#;
const ONLY_IF: &str = "only_if = { uses = \"grok\", at_least = 0.2 }\n";
const LEAK: &str = "arrivals = { per_year = 0.2 }\ncost = { pareto = { shape = 2.5, scale = \"$1M\" } }";

mistakes! {
    WHOLE;

    // Names.
    misspelt_factor: "{ climate = 0.5 }" => "{ climat = 0.5 }";
    misspelt_factor_of_a_path: "{ market = 0.4, climate = -0.2 }" => "{ markt = 0.4 }";
    factor_that_is_nowhere: "[factor.climate]\npersistence = \"9 months\"\n[factor.market]\n" => "", "follows = { market = 0.4, climate = -0.2 }" => "follows = { mood = 0.4 }", ", follows = { climate = 0.8 }" => "", "follows = { climate = 0.5 }, " => "";
    misspelt_risk_of_a_cover: "[\"openai-outage\", \"azure-outage\"]" => "[\"openai-outage\", \"azure-outtage\"]";
    risk_twice_in_a_cover: "[\"openai-outage\", \"azure-outage\"]" => "[\"openai-outage\", \"openai-outage\"]";
    cover_of_no_risks: "risks = [\"openai-outage\", \"azure-outage\"]" => "risks = []";
    misspelt_cover: "covers = [\"interruption\"]" => "covers = [\"interuption\"]";
    cover_that_is_nowhere: "[cover.interruption]\nrisks = [\"openai-outage\", \"azure-outage\"]\nwaiting = \"8 h\"\nper_event = { deductible = \"$1M\", limit = \"$25M\" }\nper_year = { limit = \"$50M\" }\npays = 0.9\npremium = \"$600k/year\"\n" => "";
    misspelt_risk_in_raises: RAISES => "raises = { openai-outages = 2.5 }";
    misspelt_risk_in_causes: CAUSES => "{ and = { probability = 0.02 } }";
    misspelt_vendor_in_a_playbook: WHEN => "{ vendor = \"opnai\", price_above = \"+40%\" }";
    misspelt_key_of_a_cover: "waiting = \"8 h\"" => "wait = \"8 h\"";
    misspelt_key_of_a_cover_inside: PER_EVENT => "per_event = { deductable = \"$1M\" }";
    misspelt_trigger: WHEN => "{ vendor = \"openai\", prices_above = \"+40%\" }";

    // Vendors and services.
    negative_stake: "\"$13bn\"" => "\"-$13bn\"";
    capability_in_words: "capability = 0.95" => "capability = \"good\"";
    churn_without_returns: CHURN => "churn = { after = \"4 h\", loses = \"1%\" }";
    churn_that_returns_at_once: CHURN => "churn = { after = \"4 h\", loses = \"1%\", returns = \"0 h\" }";
    churn_of_more_than_all: CHURN => "churn = { after = \"4 h\", loses = \"20% to 90%\", returns = \"9 months\" }";

    // Contracts and covers.
    credit_above_the_whole: SLA => "[{ below = 0.999, credit = \"110%\" }]";
    credit_without_threshold: SLA => "[{ credit = \"10%\" }]";
    two_credits_alike: SLA => "[{ below = 0.999, credit = \"10%\" }, { below = \"99.9%\", credit = \"25%\" }]";
    credits_that_are_no_list: SLA => "{ below = 0.999, credit = \"10%\" }";
    two_rebates_alike: REBATES => "[{ above = \"$50M/year\", off = \"10%\" }, { above = \"$50M/year\", off = \"15%\" }]";
    rebate_without_time: REBATES => "[{ above = \"$50M\", off = \"10%\" }]";
    limit_of_a_year_without_amount: "per_year = { limit = \"$50M\" }" => "per_year = {}";
    cover_that_pays_more_than_all: "pays = 0.9" => "pays = 1.9";

    // When.
    aftershocks_without_end: AFTERSHOCKS => "{ mean = 1.0, within = \"12 h\" }";
    aftershocks_at_once: AFTERSHOCKS => "{ mean = 0.3, within = \"0 h\" }";
    aftershocks_without_within: AFTERSHOCKS => "{ mean = 0.3 }";
    aftershocks_of_dates: "probability = 0.9 }" => "aftershocks = { mean = 0.3, within = \"12 h\" } }";
    follows_with_once: "arrivals = { once" => "arrivals = { follows = { climate = 0.5 }, once";
    follows_nothing: "{ climate = 0.5 }" => "{}";
    follows_in_words: "{ climate = 0.5 }" => "{ climate = \"closely\" }";
    rate_follows_too_closely: "{ climate = 0.5 }" => "{ climate = 40 }";
    path_follows_too_closely: "{ market = 0.4, climate = -0.2 }" => "{ market = 0.9, climate = -0.5 }";

    // Kinds.
    delay_without_its_date: "due = 2025-09-01\n" => "";
    delay_with_arrivals: DUE => "due = 2025-09-01\narrivals = { per_year = 1 }";
    delay_with_for: GAP => "gap = \"-10%\"\nfor = \"3 months\"";
    delay_with_a_change: GAP => "gap = \"-10%\"\ncapability_change = \"-3%\"";
    delay_due_before_the_start: DUE => "due = 2025-03-01";
    delay_due_after_the_end: DUE => "due = 2029-03-01";
    gap_of_everything: GAP => "gap = \"-100%\"";
    due_in_another_kind: "kind = \"breach\"" => "kind = \"breach\"\ndue = 2025-09-01";
    retirement_without_notice: "notice = \"6 months\"\n" => "";
    turmoil_without_effect: "raises = { openai-outage = 2.5, leak = 3 }\ncauses = { end = { probability = 0.02, after = \"30 days to 1 year\" } }\nfor = \"4 months\"\nstake_change = \"-30% to -5%\"\n" => "";
    retaliation_without_condition: ONLY_IF => "";
    outage_that_suspends: "leaves = { pert = [0, 0.4, 1] }" => "suspends = \"90 days\"";
    stake_that_loses_more_than_all: "stake_change = \"-100%\"" => "stake_change = \"-120%\"";
    interval_to_nothing: "stake_change = \"-30% to -5%\"" => "stake_change = \"-100% to -5%\"";

    // Contagion.
    raises_a_risk_on_dates: RAISES => "raises = { suit = 2 }";
    raises_a_risk_at_intervals: RAISES => "raises = { azure-outage = 2 }";
    raises_a_delay: RAISES => "raises = { next-model = 2 }";
    raises_a_risk_without_arrivals: RAISES => "raises = { end = 2 }";
    raises_a_path: "arrivals = { per_month = 0.05 }\nprice_change = \"+5% to +40%\"\nfor = \"6 months to 2 years\"\n" => "", RAISES => "raises = { prices = 2 }";
    raises_nothing: RAISES => "raises = {}";
    raises_by_less_than_nothing: RAISES => "raises = { leak = -2 }";
    causes_without_probability: CAUSES => "{ end = { after = \"30 days\" } }";
    causes_a_number: CAUSES => "{ end = 0.02 }";
    causes_a_path: "arrivals = { per_month = 0.05 }\nprice_change = \"+5% to +40%\"\nfor = \"6 months to 2 years\"\n" => "", CAUSES => "{ end = { probability = 0.02 }, prices = { probability = 0.5 } }";
    raises_itself: RAISES => "raises = { turmoil = 1.5 }";
    raises_in_a_circle: LEAK => "arrivals = { per_year = 0.2 }\nraises = { turmoil = 2 }";
    raises_in_a_circle_by_causes: LEAK => "arrivals = { per_year = 0.2 }\ncauses = { sunset = { probability = 0.1 } }", "cost = \"$1M to $4M\"" => "cost = \"$1M\"\ncauses = { turmoil = { probability = 0.1 } }";
    causes_itself_for_sure: LEAK => "arrivals = { per_year = 0.2 }\ncauses = { leak = { probability = 1, after = \"1 month\" } }";
    causes_in_a_circle_for_sure: LEAK => "arrivals = { per_year = 0.2 }\ncauses = { end = { probability = 1 } }", "stake_change = \"-100%\"" => "causes = { leak = { probability = 0.5 } }\nstake_change = \"-100%\"", "cost = \"$1M to $4M\"" => "cost = \"$1M\"", "kind = \"breach\"" => "kind = \"breach\"\nrate_if = [{ uses = \"grok\", at_least = 0.1, times = 3 }]";
    nothing_causes_it: "causes = { end = { probability = 0.02, after = \"30 days to 1 year\" } }\n" => "";
    only_caused_by_itself: CAUSES => "{ leak = { probability = 0.02 } }", "stake_change = \"-100%\"" => "causes = { end = { probability = 0.5 } }\nstake_change = \"-100%\"";
    too_many_raised: RAISES => "raises = { openai-outage = 1000 }", "per_year = 12, trend" => "per_year = 1200, trend";
    too_many_caused: CAUSES => "{ end = { probability = 0.9 }, leak = { probability = 0.9 } }", "stake_change = \"-100%\"" => "causes = { turmoil = { probability = 0.9 } }\nstake_change = \"-100%\"", "raises = { openai-outage = 2.5, leak = 3 }\n" => "", "for = \"4 months\"\n" => "", LEAK => "arrivals = { per_year = 0.2 }\ncauses = { turmoil = { probability = 0.9 } }";

    // Portfolios.
    playbook_without_condition: WHEN => "{ vendor = \"openai\", lasting = \"2 months\" }";
    playbook_with_two_conditions: WHEN => "{ vendor = \"openai\", price_above = \"+40%\", down_hours_above = \"20 h\" }";
    playbook_without_takes: "shares = { grok = 0.7, openai = 0.3 }, takes = \"2 months\"" => "shares = { grok = 0.7, openai = 0.3 }";
    playbook_with_a_drawn_time: "shares = { grok = 0.7, openai = 0.3 }, takes = \"2 months\"" => "shares = { grok = 0.7, openai = 0.3 }, takes = \"2 months to 4 months\"";
    playbook_shares_below_one: "{ grok = 0.7, openai = 0.3 }" => "{ grok = 0.7, openai = 0.2 }";
    playbook_shares_of_one_service: "shares.copilot = { grok = 1.0 }, shares.bing = { llama = 1.0 }, takes" => "shares.copilot = { grok = 1.0 }, takes";
    playbook_that_holds_from_the_start: "capability_below = 0.8" => "capability_below = 0.97";
    playbook_to_a_vendor_without_price: "[vendor.llama]\nprice = \"$1/Mtok\"" => "[vendor.mistral]\n[vendor.llama]\nprice = \"$1/Mtok\"", "{ grok = 0.7, openai = 0.3 }" => "{ mistral = 0.7, openai = 0.3 }";

    // Warnings.
    warning_credits_the_wrong_way_round: SLA => "[{ below = 0.999, credit = \"25%\" }, { below = 0.99, credit = \"10%\" }]";
    warning_factor_unused: "[factor.market]" => "[factor.market]\n[factor.mood]";
    warning_terms_without_a_bill: "[contract.openai]" => "[vendor.spare]\n\n[contract.spare]\nprice_cap = \"+5%\"\nsla = [{ below = 0.999, credit = \"10%\" }]\nrebates = [{ above = \"$1M/year\", off = \"10%\" }]\n\n[contract.openai]";
    warning_commitment_without_a_bill: "[contract.openai]" => "[vendor.spare]\n\n[contract.spare]\ncommitment = \"$1M/year\"\nexit_fee = \"$2M\"\n\n[contract.openai]";
    warning_cover_unused: "covers = [\"interruption\"]\n" => "";
    warning_cover_never_pays: "risks = [\"openai-outage\", \"azure-outage\"]" => "risks = [\"prices\"]";
    warning_stake_untouched: "stake_change = \"-30% to -5%\"" => "cost = \"$1M\"", "stake_change = \"-100%\"" => "cost = \"$1M\"";
    warning_stake_not_held: "stake = \"$13bn\"\n" => "";
    warning_nobody_feels_capability: "sensitivity = 0.3\n" => "", "    { when = { vendor = \"grok\", capability_below = 0.8 }, shares = { openai = 1.0 }, takes = \"1 month\" },\n" => "";
    warning_sensitivity_unused: "capability = 0.95\n" => "", "capability = 0.9\n" => "", "kind = \"delay\"\non = \"openai\"\ndue = 2025-09-01\nslips = { values = [\"0 days\", \"3 months\", \"9 months\"], weights = [1, 2, 1] }\ngap = \"-12% to -4%\"\nover = \"1 month\"" => "kind = \"breach\"\non = \"openai\"\narrivals = { at = [2025-09-01] }\ncost = \"$1M\"", ", capability_change = \"+3%\"" => "";
    warning_announced_and_nothing_more: LEAK => "arrivals = { per_year = 0.2 }\nnotice = \"3 months\"", "revenue_change = { copilot = \"-3%\" }\nfor = \"3 months\"\n" => "";
    warning_gap_that_is_a_gain: GAP => "gap = \"+10%\"";
    warning_path_without_volatility: "volatility = 0.25, " => "";
    warning_probability_raised_above_one: "kind = \"legal\"" => "kind = \"legal\"\nrate_if = [{ uses = \"grok\", at_least = 0.3, times = 2 }]";
    warning_delay_of_a_cause_without_mean: CHURN => "churn = { after = \"4 h\", loses = \"1%\", returns = \"9 months\" }", CAUSES => "{ end = { probability = 0.02, after = { pareto = { shape = 0.9, scale = \"1 day\" } } } }";
    warning_price_above_a_fall: WHEN => "{ vendor = \"openai\", price_above = \"-20%\" }";
    warning_hours_that_never_come: "down_hours_above = \"40 h\"" => "down_hours_above = \"100 days\"";
    warning_insolvency_before_its_outcomes: "notice = \"0 days\"" => "notice = \"0 days\"\noutcomes = [{ name = \"liquidated\", probability = 0.4, suspends = \"permanent\" }]";
}

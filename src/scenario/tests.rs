use super::*;

/// Reads a file beside the tests, or says what is wrong with it.
fn case(name: &str) -> Scenario {
    let path = format!("{}/tests/cases/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(&path).expect("a case");
    match read(name, &text, &NoFiles) {
        Ok(read) => read.scenario,
        Err(problems) => panic!("{problems}"),
    }
}

#[test]
fn every_case_reads() {
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

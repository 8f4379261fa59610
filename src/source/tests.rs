use super::*;

#[test]
fn nearest_name_is_close_or_none() {
    let known = ["openai", "grok", "in-house"];
    assert_eq!(nearest("opnai", known), Some("openai"));
    assert_eq!(nearest("OpenAI", known), Some("openai"));
    assert_eq!(nearest("inhouse", known), Some("in-house"));
    assert_eq!(nearest("claude", known), None);
}

#[test]
fn a_problem_is_noted_once_and_in_file_order() {
    let mut log = Log::default();
    log.push(Problem::error("b").at(5..6, ""));
    log.push(Problem::error("a").at(1..2, ""));
    log.push(Problem::error("b").at(5..6, ""));
    let found: Vec<String> = log.into_sorted().into_iter().map(|p| p.message).collect();
    assert_eq!(found, ["a", "b"]);
}

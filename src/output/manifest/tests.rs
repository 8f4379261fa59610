use super::{RunInfo, write};
use crate::measure::tests::fixture;

#[test]
fn the_manifest_is_json_with_everything_to_repeat_a_run() {
    let run = RunInfo {
        scenario_file: "two.toml".into(),
        scenario_sha256: "ab".repeat(32),
        files: vec![("data/\"x\".csv".into(), "cd".repeat(32))],
        sampling: None,
        threads: 2,
        memory: 1 << 30,
        wall_seconds: 0.25,
        warnings: vec!["a price that nothing uses".into()],
    };
    let mut bytes = vec![];
    write(&fixture::results(&[1.0, 2.0], &[0.0, 0.0]), &run, &mut bytes).unwrap();
    let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(read["files"][0]["path"], "data/\"x\".csv");
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

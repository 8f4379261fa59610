//! `run.json`: which engine, which files, which chance, and how the run went, so that a folder of results is its
//! own audit record. What the results do not know is passed in: this room has no clock and reads no file.

use std::io;

use serde_json::{Value, json};

use crate::results::Results;

/// How a run went.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunInfo {
    /// Name of the scenario's file.
    pub scenario_file: String,
    /// SHA-256 of its text, in hexadecimal.
    pub scenario_sha256: String,
    /// Every other file read: path as the scenario gives it, and SHA-256.
    pub files: Vec<(String, String)>,
    /// How trials were drawn, if plainly was not all that was asked for.
    pub sampling: Option<Sampling>,
    /// Threads used.
    pub threads: usize,
    /// Bytes that it was allowed to use.
    pub memory: u64,
    /// Wall time, seconds.
    pub wall_seconds: f64,
    /// Warnings about the scenario.
    pub warnings: Vec<String>,
}

/// How trials were drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// `importance` or `auto`.
    pub asked: String,
    /// `plain` or `importance`.
    pub taken: String,
    /// Why, in a sentence.
    pub reason: String,
    /// Trials of the pilot.
    pub pilot_trials: u64,
    /// What is tilted, a line each.
    pub tilts: Vec<String>,
}

/// Writes `run.json`.
///
/// # Errors
///
/// If `out` refuses the bytes.
pub fn write(results: &Results, run: &RunInfo, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &manifest(results, run))?;
    out.write_all(b"\n")
}

fn manifest(results: &Results, run: &RunInfo) -> Value {
    let from = &results.provenance;
    let files: Vec<Value> = run.files.iter().map(|(path, sha256)| json!({ "path": path, "sha256": sha256 })).collect();
    json!({
        "version": from.version,
        "scenario": from.scenario,
        "scenario_file": run.scenario_file,
        "scenario_sha256": run.scenario_sha256,
        "files": files,
        "start": from.start,
        "horizon_hours": from.horizon_hours,
        "currency": from.currency,
        "seed": from.seed,
        "trials": from.trials,
        "sampling": run.sampling.as_ref().map_or(json!("plain"), |sampling| json!({
            "asked": sampling.asked,
            "taken": sampling.taken,
            "reason": sampling.reason,
            "pilot_trials": sampling.pilot_trials,
            "effective_trials": from.effective_trials,
            "tilts": sampling.tilts,
        })),
        "memory": run.memory,
        "trials_with_rows": from.rows,
        "bin_width": from.bin_width,
        "month_bin_width": from.month_bin_width,
        "portfolios": results.portfolios,
        "baseline": results.portfolios.get(results.baseline),
        "threads": run.threads,
        "wall_seconds": run.wall_seconds,
        "warnings": run.warnings,
    })
}

#[cfg(test)]
mod tests;

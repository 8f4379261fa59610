//! What a run leaves behind: its folder, and its summary on the terminal.

use std::path::Path;

use indicatif::ProgressBar;
use linchpin::output::chart::{self, Chart};
use linchpin::output::{FORMATS, RunInfo, Sampling, csv, manifest};
use linchpin::results::Results;
use linchpin::study::exposure::exposure;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::folder::{self, Draft, INPUTS, MANIFEST};
use super::open::Opened;
use super::{Exit, Failure, failed, interrupt, shown, summary, terminal};

/// How a run shows itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) json: bool,
    pub(super) quiet: bool,
}

/// Writes the folder, and says what came out.
pub(super) fn finish(
    opened: &Opened,
    target: &Path,
    results: &Results,
    info: &RunInfo,
    bar: &ProgressBar,
    manner: Manner,
) -> Result<(), Failure> {
    terminal::under_way(bar, "writing files");
    let written = write(opened, target, results, info);
    bar.finish_and_clear();
    written.map_err(|failure| named(failure, target))?;
    if manner.json {
        return terminal::out(&format!("{}\n", summary::json(results, info, target)));
    }
    if manner.quiet {
        return Ok(());
    }
    terminal::out(&summary::text(results, info, target, terminal::width()))
}

/// An interruption says what it left undone.
pub(super) fn named(failure: Failure, target: &Path) -> Failure {
    match failure.exit {
        Exit::Interrupted if failure.message == "interrupted" => {
            Failure::new(Exit::Interrupted, format!("interrupted; nothing was written to `{}`", shown(target)))
        }
        _ => failure,
    }
}

/// What a run knows of itself, as results do not.
pub(super) fn info(
    opened: &Opened,
    results: &Results,
    sampling: Option<Sampling>,
    memory: u64,
    wall_seconds: f64,
) -> RunInfo {
    let failed = Some(failed::sentence(results)).filter(|said| !said.is_empty());
    RunInfo {
        scenario_file: file_name(opened),
        scenario_sha256: sha256(&opened.text),
        files: opened.scenario.files.iter().map(|(path, content)| (path.clone(), sha256(content))).collect(),
        sampling,
        threads: rayon::current_num_threads(),
        memory,
        wall_seconds,
        warnings: opened.warnings.iter().cloned().chain(failed).collect(),
    }
}

pub(super) fn file_name(opened: &Opened) -> String {
    opened.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn sha256(content: &[u8]) -> String {
    format!("{:x}", Sha256::digest(content))
}

/// Writes the folder of a run.
fn write(opened: &Opened, target: &Path, results: &Results, info: &RunInfo) -> Result<(), Failure> {
    let mut draft = Draft::begin(target)?;
    for file in FORMATS.iter().flat_map(|format| (format.files)(results)) {
        draft.write(Path::new(&file.path), |out| (file.write)(results, out))?;
    }
    let scenario = &opened.scenario;
    let exposed = exposure(scenario);
    let mut drawn = chart::charts(results);
    drawn.push(chart::exposure(scenario, &exposed));
    for (name, bytes) in pictures(drawn)? {
        draft.write(&Path::new("charts").join(name), |out| out.write_all(&bytes))?;
    }
    let inputs = Path::new(INPUTS);
    for (path, content) in &scenario.files {
        draft.write(&inputs.join(path), |out| out.write_all(content))?;
    }
    draft.write(&inputs.join(file_name(opened)), |out| out.write_all(&opened.text))?;
    draft.write(Path::new("exposure.csv"), |out| csv::exposure_table(scenario, &exposed, out))?;
    draft.write(Path::new(MANIFEST), |out| manifest::write(results, info, out))?;
    draft.commit(&folder::left_by_earlier_run(target, &["trials.csv"]))
}

/// Pictures with the names of their files.
pub(super) fn pictures(charts: Vec<Chart>) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    interrupt::check()?;
    let drawn: Result<Vec<_>, String> = (charts.into_par_iter())
        .map(|chart| {
            let png = chart::png(&chart.svg)?;
            Ok([(format!("{}.svg", chart.name), chart.svg.into_bytes()), (format!("{}.png", chart.name), png)])
        })
        .collect();
    let drawn = drawn.map_err(|why| Failure::new(Exit::Io, format!("cannot draw a chart: {why}")))?;
    Ok(drawn.into_iter().flatten().collect())
}

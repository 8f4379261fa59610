//! `--sampling`: whether trials are drawn plainly, and by what else.

use indicatif::ProgressBar;
use linchpin::output::Sampling;
use linchpin::sampling::{self, How, Length, Mixture, Tilted};
use linchpin::scenario::Scenario;

use super::{Failure, amount, interrupt, terminal};

/// How trials are to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Asked {
    /// As the scenario says
    Plain,
    /// Large losses more often, each trial with a weight
    Importance,
    /// The better of the two, by a pilot
    Auto,
}

impl Asked {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Importance => "importance",
            Self::Auto => "auto",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        match word {
            "importance" => Self::Importance,
            "auto" => Self::Auto,
            _ => Self::Plain,
        }
    }
}

/// Looks for a mixture, if asked to: what to draw by, and what to say of it.
///
/// `taken`: what was taken before, by a run to go on with, whether or not `auto` would now. `late`: whether `auto` has no more time for a pilot.
pub(super) fn look(
    scenario: &Scenario,
    asked: Asked,
    length: Length,
    (taken, late): (Option<bool>, &(dyn Fn() -> bool + Sync)),
    bar: &ProgressBar,
) -> Result<(Option<Mixture>, Option<Sampling>), Failure> {
    if asked == Asked::Plain {
        return Ok((None, None));
    }
    terminal::under_way(bar, "looking for what makes large losses");
    let gives_up = || asked == Asked::Auto && taken.is_none() && late();
    let tuned = match length.pilot {
        Some(NO_PILOT) => None,
        _ => sampling::tune(scenario, scenario.seed, length, &|_| !interrupt::stopped() && !gives_up()),
    };
    interrupt::check()?;
    let mut told = Sampling {
        asked: asked.word().to_owned(),
        taken: "plain".to_owned(),
        reason: "A pilot would have taken more than half of --time: `--sampling plain` gives the same.".to_owned(),
        pilot_trials: NO_PILOT,
        tilts: Vec::new(),
    };
    let Some(tuned) = tuned else { return Ok((None, Some(told))) };
    let takes = tuned.mixture.is_some() && (asked == Asked::Importance || taken.unwrap_or(tuned.auto));
    if takes {
        "importance".clone_into(&mut told.taken);
        told.tilts = tuned.tilts.iter().map(|tilted| line(tilted, scenario)).collect();
    }
    (told.reason, told.pilot_trials) = (tuned.reason, tuned.trials);
    Ok((tuned.mixture.filter(|_| takes), Some(told)))
}

/// That trials were not drawn as they were asked for.
pub(super) fn unasked(told: Option<&Sampling>) -> Option<String> {
    let told = told.filter(|told| told.asked == "importance" && told.taken == "plain")?;
    Some(format!("--sampling importance was asked for, but trials were drawn plainly: {}", told.reason))
}

/// The number of trials of a pilot that was given up.
const NO_PILOT: u64 = 0;

/// A tilt as a line.
fn line(tilted: &Tilted, scenario: &Scenario) -> String {
    let how = match &tilted.how {
        How::Times(times) => format!("x {times:.3}"),
        How::Choice(pieces) => {
            let each = pieces.iter().map(|(name, was, is)| format!("{name} {was:.4} -> {is:.4}"));
            each.collect::<Vec<_>>().join(", ")
        }
        How::Normal { mean, sd } => format!("normal score {mean:+.3} +- {sd:.3}"),
        How::Steps(shift) => format!("each month {shift:+.3} standard deviations"),
    };
    let whose = tilted.risk.map_or_else(String::new, |risk| format!("{}, ", scenario.risks[risk].id));
    let (component, share) = (tilted.component + 1, amount::percent(tilted.share));
    format!("component {component} ({share} of trials): {whose}{}: {how}", tilted.quantity)
}

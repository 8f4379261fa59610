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
pub(super) fn look(
    scenario: &Scenario,
    asked: Asked,
    length: Length,
    bar: &ProgressBar,
) -> Result<(Option<Mixture>, Option<Sampling>), Failure> {
    if asked == Asked::Plain {
        return Ok((None, None));
    }
    terminal::under_way(bar, "looking for what makes large losses");
    let tuned = sampling::tune(scenario, scenario.seed, length, &|_| !interrupt::stopped());
    let tuned = tuned.ok_or_else(Failure::interrupted)?;
    let takes = tuned.mixture.is_some() && (asked == Asked::Importance || tuned.auto);
    let told = Sampling {
        asked: asked.word().to_owned(),
        taken: if takes { "importance" } else { "plain" }.to_owned(),
        reason: tuned.reason.clone(),
        pilot_trials: tuned.trials,
        tilts: if takes { tuned.tilts.iter().map(|tilted| line(tilted, scenario)).collect() } else { Vec::new() },
    };
    Ok((tuned.mixture.filter(|_| takes), Some(told)))
}

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

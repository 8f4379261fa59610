//! From which laws trials are drawn: plainly, or with some draws tilted towards large losses. A trial's weight, the density
//! of the plain law over that of the mixture, makes up for it.
//!
//! Defensive mixture with the balance heuristic: Hesterberg, "Weighted average importance sampling and defensive mixture
//! distributions", 1995; Owen and Zhou, "Safe and effective importance sampling", 2000.

use libm::log;

use super::Plan;
use super::site::{Kind, Piece};
use crate::chance::sobol::{DIMENSIONS, Points};
use crate::chance::{Key, math};

/// Parts of all trials: those drawn plainly, and those drawn by each tilted component. The parts sum to 1.
///
/// Made for one scenario's risks, by [`crate::sampling::tune`].
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    /// Part drawn plainly; positive, so that no weight exceeds its inverse.
    pub(crate) plain: f64,
    pub(crate) components: Vec<Component>,
}

/// A law of whole trials.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Component {
    /// Part of all trials.
    pub(crate) share: f64,
    /// Per site of the plan; what is missing is not tilted.
    pub(crate) tilts: Vec<Tilt>,
}

/// In so many cases a tilted value is drawn plainly all the same: where only one of several events of a risk matters, the
/// others must not make a trial too unlikely.
pub(crate) const AS_IT_IS: f64 = 0.15;

/// Coordinates of a trial's point: the component, and from which on those of sites.
const COMPONENT: usize = 0;
const FIRST: usize = 1;

/// How the draws of a site are tilted.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Tilt {
    /// As the scenario says.
    #[default]
    None,
    /// The mean of a count × this.
    Rate(f64),
    /// The probability of each piece.
    Choice(Vec<f64>),
    /// The normal score z of a value is drawn as `shift` + `spread` × z, but in a part [`AS_IT_IS`] of draws plainly.
    Value {
        /// In standard deviations.
        shift: f64,
        /// Positive.
        spread: f64,
    },
    /// What is added to every monthly normal.
    Steps(f64),
}

/// A mixture compiled.
#[derive(Debug, Clone)]
pub(crate) struct MixturePlan {
    /// Address of the draw that says by which component a trial is drawn.
    key: Key,
    /// Parts: plain, then by component.
    pub(crate) shares: Vec<f64>,
    /// The same of the trials that are drawn, which may be some of all that weights are for.
    drawn: Vec<f64>,
    /// What spreads draws evenly over trials; none where trials are independent.
    points: Option<Points>,
    pub(crate) sites: Vec<SitePlan>,
    /// Per risk: whether any of its sites is tilted.
    tilted: Vec<bool>,
}

/// A site with its tilt under every component.
#[derive(Debug, Clone)]
pub(crate) struct SitePlan {
    /// Under at least one.
    pub(crate) tilted: bool,
    /// Which coordinate of a trial's point the first of its draws is, if any.
    coordinate: Option<usize>,
    pub(crate) tilts: Tilts,
}

/// Per component.
#[derive(Debug, Clone)]
pub(crate) enum Tilts {
    /// By what the mean is multiplied, and its logarithm.
    Rate(Vec<(f64, f64)>),
    /// The pieces, and how likely each is.
    Choice(Vec<Piece>, Vec<Odds>),
    Value(Vec<Bend>),
    Steps(Vec<f64>),
}

/// A choice under one component.
#[derive(Debug, Clone)]
pub(crate) struct Odds {
    /// Per piece: the probability of those before it, its density (1 where nothing is tilted), and the logarithm of that.
    pub(crate) pieces: Vec<(f64, f64, f64)>,
    pub(crate) tilted: bool,
}

/// A normal score under one component.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bend {
    pub(crate) shift: f64,
    pub(crate) spread: f64,
}

impl Bend {
    const NONE: Self = Self { shift: 0.0, spread: 1.0 };

    #[expect(clippy::float_cmp, reason = "exactly none")]
    pub(crate) fn is_none(&self) -> bool {
        self.shift == 0.0 && self.spread == 1.0
    }

    /// The score by the uniform `u`.
    pub(crate) fn score(&self, u: f64) -> f64 {
        let within = |part: f64| math::normal_quantile(part.clamp(f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0));
        if u < AS_IT_IS {
            within(u / AS_IT_IS)
        } else {
            self.shift + self.spread * within((u - AS_IT_IS) / (1.0 - AS_IT_IS))
        }
    }

    /// ln of the density at the score `x` over the standard normal's.
    pub(crate) fn ln_ratio(&self, x: f64) -> f64 {
        if self.is_none() {
            return 0.0;
        }
        let z = (x - self.shift) / self.spread;
        let tilted = math::exp((x * x - z * z) / 2.0) / self.spread;
        log(AS_IT_IS + (1.0 - AS_IT_IS) * tilted)
    }
}

impl Mixture {
    /// All trials drawn plainly.
    pub(crate) fn plain() -> Self {
        Self { plain: 1.0, components: Vec::new() }
    }

    /// Parts of all trials: plain, then by component.
    pub(crate) fn shares(&self) -> Vec<f64> {
        std::iter::once(self.plain).chain(self.components.iter().map(|c| c.share)).collect()
    }
}

impl Plan {
    /// The same, its trials drawn by `mixture`, which must have been made for a scenario with the same risks and factors.
    /// Every trial then has a weight, and trials are spread evenly.
    #[must_use]
    pub fn sampled_by(mut self, mixture: Option<&Mixture>) -> Self {
        self.mixture = mixture.map(|mixture| MixturePlan::new(mixture, &self));
        let Some(mixture) = &self.mixture else { return self };
        // Plain outages are drawn in columns, where nothing is tilted; the same ones come out as events.
        let tilted: Vec<usize> = (0..self.risks.len()).filter(|&r| mixture.tilts(r)).collect();
        self.without_plain(&tilted)
    }

    /// The same, each trial drawn by itself, not as one of many whose draws are spread evenly: what comes of them by formulas for independent
    /// trials is then right.
    pub(crate) fn independently(mut self) -> Self {
        if let Some(mixture) = &mut self.mixture {
            mixture.points = None;
        }
        self
    }

    /// The same, its trials drawn by the parts `shares` of the mixture, plain ones first, and weighed by the whole of it all the same.
    pub(crate) fn drawn_by(mut self, shares: Vec<f64>) -> Self {
        if let Some(mixture) = &mut self.mixture {
            mixture.drawn = shares;
        }
        self
    }

    /// The same, with the outages of `risks` as events.
    pub(crate) fn without_plain(mut self, risks: &[usize]) -> Self {
        if let Some(plain) = &mut self.plain {
            plain.leave_out(risks, &self.risks);
            if plain.risks.is_empty() {
                self.plain = None;
            }
        }
        self
    }
}

impl MixturePlan {
    fn new(mixture: &Mixture, plan: &Plan) -> Self {
        let tilts = |s: usize| mixture.components.iter().map(move |c| c.tilts.get(s).unwrap_or(&Tilt::None));
        let mut sites: Vec<SitePlan> = (plan.sites.iter().enumerate())
            .map(|(s, site)| SitePlan {
                tilted: tilts(s).any(|tilt| *tilt != Tilt::None),
                coordinate: None,
                tilts: Tilts::new(&site.kind, tilts(s)),
            })
            .collect();
        // The first coordinates lie most evenly: whether things happen matters more than how, and the component most of all. What is looked
        // at twice, whether it slips and for how long, must be the same both times.
        let twice = |s: usize| plan.risks.iter().any(|risk| risk.slip.as_ref().is_some_and(|slip| slip.site == s));
        let is_last = |s: &usize| matches!(plan.sites[*s].kind, Kind::Value | Kind::Steps);
        let mut order: Vec<usize> = (0..sites.len()).filter(|&s| sites[s].tilted && !twice(s)).collect();
        order.sort_by_key(is_last);
        for (coordinate, s) in (FIRST..DIMENSIONS).zip(order) {
            sites[s].coordinate = Some(coordinate);
        }
        let mut tilted = vec![false; plan.risks.len()];
        for risk in
            plan.sites.iter().zip(&sites).filter(|(_, compiled)| compiled.tilted).filter_map(|(site, _)| site.risk)
        {
            tilted[risk] = true;
        }
        let (shares, points) = (mixture.shares(), Some(Points::new(plan.points)));
        Self { key: plan.component, drawn: shares.clone(), shares, points, sites, tilted }
    }

    /// Whether something of a risk is tilted.
    pub(crate) fn tilts(&self, risk: usize) -> bool {
        self.tilted[risk]
    }

    /// What the first draw of `trial` at a site is, `u` being what it would be by itself.
    pub(crate) fn spread(&self, site: usize, trial: u64, u: f64) -> Option<f64> {
        Some(self.points.as_ref()?.coordinate(trial, self.sites[site].coordinate?, u))
    }

    /// By which component `trial` is drawn; 0: plainly.
    pub(crate) fn component(&self, trial: u64) -> usize {
        let u = self.key.uniform(trial, 0);
        let u = self.points.as_ref().map_or(u, |points| points.coordinate(trial, COMPONENT, u));
        let mut to = 0.0;
        let passed = self.drawn.iter().take_while(|&&share| {
            to += share;
            u >= to
        });
        // The shares may sum to less than 1 by a rounding.
        passed.count().min(self.drawn.len() - 1)
    }
}

impl Tilts {
    fn new<'a>(kind: &Kind, tilts: impl Iterator<Item = &'a Tilt>) -> Self {
        match kind {
            Kind::Rate => Self::Rate(
                tilts
                    .map(|tilt| if let Tilt::Rate(times) = tilt { (*times, log(*times)) } else { (1.0, 0.0) })
                    .collect(),
            ),
            Kind::Choice(pieces) => Self::Choice(pieces.clone(), tilts.map(|tilt| Odds::new(pieces, tilt)).collect()),
            Kind::Value => Self::Value(
                tilts
                    .map(|tilt| match *tilt {
                        Tilt::Value { shift, spread } => Bend { shift, spread },
                        _ => Bend::NONE,
                    })
                    .collect(),
            ),
            Kind::Steps => {
                Self::Steps(tilts.map(|tilt| if let Tilt::Steps(shift) = tilt { *shift } else { 0.0 }).collect())
            }
        }
    }
}

impl Odds {
    fn new(pieces: &[Piece], tilt: &Tilt) -> Self {
        let Tilt::Choice(probabilities) = tilt else {
            return Self { pieces: pieces.iter().map(|p| (p.from, 1.0, 0.0)).collect(), tilted: false };
        };
        let mut before = 0.0;
        let pieces = (pieces.iter().zip(probabilities))
            .map(|(piece, probability)| {
                let density = probability / (piece.to - piece.from);
                let odds = (before, density, log(density));
                before += probability;
                odds
            })
            .collect();
        Self { pieces, tilted: true }
    }
}

//! What each thing that a portfolio pays for or insists on is worth: the same portfolio without it, in the same trials.

use crate::measure;
use crate::plan::Plan;
use crate::results::Estimate;
use crate::scenario::{Contract, Portfolio, Scenario};
use crate::simulate::{Options, simulate};

/// The level of the tail.
pub const LEVEL: f64 = 0.99;

/// What one choice of one portfolio is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// Index of the portfolio.
    pub portfolio: usize,
    /// The choice: `standby deepseek`, `price cap openai`, `share of grok`.
    pub choice: String,
    /// Expected total cost that it saves: without it less with it, each future by itself. Below 0 it costs more than
    /// it saves.
    pub saves: Estimate,
    /// What it takes off TVaR 99 % of total cost.
    pub cuts: Estimate,
}

/// Removes every choice of every portfolio in turn, on the same luck; the others stay. Portfolios in file order, choices
/// in that of the portfolio's own decisions, its contracts, its covers and playbook, its shares.
///
/// `progress` is told how many trials are done; when it answers `false` the study stops and gives `None`.
#[must_use]
pub fn value(scenario: &Scenario, trials: u64, progress: &(dyn Fn(u64) -> bool + Sync)) -> Option<Vec<Worth>> {
    let mut extended = scenario.clone();
    let mut choices = Vec::new();
    for (portfolio, with) in scenario.portfolios.iter().enumerate() {
        for (choice, without) in without_each(scenario, with) {
            extended.portfolios.push(Portfolio { id: format!("{} without {choice}", with.id), ..without });
            choices.push((portfolio, choice));
        }
    }
    let plan = Plan::new(&extended, scenario.seed);
    let options = Options::of(0..trials);
    let drawn = simulate(&plan, &options, progress)?;
    let first = scenario.portfolios.len();
    let pairs: Vec<(usize, usize)> = choices.iter().enumerate().map(|(i, (with, _))| (first + i, *with)).collect();
    let differences = measure::compare(&extended, &drawn, &pairs);
    Some(
        (choices.into_iter().zip(differences))
            .map(|((portfolio, choice), difference)| Worth {
                portfolio,
                choice,
                saves: difference.mean,
                cuts: (difference.tail.iter())
                    .find(|(level, ..)| (level - LEVEL).abs() < 1e-9)
                    .map_or(Estimate::exact(f64::NAN), |(_, _, tvar)| *tvar),
            })
            .collect(),
    )
}

/// A portfolio without each of its choices, one at a time.
fn without_each(scenario: &Scenario, with: &Portfolio) -> Vec<(String, Portfolio)> {
    let vendor = |v: usize| scenario.nodes[scenario.vendor_node(v)].id.as_str();
    let mut all = Vec::new();
    let mut without = |choice: String, change: &dyn Fn(&mut Portfolio)| {
        let mut portfolio = with.clone();
        change(&mut portfolio);
        all.push((choice, portfolio));
    };
    if with.failover.is_some() {
        without("failover".to_owned(), &|p| p.failover = None);
    }
    for (i, standby) in with.standby.iter().enumerate() {
        without(format!("standby {}", vendor(standby.vendor)), &|p| {
            p.standby.remove(i);
        });
    }
    if with.migration.is_some() {
        without("migration plan".to_owned(), &|p| p.migration = None);
    }
    for (v, contract) in with.contracts.iter().enumerate().filter(|(v, _)| planned(with, *v)) {
        let has = |contract: &Contract| {
            [contract.price_cap.is_some(), !contract.sla.is_empty(), !contract.rebates.is_empty()]
        };
        let [cap, sla, rebates] = has(contract);
        if cap {
            without(format!("price cap {}", vendor(v)), &|p| p.contracts[v].price_cap = None);
        }
        if sla {
            without(format!("sla {}", vendor(v)), &|p| p.contracts[v].sla.clear());
        }
        if rebates {
            without(format!("rebates {}", vendor(v)), &|p| p.contracts[v].rebates.clear());
        }
    }
    for (i, &cover) in with.covers.iter().enumerate() {
        without(format!("cover {}", scenario.covers[cover].id), &|p| {
            p.covers.remove(i);
        });
    }
    for (i, play) in with.playbook.iter().enumerate() {
        without(format!("playbook entry {} ({})", i + 1, vendor(play.vendor)), &|p| {
            p.playbook.remove(i);
        });
    }
    for v in 0..scenario.vendors.len() {
        if let Some(shares) = moved_to_largest(&with.shares, v) {
            without(format!("share of {}", vendor(v)), &|p| p.shares.clone_from(&shares));
        }
    }
    all
}

fn planned(portfolio: &Portfolio, vendor: usize) -> bool {
    portfolio.shares.iter().flatten().any(|&(v, share)| v == vendor && share > 0.0)
}

type Shares = Vec<Vec<(usize, f64)>>;

/// The shares with a vendor's added to the largest of each service; none if that changes nothing. Of equal shares the one
/// listed first is the largest.
fn moved_to_largest(shares: &Shares, vendor: usize) -> Option<Shares> {
    let moved: Shares = (shares.iter())
        .map(|listed| {
            let largest = listed.iter().fold(None, |best: Option<(usize, f64)>, &(v, share)| match best {
                Some((_, most)) if most >= share => best,
                _ => Some((v, share)),
            });
            let (Some((largest, _)), Some(&(_, own))) = (largest, listed.iter().find(|(v, _)| *v == vendor)) else {
                return listed.clone();
            };
            if largest == vendor {
                return listed.clone();
            }
            (listed.iter().filter(|(v, _)| *v != vendor))
                .map(|&(v, share)| (v, if v == largest { share + own } else { share }))
                .collect()
        })
        .collect();
    (moved != *shares).then_some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, read};

    fn scenario(portfolio: &str) -> Scenario {
        let text = format!(
            "start = 2026-01-01\nhorizon = \"1 year\"\nvendor.a = {{ price = \"$1/call\" }}\nvendor.b = {{ price = \"$1/call\" }}\nvendor.c = {{ price = \"$1/call\" }}\nservice.s = {{ revenue = \"$1k/h\", usage = \"10 call/h\" }}\nrisk.down = {{ kind = \"outage\", on = \"a\", arrivals = {{ at = [2026-03-01] }}, duration = \"10 h\" }}\nrisk.dear = {{ kind = \"pricing\", on = \"a\", arrivals = {{ at = [2026-07-02T15:00:00Z] }}, price_change = \"+50%\" }}\n{portfolio}"
        );
        read("value.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}")).scenario
    }

    fn worth(portfolio: &str) -> Vec<(String, f64)> {
        let scenario = scenario(portfolio);
        let all = value(&scenario, 2, &|_| true).expect("not stopped");
        all.into_iter().map(|worth| (worth.choice, worth.saves.value)).collect()
    }

    #[track_caller]
    fn assert_worth(got: &[(String, f64)], expected: &[(&str, f64)]) {
        assert_eq!(got.len(), expected.len(), "{got:?}");
        for ((choice, saves), (name, amount)) in got.iter().zip(expected) {
            assert!(choice == name && (saves - amount).abs() < 1e-6 * amount.abs().max(1.0), "{choice}: {saves}");
        }
    }

    #[test]
    fn each_choice_is_worth_what_it_saves() {
        // Ten hours at $1k: failover saves the half that finds room in b. Half of usage is billed by a at + 50 % for the
        // second half of the year, which the cap keeps to + 10 %; what is moved in the outage is billed either way.
        let got = worth(
            "contract.a = { price_cap = \"+10%\" }\nportfolio.p = { shares = { a = 0.5, b = 0.5 }, failover = { headroom = 0.5 } }",
        );
        let half_year = 8766.0 - (182.0 * 24.0 + 15.0);
        // Moved for ten hours: 0.25 of traffic, 10 calls an hour at $1.
        let failover = 0.25 * 10.0 * 1000.0 - 0.25 * 10.0 * 10.0;
        let cap = 0.5 * 10.0 * 0.4 * half_year;
        // All on a: failover has no room left, so twice the loss, half of that not billed; and prices.
        let [failover_value, cap_value, share] = &got[..] else { panic!("{got:?}") };
        assert_worth(&[failover_value.clone(), cap_value.clone()], &[("failover", failover), ("price cap a", cap)]);
        let all_on_a = 10.0 * 1000.0 - 10.0 * 10.0 + 10.0 * 0.1 * half_year;
        let as_it_is = 0.25 * 10.0 * 1000.0 - 0.25 * 10.0 * 10.0 + 0.5 * 10.0 * 0.1 * half_year;
        assert_worth(std::slice::from_ref(share), &[("share of b", all_on_a - as_it_is)]);
    }

    #[test]
    fn a_standby_that_is_never_needed_is_worth_less_than_nothing() {
        let got = worth(
            "portfolio.p = { shares = { b = 1 }, standby = { c = { capacity = 1.0, costs = \"$2/h\" } }, failover = {} }",
        );
        assert_worth(&got, &[("failover", 0.0), ("standby c", -2.0 * 8766.0)]);
    }

    #[test]
    fn shares_move_to_the_largest_of_each_service() {
        let shares = vec![vec![(0, 0.5), (1, 0.3), (2, 0.2)], vec![(1, 1.0)]];
        assert_eq!(moved_to_largest(&shares, 0), None);
        assert_eq!(moved_to_largest(&shares, 1), Some(vec![vec![(0, 0.8), (2, 0.2)], vec![(1, 1.0)]]));
        assert_eq!(moved_to_largest(&[vec![(0, 0.5), (1, 0.5)]].to_vec(), 0), None);
    }
}

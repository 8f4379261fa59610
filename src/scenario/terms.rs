//! Terms with vendors and insurers: contracts and covers.

use super::context::Cx;
use super::table::{Item, Key, Member, Table, Takes};
use super::{Contract, Cover, Credit, Rebate};
use crate::quantity::{Quantity, shown};
use crate::source::Problem;

/// Keys of `[contract.<vendor>]`.
pub(crate) const CONTRACT: &[Key] = &[
    Key::optional(
        "price_cap",
        Takes::One(Quantity::Change),
        "the most that the billed price may rise above its value at the start of the year of the trial",
        "\"+10%\"",
    ),
    Key::optional(
        "commitment",
        Takes::One(Quantity::MoneyPerYear),
        "take-or-pay: what a year's bill falls short of it is due at the year's end, whatever happens",
        "\"$40M/year\"",
    ),
    Key::optional(
        "sla",
        Takes::Tables(&[SLA]),
        "service credits: the part of a month's bill that comes back when the month's availability was too low",
        "[{ below = 0.999, credit = \"10%\" }, { below = 0.99, credit = \"25%\" }]",
    ),
    Key::optional(
        "rebates",
        Takes::Tables(&[REBATE]),
        "volume discounts: what is taken off the part of a year's bill that lies above, up to the next tier",
        "[{ above = \"$50M/year\", off = \"10%\" }]",
    ),
    Key::optional(
        "exit_fee",
        Takes::One(Quantity::Money),
        "what is due, once, when a migration or a playbook takes the last traffic away",
        "\"$5M\"",
    ),
];

const SLA: &[Key] = &[
    Key::needed(
        "below",
        Takes::One(Quantity::Fraction),
        "the mean availability of the month below which it is due; the lowest tier counts",
        "0.999",
    ),
    Key::needed("credit", Takes::One(Quantity::Fraction), "the part of the month's bill that comes back", "\"10%\""),
];

const REBATE: &[Key] = &[
    Key::needed(
        "above",
        Takes::One(Quantity::MoneyPerYear),
        "the bill of a year above which it counts",
        "\"$50M/year\"",
    ),
    Key::needed("off", Takes::One(Quantity::Fraction), "the part taken off what lies above", "\"10%\""),
];

/// Keys of `[cover.<id>]`.
pub(crate) const COVER: &[Key] = &[
    Key::optional(
        "risks",
        Takes::Ids("risks"),
        "the risks that it covers; without it, all",
        "[\"openai-outage\", \"azure-outage\"]",
    ),
    Key::or(
        "waiting",
        Takes::One(Quantity::Duration),
        "0",
        "the first part of each interruption, which it does not pay for",
        "\"8 h\"",
    ),
    Key::optional(
        "per_event",
        Takes::Table(&[PER_EVENT]),
        "what the firm bears of each event itself, and the most that counts of it",
        "{ deductible = \"$1M\", limit = \"$25M\" }",
    ),
    Key::optional("per_year", Takes::Table(&[PER_YEAR]), "the most that is paid in a year", "{ limit = \"$50M\" }"),
    Key::or(
        "pays",
        Takes::One(Quantity::Fraction),
        "1",
        "the part that it pays of what is above the deductible and below the limit",
        "0.9",
    ),
    Key::or("premium", Takes::One(Quantity::MoneyPerHour), "0", "what it costs all along", "\"$600k/year\""),
];

const PER_EVENT: &[Key] = &[
    Key::or("deductible", Takes::One(Quantity::Money), "0", "what the firm bears of each event itself", "\"$1M\""),
    Key::optional(
        "limit",
        Takes::One(Quantity::Money),
        "the most of an event's loss beyond the deductible that counts; without it, all",
        "\"$25M\"",
    ),
];

const PER_YEAR: &[Key] = &[Key::needed(
    "limit",
    Takes::One(Quantity::Money),
    "the most that is paid for the events of a year of the trial, in their order",
    "\"$50M\"",
)];

/// A contract.
pub(crate) fn contract(member: &Member<'_>, cx: &mut Cx) -> Option<Contract> {
    let table = Table::open(member.item, format!("the contract with `{}`", member.id), &[CONTRACT], cx)?;
    let price_cap = table.maybe("price_cap", cx, Item::one);
    let commitment = table.maybe("commitment", cx, Item::one);
    let sla = table.maybe("sla", cx, |list, cx| tiers(list, ["below", "credit"], cx));
    let rebates = table.maybe("rebates", cx, |list, cx| tiers(list, ["above", "off"], cx));
    let exit_fee = table.maybe("exit_fee", cx, Item::one);
    table.about(cx)?;
    let (sla, rebates) = (sla?.unwrap_or_default(), rebates?.unwrap_or_default());
    // Below a lower availability more comes back; what is written the other way round was probably exchanged.
    if let Some(tier) = (1..sla.len()).find(|n| sla[n - 1].1 < sla[*n].1) {
        let (worse, better) = (sla[tier - 1], sla[tier]);
        let problem = Problem::warning(format!("{} pays back less for a worse month", table.what));
        let label =
            format!("{} below {}, but {} below {}", shown(better.1), shown(better.0), shown(worse.1), shown(worse.0));
        cx.log.push(problem.at(table.value_span("sla"), label).help("exchange the two credits".to_owned()));
    }
    Some(Contract {
        price_cap: price_cap?,
        commitment_per_year: commitment?,
        exit_fee: exit_fee?,
        sla: sla.into_iter().map(|(below, credit)| Credit { below, credit }).collect(),
        rebates: rebates.into_iter().map(|(above_per_year, off)| Rebate { above_per_year, off }).collect(),
    })
}

/// Thresholds and what holds from them on, by ascending threshold.
fn tiers(list: Item<'_>, [threshold, part]: [&'static str; 2], cx: &mut Cx) -> Option<Vec<(f64, f64)>> {
    let keys: &'static [&'static [Key]] = if threshold == "below" { &[SLA] } else { &[REBATE] };
    let what = if threshold == "below" { "this credit" } else { "this rebate" };
    let mut read = Vec::new();
    for item in list.list(cx)? {
        let table = Table::open(item, what, keys, cx);
        read.push(table.and_then(|table| {
            let (at, part) = (table.one(threshold, cx), table.one(part, cx));
            table.about(cx)?;
            Some((at?, part?, table.value_span(threshold)))
        }));
    }
    let mut tiers: Vec<_> = read.into_iter().collect::<Option<_>>()?;
    tiers.sort_by(|one, other| one.0.total_cmp(&other.0));
    if let Some(pair) = tiers.windows(2).find(|pair| pair[1].0 - pair[0].0 <= 1e-9 * pair[1].0) {
        let problem = Problem::error(format!("`{}` has two tiers with the same `{threshold}`", list.key.name));
        let (first, second) = (pair[0].2.clone(), pair[1].2.clone());
        let problem = problem.at(second, "the second").at(first, "the first");
        cx.log.push(problem.help("give each its own, or take one of them out".to_owned()));
        return None;
    }
    Some(tiers.into_iter().map(|(at, part, _)| (at, part)).collect())
}

/// An insurance policy. Without `risks` it covers all of the scenario.
pub(crate) fn cover(member: &Member<'_>, cx: &mut Cx) -> Option<Cover> {
    let table = Table::open(member.item, format!("cover `{}`", member.id), &[COVER], cx)?;
    let risks = table.maybe("risks", cx, covered);
    let waiting = table.one("waiting", cx);
    let per_event = table.maybe("per_event", cx, per_event);
    let per_year = table.maybe("per_year", cx, per_year);
    let pays = table.one("pays", cx);
    let premium = table.one("premium", cx);
    let about = table.about(cx);
    let (deductible, limit_per_event) = per_event?.unwrap_or((0.0, f64::INFINITY));
    Some(Cover {
        id: member.id.to_owned(),
        risks: risks?.unwrap_or_else(|| (0..cx.risks.len()).collect()),
        waiting_hours: waiting?,
        deductible,
        limit_per_event,
        limit_per_year: per_year?.unwrap_or(f64::INFINITY),
        pays: pays?,
        premium_per_hour: premium?,
        about: about?,
    })
}

fn covered(list: Item<'_>, cx: &mut Cx) -> Option<Vec<usize>> {
    let risks = cx.ids(list, Cx::risk)?;
    if risks.is_empty() {
        let problem = list.problem("is empty", "covers nothing");
        cx.log.push(problem.help("name a risk, or take `risks` out to cover all".to_owned()));
        return None;
    }
    Some(risks)
}

/// Deductible and limit.
fn per_event(item: Item<'_>, cx: &mut Cx) -> Option<(f64, f64)> {
    let table = Table::open(item, "`per_event`", &[PER_EVENT], cx)?;
    let deductible = table.one("deductible", cx);
    let limit = table.maybe("limit", cx, Item::one);
    table.about(cx)?;
    Some((deductible?, limit?.unwrap_or(f64::INFINITY)))
}

fn per_year(item: Item<'_>, cx: &mut Cx) -> Option<f64> {
    let table = Table::open(item, "`per_year`", &[PER_YEAR], cx)?;
    let limit = table.one("limit", cx);
    table.about(cx)?;
    limit
}

//! Reads a scenario: TOML text to a valid [`Scenario`], or every problem in it at once.

use toml::de::DeTable;

use self::keys::APPETITE;
use super::check::{self, Parts};
use super::context::{Cx, Names};
use super::files::Files;
use super::portfolio::portfolio;
use super::risk::{caused, risk};
use super::table::{Item, Member, Table, type_of};
use super::{Appetite, Contract, Portfolio, Scenario, YEAR, contagion, nodes, terms};
use crate::quantity::{Quantity, is_currency};
use crate::source::{Problem, Problems, Span, syntax, without_mark};

mod keys;

pub(crate) use keys::{ROOT, TABLES, TOP};

/// Longest horizon, hours.
const LONGEST: f64 = 100.0 * YEAR;
/// Most trials.
const MOST_TRIALS: u64 = 1_000_000_000_000;

/// A scenario that was read, and what in it is probably not meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The scenario.
    pub scenario: Scenario,
    /// Warnings, in file order; [`render`](crate::source::render) draws them.
    pub warnings: Vec<Problem>,
}

/// Reads the scenario in `text`, the content of the file `name`; `files` hands over the empirical files it names.
///
/// # Errors
/// Every problem of the file at once, in file order; of a file that is not TOML, its syntax errors alone.
pub fn read(name: &str, text: &[u8], files: &dyn Files) -> Result<Read, Problems> {
    let problems = |text: &str, list| Problems { name: name.to_owned(), text: text.to_owned(), list };
    let text = std::str::from_utf8(text).map_err(|error| not_utf8(name, text, error.valid_up_to()))?;
    let text = without_mark(text);
    let root = syntax::parse(name, text).map_err(|list| problems(text, list))?;
    if root.is_empty() {
        return Err(problems(text, vec![nothing_in(name)]));
    }
    let mut cx = Cx::new(files);
    let scenario = root_table(name, &root, text, &mut cx);
    let files = std::mem::take(&mut cx.read);
    let refused = cx.log.has_errors();
    let list = std::mem::take(&mut cx.log).into_sorted();
    match scenario {
        Some(scenario) if !refused => Ok(Read { scenario: Scenario { files, ..scenario }, warnings: list }),
        _ => Err(problems(text, at_least_one(list))),
    }
}

/// Whatever was refused has its problem; should one be forgotten, the file is refused all the same.
fn at_least_one(list: Vec<Problem>) -> Vec<Problem> {
    if list.is_empty() {
        vec![Problem::error("the scenario could not be read").at(0..0, "for an unknown reason")]
    } else {
        list
    }
}

fn nothing_in(name: &str) -> Problem {
    let problem = Problem::error(format!("`{name}` is empty")).at(0..0, "no scenario here");
    problem.help("write one, or start from a shipped one".to_owned())
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Problems {
    let text = String::from_utf8_lossy(bytes);
    let mark = text.len() - without_mark(&text).len();
    let text = without_mark(&text).to_owned();
    let at = valid.saturating_sub(mark);
    let replacement = '\u{fffd}'.len_utf8();
    let problem =
        Problem::error(format!("`{name}` is not UTF-8 text")).at(at..at + replacement, "not a character in UTF-8");
    let list = vec![problem.help("save the file as UTF-8".to_owned())];
    Problems { name: name.to_owned(), text, list }
}

/// Members of one of the top tables, by the name of its key.
fn section<'t>(root: &Table<'t>, key: &str, cx: &mut Cx) -> Vec<Member<'t>> {
    let mut members = root.maybe(key, cx, Item::members).flatten().unwrap_or_default();
    for member in &members {
        let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if member.id.is_empty() || !member.id.chars().all(bare) {
            let problem = Problem::error(format!("`{}` is no name for a {key}", member.id));
            let label = "letters, digits, `-` and `_` alone";
            cx.log.push(
                problem.at(member.id_span.clone(), label).help("for example `open-ai`, without quotes".to_owned()),
            );
        }
    }
    members.retain(|member| {
        let value = member.item.value.get_ref();
        if !value.is_table() {
            let problem = Problem::error(format!("{key} `{}` must be a table", member.id));
            let label = format!("this is {}", type_of(value));
            let help = format!("write its keys below a heading `[{key}.{}]`", member.id);
            cx.log.push(problem.at(member.item.span(), label).help(help));
        }
        value.is_table()
    });
    members
}

fn names(members: &[Member<'_>]) -> Names {
    Names::new(members.iter().map(|member| member.id))
}

fn spans(members: &[Member<'_>]) -> Vec<Span> {
    members.iter().map(|member| member.id_span.clone()).collect()
}

fn root_table(name: &str, entries: &DeTable<'_>, text: &str, cx: &mut Cx) -> Option<Scenario> {
    let first_line = text.find('\n').unwrap_or(text.len());
    let root = Table::over(entries, 0..first_line, "the scenario", ROOT, |_| false, cx);
    let currency = root.take("currency", cx, currency);
    if let Some(sign) = &currency {
        cx.currency.clone_from(sign);
    }
    cx.start = root.take("start", cx, start);
    cx.horizon = root.take("horizon", cx, horizon);
    let title = root.maybe("name", cx, Item::text);
    let discount_rate = root.one("discount_rate", cx);
    let appetite = root.maybe("appetite", cx, appetite);
    let trials = root.take("trials", cx, trials);
    let seed = root.whole("seed", cx);
    let about = root.about(cx);

    let platforms = section(&root, "platform", cx);
    let vendors = section(&root, "vendor", cx);
    let services = section(&root, "service", cx);
    let covers = section(&root, "cover", cx);
    let factors = section(&root, "factor", cx);
    let risks = section(&root, "risk", cx);
    (cx.platforms, cx.vendors, cx.services) = (names(&platforms), names(&vendors), names(&services));
    (cx.covers, cx.factors, cx.risks) = (names(&covers), names(&factors), names(&risks));
    cx.caused = caused(&risks);
    refuse_shared_ids(&platforms, &vendors, cx);
    for (key, members) in [("vendor", &vendors), ("service", &services)] {
        refuse_none(&root, key, members.len(), cx);
    }

    let mut all_nodes: Vec<_> = platforms.iter().map(|member| nodes::platform(member, cx)).collect();
    nodes::refuse_cycles(&all_nodes, &spans(&platforms), cx);
    let mut vendors_read = Vec::new();
    for member in &vendors {
        let (node, vendor) = nodes::vendor(member, cx).unzip();
        all_nodes.push(node);
        vendors_read.push((vendor, member.id_span.clone()));
    }
    cx.capabilities = vendors_read.iter().map(|(vendor, _)| Some(vendor.as_ref()?.capability)).collect();
    let services_read: Vec<_> =
        services.iter().map(|member| (nodes::service(member, cx), member.id_span.clone())).collect();
    let contracts = contracts(&section(&root, "contract", cx), cx);
    let covers: Vec<_> = covers.iter().map(|member| (terms::cover(member, cx), member.id_span.clone())).collect();
    let factors: Vec<_> = factors.iter().map(|member| (nodes::factor(member, cx), member.id_span.clone())).collect();
    let risks: Vec<_> = risks.iter().map(|member| (risk(member, cx), member.id_span.clone())).collect();
    let expected_events = contagion::check(&risks, cx);
    let portfolios = section(&root, "portfolio", cx);
    refuse_none(&root, "portfolio", portfolios.len(), cx);
    let portfolios: Vec<_> = portfolios.iter().map(|member| portfolio(member, &contracts, cx)).collect();
    let (portfolios, marks): (Vec<Option<Portfolio>>, Vec<Option<Span>>) = portfolios
        .into_iter()
        .map(|read| read.map_or((None, None), |(portfolio, mark)| (Some(portfolio), mark)))
        .unzip();
    let baseline = check::baseline(&marks, cx);
    check::check(
        &Parts {
            nodes: &all_nodes,
            vendors: &vendors_read,
            services: &services_read,
            covers: &covers,
            factors: &factors,
            risks: &risks,
            portfolios: &portfolios,
        },
        cx,
    );

    Some(Scenario {
        name: title?.unwrap_or_else(|| stem(name)),
        about: about?,
        start_unix: seconds(cx.start?),
        horizon_hours: cx.horizon?,
        currency: currency?,
        discount_rate: discount_rate?,
        appetite: appetite?,
        trials: trials?,
        seed: seed?,
        n_platforms: platforms.len(),
        nodes: all_nodes.into_iter().collect::<Option<_>>()?,
        vendors: vendors_read.into_iter().map(|(vendor, _)| vendor).collect::<Option<_>>()?,
        services: services_read.into_iter().map(|(service, _)| Some(service?.0)).collect::<Option<_>>()?,
        factors: factors.into_iter().map(|(factor, _)| factor).collect::<Option<_>>()?,
        covers: covers.into_iter().map(|(cover, _)| cover).collect::<Option<_>>()?,
        risks: risks.into_iter().map(|(risk, _)| Some(risk?.0)).collect::<Option<_>>()?,
        expected_events,
        portfolios: portfolios.into_iter().collect::<Option<_>>()?,
        baseline,
        files: Vec::new(),
    })
}

fn refuse_none(root: &Table<'_>, key: &str, count: usize, cx: &mut Cx) {
    if count == 0
        && !root.misspelt(key)
        && !(root.has(key) && root.item(key).is_some_and(|item| !item.value.get_ref().is_table()))
    {
        let example = match key {
            "vendor" => "`[vendor.openai]`",
            "service" => "`[service.copilot]` with `revenue = \"$410k/h\"`",
            _ => "`[portfolio.single]` with `shares = { openai = 1.0 }`",
        };
        let problem = Problem::error(format!("the scenario has no {key}"));
        cx.log.push(problem.at(root.span.clone(), format!("there must be a {key}")).help(format!("add {example}")));
    }
}

fn refuse_shared_ids(platforms: &[Member<'_>], vendors: &[Member<'_>], cx: &mut Cx) {
    for vendor in vendors {
        let Some(platform) = cx.platforms.find(vendor.id).map(|at| &platforms[at]) else {
            continue;
        };
        let (first, second) = (&platform.id_span, &vendor.id_span);
        let (first, second) = if first.start < second.start { (first, second) } else { (second, first) };
        let problem = Problem::error(format!("`{}` is the name of a vendor and of a platform", vendor.id));
        let problem = problem.at(second.clone(), "the second").at(first.clone(), "the first");
        cx.log.push(problem.help("rename one of them".to_owned()));
    }
}

/// Contracts of the scenario, by vendor.
fn contracts(members: &[Member<'_>], cx: &mut Cx) -> Vec<Contract> {
    let mut contracts = vec![Contract::default(); cx.vendors.len()];
    for member in members {
        let vendor = cx.vendor_called(member.id, member.id_span.clone());
        let contract = terms::contract(member, cx);
        if let (Some(vendor), Some(contract)) = (vendor, contract) {
            contracts[vendor] = contract;
        }
    }
    contracts
}

fn currency(item: Item<'_>, cx: &mut Cx) -> Option<String> {
    let sign = item.text(cx)?;
    if !is_currency(&sign) {
        let problem = item.problem("is not a sign for amounts", "one to five characters without digits or spaces");
        cx.log.push(problem.help("for example \"$\", \"€\" or \"CHF\"".to_owned()));
        return None;
    }
    Some(sign)
}

fn start(item: Item<'_>, cx: &mut Cx) -> Option<f64> {
    let seconds = item.date(cx)?;
    if seconds.fract() != 0.0 {
        let problem = item.problem("has a fraction of a second", "must be a whole second");
        cx.log.push(problem.help("for example 2025-06-01 or 2025-06-01T08:30:00Z".to_owned()));
        return None;
    }
    Some(seconds)
}

#[expect(clippy::cast_possible_truncation, reason = "a whole number of seconds with at most twelve digits")]
fn seconds(start: f64) -> i64 {
    start as i64
}

fn horizon(item: Item<'_>, cx: &mut Cx) -> Option<f64> {
    let hours = item.one(cx)?;
    let (what, why) = if hours <= 0.0 {
        ("is 0", "a trial takes some time")
    } else if hours > LONGEST {
        ("is too long to be meant", "more than 100 years")
    } else {
        return Some(hours);
    };
    cx.log.push(item.problem(what, why).help("for example `horizon = \"36 months\"`".to_owned()));
    None
}

fn appetite(item: Item<'_>, cx: &mut Cx) -> Option<Appetite> {
    if !item.value.get_ref().is_table() {
        return item.quantity(Quantity::Money, cx).map(|loss| Appetite { loss, probability: None });
    }
    let table = Table::open(item, "`appetite`", &[APPETITE], cx)?;
    let loss = table.one("loss", cx);
    let probability = table.maybe("probability", cx, Item::one);
    table.about(cx)?;
    Some(Appetite { loss: loss?, probability: probability? })
}

fn trials(item: Item<'_>, cx: &mut Cx) -> Option<u64> {
    let trials = item.whole(cx)?;
    if !(1..=MOST_TRIALS).contains(&trials) {
        let why = if trials == 0 { "at least one is needed" } else { "more than 1e12" };
        cx.log.push(item.problem("is out of range", why).help("for example `trials = 100_000`".to_owned()));
        return None;
    }
    Some(trials)
}

/// "copilot" of "scenarios/copilot.toml".
fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".toml").unwrap_or(file).to_owned()
}

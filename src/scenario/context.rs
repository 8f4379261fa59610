//! What reading any part of a scenario needs to know of the rest: names, dates, currency, files, and where to note problems.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::files::{FileError, Files};
use super::table::Item;
use crate::source::{Log, Problem, Span, suggest};

/// Names of one sort, in file order.
#[derive(Debug, Default)]
pub(crate) struct Names {
    list: Vec<String>,
    index: BTreeMap<String, usize>,
}

impl Names {
    /// Names as the file lists them.
    pub(crate) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let list: Vec<String> = names.map(str::to_owned).collect();
        let index = list.iter().enumerate().map(|(n, name)| (name.clone(), n)).collect();
        Self { list, index }
    }

    /// Where a name stands.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }
}

impl Deref for Names {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.list
    }
}

/// A risk named in `raises` or `causes`.
#[derive(Debug)]
pub(crate) struct Link {
    /// Index of the risk named.
    pub risk: usize,
    /// Its name's place.
    pub span: Span,
    /// Whether it is named in `raises`.
    pub raises: bool,
}

/// The surroundings of what is being read.
pub(crate) struct Cx<'f> {
    /// Problems so far.
    pub log: Log,
    /// The sign that amounts carry.
    pub currency: String,
    /// Seconds since 1970 of `start`, once known to be right.
    pub start: Option<f64>,
    /// Hours of `horizon`, once known to be right.
    pub horizon: Option<f64>,
    /// Platforms.
    pub platforms: Names,
    /// Vendors.
    pub vendors: Names,
    /// Services.
    pub services: Names,
    /// Factors.
    pub factors: Names,
    /// Insurance policies.
    pub covers: Names,
    /// Risks.
    pub risks: Names,
    /// Risks that some other names in `causes`: they need no `arrivals`.
    pub caused: BTreeSet<String>,
    /// What `raises` and `causes` name, for when all risks are known.
    pub links: Vec<Link>,
    /// Capability of each vendor at the start, if known.
    pub capabilities: Vec<Option<f64>>,
    files: &'f dyn Files,
    /// Empirical files read, once each.
    pub read: Vec<(String, Vec<u8>)>,
}

impl<'f> Cx<'f> {
    /// Nothing known yet.
    pub(crate) fn new(files: &'f dyn Files) -> Self {
        Self {
            log: Log::default(),
            currency: "$".to_owned(),
            start: None,
            horizon: None,
            platforms: Names::default(),
            vendors: Names::default(),
            services: Names::default(),
            factors: Names::default(),
            covers: Names::default(),
            risks: Names::default(),
            caused: BTreeSet::new(),
            links: Vec::new(),
            capabilities: Vec::new(),
            files,
            read: Vec::new(),
        }
    }

    /// Content of a file; read once.
    pub(crate) fn file(&mut self, path: &str) -> Result<&[u8], FileError> {
        let known = self.read.iter().position(|(name, _)| name == path);
        let at = if let Some(at) = known {
            at
        } else {
            let content = self.files.read(path)?;
            self.read.push((path.to_owned(), content));
            self.read.len() - 1
        };
        Ok(&self.read[at].1)
    }

    /// Vendor index of a name.
    pub(crate) fn vendor(&mut self, item: Item<'_>) -> Option<usize> {
        let name = item.str(self)?;
        self.vendor_called(name, item.span())
    }

    /// Vendor index of a name at `span`.
    pub(crate) fn vendor_called(&mut self, name: &str, span: Span) -> Option<usize> {
        let at = self.vendors.find(name);
        if at.is_none() {
            let platform = self.platforms.find(name).is_some();
            let label = if platform { "a platform, which serves no traffic itself" } else { "not in this file" };
            let known: Vec<&str> = self.vendors.iter().map(String::as_str).collect();
            let help = suggest(name, &known, "vendors here");
            self.log.push(Problem::error(format!("no vendor is called `{name}`")).at(span, label).help(help));
        }
        at
    }

    /// Platform index of a name.
    pub(crate) fn platform(&mut self, item: Item<'_>) -> Option<usize> {
        let name = item.str(self)?;
        let at = self.platforms.find(name);
        if at.is_none() {
            let vendor = self.vendors.find(name).is_some();
            let label = if vendor { "a vendor; only platforms carry others" } else { "not in this file" };
            let known: Vec<&str> = self.platforms.iter().map(String::as_str).collect();
            let help = suggest(name, &known, "platforms here").or(Some(format!("add `[platform.{name}]`")));
            self.log.push(Problem::error(format!("no platform is called `{name}`")).at(item.span(), label).help(help));
        }
        at
    }

    /// Node index of a platform's or vendor's name.
    pub(crate) fn node(&mut self, item: Item<'_>) -> Option<usize> {
        let name = item.str(self)?;
        let n_platforms = self.platforms.len();
        let at = self.platforms.find(name).or(self.vendors.find(name).map(|at| n_platforms + at));
        if at.is_none() {
            let known: Vec<&str> = self.platforms.iter().chain(self.vendors.iter()).map(String::as_str).collect();
            let help = suggest(name, &known, "platforms and vendors here");
            let problem = Problem::error(format!("no vendor or platform is called `{name}`"));
            self.log.push(problem.at(item.span(), "not in this file").help(help));
        }
        at
    }

    /// Service index of a name at `span`.
    pub(crate) fn service_called(&mut self, name: &str, span: Span) -> Option<usize> {
        self.called("service", |cx| &cx.services, name, span)
    }

    /// Factor index of a name at `span`.
    pub(crate) fn factor_called(&mut self, name: &str, span: Span) -> Option<usize> {
        self.called("factor", |cx| &cx.factors, name, span)
    }

    /// Risk index of a name at `span`.
    pub(crate) fn risk_called(&mut self, name: &str, span: Span) -> Option<usize> {
        self.called("risk", |cx| &cx.risks, name, span)
    }

    /// Risk index of a name.
    pub(crate) fn risk(&mut self, item: Item<'_>) -> Option<usize> {
        let name = item.str(self)?;
        self.risk_called(name, item.span())
    }

    /// Cover index of a name.
    pub(crate) fn cover(&mut self, item: Item<'_>) -> Option<usize> {
        let name = item.str(self)?;
        self.called("cover", |cx| &cx.covers, name, item.span())
    }

    fn called(&mut self, what: &str, names: fn(&Self) -> &Names, name: &str, span: Span) -> Option<usize> {
        let at = names(self).find(name);
        if at.is_none() {
            let known: Vec<&str> = names(self).iter().map(String::as_str).collect();
            let help = suggest(name, &known, &format!("{what}s here")).or(Some(format!("add `[{what}.{name}]`")));
            let problem = Problem::error(format!("no {what} is called `{name}`")).at(span, "not in this file");
            self.log.push(problem.help(help));
        }
        at
    }

    /// Indices of a list of names, looked up by `find`; a name given twice is refused.
    pub(crate) fn ids(
        &mut self,
        list: Item<'_>,
        find: impl Fn(&mut Self, Item<'_>) -> Option<usize>,
    ) -> Option<Vec<usize>> {
        let mut indices: Vec<Option<usize>> = Vec::new();
        let mut seen = BTreeSet::new();
        for item in list.list(self)? {
            let index = find(self, item);
            if index.is_some_and(|index| !seen.insert(index)) {
                let name = item.value.get_ref().as_str().unwrap_or_default();
                let problem = Problem::error(format!("`{name}` is listed twice in `{}`", list.key.name));
                self.log.push(problem.at(item.span(), "once is enough").help("take one of them out".to_owned()));
            }
            indices.push(index);
        }
        indices.into_iter().collect()
    }

    /// Hours since start of a date.
    pub(crate) fn hours(&mut self, item: Item<'_>) -> Option<f64> {
        let seconds = item.date(self)?;
        Some((seconds - self.start?) / 3600.0)
    }
}

//! Keys of a distribution written as a table, and which of them go together.

use crate::quantity::Quantity;
use crate::scenario::table::{Absent, Key, Takes};

/// Keys of a distribution written as a table. Which of them go together is said in [`FORMS`].
pub(crate) const KEYS: &[Key] = &[
    key("median", Takes::Form("a quantity"), "the median of a log-normal", "\"1.2 h\""),
    key("mean", Takes::Form("a quantity"), "the mean of a log-normal", "\"5 h\""),
    key("sd", Takes::Form("a quantity"), "the standard deviation of a log-normal", "\"10 h\""),
    key("sigma", Takes::One(Quantity::Number), "the standard deviation of the logarithm", "1.2"),
    key(
        "pert",
        Takes::Form("a list of smallest, most likely and largest"),
        "a beta-PERT",
        "[\"1 h\", \"2 h\", \"9 h\"]",
    ),
    key(
        "triangular",
        Takes::Form("a list of smallest, most likely and largest"),
        "a triangle",
        "[\"1 h\", \"2 h\", \"9 h\"]",
    ),
    key("uniform", Takes::Form("a list of smallest and largest"), "all values alike", "[\"1 h\", \"9 h\"]"),
    key("beta", Takes::Table(&[BETA]), "a beta law on 0 to 1", "{ mean = 0.3, sd = 0.1 }"),
    key("weibull", Takes::Table(&[SHAPED]), "a Weibull law", "{ shape = 0.8, scale = \"3 h\" }"),
    key("gamma", Takes::Table(&[SHAPED]), "a gamma law", "{ shape = 2, scale = \"3 h\" }"),
    key("pareto", Takes::Table(&[SHAPED]), "a Pareto law, from `scale` up", "{ shape = 2.5, scale = \"3 h\" }"),
    key(
        "loglogistic",
        Takes::Table(&[SHAPED]),
        "a log-logistic law with median `scale`",
        "{ shape = 2.5, scale = \"3 h\" }",
    ),
    key("exponential", Takes::Form("a quantity, the mean"), "an exponential law", "\"3 h\""),
    key("empirical", Takes::Text, "a row of a CSV file at random", "\"data/x.csv\""),
    key("column", Takes::Text, "the column of the file", "\"hours\""),
    key("values", Takes::Form("a list of quantities"), "one of these values", "[\"1 h\", \"4 h\"]"),
    key("weights", Takes::Numbers, "their weights", "[3, 1]"),
    key("min", Takes::Form("a quantity"), "cuts off what is below", "\"5 min\""),
    key("max", Takes::Form("a quantity"), "cuts off what is above", "\"9 h\""),
];

pub(super) const SHAPED: &[Key] = &[
    Key {
        name: "shape",
        takes: Takes::One(Quantity::Number),
        absent: Absent::Refused,
        says: "the shape",
        example: "0.8",
    },
    Key {
        name: "scale",
        takes: Takes::Form("a quantity"),
        absent: Absent::Refused,
        says: "the scale",
        example: "\"3 h\"",
    },
];

pub(super) const BETA: &[Key] = &[
    Key { name: "mean", takes: Takes::Form("a fraction"), absent: Absent::Refused, says: "the mean", example: "0.3" },
    Key {
        name: "sd",
        takes: Takes::Form("a fraction"),
        absent: Absent::Refused,
        says: "the standard deviation",
        example: "0.1",
    },
];

const fn key(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, absent: Absent::None, says, example }
}

/// The key that stands for any `pNN`.
pub(crate) const PERCENTILE: Key =
    key("pNN", Takes::Form("a quantity"), "a percentile of a log-normal, p01 to p99", "\"8 h\"");

/// Forms by the key that marks each, and the keys that go with it (`min` and `max` go with all).
pub(super) const FORMS: &[(&str, &[&str])] = &[
    ("pert", &[]),
    ("triangular", &[]),
    ("uniform", &[]),
    ("beta", &[]),
    ("weibull", &[]),
    ("gamma", &[]),
    ("pareto", &[]),
    ("loglogistic", &[]),
    ("exponential", &[]),
    ("empirical", &["column"]),
    ("values", &["weights"]),
];

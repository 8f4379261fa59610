//! Keys of a distribution written as a table, and which of them go together.

use crate::quantity::Quantity;
use crate::scenario::table::{Key, Takes};

/// Keys of a distribution written as a table. Which of them go together is said in [`FORMS`].
pub(crate) const KEYS: &[Key] = &[
    Key::optional("median", Takes::Value, "the median of a log-normal", "\"1.2 h\""),
    Key::optional("mean", Takes::Value, "the mean of a log-normal", "\"5 h\""),
    Key::optional("sd", Takes::Value, "the standard deviation of a log-normal", "\"10 h\""),
    Key::optional("sigma", Takes::One(Quantity::Number), "the standard deviation of the logarithm", "1.2"),
    Key::optional(
        "pert",
        Takes::Values("a list of smallest, most likely and largest"),
        "a beta-PERT",
        "[\"1 h\", \"2 h\", \"9 h\"]",
    ),
    Key::optional(
        "triangular",
        Takes::Values("a list of smallest, most likely and largest"),
        "a triangle",
        "[\"1 h\", \"2 h\", \"9 h\"]",
    ),
    Key::optional("uniform", Takes::Values("a list of smallest and largest"), "all values alike", "[\"1 h\", \"9 h\"]"),
    Key::optional("beta", Takes::Table(&[BETA]), "a beta law on 0 to 1", "{ mean = 0.3, sd = 0.1 }"),
    Key::optional("weibull", Takes::Table(&[SHAPED]), "a Weibull law", "{ shape = 0.8, scale = \"3 h\" }"),
    Key::optional("gamma", Takes::Table(&[SHAPED]), "a gamma law", "{ shape = 2, scale = \"3 h\" }"),
    Key::optional(
        "pareto",
        Takes::Table(&[SHAPED]),
        "a Pareto law, from `scale` up",
        "{ shape = 2.5, scale = \"3 h\" }",
    ),
    Key::optional(
        "loglogistic",
        Takes::Table(&[SHAPED]),
        "a log-logistic law with median `scale`",
        "{ shape = 2.5, scale = \"3 h\" }",
    ),
    Key::optional("exponential", Takes::Value, "an exponential law", "\"3 h\""),
    Key::optional("empirical", Takes::Text, "a row of a CSV file at random", "\"data/x.csv\""),
    Key::optional("column", Takes::Text, "the column of the file", "\"hours\""),
    Key::optional("values", Takes::Values("a list of quantities"), "one of these values", "[\"1 h\", \"4 h\"]"),
    Key::optional("weights", Takes::Numbers, "their weights", "[3, 1]"),
    Key::optional("min", Takes::Value, "cuts off what is below", "\"5 min\""),
    Key::optional("max", Takes::Value, "cuts off what is above", "\"9 h\""),
];

pub(super) const SHAPED: &[Key] = &[
    Key::needed("shape", Takes::One(Quantity::Number), "the shape", "0.8"),
    Key::needed("scale", Takes::Value, "the scale", "\"3 h\""),
];

pub(super) const BETA: &[Key] = &[
    Key::needed("mean", Takes::One(Quantity::Fraction), "the mean", "0.3"),
    Key::needed("sd", Takes::One(Quantity::Fraction), "the standard deviation", "0.1"),
];

/// The key that stands for any `pNN`.
pub(crate) const PERCENTILE: Key =
    Key::optional("pNN", Takes::Value, "a percentile of a log-normal, p01 to p99", "\"8 h\"");

/// Forms by the key that marks each, and the keys that go with it (`min` and `max` go with all).
pub(crate) const FORMS: &[(&str, &[&str])] = &[
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

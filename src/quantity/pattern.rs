//! How quantities are written, as regular expressions for editors: what they let through may still be refused.

use super::Quantity;
use super::units::TIMES;

/// Digits with points, groups, sign and exponent.
const NUMBER: &str = r"[+\-−]?\s*[0-9.][0-9.,_]*([eE][+\-]?[0-9]+)?";
/// Digits somewhere, with a sign of currency and a multiple.
const AMOUNT: &str = "[^/%]*[0-9][^/%]*";
/// A unit of usage.
const WORD: &str = r"[^\s/0-9][^\s/]*";

fn time() -> String {
    let names: Vec<&str> = TIMES.iter().flat_map(|(names, ..)| names.iter().copied()).collect();
    names.join("|")
}

impl Quantity {
    /// Of its text, without what anchors it.
    pub(crate) fn pattern(self) -> String {
        match self {
            Self::Duration => format!(r"({NUMBER}\s*({})|0)", time()),
            Self::Money | Self::Gain => AMOUNT.to_owned(),
            Self::MoneyPerHour | Self::MoneyPerYear => format!(r"({AMOUNT}/\s*({})|0)", time()),
            Self::Fraction | Self::Multiple | Self::Change | Self::Revaluation => format!(r"{NUMBER}\s*%?"),
            Self::Number | Self::Loading => NUMBER.to_owned(),
        }
    }
}

/// Of metered traffic, as [`Quantity::pattern`].
pub(crate) fn usage() -> String {
    format!(r"{NUMBER}\s*{WORD}\s*/\s*({})", time())
}

/// Of a price, as [`Quantity::pattern`].
pub(crate) fn price() -> String {
    format!(r"{AMOUNT}/\s*{WORD}")
}

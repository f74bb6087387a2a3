//! Numbers for people: thousands separators, three significant digits, shares.

/// The exact number with a comma between thousands: `3,538,984`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A signed difference: `+1,024`, `-3`, `0`.
pub fn signed(difference: i128) -> String {
    let size = u64::try_from(difference.unsigned_abs()).unwrap_or(u64::MAX);
    match difference {
        0 => "0".into(),
        d if d > 0 => format!("+{}", thousands(size)),
        _ => format!("-{}", thousands(size)),
    }
}

/// About how much: three significant digits and K, M, B (10^9), T or Q (10^15); exact below 1,000.
pub fn human(number: u64) -> String {
    scaled(number, 1000, &["", "K", "M", "B", "T", "Q"])
}

/// About how many bytes, in steps of 1024: `13.5 MiB`; exact below 1,024.
pub fn bytes(number: u64) -> String {
    scaled(number, 1024, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

/// The part's share of the whole: `36.2 %`. Never shows `0.0 %` for something or `100.0 %` for
/// less than all. Empty where the whole is nothing.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let permille = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    match permille {
        0 if part > 0 => "<0.1 %".into(),
        1000 if part < whole => ">99.9 %".into(),
        _ => format!("{}.{} %", permille / 10, permille % 10),
    }
}

/// A value of a weight with four significant digits: `0.01234`, `-1.5`, `2.100e-7`.
pub fn value(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    if !number.is_finite() {
        return number.to_string();
    }
    let scientific = format!("{number:.3e}");
    let exponent = scientific.split_once('e').and_then(|(_, e)| e.parse::<i32>().ok());
    match exponent {
        Some(exponent @ -4..=5) => {
            let text = format!("{number:.*}", usize::try_from(3 - exponent).unwrap_or(0));
            // Zeros at the end of a fraction say nothing.
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text,
            }
        }
        _ => scientific,
    }
}

/// Three significant digits, rounded half up, carried into the next unit where that is due.
fn scaled(number: u64, step: u64, units: &[&str]) -> String {
    let mut divisor: u128 = 1;
    let mut unit = 0;
    let last = units.len().saturating_sub(1);
    // The next unit is due once rounding to a whole number would reach the step.
    while unit < last && u128::from(number) * 2 + divisor >= u128::from(step) * 2 * divisor {
        divisor *= u128::from(step);
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or("");
    if unit == 0 {
        return if name.is_empty() { thousands(number) } else { format!("{number} {name}") };
    }
    for decimals in [2u32, 1] {
        let power = 10u128.pow(decimals);
        let rounded = (u128::from(number) * power + divisor / 2) / divisor;
        // Two decimals up to 9.99, one up to 99.9.
        if rounded < 1000 {
            let width = decimals as usize;
            return format!("{}.{:0width$} {name}", rounded / power, rounded % power);
        }
    }
    let whole = (u128::from(number) + divisor / 2) / divisor;
    format!("{} {name}", thousands(u64::try_from(whole).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_thousands() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(3_538_984), "3,538,984");
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn keeps_three_significant_digits() {
        assert_eq!(human(999), "999");
        assert_eq!(human(1_000), "1.00 K");
        assert_eq!(human(34_112), "34.1 K");
        assert_eq!(human(3_538_984), "3.54 M");
        assert_eq!(human(124_642_688), "125 M");
        assert_eq!(human(7_000_000_000), "7.00 B");
    }

    #[test]
    fn carries_into_the_next_unit() {
        assert_eq!(human(9_995), "10.0 K");
        assert_eq!(human(99_950), "100 K");
        assert_eq!(human(999_499), "999 K");
        assert_eq!(human(999_500), "1.00 M");
        assert_eq!(human(u64::MAX), "18,447 Q");
    }

    #[test]
    fn says_bytes_in_powers_of_two() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(1_024), "1.00 KiB");
        assert_eq!(bytes(14_155_936), "13.5 MiB");
        assert_eq!(bytes(1_048_575), "1.00 MiB");
        assert_eq!(bytes(1_047_000), "1,022 KiB");
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn shares_never_hide_a_remainder() {
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(0, 3), "0.0 %");
        assert_eq!(share(1, 1_000_000), "<0.1 %");
        assert_eq!(share(999_999, 1_000_000), ">99.9 %");
        assert_eq!(share(3, 3), "100.0 %");
        assert_eq!(share(0, 0), "");
        assert_eq!(share(u64::MAX, u64::MAX), "100.0 %");
    }

    #[test]
    fn values_keep_four_significant_digits() {
        assert_eq!(value(0.0), "0");
        assert_eq!(value(-0.0123456), "-0.01235");
        assert_eq!(value(1.5), "1.5");
        assert_eq!(value(0.99999), "1");
        assert_eq!(value(123_456.0), "123456");
        assert_eq!(value(2.1e-7), "2.100e-7");
        assert_eq!(value(-3.4e38), "-3.400e38");
    }

    #[test]
    fn signs_differences() {
        assert_eq!(signed(1024), "+1,024");
        assert_eq!(signed(-3), "-3");
        assert_eq!(signed(0), "0");
    }
}

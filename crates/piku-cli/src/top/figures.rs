//! Numbers in a few characters.

/// Spells bytes in the largest unit that fits: `0`, `512K`, `25.7M`, `1.2G`.
pub(crate) fn bytes(bytes: u64) -> String {
    let units = ["K", "M", "G", "T"];
    #[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
    let mut number = bytes as f64 / 1024.0;
    let mut unit = 0;
    while number >= 999.5 && unit + 1 < units.len() {
        number /= 1024.0;
        unit += 1;
    }
    match (number, unit) {
        (number, _) if number < 0.5 => "0".to_owned(),
        (number, 0) => format!("{number:.0}K"),
        (number, _) if number >= 99.95 => format!("{number:.0}{}", units[unit]),
        (number, _) => format!("{number:.1}{}", units[unit]),
    }
}

/// Spells a percentage: `0.3%`, `120%`.
pub(crate) fn percent(number: f64) -> String {
    if number < 99.95 { format!("{number:.1}%") } else { format!("{number:.0}%") }
}

/// Spells a rate: `0`, `0.3`, `12.5`, `120`.
pub(crate) fn rate(number: f64) -> String {
    match number {
        number if number < 0.05 => "0".to_owned(),
        number if number < 99.95 => format!("{number:.1}"),
        number => format!("{number:.0}"),
    }
}

/// Spells milliseconds: `12ms`, `1.5s`, `90s`.
pub(crate) fn milliseconds(time: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let seconds = time as f64 / 1000.0;
    match time {
        0..1000 => format!("{time}ms"),
        1000..10_000 => format!("{seconds:.1}s"),
        _ => format!("{seconds:.0}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_few_characters_and_has_its_unit() {
        let spelled = [0, 100, 600, 27_000_000, 104_000_000, 1_300_000_000, 5_000_000_000_000].map(bytes);
        assert_eq!(spelled, ["0", "0", "1K", "25.7M", "99.2M", "1.2G", "4.5T"]);
        assert_eq!([0.0, 0.34, 99.94, 120.4].map(percent), ["0.0%", "0.3%", "99.9%", "120%"]);
        assert_eq!([0.0, 0.3, 12.54, 120.4].map(rate), ["0", "0.3", "12.5", "120"]);
        assert_eq!([12, 1500, 90_000].map(milliseconds), ["12ms", "1.5s", "90s"]);
    }
}

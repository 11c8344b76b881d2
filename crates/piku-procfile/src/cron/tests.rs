//! What schedules parse to, which minutes they match, and which mistakes are reported.

use proptest::prelude::*;

use super::Schedule;
use crate::diagnostic::Diagnostic;

fn canonical(text: &str) -> String {
    match text.parse::<Schedule>() {
        Ok(schedule) => schedule.to_string(),
        Err(found) => format!("{:?} {found}; {}", found.span, found.help.as_deref().unwrap_or_default()),
    }
}

#[test]
fn schedules_are_displayed_with_numbers_ranges_and_steps() {
    let table = [
        ("* * * * *", "* * * * *"),
        ("*/1 * * * *", "* * * * *"),
        ("0-59 0-23 1-31 1-12 0-6", "0-59 0-23 1-31 1-12 0-6"),
        ("*/15 * * * *", "*/15 * * * *"),
        ("05,10-12,11,13 * * * *", "5,10-13 * * * *"),
        ("1-10/3 2,3 * * *", "1,4,7,10 2,3 * * *"),
        ("0 4 * JAN-Mar,dec Mon-fri", "0 4 * 1-3,12 1-5"),
        ("0 4 * * 7", "0 4 * * 0"),
        ("0 4 * * 5-7", "0 4 * * 0,5,6"),
        ("0 4 * * fri-sun", "0 4 * * 0,5,6"),
        ("0 4 * * sun-tue", "0 4 * * 0-2"),
        ("0 4 * * 0-7", "0 4 * * 0-6"),
        ("0 4 */2,4,5 * *", "0 4 */2,4 * *"),
        ("  0\t4  1 1 * ", "0 4 1 1 *"),
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@Weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ];
    for (text, expected) in table {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_schedule_is_refused_at_its_place_with_a_way_out() {
    let texts = [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * january *",
        "* * * * 8",
        "* * * * /bin/x",
        "5/15 * * * *",
        "*/0 * * * *",
        "*/x * * * *",
        "*/ * * * *",
        "1,,2 * * * *",
        "-5 * * * *",
        "5- * * * *",
        "+5 * * * *",
        "* 22-2 * * *",
        "* * * * 5-0",
        "* * * * 7-1",
        "* * * * fri-mon",
        "? * * * *",
        "* * L * *",
        "1-2-3 * * * *",
        "@reboot",
        "@daily x",
        "999999999999 * * * *",
        "* * * * mon#1",
        "** * * * *",
        "* 5-0 * * *",
    ];
    insta::assert_snapshot!(texts.map(|text| format!("{text:20}| {}", canonical(text))).join("\n"), @r"
                        | 0..0 a schedule has five fields, not 0; write minute, hour, day of month, month, and day of week, such as `0 4 * * *` for every day at 4:00
    * * * *             | 0..7 a schedule has five fields, not 4; write minute, hour, day of month, month, and day of week, such as `0 4 * * *` for every day at 4:00
    * * * * * *         | 0..11 a schedule has five fields, not 6; write minute, hour, day of month, month, and day of week, such as `0 4 * * *` for every day at 4:00
    60 * * * *          | 0..2 `60` is not a minute; use a number from 0 to 59
    * 24 * * *          | 2..4 `24` is not an hour; use a number from 0 to 23
    * * 0 * *           | 4..5 `0` is not a day of the month; use a number from 1 to 31
    * * * 13 *          | 6..8 `13` is not a month; use a number from 1 to 12, or `jan` to `dec`
    * * * january *     | 6..13 `january` is not a month; use a number from 1 to 12, or `jan` to `dec`
    * * * * 8           | 8..9 `8` is not a day of the week; use a number from 0 to 7, or `sun` to `sat`, and put the command after it
    * * * * /bin/x      | 8..14 `/bin/x` is not a day of the week; use a number from 0 to 7, or `sun` to `sat`, and put the command after it
    5/15 * * * *        | 0..4 `5/15` has a step and no range; write `5-59/15` or `*/15`
    */0 * * * *         | 2..3 `0` is not a step; use a number from 1 to 59
    */x * * * *         | 2..3 `x` is not a step; use a number from 1 to 59
    */ * * * *          | 2..2 a step is missing; use a number from 1 to 59
    1,,2 * * * *        | 2..2 a minute is missing; use a number from 0 to 59
    -5 * * * *          | 0..0 a minute is missing; use a number from 0 to 59
    5- * * * *          | 2..2 a minute is missing; use a number from 0 to 59
    +5 * * * *          | 0..2 `+5` is not a minute; use a number from 0 to 59
    * 22-2 * * *        | 2..6 the range `22-2` goes backwards; write `22-23,0-2`
    * * * * 5-0         | 8..11 the range `5-0` goes backwards; write `5-6,0`
    * * * * 7-1         | 8..11 the range `7-1` goes backwards; write `0-1`
    * * * * fri-mon     | 8..15 the range `fri-mon` goes backwards; write `fri-sat,sun-mon`
    ? * * * *           | 0..1 `?` is not a minute; use a number from 0 to 59
    * * L * *           | 4..5 `L` is not a day of the month; use a number from 1 to 31
    1-2-3 * * * *       | 2..5 `2-3` is not a minute; use a number from 0 to 59
    @reboot             | 0..7 `@reboot` is not a schedule; use `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, or five fields
    @daily x            | 0..8 `@daily x` is not a schedule; use `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, or five fields
    999999999999 * * * *| 0..12 `999999999999` is not a minute; use a number from 0 to 59
    * * * * mon#1       | 8..13 `mon#1` is not a day of the week; use a number from 0 to 7, or `sun` to `sat`, and put the command after it
    ** * * * *          | 0..2 `**` is not a minute; use a number from 0 to 59
    * 5-0 * * *         | 2..5 the range `5-0` goes backwards; write `5-23,0`
    ");
}

#[test]
fn an_odd_schedule_is_read_with_a_warning() {
    let found = |text: &str| {
        let mut found = Vec::new();
        super::schedule::schedule(text.into(), &mut found).unwrap();
        found.into_iter().map(|found: Diagnostic| (found.code, found.span)).collect::<Vec<_>>()
    };
    for text in ["0 0 31 2 *", "0 0 30,31 feb *", "0 0 31 4,6,9,11 *"] {
        assert_eq!(found(text), [("procfile::impossible-date", 4..text.len() - 2)], "{text}");
    }
    for text in ["0 0 29 2 *", "0 0 31 2,3 *", "0 0 31 2 1", "0 0 */31 2 *", "0 0 * 2 *", "5-5/1 0 * * *"] {
        assert!(found(text).iter().all(|found| found.0 == "procfile::long-step"), "{text}");
    }
    assert_eq!(found("*/90 0 * * *"), [("procfile::long-step", 2..4)]);
    assert_eq!(found("10-20/11 0 * * *"), [("procfile::long-step", 6..8)]);
    assert_eq!(found("10-20/10 0 * * *"), []);
}

#[test]
fn a_minute_matches_when_every_field_does() {
    let table = [
        ("30 4 * * *", (30, 4, 1, 1, 1), true),
        ("30 4 * * *", (31, 4, 1, 1, 1), false),
        ("30 4 * * *", (30, 5, 1, 1, 1), false),
        ("* * * 2 *", (0, 0, 1, 3, 1), false),
        ("* * * * 0", (0, 0, 1, 1, 7), true),
        ("* * * * 7", (0, 0, 1, 1, 0), true),
        ("*/15 * * * *", (45, 0, 1, 1, 1), true),
        ("*/2 * */2 * *", (0, 0, 31, 1, 1), true),
        // Both day fields are restricted: either is enough.
        ("0 0 13 * 5", (0, 0, 13, 1, 1), true),
        ("0 0 13 * 5", (0, 0, 1, 1, 5), true),
        ("0 0 13 * 5", (0, 0, 1, 1, 1), false),
        ("0 0 13 * 0-6", (0, 0, 1, 1, 1), true),
        // A field that begins with `*` is not restricted: both have to match.
        ("0 0 */2 * 5", (0, 0, 3, 1, 1), false),
        ("0 0 */2 * 5", (0, 0, 2, 1, 5), false),
        ("0 0 */2 * 5", (0, 0, 3, 1, 5), true),
        ("0 0 13 * */2", (0, 0, 13, 1, 1), false),
        // Values that no clock has match nothing.
        ("* * * * *", (255, 0, 1, 1, 1), false),
        ("* * * * *", (0, 0, 1, 1, 8), false),
        ("* * * * *", (0, 0, 0, 1, 1), false),
    ];
    for (text, (minute, hour, day, month, weekday), expected) in table {
        let schedule: Schedule = text.parse().unwrap();
        assert_eq!(schedule.matches(minute, hour, day, month, weekday), expected, "{text} {day} {weekday}");
    }
}

/// A valid field of numbers between `first` and `last`.
fn some_field(first: u8, last: u8) -> impl Strategy<Value = String> {
    let number = first..=last;
    let item = prop_oneof![
        number.clone().prop_map(|number| number.to_string()),
        (number.clone(), number, 1..70_u8).prop_map(|(a, b, step)| format!(
            "{}-{}/{step}",
            a.min(b),
            a.max(b)
        )),
        (1..70_u8).prop_map(|step| format!("*/{step}")),
        Just("*".to_owned()),
    ];
    prop::collection::vec(item, 1..4).prop_map(|items| items.join(","))
}

proptest! {
    #[test]
    fn a_schedule_reads_the_same_when_displayed(
        fields in (some_field(0, 59), some_field(0, 23), some_field(1, 31), some_field(1, 12), some_field(0, 7)),
    ) {
        let (minute, hour, day, month, weekday) = fields;
        let schedule: Schedule = format!("{minute} {hour} {day} {month} {weekday}").parse().unwrap();
        let text = schedule.to_string();
        prop_assert_eq!(text.parse(), Ok(schedule), "{}", &text);
        prop_assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
    }

    #[test]
    fn a_displayed_schedule_matches_the_same_days(
        day in some_field(1, 31), weekday in some_field(0, 7), when in (1..32_u8, 0..7_u8),
    ) {
        let schedule: Schedule = format!("* * {day} * {weekday}").parse().unwrap();
        let again: Schedule = schedule.to_string().parse().unwrap();
        prop_assert_eq!(schedule.matches(0, 0, when.0, 1, when.1), again.matches(0, 0, when.0, 1, when.1));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9*/,@a-z é-]{0,20}") {
        if let Err(found) = text.parse::<Schedule>() {
            prop_assert!(text.get(found.span).is_some());
        }
    }
}

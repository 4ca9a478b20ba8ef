use super::account::{Account, End};
use super::deed::{Deed, deeds};
use super::event::{Event, Item, Kind, Trace, Usage};
use super::lines::Lines;
use super::outcome::{Outcome, Spoken};
use super::read::{Generation, Reading, read};

fn account(text: &str) -> Account {
    account_up_to(8 << 20, text)
}

fn account_up_to(longest: usize, text: &str) -> Account {
    let mut account = Account::default();
    let mut lines = Lines::up_to(longest);
    lines.push(text.as_bytes(), |line| account.take(line, |_| {}));
    lines.finish(|line| account.take(line, |_| {}));
    account
}

fn item(line: &str) -> Item {
    match read(line.as_bytes()) {
        Reading::Events(_, events) => match events.into_iter().next() {
            Some(Event::Item { item, .. }) => item,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn ran(exit: i64) -> Outcome {
    Outcome::Ran { exit, read_only: Spoken::No }
}

fn command(id: &str, phase: &str, script: &str, exit: &str, status: &str) -> String {
    format!(
        r#"{{"type":"item.{phase}","item":{{"id":"{id}","type":"command_execution","command":"/bin/bash -lc '{script}'","aggregated_output":"","exit_code":{exit},"status":"{status}"}}}}"#
    ) + "\n"
}

/// A call as a scripted model logs it.
fn call(id: &str, script: &str, output: &str) -> String {
    serde_json::json!({"call_id": id, "tool": "exec_command", "arguments": {"cmd": script}, "output": output})
        .to_string()
        + "\n"
}

fn exited(code: i64) -> String {
    format!("Wall time: 0 seconds\nProcess exited with code {code}\nOutput:\n")
}

fn ids(deeds: &[Deed]) -> Vec<(&str, Option<&str>)> {
    deeds
        .iter()
        .map(|deed| (deed.id.as_deref().unwrap_or("-"), deed.shown.as_ref().map(|shown| shown.item.as_str())))
        .collect()
}

#[test]
fn what_is_not_understood_is_counted_kept_and_never_fatal() {
    let text = "warming up\n\n[1, 2]\n{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n{\"type\":\"new.thing\",\"x\":1}\n\
                {\"type\":\"item.completed\",\"item\":{\"id\":\"item_0\",\"type\":\"hologram\"}}\n{\"type\":\"turn.sta";
    let account = account(text);
    let left = &account.leftovers;
    assert_eq!((left.preamble, left.unknown, left.unknown_items, left.cut), (3, 1, 1, 0));
    assert_eq!(left.first[0], "warming up");
    assert_eq!(left.first[2], "{\"type\":\"new.thing\",\"x\":1}");
    assert_eq!(account.end, End::Open);
    for line in ["{}", "{\"type\":1}", "{\"msg\":{\"type\":\"?\"}}", "{\"type\":\"item.started\"}"] {
        assert!(matches!(read(line.as_bytes()), Reading::Unknown(_)), "{line}");
    }
    assert_eq!(read(b"{\"type\":\"turn.started\"} trailing"), Reading::Preamble);
    let broken = b"{\"type\":\"error\",\"message\":\"a\xffb\"}";
    assert_eq!(read(broken), Reading::Events(Generation::Current, vec![Event::Error { message: "a\u{fffd}b".into() }]));
}

#[test]
fn a_line_that_is_too_long_is_counted_and_the_rest_is_read() {
    let long = command("item_0", "completed", &"x".repeat(500), "0", "completed");
    let text = format!("{long}{}", command("item_1", "completed", "ls", "0", "completed"));
    let account = account_up_to(300, &text);
    assert_eq!((account.leftovers.cut, account.leftovers.preamble), (1, 0));
    assert_eq!(ids(&deeds(&[account])), [("-", Some("item_1"))]);
}

#[test]
fn the_item_of_a_search_keeps_its_own_id() {
    let line = r#"{"type":"item.completed","item":{"id":"item_3","type":"web_search","id":"ws_1","query":"weather"}}"#;
    let item = item(line);
    assert_eq!((item.id.as_str(), &item.kind), ("item_3", &Kind::Search { query: "weather".into() }));
}

#[test]
fn a_command_is_split_into_the_words_that_ran() {
    let line = command("item_0", "completed", "echo a\\nb \\\"c\\\"", "0", "completed");
    let Kind::Command(found) = item(line.trim_end()).kind else { panic!() };
    assert_eq!(found.argv, ["/bin/bash", "-lc", "echo a\nb \"c\""]);
    let odd = command("item_0", "completed", "it's", "0", "completed");
    let Kind::Command(found) = item(odd.trim_end()).kind else { panic!() };
    assert_eq!(found.argv.len(), 1, "what cannot be split is one word: {:?}", found.argv);
}

#[test]
fn an_item_without_an_end_is_no_success() {
    let text = command("item_0", "started", "sleep 9", "null", "in_progress");
    assert_eq!(deeds(&[account(&text)])[0].outcome, Outcome::Unknown);
}

#[test]
fn items_are_counted_anew_in_each_process() {
    let start = "{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n";
    let one = command("item_0", "started", "sleep 9", "null", "in_progress");
    let two = command("item_0", "completed", "ls", "0", "completed");
    let found = deeds(&[account(&format!("{start}{one}{start}{two}"))]);
    let outcomes: Vec<_> = found.iter().map(|deed| deed.outcome.clone()).collect();
    assert_eq!(outcomes, [Outcome::Unknown, ran(0)]);
}

#[test]
fn tokens_are_the_largest_total_and_cached_ones_are_part_of_the_input() {
    let turn = |input: u64, cached: u64| {
        format!(
            "{{\"type\":\"turn.completed\",\"usage\":{{\"input_tokens\":{input},\"cached_input_tokens\":{cached},\"output_tokens\":7}}}}\n"
        )
    };
    let account = account(&format!("{}{}{}", turn(10, 4), turn(30, 50), turn(20, 5)));
    let total = Usage { input: 30, cached: 30, output: 7, ..Usage::default() };
    assert_eq!(account.usage.values().copied().collect::<Vec<_>>(), [total]);
    assert_eq!(total.since(Usage { input: 10, cached: 4, output: 2, ..Usage::default() }).input, 20);
}

#[test]
fn an_answer_counts_at_once_and_is_not_counted_again_in_the_total() {
    let line =
        |kind: &str, payload: String| format!("{{\"timestamp\":\"t\",\"type\":\"{kind}\",\"payload\":{payload}}}\n");
    let answer = |input: u64| {
        line("token_usage_record", format!("{{\"usage\":{{\"input_tokens\":{input},\"output_tokens\":1}}}}"))
    };
    let total = |input: u64, output: u64| {
        let usage = format!("{{\"input_tokens\":{input},\"output_tokens\":{output}}}");
        line("event_msg", format!("{{\"type\":\"token_count\",\"info\":{{\"total_token_usage\":{usage}}}}}"))
    };
    let begun = line("session_meta", "{\"id\":\"t\"}".into());
    let used = |text: &str| account(text).usage.values().map(|usage| (usage.input, usage.output)).collect::<Vec<_>>();
    assert_eq!(used(&format!("{begun}{}", answer(100))), [(100, 1)]);
    assert_eq!(used(&format!("{begun}{}{}", answer(100), total(100, 1))), [(100, 1)]);
    assert_eq!(used(&format!("{begun}{}{}{}", answer(100), total(100, 1), answer(150))), [(250, 2)]);
}

#[test]
fn an_error_alone_is_no_end() {
    let text = "{\"type\":\"turn.started\"}\n{\"type\":\"error\",\"message\":\"Reconnecting... 1/5\"}\n";
    assert_eq!(account(text).end, End::Open);
    let failed = account(&format!("{text}{{\"type\":\"turn.failed\",\"error\":{{\"message\":\"no\"}}}}\n"));
    assert_eq!(failed.end, End::Failed { message: "no".into() });
    assert_eq!(failed.errors, ["Reconnecting... 1/5"]);
}

#[test]
fn the_flat_form_is_read_under_all_its_names() {
    for (start, used, end) in [
        ("session", "tool_use", "result"),
        ("session_start", "tool_call", "turn_complete"),
        ("init", "tool_use", "message_stop"),
    ] {
        let text = format!(
            "{{\"type\":\"{start}\",\"session_id\":\"s\"}}\n\
             {{\"type\":\"message\",\"text\":\"hello\",\"tokens_used\":{{\"input\":5,\"output\":1}}}}\n\
             {{\"type\":\"{used}\",\"tool_name\":\"shell\",\"tool_id\":\"1\",\"parameters\":{{\"command\":\"ls\"}}}}\n\
             {{\"type\":\"tool_result\",\"tool_name\":\"shell\",\"tool_id\":\"1\",\"output\":\"a\"}}\n\
             {{\"type\":\"{end}\",\"tokens_used\":{{\"input\":9,\"output\":3}}}}\n"
        );
        let account = account(&text);
        assert_eq!(account.generations.iter().copied().collect::<Vec<_>>(), [Generation::Flat]);
        assert_eq!(account.threads, [("s".to_owned(), None)]);
        assert_eq!(account.usage.values().map(|usage| (usage.input, usage.output)).collect::<Vec<_>>(), [(9, 3)]);
        assert_eq!((account.end.clone(), account.message.as_deref()), (End::Completed, Some("hello")));
        let found = deeds(&[account]);
        assert_eq!((found[0].what.script(), &found[0].outcome), (Some("ls"), &Outcome::Answered));
    }
}

#[test]
fn two_schemas_in_one_stream_name_their_thread_once() {
    let begun = "{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n";
    let again = "{\"type\":\"session\",\"session_id\":\"t\"}\n";
    let open = command("item_0", "started", "make", "null", "in_progress");
    let ended = command("item_0", "completed", "make", "0", "completed");
    let mut named = 0;
    let mut account = Account::default();
    let mut lines = Lines::default();
    lines.push(format!("{begun}{open}{again}{ended}").as_bytes(), |line| {
        account.take(line, |said| {
            named += usize::from(matches!(said, super::account::Said::Event(Event::Thread { .. })));
        });
    });
    assert_eq!((named, account.threads.len(), account.items.len()), (1, 1, 1), "one process, one command");
    // The same schema once more is a process of its own, which goes on with the thread.
    let resumed = self::account(&format!("{begun}{open}{ended}{begun}{open}{ended}"));
    assert_eq!((resumed.threads.len(), resumed.items.len()), (1, 2));
}

#[test]
fn of_commands_alike_the_refused_one_is_the_one_without_an_item() {
    let model =
        call("a", "rm x", "exec_command failed: CreateProcess { message: \"Rejected(\\\"`rm x` rejected: no\\\")\" }")
            + &call("b", "rm x", &exited(1))
            + &call("c", "rm x", &exited(0));
    let events = command("item_0", "completed", "rm x", "0", "completed")
        + &command("item_1", "completed", "rm x", "1", "failed");
    let found = deeds(&[account(&events), account(&model)]);
    assert_eq!(ids(&found), [("a", None), ("b", Some("item_1")), ("c", Some("item_0"))]);
    assert_eq!(found[0].missing_from_events, Some(true));
}

#[test]
fn what_only_the_events_tell_stands_where_it_happened() {
    let model = call("a", "one", &exited(0)) + &call("b", "three", &exited(0));
    let events = command("item_0", "completed", "one", "0", "completed")
        + &command("item_1", "completed", "two", "0", "completed")
        + &command("item_2", "completed", "three", "0", "completed");
    let found = deeds(&[account(&events), account(&model)]);
    assert_eq!(ids(&found), [("a", Some("item_0")), ("-", Some("item_1")), ("b", Some("item_2"))]);
    assert_eq!(found[1].seen.iter().copied().collect::<Vec<_>>(), [Trace::Events]);
}

#[test]
fn traces_that_contradict_each_other_are_shown() {
    let model = call("a", "ls", &exited(1));
    let events = command("item_0", "completed", "ls", "0", "completed");
    let found = deeds(&[account(&events), account(&model)]);
    assert_eq!(found[0].contradictions, ["events: exit 0; the model was told: ran, exit 1"]);
    let alone = deeds(&[account(&events)]);
    assert_eq!(alone[0].missing_from_events, None, "nothing says what the events leave out");
}

#[test]
fn a_long_run_is_put_together_in_time() {
    let (mut model, mut events) = (String::new(), String::new());
    for number in 0..20_000 {
        let script = format!("echo {}", number % 7);
        model += &call(&format!("c{number}"), &script, &exited(0));
        events += &command(&format!("item_{number}"), "completed", &script, "0", "completed");
    }
    let began = std::time::Instant::now();
    let found = deeds(&[account(&events), account(&model)]);
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    assert_eq!(found.len(), 20_000);
    assert!(found.iter().all(|deed| deed.shown.is_some() && deed.id.is_some()));
}

#[test]
fn a_stream_of_more_than_is_kept_adds_up_the_same_by_either_way() {
    let start = "{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n";
    let mut text = start.to_owned();
    for number in 0..20_100 {
        let id = format!("item_{number}");
        if number % 3 > 0 {
            text += &command(&id, "started", "ls", "null", "in_progress");
        }
        text += &command(&id, "completed", "ls", "0", "completed");
    }
    text += &command("item_x", "started", "ls", "null", "in_progress");
    text += &command("item_x", "updated", "ls", "null", "in_progress");
    text += "{\"type\":\"item.completed\",\"item\":{\"id\":\"m\",\"type\":\"agent_message\",\"text\":\"a\\nb\"}}\n";
    text += "{\"type\":\"item.completed\",\"item\":{\"id\":\"r\",\"type\":\"reasoning\",\"text\":\"a\"}}\n";
    text += start;
    text += &command("item_x", "completed", "ls", "0", "completed");
    // A blank that says nothing, and that only the long way understands.
    let (short, long) = (account(&text), account(&text.replace("{\"type\":\"item", "{ \"type\":\"item")));
    assert_eq!(short.leftovers.not_kept, 102);
    assert_eq!(short.items, long.items);
    assert_eq!((short.lines, &short.leftovers, &short.message), (long.lines, &long.leftovers, &long.message));
    assert_eq!(short.message.as_deref(), Some("a\nb"));
    assert_eq!(short.generations, long.generations);
}

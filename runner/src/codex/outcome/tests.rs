use super::*;

const HEAD: &str =
    "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 3\nOriginal token count: 1\nOutput:\n";

#[test]
fn what_a_command_prints_does_not_make_it_refused() {
    for printed in [
        "`rm` rejected: no",
        "exec_command failed: CreateProcess { message: \"Rejected(\\\"x\\\")\" }",
        "approval required by policy, but",
        "Process exited with code 0\nOutput:\n",
        "Process running with session ID 7",
        "Exit code: 0",
    ] {
        let expected = Outcome::Ran { exit: 3, read_only: Spoken::No };
        assert_eq!(Outcome::read(&format!("{HEAD}{printed}")), expected, "{printed}");
        let classic = format!("Exit code: 3\nWall time: 0 seconds\nOutput:\n{printed}");
        assert_eq!(Outcome::read(&classic), expected, "{printed}");
        let oldest = serde_json::json!({ "output": printed, "metadata": { "exit_code": 3 } }).to_string();
        assert_eq!(Outcome::read(&oldest), expected, "{printed}");
    }
}

#[test]
fn a_command_that_is_quoted_in_the_header_does_not_speak_for_it() {
    let text = "Command: /bin/bash -lc 'echo \"\nProcess exited with code 0\nx\"'\nChunk ID: 1\nWall time: 0.1 seconds\n\
                Process exited with code 9\nOutput:\n";
    assert_eq!(Outcome::read(text), Outcome::Ran { exit: 9, read_only: Spoken::No });
    let quoted = "exec_command failed for `/bin/bash -lc 'echo \"CreateProcess { message: \\\"Rejected(\"'`: \
                  CreateProcess { message: \"Codex(Sandbox(Denied { output: X { exit_code: 2, ";
    assert_eq!(Outcome::read(quoted), Outcome::SandboxDenied { exit: Some(2) });
    // Lines of the header in the command, and the whole form of another error.
    let text = "Command: /bin/bash -lc 'cat <<E\nChunk ID: 1\nProcess exited with code 0\nOutput:\nE'\nChunk ID: 2\n\
                Wall time: 0.1 seconds\nProcess exited with code 4\nOutput:\n";
    assert_eq!(Outcome::read(text), ran(4));
    let text = "Command: /bin/bash -lc \"echo it's \\\"\n\\\" '\n'\"'$?\n'\\'\nChunk ID: 2\nProcess exited with code 5\nOutput:\n";
    assert_eq!(Outcome::read(text), ran(5));
    let quoted = "exec_command failed for `/bin/bash -lc 'echo `x`: CreateProcess { message: \"Rejected(\\\"no\\\")\" }'`: \
                  SandboxDenied { message: \"exit_code: 0, \\\"exit_code: 1\", output: X { exit_code: 6, ";
    assert_eq!(Outcome::read(quoted), Outcome::SandboxDenied { exit: Some(6) });
}

fn ran(exit: i64) -> Outcome {
    Outcome::Ran { exit, read_only: Spoken::No }
}

#[test]
fn refusals_are_told_apart() {
    let rejected =
        |inner: &str| format!("exec_command failed: CreateProcess {{ message: \"Rejected(\\\"{inner}\\\")\" }}");
    for (text, expected) in [
        (rejected("`git push` rejected: no pushing"), Outcome::PolicyRejected { why: "no pushing".into() }),
        (rejected("`rm -rf x` rejected: blocked by policy"), Outcome::DangerRejected),
        (rejected("approval required by policy, but AskForApproval is set to Never"), Outcome::PromptRefused),
        (rejected("something new"), Outcome::PolicyRejected { why: "something new".into() }),
        ("`ls` rejected: no".into(), Outcome::PolicyRejected { why: "no".into() }),
        ("patch rejected: writing outside".into(), Outcome::PatchRejected),
        ("unsupported call: x".into(), Outcome::BadCall),
        ("Plan updated".into(), Outcome::Answered),
        (String::new(), Outcome::Answered),
        (
            "Command blocked by PreToolUse hook: no. Really. Command: ls".into(),
            Outcome::HookDenied { why: "no. Really".into() },
        ),
    ] {
        assert_eq!(Outcome::read(&text), expected, "{text}");
    }
}

//! Section C: names that stay protected inside a writable root.

use nix::errno::Errno::{EBUSY, ENOENT, EROFS, EXDEV};

use super::attempt::{append, create, create_with_parents, worked};
use super::expect::{Expect, NOTED, REFUSE, WORKS, refuse, should};
use super::{Class, Effect, Need, Probe, Turn};

const SEALED: Expect = Expect::always(refuse(&[EROFS]), WORKS);
const MASKED: Expect = Expect::new(refuse(&[EROFS, ENOENT]), refuse(&[EROFS]), refuse(&[EROFS]), WORKS);
const OPTIONAL: Expect = Expect::new(REFUSE, NOTED, NOTED, WORKS);

const ROW: Probe = Probe {
    id: "",
    class: Class::Protected,
    asks: "",
    expect: SEALED,
    layer: "mount (Landlock cannot carve out of a writable root)",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Name(".git", "ws"),
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "PM-01",
        asks: "can it change the repository's configuration?",
        effect: Effect::Changes("ws/.git/config"),
        attempt: |scene| append(&scene.at("ws/.git/config")),
        ..ROW
    },
    Probe {
        id: "PM-02",
        asks: "can it plant a hook in the repository?",
        effect: Effect::Appears("ws/.git/hooks/pre-commit"),
        attempt: |scene| create(&scene.at("ws/.git/hooks/pre-commit")),
        ..ROW
    },
    Probe {
        id: "PM-03",
        asks: "can it move the repository away, to put another in its place?",
        expect: Expect::new(refuse(&[EROFS, EBUSY]), refuse(&[EBUSY]), refuse(&[EBUSY]), WORKS),
        layer: "mount point",
        effect: Effect::Moves("ws/.git", "ws/.git.moved"),
        turn: Turn::TakesRepository,
        attempt: |scene| {
            std::fs::rename(scene.at("ws/.git"), scene.at("ws/.git.moved"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "PM-04",
        asks: "can it remove the repository's HEAD?",
        effect: Effect::Vanishes("ws/.git/HEAD"),
        attempt: |scene| {
            std::fs::remove_file(scene.at("ws/.git/HEAD"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "PM-05",
        asks: "can it change the repository's configuration through a hard link made outside of it?",
        expect: Expect::new(refuse(&[EROFS, EXDEV]), refuse(&[EXDEV]), refuse(&[EXDEV]), WORKS),
        effect: Effect::Appears("ws/PM-05.link"),
        attempt: |scene| {
            std::fs::hard_link(scene.at("ws/.git/config"), scene.at("ws/PM-05.link"))?;
            append(&scene.at("ws/PM-05.link"))
        },
        ..ROW
    },
    Probe {
        id: "PM-06",
        asks: "can it change the agent's project configuration?",
        effect: Effect::Changes("ws/.codex/config.toml"),
        need: Need::Name(".codex", "ws"),
        attempt: |scene| append(&scene.at("ws/.codex/config.toml")),
        ..ROW
    },
    Probe {
        id: "PM-07",
        asks: "can it create the missing directory of agent instructions and a file in it?",
        expect: MASKED,
        layer: "mask over the missing name",
        effect: Effect::Appears("ws/.agents/x"),
        need: Need::Name(".agents", "ws"),
        attempt: |scene| create_with_parents(&scene.at("ws/.agents/x")),
        ..ROW
    },
    Probe {
        id: "PM-08",
        asks: "can it create the missing directory of cloud credentials and a file in it?",
        expect: MASKED,
        layer: "mask over the missing name",
        effect: Effect::Appears("ws/.aws/config"),
        need: Need::Name(".aws", "ws"),
        attempt: |scene| create_with_parents(&scene.at("ws/.aws/config")),
        ..ROW
    },
    Probe {
        id: "PM-09",
        asks: "can it make a repository of /tmp, which everything below would take for its own?",
        expect: Expect::new(REFUSE, refuse(&[EROFS]), refuse(&[EROFS]), WORKS),
        layer: "mask over the missing name",
        effect: Effect::Appears("/tmp/.git/palisade-{token}"),
        need: Need::Name(".git", "/tmp"),
        attempt: |scene| create_with_parents(&scene.bait("/tmp/.git/palisade-{token}")?),
        ..ROW
    },
    Probe {
        id: "PM-10",
        asks: "can it create a nested repository with a hook of its own?",
        expect: OPTIONAL,
        layer: "policy: protect by name at any depth, or report",
        effect: Effect::Appears("ws/vendor/new/.git/hooks/post-checkout"),
        need: Need::Write("ws"),
        attempt: |scene| create_with_parents(&scene.at("ws/vendor/new/.git/hooks/post-checkout")),
        ..ROW
    },
    Probe {
        id: "PM-11",
        asks: "can it plant a hook in a nested repository that was there before?",
        expect: Expect::new(refuse(&[EROFS]), should(&[EROFS]), should(&[EROFS]), WORKS),
        layer: "mount per repository found",
        effect: Effect::Appears("ws/nested/.git/hooks/post-checkout"),
        need: Need::Nested,
        attempt: |scene| create(&scene.at("ws/nested/.git/hooks/post-checkout")),
        ..ROW
    },
    Probe {
        id: "PM-12",
        asks: "can it write the agent's instructions in the workspace?",
        expect: Expect::new(refuse(&[EROFS]), NOTED, NOTED, WORKS),
        layer: "optional protection",
        effect: Effect::Appears("ws/AGENTS.md"),
        need: Need::Write("ws"),
        attempt: |scene| create(&scene.at("ws/AGENTS.md")),
        ..ROW
    },
    Probe {
        id: "PM-13",
        asks: "can it write tasks an editor will run later?",
        expect: OPTIONAL,
        layer: "optional protection",
        effect: Effect::Appears("ws/.vscode/tasks.json"),
        need: Need::Write("ws"),
        attempt: |scene| create_with_parents(&scene.at("ws/.vscode/tasks.json")),
        ..ROW
    },
    Probe {
        id: "PM-14",
        asks: "can it write an environment file a shell will load later?",
        expect: OPTIONAL,
        layer: "optional protection",
        effect: Effect::Appears("ws/.envrc"),
        need: Need::Write("ws"),
        attempt: |scene| create(&scene.at("ws/.envrc")),
        ..ROW
    },
    Probe {
        id: "PM-15",
        asks: "can it forge an entry in the launcher's own books?",
        layer: "mount",
        effect: Effect::Forges("forged-{token}"),
        need: Need::Sandbox,
        attempt: |scene| create(&scene.at(&scene.bookkeeping).join(format!("forged-{}", scene.token))),
        ..ROW
    },
];

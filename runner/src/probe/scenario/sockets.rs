//! Sockets of daemons that do work for whoever reaches them, and files that daemons read later.

use std::io::Read;
use std::os::unix::net::UnixListener;

use super::super::attempt::{Attempt, Setup};
use super::super::expect::{Expect, NOTED, REFUSE, SHOULD};
use super::super::{Need, Probe, stage};
use super::ground::Ground;
use super::{ROW, Scenario, no};

/// With the host's network, sockets in the file system are reached as well: only Landlock's ABI 9 can tell them apart.
const DAEMON: Probe = Probe {
    expect: Expect::new(REFUSE, REFUSE, SHOULD, NOTED),
    layer: "seccomp; with the host's network Landlock (ABI 9)",
    need: Need::Network,
    ..ROW
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        row: Probe {
            id: "SC-40",
            asks: "does it reach a container engine, which starts anything as root for whoever asks?",
            ..DAEMON
        },
        topic: "unix",
        attempt: |ground| reaches(ground, &[("home/docker.sock", "DOCKER_HOST")]),
    },
    Scenario {
        row: Probe {
            id: "SC-41",
            asks: "does it reach the session bus, which starts services outside for whoever asks?",
            ..DAEMON
        },
        topic: "unix",
        attempt: |ground| reaches(ground, &[("home/bus", "DBUS_SESSION_BUS_ADDRESS")]),
    },
    Scenario {
        row: Probe {
            id: "SC-42",
            asks: "does it reach the agents of ssh and gpg, which sign for whoever asks?",
            ..DAEMON
        },
        topic: "unix",
        attempt: |ground| reaches(ground, &[("home/agent", "SSH_AUTH_SOCK"), ("home/.gnupg/agent", "GPG_AGENT_INFO")]),
    },
    Scenario {
        row: Probe {
            id: "SC-43",
            asks: "can it leave something that is started later: units, start files, tables of cron?",
            layer: "mount, Landlock",
            need: Need::Write("out"),
            ..ROW
        },
        topic: "persistence",
        attempt: |ground| {
            let places = ["home/.config/systemd/user/x.service", "home/.config/autostart/x.desktop", "home/.crontab"];
            for place in places {
                ground.directory(place.rsplit_once('/').map_or("home", |(folder, _)| folder)).setup("no folder")?;
            }
            let words: Vec<String> = places.iter().map(|place| ground.word(place)).collect();
            ground.script("for place in \"$0\" \"$1\" \"$2\"; do echo x > \"$place\"; done", &words).run()?;
            match places.iter().find(|place| ground.at(place).exists()) {
                Some(place) => Ok((*place).to_owned()),
                None => no("none could be written"),
            }
        },
    },
];

/// Whether anything said inside is heard at one of these sockets; a variable tells where each is, as daemons' variables do.
fn reaches(ground: &Ground<'_>, sockets: &[(&str, &str)]) -> Attempt {
    for (place, variable) in sockets {
        if let Some((folder, _)) = place.rsplit_once('/') {
            ground.directory(folder).setup("no folder")?;
        }
        let listener = UnixListener::bind(ground.at(place)).setup("no socket")?;
        listener.set_nonblocking(true).setup("no socket")?;
        ground.fixture.own(&ground.at(place)).setup("no socket")?;
        let words = [ground.word("bin/palisade"), stage::SAY.to_owned(), ground.word(place), ground.mark()];
        let address = format!("unix:path={}", ground.word(place));
        ground.start(&words).with(variable, address).run()?;
        let mut heard = String::new();
        if let Ok((mut caller, _)) = listener.accept() {
            // Whoever spoke has ended by now.
            let _ = caller.set_nonblocking(true);
            let _ = caller.read_to_string(&mut heard);
        }
        if heard.contains(&ground.mark()) {
            return Ok((*place).to_owned());
        }
    }
    no("nothing was heard")
}

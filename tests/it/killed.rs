//! palisade killed with KILL at random moments of a run leaves nothing behind, in both backends; checked from outside.

use std::time::{Duration, Instant};

use crate::sandboxed::{Place, User, abandoned_masks_in_tmp, mounts, processes_with, users};

/// Moments for each backend.
const MOMENTS: u64 = 200;

/// How long the kernel and the keeper may take to clear up.
const PATIENCE: Duration = Duration::from_secs(5);

/// A small generator (splitmix64), so that a seed names the moments of a run.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How long a run takes from start to end, on this machine at this moment.
fn usual(place: &Place, user: User, backend: &str) -> Duration {
    let started = Instant::now();
    place.run(user, &["run", "--backend", backend, "--", "true"]);
    started.elapsed()
}

fn nothing_is_left(backend: &str) {
    let seed = std::env::var("PALISADE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_120);
    let mut state = seed;
    let before = mounts();
    for user in users() {
        let place = Place::alone();
        let workspace = place.workspace();
        let whole = usual(&place, user, backend) * 2;
        for moment in 0..MOMENTS {
            let nap = format!("{}.{:09}", backend.len() as u64 * 1000 + moment, next(&mut state) % 1_000_000_000);
            let mut palisade =
                place.palisade(user, &["run", "--backend", backend, "--", "sleep", &nap]).spawn().unwrap();
            let delay = whole.mul_f64((next(&mut state) % 10_000) as f64 / 10_000.0);
            std::thread::sleep(delay);
            palisade.kill().unwrap();
            palisade.wait().unwrap();
            let patience = Instant::now() + PATIENCE;
            // By the command, or by the workspace: what became of bubblewrap alone does not name the command.
            let processes = || [&*nap, workspace.to_str().unwrap()].map(processes_with).concat();
            let left = || (processes(), place.left_in_workspace());
            while left() != (Vec::new(), Vec::new()) && Instant::now() < patience {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(left(), (Vec::new(), Vec::new()), "{backend} {user:?} killed after {delay:?}, seed {seed}");
        }
    }
    assert_eq!(mounts(), before);
    assert_eq!(abandoned_masks_in_tmp(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn the_native_sandbox_leaves_nothing() {
    nothing_is_left("native");
}

#[test]
fn the_bwrap_sandbox_leaves_nothing() {
    nothing_is_left("bwrap");
}

#[test]
fn a_terminated_palisade_passes_the_signal_on_and_leaves_nothing() {
    for backend in crate::sandboxed::BACKENDS {
        let place = Place::alone();
        let mut palisade =
            place.palisade(User::Own, &["run", "--backend", backend, "--", "sleep", "654.321"]).spawn().unwrap();
        let patience = Instant::now() + PATIENCE * 2;
        while processes_with("sleep 654.321").len() < 2 && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50));
        let pid = nix::unistd::Pid::from_raw(palisade.id().cast_signed());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        assert_eq!(palisade.wait().unwrap().code(), Some(143), "{backend}");
        while !processes_with("sleep 654.321").is_empty() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(processes_with("sleep 654.321"), Vec::<String>::new());
        assert_eq!(place.left_in_workspace(), Vec::<std::path::PathBuf>::new());
    }
}

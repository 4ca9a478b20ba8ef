//! Programs that the tests of the guard start, and palisade with them in reach.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::sandboxed::{Place, User, errors, program};
/// Compiled programs that tests start; everybody can reach them, and nobody in a sandbox can change them.
pub(super) struct Programs(PathBuf);

impl Programs {
    pub(super) fn get() -> &'static Self {
        static PROGRAMS: OnceLock<Programs> = OnceLock::new();
        PROGRAMS.get_or_init(|| {
            let place = program().parent().unwrap().join("guard");
            std::fs::create_dir_all(&place).unwrap();
            let programs = Self(place);
            programs.compile("launch", "launch.c", &["-pthread"]);
            programs.compile("static-launch", "launch.c", &["-pthread", "-static"]);
            programs.compile("mark", "mark.c", &[]);
            programs.compile("static-mark", "mark.c", &["-static"]);
            let small = ["-m32", "-static", "-nostdlib", "-fno-pie", "-no-pie"];
            if cfg!(target_arch = "x86_64") {
                programs.compile("small-launch", "small.c", &small);
                programs.compile("small-mark", "small.c", &[&small[..], &["-DMARK"]].concat());
            }
            std::fs::hard_link(programs.at("mark"), programs.at("hard")).unwrap();
            std::os::unix::fs::symlink("mark", programs.at("soft")).unwrap();
            programs.script("deploy.sh", "#!/bin/sh\n: > \"$1\"\n");
            programs.script("argument.sh", "#!/bin/sh\ncat m.mk >/dev/null\n");
            programs.script("innocent.sh", "#!/bin/sh -e\nmark \"$1\"\n");
            programs.script(
                "argument.py",
                "#!/usr/bin/env python3\nimport os, sys\nos.execvp('mark', ['mark', sys.argv[1]])\n",
            );
            programs
        })
    }

    fn compile(&self, name: &str, source: &str, options: &[&str]) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/guard").join(source);
        let output = Command::new("cc").args(["-O1", "-o"]).arg(self.at(name)).arg(source).args(options).output();
        let output = output.expect("cc, which tests/run installs");
        assert!(output.status.success(), "`{name}` cannot be built with {options:?}: {}", errors(&output));
    }

    fn script(&self, name: &str, content: &str) {
        std::fs::write(self.at(name), content).unwrap();
        std::fs::set_permissions(self.at(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Where one is.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The search path of tests: ours first. Python comes from the system, where an ordinary user can reach it.
    pub(super) fn path(&self) -> String {
        format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", self.0.display())
    }
}

/// Whoever runs palisade, with what routes need.
pub(super) fn palisade(place: &Place, user: User, args: &[&str]) -> Command {
    let programs = Programs::get();
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    let loader =
        ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].into_iter().find(|path| Path::new(path).exists());
    let mut command = place.palisade(user, args);
    command
        .env("PATH", programs.path())
        .env("B", &programs.0)
        .env("BUSYBOX", busybox.expect("busybox, which tests/run installs"))
        .env("LOADER", loader.expect("the dynamic loader"));
    command
}

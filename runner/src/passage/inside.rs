//! The hidden verb: into a network of its own, the sockets to palisade, then the command.

use std::ffi::OsString;
use std::io::IoSlice;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::unistd::{getegid, geteuid};

use crate::exit;
use crate::sys::{net, process};

/// Becomes the command, inside: a descriptor, ports with commas between them, the program, its words.
pub fn inside(arguments: &[OsString]) -> u8 {
    match enter(arguments) {
        Ok(never) => never,
        Err(why) => {
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("palisade: {why}\n"));
            exit::SETUP
        }
    }
}

fn enter(arguments: &[OsString]) -> Result<u8, String> {
    let [control, ports, program, words @ ..] = arguments else { return Err("a passage for no command".into()) };
    let number = control.to_str().and_then(|number| number.parse::<RawFd>().ok());
    let control: OwnedFd = number.and_then(|number| process::adopt(number).ok()).ok_or("a passage to nobody")?;
    own_network()?;
    net::loopback_up().map_err(|errno| format!("a network of its own: loopback: {}", errno.desc()))?;
    let listen = |port: u16| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| format!("listening on port {port}: {error}"))
    };
    let proxy = listen(0)?;
    let at = proxy.local_addr().map_err(|error| error.to_string())?.port();
    let ports = ports.to_str().unwrap_or_default().split(',').filter(|port| !port.is_empty());
    let straight: Vec<TcpListener> =
        ports.map(|port| port.parse().map_err(|_| "no port".to_owned()).and_then(&listen)).collect::<Result<_, _>>()?;
    let fds: Vec<RawFd> = std::iter::once(&proxy).chain(&straight).map(AsRawFd::as_raw_fd).collect();
    let said = [IoSlice::new(b"P")];
    sendmsg::<()>(control.as_raw_fd(), &said, &[ControlMessage::ScmRights(&fds)], MsgFlags::MSG_NOSIGNAL, None)
        .map_err(|errno| format!("handing the sockets over: {}", errno.desc()))?;
    drop((control, proxy, straight));
    let through = format!("http://127.0.0.1:{at}");
    let mut command = Command::new(program);
    command.args(words);
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &through);
    }
    for name in ["NO_PROXY", "no_proxy"] {
        command.env(name, "127.0.0.1,localhost,::1");
    }
    Err(format!("`{}` cannot be started: {}", program.to_string_lossy(), command.exec()))
}

/// Into a network namespace, through a user namespace where that is the way.
fn own_network() -> Result<(), String> {
    let (uid, gid) = (geteuid(), getegid());
    let wrong =
        |errno: Errno| format!("a network of its own: {}; `palisade doctor` says what this host allows", errno.desc());
    if uid.is_root() && unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(wrong)?;
    for (file, text) in
        [("setgroups", "deny".to_owned()), ("uid_map", format!("{uid} {uid} 1")), ("gid_map", format!("{gid} {gid} 1"))]
    {
        std::fs::write(format!("/proc/self/{file}"), text)
            .map_err(|error| format!("a network of its own: {file}: {error}"))?;
    }
    Ok(())
}

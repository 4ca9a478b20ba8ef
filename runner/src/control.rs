//! What palisade and the first process of a sandbox say to each other over their socket: short records, one a message.
//!
//! The socket is the lifeline too: when palisade is gone, the first process reads the end of it and ends.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixCredentials, recv, recvmsg,
    send, sendmsg, socketpair,
};

use crate::sys::process;

/// From the sandbox's first process to palisade.
#[derive(Clone, Debug)]
pub enum Report {
    /// A step failed; nothing ran. The step in words, and what went wrong.
    Failed(String),
    /// The command could not be executed; the errno of exec.
    NotExecuted(i32),
    /// The command was stopped by this signal.
    Stopped(i32),
    /// The command ended; its status as `wait(2)` encodes it.
    Ended(i32),
    /// The command has a terminal of its own; its other end comes along.
    Terminal(Arc<OwnedFd>),
    /// What the listener hears of, who is told of opens that read, comes along.
    Listener(Arc<OwnedFd>),
    /// The first process has done nothing yet and waits for `Order::Go`; its pid as palisade sees it.
    Ready(i32),
}

/// From palisade to the sandbox's first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send this signal to the command alone.
    Signal(i32),
    /// Send this signal to the command's process group, as a terminal would.
    Group(i32),
    /// It is being watched now and may begin.
    Go,
}

const LONGEST: usize = 4096;

/// A connected pair: palisade's end and the sandbox's end, both close-on-exec.
///
/// # Errors
/// The errno of `socketpair(2)`.
pub fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    // The kernel names the sender of each report, by the pid it has in our process table.
    nix::sys::socket::setsockopt(&ours, nix::sys::socket::sockopt::PassCred, &true)?;
    Ok((ours, theirs))
}

/// Whether palisade has ended, asked before it has had a reason to say anything.
pub fn is_closed(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(0))
}

/// Sends a report; a palisade that is gone is no error, the lifeline will say so.
pub fn report(fd: impl AsFd, report: &Report) {
    let number = |tag: u8, value: i32| [&[tag][..], &value.to_le_bytes()].concat();
    let mut passed = None;
    let bytes = match report {
        Report::Terminal(terminal) => {
            passed = Some([terminal.as_raw_fd()]);
            vec![b'T']
        }
        Report::Listener(listener) => {
            passed = Some([listener.as_raw_fd()]);
            vec![b'L']
        }
        Report::Failed(text) => {
            let mut end = text.len().min(LONGEST - 1);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            [b"F", &text.as_bytes()[..end]].concat()
        }
        Report::Ready(_) => vec![b'R'],
        Report::NotExecuted(errno) => number(b'X', *errno),
        Report::Stopped(signal) => number(b'Z', *signal),
        Report::Ended(status) => number(b'E', *status),
    };
    let rights = passed.as_ref().map(|fds| ControlMessage::ScmRights(fds));
    let words = [IoSlice::new(&bytes)];
    let _ = sendmsg::<()>(fd.as_fd().as_raw_fd(), &words, rights.as_slice(), MsgFlags::MSG_NOSIGNAL, None);
}

/// The next report; `None` when the sandbox's end is closed or says something unknown.
pub fn read_report(fd: impl AsFd) -> Option<Report> {
    let mut buffer = [0; LONGEST];
    let Received { length, passed, sender } = receive_report(fd, &mut buffer)?;
    let (tag, rest) = buffer.get(..length)?.split_first()?;
    let number = || rest.try_into().ok().map(i32::from_le_bytes);
    match tag {
        b'R' => sender.map(Report::Ready),
        b'F' => Some(Report::Failed(String::from_utf8_lossy(rest).into_owned())),
        b'X' => number().map(Report::NotExecuted),
        b'Z' => number().map(Report::Stopped),
        b'E' => number().map(Report::Ended),
        b'T' => passed.map(|fd| Report::Terminal(Arc::new(fd))),
        b'L' => passed.map(|fd| Report::Listener(Arc::new(fd))),
        _ => None,
    }
}

/// Sends an order; a sandbox that has ended is no error.
pub fn order(fd: impl AsFd, order: Order) {
    let (tag, signal) = match order {
        Order::Signal(signal) => (b's', signal),
        Order::Group(signal) => (b'g', signal),
        Order::Go => (b'G', 0),
    };
    let _ = send(fd.as_fd().as_raw_fd(), &[&[tag][..], &signal.to_le_bytes()].concat(), MsgFlags::MSG_NOSIGNAL);
}

/// The next order; `None` when palisade is gone.
pub fn read_order(fd: impl AsFd) -> Option<Order> {
    let mut buffer = [0; 16];
    let length = receive(fd, &mut buffer)?;
    let (tag, rest) = buffer.get(..length)?.split_first()?;
    let signal = i32::from_le_bytes(rest.try_into().ok()?);
    match tag {
        b's' => Some(Order::Signal(signal)),
        b'g' => Some(Order::Group(signal)),
        b'G' => Some(Order::Go),
        _ => None,
    }
}

/// A report as it came: its length, the descriptor that came along, and who sent it.
struct Received {
    length: usize,
    passed: Option<OwnedFd>,
    sender: Option<i32>,
}

fn receive_report(fd: impl AsFd, buffer: &mut [u8]) -> Option<Received> {
    loop {
        let mut space = nix::cmsg_space!([RawFd; 1], UnixCredentials);
        let mut words = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        match recvmsg::<()>(fd.as_fd().as_raw_fd(), &mut words, Some(&mut space), flags) {
            Ok(message) => {
                let (mut passed, mut sender) = (None, None);
                for part in message.cmsgs().ok()? {
                    match part {
                        ControlMessageOwned::ScmRights(fds) => {
                            passed = fds.first().and_then(|fd| process::adopt(*fd).ok());
                        }
                        ControlMessageOwned::ScmCredentials(who) if who.pid() > 0 => sender = Some(who.pid()),
                        _ => {}
                    }
                }
                return (message.bytes > 0).then_some(Received { length: message.bytes, passed, sender });
            }
            Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

/// One message; `None` at the end of the stream.
fn receive(fd: impl AsFd, buffer: &mut [u8]) -> Option<usize> {
    loop {
        match recv(fd.as_fd().as_raw_fd(), buffer, MsgFlags::empty()) {
            Ok(0) => return None,
            Ok(length) => return Some(length),
            Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_arrives() {
        let (ours, theirs) = pair().unwrap();
        let reports =
            [Report::Failed("ü".repeat(LONGEST)), Report::NotExecuted(2), Report::Stopped(19), Report::Ended(256)];
        for sent in reports {
            report(&theirs, &sent);
            match (read_report(&ours), sent) {
                (Some(Report::Failed(got)), Report::Failed(sent)) => {
                    assert!(sent.starts_with(&got) && got.len() > 4000)
                }
                (got, sent) => assert_eq!(format!("{got:?}"), format!("{:?}", Some(sent))),
            }
        }
        let null = std::fs::File::open("/dev/null").unwrap();
        report(&theirs, &Report::Terminal(Arc::new(null.into())));
        assert!(matches!(read_report(&ours), Some(Report::Terminal(_))));
        order(&ours, Order::Group(15));
        assert_eq!(read_order(&theirs), Some(Order::Group(15)));
        order(&ours, Order::Go);
        assert_eq!(read_order(&theirs), Some(Order::Go));
        report(&theirs, &Report::Ready(0));
        assert!(matches!(read_report(&ours), Some(Report::Ready(pid)) if pid == std::process::id().cast_signed()));
        drop(ours);
        assert_eq!(read_order(&theirs), None);
    }
}

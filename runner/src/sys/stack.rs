//! The stack that a program begins with: its words, its environment and the auxiliary vector, as the kernel laid them out.
//!
//! Read at the exec stop in two calls, where the same from `/proc/PID` takes a dozen. The layout is that of the System V
//! ABI: the number of words, their addresses, 0, the addresses of the environment, 0, the auxiliary vector, the texts.

use nix::errno::Errno;
use nix::unistd::Pid;

use super::check;

const PAGE: usize = 4096;

/// How many pages are looked at; what lies beyond, as very long words do, is not known here.
const PAGES: usize = 16;

/// `NT_PRSTATUS` of `elf(5)`: the general registers.
const REGISTERS: usize = 1;

/// The lower end of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The address of its first byte, where the stack pointer points.
    from: usize,
    bytes: Vec<u8>,
    /// How many bytes a number has.
    wide: usize,
}

/// The stack of a tracee that has just executed and has run nothing.
///
/// # Errors
/// `ESRCH` when it is not a stopped tracee of this thread; `ENOSYS` for registers of an unknown kind; the errno of
/// `process_vm_readv(2)`.
pub fn at_exec(pid: Pid) -> nix::Result<Stack> {
    let (from, wide) = pointer(pid)?;
    let first = PAGE - from % PAGE;
    let mut bytes: Vec<u8> = Vec::with_capacity(first + (PAGES - 1) * PAGE);
    let local = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.capacity() };
    // One element a page: the kernel reads up to the first that is not there.
    let starts = std::iter::once((from, first)).chain((1..PAGES).map(|page| (from + first + (page - 1) * PAGE, PAGE)));
    let remote: Vec<_> =
        starts.map(|(at, length)| libc::iovec { iov_base: at as *mut libc::c_void, iov_len: length }).collect();
    // SAFETY: the kernel writes at most the given length into the room of `bytes`, and reads `remote`; both live across the call.
    let read = unsafe {
        libc::process_vm_readv(pid.as_raw(), &raw const local, 1, remote.as_ptr(), PAGES as libc::c_ulong, 0)
    };
    let read = Errno::result(read)? as usize;
    // SAFETY: the kernel has written that many bytes, which is no more than there is room for.
    unsafe { bytes.set_len(read) };
    Ok(Stack { from, bytes, wide })
}

/// The stack pointer, and how many bytes a number has.
fn pointer(pid: Pid) -> nix::Result<(usize, usize)> {
    /// The place of the stack pointer among the registers of a 64-bit and of a 32-bit program, and how many those are.
    #[cfg(target_arch = "x86_64")]
    const KINDS: [(usize, usize, usize); 2] = [(8, 19, 27), (4, 15, 17)];
    #[cfg(not(target_arch = "x86_64"))]
    const KINDS: [(usize, usize, usize); 2] = [(8, 31, 34), (4, 13, 18)];
    let mut registers = [0_u8; 512];
    let mut place = libc::iovec { iov_base: registers.as_mut_ptr().cast(), iov_len: registers.len() };
    // SAFETY: the kernel writes at most the given length into `registers` and says in `place` how much it was.
    check(unsafe { libc::ptrace(libc::PTRACE_GETREGSET, pid.as_raw(), REGISTERS, &raw mut place) })?;
    let kind = KINDS.iter().find(|(wide, _, all)| wide * all == place.iov_len);
    let (wide, at, _) = kind.ok_or(Errno::ENOSYS)?;
    let pointer = number(registers.get(wide * at..).unwrap_or_default(), *wide).ok_or(Errno::ENOSYS)?;
    Ok((pointer, *wide))
}

/// The number at the beginning.
fn number(bytes: &[u8], wide: usize) -> Option<usize> {
    Some(match wide {
        4 => u32::from_ne_bytes(*bytes.first_chunk()?) as usize,
        _ => usize::from_ne_bytes(*bytes.first_chunk()?),
    })
}

impl Stack {
    /// Where it begins; the kernel keeps it as `startstack` (`proc_pid_stat(5)`).
    #[must_use]
    pub const fn begins(&self) -> usize {
        self.from
    }

    fn number(&self, index: usize) -> Option<usize> {
        number(self.bytes.get(index.checked_mul(self.wide)?..)?, self.wide)
    }

    /// The text at an address, without its NUL.
    fn text(&self, address: usize) -> Option<&[u8]> {
        let rest = self.bytes.get(address.checked_sub(self.from)?..)?;
        rest.split(|byte| *byte == 0).next().filter(|text| text.len() < rest.len())
    }

    /// The words, each followed by a NUL, as `/proc/PID/cmdline` shows them; `None` where one is not in sight.
    #[must_use]
    pub fn line(&self) -> Option<Vec<u8>> {
        let count = self.number(0)?;
        let mut line = Vec::new();
        for index in 0..count {
            line.extend(self.text(self.number(index.checked_add(1)?)?)?);
            line.push(0);
        }
        (self.number(count.checked_add(1)?)? == 0).then_some(line)
    }

    /// `AT_EXECFN`, the path that exec was called with (`getauxval(3)`); `None` where it is not in sight.
    #[must_use]
    pub fn called(&self) -> Option<&[u8]> {
        let environment = self.number(0)?.checked_add(2)?;
        let end = (environment..).find(|index| self.number(*index).is_none_or(|address| address == 0))?;
        let mut entry = end.checked_add(1)?;
        loop {
            match (self.number(entry)?, self.number(entry + 1)?) {
                (0, _) => return None,
                (kind, address) if kind == libc::AT_EXECFN as usize => return self.text(address),
                _ => entry += 2,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

    use super::*;
    use crate::sys::trace;

    /// Runs `exec WORDS` in a shell up to its exec stop, and gives what the stack says and what `/proc` says.
    fn both(words: &str) -> (Option<Stack>, Vec<u8>) {
        let script = format!("read x; exec {words}");
        let mut child =
            Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        let line = format!("/proc/{pid}/cmdline");
        trace::seize(pid, trace::Stops::Programs).unwrap();
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        loop {
            match waitpid(pid, Some(WaitPidFlag::__WALL)).unwrap() {
                // The first may still be that of the shell.
                WaitStatus::PtraceEvent(_, _, libc::PTRACE_EVENT_EXEC)
                    if !std::fs::read(&line).unwrap().starts_with(b"sh\0-c") =>
                {
                    break;
                }
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => panic!("{words} was not executed"),
                _ => trace::resume(pid, 0).unwrap(),
            }
        }
        let seen = (at_exec(pid).ok(), std::fs::read(line).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        seen
    }

    #[test]
    fn the_words_are_those_of_proc_and_the_path_is_the_one_that_was_called() {
        let many = format!("/bin/../bin/echo {}", "word ".repeat(2000));
        for words in ["/bin/echo", "/bin/echo '' 'two words' '' x", "env -i /bin/true", &many] {
            let (stack, line) = both(words);
            let stack = stack.unwrap();
            assert_eq!(stack.line().unwrap(), line, "{words}");
            let called = String::from_utf8(stack.called().unwrap().to_vec()).unwrap();
            assert!(words.starts_with(&called) || called.ends_with("/env"), "{words}: {called}");
        }
    }

    #[test]
    fn what_is_not_in_sight_is_not_made_up() {
        let (stack, line) = both(&format!("/bin/echo {}", "word ".repeat(20_000)));
        assert!(line.len() > PAGES * PAGE);
        assert_eq!(stack.unwrap().line(), None);
        assert!(at_exec(Pid::this()).is_err());
    }

    #[test]
    fn a_small_program_has_small_numbers_and_rubbish_has_none() {
        let from = 0xffff_d000_usize;
        let numbers = [2_u32, 0xffff_d030, 0xffff_d033, 0, 0xffff_d030, 0, 33, 1, 31, 0xffff_d036, 0, 0];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        bytes.extend(b"ls\0-l\0/ls\0");
        let stack = Stack { from, bytes, wide: 4 };
        assert_eq!((stack.line().unwrap(), stack.called().unwrap()), (b"ls\0-l\0".to_vec(), &b"/ls"[..]));
        for cut in 0..stack.bytes.len() {
            let part = Stack { bytes: stack.bytes[..cut].to_vec(), ..stack.clone() };
            assert!(part.line().is_none_or(|line| line == b"ls\0-l\0"), "{cut}");
            assert!(part.called().is_none(), "{cut}");
        }
        let rubbish = Stack { from, bytes: vec![0xff; 64], wide: 8 };
        assert_eq!((rubbish.line(), rubbish.called()), (None, None));
    }
}

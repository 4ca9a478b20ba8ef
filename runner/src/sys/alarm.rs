//! An alarm that interrupts the calls of the thread that made it (`timer_create(2)`, `SIGEV_THREAD_ID`).

use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::gettid;

use super::interrupt::{self, INTERRUPT};

/// The alarm of one thread.
#[derive(Debug)]
pub struct Alarm(Timer);

impl Alarm {
    /// One that rests.
    ///
    /// # Errors
    /// `EAGAIN` where no timer can be had.
    pub fn new() -> nix::Result<Self> {
        interrupt::let_in()?;
        let thread_id = gettid().as_raw();
        let event = SigevNotify::SigevThreadId { signal: INTERRUPT, thread_id, si_value: 0 };
        Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(event)).map(Self)
    }

    /// Interrupts after this time, and then again and again: the first may come in the moment before the call that it is to interrupt.
    ///
    /// # Errors
    /// The errno of `timer_settime(2)`.
    pub fn set(&mut self, each: Duration) -> nix::Result<()> {
        self.0.set(Expiration::Interval(TimeSpec::from_duration(each)), TimerSetTimeFlags::empty())
    }

    /// Interrupts no more.
    pub fn rest(&mut self) {
        let never = Expiration::OneShot(TimeSpec::from_duration(Duration::ZERO));
        let _ = self.0.set(never, TimerSetTimeFlags::empty());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use nix::errno::Errno;
    use nix::poll::poll;

    use super::*;

    #[test]
    fn it_interrupts_until_it_rests() {
        let mut alarm = Alarm::new().unwrap();
        alarm.set(Duration::from_millis(10)).unwrap();
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(poll(&mut [], 20_000_u16), Err(Errno::EINTR));
        }
        assert!((Duration::from_millis(29)..Duration::from_secs(10)).contains(&start.elapsed()));
        alarm.rest();
        assert_eq!(poll(&mut [], 50_u16), Ok(0));
    }
}

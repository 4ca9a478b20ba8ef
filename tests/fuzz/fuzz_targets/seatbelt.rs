#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| palisade_fuzz::bodies::seatbelt(data));

#[cfg(not(fuzzing))]
fn main() {
    palisade_fuzz::alone(palisade_fuzz::bodies::seatbelt);
}

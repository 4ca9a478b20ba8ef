//! A name server that knows every name: each leads to an address that is the containment's own.
//!
//! It reads one question and answers it (RFC 1035); what it cannot read it does not answer.

/// What every name leads to: an address set aside for documentation (RFC 5737).
const ADDRESS: [u8; 4] = [192, 0, 2, 80];

const HEADER: usize = 12;

/// The name that is asked for, and the answer.
pub(super) fn answer(question: &[u8]) -> Option<(String, Vec<u8>)> {
    const ADDRESS_TYPE: [u8; 2] = [0, 1];
    let header = question.get(..HEADER)?;
    // A query (first bit clear) with exactly one question.
    if header.get(2)? & 0x80 != 0 || header.get(4..6)? != [0, 1] {
        return None;
    }
    let mut name = String::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        // Longer labels and pointers do not occur in questions.
        let label = (length < 64).then(|| question.get(at..at + length)).flatten()?;
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&String::from_utf8_lossy(label));
        at += length;
    }
    let end = at + 4;
    let asked = question.get(HEADER..end)?;
    let wants_address = question.get(at..at + 2)? == ADDRESS_TYPE;
    let mut reply = Vec::with_capacity(end + 16);
    reply.extend(header.get(..2)?);
    // A response, recursion desired and available, no error; one question, no or one answer.
    reply.extend([0x81, 0x80, 0, 1, 0, u8::from(wants_address), 0, 0, 0, 0]);
    reply.extend(asked);
    if wants_address {
        // The name by pointer, type A, class IN, no time to live, four bytes.
        reply.extend([0xc0, HEADER as u8, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        reply.extend(ADDRESS);
    }
    Some((name, reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x08attacker\x07example\x00\x00\x01\x00\x01";

    #[test]
    fn every_name_has_the_one_address() {
        let (name, reply) = answer(QUESTION).unwrap();
        assert_eq!(name, "attacker.example");
        assert!(reply.starts_with(&[0x12, 0x34, 0x81, 0x80]) && reply.ends_with(&ADDRESS));
    }

    #[test]
    fn what_is_no_question_is_not_answered() {
        for end in 0..QUESTION.len() {
            assert!(answer(&QUESTION[..end]).is_none(), "{end}");
        }
        let mut response = QUESTION.to_vec();
        response[2] |= 0x80;
        assert!(answer(&response).is_none());
    }
}

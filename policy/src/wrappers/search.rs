//! Programs that look for files and execute a command for what they find.

use crate::inner::Inner;
use crate::rows::{Call, Form, Row, command, dashed_mixed, executes, mixed, row};
use crate::word::{Fields, Opaque, Word};

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["find", "gfind", "bfs"], dashed_mixed("D= f= H L P X d E s x O?"), &[], Form::Special(0, find), &[
        ("find . -name x", &[]),
        ("find . -exec rm {} +", &["rm …"]),
        ("find . -type f -exec rm a{} ; -execdir ls {} ;", &["rm a{}", "ls …"]),
        ("find -ok rm {} ;", &["rm …"]),
        ("find . -okdir rm {}", &["rm …"]),
        ("find . -exec sh -c 'rm $1' _ {} ;", &["sh -c rm $1 _ …"]),
        ("find . ( -name a -o -exec rm x ; )", &["rm x"]),
        ("find $DIR -name x", &["executes 1"]),
        ("find $DIR! -name x", &[]),
        ("find $DIR! rm x ;", &["executes 1"]),
        ("find . -files0-from list", &[]),
    ]),
    row(&["fd", "fdfind"], mixed("H,hidden I,no-ignore u,unrestricted s,case-sensitive i,ignore-case g,glob regex \
              F,fixed-strings a,absolute-path l,list-details L,follow p,full-path d,max-depth= min-depth= exact-depth= \
              E,exclude= t,type= e,extension= S,size= changed-within,newer= changed-before,older= o,owner= format= \
              c,color= j,threads= max-results= 1 q,quiet C,base-directory= path-separator= search-path= 0,print0 \
              batch-size= ignore-file= strip-cwd-prefix? one-file-system prune and= x,exec! X,exec-batch!"), &[],
        Form::Special(0, fd), &[
        ("fd -x rm", &["rm …"]),
        ("fd -e rs . src -x rm {} -f", &["rm … -f"]),
        ("fd a --exec-batch rm", &["rm …"]),
        ("fd -Hx rm a{/}", &["rm a{/}"]),
        ("fd -x ls ; -x rm", &["ls …", "rm …"]),
        ("fd a", &[]),
        ("fd $X", &["executes 1"]),
    ]),
];

/// A word with place holders, as it is executed.
fn filled(word: &Word) -> Word {
    match word.prefix().find('{') {
        Some(at) if word.prefix().contains('}') => Word::Opaque(Opaque {
            written: if matches!(word.text(), Some("{}")) { "…".to_owned() } else { word.written().to_owned() },
            prefix: word.prefix().get(..at).unwrap_or("").to_owned(),
            fields: if matches!(word.text(), Some("{}")) { Fields::Many } else { Fields::One },
            why: "the name of a file that is found".to_owned(),
        }),
        _ => word.clone(),
    }
}

fn find(call: &Call<'_>, out: &mut Vec<Inner>) {
    let words = call.words;
    let ends = |word: &Word| matches!(word.text(), Some(";" | "\\;"));
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        match word {
            Word::Known(text) if matches!(text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir") => {
                let rest = words.get(at..).unwrap_or(&[]);
                let plus = |n: usize| {
                    n > 0
                        && rest.get(n).and_then(Word::text) == Some("+")
                        && rest.get(n - 1).is_some_and(|before| before.prefix() == "{}")
                };
                let end = (0..rest.len()).find(|n| rest.get(*n).is_some_and(ends) || plus(*n)).unwrap_or(rest.len());
                let inner: Vec<Word> = rest.iter().take(end).map(filled).collect();
                if inner.iter().any(|word| !word.is_one() && word.written() != "…") {
                    out.push(executes("executes words that are not known", at - 1));
                }
                if !inner.is_empty() {
                    out.push(command(inner));
                }
                at += end + 1;
            }
            Word::Known(_) => {}
            Word::Opaque(opaque) => {
                // One word can be the start of an action only if something ends that action.
                let action =
                    opaque.prefix.is_empty() || opaque.prefix.starts_with('-') || "-".starts_with(&opaque.prefix);
                let rest = words.get(at..).unwrap_or(&[]);
                let ended = rest
                    .iter()
                    .any(|word| ends(word) || word.text() == Some("+") || !word.is_one() || word.text().is_none());
                if !word.is_one() || (action && ended) {
                    out.push(executes(format!("`{}` may be an action that executes", word.written()), at - 1));
                }
            }
        }
    }
}

fn fd(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let Some(found) = call.reading.options.iter().find(|found| matches!(found.name.as_str(), "x" | "X")) {
        let mut inner: Vec<Word> = found.value.clone().into_iter().collect();
        inner.extend(call.words.iter().skip(found.value_at + 1).cloned());
        for (number, group) in inner.split(|word| word.text() == Some(";")).enumerate() {
            let skip = usize::from(number > 0);
            if number > 0
                && !group
                    .first()
                    .is_some_and(|word| matches!(word.text(), Some("-x" | "-X" | "--exec" | "--exec-batch")))
            {
                continue;
            }
            let mut words: Vec<Word> = group.iter().skip(skip).map(filled).collect();
            if words.is_empty() {
                continue;
            }
            if !group.iter().any(|word| word.prefix().contains('{')) {
                words.push(filled(&Word::from("{}")));
            }
            out.push(command(words));
        }
    }
    if let Some((at, why)) = &call.reading.unsure {
        out.push(executes(format!("may execute another program: {why}"), *at));
    }
}

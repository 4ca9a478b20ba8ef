//! Programs that fetch secrets or settings and execute a command that sees them.

use super::packages::behind_dashes;
use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Otherwise, Row, first, mixed, risky, row, script};

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["dotenv", "dotenvx"], first("e= f,file= c,cascade? v= o,override p= q,quote= x,export="), &[], Form::Special(0, after_run), &[
        ("dotenv -f .env run -- rm x", &["rm x"]),
        ("dotenvx run -f .env -- rm x", &["rm x"]),
        ("dotenv -e .env -- rm x", &["rm x"]),
        ("dotenv rm x", &["rm x"]),
    ]),
    row(&["doppler", "infisical", "teller", "op", "phase"], first("p,project= c,config= t,token= account= config-dir= debug no-color silent log-level="),
        &[], Form::Subcommands(&[
        risky(&["run"], mixed("command= c,config= p,project= e,env= env-file= environment= path= projectId= token= watch no-masking recursive \
                               preserve-env? fallback= mount= session= account= reset shell"),
            &[("command", Means::Shell("sh"))], Form::Special(0, behind_given)),
    ], ""), &[
        ("op run --env-file=f -- rm x", &["rm x"]),
        ("doppler run --command='rm x'", &["sh: rm x"]),
        ("teller run --reset -- rm x", &["rm x"]),
        ("op read x", &[]),
    ]),
    row(&["sops"], mixed("input-type= output-type= d,decrypt e,encrypt i,in-place background pristine user= no-fifo filename= config= same-process"),
        &[], Form::Special(0, sops), &[
        ("sops exec-env f 'rm x'", &["sh: rm x"]),
        ("sops --config c exec-file --no-fifo f 'rm {}'", &["sh: rm {}"]),
        ("sops -d f", &[]),
    ]),
    row(&["chamber", "aws-vault", "aws-okta", "saml2aws", "berglas", "awsume", "granted"], mixed("b,backend= r,retries= strict pristine d,duration= n,no-session \
              region= mfa-token= t= j,json s,server ecs-server prompt= a,idp-account= p,profile= exec-profile= local"),
        &[], Form::Special(0, behind_marked), &[
        ("chamber exec service -- rm x", &["rm x"]),
        ("aws-vault exec profile -d 1h -- rm x", &["rm x"]),
        ("aws-vault list", &[]),
    ]),
    row(&["envchain"], first("s,set n,noecho l,list"), &[("s", Means::Nothing), ("l", Means::Nothing)], Form::Command(1, Otherwise::Nothing),
        &[("envchain space rm x", &["rm x"])]),
    row(&["envconsul", "summon", "consul-template"], first("f= e= p,provider= D= c,config= prefix= secret= once pristine sanitize upcase exec= kill-signal= \
              template= yaml= environment="), &[("exec", Means::Shell("sh"))], PLAIN, &[
        ("summon -f secrets.yml rm x", &["rm x"]),
        ("consul-template --exec 'rm x'", &["sh: rm x"]),
    ]),
];

/// What stands behind `--` is a command; without one, the first word that is not `run`.
fn after_run(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.words.iter().any(|word| word.text() == Some("--")) {
        return behind_dashes(call, out);
    }
    let words = call.operands(0);
    let from = usize::from(words.first().is_some_and(|word| word.text() == Some("run")));
    if let Some(words) = words.get(from..).filter(|words| !words.is_empty()) {
        out.push(crate::rows::command(words.to_vec()));
    }
    call.doubt_before(call.operand_at(0).unwrap_or(call.last()), out);
}

/// A command behind `--`, unless an option gave one.
fn behind_given(call: &Call<'_>, out: &mut Vec<Inner>) {
    if !call.reading.has("command") {
        behind_dashes(call, out);
    }
}

/// A command behind `--`, where there is one.
fn behind_marked(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.operand(0).is_some_and(|word| word.text().is_none_or(|verb| verb == "exec")) {
        behind_dashes(call, out);
    }
}

/// `sops exec-env FILE TEXT`.
fn sops(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let [verb, _, text, ..] = call.operands(0).as_slice()
        && verb.text().is_none_or(|verb| matches!(verb, "exec-env" | "exec-file"))
    {
        out.push(script("sh", text.clone()));
    }
    call.doubt_before(call.last(), out);
}

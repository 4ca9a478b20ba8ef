//! Claims about whole profiles: the order of decision, what the language is, what is refused, what is not known.

use std::collections::BTreeMap;

use super::decide::{Look, Order, REAL, answer};
use super::*;
use crate::source::Source;

fn loaded(text: &str, parameters: &[(&str, &str)], imports: &[(&str, &str)]) -> Loaded {
    let parameters = parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let import = |name: &str| {
        let (_, text) = imports.iter().find(|(known, _)| *known == name)?;
        Some(Source { name: name.into(), text: (*text).into() })
    };
    let source = Source { name: "t.sb".into(), text: text.into() };
    load(source, &Settings { parameters: &parameters, import: &import })
}

fn profile(text: &str) -> Profile {
    loaded(&format!("(version 1)(deny default){text}"), &[], &[])
        .profile
        .unwrap_or_else(|why| panic!("{text}: {}", why.found.message))
}

fn query(words: &str) -> Query {
    let mut words = words.split(' ');
    let mut query = Query::new(words.next().unwrap()).unwrap();
    for word in words {
        match word.split_once('=') {
            Some((name, value)) => query.tell(name, value).unwrap(),
            None => query.tell_main(word).unwrap(),
        }
    }
    query
}

fn outcome(profile: &Profile, words: &str) -> Outcome {
    decide(profile, &query(words), None).outcome
}

fn refusal(text: &str) -> (Refusal, String) {
    let why = loaded(text, &[], &[]).profile.unwrap_err();
    (why.by, why.found.message)
}

/// Takes one clause of the order away.
type Mutation = fn(&mut Order);

/// Each clause of the order: what takes it away, and a profile and a question that then have another answer.
const MUTANTS: &[(&str, Mutation, &str, &str, Outcome)] = &[
    (
        "among filtered rules on one operation the last decides",
        |order| order.newest_first = false,
        "(allow file-read* (subpath \"/d\"))(deny file-read* (subpath \"/d/s\"))",
        "file-read-data /d/s/k",
        Outcome::Deny,
    ),
    (
        "an unfiltered rule does not beat a filtered one, wherever it stands",
        |order| order.filtered_before_unfiltered = false,
        "(deny network-outbound (remote unix-socket (subpath \"/run\")))(allow network-outbound)",
        "network-outbound unix:/run/x",
        Outcome::Deny,
    ),
    (
        "a rule on the exact operation beats one on a wider one",
        |order| order.exact_before_wider = false,
        "(allow file-read-data (subpath \"/\"))(deny file-read* (literal \"/p\"))",
        "file-read-data /p",
        Outcome::Allow,
    ),
    (
        "without a match the parent is asked",
        |order| order.parent_is_asked = false,
        "(deny file-write-unlink (literal \"/w/k\"))(allow file-write* (subpath \"/w\"))",
        "file-write-unlink /w/o",
        Outcome::Allow,
    ),
    (
        "of several unfiltered rules the last decides",
        |order| order.last_unfiltered = false,
        "(deny file-read*)(allow file-read*)",
        "file-read-data /x",
        Outcome::Allow,
    ),
    (
        "an unfiltered rule hides the rules of the parent",
        |order| order.unfiltered_hides_parent = false,
        "(allow file-read-metadata)(deny file-read* (subpath \"/s\"))",
        "file-read-metadata /s/x",
        Outcome::Allow,
    ),
    ("some verdicts are fixed", |order| order.fixed = false, "", "nvram-get", Outcome::Allow),
    (
        "what is fixed yields to a rule that names the operation",
        |order| order.rules_before_fixed = false,
        "(deny nvram*)(allow nvram* (nvram-variable \"a\"))",
        "nvram-get b",
        Outcome::Deny,
    ),
    (
        "a filtered rule on default is asked before the default statement",
        |order| order.filtered_default = false,
        "(allow default (subpath \"/d\"))",
        "file-read-data /d/x",
        Outcome::Allow,
    ),
    (
        "default acts last",
        |order| order.default_last = false,
        "(allow file-read* (subpath \"/d\"))",
        "file-read-data /d/x",
        Outcome::Allow,
    ),
    (
        "an unknown filter is kept until it cannot matter",
        |order| order.unknown_is_kept = false,
        "(allow signal (target same-sandbox))",
        "signal",
        Outcome::Unknown,
    ),
];

mod edges;
mod quickly;

#[test]
fn each_clause_of_the_order_decides_something() {
    for (clause, take_away, text, words, expected) in MUTANTS {
        let (profile, query) = (profile(text), query(words));
        assert_eq!(answer(&profile, &query, REAL, Look::Each, &mut |_| ()).outcome, *expected, "{clause}");
        let mut order = REAL;
        take_away(&mut order);
        assert_ne!(answer(&profile, &query, order, Look::Each, &mut |_| ()).outcome, *expected, "without: {clause}");
    }
    let silent = loaded("(version 1)(allow file-read*)", &[], &[]).profile.unwrap();
    assert_eq!(answer(&silent, &query("signal self"), REAL, Look::Each, &mut |_| ()).outcome, Outcome::Deny);
    let order = Order { deny_without_default: false, ..REAL };
    assert_eq!(answer(&silent, &query("signal self"), order, Look::Each, &mut |_| ()).outcome, Outcome::Allow);
}

#[test]
fn the_table_of_mutants_takes_each_clause_away_once() {
    let fields = |order: Order| -> Vec<String> { format!("{order:?}").split(", ").map(str::to_owned).collect() };
    let real = fields(REAL);
    // The one that needs a profile without a default statement stands beside the table.
    let mut taken = vec![real.iter().position(|field| field.starts_with("deny_without_default")).unwrap()];
    for (clause, take_away, ..) in MUTANTS {
        let mut order = REAL;
        take_away(&mut order);
        let mutant = fields(order);
        let differ: Vec<usize> = (0..real.len()).filter(|at| real[*at] != mutant[*at]).collect();
        assert_eq!(differ.len(), 1, "{clause}");
        taken.extend(differ);
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..real.len()).collect::<Vec<_>>(), "{real:?}");
}

#[test]
fn the_confidence_is_that_of_the_weakest_clause() {
    let confidence = |text: &str, words: &str| decide(&profile(text), &query(words), None).confidence();
    assert_eq!(confidence("(allow file-read* (subpath \"/d\"))", "file-read-data /d"), Confidence::High);
    assert_eq!(confidence("(deny file-read*)(allow file-read*)", "file-read-data /d"), Confidence::Low);
    assert_eq!(confidence("(allow file-read* (subpath \"/d/\"))", "file-read-data /d"), Confidence::Medium);
    assert_eq!(confidence("(allow file-read* (regex \"/\\.e\"))", "file-read-data /xe"), Confidence::Medium);
    assert_eq!(
        confidence("(deny sysctl-read)(allow sysctl* (sysctl-name \"a\"))", "sysctl-read a"),
        Confidence::Medium
    );
    assert_eq!(confidence("", "file-link /d"), Confidence::Medium);
    assert_eq!(confidence("", "file-map-executable /d"), Confidence::High);
    assert_eq!(confidence("", "mach-bootstrap"), Confidence::Low);
    let mapped = "network-outbound tcp:[::ffff:127.0.0.1]:80";
    assert_eq!(confidence("(allow network-outbound (remote ip \"localhost:*\"))", mapped), Confidence::Medium);
}

#[test]
fn scheme_that_profiles_need_is_evaluated() {
    let text = "(version 1)(deny default)
        (define home (param \"HOME\"))
        (define (below name) (subpath (string-append home name)))
        (if (param \"NET\") (allow network-outbound) (deny network-outbound (with no-log)))
        (when (string=? home \"/h\") (allow file-read* (below \"/a\")))
        (unless home (allow file-read*))
        (cond ((not (param \"X\")) (allow file-read* (literal \"/c\"))) (else (allow file-read* (literal \"/e\"))))
        (let ((p \"/l\")) (allow file-read* (literal p)))
        (let* ((p \"/m\") (q (string-append p \"/n\"))) (allow file-read* (literal q)))
        (begin (allow file-read* (regex (string-append \"^\" (regex-quote \"/q.\") \"$\"))))
        (if (and (defined? 'file-read*) (not (defined? 'no-such))) (allow file-read* (literal \"/d\")))
        (with-filter (require-not (subpath \"/w/no\")) (allow file-write* (subpath \"/w\")))
        (with-operations (file-write-data) (allow (literal \"/o\")))";
    let loaded = loaded(text, &[("HOME", "/h")], &[]);
    let profile = loaded.profile.unwrap_or_else(|why| panic!("{}", why.found.message));
    for path in ["/h/a/x", "/c", "/l", "/m/n", "/q.", "/d"] {
        assert_eq!(outcome(&profile, &format!("file-read-data {path}")), Outcome::Allow, "{path}");
    }
    for path in ["/h/b", "/e", "/qx", "/m"] {
        assert_eq!(outcome(&profile, &format!("file-read-data {path}")), Outcome::Deny, "{path}");
    }
    assert_eq!(outcome(&profile, "file-write-data /w/a"), Outcome::Allow);
    assert_eq!(outcome(&profile, "file-write-data /w/no/a"), Outcome::Deny);
    assert_eq!(outcome(&profile, "file-write-data /o"), Outcome::Allow);
    assert_eq!(outcome(&profile, "network-outbound tcp:1.2.3.4:5"), Outcome::Deny);
}

#[test]
fn what_macos_would_not_load_is_rejected() {
    for (text, says) in [
        ("", "no version"),
        ("(deny default)(version 1)", "before the version"),
        ("(version 2)", "only `(version 1)`"),
        ("(version 1)(version 2)", "only `(version 1)`"),
        ("(version 1)(allow file-teleport)", "no operation"),
        ("(version 1)(allow file-read-d*)", "no operation"),
        ("(version 1)(allow)", "names no operation"),
        ("(version 1)(allow (literal \"/x\"))", "names no operation"),
        ("(version 1)(allow file-read* (colour \"blue\"))", "no filter"),
        ("(version 1)(allow file-read* (subpath (param \"M\")))", "`M` is not defined"),
        ("(version 1)(allow file-read* (subpath nothing))", "`nothing` is not defined"),
        ("(version 1)(allow file-read* (require-not (literal \"/a\") (literal \"/b\")))", "takes one filter"),
        ("(version 1)(allow file-read* (require-all))", "at least one filter"),
        ("(version 1)(allow file-read* (literal))", "no value"),
        ("(version 1)(allow file-read* (path-ancestors \"a\"))", "begins with `/`"),
        ("(version 1)(allow file-read* (regex #\"(\"))", "not closed"),
        ("(version 1)(allow network-outbound (remote ip \"127.0.0.1:*\"))", "`*` or `localhost` only"),
        ("(version 1)(allow network-outbound (remote ip \"*:0\"))", "1 to 65535"),
        ("(version 1)(allow network-outbound (remote icmp \"*:*\"))", "no kind"),
        ("(version 1)(deny process-exec (with no-sandbox))", "does not fit"),
        ("(version 1)(allow file-read* (with no-sandbox))", "fits `process-exec*`"),
        ("(version 1)(allow file-read* (with no-log))", "does not fit"),
        ("(version 1)(allow file-read* (with glitter))", "no modifier"),
        ("(version 1)(allow file-read* (vnode-type SPOON))", "no `vnode-type`"),
        ("(version 1)(system-network)", "nothing defines it"),
        ("(version 1)(allow file-read*", "not closed"),
    ] {
        let (by, message) = refusal(text);
        assert_eq!(by, Refusal::Rejected, "{text}: {message}");
        assert!(message.contains(says), "{text}: {message}");
    }
}

#[test]
fn what_is_not_simulated_is_said_with_its_place() {
    for (text, says) in [
        ("(version 1)(define-syntax x (syntax-rules () ((_) 1)))", "`define-syntax`"),
        ("(version 1)(do ((i 0 i)) (#f))", "longer"),
        ("(version 1)(do ((l '() (cons 1 l))) (#f))", "longer"),
        ("(version 1)(call/cc (lambda (out) (out 1)))", "`call/cc`"),
        ("(version 1)(eval '(deny default) (interaction-environment))", "`eval` with an environment"),
        ("(version 1)(define (f) (eval '(f)))(f)", "deeper"),
        ("(version 1)(display \"hello\")", "`display`"),
        ("(version 1)(define v #(1 2))", "vectors"),
        ("(version 1)(if (< 1.5 2) (deny default))", "a fraction"),
        ("(version 1)(if (< (string->number \"10.15\") 11) (deny default))", "a fraction"),
        ("(version 1)(define l '((a . \"b\")))", "a pair that is no list"),
        ("(version 1)(string-ref \"caf\u{e9}\" 0)", "beyond ASCII"),
        ("(version 1)(deny file-ioctl (ioctl-command (_IOR \"t\" 19 termios)))", "a type of C"),
        ("(version 1)(define (param x) \"/\")", "a new meaning for `param`"),
        ("(version 1)(let loop ((x 1)) (loop x))", "deeper"),
        ("(version 1)(define (f) (f))(f)", "deeper"),
        ("(version 1)(define (f x) (map f (list x)))(f 1)", "deeper"),
        ("(version 1)(define-macro (f) '(f))(f)", "deeper"),
    ] {
        let why = loaded(text, &[], &[]).profile.unwrap_err();
        assert_eq!(why.by, Refusal::Unsupported, "{text}: {}", why.found.message);
        assert!(why.found.message.contains(says), "{text}: {}", why.found.message);
        assert!(!why.found.labels.is_empty(), "{text}");
    }
}

#[test]
fn the_scheme_of_real_profiles_makes_the_rules_it_says() {
    // What each makes, as the rules would be written out.
    for (text, plain) in [
        ("(define (each what . paths) (for-each (lambda (path) (allow what (subpath path))) paths))(each file-read* \"/a\" \"/b\")",
         "(allow file-read* (subpath \"/a\"))(allow file-read* (subpath \"/b\"))"),
        ("(apply allow file-read* (map literal '(\"/a\" \"/b\")))", "(allow file-read* (literal \"/a\") (literal \"/b\"))"),
        ("(let loop ((left '(\"/a\" \"/b\"))) (if (pair? left) (begin (allow file-read* (literal (car left))) (loop (cdr left)))))",
         "(allow file-read* (literal \"/a\"))(allow file-read* (literal \"/b\"))"),
        ("(define-macro (home name) `(subpath (string-append \"/h\" ,name)))(allow file-read* (home \"/x\"))",
         "(allow file-read* (subpath \"/h/x\"))"),
        ("(macro (two form) `(begin (allow ,(cadr form) (literal \"/a\")) (deny ,@(cdr form))))(two file-read* file-write*)",
         "(allow file-read* (literal \"/a\"))(deny file-read* file-write*)"),
        ("(define path \"/a\")(let ((path \"/b\")) (set! path \"/c\") (allow file-read* (literal path)))(allow file-read* (literal path))",
         "(allow file-read* (literal \"/c\"))(allow file-read* (literal \"/a\"))"),
        ("(define (adder x) (lambda (y) (string-append x y)))(let ((x \"/no\")) (allow file-read* (literal ((adder \"/a\") \"/b\"))))",
         "(allow file-read* (literal \"/a/b\"))"),
        ("(letrec ((even (lambda (n) (if (= n 0) #t (odd (- n 1))))) (odd (lambda (n) (if (= n 0) #f (even (- n 1))))))
            (when (even 4) (allow signal)))", "(allow signal)"),
        ("(case 'b ((a) (deny signal)) ((b c) (allow signal)) (else (deny default)))", "(allow signal)"),
        ("(define-once where (literal \"/a\"))(define-once where (literal \"/b\"))(allow file-read* where)",
         "(allow file-read* (literal \"/a\"))"),
        ("(define (near kind address) (allow network-outbound (remote kind address)))(near tcp \"localhost:80\")",
         "(allow network-outbound (remote tcp \"localhost:80\"))"),
        ("(define known '((a \"/a\") (b \"/b\")))(allow file-read* (literal (cadr (assq 'b known))))",
         "(allow file-read* (literal \"/b\"))"),
        ("(do ((i 0 (+ i 1)) (p \"/\" (string-append p \"a\"))) ((= i 3) (allow file-read* (literal p))) (allow signal))",
         "(allow signal)(allow signal)(allow signal)(allow file-read* (literal \"/aaa\"))"),
        ("(define (slash? c) (char=? c #\\/))(if (slash? (string-ref \"/a\" 0)) (allow signal))", "(allow signal)"),
        ("(allow file-read* (literal (list->string (map char-upcase (string->list \"/ab\")))))",
         "(allow file-read* (literal \"/AB\"))"),
        ("(if (and (char-numeric? #\\7) (char? #\\space) (eq? (integer->char 47) #\\/) (string<? \"a\" \"b\")) (allow signal))",
         "(allow signal)"),
        ("(allow file-read* (literal (string #\\/ #\\x61)))", "(allow file-read* (literal \"/a\"))"),
        ("(eval (list 'allow 'file-read* (list 'literal \"/a\")))", "(allow file-read* (literal \"/a\"))"),
        ("(cond (#f => (lambda (x) (deny signal))) ((member 2 '(1 2)) => (lambda (rest) (if (= (car rest) 2) (allow signal)))))",
         "(allow signal)"),
        ("(if (and (= (modulo -7 3) 2) (= (remainder -7 3) -1) (= (quotient 7 2) 3) (= (* 2 3 4) 24) (< 1 2 3) (not (< 1 3 2)) (= (- 5) -5)) (allow signal))",
         "(allow signal)"),
        ("(allow file-read* (literal (foldr string-append \"\" '(\"/a\" \"/b\"))))", "(allow file-read* (literal \"/a/b\"))"),
        ("(deny file-ioctl (ioctl-command (_IOW \"t\" 114 1)))", "(deny file-ioctl (ioctl-command TIOCSTI))"),
        ("(deny file-ioctl (ioctl-command 2147578994))", "(deny file-ioctl (ioctl-command TIOCSTI))"),
    ] {
        let made = profile(text);
        let wanted = profile(plain);
        let told = |profile: &Profile| {
            profile.rules.iter().map(|rule| (rule.action, rule.operations.clone(), rule.filter.clone())).collect::<Vec<_>>()
        };
        assert_eq!(told(&made), told(&wanted), "{text}");
        assert!(!made.rules.is_empty());
    }
}

#[test]
fn a_filter_of_messages_leaves_the_operation_it_stands_at_and_makes_messages_unknown() {
    let profile = profile(
        "(deny default)(allow mach-lookup (global-name \"a\") (apply-message-filter (deny mach-message-send) (allow mach-message-send (message-number 1))))",
    );
    let mut query = Query::new("mach-lookup").unwrap();
    query.tell_main("a").unwrap();
    assert_eq!(decide(&profile, &query, None).outcome, Outcome::Allow);
    assert_eq!(decide(&profile, &Query::new("mach-message-send").unwrap(), None).outcome, Outcome::Unknown);
}

#[test]
fn nothing_grows_without_bound() {
    let doubled = |start: &str, step: &str, names: usize| {
        let mut text = format!("(version 1)(define a0 {start})");
        for at in 0..names {
            text.push_str(&format!("(define a{} ({step} a{at} a{at}))", at + 1));
        }
        text.push_str(&format!("(allow file-read* a{names})"));
        loaded(&text, &[], &[]).profile.err().map(|why| why.by)
    };
    assert_eq!(doubled("\"0123456789\"", "string-append", 60), Some(Refusal::Unsupported));
    assert_eq!(doubled("(literal \"/\")", "require-any", 60), Some(Refusal::Unsupported));
    assert_eq!(doubled("(literal \"/\")", "require-any", 8), None);
    let mut chain = String::from("(version 1)(define a0 (literal \"/\"))");
    for at in 0..5000 {
        chain.push_str(&format!("(define a{} (require-not a{at}))", at + 1));
    }
    assert_eq!(refusal(&chain).0, Refusal::Unsupported);
    // Lists that double, are nested, or are written out as forms.
    assert_eq!(doubled("(list 1 2)", "append", 60), Some(Refusal::Unsupported));
    assert_eq!(doubled("(list 1)", "list", 400), Some(Refusal::Unsupported));
    let shared = (0..60).fold(String::from("(version 1)(define a0 (list 1))"), |text, at| {
        text + &format!("(define a{} (list 'list a{at} a{at}))", at + 1)
    });
    assert_eq!(refusal(&format!("{shared}(define-macro (m) a60)(m)")).0, Refusal::Unsupported);
    let slow = "(version 1)(define (f0) 1)".to_owned()
        + &(0..40).map(|at| format!("(define (f{}) (begin (f{at}) (f{at})))", at + 1)).collect::<String>()
        + "(f40)";
    assert_eq!(refusal(&slow).0, Refusal::Unsupported);
}

#[test]
fn a_missing_import_leaves_only_later_exact_filtered_rules_certain() {
    let text = "(version 1)(deny default)(allow file-read-data (literal \"/before\"))(import \"system.sb\")
        (allow file-read-data (literal \"/after\"))(allow file-write* (subpath \"/w\"))(allow signal)(home-subpath-rule)";
    let without = loaded(text, &[], &[]).profile.unwrap();
    for words in ["file-read-data /before", "file-write-data /w/x", "signal self", "file-read-data /x", "nvram-get"] {
        let verdict = decide(&without, &query(words), None);
        assert_eq!(verdict.outcome, Outcome::Unknown, "{words}");
        assert!(verdict.missing[0].contains("system.sb"), "{:?}", verdict.missing);
    }
    // The unknown call at the end stands after this rule.
    assert_eq!(outcome(&without, "file-read-data /after"), Outcome::Unknown);
    let text = text.replace("(home-subpath-rule)", "");
    let without = loaded(&text, &[], &[]).profile.unwrap();
    assert_eq!(outcome(&without, "file-read-data /after"), Outcome::Allow);
    let system = "(version 1)(define (home-subpath x) (subpath (string-append \"/h\" x)))(allow file-read* (literal \"/before\"))";
    let with = loaded(&format!("{text}(allow file-read* (home-subpath \"/y\"))"), &[], &[("system.sb", system)]);
    let with = with.profile.unwrap_or_else(|why| panic!("{}", why.found.message));
    assert_eq!(outcome(&with, "file-read-data /before"), Outcome::Allow);
    assert_eq!(outcome(&with, "file-read-data /h/y/z"), Outcome::Allow);
    assert_eq!(outcome(&with, "file-read-data /x"), Outcome::Deny);
}

#[test]
fn what_is_not_modelled_is_not_known_and_only_where_it_matters() {
    let profile = profile(
        "(allow file-read* (require-all (subpath \"/p\") (process-attribute is-apple)))(allow mach-lookup (require-entitlement \"x\"))",
    );
    assert_eq!(outcome(&profile, "file-read-data /p/x"), Outcome::Unknown);
    assert_eq!(outcome(&profile, "file-read-data /q"), Outcome::Deny);
    let verdict = decide(&profile, &query("mach-lookup com.x"), None);
    assert!(verdict.missing[0].contains("require-entitlement"), "{:?}", verdict.missing);
    let counted = super::tests::profile("(allow file-read* (regex #\"^/a{2}\"))");
    assert_eq!(outcome(&counted, "file-read-data /aa"), Outcome::Unknown);
}

#[test]
fn a_filter_outside_of_its_family_never_matches_and_is_warned_of() {
    let loaded = loaded("(version 1)(deny default)(allow process-fork (literal \"/x\"))", &[], &[]);
    assert_eq!(loaded.warnings.len(), 1);
    let verdict = decide(&loaded.profile.unwrap(), &query("process-fork path=/x"), None);
    assert_eq!((verdict.outcome, verdict.confidence()), (Outcome::Deny, Confidence::Low));
}

#[test]
fn a_name_that_older_systems_do_not_know_is_warned_of() {
    let warned = |command: &str| {
        let text = format!("(version 1)(allow default)(deny file-ioctl (ioctl-command {command}))");
        let loaded = loaded(&text, &[], &[]);
        let denied = |asked: &str| {
            decide(
                loaded.profile.as_ref().unwrap(),
                &query(&format!("file-ioctl path=/dev/ttys1 ioctl-command={asked}")),
                None,
            )
            .outcome
        };
        assert_eq!((denied("TIOCSTI"), denied("TIOCGWINSZ")), (Outcome::Deny, Outcome::Allow), "{command}");
        loaded.warnings.len()
    };
    assert_eq!((warned("TIOCSTI"), warned("2147578994"), warned("#x80017472")), (1, 0, 0));
}

#[test]
fn a_link_is_read_before_it_is_followed_and_a_name_is_taken_away_itself() {
    let profile = profile("(allow file-write* (subpath \"/w\"))(allow file-read-metadata (literal \"/w/l\"))");
    let links = BTreeMap::from([("/w/l".to_owned(), "/etc/x".to_owned()), ("/w/m".to_owned(), "/w/n".to_owned())]);
    let verdict = |words: &str| decide(&profile, &query(words), Some(&links));
    assert_eq!(verdict("file-write-data /w/l").outcome, Outcome::Deny);
    assert_eq!(verdict("file-write-unlink /w/l").outcome, Outcome::Allow);
    let unread = verdict("file-write-data /w/m");
    assert_eq!(unread.decided.unwrap().by, By::Traversal);
    let looped = BTreeMap::from([("/a".to_owned(), "/a".to_owned())]);
    assert_eq!(decide(&profile, &query("file-read-data /a"), Some(&looped)).outcome, Outcome::Unknown);
}

#[test]
fn an_explanation_names_the_rules_that_lost() {
    let profile = profile(
        "(allow file-read* (subpath \"/d\"))(deny file-read-data (subpath \"/d\"))(allow file-read-data (literal \"/d/x\"))(allow file-read*)",
    );
    let (verdict, steps, lost) = explain(&profile, &query("file-read-data /d/x"));
    assert_eq!(verdict.decided.unwrap().rule, Some(3));
    assert!(steps.contains(&Step::Tried(3, Truth::True)));
    let numbers: Vec<u32> = lost.iter().map(|lost| lost.rule).collect();
    assert_eq!(numbers, [2, 1, 4, 0]);
}

#[test]
fn old_names_of_filters_are_read() {
    let profile = profile(
        "(allow file-read* (path-literal \"/a\"))(allow file-ioctl (tty))(allow network-outbound (to tcp \"*:80\"))(allow network-inbound (from unix-socket))(allow iokit-open (iokit-user-client-class \"X\"))(allow mach-per-user-lookup)(debug deny)(trace \"/x\")",
    );
    for words in [
        "file-read-data /a",
        "file-ioctl path=/t vnode=TTY",
        "network-outbound tcp:1.2.3.4:80",
        "network-inbound unix:/s",
        "iokit-open X",
    ] {
        assert_eq!(outcome(&profile, words), Outcome::Allow, "{words}");
    }
}

#[test]
fn what_browsers_ask_of_the_system_is_evaluated() {
    let text = "(version 1)
        (define (is-set? name) (string=? (param name) \"TRUE\"))
        (define os (string->number (param \"OS\")))
        (define (starts? text head)
          (let ((l (string-length head)))
            (if (< (string-length text) l) #f (equal? (substring text 0 l) head))))
        (if (not (defined? 'iokit-registry-entry-class)) (define iokit-registry-entry-class iokit-user-client-class))
        (define data \"/System/Volumes/Data/\")
        (define (in-home subpath) (string-append (param \"HOME\") subpath))
        (define (fonts) (begin (allow file-read-data (subpath (in-home \"/Fonts\")))))
        (if (is-set? \"QUIET\") (deny default (with no-log)) (deny default))
        (when (starts? (param \"BUNDLE\") data)
          (define (strip text count) (substring text count (string-length text)))
          (allow file-read* (subpath (strip (param \"BUNDLE\") (- (string-length data) 1)))))
        (if (>= os 1300) (allow file-read* (subpath \"/new\")) (allow file-read* (subpath \"/old\")))
        (fonts)
        (when (defined? 'syscall-unix) (allow syscall-unix (syscall-number SYS_open)))";
    let given = [("OS", "1400"), ("QUIET", "FALSE"), ("HOME", "/h"), ("BUNDLE", "/System/Volumes/Data/out/B")];
    let profile = loaded(text, &given, &[]).profile.unwrap_or_else(|why| panic!("{}", why.found.message));
    for (path, expected) in [
        ("/out/B/x", Outcome::Allow),
        ("/new", Outcome::Allow),
        ("/old", Outcome::Deny),
        ("/h/Fonts/f", Outcome::Allow),
    ] {
        assert_eq!(outcome(&profile, &format!("file-read-data {path}")), expected, "{path}");
    }
    let why = loaded(text, &given[1..], &[]).profile.unwrap_err();
    assert!(why.found.message.contains("`OS` is not defined"), "{}", why.found.message);
    for wrong in [
        "(substring \"abc\" 2 9)",
        "(substring \"abc\" 2 1)",
        "(- \"a\" 1)",
        "(< 1)",
        "(+ 9223372036854775807 1)",
        "(quotient 1 0)",
        "(modulo 1 0)",
        "(string-ref \"a\" 1)",
        "(integer->char -1)",
        "(list->string '(1))",
        "(do)",
        "(do ((i 0 1 2)) (#t))",
        "(_IO \"th\" 1)",
    ] {
        assert_eq!(refusal(&format!("(version 1){wrong}")).0, Refusal::Rejected, "{wrong}");
    }
}

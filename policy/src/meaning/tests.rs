use super::*;
use crate::decision::Decision;
use crate::pattern::PatternElement;
use crate::rule::{Length, NewRule, Origin};
use crate::ruleset::{RuleSet, RuleSetBuilder};
use crate::source::{SourceId, Span};
use crate::word::{Fields, Opaque, Word};

fn rules(patterns: &[&str]) -> RuleSet {
    let mut builder = RuleSetBuilder::new();
    for pattern in patterns {
        let mut elements = pattern.split(' ').map(|element| {
            let words: Vec<String> = element.split('|').map(str::to_owned).collect();
            if words.len() == 1 { PatternElement::Word(words[0].clone()) } else { PatternElement::AnyOf(words) }
        });
        let heads = elements.next().map(|head| head.words().to_vec()).unwrap_or_default();
        builder.rule(&NewRule {
            heads,
            rest: elements.collect(),
            decision: Decision::Forbidden,
            justification: None,
            comparison: Comparison::Exact,
            length: Length::AtLeast,
            reviewer: None,
            origin: Origin { at: Span { source: SourceId(0), start: 0, end: 0 }, via: Vec::new() },
        });
    }
    builder.build()
}

/// `$x` is unknown and any number of words; in double quotes it is one.
fn word(written: &str) -> Word {
    let (inner, fields) = match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => (inner, Fields::One),
        None => (written, Fields::Many),
    };
    match inner.find(['$', '*']) {
        Some(at) => Word::Opaque(Opaque {
            written: written.to_owned(),
            prefix: inner[..at].to_owned(),
            fields,
            why: "unknown".into(),
        }),
        None => Word::known(inner),
    }
}

fn found(pattern: &str, command: &str) -> Found {
    let words: Vec<Word> = command.split(' ').map(word).collect();
    let mut found = Found::default();
    rules(&[pattern]).meant(words[0].prefix(), words.as_slice(), &mut found);
    found
}

const HITS: &[(&str, &[&str])] = &[
    (
        "git push",
        &[
            "git -C /p push",
            "git -C/p push",
            "git -c a.b=c push",
            "git --git-dir=/p/.git push",
            "git --git-dir /p push",
            "git --no-pager push",
            "git -c a=b -C /p --no-pager push x",
            "git -Pc a=b push",
            "git --unheard-of push",
            "git --unheard-of x push",
            "git push -f",
        ],
    ),
    (
        "rm -rf",
        &[
            "rm -fr x",
            "rm -r -f x",
            "rm --recursive --force x",
            "rm x -rf",
            "rm -rfv x",
            "rm --recurs --forc x",
            "rm -R -f",
            "rm -f x y -vR",
            "rm -rf -- x",
            "rm -rrrf x",
        ],
    ),
    ("rm --force", &["rm -f x", "rm -rf x", "rm x --for"]),
    ("rm -rf|-r /|/*", &["rm -f -r /", "rm / -rf", "rm -rfv /", "rm -r -- /"]),
    (
        "git push --force",
        &["git push origin main -f", "git push --forc", "git -C x push o --force", "git push -uf o m"],
    ),
    ("git push -f", &["git push --force", "git push o --force", "git push o +main", "git -C x push o a +b:c"]),
    ("git push --delete", &["git push o :main", "git push -d o main", "git push o -d main"]),
    ("git push|pull -f|--all", &["git pull --all", "git push x --all", "git -C a pull -f"]),
    ("git clean -fdx", &["git clean -xdf", "git clean -f -d -x", "git clean --force -dx"]),
    ("git reset --hard", &["git reset HEAD~1 --hard", "git -C x reset --har"]),
    ("git branch -D", &["git branch x -D", "git -C x branch -D y"]),
    ("git diff", &["git diff -- x", "git --no-pager diff -- x"]),
    ("git -C", &["git --no-pager -C /p status", "git -C/p status"]),
    ("git -c core.pager=x", &["git -C /p -c core.pager=x log", "git -ccore.pager=x log"]),
    ("terraform apply", &["terraform -chdir=prod apply", "terraform -chdir=prod apply -auto-approve"]),
    (
        "terraform apply -auto-approve",
        &["terraform apply -input=false --auto-approve", "terraform -chdir=x apply -auto-approve"],
    ),
    (
        "docker run --privileged",
        &[
            "docker run -it --privileged alpine",
            "docker run -v a:b --privileged alpine sh",
            "docker --context c run --privileged=true alpine",
            "docker run --name x --privileged alpine",
        ],
    ),
    ("docker run|create --pid=host|--net=host", &["docker run -d --pid host x", "docker create --network=host x"]),
    (
        "kubectl delete",
        &["kubectl -n x delete ns y", "kubectl --namespace=x delete ns", "kubectl --context p delete ns"],
    ),
    ("kubectl delete ns", &["kubectl delete -n x ns y", "kubectl delete --force ns y"]),
    ("npm publish", &["npm --prefix x publish", "npm --prefix=x publish", "npm --loglevel silly publish"]),
    ("npm install -g", &["npm --global install x", "npm install x --global", "npm -g install x"]),
    (
        "cargo publish",
        &[
            "cargo +nightly publish",
            "cargo --color never publish",
            "cargo -q publish -p x",
            "cargo +nightly -Z a publish",
        ],
    ),
    ("chmod -R 777", &["chmod 777 -R x", "chmod --recursive 777 x", "chmod -vR 777 x"]),
    ("chmod 777", &["chmod -R 777 x", "chmod -v 777 x"]),
    (
        "curl -X POST",
        &[
            "curl -XPOST u",
            "curl --request POST u",
            "curl --request=POST u",
            "curl -s u -X POST",
            "curl -sXPOST u",
            "curl --reques POST u",
        ],
    ),
    ("curl -XPOST", &["curl -X POST u", "curl u --request=POST"]),
    ("curl -X|--request POST|PUT", &["curl u -XPUT", "curl -sLX POST u"]),
    ("systemctl stop", &["systemctl --user stop x", "systemctl -H h stop x"]),
    (
        "apt|apt-get install",
        &["apt -y install x", "apt-get -o a=b install x", "apt -t stable install x", "apt-get -qq install x"],
    ),
    ("pip install", &["pip --proxy p install x", "pip -q install x", "pip --python /x install y"]),
    ("helm uninstall", &["helm -n x uninstall a", "helm --kube-context p uninstall a"]),
    ("aws s3 rm", &["aws --profile p s3 rm x", "aws s3 --region r rm x", "aws --debug s3 rm x"]),
    (
        "gcloud compute instances delete",
        &["gcloud --project p compute instances delete x", "gcloud compute --quiet instances delete x"],
    ),
    ("gh repo delete", &["gh -R x repo delete", "gh repo -R x delete y", "gh repo delete --yes x"]),
    ("dd of=/dev/sda", &["dd if=x of=/dev/sda", "dd bs=1M of=/dev/sda if=x"]),
    ("tar -xf", &["tar xf a", "tar xvf a", "tar -vxf a", "tar -x -f a", "tar --extract --file=a", "tar fx a"]),
    ("tar xf", &["tar -xf a", "tar xvf a"]),
    ("tar --to-command", &["tar xf a --to-com=sh", "tar xf a --to-command=sh"]),
    ("find -delete", &["find . -delete", "find . -name x -delete"]),
    ("find . -exec rm", &["find . -name x -exec rm {} +"]),
    ("sed -i", &["sed -n -i p f", "sed -ni p f", "sed -e p -i.bak f", "sed --in-place p f", "sed -i.bak p f"]),
    ("bash -c", &["bash -lc x", "bash -l -c x", "bash --norc -c x"]),
    ("python3 -c", &["python3 -Bc x", "python3 -W ignore -c x", "python3 -cx"]),
    ("perl -e", &["perl -ne x", "perl -w -e x"]),
    ("node -e", &["node --eval=x", "node --eval x", "node -r a -e x"]),
    ("ssh host", &["ssh -p 22 host", "ssh -v host ls"]),
    // Of programs in no table.
    (
        "unheard sub",
        &["unheard --verbose sub", "unheard --file f sub", "unheard -v sub", "unheard --a=b sub", "unheard -x y sub z"],
    ),
    ("unheard -rf", &["unheard -fr", "unheard -r -f x", "unheard x -rvf"]),
    ("unheard sub --force", &["unheard sub x --force", "unheard --a b sub --force", "unheard sub --forc"]),
    ("unheard -X POST", &["unheard -XPOST", "unheard a -X POST"]),
    ("unheard -out=x", &["unheard a -out=x"]),
    ("unheard -jar x", &["unheard -v -jar x"]),
    ("git unheard -x", &["git unheard y -x", "git -C a unheard -yx"]),
];

const MISSES: &[(&str, &[&str])] = &[
    (
        "git push",
        &[
            "git stash push",
            "git commit -m push",
            "git log push",
            "git -c push status",
            "git help push",
            "git -C push status",
            "git --git-dir push log",
            "git stash push -m x",
            "git --no-pager log push",
            "git commit -am push",
        ],
    ),
    (
        "rm -rf",
        &["rm -r x", "rm -f x", "rm x", "rm -- -rf", "rm -r -- -f", "rm ./-rf", "rm --force x", "rm - rf", "rmdir -rf"],
    ),
    ("rm -rf /", &["rm -rf build /", "rm -rf ./", "rm -r /"]),
    (
        "git push --force",
        &[
            "git push --force-with-lease",
            "git push -u o m",
            "git push --no-force-with-lease",
            "git push -o -f",
            "git push o main",
            "git push o :main",
            "git fetch --force",
            "git push -- --force",
        ],
    ),
    ("git -C", &["git commit -C HEAD", "git log -C"]),
    ("git commit -c", &["git -c a=b commit -m x"]),
    (
        "docker run --privileged",
        &["docker run alpine --privileged", "docker exec --privileged x", "docker run --name --privileged x"],
    ),
    ("docker run", &["docker ps -a", "docker -H run ps", "docker exec x run"]),
    ("curl -X POST", &["curl -X GET POST", "curl -XGET u", "curl -H POST u", "curl -d POST u"]),
    ("kubectl delete", &["kubectl -n delete get pods", "kubectl get delete -o yaml"]),
    ("npm publish", &["npm run publish --if-present", "npm --prefix publish test"]),
    ("cargo publish", &["cargo +publish build", "cargo build --package publish", "cargo run -- publish"]),
    ("chmod -R 777", &["chmod 777 x", "chmod -R 755 777"]),
    ("terraform apply", &["terraform -chdir=apply plan", "terraform plan -out apply"]),
    ("dd of=/dev/sda", &["dd of=/dev/sdb", "dd if=/dev/sda of=x"]),
    ("tar -xf", &["tar tf x", "tar cf x", "tar -cf xf"]),
    ("find -delete", &["find . -name -delete"]),
    ("python3 -c", &["python3 x.py -c", "python3 -m x -c"]),
    ("sed -i", &["sed -e i f", "sed -n p -- -i"]),
    ("unheard sub", &["unheard --a=b other sub", "unheard other --sub", "unheard x -y sub"]),
    ("unheard -rf", &["unheard -r", "unheard -- -rf"]),
    ("unheard sub --force", &["unheard sub --for-each", "unheard sub -- --force"]),
];

#[test]
fn a_rule_follows_what_a_command_says() {
    let mut wrong = Vec::new();
    for (pattern, commands) in HITS {
        for command in *commands {
            if found(pattern, command).hits.is_empty() {
                wrong.push(format!("`{pattern}` misses `{command}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_does_not_reach_what_only_looks_like_it() {
    let mut wrong = Vec::new();
    for (pattern, commands) in MISSES {
        for command in *commands {
            let found = found(pattern, command);
            if !found.hits.is_empty() || !found.possible.is_empty() {
                wrong.push(format!("`{pattern}` hits `{command}`: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_word_of_unknown_value_may_be_what_is_missing() {
    let possible: &[(&str, &str)] = &[
        ("rm -rf", "rm $x"),
        ("rm -rf", "rm \"$x\""),
        ("rm -rf", "rm -r \"$x\""),
        ("rm -rf", "rm -r$x y"),
        ("rm -rf", "rm --recursive --$x y"),
        ("rm -rf", "rm ./$x"),
        ("rm -rf", "rm *"),
        ("rm -rf /", "rm -rf $x"),
        ("rm -rf /", "rm -rf \"/$x\""),
        ("git push", "git $x"),
        ("git push", "git \"$x\""),
        ("git push", "git \"$x\" push"),
        ("git push", "git $x y"),
        ("git push", "git \"pu$x\""),
        ("git push", "git -C $x status"),
        ("git push --force", "git push $x"),
        ("git push --force", "git $x"),
        ("git push --force", "git push \"--$x\""),
        ("curl -X POST", "curl -X \"$m\" u"),
        ("curl -X POST", "curl \"-XP$m\" u"),
        ("aws s3 rm", "aws $x rm"),
        ("unheard a b c", "unheard $x"),
        ("unheard a b c", "unheard a$x"),
    ];
    for (pattern, command) in possible {
        let found = found(pattern, command);
        assert!(found.hits.is_empty() && !found.possible.is_empty(), "`{pattern}` and `{command}`: {found:?}");
    }
    let impossible: &[(&str, &str)] = &[
        ("rm -rf", "rm ./*"),
        ("rm -rf", "rm -- $x"),
        ("rm -rf", "rm \"./$x\""),
        ("rm -rf", "rm -r \"src/$x\""),
        ("git push", "git \"st$x\""),
        ("git push", "git -C \"$x\" status"),
        ("git push", "git status $x"),
        ("git push --force", "git push -o \"$x\""),
        ("git push --force", "git push \"--no-$x\""),
        ("curl -X POST", "curl -X \"GE$m\" u"),
    ];
    for (pattern, command) in impossible {
        let found = found(pattern, command);
        // A value of unknown text is not looked into.
        if command.contains("GE") {
            continue;
        }
        assert!(found.hits.is_empty() && found.possible.is_empty(), "`{pattern}` and `{command}`: {found:?}");
    }
    for (pattern, command) in
        [("rm -rf", "rm -fr $x"), ("git push", "git -C \"$x\" push"), ("git push", "git -C x push $y")]
    {
        assert!(!found(pattern, command).hits.is_empty(), "`{pattern}` and `{command}`");
    }
}

#[test]
fn a_hostile_command_is_read_in_a_moment() {
    let start = |words: Vec<String>, pattern: &str| {
        let mut found = Found::default();
        rules(&[pattern]).meant("unheard", words.as_slice(), &mut found);
        found.hits.len()
    };
    let repeated = |piece: &[&str], times: usize| -> Vec<String> {
        let words = piece.iter().cycle().take(piece.len() * times);
        std::iter::once("unheard").chain(words.copied()).map(str::to_owned).collect()
    };
    assert_eq!(start(repeated(&["-x", "a"], 5_000), "unheard a a a b"), 0);
    assert_eq!(start(repeated(&["--x", "a"], 5_000), "unheard a a a a --y"), 0);
    assert_eq!(start(repeated(&[&format!("-{}", "xy".repeat(500_000))], 1), "unheard -xyz"), 0);
    let many: Vec<Word> = repeated(&["a", "-b"], 2_000).iter().map(|text| word(&text.replace("-b", "$b"))).collect();
    let mut found = Found::default();
    rules(&["unheard b b b c -z"]).meant("unheard", many.as_slice(), &mut found);
    assert!(found.hits.is_empty() && found.possible.len() <= MOST_POSSIBLE);
}

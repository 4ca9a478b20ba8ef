use super::*;

fn debian() -> Tree {
    Tree::new(Case::Exact)
        .link("/bin", "usr/bin")
        .link("/sbin", "usr/sbin")
        .directory("/usr/sbin")
        .program("/usr/bin/rm")
        .program("/usr/bin/git")
        .program("/usr/bin/vim.basic")
        .link("/usr/bin/vi", "/etc/alternatives/vi")
        .link("/etc/alternatives/vi", "/usr/bin/vim.basic")
        .directory("/w")
}

fn around(files: &Tree) -> Surroundings<'_> {
    Surroundings {
        path: Some("/usr/local/bin:/usr/bin:/bin"),
        cwd: "/w",
        home: Some("/home/me"),
        workspace: None,
        files,
        case: Case::Exact,
    }
}

fn real(word: &str, files: &Tree) -> Option<String> {
    identify(word, &around(files)).expect("facts").real
}

#[test]
fn a_path_leads_where_the_kernel_would_go() {
    let long = format!("/{}", "x".repeat(300));
    let far = format!("{}/usr/bin/rm", "/.".repeat(2_100));
    let files = debian()
        .link("/w/y", "/bin/rm")
        .link("/w/z", "y")
        .link("/w/up", "/usr/bin")
        .link("/w/round", "about")
        .link("/w/about", "round")
        .link("/w/none", "/usr/bin/none")
        .link("/w/slash", "/usr/bin/rm/")
        .link("/w/shell", "/proc/self/exe")
        .link("/dev/fd", "/proc/self/fd");
    let rm = Some("/usr/bin/rm");
    let table = [
        ("rm", rm),
        ("/bin/rm", rm),
        ("//usr//bin/./rm", rm),
        ("/usr/bin/../bin/rm", rm),
        ("./y", rm),
        ("../w/z", rm),
        // The text says `/w/rm`; the kernel goes above what the link leads to.
        ("up/../bin/rm", rm),
        ("up/rm", rm),
        ("/proc/self/root/usr/bin/rm", rm),
        ("/proc/1/root/bin/rm", rm),
        ("/proc/thread-self/root/proc/self/task/7/root/bin/rm", rm),
        ("/proc/self/cwd/y", rm),
        ("/proc/self/cwd/../bin/rm", rm),
        ("/bin/rm/", None),
        ("/bin/rm/.", None),
        ("/bin/rm/../rm", None),
        ("slash", None),
        ("./slash", None),
        ("./round", None),
        ("./none", None),
        ("/proc/self/exe", None),
        ("./shell", None),
        ("/dev/fd/3", None),
        ("/usr/bin", None),
        ("vi", Some("/usr/bin/vim.basic")),
        (long.as_str(), None),
        (far.as_str(), None),
    ];
    for (word, expected) in table {
        assert_eq!(real(word, &files).as_deref(), expected, "{word}");
    }
    assert_eq!(identify("", &around(&files)), None);
    assert_eq!(identify("r\0m", &around(&files)), None);
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let chain = |length: usize| {
        let start = debian().link("/w/l0", "/usr/bin/rm");
        (1..length).fold(start, |files, at| files.link(&format!("/w/l{at}"), &format!("l{}", at - 1)))
    };
    assert_eq!(real("./l39", &chain(40)).as_deref(), Some("/usr/bin/rm"));
    assert_eq!(real("./l40", &chain(41)), None);
}

#[test]
fn the_search_passes_over_what_cannot_be_started() {
    let files = debian()
        .directory("/a/git")
        .file("/b/git")
        .link("/c/git", "/nowhere")
        .link("/e/git", "../usr/bin/git")
        .program("/w/git")
        .program("/w/d/git")
        .program("/home/me/bin/git");
    let long = format!("{}:/usr/bin", "/x".repeat(3_000));
    // PATH, what is found, whether the working directory had a say, whether the sandbox can have put it there.
    let table = [
        (Some("/a:/b:/c:/none:/usr/bin"), Some("/usr/bin/git"), false, false),
        (Some("/e:/usr/bin"), Some("/e/git"), false, false),
        (Some("/usr/bin/:/x"), Some("/usr/bin/git"), false, false),
        (Some("/b//../usr/bin"), Some("/usr/bin/git"), false, false),
        (Some(""), Some("/w/git"), true, true),
        (Some(":/usr/bin"), Some("/w/git"), true, true),
        (Some("/usr/bin:"), Some("/usr/bin/git"), false, false),
        (Some("/a::/usr/bin"), Some("/w/git"), true, true),
        (Some("."), Some("/w/git"), true, true),
        (Some("d"), Some("/w/d/git"), true, true),
        (Some("../usr/bin"), Some("/usr/bin/git"), true, false),
        (Some("/w/d:/usr/bin"), Some("/w/d/git"), false, true),
        (Some("/proc/self/cwd/d"), Some("/proc/self/cwd/d/git"), false, true),
        (Some("~/bin:/usr/bin"), Some("/home/me/bin/git"), true, false),
        (Some(long.as_str()), Some("/usr/bin/git"), false, false),
        (Some("/a:/b"), None, false, false),
        (None, Some("/usr/bin/git"), false, false),
    ];
    for (path, expected, relative, changeable) in table {
        let known = identify("git", &Surroundings { path, ..around(&files) }).expect("facts");
        let seen = (known.resolved.as_deref(), known.through_relative_path, known.changeable);
        assert_eq!(seen, (expected, relative, changeable), "{path:?}");
        assert_eq!(known.resolved, known.lookup);
    }
    let long = identify(&"x".repeat(256), &around(&files)).expect("facts");
    assert_eq!(long.resolved, None);
}

#[test]
fn the_search_is_told_in_the_spelling_of_the_word_where_both_are_one_entry() {
    let files = debian().link("/tmp/git", "/usr/bin/git").link("/tmp/bin", "/usr/bin");
    let lookup = |word: &str, path: &str| {
        identify(word, &Surroundings { path: Some(path), ..around(&files) }).expect("facts").lookup
    };
    assert_eq!(lookup("/usr/bin/git", "/bin:/usr/bin").as_deref(), Some("/usr/bin/git"));
    assert_eq!(lookup("/usr/bin/vi", "/bin").as_deref(), Some("/usr/bin/vi"));
    for other in ["/tmp/git", "/tmp/bin/git", "/bin/git", "//usr/bin/git", "/usr/bin/../bin/git"] {
        assert_eq!(lookup(other, "/usr/bin").as_deref(), Some("/usr/bin/git"), "{other}");
    }
    assert_eq!(lookup("/usr/bin/git", "/usr/sbin"), None);
}

#[test]
fn every_name_on_the_way_is_told() {
    let files = debian().link("/w/y", "/usr/bin/vi").link("/home/me/e", "/usr/bin/rm");
    let also = |word: &str| identify(word, &around(&files)).expect("facts").also;
    assert_eq!(also("./y"), ["vi", "/usr/bin/vi", "/etc/alternatives/vi", "/bin/vim.basic"],);
    assert_eq!(also("~/e"), ["/home/me/e", "rm", "/usr/bin/rm"]);
    assert_eq!(also("/usr/bin/git"), ["/bin/git"]);
    assert!(also("unheard").is_empty());
}

#[test]
fn a_workspace_is_looked_for_on_the_whole_way() {
    let files = debian()
        .program("/w/tool")
        .link("/opt/tool", "/w/tool")
        .link("/opt/dir", "/w")
        .link("/w/out", "/usr/bin")
        .program("/wide/tool");
    let changeable = |word: &str, workspace: Option<&str>| {
        identify(word, &Surroundings { workspace, ..around(&files) }).expect("facts").changeable
    };
    for word in ["/w/tool", "./tool", "/opt/tool", "/opt/dir/tool", "/w/out/git", "/usr/../w/out/git"] {
        assert!(changeable(word, None), "{word}");
    }
    for word in ["/usr/bin/git", "git", "/wide/tool", "../usr/bin/git"] {
        assert!(!changeable(word, None), "{word}");
        assert!(!changeable(word, Some("/")), "{word}");
    }
    assert!(!changeable("./tool", Some("/elsewhere")));
    assert!(changeable("git", Some("/usr")));
}

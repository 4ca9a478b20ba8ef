use super::*;
use policy::load::{Banned, File as RuleFile, Options, load};
use std::os::unix::fs::PermissionsExt;

fn rules() -> (Vec<RuleFile>, RuleSet) {
    let files = vec![RuleFile { name: "a".into(), text: Ok("prefix_rule(pattern=[[\"a\", \"b\"], \"c\"])".into()) }];
    let set = load(files.clone(), Options::in_directory("/")).ruleset;
    (files, set)
}

fn entry_in(directory: &Path) -> Entry {
    Entry {
        directory: directory.to_owned(),
        name: name(&rules().0, Language::Extended, Banned::Refuse).expect("a name"),
    }
}

#[test]
fn what_is_written_is_read_back_and_judges_the_same() {
    let root = tempfile::tempdir().expect("a directory");
    let entry = entry_in(root.path());
    assert!(entry.read().is_none());
    entry.write(&rules().1);
    let set = entry.read().expect("it was written");
    assert_eq!(set.rules().map(|rule| rule.head().to_owned()).collect::<Vec<_>>(), ["a", "b"]);
    let argv = ["b".to_owned(), "c".to_owned()];
    let request = policy::request::Request::strict(&argv);
    assert_eq!(policy::judge::judge(&set, &request), policy::judge::judge(&rules().1, &request));
}

#[test]
fn a_damaged_open_linked_or_renamed_entry_is_not_used() {
    let root = tempfile::tempdir().expect("a directory");
    let entry = entry_in(root.path());
    let path = root.path().join(&entry.name);
    entry.write(&rules().1);
    let whole = fs::read(&path).expect("written");
    for at in [0, HASH, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, damaged).expect("written");
        assert!(entry.read().is_none(), "byte {at}");
    }
    fs::write(&path, &whole[..10]).expect("written");
    assert!(entry.read().is_none());
    fs::write(&path, &whole).expect("written");
    assert!(entry.read().is_some());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).expect("changed");
    assert!(entry.read().is_none());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
    let other = Entry { name: "other".into(), ..entry.clone() };
    fs::rename(&path, root.path().join("other")).expect("renamed");
    assert!(other.read().is_none());
    std::os::unix::fs::symlink(root.path().join("other"), &path).expect("linked");
    assert!(entry.read().is_none());
}

#[test]
fn only_a_private_directory_in_a_safe_place_is_used() {
    let root = tempfile::tempdir().expect("a directory");
    let root = fs::canonicalize(root.path()).expect("it exists");
    let directory = root.join("cache");
    let elsewhere = Path::new("/proc");
    assert_eq!(usable(&directory, elsewhere, &[]), Some(directory.clone()));
    assert_eq!(usable(&directory, &root, &[]), None, "below the working directory");
    assert_eq!(
        usable(&directory, elsewhere, std::slice::from_ref(&root)),
        None,
        "below a directory for temporary files"
    );
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o750)).expect("changed");
    assert_eq!(usable(&directory, elsewhere, &[]), None, "readable by others");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("changed");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o777)).expect("changed");
    assert_eq!(usable(&directory, elsewhere, &[]), None, "replaceable by others");
}

#[test]
fn a_name_depends_on_names_texts_language_and_their_borders() {
    let file = |name: &str, text: &str| RuleFile { name: name.into(), text: Ok(text.into()) };
    let names: Vec<_> = [
        (vec![file("a", "b")], Language::Extended, Banned::Refuse),
        (vec![file("a", "b")], Language::Extended, Banned::Ignore),
        (vec![file("a", "b")], Language::Codex169, Banned::Refuse),
        (vec![file("ab", "")], Language::Extended, Banned::Refuse),
        (vec![file("a", ""), file("b", "")], Language::Extended, Banned::Refuse),
    ]
    .iter()
    .map(|(files, language, banned)| name(files, *language, *banned))
    .collect();
    for (at, one) in names.iter().enumerate() {
        assert!(one.is_some() && !names[at + 1..].contains(one));
    }
}

#[test]
fn the_oldest_entries_go_when_there_are_too_many() {
    let root = tempfile::tempdir().expect("a directory");
    let count = || fs::read_dir(root.path()).expect("listed").count();
    for number in 0..MOST_ENTRIES + 5 {
        Entry { directory: root.path().to_owned(), name: number.to_string() }.write(&RuleSet::default());
        assert!(count() <= MOST_ENTRIES, "{number}");
    }
    assert_eq!(count(), LEFT_ENTRIES + 4);
    assert!(root.path().join((MOST_ENTRIES + 4).to_string()).exists());
}

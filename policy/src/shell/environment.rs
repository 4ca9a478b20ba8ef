//! Variables by which a program can be told to execute another: one row a variable or a family of them.

/// Why setting a variable puts what is executed afterwards in doubt.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The name; `*` at either end stands for anything.
    name: &'static str,
    /// What it does, in words.
    does: &'static str,
    /// Values that do none of it.
    harmless: &'static [&'static str],
}

const fn row(name: &'static str, does: &'static str) -> Row {
    Row { name, does, harmless: &[] }
}

const PAGERS: &[&str] = &["", "cat", "less", "more", "/bin/cat", "/usr/bin/cat", "/usr/bin/less"];
const EDITORS: &[&str] = &["", "true", ":", "/bin/true", "/usr/bin/true", "cat"];
const SWITCH: &[&str] = &["", "0", "1", "true", "false", "yes", "no", "on", "off"];

/// Exceptions stand before the family they belong to; the first row that fits decides.
const ROWS: &[Row] = &[
    row("PATH", "decides which program a name starts"),
    row("CDPATH", "decides where `cd` leads"),
    row("HOME", "decides which configuration programs read"),
    row("XDG_CONFIG_*", "decides which configuration programs read"),
    row("SHELL", "names the shell that programs start"),
    row("ENV", "names a file that shells execute"),
    row("BASH*", "changes what bash executes"),
    row("SHELLOPTS", "changes how bash reads scripts"),
    row("PROMPT_COMMAND", "is executed by bash"),
    row("PS0", "is expanded, and so executed, by shells"),
    row("PS1", "is expanded, and so executed, by shells"),
    row("PS2", "is expanded, and so executed, by shells"),
    row("PS4", "is expanded, and so executed, by shells"),
    row("POSIXLY_CORRECT", "changes how options are read"),
    row("GLOBIGNORE", "decides which file names a pattern matches"),
    row("EXECIGNORE", "decides which program a name starts"),
    row("FPATH", "decides which functions zsh loads"),
    row("ZDOTDIR", "names the directory whose files zsh executes"),
    row("TEXTDOMAIN*", "decides how bash translates text"),
    row("LD_*", "makes the loader load other code"),
    row("DYLD_*", "makes the loader load other code"),
    row("GLIBC_TUNABLES", "changes the loader"),
    row("GCONV_PATH", "makes programs load other code"),
    row("LOCPATH", "makes programs load other data"),
    row("NLSPATH", "makes programs load other data"),
    row("MALLOC_*", "changes the allocator"),
    Row { name: "GIT_TERMINAL_PROMPT", does: "", harmless: &["*"] },
    Row { name: "GIT_OPTIONAL_LOCKS", does: "", harmless: &["*"] },
    Row { name: "GIT_AUTHOR_*", does: "", harmless: &["*"] },
    Row { name: "GIT_COMMITTER_*", does: "", harmless: &["*"] },
    Row { name: "GIT_ADVICE", does: "", harmless: &["*"] },
    Row { name: "GIT_LFS_SKIP_SMUDGE", does: "", harmless: &["*"] },
    Row { name: "GIT_MERGE_AUTOEDIT", does: "", harmless: &["*"] },
    Row { name: "GIT_PAGER", does: "names a program that git starts", harmless: PAGERS },
    Row { name: "GIT_EDITOR", does: "names a program that git starts", harmless: EDITORS },
    Row { name: "GIT_SEQUENCE_EDITOR", does: "names a program that git starts", harmless: EDITORS },
    Row { name: "GIT_CONFIG_NOSYSTEM", does: "changes git's configuration", harmless: SWITCH },
    row("GIT_*", "changes which configuration and programs git uses"),
    row("SSH_ASKPASS*", "names a program that ssh starts"),
    row("SUDO_*", "changes what sudo starts"),
    Row { name: "*PAGER", does: "names a program that is started to show text", harmless: PAGERS },
    Row { name: "*EDITOR", does: "names a program that is started to edit text", harmless: EDITORS },
    Row { name: "VISUAL", does: "names a program that is started to edit text", harmless: EDITORS },
    Row { name: "BROWSER", does: "names a program that is started", harmless: &["", "none", "true", "echo"] },
    row("*ASKPASS", "names a program that is started"),
    row("LESSOPEN", "names a program that less starts"),
    row("LESSCLOSE", "names a program that less starts"),
    row("LESSKEY*", "changes what less executes"),
    row("LESS", "gives less options"),
    row("MANOPT", "gives man options"),
    row("MANPATH", "decides which pages man formats"),
    Row { name: "PYTHONUNBUFFERED", does: "", harmless: &["*"] },
    Row { name: "PYTHONDONTWRITEBYTECODE", does: "", harmless: &["*"] },
    Row { name: "PYTHONIOENCODING", does: "", harmless: &["*"] },
    Row { name: "PYTHONHASHSEED", does: "", harmless: &["*"] },
    Row { name: "PYTHONUTF8", does: "", harmless: &["*"] },
    Row { name: "PYTHONFAULTHANDLER", does: "", harmless: &["*"] },
    row("PYTHON*", "makes python execute other code"),
    row("PYTEST_ADDOPTS", "gives pytest options"),
    row("PYTEST_PLUGINS", "makes pytest load other code"),
    row("VIRTUAL_ENV", "decides which python is used"),
    row("PIP_*", "changes where pip installs from"),
    row("UV_*", "changes where uv installs from"),
    row("PERL*", "makes perl execute other code"),
    row("RUBY*", "makes ruby execute other code"),
    row("GEM_*", "makes ruby load other code"),
    row("BUNDLE_*", "makes ruby load other code"),
    Row { name: "NODE_ENV", does: "", harmless: &["*"] },
    Row { name: "NODE_NO_WARNINGS", does: "", harmless: &["*"] },
    row("NODE_*", "makes node execute other code"),
    row("NPM_CONFIG_*", "changes what npm starts and where it installs from"),
    row("npm_config_*", "changes what npm starts and where it installs from"),
    row("YARN_*", "changes what yarn starts"),
    row("LUA_*", "makes lua execute other code"),
    row("PHP*", "makes php execute other code"),
    row("JAVA_*OPTIONS", "gives java options"),
    row("_JAVA_OPTIONS", "gives java options"),
    row("JDK_JAVA_OPTIONS", "gives java options"),
    row("CLASSPATH", "makes java execute other code"),
    row("MAVEN_*", "gives mvn options"),
    row("GRADLE_*", "gives gradle options"),
    Row { name: "CARGO_TERM_*", does: "", harmless: &["*"] },
    Row { name: "CARGO_INCREMENTAL", does: "", harmless: &["*"] },
    Row { name: "CARGO_NET_OFFLINE", does: "", harmless: &["*"] },
    row("CARGO_*", "changes what cargo starts"),
    Row { name: "RUST_BACKTRACE", does: "", harmless: &["*"] },
    row("RUSTC*", "names a program that cargo starts"),
    row("RUSTFLAGS", "gives rustc options, its linker among them"),
    row("RUSTDOC*", "names a program that cargo starts"),
    row("RUSTUP_*", "decides which compiler is used"),
    row("GOFLAGS", "gives go options"),
    row("GOROOT", "decides which compiler is used"),
    row("GO*PROXY", "changes where go takes code from"),
    row("CGO_*", "gives compilers options"),
    row("MAKE*", "changes what make executes"),
    row("MFLAGS", "changes what make executes"),
    row("GNUMAKEFLAGS", "changes what make executes"),
    row("CC", "names a program that builds start"),
    row("CXX", "names a program that builds start"),
    row("CPP", "names a program that builds start"),
    row("AR", "names a program that builds start"),
    row("AS", "names a program that builds start"),
    row("LINKER", "names a program that builds start"),
    row("CMAKE_*", "changes what cmake starts"),
    row("GCC_*", "changes what gcc starts"),
    row("COMPILER_PATH", "changes what gcc starts"),
    row("TAR_OPTIONS", "gives tar options"),
    row("RSYNC_*", "changes what rsync starts"),
    row("CVS_RSH", "names a program that cvs starts"),
    row("SVN_*", "names a program that svn starts"),
    row("HG*", "changes what hg executes"),
    row("GREP_OPTIONS", "gives grep options"),
    row("ZIPOPT", "gives zip options"),
    row("GZIP", "gives gzip options"),
    row("WGETRC", "names a file that gives wget options"),
    row("CURL_HOME", "decides which configuration curl reads"),
    row("OPENSSL_*", "makes openssl load other code"),
    row("KUBECONFIG", "decides what kubectl talks to and starts"),
    row("DOCKER_*", "decides what docker talks to"),
    row("AWS_*", "decides what aws talks to and starts"),
    row("ANSIBLE_*", "changes what ansible executes"),
    row("TF_CLI_*", "gives terraform options"),
    row("VIM*", "makes vim execute other code"),
    row("EXINIT", "is executed by vi"),
    row("EMACS*", "makes emacs execute other code"),
    row("GDB*", "makes gdb execute other code"),
    row("INPUTRC", "binds keys to commands"),
    row("TERMINFO*", "decides what is sent to the terminal"),
    row("TERMCAP", "decides what is sent to the terminal"),
    row("http_proxy", "decides whom programs talk to"),
    row("https_proxy", "decides whom programs talk to"),
    row("HTTP_PROXY", "decides whom programs talk to"),
    row("HTTPS_PROXY", "decides whom programs talk to"),
    row("ALL_PROXY", "decides whom programs talk to"),
    row("*_PRELOAD", "makes programs load other code"),
    row("*_WRAPPER", "names a program that is started"),
    row("*_RUNNER", "names a program that is started"),
    row("*_LAUNCHER", "names a program that is started"),
    row("*_COMMAND", "names a program that is started"),
    row("*_CMD", "names a program that is started"),
    row("*_SHELL", "names a shell that is started"),
    row("*_PROGRAM", "names a program that is started"),
    row("*_OPTIONS", "gives programs options"),
    row("*_OPTS", "gives programs options"),
    row("*_ADDOPTS", "gives programs options"),
];

fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => match pattern.split_once('*') {
            Some((start, end)) => name.starts_with(start) && name.ends_with(end),
            None => name == pattern,
        },
    }
}

/// Why setting a variable to this value (`None`: one that is not known) puts in doubt what programs execute.
#[must_use]
pub fn danger(name: &str, value: Option<&str>) -> Option<String> {
    let row = ROWS.iter().find(|row| fits(row.name, name))?;
    let harmless = row.harmless.contains(&"*") || value.is_some_and(|value| row.harmless.contains(&value));
    (!harmless).then(|| format!("`{name}` {}", row.does))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_a_reason_and_its_exceptions_come_first() {
        for (at, row) in ROWS.iter().enumerate() {
            assert_eq!(row.does.is_empty(), row.harmless == ["*"], "{}", row.name);
            let name = row.name.replace('*', "X");
            assert_eq!(ROWS.iter().position(|row| fits(row.name, &name)), Some(at), "{} is hidden", row.name);
        }
    }

    #[test]
    fn what_programs_execute_is_in_doubt_and_the_rest_is_not() {
        for name in ["PATH", "LD_PRELOAD", "GIT_SSH_COMMAND", "BASH_ENV", "NODE_OPTIONS", "MANPAGER", "RUSTC_WRAPPER"] {
            assert!(danger(name, None).is_some(), "{name}");
        }
        for name in ["CI", "A", "NODE_ENV", "LANG", "DEBUG", "RUST_LOG", "GIT_TERMINAL_PROMPT", "PORT"] {
            assert!(danger(name, None).is_none(), "{name}");
        }
        assert!(danger("GIT_PAGER", Some("cat")).is_none());
        assert!(danger("GIT_PAGER", Some("rm x;cat")).is_some());
    }
}

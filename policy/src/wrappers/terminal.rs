//! Programs that give a command a terminal, another time, or another input.

use super::process::inner_command;
use crate::inner::Inner;
use crate::rows::{
    Call, Form, Means, Otherwise, Row, command, dashed, executes, executes_input, first, from_input, input_text,
    is_standard_input, mixed, risky, row, script, sub, text_or_words, tool,
};
use crate::word::Word;

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);

const TMUX_COMMAND: &str = "A a b d D E h l P p Z S f k r v c= e= F= n= s= t= x= y= C N= I= J M R X H q T= w";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["script"], mixed("a,append B,log-io= I,log-in= O,log-out= T,log-timing= c,command= E,echo= e,return f,flush force \
              m,logging-format= o,output-limit= q,quiet t,timing? d F k p r"), &[("c", Means::Shell("sh"))],
        Form::Special(0, typescript), &[
        ("script -qc 'rm x' /dev/null", &["sh: rm x"]),
        ("script --command 'rm x'", &["sh: rm x"]),
        ("script -q f -- rm x", &["rm x"]),
        ("script -q /dev/null rm x", &["rm x"]),
        ("script f", &["executes 1"]),
        ("script <<< rm x", &["sh: rm x"]),
    ]),
    row(&["rlwrap"], first("a? A? b= c C= d= D= e= f= F= g= h H= i I l= m? M= n N o O= p? P= q= r R s= S= t= T U u v w= W? X z="),
        &[("z", Means::Shell("sh"))], PLAIN, &[("rlwrap -H h rm x", &["rm x"])]),
    row(&["screen"], dashed("d D r R x m a A U S= s= c= h= e= t= T= p= X q Q L O l ls list wipe v dmS= dm dS= DmS= Logfile="),
        &[("c", Means::Executes("reads commands from")), ("s", Means::Executes("starts"))], Form::Special(0, screen), &[
        ("screen -dmS x rm y", &["rm y"]),
        ("screen -d -m -S x rm y", &["rm y"]),
        ("screen -S x -X stuff 'rm y'", &["executes 4"]),
        ("screen -ls", &[]),
        ("screen", &["executes 0"]),
    ]),
    row(&["tmux"], first("2 8 C D N c= f= L= l S= T= u v V"), &[("c", Means::Shell("sh"))], Form::Subcommands(&[
        sub(&["new-session", "new", "new-window", "neww", "split-window", "splitw", "respawn-pane", "respawnp",
              "respawn-window", "respawnw", "display-popup", "popup"], first(TMUX_COMMAND), &[], Form::Special(0, text_or_words)),
        sub(&["run-shell", "run"], first("b C c= d= t="), &[], Form::Joined(0, Otherwise::Nothing)),
        sub(&["if-shell", "if"], first("b F t="), &[], Form::Special(0, if_shell)),
        sub(&["pipe-pane", "pipep"], first("I O o t="), &[], Form::Joined(0, Otherwise::Nothing)),
        sub(&["send-keys", "send"], first("F H l K M R X c= N= t="), &[], Form::Names("types into a shell")),
        sub(&["source-file", "source"], first("F n q v t="), &[], Form::Names("reads commands from")),
        sub(&["list-sessions", "ls", "list-windows", "lsw", "list-panes", "lsp", "has-session", "has", "kill-session",
              "kill-window", "killw", "kill-pane", "killp", "kill-server", "display-message", "display", "capture-pane",
              "capturep", "rename-session", "rename-window", "show-options", "show", "info", "list-keys", "lsk",
              "select-window", "select-pane", "attach-session", "attach", "a", "detach-client", "detach",
              "resize-pane", "switch-client", "start-server"], first(""), &[], Form::Options),
    ], "gives tmux the command"), &[
        ("tmux new-session -d -s x 'rm y'", &["sh: rm y"]),
        ("tmux new -d rm y", &["rm y", "sh: rm y"]),
        ("tmux run-shell 'rm y'", &["sh: rm y"]),
        ("tmux send-keys -t x 'rm y' Enter", &["executes 4"]),
        ("tmux if-shell 'rm x' 'kill-server'", &["sh: rm x", "executes 3"]),
        ("tmux ls", &[]),
        ("tmux -f conf new", &[]),
        ("tmux set-hook x", &["executes 1"]),
    ]),
    row(&["at", "batch"], first("V q= m M l r b v t= c d f= u="),
        &[("f", Means::Executes("runs later the commands in")), ("l", Means::Nothing), ("c", Means::Nothing),
          ("r", Means::Nothing), ("d", Means::Nothing)], Form::Special(0, reads_script), &[
        ("at now <<< rm x", &["sh: rm x"]),
        ("at now", &["executes 1"]),
        ("at -f x.sh now", &["executes 2"]),
        ("at -l", &[]),
    ]),
    row(&["crontab"], mixed("u= l r e i s n= T= x="), &[("l", Means::Nothing)], Form::Special(0, crontab), &[
        ("crontab -l", &[]),
        ("crontab -", &["executes 1"]),
        ("crontab file", &["executes 1"]),
        ("crontab -e", &["executes 1"]),
        ("crontab -r", &[]),
        ("crontab", &["executes 0"]),
    ]),
    row(&["xterm", "uxterm", "urxvt", "rxvt", "st", "alacritty", "konsole", "xfce4-terminal", "terminator", "kitty", "foot"],
        dashed("e! x! hold T= title= geometry= fn= bg= fg= display= name= class= working-directory= command! d= o= c="),
        &[], Form::Special(0, terminal), &[
        ("xterm -e rm x", &["rm x"]),
        ("xterm -hold -e 'rm x'", &["sh: rm x"]),
        ("xterm", &["executes 0"]),
        ("kitty rm x", &["rm x"]),
    ]),
    row(&["wezterm"], first("n,skip-config config-file= config="), &[], Form::Subcommands(&[
        risky(&["start"], first("no-auto-connect always-new-process new-tab cwd= e class= workspace= position= domain= attach"), &[],
            Form::Command(0, Otherwise::Nothing)),
        risky(&["ssh"], first("o,ssh-option= class= position= v"), &[], Form::Command(1, Otherwise::Nothing)),
    ], ""), &[
        ("wezterm start --cwd /x -- rm x", &["rm x"]),
        ("wezterm --skip-config ssh h -- rm x", &["rm x"]),
    ]),
    row(&["zellij"], first("c,config= config-dir= d,debug data-dir= l,layout= max-panes= n,new-session-with-layout= s,session="), &[],
        Form::Subcommands(&[
        risky(&["run", "r"], first("c,close-on-exit cwd= d,direction= f,floating height= i,in-place n,name= pinned= s,start-suspended \
                               stacked width= x= y="), &[], Form::Command(0, Otherwise::Nothing)),
    ], ""), &[("zellij -s a run -f -- rm x", &["rm x"])]),
    row(&["gnome-terminal"], first("window tab x! e= command= t,title= working-directory= geometry= wait q hide-menubar"),
        &[], Form::Special(0, terminal), &[
        ("gnome-terminal -- rm x", &["rm x"]),
        ("gnome-terminal -e 'rm x'", &["sh: rm x"]),
    ]),
    row(&["open"], mixed("a= b= n F g j W R e t f s= u= h"), &[("a", Means::Executes("starts the application"))],
        Form::Names("opens"), &[("open x", &["executes 1"]), ("open -a Calculator", &["executes 2"])]),
    tool(&["xdg-open", "gio"], first(""), &[], Form::Names("starts whatever opens"), &[("xdg-open x", &["executes 1"])]),
    row(&["launchctl"], first(""), &[], Form::Subcommands(&[
        sub(&["submit"], first("l= p= o= e="), &[], PLAIN),
        sub(&["asuser", "bsexec"], first(""), &[], Form::Command(1, Otherwise::Nothing)),
        sub(&["load", "bootstrap", "start", "kickstart"], first(""), &[], Form::Always("starts a service")),
    ], ""), &[
        ("launchctl submit -l x -- rm y", &["rm y"]),
        ("launchctl asuser 501 rm x", &["rm x"]),
        ("launchctl list", &[]),
    ]),
];

fn typescript(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.reading.has("c") {
        return;
    }
    if call.operand_at(1).is_some() {
        inner_command(call, 1, out);
    } else {
        out.push(from_input("sh", call));
        call.doubt_before(call.last(), out);
    }
}

fn screen(call: &Call<'_>, out: &mut Vec<Inner>) {
    let listing = ["ls", "list", "wipe", "v"].iter().any(|name| call.reading.has(name));
    if call.reading.has("X") {
        let at = call.operand_at(0).unwrap_or(call.last());
        out.push(executes("gives a running screen a command", at));
    } else if call.operand_at(0).is_some() {
        inner_command(call, 0, out);
    } else if !listing {
        out.push(from_input("sh", call));
    }
}

fn if_shell(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let Some(text) = call.operand(0).filter(|_| !call.reading.has("F")) {
        out.push(script("sh", text.clone()));
    }
    if let Some(at) = call.operand_at(1) {
        out.push(executes("gives tmux another command", at));
    }
}

fn reads_script(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.reading.has("f") {
        return;
    }
    match input_text(&call.input) {
        Some(text) => out.push(script("sh", text.clone())),
        None => out.push(executes_input("runs later the commands on standard input", call.last(), &call.input)),
    }
}

fn crontab(call: &Call<'_>, out: &mut Vec<Inner>) {
    match call.operand(0) {
        Some(Word::Known(file)) if is_standard_input(file) => {
            out.push(executes_input("installs the commands on standard input", call.last(), &call.input));
        }
        Some(_) => out.push(executes("installs the commands of a file", call.last())),
        None if call.reading.has("e") => out.push(executes("starts an editor", call.last())),
        None if call.reading.has("r") => {}
        None => out.push(executes_input("installs the commands on standard input", call.last(), &call.input)),
    }
}

fn terminal(call: &Call<'_>, out: &mut Vec<Inner>) {
    let given = ["e", "x", "command"].iter().find_map(|name| call.reading.value(name));
    let glued = call.reading.options.iter().any(|found| found.name == "command" && found.word == found.value_at);
    let mut words: Vec<Word> = given.filter(|_| !glued).cloned().into_iter().collect();
    words.extend(call.operands(0));
    match words.as_slice() {
        [] if given.is_none() => out.push(from_input("sh", call)),
        [] => {}
        [one] if one.text().is_none_or(|text| text.contains(char::is_whitespace)) => {
            out.push(script("sh", one.clone()))
        }
        _ => out.push(command(words)),
    }
    call.doubt_before(call.last(), out);
}

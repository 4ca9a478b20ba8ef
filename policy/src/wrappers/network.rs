//! Programs that execute a command on another machine, or for a connection.

use crate::inner::Inner;
use crate::rows::{
    Call, Form, Means, Otherwise, Row, command, dashed, executes, first, from_input, joined_script, mixed, risky, row,
    script, sub, tool,
};
use crate::word::Word;

const SSH: &str =
    "4 6 A a b= B= C c= D= E= e= F= f G g I= i= J= K k L= l= M m= N n O= o= P= p= Q= q R= S= s T t V v W= w= X x Y y";
const SCP: &str = "3 4 6 A B C c= D= F= i= J= l= O o= P= p q R r S= s T v X= a b= f N";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["ssh", "slogin", "dbclient", "autossh"], first(SSH), &[("F", Means::Executes("may execute what the configuration says:")),
        ("P", Means::Executes("loads or executes")), ("I", Means::Executes("loads the library"))], Form::Special(1, ssh), &[
        ("ssh localhost 'rm x'", &["sh: rm x"]),
        ("ssh -p 22 -tt me@host -- rm x", &["sh: rm x"]),
        ("ssh host -p 22 rm x", &["sh: rm x"]),
        ("ssh -o 'ProxyCommand=rm x' host ls", &["sh: rm x", "sh: ls"]),
        ("ssh -oLocalCommand='rm x' -o PermitLocalCommand=yes host ls", &["sh: rm x", "sh: ls"]),
        ("ssh host", &["executes 1"]),
        ("ssh host <<< rm x", &["sh: rm x"]),
        ("ssh -V", &[]),
        ("ssh -O exit host", &[]),
        ("ssh $HOST rm x", &["executes 1", "sh: rm x"]),
        ("ssh host rm $X", &["rm $X", "sh: rm $X"]),
    ]),
    row(&["mosh"], first("client= server= ssh= p,port= a n predict= 4 6 local family= no-init"),
        &[("ssh", Means::Split), ("server", Means::Shell("sh")), ("client", Means::Split)],
        Form::Command(1, Otherwise::Shell), &[("mosh host -- rm x", &["rm x"])]),
    row(&["rsh", "remsh", "rexec"], first("l= n K d x 8 E L"), &[], Form::Joined(1, Otherwise::Shell),
        &[("rsh host rm x", &["sh: rm x"])]),
    tool(&["ip"], dashed("n,netns= b,batch= f,family= c? color? j p d s o r 4 6 0 B M N a l= h rc= br brief json details stats oneline"), &[("b", Means::Executes("runs the commands in"))],
        Form::Subcommands(&[
        sub(&["netns", "vrf"], first(""), &[], Form::Subcommands(&[
            risky(&["exec", "e", "ex", "exe"], first(""), &[], Form::Command(1, Otherwise::Nothing)),
        ], "")),
    ], ""), &[
        ("ip netns exec x rm y", &["rm y"]),
        ("ip -4 addr", &[]),
    ]),
    row(&["sshpass"], first("p= f= d= e P= v"), &[], Form::Command(0, Otherwise::Nothing),
        &[("sshpass -p x ssh host rm y", &["ssh host rm y"])]),
    row(&["pssh", "parallel-ssh", "pdsh", "clush", "dsh"], first("h= H= l= p= o= e= t= O= v A i x= X= P I g= w= a f= u="), &[],
        Form::Joined(0, Otherwise::Nothing), &[("pssh -H host rm x", &["sh: rm x"])]),
    tool(&["scp", "sftp"], mixed(SCP), &[("S", Means::Split), ("D", Means::Split),
        ("F", Means::Executes("may execute what the configuration says:"))], Form::Special(0, ssh_options), &[
        ("scp a host:b", &[]),
        ("scp -S /tmp/x a host:b", &["/tmp/x"]),
        ("scp -o 'ProxyCommand rm x' a host:b", &["sh: rm x"]),
        ("scp $X host:", &["executes 1"]),
    ]),
    tool(&["ssh-copy-id"], mixed("f n s i= p= o= F= x t="), &[], Form::Special(0, ssh_options),
        &[("ssh-copy-id -o ProxyCommand=x host", &["sh: x"])]),
    row(&["ssh-agent"], first("a= c D d E= k O= P= s t="), &[], Form::Command(0, Otherwise::Nothing), &[
        ("ssh-agent rm x", &["rm x"]),
        ("ssh-agent -s", &[]),
    ]),
    tool(&["rsync"], mixed("v,verbose q,quiet c,checksum a,archive r,recursive R,relative no-implied-dirs b,backup \
              backup-dir= suffix= u,update inplace append d,dirs l,links L,copy-links H,hard-links p,perms E,executability \
              A,acls X,xattrs o,owner g,group D devices specials t,times O S,sparse n,dry-run W,whole-file x,one-file-system \
              B,block-size= e,rsh= rsync-path= existing delete delete-after delete-during delete-excluded force max-size= \
              min-size= partial partial-dir= m,prune-empty-dirs timeout= contimeout= I,ignore-times size-only T,temp-dir= \
              y,fuzzy compare-dest= copy-dest= link-dest= z,compress compress-level= C f,filter= F exclude= exclude-from= \
              include= include-from= files-from= 0,from0 s address= port= sockopts= blocking-io stats 8 h,human-readable P \
              progress i,itemize-changes M,remote-option= out-format= log-file= log-file-format= password-file= list-only \
              bwlimit= write-batch= only-write-batch= read-batch= protocol= iconv= checksum-seed= 4 6 early-input= chmod= \
              chown= usermap= groupmap= config= daemon k K J N U"),
        &[("e", Means::Split), ("rsync-path", Means::Shell("sh")), ("config", Means::Executes("reads the configuration"))],
        Form::Options, &[
        ("rsync -a x y", &[]),
        ("rsync -e 'ssh -p 2' x host:y", &["ssh -p 2"]),
        ("rsync --rsh='sh -c rm' x host:y", &["sh -c rm"]),
        ("rsync -ave ssh x host:y", &["ssh"]),
        ("rsync --rsync-path='rm x; rsync' a host:b", &["sh: rm x; rsync"]),
        ("rsync -a $X y", &["executes 2"]),
        ("rsync -a -- $X y", &[]),
    ]),
    row(&["nc", "ncat", "netcat", "nc.traditional", "nc.openbsd"], mixed("4 6 b C c,sh-exec= D d e,exec= f F g= G= h I= i= k,keep-open \
              l,listen lua-exec= M= m= N n O= o= P= p= q= r S s= T= t U u V= v W= w= X= x= Z z ssl proxy="),
        &[("c", Means::Shell("sh")), ("e", Means::Split), ("lua-exec", Means::Executes("executes"))], Form::Options, &[
        ("nc -e /bin/sh host 1", &["/bin/sh"]),
        ("nc -lvp 1 -c 'rm x'", &["sh: rm x"]),
        ("ncat --sh-exec 'rm x' host 1", &["sh: rm x"]),
        ("nc -z host 1", &[]),
    ]),
    row(&["socat", "filan"], first("V h d D ly? lf= ls lp= lu lh v x b= s t= T= u U g L= W= 4 6 r= R="), &[], Form::Special(0, socat), &[
        ("socat TCP-LISTEN:1 EXEC:'rm x'", &["rm x"]),
        ("socat - SYSTEM:'rm x; ls',pty", &["sh: rm x; ls,pty", "sh: rm x; ls"]),
        ("socat - 'exec:rm x!!tcp:h:1'", &["rm x!!tcp:h:1", "rm x"]),
        ("socat - TCP:h:1", &[]),
        ("socat - $X", &["executes 2"]),
    ]),
    row(&["tcpserver"], first("q v p P h H 1 D o d O l= B= c= x= g= u= b= i= t="), &[],
        Form::Special(1, every_suffix), &[("tcpserver 0 80 rm x", &["80 rm x", "rm x", "x"])]),
    tool(&["wget"], mixed("use-askpass= O,output-document= o,output-file= e,execute= U,user-agent= P,directory-prefix= header= \
              post-data= post-file= method= body-data= body-file= i,input-file= t,tries= T,timeout= w,wait= Q,quota= l,level= \
              A,accept= R,reject= D,domains= I,include-directories= X,exclude-directories= user= password= B,base= a,append-output= \
              ca-certificate= certificate= private-key= limit-rate= q,quiet c,continue N,timestamping r,recursive k,convert-links \
              p,page-requisites m,mirror S,server-response spider v,verbose nv no-verbose b,background config="),
        &[("use-askpass", Means::Split), ("e", Means::Executes("executes the setting")), ("config", Means::Executes("reads the settings in"))],
        Form::Options, &[
        ("wget https://a/b", &[]),
        ("wget --use-askpass=/tmp/x https://a/b", &["/tmp/x"]),
        ("wget -e use_askpass=/tmp/x https://a", &["executes 2"]),
    ]),
    tool(&["youtube-dl", "yt-dlp"], mixed("exec= exec-before-download= external-downloader,downloader= o,output= f,format= a,batch-file= c i w x \
              config-location,config-locations= ffmpeg-location= plugin-dirs= netrc-cmd= P,paths= S,format-sort="),
        &[("exec", Means::Shell("sh")), ("exec-before-download", Means::Shell("sh")), ("netrc-cmd", Means::Shell("sh")),
          ("external-downloader", Means::Executes("starts the program")), ("config-location", Means::Executes("reads the settings in")),
          ("plugin-dirs", Means::Executes("loads what is in"))], Form::Options, &[
        ("yt-dlp --exec 'rm x' url", &["sh: rm x"]),
        ("yt-dlp url", &[]),
    ]),
    tool(&["aria2c"], mixed("on-download-complete= on-download-start= on-download-stop= on-download-pause= on-download-error= on-bt-download-complete= \
              conf-path= d,dir= o,out= i,input-file= s,split= x,max-connection-per-server="),
        &[("on-download-complete", Means::Split), ("on-download-start", Means::Split), ("on-download-stop", Means::Split),
          ("on-download-pause", Means::Split), ("on-download-error", Means::Split), ("on-bt-download-complete", Means::Split),
          ("conf-path", Means::Executes("reads the settings in"))], Form::Options,
        &[("aria2c --on-download-complete=/tmp/x url", &["/tmp/x"])]),
    tool(&["tcpdump"], mixed("A b B= c= C= d D e E= f F= G= h H i= I j= J K l L n N O p q r= s= S t T= u U v V= w= W= x X y= z= Z="),
        &[("z", Means::Split)], Form::Options, &[
        ("tcpdump -i any", &[]),
        ("tcpdump -G 1 -z /tmp/x -w f", &["/tmp/x"]),
    ]),
    tool(&["nmap"], mixed("script= script-args= script-args-file= i= p= o= iL= oN= oX= oG= oA= interactive datadir= T= A s? P? O v d n R F e= S= g= D="),
        &[("script", Means::Executes("runs the script")), ("interactive", Means::Executes("starts a prompt that executes")),
          ("datadir", Means::Executes("loads scripts from"))], Form::Options, &[
        ("nmap --script=./x.nse host", &["executes 1"]),
        ("nmap host", &[]),
    ]),
    tool(&["lftp", "ncftp"], first("f= e= c= p= u= d D norc"), &[("c", Means::Executes("executes the commands")),
        ("e", Means::Executes("executes the commands")), ("f", Means::Executes("executes the commands in"))], Form::Options,
        &[("lftp -c '!rm x'", &["executes 2"])]),
    tool(&["ftp", "telnet"], first(""), &[], Form::Names("starts a prompt that can execute commands, for"),
        &[("telnet host", &["executes 1"])]),
    tool(&["openvpn"], first("config= up= down= route-up= tls-verify= plugin= learn-address= client-connect= script-security= dev= remote="),
        &[("config", Means::Executes("executes what the configuration says:")), ("up", Means::Shell("sh")), ("down", Means::Shell("sh")),
          ("route-up", Means::Shell("sh")), ("tls-verify", Means::Shell("sh")), ("plugin", Means::Executes("loads")),
          ("learn-address", Means::Shell("sh")), ("client-connect", Means::Shell("sh"))], Form::Options,
        &[("openvpn --dev null --up 'rm x'", &["sh: rm x"])]),
];

fn ssh(call: &Call<'_>, out: &mut Vec<Inner>) {
    ssh_options(call, out);
    if ["O", "V", "G", "Q"].iter().any(|name| call.reading.has(name)) {
        return;
    }
    let Some(host) = call.operand_at(0) else { return };
    // Options may follow the host.
    let rest = call.words.get(host..).unwrap_or(&[]);
    let marked = host > 0 && call.words.get(host - 1).and_then(Word::text) == Some("--");
    let after = Call { words: rest, input: call.input, reading: first(SSH).read(rest) };
    let mut inner = Vec::new();
    if !marked {
        ssh_options(&after, &mut inner);
    }
    out.extend(inner.into_iter().map(|one| match one {
        Inner::Executes { what, word } => executes(what, word + host),
        other => other,
    }));
    let words = if marked { rest.get(1..).unwrap_or(&[]).to_vec() } else { after.operands(0) };
    if words.is_empty() {
        if !call.reading.has("N") {
            out.push(from_input("sh", call));
        }
    } else {
        joined_script("sh", &words, out);
    }
}

/// The values of `-o` that execute something, and the doubts.
fn ssh_options(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in call.reading.options.iter().filter(|found| found.name == "o") {
        let Some(value) = &found.value else { continue };
        let text = value.prefix();
        let end = text.find(['=', ' ', '\t']).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let rest = rest.trim_start_matches(['=', ' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "proxycommand" | "localcommand" | "knownhostscommand" | "remotecommand" if rest != "none" => {
                out.push(script("sh", value.without(text.len() - rest.len()).unwrap_or_else(|| value.clone())));
            }
            "match" | "include" | "pkcs11provider" | "securitykeyprovider" | "xauthlocation" => {
                out.push(executes(format!("may execute what `{}` says", value.written()), found.value_at));
            }
            _ if value.text().is_none() && end == text.len() => {
                out.push(executes(format!("the setting `{}` is not known", value.written()), found.value_at));
            }
            _ => {}
        }
    }
    if let Some((at, why)) = &call.reading.unsure {
        out.push(executes(format!("may execute another program: {why}"), *at));
    }
}

fn socat(call: &Call<'_>, out: &mut Vec<Inner>) {
    for at in &call.reading.operands {
        let Some(word) = call.words.get(*at) else { continue };
        let Word::Known(text) = word else {
            out.push(executes(format!("`{}` may be an address that executes", word.written()), *at));
            continue;
        };
        // Two addresses can share a word, and options follow a comma: each possible end is told.
        for address in text.split("!!") {
            let Some((kind, rest)) = address.split_once(':') else { continue };
            let shown = |rest: &str, out: &mut Vec<Inner>| match kind.to_ascii_lowercase().as_str() {
                "exec" => out.push(command(crate::rows::split(rest))),
                "system" | "shell" => out.push(script("sh", Word::known(rest))),
                _ => {}
            };
            if address.len() < text.len() && text.starts_with(address) {
                shown(text.get(kind.len() + 1..).unwrap_or(rest), out);
            }
            shown(rest, out);
            if let Some((before, _)) = rest.split_once(',') {
                shown(before, out);
            }
        }
    }
}

/// How many operands come first differs: each end of the words is told.
fn every_suffix(call: &Call<'_>, out: &mut Vec<Inner>) {
    for start in 1..call.reading.operands.len().min(5) {
        out.push(command(call.operands(start)));
    }
    call.doubt_before(call.last(), out);
}

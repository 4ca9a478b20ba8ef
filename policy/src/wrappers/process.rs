//! Programs that change something about a process and then execute the rest of their words.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Otherwise, Row, command, dashed, first, from_input, row, script};
use crate::word::Word;

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["nohup", "setsid", "fakeroot", "catchsegv", "dbus-run-session", "linux32", "linux64", "i386", "x86_64",
          "torsocks", "torify", "proxychains", "proxychains4", "unbuffer", "cpulimit", "eatmydata", "nocache",
          "fakechroot", "autoexpect", "xvfb-run", "catatonit", "dumb-init", "tini"],
        first("c,ctty f,fork w,wait q,quiet p g s= l= e= a,auto-servernum n,server-num= server-args= config-file= v,verbose"),
        &[], Form::Special(0, plain), &[
        ("nohup rm x", &["rm x"]),
        ("nohup", &[]),
        ("setsid -w rm x", &["rm x"]),
        ("fakeroot -- rm x", &["rm x"]),
        ("nohup $CMD x", &["$CMD x", "executes 1", "x"]),
    ]),
    row(&["timeout", "gtimeout"], first("k,kill-after= s,signal= f,foreground p,preserve-status v,verbose"), &[],
        Form::Command(1, Otherwise::Nothing), &[
        ("timeout 5 rm x", &["rm x"]),
        ("timeout -k 5 -sKILL 5s rm x", &["rm x"]),
        ("timeout --signal=9 --preserve-status 1 rm", &["rm"]),
        ("timeout $T rm x", &["rm x", "executes 1", "x"]),
        ("timeout 5", &[]),
    ]),
    row(&["nice", "gnice"], first("n,adjustment= 0 1 2 3 4 5 6 7 8 9"), &[], PLAIN, &[
        ("nice -n 5 rm x", &["rm x"]),
        ("nice -10 rm x", &["rm x"]),
        ("nice --adjustment=5 rm x", &["rm x"]),
    ]),
    row(&["ionice"], first("c,class= n,classdata= p,pid= P,pgid= u,uid= t,ignore"), &[], PLAIN, &[
        ("ionice -c3 rm x", &["rm x"]),
        ("ionice -c 2 -n 7 rm x", &["rm x"]),
        ("ionice -p 1", &[]),
    ]),
    row(&["chrt"], first("b,batch d,deadline e,ext f,fifo i,idle o,other r,rr R,reset-on-fork m,max p,pid \
                          T,sched-runtime= P,sched-period= D,sched-deadline= v,verbose a,all-tasks"), &[],
        Form::Special(0, numbered), &[
        ("chrt -f 10 rm x", &["rm x"]),
        ("chrt -i rm x", &["rm x"]),
        ("chrt -p 10 1", &[]),
    ]),
    row(&["taskset"], first("c,cpu-list p,pid a,all-tasks"), &[("p", Means::Nothing)],
        Form::Command(1, Otherwise::Nothing), &[
        ("taskset -c 0 rm x", &["rm x"]),
        ("taskset 0x1 rm x", &["rm x"]),
        ("taskset -p 1", &[]),
    ]),
    row(&["numactl"], first("i,interleave= N,cpunodebind= m,membind= C,physcpubind= l,localalloc p,preferred= a,all \
                             b,balancing P,preferred-many= w,weighted-interleave= H,hardware s,show"), &[], PLAIN,
        &[("numactl -N 0 -m 0 rm x", &["rm x"])]),
    row(&["stdbuf", "gstdbuf"], first("i,input= o,output= e,error="), &[], PLAIN, &[
        ("stdbuf -o0 rm x", &["rm x"]),
        ("stdbuf --output=L -e 0 rm x", &["rm x"]),
    ]),
    row(&["time", "gtime"], first("f,format= o,output= a,append p,portability v,verbose q,quiet l h"), &[], PLAIN, &[
        ("time rm x", &["rm x"]),
        ("time -f %e -o log rm x", &["rm x"]),
    ]),
    row(&["prlimit"], first("p,pid= c,core? d,data? e,nice? f,fsize? i,sigpending? l,memlock? m,rss? n,nofile? \
                             q,msgqueue? r,rtprio? s,stack? t,cpu? u,nproc? v,as? x,locks? y,rttime? o,output= \
                             noheadings raw verbose"), &[], PLAIN,
        &[("prlimit --cpu=1 -n5 rm x", &["rm x"])]),
    row(&["setarch"], first("B,32bit F,fdpic-funcptrs I,short-inode L,addr-compat-layout R,addr-no-randomize \
                             S,whole-seconds T,sticky-timeouts X,read-implies-exec Z,mmap-page-zero 3,3gb 4gb \
                             p,pid= v,verbose list uname-2.6 show?"), &[], Form::Special(0, setarch), &[
        ("setarch x86_64 -R rm x", &["rm x"]),
        ("setarch -R rm x", &["rm x"]),
    ]),
    row(&["flock"], first("s,shared x,exclusive,e u,unlock n,nb,nonblock w,wait,timeout= o,close F,no-fork fcntl \
                           E,conflict-exit-code= c,command= verbose"), &[], Form::Special(1, flock), &[
        ("flock /tmp/l rm x", &["rm x"]),
        ("flock -n -E 5 /tmp/l -c 'rm x'", &["sh: rm x"]),
        ("flock -w 5 /tmp/l --command 'rm x'", &["sh: rm x"]),
        ("flock /tmp/l -- rm x", &["rm x"]),
        ("flock -n 9", &[]),
        ("flock $L rm x", &["rm x", "executes 1"]),
    ]),
    row(&["chpst", "softlimit", "envdir", "envuidgid"], first("u= U= b= /= C= n= l= L= m= d= o= p= f= c= t= r= a= s= e= v P 0 1 2"), &[],
        Form::Special(0, chpst), &[
        ("chpst -u me rm x", &["rm x"]),
        ("envdir /d rm x", &["rm x"]),
        ("softlimit -m 5 rm x", &["rm x"]),
    ]),
    row(&["cgexec"], first("g= sticky"), &[], PLAIN, &[("cgexec -g cpu:x rm x", &["rm x"])]),
    row(&["faketime"], first("f m p= exclude-monotonic"), &[], Form::Command(1, Otherwise::Nothing),
        &[("faketime '2 days ago' rm x", &["rm x"])]),
    row(&["daemonize"], first("a c= e= E= o= p= l= u= v"), &[], PLAIN, &[("daemonize -u me /bin/rm x", &["/bin/rm x"])]),
    row(&["start-stop-daemon"], first("S,start K,stop T,status a,startas= x,exec= p,pidfile= u,user= g,group= n,name= c,chuid= \
                            r,chroot= d,chdir= b,background m,make-pidfile N,nicelevel= P,procsched= I,iosched= k,umask= \
                            q,quiet o,oknodo t,test v,verbose s,signal= R,retry= O,output= C,no-close"), &[],
        Form::Special(0, start_stop_daemon), &[
        ("start-stop-daemon --start --exec /bin/rm -- x", &["/bin/rm x"]),
        ("start-stop-daemon -S -a rm", &["rm"]),
        ("start-stop-daemon --stop -n x", &[]),
    ]),
    row(&["systemd-inhibit"], first("what= who= why= mode= no-pager no-legend list"), &[], PLAIN,
        &[("systemd-inhibit --what=idle rm x", &["rm x"])]),
    row(&["systemd-cat"], first("t,identifier= p,priority= stderr-priority= level-prefix= namespace="), &[], PLAIN,
        &[("systemd-cat -t a -p info rm x", &["rm x"])]),
    row(&["chronic", "ifne"], first("v e n"), &[], PLAIN, &[("chronic -v rm x", &["rm x"]), ("ifne -n rm x", &["rm x"])]),
    row(&["lckdo"], first("w W= e E= q s x t"), &[], Form::Command(1, Otherwise::Nothing), &[("lckdo -w l rm x", &["rm x"])]),
    row(&["caffeinate"], first("d i m s u t= w="), &[], PLAIN, &[("caffeinate -i -t 5 rm x", &["rm x"])]),
    row(&["sandbox-exec"], first("f= n= p= D="), &[], PLAIN, &[("sandbox-exec -p '(version 1)' rm x", &["rm x"])]),
    row(&["arch"], dashed("arch= 32 64 i386 x86_64 x86_64h arm64 arm64e c d= e= h"), &[], PLAIN,
        &[("arch -x86_64 rm x", &["rm x"]), ("arch -arch arm64 -e A=b rm x", &["rm x"]), ("arch", &[])]),
    row(&["dbus-launch"], first("exit-with-session exit-with-x11 autolaunch= auto-syntax binary-syntax close-stderr sh-syntax \
                            csh-syntax config-file="), &[], PLAIN, &[("dbus-launch --exit-with-session rm x", &["rm x"])]),
    row(&["abduco", "dtach"], first("a= A= c= n= N= e= r= E z f q v l p"), &[], PLAIN, &[
        ("abduco -c session rm x", &["rm x"]),
        ("dtach -A socket -E -r winch rm x", &["rm x"]),
        ("dtach -a socket", &[]),
    ]),
    row(&["systemd-run"], first("user system scope u,unit= p,property= description= slice= slice-inherit expand-environment= \
                            r,remain-after-exit send-sighup service-type= uid= gid= nice= working-directory= d,same-dir \
                            E,setenv= t,pty P,pipe q,quiet on-active= on-boot= on-startup= on-unit-active= \
                            on-unit-inactive= on-calendar= on-clock-change on-timezone-change path-property= \
                            socket-property= timer-property= no-block wait G,collect S,shell H,host= M,machine= \
                            no-ask-password background= json="), &[], Form::Special(0, with_shell), &[
        ("systemd-run --user rm x", &["rm x"]),
        ("systemd-run -p A=b --scope -- rm x", &["rm x"]),
        ("systemd-run -S", &["executes 1"]),
    ]),
    row(&["s6-setuidgid", "s6-envdir", "s6-softlimit", "s6-setlock", "s6-applyuidgid", "s6-fghack", "s6-background",
          "s6-env"], first("a= c= d= f= l= m= o= p= r= s= t= u= g= G= U n N w e I L z"), &[],
        Form::Special(1, every_start), &[("s6-setuidgid me rm x", &["rm x", "me rm x"])]),
    row(&["ld.so"], dashed("library-path= preload= audit= argv0= inhibit-rpath= \
                            glibc-hwcaps-prepend= glibc-hwcaps-mask= inhibit-cache verify list list-tunables \
                            list-diagnostics help version"), &[("list", Means::Nothing), ("verify", Means::Nothing),
        ("preload", Means::Executes("loads the library"))], Form::Special(0, plain), &[
        ("/lib64/ld-linux-x86-64.so.2 /bin/rm x", &["/bin/rm x"]),
        ("/lib64/ld-linux-x86-64.so.2 --library-path /x --argv0 y /bin/rm x", &["/bin/rm x"]),
        ("ld-linux.so.2 --list /bin/rm", &[]),
        ("ld-musl-x86_64.so.1 /bin/rm x", &["/bin/rm x"]),
    ]),
];

fn plain(call: &Call<'_>, out: &mut Vec<Inner>) {
    inner_command(call, 0, out);
}

/// The operands from the given one on as a command, with the doubts before it.
pub(super) fn inner_command(call: &Call<'_>, after: usize, out: &mut Vec<Inner>) {
    let Some(at) = call.operand_at(after) else {
        call.doubt_before(call.last(), out);
        return;
    };
    out.push(command(call.operands(after)));
    call.doubt_before(at, out);
    // An opaque word may be nothing, or only options; after an unknown option the next word may be its value.
    if let Some((doubt, _)) = &call.reading.unsure
        && *doubt <= at
        && call.reading.operands.len() > after + 1
    {
        out.push(command(call.operands(after + 1)));
    }
}

/// `chrt`: a priority comes first, except that some policies need none.
fn numbered(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.reading.has("p") {
        return;
    }
    let number =
        call.operand(0).and_then(Word::text).is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let known = matches!(call.operand(0), Some(Word::Known(_)));
    inner_command(call, usize::from(number || !known), out);
}

fn setarch(call: &Call<'_>, out: &mut Vec<Inner>) {
    const ARCHITECTURES: &[&str] = &[
        "linux",
        "i386",
        "i486",
        "i586",
        "i686",
        "athlon",
        "x86_64",
        "uname26",
        "ppc",
        "s390",
        "arm",
        "aarch64",
        "armv",
        "mips",
        "sparc",
        "ia64",
        "alpha",
        "parisc",
        "riscv",
        "loongarch",
    ];
    let architecture = call
        .operand(0)
        .and_then(Word::text)
        .is_some_and(|word| ARCHITECTURES.iter().any(|name| word.starts_with(name)));
    if !architecture {
        return inner_command(call, 0, out);
    }
    // Options may follow the architecture.
    if let Some(rest) = call.operand_at(0).and_then(|at| call.words.get(at..)) {
        let reading = first("B F I L R S T X Z 3 v addr-no-randomize verbose").read(rest);
        inner_command(&Call { words: rest, input: call.input, reading }, 0, out);
    }
}

/// `flock FILE command…`, `flock FILE -c text`.
fn flock(call: &Call<'_>, out: &mut Vec<Inner>) {
    let Some(at) = call.operand_at(1) else {
        call.doubt_before(call.last(), out);
        return;
    };
    match call.operand(1).map(Word::written) {
        Some("-c" | "--command") => {
            if let Some(text) = call.operand(2) {
                out.push(script("sh", text.clone()));
            }
        }
        Some("--") => out.push(command(call.operands(2))),
        _ => out.push(command(call.operands(1))),
    }
    call.doubt_before(at, out);
}

fn chpst(call: &Call<'_>, out: &mut Vec<Inner>) {
    let own = call.words.first().and_then(Word::text).is_some_and(|name| name.contains("env"));
    inner_command(call, usize::from(own), out);
}

fn start_stop_daemon(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let Some(program) = call.reading.value("a").or_else(|| call.reading.value("x"))
        && !call.reading.has("K")
        && !call.reading.has("T")
    {
        let mut words = vec![program.clone()];
        words.extend(call.operands(0));
        out.push(command(words));
    }
    call.doubt_before(call.last(), out);
}

/// A command, or with `-S` or nothing a shell.
fn with_shell(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.operand_at(0).is_some() {
        inner_command(call, 0, out);
    } else if call.reading.has("S") || call.words.len() == 1 {
        out.push(from_input("sh", call));
    } else {
        call.doubt_before(call.last(), out);
    }
}

/// Programs whose own operands differ from one to the other: each possible start.
fn every_start(call: &Call<'_>, out: &mut Vec<Inner>) {
    for start in [1, 0] {
        if call.operand_at(start).is_some() {
            out.push(command(call.operands(start)));
        }
    }
    call.doubt_before(call.last(), out);
}

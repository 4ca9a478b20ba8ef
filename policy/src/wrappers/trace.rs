//! Programs that watch, measure or debug the program they start.

use super::process::inner_command;
use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Otherwise, Row, dashed, first, risky, row, sub, tool};

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["strace"], first("a,columns= A,output-append-mode b,detach-on= c,summary-only C,summary d D,daemonize? e= \
              trace= abbrev= verbose= raw= signal= status= read= write= fault= inject= kvm= decode-fds? E,env= f,follow-forks \
              F h,help i,instruction-pointer I,interruptible= k,stack-traces? n,syscall-number N,arg-names \
              o,output= O,summary-syscall-overhead= p,attach= P,trace-path= q,quiet? r,relative-timestamps? s,string-limit= \
              S,summary-sort-by= t,absolute-timestamps? T,syscall-times? u,user= U,summary-columns= v,no-abbrev V,version \
              w,summary-wall-clock x,strings-in-hex? X,const-print-style= y Y,decode-pids= z,successful-only \
              Z,failed-only secontext? tips? argv0= seccomp-bpf output-separately"), &[], Form::Special(0, strace), &[
        ("strace rm x", &["rm x"]),
        ("strace -ff -e trace=file -o log rm x", &["rm x"]),
        ("strace -o '|sh' -p 1", &["sh: sh"]),
        ("strace -c -p 5", &[]),
    ]),
    row(&["ltrace"], first("a,align= A= b,no-signals c C,demangle D,debug= e= f F,config= h,help i l,library= L n,indent= \
              o,output= p= r s= S t T u= V w,where= x="), &[], PLAIN, &[("ltrace -f -o log rm x", &["rm x"])]),
    row(&["valgrind"], first("q,quiet v,verbose d h,help"), &[], Form::Special(0, glued_or_doubt), &[
        ("valgrind --leak-check=full rm x", &["rm x"]),
        ("valgrind -q rm x", &["rm x"]),
    ]),
    row(&["perf"], first("exec-path= html-path p,paginate no-pager buildid-dir= debug= version"), &[], Form::Subcommands(&[
        risky(&["record", "stat", "trace", "mem", "kvm", "c2c", "kmem", "lock", "sched", "timechart", "ftrace"],
            first("e,event= F,freq= g a,all-cpus p,pid= t,tid= o,output= c,count= C,cpu= d,data call-graph= r,repeat= \
                  x,field-separator= n,null v,verbose q,quiet i,no-inherit b j,branch-filter= s,summary m,mmap-pages= \
                  u,uid= k,clockid= I,interval-print= G,cgroup= D,delay= pre= post= B,big-num A,no-aggr json per-core \
                  per-socket detailed log-fd= append timeout= metrics= M= user-regs= W,weight T,timestamp P R S N"),
            &[("pre", Means::Shell("sh")), ("post", Means::Shell("sh"))], Form::Special(0, plain)),
        sub(&["script"], first("s,script= i,input= F,fields= g,gen-script="), &[("s", Means::Executes("runs the script"))],
            Form::Options),
    ], ""), &[
        ("perf record -g rm x", &["rm x"]),
        ("perf stat -e cycles -- rm x", &["rm x"]),
        ("perf stat --pre 'rm x' ls", &["sh: rm x", "ls"]),
        ("perf report", &[]),
    ]),
    row(&["rr"], first(""), &[], Form::Subcommands(&[
        risky(&["record"], first("n h c= o="), &[], PLAIN),
        sub(&["replay"], first(""), &[], Form::Always("replays a recorded program")),
    ], ""), &[("rr record rm x", &["rm x"])]),
    row(&["uftrace", "heaptrack", "operf", "ocount"], first("o,output= d= q,quiet r,record_raw"),
        &[], PLAIN, &[("heaptrack rm x", &["rm x"])]),
    row(&["py-spy"], first(""), &[], Form::Subcommands(&[
        risky(&["record", "top"], first("o,output= p,pid= f,format= d,duration= r,rate= s,subprocesses n,native"), &[], PLAIN),
    ], ""), &[("py-spy record -o x -- python x.py", &["python x.py"])]),
    row(&["gdbserver", "lldb-server"], first("attach multi once wrapper= debug"), &[("wrapper", Means::Split)],
        Form::Command(1, Otherwise::Nothing), &[("gdbserver :1 rm x", &["rm x"])]),
    tool(&["coverage"], first(""), &[], Form::Subcommands(&[
        risky(&["run"], dashed("a append branch concurrency= context= data-file= include= m! omit= L pylib p parallel-mode source= rcfile="),
            &[("m", Means::Executes("runs the module"))], Form::File("python")),
    ], ""), &[
        ("coverage run x.py", &["executes 2"]),
        ("coverage run -m pytest", &["executes 3"]),
        ("coverage report", &[]),
    ]),
];

fn plain(call: &Call<'_>, out: &mut Vec<Inner>) {
    inner_command(call, 0, out);
}

/// A report can be written to a command: `-o '|command'`.
fn strace(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let Some(value) = call.reading.value("o")
        && let Some(text) = value.prefix().strip_prefix(['|', '!'])
    {
        out.push(crate::rows::script(
            "sh",
            value.without(value.prefix().len() - text.len()).unwrap_or_else(|| value.clone()),
        ));
    }
    inner_command(call, 0, out);
}

/// Long options of this program glue their values, so an unknown one takes no word.
fn glued_or_doubt(call: &Call<'_>, out: &mut Vec<Inner>) {
    let at = call.operand_at(0).unwrap_or(call.words.len());
    if at < call.words.len() {
        out.push(crate::rows::command(call.operands(0)));
    }
    if let Some((doubt, why)) = &call.reading.unsure
        && *doubt <= at
        && call.words.get(*doubt).is_some_and(|word| word.text().is_none())
    {
        out.push(crate::rows::executes(format!("may execute another program: {why}"), *doubt));
    }
}

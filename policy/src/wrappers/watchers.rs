//! Programs that execute a command whenever files change, and those that keep several commands going.

use super::packages::behind_dashes;
use crate::rows::{Form, Means, Otherwise, Row, first, mixed, row, text_or_words};

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["watchexec"], first("w,watch= W,watch-non-recursive= F,watch-file= e,exts= f,filter= j,filter-prog= filter-file= i,ignore= \
                               ignore-file= c,clear? o,on-busy-update= s,signal= stop-signal= stop-timeout= map-signal= d,debounce= p,postpone \
                               r,restart n N,notify shell= no-shell no-environment E,env= emit-events-to= project-origin= workdir= \
                               wrap-process= delay-run= poll? timings q,quiet 1,once fs-events= v,verbose log-file? no-vcs-ignore \
                               no-project-ignore no-global-ignore no-default-ignore no-discover-ignore ignore-nothing stdin-quit"),
        &[], Form::Special(0, text_or_words), &[
        ("watchexec -e rs -- rm x", &["rm x", "sh: rm x"]),
        ("watchexec -w src 'rm x; ls'", &["sh: rm x; ls"]),
    ]),
    row(&["nodemon"], mixed("x,exec= w,watch= i,ignore= e,ext= config= d,delay= s,signal= C,on-change-only L,legacy-watch q,quiet V,verbose I,no-stdin cwd="),
        &[("x", Means::Shell("sh")), ("config", Means::Executes("runs what the settings say"))], Form::Names("runs again and again"), &[
        ("nodemon -x 'rm x'", &["sh: rm x"]),
        ("nodemon x.js", &["executes 1"]),
    ]),
    row(&["chokidar"], mixed("c,command= d,debounce= t,throttle= s,follow-symlinks i,ignore= initial p,polling poll-interval= silent verbose"),
        &[("c", Means::Shell("sh"))], Form::Options, &[("chokidar '**/*.js' -c 'rm x'", &["sh: rm x"])]),
    row(&["onchange"], mixed("a,add= i,initial e,exclude= k,kill j,jobs= d,delay= f,filter= o,outpipe= p,poll= v,verbose await-write-finish?"),
        &[("o", Means::Shell("sh"))], Form::Special(0, behind_dashes), &[("onchange '**' -- rm x", &["rm x"])]),
    row(&["reflex"], first("r,regex= R,inverse-regex= g,glob= G,inverse-glob= s,start-service? sequential S,substitute= only-files only-dirs \
                            shutdown-timeout= e,all c,config= d,decoration= v,verbose"),
        &[("c", Means::Executes("runs what the settings say"))], PLAIN, &[("reflex -r x --all rm x", &["rm x"])]),
    row(&["air"], first("c= d v build.cmd= build.bin= build.full_bin="), &[("build.cmd", Means::Shell("sh")), ("build.full_bin", Means::Shell("sh"))],
        Form::Always("builds and runs the project"), &[("air", &["executes 0"])]),
    row(&["pm2", "forever"], mixed("c,command= n,name= i,instances= w,watch interpreter= cwd= l= o= e= a"), &[("c", Means::Shell("sh"))],
        Form::Names("starts"), &[("pm2 start x.js", &["executes 1"])]),
    row(&["supervisord", "circusd"], first("c,configuration= n,nodaemon f= e= p= daemon"), &[],
        Form::Always("starts what its settings say"), &[("supervisord -n", &["executes 0"])]),
    row(&["npm-run-all", "run-s", "run-p"], mixed("c,continue-on-error l,print-label n,print-name p,parallel= s,serial= r,race silent max-parallel= npm-path="),
        &[("npm-path", Means::Executes("starts the program"))], Form::Names("runs the scripts"), &[("run-s build", &["executes 1"])]),
];

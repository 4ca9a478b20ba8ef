//! Programs that start commands in containers, on clusters, in other machines and environments.

use super::process::inner_command;
use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Otherwise, Row, command, executes, first, joined_script, mixed, risky, row, sub};
use crate::word::Word;

const RUN: &str = "add-host= annotation= a,attach= blkio-weight= cap-add= cap-drop= cgroup-parent= cgroupns= cidfile= cpu-period= \
                   cpu-quota= cpu-shares,c= cpus= cpuset-cpus= cpuset-mems= d,detach detach-keys= device= device-cgroup-rule= dns= \
                   dns-option= dns-search= domainname= entrypoint= e,env= env-file= expose= gpus= group-add= health-cmd= \
                   health-interval= health-retries= health-timeout= h,hostname= init i,interactive ip= ip6= ipc= isolation= \
                   l,label= label-file= link= log-driver= log-opt= mac-address= m,memory= memory-reservation= memory-swap= mount= \
                   name= network,net= network-alias= no-healthcheck oom-kill-disable oom-score-adj= pid= pids-limit= platform= \
                   pod= privileged p,publish= P,publish-all pull= q,quiet read-only replace restart= rm runtime= secret= \
                   security-opt= shm-size= sig-proxy? stop-signal= stop-timeout= storage-opt= systemd= sysctl= tmpfs= t,tty tz= \
                   ulimit= umask= u,user= userns= uts= v,volume= volume-driver= volumes-from= w,workdir= authfile= hooks-dir= \
                   no-hosts rmi http-proxy? tls-verify? arch= os= variant=";
const EXEC: &str = "d,detach detach-keys= e,env= env-file= i,interactive privileged t,tty u,user= w,workdir= l,latest index= T,no-TTY no-tty";
const COMPOSE: &str = "f,file= p,project-name= profile= project-directory= env-file= ansi= progress= parallel= compatibility all-resources dry-run";
const COMPOSE_RUN: &str = "b,build cap-add= cap-drop= d,detach entrypoint= e,env= env-from-file= i,interactive l,label= name= T,no-TTY no-deps \
                           p,publish= pull= q quiet-pull quiet-build remove-orphans rm P,service-ports use-aliases u,user= v,volume= w,workdir=";

const RUN_SUB: crate::rows::Sub =
    risky(&["run", "create"], first(RUN), &[("health-cmd", Means::Shell("sh"))], Form::Special(0, image));
const EXEC_SUB: crate::rows::Sub = risky(&["exec"], first(EXEC), &[], Form::Command(1, Otherwise::Nothing));
const BUILD_SUB: crate::rows::Sub = sub(&["build"], first(""), &[], Form::Always("runs what the container file says"));

const COMPOSE_SUBS: &[crate::rows::Sub] = &[
    risky(&["run"], first(COMPOSE_RUN), &[], Form::Special(0, image)),
    risky(&["exec"], first(EXEC), &[], Form::Command(1, Otherwise::Nothing)),
    sub(
        &["up", "build", "start", "restart", "create", "watch"],
        first(""),
        &[],
        Form::Always("runs what the compose file says"),
    ),
];

const KUBECTL: &str = "n,namespace= context= cluster= kubeconfig= s,server= token= user= as= as-group= request-timeout= v= \
                       cache-dir= certificate-authority= client-certificate= client-key= insecure-skip-tls-verify? tls-server-name= \
                       c,container= i,stdin t,tty q,quiet f,filename= pod-running-timeout= image= l,labels= env= port= restart= \
                       command rm attach? overrides= override-type= dry-run? o,output= it target= copy-to= profile= share-processes? \
                       custom= e= p= leave-stdin-open? expose";

const IMAGE: &str = "B,bind= e,cleanenv c,contain C,containall env= env-file= f,fakeroot H,home= i,ipc n,net network= no-home no-mount= nv rocm o,overlay= \
                     p,pid pwd,cwd= S,scratch= security= u,userns uts W,workdir= w,writable writable-tmpfs app= m,mount= r,root conf= rc= \
                     v,volume= user= hostauth nosysdirs workdir=";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["docker", "podman", "nerdctl", "finch"], first("config= c,context= D,debug H,host= l,log-level= tls tlscacert= tlscert= tlskey= \
              tlsverify r,remote url= identity= connection= root= runroot= storage-driver= cgroup-manager= namespace,n= address,a="),
        &[], Form::Subcommands(&[
        RUN_SUB, EXEC_SUB, BUILD_SUB,
        sub(&["container"], first(""), &[], Form::Subcommands(&[RUN_SUB, EXEC_SUB], "")),
        sub(&["image"], first(""), &[], Form::Subcommands(&[BUILD_SUB], "")),
        sub(&["buildx"], first("builder="), &[], Form::Subcommands(&[
            sub(&["build", "bake", "b"], first(""), &[], Form::Always("runs what the container file says")),
        ], "")),
        sub(&["compose"], first(COMPOSE), &[], Form::Subcommands(COMPOSE_SUBS, "")),
        sub(&["unshare"], first("rootless-netns"), &[], Form::Command(0, Otherwise::Shell)),
        sub(&["machine"], first(""), &[], Form::Subcommands(&[
            sub(&["ssh"], first("username="), &[], Form::Joined(1, Otherwise::Shell)),
        ], "")),
    ], ""), &[
        ("docker ps", &[]),
        ("docker run --rm -it -v /:/m alpine rm x", &["executes 6", "rm x"]),
        ("docker run alpine", &["executes 2"]),
        ("docker run --entrypoint rm alpine x", &["executes 4", "rm x"]),
        ("docker exec -it box rm x", &["rm x"]),
        ("docker -H x exec box sh -c 'rm x'", &["sh -c rm x"]),
        ("docker compose -f f run --rm app rm x", &["executes 6", "rm x"]),
        ("docker compose exec app rm x", &["rm x"]),
        ("docker compose up", &["executes 2"]),
        ("podman container run alpine rm x", &["executes 3", "rm x"]),
        ("docker run $OPTS alpine rm x", &["executes 2", "alpine rm x", "executes 2", "rm x"]),
    ]),
    row(&["docker-compose", "podman-compose"], first(COMPOSE), &[], Form::Subcommands(COMPOSE_SUBS, ""),
        &[("docker-compose run app rm x", &["executes 2", "rm x"])]),
    row(&["kubectl", "oc", "k3s-kubectl", "microk8s.kubectl"], mixed(KUBECTL), &[], Form::Special(0, kubectl), &[
        ("kubectl get pods", &[]),
        ("kubectl exec -it pod -- rm x", &["rm x"]),
        ("kubectl -n a exec pod -c b -- sh -c 'rm x'", &["sh -c rm x"]),
        ("kubectl exec pod rm x", &["rm x"]),
        ("kubectl run x --image=y --command -- rm z", &["executes 1", "rm z"]),
        ("kubectl exec pod", &[]),
    ]),
    row(&["crictl", "ctr", "lxc-attach", "lxc-execute", "systemd-nspawn", "machinectl", "distrobox-enter", "toolbox-run", "flatpak-spawn"],
        mixed("n,name= D,directory= M,machine= u,user= a,as-pid2 b,boot x,ephemeral q,quiet host watch-bus sandbox r U setenv= E= bind= bind-ro="),
        &[], Form::Special(0, behind), &[
        ("lxc-attach -n box -- rm x", &["rm x"]),
        ("systemd-nspawn -D /x rm y", &["rm y"]),
        ("flatpak-spawn --host rm x", &["rm x"]),
    ]),
    row(&["lxc", "incus", "multipass", "limactl", "colima", "toolbox", "distrobox", "vagrant", "wsl"], mixed("c,command= e,exec! d= u= n= name= workdir= cd="),
        &[("c", Means::Shell("sh"))], Form::Special(0, behind), &[
        ("lxc exec box -- rm x", &["rm x"]),
        ("vagrant ssh -c 'rm x'", &["sh: rm x"]),
        ("wsl -e rm x", &["rm x"]),
        ("lxc list", &[]),
    ]),
    row(&["apptainer", "singularity", "enroot", "udocker"], first("d,debug q,quiet s,silent v,verbose c,config= repo= insecure allow-root"), &[],
        Form::Subcommands(&[
        risky(&["exec"], first(IMAGE), &[], Form::Command(1, Otherwise::Nothing)),
        risky(&["run", "start"], first(IMAGE), &[], Form::Special(0, image)),
        risky(&["shell"], first(IMAGE), &[], Form::Always("starts a shell in a container")),
        sub(&["build"], first(""), &[], Form::Always("runs what the definition file says")),
    ], ""), &[
        ("apptainer exec -B /:/m x.sif rm y", &["rm y"]),
        ("enroot start x rm y", &["executes 2", "rm y"]),
    ]),
    row(&["buildah", "runc", "crun"], first("root= log= log-format= log-level= systemd-cgroup rootless= storage-driver= runroot= isolation="), &[], Form::Subcommands(&[
        risky(&["run", "exec"], first("add-history cap-add= cap-drop= cgroupns= e,env= hostname= ipc= isolation= mount= network= pid= t,tty terminal \
                 u,user= userns= v,volume= workingdir= cwd= p,process= d,detach pid-file= b,bundle= console-socket= no-new-privs cap= apparmor="), &[],
            Form::Command(1, Otherwise::Nothing)),
        sub(&["build", "bud"], first(""), &[], Form::Always("runs what the container file says")),
    ], ""), &[
        ("buildah run box -- rm x", &["rm x"]),
        ("runc exec -t box rm x", &["rm x"]),
    ]),
    row(&["schroot"], first("c,chroot= n,session-name= a,all d,directory= u,user= p,preserve-environment s,shell= q,quiet v,verbose b,begin-session \
              r,run-session e,end-session l,list o,option="), &[("s", Means::Executes("starts the shell"))], Form::Command(0, Otherwise::Shell),
        &[("schroot -c sid -- rm x", &["rm x"])]),
    row(&["mock"], mixed("r,root= shell chroot cmd? unpriv q,quiet v,verbose n,no-clean install= rebuild= config-opts="), &[],
        Form::Special(0, mock), &[("mock -r x --shell 'rm x'", &["sh: rm x"]), ("mock --rebuild x", &["executes 0"])]),
    row(&["lima"], first(""), &[], Form::Command(0, Otherwise::Nothing), &[("lima rm x", &["rm x"])]),
    row(&["nix-shell"], mixed("run= command= p,packages E,expr= A,attr= I= pure i= keep= arg= argstr= j= option= packages"),
        &[("run", Means::Shell("sh")), ("command", Means::Shell("sh")), ("E", Means::Text("nix"))], Form::Names("enters the environment of"), &[
        ("nix-shell --run 'rm x'", &["sh: rm x"]),
        ("nix-shell -p hello --run 'rm x'", &["sh: rm x", "executes 2"]),
        ("nix-shell", &["executes 0"]),
    ]),
    row(&["nix"], first("extra-experimental-features= experimental-features= option= I= L,print-build-logs offline refresh"), &[], Form::Subcommands(&[
        risky(&["run"], mixed(""), &[], Form::Names("fetches and runs")),
        risky(&["develop", "shell"], mixed("c,command! k= i,ignore-environment u= f,file= impure expr= profile= inputs-from="), &[],
            Form::Special(0, nix_command)),
        sub(&["build", "flake"], first(""), &[], Form::Always("builds what the flake says")),
        sub(&["eval", "repl"], first(""), &[], Form::Always("evaluates an expression")),
    ], ""), &[
        ("nix run nixpkgs#hello -- x", &["executes 2"]),
        ("nix develop -c rm x", &["rm x"]),
        ("nix shell nixpkgs#a --command rm x", &["executes 2", "rm x"]),
        ("nix --version", &[]),
    ]),
    row(&["guix"], first(""), &[], Form::Subcommands(&[
        risky(&["shell", "environment"], mixed("pure container C D m= f="), &[], Form::Special(0, behind)),
    ], ""), &[("guix shell hello -- rm x", &["rm x"])]),
    row(&["ansible"], mixed("m,module-name= a,args= i,inventory= l,limit= u,user= e,extra-vars= f,forks= b,become k K v c,connection= \
              private-key= become-user= M,module-path= playbook-dir= t,tree= o P,poll= B,background= C D"), &[], Form::Special(0, ansible), &[
        ("ansible all -m shell -a 'rm x'", &["sh: rm x"]),
        ("ansible all -a 'rm x'", &["sh: rm x"]),
        ("ansible all -m ping", &[]),
    ]),
    row(&["ansible-playbook", "ansible-pull", "salt-call", "puppet", "chef-client"], mixed("i= l= u= e= t= v b k K C D"), &[],
        Form::Names("runs what the play says:"), &[("ansible-playbook x.yml", &["executes 1"])]),
    row(&["salt"], first("G E L C"), &[], Form::Special(0, salt), &[("salt '*' cmd.run 'rm x'", &["sh: rm x"])]),
];

/// `run [options] image [command…]`; the image decides what runs when no command is given, and how otherwise.
fn image(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let (Some(at), Some(image)) = (call.operand_at(0), call.operand(0)) {
        out.push(executes(format!("starts the container `{}`", image.written()), at));
        let mut words: Vec<Word> = call.reading.value("entrypoint").cloned().into_iter().collect();
        words.extend(call.operands(1));
        if !words.is_empty() {
            out.push(command(words));
        }
        call.doubt_before(at, out);
        if call.reading.unsure.as_ref().is_some_and(|(doubt, _)| *doubt <= at) && call.operand_at(2).is_some() {
            out.push(command(call.operands(2)));
        }
    } else {
        call.doubt_before(call.last(), out);
    }
}

fn kubectl(call: &Call<'_>, out: &mut Vec<Inner>) {
    let verb = call.operand(0).map(Word::written).unwrap_or_default().to_owned();
    let verb_at = call.operand_at(0).unwrap_or(0);
    match verb.as_str() {
        "exec" | "rsh" => {}
        "run" | "debug" => out.push(executes("starts a container", verb_at)),
        _ => {
            if call.operand(0).is_some_and(|word| word.text().is_none()) {
                out.push(executes("executes whatever the sub-command says, which is not known", verb_at));
            }
            return;
        }
    }
    let marked = call.words.iter().position(|word| word.text() == Some("--"));
    let inner = match marked {
        Some(at) => call.words.get(at + 1..).unwrap_or(&[]).to_vec(),
        None => call.operands(2),
    };
    if !inner.is_empty() {
        out.push(command(inner));
    }
    call.doubt_before(marked.unwrap_or(call.last()), out);
}

/// `mock --shell TEXT` in the place where packages are built.
fn mock(call: &Call<'_>, out: &mut Vec<Inner>) {
    match call.operands(0).as_slice() {
        words if call.reading.has("shell") || call.reading.has("chroot") => joined_script("sh", words, out),
        _ => out.push(executes("builds a package", 0)),
    }
    call.doubt_before(call.last(), out);
}

/// Programs with a command behind `--`, or at their end: the likely start, and without `--` that it is not sure.
fn behind(call: &Call<'_>, out: &mut Vec<Inner>) {
    const EXECUTE: &[&str] = &["exec", "run", "shell", "ssh", "enter", "sh", "attach", "r", "tasks"];
    if let Some(value) = call.reading.value("e") {
        let mut words = vec![value.clone()];
        words.extend(call.operands(0));
        out.push(command(words));
        return;
    }
    if call.reading.has("c") {
        return;
    }
    let marked = call.words.iter().position(|word| word.text() == Some("--"));
    if let Some(words) = marked.and_then(|at| call.words.get(at + 1..)).filter(|words| !words.is_empty()) {
        out.push(command(words.to_vec()));
        call.doubt_before(marked.unwrap_or(0), out);
        return;
    }
    let name = call.words.first().map(Word::written).unwrap_or_default();
    let with_verb = call.operand(0).is_some_and(|verb| EXECUTE.contains(&verb.written()) || verb.text().is_none());
    if with_verb {
        let at = call.operand_at(0).unwrap_or(0);
        out.push(executes("executes a command in another system", call.operand_at(1).unwrap_or(at)));
        if call.operand_at(2).is_some() {
            out.push(command(call.operands(2)));
        }
    } else if name.contains('-') && call.operand_at(0).is_some() {
        inner_command(call, 0, out);
    } else if name.contains('-') {
        out.push(executes("starts a shell in another system", call.last()));
    }
}

fn nix_command(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut words: Vec<Word> = Vec::new();
    if let Some(found) = call.reading.options.iter().find(|found| found.name == "c") {
        words.extend(found.value.clone());
        words.extend(call.words.iter().skip(found.value_at + 1).cloned());
    }
    if let Some(at) =
        call.operand_at(0).filter(|at| call.reading.options.iter().all(|found| found.name != "c" || found.word > *at))
    {
        out.push(executes("fetches and enters an environment", at));
    }
    if words.is_empty() {
        out.push(crate::rows::from_input("sh", call));
    } else {
        out.push(command(words));
    }
}

fn ansible(call: &Call<'_>, out: &mut Vec<Inner>) {
    let module = call.reading.value("m").map(Word::written);
    match (module, call.reading.value("a")) {
        (
            None
            | Some(
                "shell"
                | "command"
                | "raw"
                | "script"
                | "ansible.builtin.shell"
                | "ansible.builtin.command"
                | "ansible.builtin.raw",
            ),
            Some(text),
        ) => out.push(crate::rows::script("sh", text.clone())),
        (Some("ping" | "setup"), _) | (None, None) => {}
        (Some(module), _) => out.push(executes(format!("runs the module `{module}`"), call.last())),
    }
    call.doubt_before(call.last(), out);
}

fn salt(call: &Call<'_>, out: &mut Vec<Inner>) {
    match (call.operand(1).map(Word::written), call.operand(2)) {
        (Some("cmd.run" | "cmd.shell" | "cmd.run_all" | "cmd.exec_code"), Some(text)) => {
            out.push(crate::rows::script("sh", text.clone()));
        }
        (Some("test.ping"), _) | (None, _) => {}
        (Some(function), _) => out.push(executes(format!("runs `{function}`"), call.last())),
    }
    call.doubt_before(call.last(), out);
}

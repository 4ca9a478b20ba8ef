//! Database shells: statements that execute, and dot and backslash commands.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Row, dashed_mixed, executes_input, input_text, mixed, row};
use crate::word::Word;

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["sqlite", "sqlcipher", "duckdb"], dashed_mixed("cmd= init= c= s= readonly header noheader csv json column list html line box table markdown quote batch bail echo interactive stats version help separator= newline= \
              nullvalue= mmap= maxsize= vfs= lookaside= pagecache= unsafe-testing safe memtrace A"), &[
          ("cmd", Means::Text("sqlite")), ("c", Means::Text("sql")), ("s", Means::Text("sql")), ("init", Means::Executes("runs the commands in")), ("version", Means::Nothing)], Form::Special(0, sqlite), &[
        ("sqlite3 a.db '.shell rm x'", &["text sqlite: .shell rm x"]),
        ("sqlite3 a.db 'select load_extension(1)'", &["text sqlite: select load_extension(1)"]),
        ("sqlite3 a.db 'select * from t'", &[]),
        ("sqlite3 -cmd .x a.db 'select 1'", &["text sqlite: .x"]),
        ("sqlite3 a.db", &["executes 1"]),
        ("sqlite3 a.db <<< .system rm x", &["text sqlite: .system rm x"]),
        ("sqlite3 -init f a.db 'select 1'", &["executes 2"]),
        ("sqlite3 --version", &[]),
    ]),
    row(&["psql", "pgcli"], mixed("c,command= d,dbname= f,file= l,list v,set,variable= V,version X,no-psqlrc 1,single-transaction a,echo-all b,echo-errors e,echo-queries E,echo-hidden L,log-file= n,no-readline o,output= q,quiet \
              s,single-step S,single-line A,no-align csv F,field-separator= H,html P,pset= R,record-separator= t,tuples-only T,table-attr= x,expanded z 0 h,host= p,port= U,username= w,no-password W,password help?"), &[
          ("f", Means::Executes("runs the commands in")), ("V", Means::Nothing), ("l", Means::Nothing), ("o", Means::Touches("writes to")), ("L", Means::Touches("writes to"))], Form::Special(0, psql), &[
        ("psql -c '\\! rm x'", &["text psql: \\! rm x"]),
        ("psql -c 'COPY t FROM PROGRAM $$x$$'", &["text psql: COPY t FROM PROGRAM $$x$$"]),
        ("psql -c 'select 1'", &[]),
        ("psql db", &["executes 1"]),
        ("psql -f x.sql", &["executes 2"]),
        ("psql -o '|rm x' -c 'select 1'", &["touches 2", "text psql: |rm x"]),
    ]),
    row(&["mysql", "mariadb", "mycli"], mixed("e,execute= D,database= h,host= u,user= p,password? P,port= S,socket= protocol= B,batch N,skip-column-names s,silent v,verbose t,table r,raw f,force A C H X E,vertical q,quick T V,version n w b c i \
              init-command= pager? tee= delimiter= default-character-set= defaults-file= defaults-extra-file= defaults-group-suffix= login-path= ssl-ca= ssl-cert= ssl-key= ssl-mode= plugin-dir= \
              default-auth= connect-timeout= max-allowed-packet= local-infile? help?"), &[
          ("init-command", Means::Text("sql")), ("pager", Means::Shell("sh")), ("plugin-dir", Means::Executes("loads plugins from")), ("V", Means::Nothing), ("tee", Means::Touches("writes to"))], Form::Special(0, mysql), &[
        ("mysql -e '\\! rm x'", &["text mysql: \\! rm x"]),
        ("mysql -e 'system rm x'", &["text mysql: system rm x"]),
        ("mysql -e 'select 1' db", &[]),
        ("mysql db", &["executes 1"]),
        ("mysql db <<< system rm x", &["text mysql: system rm x"]),
        ("mysql --pager='rm x' db", &["sh: rm x", "executes 2"]),
    ]),
    row(&["mongo", "mongosh", "redis-cli", "cqlsh", "clickhouse-client", "clickhouse", "isql", "sqlplus", "sqlcmd", "bcp", "influx", "neo4j-shell", "cypher-shell", "usql", "litecli", "sqsh", "tsql", "impala-shell",
           "hive", "beeline", "spark-shell", "spark-submit", "spark-sql", "pyspark", "sparkr", "presto", "trino", "snowsql", "cockroach", "dbaccess", "firebird", "isql-fb"],
        mixed("eval= e= f= file= execute= query= q= Q= i= h,host= p,port= u= a= n= d= U= P= S= s= c= o= quiet norc nodb shell"), &[
          ("eval", Means::Text("program")), ("f", Means::Executes("runs the commands in")), ("file", Means::Executes("runs the commands in"))], Form::Special(0, shell_of_database), &[
        ("mongosh --eval x", &["text program: x"]),
        ("redis-cli get x", &["executes 2"]),
    ]),
];

/// Statements of a database shell that only ask the database.
fn only_asks(text: &str, odd: &[&str]) -> bool {
    let lower = text.to_ascii_lowercase();
    !text.trim_start().starts_with('.')
        && !text.contains('\\')
        && !text.contains("\n.")
        && !odd.iter().any(|odd| lower.contains(odd))
}

fn statement(language: &'static str, text: &Word, odd: &[&str], out: &mut Vec<Inner>) {
    if text.text().is_none_or(|text| !only_asks(text, odd)) {
        out.push(Inner::Text { language, text: text.clone() });
    }
}

fn from_input(language: &'static str, call: &Call<'_>, odd: &[&str], out: &mut Vec<Inner>) {
    match input_text(&call.input) {
        Some(text) => statement(language, text, odd, out),
        None => out.push(executes_input("reads commands that can execute anything", call.last(), &call.input)),
    }
}

const SQLITE: &[&str] = &[
    "load_extension",
    "edit(",
    "writefile",
    "fts3_tokenizer",
    "install ",
    "load ",
    "copy ",
    "shell",
    "system",
    "read_text",
];
const PSQL: &[&str] = &[
    "program",
    "lo_import",
    "lo_export",
    "pg_read",
    "plpython",
    "plperl",
    "plsh",
    "language",
    "create function",
    "do $",
    "do '",
    "load ",
];
const MYSQL: &[&str] =
    &["system", "outfile", "dumpfile", "load_file", "source ", "pager", "plugin", "soname", "sys_exec", "edit", "tee "];

fn sqlite(call: &Call<'_>, out: &mut Vec<Inner>) {
    for text in call.operands(1) {
        statement("sqlite", &text, SQLITE, out);
    }
    if call.operand_at(1).is_none() && !["c", "s"].iter().any(|name| call.reading.has(name)) && !asks_what_it_is(call) {
        from_input("sqlite", call, SQLITE, out);
    }
    call.doubt_before(call.last(), out);
}

fn psql(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut told = call.reading.has("f");
    for found in &call.reading.options {
        match (found.name.as_str(), &found.value) {
            ("c", Some(text)) => {
                told = true;
                statement("psql", text, PSQL, out);
            }
            ("o" | "L" | "v" | "P", Some(text)) if text.prefix().contains('|') || text.prefix().contains("pager") => {
                out.push(Inner::Text { language: "psql", text: text.clone() });
            }
            _ => {}
        }
    }
    if !told && !asks_what_it_is(call) {
        from_input("psql", call, PSQL, out);
    }
    call.doubt_before(call.last(), out);
}

fn mysql(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut told = false;
    for text in call.reading.options.iter().filter(|found| found.name == "e").filter_map(|found| found.value.as_ref()) {
        told = true;
        statement("mysql", text, MYSQL, out);
    }
    if !told && !asks_what_it_is(call) {
        from_input("mysql", call, MYSQL, out);
    }
    call.doubt_before(call.last(), out);
}

fn shell_of_database(call: &Call<'_>, out: &mut Vec<Inner>) {
    if !["eval", "f", "file"].iter().any(|name| call.reading.has(name)) && !asks_what_it_is(call) {
        from_input("program", call, &[""], out);
    }
    call.doubt_before(call.last(), out);
}

fn asks_what_it_is(call: &Call<'_>) -> bool {
    matches!(call.words, [_, Word::Known(word)] if matches!(word.as_str(), "--version" | "--help" | "-version" | "-help" | "-V"))
}

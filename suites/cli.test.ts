import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { asProcess, type Ended, inProcess, start } from './fixtures/command-line.js';
import { packageRoot } from './root.js';

const COMMANDS = ['run', 'plan', 'lint', 'show', 'sim', 'pki', 'selftest', 'report', 'decode', 'encode'];
const REPORTS = ['allure-results', 'junit.xml', 'record.jsonl', 'results.csv', 'summary.html', 'summary.json'];
const catalogue = join(packageRoot, 'test-cases');
/** The worked example of docs/writing-a-case.md: what a newcomer types has to be what happens. */
const guide = readFileSync(join(packageRoot, 'docs', 'writing-a-case.md'), 'utf8');
const EXAMPLE = /```yaml\n(id: eim\.guide\.01\n[\s\S]*?)```/.exec(guide)?.[1] ?? '';
const CASE = join('eim', 'guide', '01-tampered-result.yaml');

describe('the command line', function () {
  this.timeout(60_000);
  let folder = '';
  let eim: ChildProcess | undefined;
  let separate: Ended;
  let builtIn: Ended;

  /** Runs `sgp32` in the scratch folder, where a run may leave its results. */
  const sgp32 = (args: readonly string[], input = '') => asProcess(args, folder, input);

  /** A catalogue with the worked example as its only case. */
  const makeCatalogue = (name: string, text: string): void => {
    for (const part of ['constants.yaml', 'options.yaml', 'settings.yaml', 'operator-actions.yaml', 'procedures', 'requirements'])
      cpSync(join(catalogue, part), join(folder, name, part), { recursive: true });
    mkdirSync(join(folder, name, 'eim', 'guide'), { recursive: true });
    writeFileSync(join(folder, name, CASE), text);
  };

  /** Starts the reference eIM as its users do, and describes it by the addresses that it tells. */
  const startEim = async (): Promise<void> => {
    const child = start(['sim', 'eim'], folder);
    eim = child;
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const { esipa, json, control } = JSON.parse(String(line));
    const text = readFileSync(join(catalogue, 'ixit', 'reference-eim.ixit.yaml'), 'utf8')
      .replace(/^start:\n(?: .*\n)*/m, '')
      .replace(/^ {2}es9plus:\n[\s\S]*?\n\n/m, '\n')
      .replace(/^ {4}coaps(-json)?:.*\n/gm, '')
      .replaceAll(/\$\{start\.esipa\}/g, esipa)
      .replaceAll(/\$\{start\.json\}/g, json)
      .replaceAll(/\$\{start\.control\}/g, control);
    writeFileSync(join(folder, 'mine.ixit.yaml'), text);
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-cli-'));
    makeCatalogue('cases', EXAMPLE);
    makeCatalogue('broken', EXAMPLE.replace('{ disable: {', '{ disabel: {'));
    await startEim();
    const mine = ['--cases', 'cases', '--ixit', 'mine.ixit.yaml', '--only', 'eim.guide.01'];
    [separate, builtIn] = await Promise.all([
      sgp32(['run', ...mine, '--json', '--no-allure-html', '--out', 'separate']),
      sgp32(['run', '--only', 'eim.retrieval.01', '--out', 'built-in']),
    ]);
  });
  after(() => {
    eim?.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells the usage of every command', async () => {
    for (const command of COMMANDS) {
      const { code, out } = await inProcess([command, '--help']);
      expect({ code, usage: out.split('\n')[0] }).to.deep.equal({ code: 0, usage: out.match(`^Usage: sgp32 ${command} .*`)?.[0] });
    }
    const { code, out } = await inProcess(['--help']);
    expect(code).to.equal(0);
    for (const command of COMMANDS) expect(out).to.match(new RegExp(`^  ${command} `, 'm'));
  });

  const meant: readonly (readonly [args: string[], hint: string])[] = [
    [['run', '--onyl', 'eim'], 'Did you mean --only?'],
    [['plan', '--only', 'eim.pol1', '--cases', 'suites/fixtures/small'], 'did you mean "eim.poll"?'],
    [['show', 'eim.poll.02', '--cases', 'suites/fixtures/small'], 'did you mean "eim.poll.01"?'],
    [['sim', 'eim', '--lisen', ':0'], 'did you mean "listen"?'],
    [['sim', 'euicc', '--reader', '127.0.0.1:1'], 'there is no virtual reader: nothing listens at 127.0.0.1:1'],
    [['pki', 'CERT_C1'], 'did you mean "CERT_CI"?'],
    [['decode', '--type', 'GetEimPackageRespons', '00'], 'did you mean "GetEimPackageResponse"?'],
  ];
  for (const [args, hint] of meant)
    it(`ends with 2 and a suggestion after sgp32 ${args.join(' ')}`, async () => {
      const { code, out, err } = await inProcess(args.map(arg => (arg.startsWith('suites/') ? join(packageRoot, arg) : arg)));
      expect({ code, out }).to.deep.equal({ code: 2, out: '' });
      expect(err).to.include(hint);
    });

  it('ends with 2 as a process too', async () => {
    const { code, out, err } = await sgp32(['rnu']);
    expect({ code, out }).to.deep.equal({ code: 2, out: '' });
    expect(err).to.include('Did you mean run?');
  });

  it('ends with 2 and one line when a file or folder is not there', async () => {
    const firstLine = async (...args: string[]) => {
      const { code, out, err } = await inProcess(args);
      expect({ code, out }).to.deep.equal({ code: 2, out: '' });
      return err.split('\n')[0];
    };
    const [cases, absent] = [join(folder, 'cases'), join(folder, 'absent')];
    expect(await firstLine('run', '--cases', cases, '--ixit', absent)).to.equal(`${absent}:1:1: no such IXIT file`);
    expect(await firstLine('plan', '--cases', absent)).to.equal(`sgp32: ${absent}: no such directory; expected one like test-cases/`);
    expect(await firstLine('plan', '--cases', cases)).to.match(
      /^sgp32: .*ixit has no reference-\*\.ixit\.yaml; say with --ixit what is tested$/,
    );
    expect(await firstLine('lint', absent)).to.equal(`sgp32: ${absent}: no such file; expected a case file (.yaml)`);
    expect(await firstLine('report', cases)).to.equal(`sgp32: ${cases}: no record.jsonl in it; give the results directory of a run`);
  });

  it('shows mistakes as the guide does, by lint and by run, and runs and writes nothing', async () => {
    const mistake = /```\ntest-cases\/(eim\/guide[\s\S]*?\n)```/.exec(guide)?.[1] ?? 'no example';
    const expected = { code: 2, out: '', err: `broken/${mistake}1 mistake; nothing was run\n` };
    const run = await sgp32(['run', '--cases', 'broken', '--ixit', 'mine.ixit.yaml', '--out', 'never']);
    expect(run).to.deep.equal(expected);
    expect(existsSync(join(folder, 'never'))).to.equal(false);
    const lint = await inProcess(['lint', '--cases', join(folder, 'broken')]);
    expect({ ...lint, err: lint.err.replace(`${folder}/`, '') }).to.deep.equal(expected);
  });

  it('says that all is well, and of what', async () => {
    const { code, out } = await inProcess(['lint', '--cases', join(folder, 'cases'), '--ixit', join(folder, 'mine.ixit.yaml')]);
    expect(code).to.equal(0);
    expect(out).to.match(/^1 case, \d+ procedures, \d+ requirements, 1 IXIT file: no mistakes\n$/);
  });

  it('refuses an IXIT file of a kind that no case tests', async () => {
    writeFileSync(join(folder, 'ipa.ixit.yaml'), 'iut: ipa\nname: x\nversion: 1\nsupplier: y\n');
    const file = join(folder, 'ipa.ixit.yaml');
    const { code, err } = await inProcess(['run', '--cases', join(folder, 'cases'), '--ixit', file]);
    expect({ code, err }).to.deep.equal({
      code: 2,
      err: `sgp32: ${file} describes an IUT of the kind "ipa", and none of the cases tests one; there are cases for: eim\n`,
    });
  });

  it('stops in one line before anything runs when the IUT speaks another version than its IXIT file says', async () => {
    const text = readFileSync(join(folder, 'mine.ixit.yaml'), 'utf8');
    writeFileSync(join(folder, 'old.ixit.yaml'), text.replace('\niut: eim\n', '\niut: eim\nspec: "1.0"\n'));
    const { code, err } = await sgp32(['run', '--ixit', 'old.ixit.yaml', '--only', 'eim.retrieval', '--out', 'never']);
    expect({ code, err }).to.deep.equal({
      code: 2,
      err: 'old.ixit.yaml:3:1: the IUT speaks 1.1 or later: error 2 in BF4F, an error in BF50; the IXIT says spec: 1.0 - set spec: "1.1" or "1.2" or "1.3" in old.ixit.yaml:3, or run with --any-version a product that mixes versions up\n',
    });
    expect(existsSync(join(folder, 'never'))).to.equal(false);
    const command = [
      'run',
      '--ixit',
      'old.ixit.yaml',
      '--only',
      'eim.retrieval.01',
      '--any-version',
      '--no-allure-html',
      '--out',
      'judged',
    ];
    expect((await sgp32(command)).err).to.include('✓ eim.retrieval.01[https]');
  });

  it('runs the example of the guide against an eIM at a URL and prints one JSON object', async () => {
    expect(separate.code, separate.err).to.equal(0);
    const summary = JSON.parse(separate.out);
    expect(separate.out).to.equal(`${JSON.stringify(summary)}\n`);
    const numbers = { planned: 2, recorded: 2, pass: 2, fail: 0, inconclusive: 0, error: 0, notApplicable: 0, cannotRun: 0 };
    expect(summary).to.deep.equal({ ...numbers, seconds: summary.seconds, byIut: { eim: numbers } });
    expect(summary.seconds).to.be.a('number').above(0);
    const { out } = await inProcess(['run', '--help']);
    for (const member of Object.keys(summary)) expect(out).to.include(member);
  });

  it('tells the progress on standard error as the guide does', () => {
    for (const line of [
      '✓ eim.guide.01[https]#1 "one bit of the signature flipped"',
      '✓ eim.guide.01[https]#2 "signed by another eUICC"',
    ]) {
      expect(guide).to.include(line);
      expect(separate.err).to.include(line);
    }
  });

  it('runs against the built-in eIM without any IXIT file', () => {
    expect(builtIn.code, builtIn.err).to.equal(0);
    expect(builtIn.out).to.equal('');
    expect(builtIn.err)
      .to.match(/✓ eim\.retrieval\.01\[https\]/)
      .and.match(/✓ eim\.retrieval\.01\[json\]/)
      .and.match(/✓ eim\.retrieval\.01\[coaps\]/)
      .and.include('Complete: planned 4 = recorded 4');
  });

  it('writes exactly the reports that are promised', () => {
    expect(readdirSync(join(folder, 'separate')).sort()).to.deep.equal(REPORTS);
    expect(readdirSync(join(folder, 'built-in')).sort()).to.deep.equal(['allure-report', ...REPORTS]);
    expect(existsSync(join(folder, 'sgp32-results'))).to.equal(false);
  });

  it('makes the reports of a run again from its record', async () => {
    mkdirSync(join(folder, 'again'));
    cpSync(join(folder, 'separate', 'record.jsonl'), join(folder, 'again', 'record.jsonl'));
    const { code, out } = await inProcess(['report', join(folder, 'again')]);
    expect(code).to.equal(0);
    expect(out).to.match(/again: reports of run .*, 2 of 2 sequences\n$/);
    expect(readdirSync(join(folder, 'again')).sort()).to.deep.equal(['allure-report', ...REPORTS]);
    for (const name of ['junit.xml', 'results.csv', 'summary.html', 'summary.json'])
      expect(readFileSync(join(folder, 'again', name), 'utf8'), name).to.equal(readFileSync(join(folder, 'separate', name), 'utf8'));
  });

  it('plans as a list for programs and as lines for people, without colours where NO_COLOR asks for it', async () => {
    const plan = ['plan', '--cases', join(folder, 'cases'), '--ixit', join(folder, 'mine.ixit.yaml')];
    const json = await inProcess([...plan, '--json']);
    const plain = await inProcess(plan, { FORCE_COLOR: '1', NO_COLOR: '1' });
    const coloured = await inProcess(plan, { FORCE_COLOR: '1' });
    const entries: readonly Record<string, unknown>[] = JSON.parse(json.out);
    expect(entries.map(({ key, state, reason }) => ({ key, state, reason }))).to.deep.equal(
      [1, 2].map(row => ({ key: `eim.guide.01[https]#${row}`, state: 'run', reason: '' })),
    );
    expect(plain.out)
      .to.match(/^eim\.guide\.01\[https\]#1 {2}runs {2}A result /)
      .and.not.include('\u001b');
    expect(coloured.out).to.include('\u001b');
  });

  it('shows a case with its procedures and constants filled in', async () => {
    const { code, out } = await inProcess(['show', 'eim.guide.01', '--cases', join(folder, 'cases')]);
    expect(code).to.equal(0);
    expect(out).to.include('  - call: registerEuicc\n    with: { eid: 89049032123451234512345678901235 }\n');
    expect(out).to.include('    - operator: registerEuicc\n');
    expect(out).to.include('#   SGP32-3.3.1-11  SHALL  An eIM does not acknowledge');
  });

  it('decodes and encodes, one message or one per line of standard input', async () => {
    const [lines, encodedLines] = await Promise.all([
      sgp32(['decode', '-'], 'BF4F03020101\n\nBF4F0302\nxyz\n'),
      sgp32(['encode', '-'], '{"type":"GetEimPackageResponse","value":{"eimPackageError":1}}\n{}\n'),
    ]);
    const tree = await inProcess(['decode', 'BF4F03020101']);
    const encoded = await inProcess(['encode', '--type', 'GetEimPackageResponse', '{"eimPackageError":1}']);
    const wrong = await inProcess(['decode', 'BF4F030201']);
    const noJson = await inProcess(['encode', '--type', 'GetEimPackageResponse', '{']);
    expect(tree.code).to.equal(0);
    expect(tree.out).to.include('eimPackageError = noEimPackageAvailable(1)');
    expect(encoded).to.deep.equal({ code: 0, out: 'BF4F03020101\n', err: '' });
    const results = (text: string): Record<string, unknown>[] =>
      text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line));
    expect(lines.code).to.equal(1);
    expect(results(lines.out).map(({ ok }) => ok)).to.deep.equal([true, false, false]);
    expect(encodedLines.code).to.equal(1);
    expect(results(encodedLines.out)).to.deep.equal([
      { ok: true, hex: 'BF4F03020101' },
      { ok: false, error: '--type is missing: which ASN.1 type is it?' },
    ]);
    expect([wrong.code, noJson.code]).to.deep.equal([1, 2]);
    expect(noJson.err).to.match(/^sgp32: expected JSON or a file, got "\{"/);
  });

  it('prints certificates of the test PKI as PEM', async () => {
    const { code, out } = await inProcess(['pki', 'CERT_EIM_TLS', '--chain', '--key']);
    expect(code).to.equal(0);
    expect([...out.matchAll(/-----BEGIN ([A-Z ]+)-----/g)].map(m => m[1])).to.deep.equal(['CERTIFICATE', 'CERTIFICATE', 'PRIVATE KEY']);
    expect(readFileSync(join(catalogue, 'ixit', 'acme', 'eim-tls-ca.pem'), 'utf8')).to.equal((await inProcess(['pki', 'CERT_CI'])).out);
  });
});

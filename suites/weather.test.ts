import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SequenceRecord } from '../reports/record.js';
import { readRecord } from '../reports/store.js';
import { inProcess } from './fixtures/command-line.js';
import { packageRoot } from './root.js';

/** Weather that costs a test no time: what is lost would only come again after seconds. */
const WEATHER = 'delay: 1ms..2ms, duplicate: 30%, reorder: 10%, patience: 2ms';

describe('a run under weather', function () {
  this.timeout(30_000);
  let folder = '';

  /** The reference eIM, reached over one wire. */
  const ixit = (name: string, wire: 'coaps' | 'https', weather?: string): string => {
    const file = join(folder, name);
    const text = readFileSync(join(packageRoot, 'test-cases', 'ixit', 'reference-eim.ixit.yaml'), 'utf8');
    const [others, own] = [
      wire === 'coaps' ? 'https|json|coaps-json' : 'coaps|json|coaps-json',
      weather ? `, weather: { ${weather} } }` : ' }',
    ];
    writeFileSync(
      file,
      text
        .replace(/^ {2}cwd: .*$/m, `  cwd: ${packageRoot}`)
        .replaceAll(new RegExp(`^ {4}(${others}): \\{ url.*\\n`, 'gm'), '')
        .replace(new RegExp(`^( {4}${wire}: \\{ url.*\\]) \\}$`, 'm'), `$1${own}`),
    );
    return file;
  };
  const run = async (file: string, only: string, seed: string, ...more: readonly string[]) => {
    const out = join(folder, 'results');
    const ended = await inProcess(['run', '--ixit', file, '--only', only, '--seed', seed, '--out', out, '--no-allure-html', ...more]);
    const record = await readRecord(out);
    const [sequence] = record.sequences;
    if (!sequence) throw new Error(ended.err);
    return { ...ended, record, sequence };
  };
  /** What the weather did, without the time that it took. */
  const deeds = ({ weather = {}, exchanges }: SequenceRecord): readonly unknown[] => [
    Object.values(weather),
    exchanges.map(({ transport }) => transport.weather),
  ];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-weather-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('passes a case as in fine weather, shows the weather, and has the same one from the same seed', async () => {
    const file = ixit('coaps.ixit.yaml', 'coaps', WEATHER);
    const first = await run(file, 'eim.coap.02', 'a');
    expect(first.err).to.contain('2 pass');
    expect(first.record.iut.weather).to.deep.equal({ 'esipa.coaps': WEATHER });
    const [[told]] = deeds(first.sequence) as [[string]];
    expect(told).to.match(/^\d+ datagrams: \d+ twice, (\d+ overtaken, )?held up for/);
    expect(first.sequence.exchanges.some(({ transport }) => /datagrams?/.test(transport.weather ?? ''))).to.equal(true);
    expect(readFileSync(join(folder, 'results', 'summary.html'), 'utf8')).to.contain(`esipa.coaps: ${WEATHER}`);
    expect(deeds((await run(file, 'eim.coap.02', 'a')).sequence)).to.deep.equal(deeds(first.sequence));
  });

  it('is inconclusive, with the reason, where the weather cuts the stream', async () => {
    const file = ixit('cut.ixit.yaml', 'https', 'cut: 100%, cutAfter: 10..40');
    const { code, sequence } = await run(file, 'eim.retrieval.01', 'a');
    expect({ code, verdict: sequence.verdict, violated: sequence.violated }).to.deep.equal({
      code: 4,
      verdict: 'inconclusive',
      violated: [],
    });
    expect(sequence.reason).to.match(/^the weather broke it off \(esipa\.https: stream \d+ cut after \d\d octets (to|from) the server/);
  });

  it('takes the weather of the command line', async () => {
    const { record } = await run(ixit('fine.ixit.yaml', 'https'), 'eim.retrieval.01', 'a', '--weather', 'loss: 5%, rate: 400kbit/s');
    expect(record.iut.weather).to.deep.include({ 'esipa.https': 'rate: 400kbit/s', 'es9plus.https': 'rate: 400kbit/s' });
  });

  it('warns of timeouts that it makes impossible', async () => {
    const { code, err } = await inProcess(['plan', '--ixit', ixit('slow.ixit.yaml', 'https', 'rate: 8kbit/s')]);
    expect(code).to.equal(0);
    expect(err).to.match(
      /slow\.ixit\.yaml:\d+:\d+: warning: the weather of .* may take 66 s for an exchange, and timeouts\.response is 10 s/,
    );
  });

  it('refuses weather that there is not, and nothing runs', async () => {
    const { code, err } = await inProcess(['plan', '--ixit', ixit('bad.ixit.yaml', 'coaps', 'loss: 5, duplcate: 2%')]);
    expect(code).to.equal(2);
    expect(err).to.match(/bad\.ixit\.yaml:\d+:\d+: expected a share from 0% to 100% for "loss", got "5" - did you mean 5%\?/);
    expect(err).to.match(/unknown key "duplcate" .* - did you mean "duplicate"\?/);
    const card = join(packageRoot, 'test-cases', 'ixit', 'reference-euicc.ixit.yaml');
    const idle = await inProcess(['run', '--ixit', card, '--weather', 'loss: 5%']);
    expect([idle.code, idle.err]).to.deep.equal([
      2,
      'sgp32: --weather loss: 5%: none of the links that are described takes it (loss is for CoAPs, rate and cut for HTTPS)\n',
    ]);
    const typed = await inProcess(['run', '--weather', 'los: 5%']);
    expect([typed.code, typed.err.split(' ')[0]]).to.deep.equal([2, '--weather:1:1:']);
    expect(typed.err).to.contain('unknown key "los"');
  });
});

import { expect } from 'chai';
import { expectGolden } from './fixtures/golden.js';
import { goldenRecord } from './fixtures/record.js';
import { html } from './html.js';
import { externalLoads } from './offline.js';
import type { RunRecord } from './record.js';

const page = html(goldenRecord);

describe('summary.html', () => {
  it('is the golden file', () => expectGolden('summary.html', page));

  it('loads nothing from outside and runs no script', () => {
    expect(externalLoads(page)).to.deep.equal([]);
    expect(page).not.to.match(/<script|javascript:|\son[a-z]+="/i);
  });

  it('lets no text of the record become markup', () => {
    const allowed =
      'html head meta title style body header footer nav main section article h1 h2 h3 h4 p div span strong b i br a code pre ol li dl dt dd table thead tbody tr th td mark figure details summary svg rect g text tspan line path'.split(
        ' ',
      );
    const tags = [...page.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, name = '']) => name);
    expect([...new Set(tags)].filter(tag => !allowed.includes(tag))).to.deep.equal([]);
    expect(page).to.contain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
  });

  it('leads every link to a place in the page', () => {
    const ids = new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets).not.to.have.length(0);
    expect(targets.filter(target => !ids.has(target))).to.deep.equal([]);
    expect(ids.size).to.equal([...page.matchAll(/\sid="/g)].length);
  });

  it('shows each verdict with its sign', () => {
    for (const sign of ['✓ pass', '✗ fail', '? inconclusive', '! error', '– not applicable', '∅ cannot run']) expect(page).to.contain(sign);
  });

  it('keeps the run id from ending the style sheet', () => {
    const record: RunRecord = { ...goldenRecord, run: { ...goldenRecord.run, id: `"}</style><b>` } };
    expect(html(record).match(/<\/style>/g)).to.have.length(1);
  });

  const result = (record: RunRecord) => /<strong>([^<]*)<\/strong>/.exec(html(record))?.[1];
  const only = (...keys: readonly string[]): RunRecord => ({
    ...goldenRecord,
    plan: goldenRecord.plan.filter(({ key }) => keys.includes(key)),
    sequences: goldenRecord.sequences.filter(({ key }) => keys.includes(key)),
  });

  it('folds the passed sequences of a requirement when they are many, and no others', () => {
    const [passed] = only('eim.enable.01[https]').sequences;
    const [entry] = only('eim.enable.01[https]').plan;
    if (!passed || !entry) throw new Error('the fixture has no passed sequence');
    const times = (many: number): RunRecord => {
      const keys = Array.from({ length: many }, (_, n) => `eim.many.${n}[https]`);
      return {
        ...goldenRecord,
        plan: [...goldenRecord.plan, ...keys.map(key => ({ ...entry, key }))],
        sequences: [...goldenRecord.sequences, ...keys.map(key => ({ ...passed, key }))],
      };
    };
    const folded = (many: number) => html(times(many)).match(/<details><summary>\d+ passed<\/summary>.*?<\/details>/gs) ?? [];
    expect(folded(5)).to.deep.equal([]);
    const [list = '', ...others] = folded(30);
    expect(list)
      .to.match(/^<details><summary>3\d passed/)
      .and.include('#row-eim.many.0-https')
      .and.include('#row-eim.many.29-https');
    for (const one of [list, ...others]) expect(one).to.not.match(/v-(fail|inconclusive|error)/);
  });

  it('says in one line whether the IUT conforms', () => {
    expect(result(goldenRecord)).to.equal('NOT CONFORMANT — 2 violated requirements');
    expect(result(only('eim.enable.01[https]'))).to.equal('CONFORMANT — 1 of 1 applicable sequence passed');
    expect(result(only('eim.enable.01[https]', 'eim.disable.04[https]'))).to.equal(
      'INCONCLUSIVE — no violation seen, 1 sequence without a verdict',
    );
    expect(result(only('ipa.poll.02[https]'))).to.equal('NO RESULT — 1 sequence ended in an error of the harness');
    expect(result({ ...only('eim.enable.01[https]'), sequences: [] })).to.equal(
      'NO RESULT — the run is incomplete: 0 of 1 sequences recorded',
    );
    expect(result({ ...goldenRecord, plan: [], sequences: [] })).to.equal('INCONCLUSIVE — no sequence ran');
  });

  it('lists a failed sequence that names no requirement', () => {
    const failed = only('eim.package.03[coaps]');
    const page = html({ ...failed, sequences: failed.sequences.map(sequence => ({ ...sequence, violated: [] })) });
    expect(page).to.contain('Failed without a requirement id').and.contain('NOT CONFORMANT — 1 failed sequence');
  });

  it('names every implementation of a run with its own result, and claims nothing of one for another', () => {
    const second = { ...goldenRecord.iut, role: 'ipa', name: 'Acme IPA', ixit: 'acme-ipa.ixit.yaml', options: { O_I_CLOCK: true } };
    const text = html({ ...goldenRecord, furtherIuts: [second] });
    expect(text).to.include('<title>Acme eIM 4.2.0 and 1 more — SGP.32 conformance report</title>');
    expect(text).to.match(/<dt>eIM<\/dt><dd><strong>Acme eIM 4\.2\.0<\/strong>.*of \d+ sequences? passed/);
    expect(text).to.match(/<dt>IPA<\/dt><dd><strong>Acme IPA 4\.2\.0<\/strong>/);
    expect(text).to.include('O_I_CLOCK');
  });
});

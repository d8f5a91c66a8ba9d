import { expect } from 'chai';
import { builtInIxits, prepareCatalogue, prepareIxit } from './prepare.js';
import { judgePair, type SelftestInput, selftest } from './selftest.js';

const record = (verdict: 'pass' | 'fail' | 'inconclusive' | 'error', violated: readonly string[] = [], reason = '') => ({
  key: 'eim.a.01[https]',
  verdict,
  violated,
  reason,
});

describe('a pair of case and defect', () => {
  it('is as stated when the case fails for the stated requirement', () => {
    expect(judgePair([record('fail', ['SGP32-1-01', 'SGP32-1-02'], 'step 2')], 'SGP32-1-02')).to.equal(undefined);
  });

  it('needs one row only that fails', () => {
    expect(judgePair([record('pass'), record('fail', ['SGP32-1-01'])], 'SGP32-1-01')).to.equal(undefined);
  });

  it('is a deviation when the case fails for something else', () => {
    expect(judgePair([record('fail', ['SGP32-1-01'], 'step 2: expected 1, got 2')], 'SGP32-1-02')).to.equal(
      'failed, but for SGP32-1-01 instead of SGP32-1-02 (step 2: expected 1, got 2)',
    );
    expect(judgePair([record('fail', [], 'step 2')], 'SGP32-1-02')).to.equal(
      'failed, but for no requirement instead of SGP32-1-02 (step 2)',
    );
  });

  it('is a deviation when the case passes, proves nothing or breaks', () => {
    expect(judgePair([record('pass')], 'SGP32-1-01')).to.equal('passed');
    expect(judgePair([record('pass'), record('inconclusive', [], 'no answer')], 'SGP32-1-01')).to.equal('inconclusive: no answer');
    expect(judgePair([record('error', [], 'no actor x')], 'SGP32-1-01')).to.equal('error: no actor x');
  });
});

describe('self-test', function () {
  // Each run starts a reference eIM of its own.
  this.timeout(30_000);
  const catalogue = prepareCatalogue();
  const [file = ''] = builtInIxits();
  const lines: string[] = [];
  const run = (input: Partial<SelftestInput>) =>
    selftest({
      ixit: prepareIxit(file, catalogue),
      catalogue,
      only: ['eim.retrieval.01', 'eim.retrieval.02'],
      expectations: new Map(),
      defects: [],
      variants: [],
      jobs: 2,
      tell: line => lines.push(line),
      ...input,
    });
  beforeEach(() => {
    lines.length = 0;
  });

  it('counts a case that fails on its defect, and reports the one that no defect fails', async () => {
    const result = await run({
      expectations: new Map([['eim.retrieval.01', new Map([['answersUndefinedErrorWhenEmpty', 'SGP32-5.14.5-01']])]]),
      defects: ['answersUndefinedErrorWhenEmpty', 'refusesPlmn'],
    });
    expect(result).to.deep.equal({
      cases: 2,
      defects: 1,
      killed: 1,
      survivors: ['eim.retrieval.02'],
      uncaught: [],
      variants: 0,
      falseFails: [],
      inconclusive: [],
      deviations: [],
    });
    expect(lines).to.deep.equal(['caught  answersUndefinedErrorWhenEmpty  by eim.retrieval.01']);
  });

  it('reports a defect that its case overlooks, with what happened instead', async () => {
    const result = await run({
      expectations: new Map([['eim.retrieval.01', new Map([['refusesPlmn', 'SGP32-5.14.5-01']])]]),
      defects: ['refusesPlmn'],
    });
    expect(result).to.include({ killed: 0 });
    expect(result.uncaught).to.deep.equal(['refusesPlmn']);
    expect(result.deviations).to.deep.equal(['refusesPlmn: eim.retrieval.01: passed']);
    expect(lines).to.deep.equal(['NOT CAUGHT  refusesPlmn  by eim.retrieval.01']);
  });

  it('tries a defect on the plan of a supplier who declares other options', async () => {
    const result = await run({
      ixit: prepareIxit(builtInIxits().find(name => name.includes('reference-euicc')) ?? '', catalogue),
      only: ['euicc.ipae.01'],
      expectations: new Map([['euicc.ipae.01', new Map([['hidesItsIpae', 'SGP32-3.8.4-71']])]]),
      defects: ['hidesItsIpae'],
      declares: { hidesItsIpae: { options: { O_E_IPAE: true } } },
    });
    expect(result).to.include({ cases: 1, killed: 1 });
    expect(result.survivors).to.deep.equal([]);
  });

  it('passes a group of conformant variants', async () => {
    const result = await run({ variants: [['skipsCounters', 'extraHeaders']], only: ['eim.retrieval.01'] });
    expect(result).to.include({ variants: 2 });
    expect(result.falseFails).to.deep.equal([]);
    expect(lines).to.deep.equal(['passes  skipsCounters, extraHeaders  3 of 3']);
  });

  it('names the variant of a group on which a sequence fails, and no other', async () => {
    const status = catalogue.requirements.get('SGP32-6.1-08');
    if (!status) throw new Error('no requirement SGP32-6.1-08');
    // With the recommended status demanded, the case is stricter than the specification.
    const strict = {
      ...catalogue,
      requirements: new Map([...catalogue.requirements, ['SGP32-6.1-08', { ...status, level: 'shall' as const }]]),
    };
    const result = await run({ catalogue: strict, variants: [['skipsCounters', 'answersNotificationsWith200']], only: ['eim.http.09'] });
    expect(result.falseFails).to.have.length(1);
    expect(result.falseFails[0]).to.match(/^answersNotificationsWith200: eim\.http\.09\[https\]: fail: .*204/);
    expect(lines).to.deep.equal(['FALSE FAIL  skipsCounters, answersNotificationsWith200  0 of 1']);
  });
});

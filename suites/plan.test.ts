import { expect } from 'chai';
import type { Case, Procedure, Step } from './language/ast.js';
import { parseCondition } from './language/condition.js';
import { actionsOf, isSelected, makePlan, type PlanInput } from './plan.js';

const at = { file: 'x.yaml', line: 1, column: 1 };
const condition = (text: string) => {
  const parsed = parseCondition(text, at);
  if ('code' in parsed) throw new Error(parsed.message);
  return parsed;
};
const operator = (action: string, option?: string): Step => ({
  verb: 'operator',
  action,
  covers: [],
  at,
  text: `operator: ${action}`,
  ...(option ? { if: condition(option) } : {}),
});
const call = (procedure: string): Step => ({ verb: 'call', procedure, covers: [], at, text: `call: ${procedure}` });
const some = (more: Partial<Case> = {}): Case => ({
  id: 'eim.x.01',
  title: 'Something happens',
  source: 'SGP.32, 1',
  iut: 'eim',
  over: [{ link: 'https', when: condition('O_HTTPS') }],
  covers: ['SGP32-1-01'],
  limit: 120,
  actors: [],
  before: [],
  steps: [],
  after: [],
  once: false,
  destructive: false,
  file: 'eim/x/01-x.yaml',
  at,
  ...more,
});
const procedures = new Map<string, Procedure>([
  [
    'prepare',
    {
      name: 'prepare',
      title: '',
      params: [],
      optionalParams: [],
      returns: [],
      idempotent: false,
      steps: [operator('registerEuicc')],
      file: 'p.yaml',
      at,
    },
  ],
]);
const input = (more: Partial<PlanInput> = {}): PlanInput => ({
  iut: 'eim',
  options: new Map([
    ['O_HTTPS', true],
    ['O_COAPS', false],
  ]),
  spec: '1.2',
  links: new Set(['https']),
  injection: new Set(),
  servers: new Set(['es9plus']),
  mayDestroy: true,
  isBound: () => true,
  bindingPlace: 'acme.ixit.yaml:41',
  linkPlace: 'acme.ixit.yaml:20',
  settings: { known: ['IUT_EIM_ID', 'IUT_RETRY'], given: new Set(['IUT_EIM_ID']), place: 'acme.ixit.yaml:7' },
  ...more,
});
const plan = (c: Case, i = input()) => makePlan([c], procedures, i, 'seed', new Map()).map(p => p.entry);

describe('the plan', () => {
  it('runs a case in which the eIM calls only where the wire of injection is described', () => {
    const send: Step = { verb: 'send', actor: 'eim', typeName: 'TransferEimPackageRequest', covers: [], at, text: '' };
    const expecting: Step = { verb: 'expect', actor: 'ipa', accepts: ['TransferEimPackageRequest'], types: [], covers: [], at, text: '' };
    const reason = 'links.injection.https is not described (acme.ixit.yaml:20)';
    for (const steps of [[send], [expecting], [{ verb: 'unordered', steps: [send], covers: [], at, text: '' } as const]]) {
      expect(plan(some({ steps }))[0]).to.include({ state: 'cannotRun', reason });
      expect(plan(some({ steps }), input({ injection: new Set(['https']) }))[0]).to.include({ state: 'run' });
    }
    expect(plan(some({ steps: [call('prepare')] }))[0]).to.include({ state: 'run' });
  });

  it('multiplies a case by its links and rows, with keys of their own', () => {
    const row = (name: string) => ({ name, cells: { kind: 'map', entries: [], at } as const, at });
    const entries = plan(
      some({ over: [...some().over, { link: 'coaps', when: condition('not O_COAPS') }], table: [row('first'), row('second')] }),
      input({ links: new Set(['https', 'coaps']) }),
    );
    expect(entries.map(e => e.key)).to.deep.equal(['eim.x.01[https]#1', 'eim.x.01[https]#2', 'eim.x.01[coaps]#1', 'eim.x.01[coaps]#2']);
    expect(entries[1]?.title).to.equal('Something happens - second');
  });

  it('has a case that looks at no link once, over the first of its links that the IUT has', () => {
    const over = [
      { link: 'https', when: condition('O_HTTPS') },
      { link: 'coaps', when: condition('O_COAPS') },
    ];
    const keys = (options: readonly [string, boolean][], links = ['https', 'coaps']) =>
      plan(some({ over, once: true }), input({ options: new Map(options), links: new Set(links) })).map(({ key, state }) => [key, state]);
    expect(
      keys([
        ['O_HTTPS', true],
        ['O_COAPS', true],
      ]),
    ).to.deep.equal([['eim.x.01[https]', 'run']]);
    expect(
      keys([
        ['O_HTTPS', false],
        ['O_COAPS', true],
      ]),
    ).to.deep.equal([['eim.x.01[coaps]', 'run']]);
    expect(
      keys([
        ['O_HTTPS', false],
        ['O_COAPS', false],
      ]),
    ).to.deep.equal([['eim.x.01[https]', 'notApplicable']]);
    expect(
      keys(
        [
          ['O_HTTPS', true],
          ['O_COAPS', true],
        ],
        ['coaps'],
      ),
    ).to.deep.equal([['eim.x.01[coaps]', 'run']]);
    expect(
      keys(
        [
          ['O_HTTPS', true],
          ['O_COAPS', false],
        ],
        ['coaps'],
      ),
    ).to.deep.equal([['eim.x.01[https]', 'cannotRun']]);
  });

  it('says which option makes a case not applicable', () => {
    const [entry] = plan(some({ when: condition('O_HTTPS and O_COAPS') }));
    expect(entry).to.include({ state: 'notApplicable', reason: 'O_COAPS is no' });
  });

  it('leaves out a row whose own option is missing, and no other row', () => {
    const row = (name: string, when?: string) => {
      const cells = { kind: 'map', entries: [], at } as const;
      return { name, cells, at, ...(when ? { when: condition(when) } : {}) };
    };
    const table = [row('any'), row('with', 'O_HTTPS'), row('without', 'O_COAPS')];
    expect(plan(some({ table })).map(({ state, reason }) => [state, reason])).to.deep.equal([
      ['run', ''],
      ['run', ''],
      ['notApplicable', 'O_COAPS is no'],
    ]);
    const excluded = plan(some({ table, when: condition('not O_HTTPS') }));
    expect(excluded.map(({ reason }) => reason)).to.deep.equal(['O_HTTPS is yes', 'O_HTTPS is yes', 'O_HTTPS is yes']);
  });

  it('leaves out a case, or one row, that another version of SGP.32 has', () => {
    const row = (name: string, when: string) => ({ name, cells: { kind: 'map', entries: [], at } as const, at, when: condition(when) });
    const [whole] = plan(some({ when: condition('O_HTTPS and since 1.3') }));
    expect(whole).to.include({ state: 'notApplicable', reason: 'applies from SGP.32 v1.3; the IXIT says spec: 1.2' });
    const table = [row('old', 'until 1.0'), row('new', 'since 1.1')];
    expect(plan(some({ table })).map(({ state, reason }) => [state, reason])).to.deep.equal([
      ['notApplicable', 'applies up to SGP.32 v1.0; the IXIT says spec: 1.2'],
      ['run', ''],
    ]);
    expect(plan(some({ table }), input({ spec: '1.0' })).map(({ state }) => state)).to.deep.equal(['run', 'notApplicable']);
  });

  it('says which action has no binding, also inside of a procedure', () => {
    const [entry] = plan(
      some({ before: [call('prepare')], steps: [operator('queueEnable')] }),
      input({ isBound: action => action === 'queueEnable' }),
    );
    expect(entry).to.include({ state: 'cannotRun', reason: 'no binding for registerEuicc (acme.ixit.yaml:41)' });
  });

  it('says which setting that a case or a procedure of it uses has no value', () => {
    const texts = new Map([
      ['eim/x/01-x.yaml', 'match: { eimId: $IUT_EIM_ID }'],
      ['p.yaml', 'within: $IUT_RETRY'],
    ]);
    const state = (steps: readonly Step[]) => makePlan([some({ steps })], procedures, input(), 's', texts)[0]?.entry;
    expect(state([])).to.include({ state: 'run' });
    expect(state([call('prepare')])).to.include({ state: 'cannotRun', reason: 'no value for IUT_RETRY (acme.ixit.yaml:7)' });
  });

  it('says that a link is not described', () => {
    const [entry] = plan(some(), input({ links: new Set() }));
    expect(entry).to.include({ state: 'cannotRun', reason: 'links.*.https is not described (acme.ixit.yaml:20)' });
  });

  it('says that the IUT is told of no server for an actor', () => {
    const actor = (role: 'smdp' | 'smds') => ({ name: role, role, config: { kind: 'map', entries: [], at } as const, at });
    expect(plan(some({ actors: [actor('smdp')] }))[0]).to.include({ state: 'run' });
    expect(plan(some({ actors: [actor('smdp'), actor('smds')] }))[0]).to.include({
      state: 'cannotRun',
      reason: 'links.es11.https is not described (acme.ixit.yaml:20)',
    });
  });

  it('leaves out actions of steps that another version has', () => {
    const steps = [operator('a', 'since 1.3'), operator('b', 'until 1.2')];
    expect([...actionsOf(steps, procedures, input())]).to.deep.equal(['b']);
  });

  it('leaves out actions of steps whose option is no', () => {
    expect([...actionsOf([operator('a', 'O_COAPS'), operator('b', 'O_HTTPS'), call('prepare')], procedures, input())]).to.deep.equal([
      'b',
      'registerEuicc',
    ]);
  });

  it('holds only cases of the IUT, each sequence with a seed of its own', () => {
    expect(plan(some({ iut: 'ipa' }))).to.have.length(0);
    const [a, b] = makePlan([some(), some({ id: 'eim.x.02' })], procedures, input(), 's', new Map());
    expect(a?.seed)
      .to.match(/^[0-9a-f]{16}$/)
      .and.not.equal(b?.seed);
  });

  it('selects by prefix of the id', () => {
    expect(isSelected('eim.enable.01', [])).to.equal(true);
    expect(isSelected('eim.enable.01', ['eim.enable'])).to.equal(true);
    expect(isSelected('eim.enable.01', ['eim.e'])).to.equal(true);
    expect(isSelected('eim.enable.01', ['eim.tls', 'ipa'])).to.equal(false);
  });

  it('runs over CoAPs in JSON what is said of JSON and not of HTTP, where such a link is described', () => {
    const over = (...links: readonly string[]) => ({ over: links.map(link => ({ link, when: condition('O_HTTPS') })) });
    const wires = (more: Partial<Case>, links: readonly string[]) =>
      makePlan([some(more)], procedures, input({ links: new Set(links) }), '', new Map()).map(({ entry }) => entry.over);
    const all = ['https', 'json', 'coaps', 'coaps-json'];
    expect(wires(over('https', 'json', 'coaps'), all)).to.deep.equal(all);
    expect(wires(over('https', 'json', 'coaps'), ['https', 'json', 'coaps'])).to.deep.equal(['https', 'json', 'coaps']);
    expect(wires(over('json'), all)).to.deep.equal(['json', 'coaps-json']);
    expect(wires({ ...over('json'), covers: ['SGP32-6.1-01'] }, all)).to.deep.equal(['json']);
    expect(wires(over('https', 'json'), all)).to.deep.equal(['https', 'json']);
    expect(wires(over('coaps'), all)).to.deep.equal(['coaps']);
  });
});

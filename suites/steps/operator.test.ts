import { expect } from 'chai';
import { OperatorError } from '../../adapters/adapter.js';
import type { OperatorStep } from '../language/ast.js';
import { makeScope } from '../language/scope.js';
import type { Context, Performed } from '../runtime/context.js';
import { createExchangeLog } from '../runtime/exchange-log.js';
import type { Arrival, Party } from '../runtime/party.js';
import { createSignal } from '../runtime/signal.js';
import { labWeather } from '../runtime/weather.js';
import { operate } from './operator.js';

const at = { file: 't.yaml', line: 1, column: 1 };
const step = (action: string): OperatorStep => ({ verb: 'operator', action, covers: [], at, text: '' });
const DONE: Performed = { values: {}, act: { action: '', by: '', request: '', answer: '', seconds: 0 } };

const setUp = (perform: () => Promise<Performed>, ended?: string) => {
  const inbox = ['old', 'taken'].map(name => ({ name, taken: name === 'taken' }) as Arrival);
  const context: Context = {
    stage: {
      spec: '1.2',
      versions: undefined,
      log: createExchangeLog(() => 0),
      keys: { keys: () => [], context: () => ({}) },
      levelOf: () => 'shall',
      weather: labWeather(1),
      sent: [],
      over: new AbortController().signal,
      scriptAnswers: () => false,
      fault: () => undefined,
      faulted: () => false,
    },
    spec: '1.2',
    scope: makeScope({ random: count => new Uint8Array(count) }),
    phase: 'steps',
    parties: new Map([['eim', { inbox } as unknown as Party]]),
    clientWire: () => undefined,
    verifyWith: () => [],
    operator: perform,
    ends: action => action === 'stopIpa',
    responseSeconds: 1,
    news: createSignal(),
    phaseBegan: 0,
    iutEnded: () => ended,
  };
  return { context, inbox };
};

describe('an act of the operator', () => {
  it('that ends what the IUT is doing leaves nothing of it to expect', async () => {
    const { context, inbox } = setUp(async () => DONE);
    await operate(context, step('pollEim'));
    expect(inbox.map(a => a.isPast)).to.deep.equal([undefined, undefined]);
    await operate(context, step('stopIpa'));
    expect(inbox.map(a => a.isPast)).to.deep.equal([true, undefined]);
  });

  it('that finds nobody is counted against an IUT whose process has ended', async () => {
    const unreached = () => Promise.reject(new OperatorError('unreachable', 'connection reset'));
    const { checks } = await operate(setUp(unreached, 'its process has ended (exit code 70)').context, step('stopIpa'));
    expect(checks.map(c => [c.ok, c.level, c.actual])).to.deep.equal([[false, 'shall', 'its process has ended (exit code 70)']]);
  });

  it('that was refused proves nothing about the IUT', async () => {
    const refused = new OperatorError('refused', 'status 409');
    const { context } = setUp(() => Promise.reject(refused), 'its process has ended (exit code 70)');
    expect(await operate(context, step('stopIpa')).catch((error: unknown) => error)).to.equal(refused);
  });
});

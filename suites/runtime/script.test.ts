import { expect } from 'chai';
import type { ExpectStep, Procedure, SendStep, Step } from '../language/ast.js';
import type { Party } from './party.js';
import { createScript } from './script.js';

const at = { file: 'x.yaml', line: 1, column: 1 };
const base = { covers: [], at, text: '' };
const expecting = (actor: string, ...accepts: string[]): ExpectStep => ({ ...base, verb: 'expect', actor, accepts, types: [] });
const sending = (actor: string, typeName: string): SendStep => ({ ...base, verb: 'send', actor, typeName });
const party = (name: string, ...waiting: string[]) => ({ name, inbox: waiting.map(w => ({ name: w, taken: false })) }) as unknown as Party;
const at0 = (steps: readonly Step[], procedures: ReadonlyMap<string, Procedure> = new Map()) => {
  const script = createScript(procedures, () => true);
  script.enter(steps);
  script.at(0);
  return script;
};

describe('who answers', () => {
  const steps = [sending('ipa', 'A'), expecting('smdp', 'Q'), sending('smdp', 'R'), expecting('ipa', 'B')];

  it('is the script, if the next step expects the message and the step after it sends', () => {
    expect(at0(steps).answers(party('smdp'), 'Q')).to.equal(true);
  });
  it('is the actor, if the script only looks', () => {
    expect(at0([sending('ipa', 'A'), expecting('smdp', 'Q'), expecting('ipa', 'B')]).answers(party('smdp'), 'Q')).to.equal(false);
  });
  it('is the actor for a message that the script does not turn to next', () => {
    expect(at0(steps).answers(party('smdp'), 'Other')).to.equal(false);
    expect(at0(steps).answers(party('smds'), 'Q')).to.equal(false);
  });
  it('counts messages that wait already', () => {
    expect(at0(steps).answers(party('smdp', 'Q'), 'Q')).to.equal(false);
    expect(at0([...steps, expecting('smdp', 'Q'), sending('smdp', 'R')]).answers(party('smdp', 'Q'), 'Q')).to.equal(true);
  });
  it('looks into procedures, and behind an optional step', () => {
    const procedure = { steps: [expecting('smdp', 'Q'), sending('smdp', 'R')] } as unknown as Procedure;
    const call: Step = { ...base, verb: 'call', procedure: 'p' };
    expect(at0([sending('ipa', 'A'), call], new Map([['p', procedure]])).answers(party('smdp'), 'Q')).to.equal(true);
    expect(
      at0([sending('ipa', 'A'), { ...expecting('smdp', 'X'), optional: true }, expecting('smdp', 'Q'), sending('smdp', 'R')]).answers(
        party('smdp'),
        'Q',
      ),
    ).to.equal(true);
  });
  it('is the actor, as long as an act stands before the step that ends what the IUT is doing', () => {
    const operating = (action: string): Step => ({ ...base, verb: 'operator', action });
    const script = (action: string, index: number) => {
      const made = createScript(
        new Map(),
        () => true,
        name => name === 'stopIpa',
      );
      made.enter([operating(action), expecting('smdp', 'Q'), sending('smdp', 'R')]);
      made.at(index);
      return made;
    };
    expect(script('stopIpa', 0).answers(party('smdp'), 'Q')).to.equal(false);
    expect(script('stopIpa', 1).answers(party('smdp'), 'Q')).to.equal(true);
    expect(script('pollEim', 0).answers(party('smdp'), 'Q')).to.equal(true);
  });
  it('is the script, behind a message that need not come and the answer to it', () => {
    const spared = { ...expecting('smdp', 'X'), optional: true };
    const script = at0([sending('ipa', 'A'), spared, sending('smdp', 'Y'), expecting('smdp', 'Q'), sending('smdp', 'R')]);
    expect(script.answers(party('smdp'), 'Q')).to.equal(true);
    expect(script.answers(party('smdp'), 'X')).to.equal(true);
  });
  it('takes the messages of an unordered group in any order', () => {
    const group: Step = { ...base, verb: 'unordered', steps: [expecting('smdp', 'P'), expecting('smdp', 'Q'), sending('smdp', 'R')] };
    expect(at0([sending('ipa', 'A'), group]).answers(party('smdp'), 'Q')).to.equal(true);
  });
  it('is the script even before it has come to the phase in which it answers', () => {
    const script = createScript(new Map(), () => true);
    script.enter(steps.slice(1), -1);
    script.enter([sending('ipa', 'A')]);
    expect(script.answers(party('smdp'), 'Q')).to.equal(true);
    script.leave();
    script.leave();
    expect(script.answers(party('smdp'), 'Q')).to.equal(false);
  });
});

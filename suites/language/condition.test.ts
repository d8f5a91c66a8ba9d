import { expect } from 'chai';
import { conditionText, type Declared, decide, holds, optionsOf, parseCondition, versionsOf } from './condition.js';

const at = { file: 'a.yaml', line: 4, column: 7 };
const parsed = (text: string) => {
  const condition = parseCondition(text, at);
  if ('code' in condition) throw new Error(condition.message);
  return condition;
};
const problem = (text: string) => {
  const condition = parseCondition(text, at);
  return 'code' in condition ? `${condition.at.column} ${condition.message}${condition.hint ? ` - ${condition.hint}` : ''}` : undefined;
};
const declared: Declared = {
  options: new Map([
    ['O_A', true],
    ['O_B', false],
    ['O_C', false],
  ]),
  spec: '1.2',
};

describe('condition', () => {
  it('binds not closer than and, and closer than or', () => {
    expect(conditionText(parsed('O_A or O_B and not O_C'))).to.equal('O_A or (O_B and not O_C)');
    expect(conditionText(parsed('not (O_A or O_B) and O_C'))).to.equal('not (O_A or O_B) and O_C');
  });

  it('says which options decided', () => {
    expect(decide(parsed('O_A and (O_B or not O_C)'), declared)).to.deep.equal({ value: true, decidedBy: ['O_A is yes', 'O_C is no'] });
    expect(decide(parsed('O_A and O_B and O_C'), declared)).to.deep.equal({ value: false, decidedBy: ['O_B is no'] });
    expect(decide(parsed('O_B or O_C'), declared)).to.deep.equal({ value: false, decidedBy: ['O_B is no', 'O_C is no'] });
    expect(decide(parsed('not O_A'), declared)).to.deep.equal({ value: false, decidedBy: ['O_A is yes'] });
  });

  it('never takes an unanswered option for no', () => {
    expect(() => decide(parsed('O_X'), declared)).to.throw(RangeError, 'option O_X is not answered');
  });

  it('takes it for no where a step asks whether it holds', () => {
    const answers = ['O_A', 'O_B', 'O_X', 'not O_X', 'O_A and O_X', 'O_X or O_A', 'not (O_A and not O_B)'].map(text =>
      holds(parsed(text), declared),
    );
    expect(answers).to.deep.equal([true, false, false, true, false, true, false]);
  });

  it('holds from a version on, or up to one, and says so where it decides', () => {
    const say = (text: string, spec: Declared['spec']) => decide(parsed(text), { ...declared, spec });
    expect(say('since 1.1', '1.0')).to.deep.equal({ value: false, decidedBy: ['applies from SGP.32 v1.1; the IXIT says spec: 1.0'] });
    expect(say('until 1.0.1 or O_B', '1.1')).to.deep.equal({
      value: false,
      decidedBy: ['applies up to SGP.32 v1.0; the IXIT says spec: 1.1', 'O_B is no'],
    });
    expect(say('not since 1.1', '1.3')).to.deep.equal({ value: false, decidedBy: ['the IXIT says spec: 1.3'] });
    expect(say('O_A and since 1.2', '1.2').value).to.equal(true);
    expect(say('O_B and since 1.3', '1.2').decidedBy).to.deep.equal(['O_B is no']);
    expect(conditionText(parsed('O_A and not since 1.1 or until 1.0.1'))).to.equal('(O_A and not since 1.1) or until 1.0');
  });

  it('tells in which versions it can hold, whatever the options are', () => {
    const among = (text: string) => versionsOf(parsed(text)).join(' ');
    expect(among('O_A')).to.equal('1.0 1.1 1.2 1.3');
    expect(among('O_A and since 1.1')).to.equal('1.1 1.2 1.3');
    expect(among('O_A or since 1.1')).to.equal('1.0 1.1 1.2 1.3');
    expect(among('since 1.1 and until 1.2')).to.equal('1.1 1.2');
    expect(among('not (O_A or since 1.2)')).to.equal('1.0 1.1');
    expect(among('since 1.2 and until 1.1')).to.equal('');
    expect(versionsOf(undefined)).to.have.length(4);
  });

  it('lists the options with their places', () => {
    expect(optionsOf(parsed('O_A and not O_B')).map(o => `${o.name}:${o.at.column}`)).to.deep.equal(['O_A:7', 'O_B:19']);
  });

  it('says what it expected where', () => {
    expect(problem('O_A and since')).to.equal('20 expected a version of SGP.32 behind "since" (1.0, 1.1, 1.2, 1.3), got the end');
    expect(problem('until 1.12')).to.equal(
      '13 expected a version of SGP.32 behind "until" (1.0, 1.1, 1.2, 1.3), got "1.12" - did you mean "1.1"?',
    );
    expect(problem('O_A and')).to.equal('14 expected an option O_…, "since", "until", "not" or "(", got the end');
    expect(problem('O_A && O_B')).to.equal('11 expected "and", "or" or the end, got "&&"');
    expect(problem('(O_A or O_B')).to.equal('18 expected "and", "or" or ")", got the end');
    expect(problem('yes')).to.equal('7 expected an option O_…, "since", "until", "not" or "(", got "yes"');
    expect(problem('')).to.equal('7 expected an option O_…, "since", "until", "not" or "(", got the end');
  });
});

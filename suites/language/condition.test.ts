import { expect } from 'chai';
import { conditionText, decide, holds, optionsOf, parseCondition } from './condition.js';

const at = { file: 'a.yaml', line: 4, column: 7 };
const parsed = (text: string) => {
  const condition = parseCondition(text, at);
  if ('code' in condition) throw new Error(condition.message);
  return condition;
};
const problem = (text: string) => {
  const condition = parseCondition(text, at);
  return 'code' in condition ? `${condition.at.column} ${condition.message}` : undefined;
};
const options = new Map([
  ['O_A', true],
  ['O_B', false],
  ['O_C', false],
]);

describe('condition', () => {
  it('binds not closer than and, and closer than or', () => {
    expect(conditionText(parsed('O_A or O_B and not O_C'))).to.equal('O_A or (O_B and not O_C)');
    expect(conditionText(parsed('not (O_A or O_B) and O_C'))).to.equal('not (O_A or O_B) and O_C');
  });

  it('says which options decided', () => {
    expect(decide(parsed('O_A and (O_B or not O_C)'), options)).to.deep.equal({ value: true, decidedBy: ['O_A is yes', 'O_C is no'] });
    expect(decide(parsed('O_A and O_B and O_C'), options)).to.deep.equal({ value: false, decidedBy: ['O_B is no'] });
    expect(decide(parsed('O_B or O_C'), options)).to.deep.equal({ value: false, decidedBy: ['O_B is no', 'O_C is no'] });
    expect(decide(parsed('not O_A'), options)).to.deep.equal({ value: false, decidedBy: ['O_A is yes'] });
  });

  it('never takes an unanswered option for no', () => {
    expect(() => decide(parsed('O_X'), options)).to.throw(RangeError, 'option O_X is not answered');
  });

  it('takes it for no where a step asks whether it holds', () => {
    const answers = ['O_A', 'O_B', 'O_X', 'not O_X', 'O_A and O_X', 'O_X or O_A', 'not (O_A and not O_B)'].map(text =>
      holds(parsed(text), options),
    );
    expect(answers).to.deep.equal([true, false, false, true, false, true, false]);
  });

  it('lists the options with their places', () => {
    expect(optionsOf(parsed('O_A and not O_B')).map(o => `${o.name}:${o.at.column}`)).to.deep.equal(['O_A:7', 'O_B:19']);
  });

  it('says what it expected where', () => {
    expect(problem('O_A and')).to.equal('14 expected an option O_…, "not" or "(", got the end');
    expect(problem('O_A && O_B')).to.equal('11 expected "and", "or" or the end, got "&&"');
    expect(problem('(O_A or O_B')).to.equal('18 expected "and", "or" or ")", got the end');
    expect(problem('yes')).to.equal('7 expected an option O_…, "not" or "(", got "yes"');
    expect(problem('')).to.equal('7 expected an option O_…, "not" or "(", got the end');
  });
});

import { expect } from 'chai';
import { goldenRecord } from './fixtures/record.js';
import { bySection, traceability } from './traceability.js';

const states = () => Object.fromEntries(traceability(goldenRecord).map(({ requirement, state }) => [requirement.id, state]));

describe('traceability', () => {
  it('gives every requirement of the catalogue a state', () => {
    expect(states()).to.deep.equal({
      'SGP32-3.2.3-01': 'not applicable',
      'SGP32-3.3.1-04': 'met',
      'SGP32-3.3.1-05': 'not shown',
      'SGP32-3.3.1-11': 'violated',
      'SGP32-3.3.1-12': 'not followed',
      'SGP32-3.5.1-02': 'not shown',
      'SGP32-3.10.2-01': 'no test',
      'SGP32-6.1.2-03': 'violated',
    });
  });

  it('orders sections as numbers', () => {
    expect(traceability(goldenRecord).map(({ section }) => section)).to.deep.equal([
      'SGP.32 3.2.3',
      'SGP.32 3.3.1',
      'SGP.32 3.3.1',
      'SGP.32 3.3.1',
      'SGP.32 3.3.1',
      'SGP.32 3.5.1',
      'SGP.32 3.10.2',
      'SGP.32 6.1.2',
    ]);
  });

  it('does not blame the IUT for a failed check of a sequence that ended in an error', () => {
    const sequences = goldenRecord.sequences.map(sequence => ({
      ...sequence,
      verdict: sequence.verdict === 'fail' ? ('error' as const) : sequence.verdict,
    }));
    const record = { ...goldenRecord, sequences };
    const state = (id: string) => traceability(record).find(({ requirement }) => requirement.id === id)?.state;
    expect(state('SGP32-6.1.2-03')).to.equal('not shown');
  });

  it('keeps a requirement that only cases know, and says so', () => {
    const record = { ...goldenRecord, requirements: goldenRecord.requirements.slice(0, 1) };
    const trace = traceability(record).find(({ requirement }) => requirement.id === 'SGP32-3.3.1-11');
    expect(trace?.state).to.equal('violated');
    expect(trace?.section).to.equal('SGP.32 3.3.1');
    expect(trace?.requirement.text).to.contain('not in the requirement catalogue');
  });

  it('counts a sequence once in a section, however many of its requirements it covers', () => {
    const section = bySection(goldenRecord).find(({ section: name }) => name === 'SGP.32 3.3.1');
    expect(section?.counts).to.include({ pass: 2, fail: 1, cannotRun: 1, notApplicable: 0 });
    expect(section?.cases).to.have.length(4);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectationsOf, readExpectations } from './expectations.js';
import { CaseError } from './language/diagnostics.js';

const KNOWN = { cases: [{ id: 'eim.a.01' }, { id: 'eim.a.02' }], requirements: new Map([['SGP32-1-01', {}]]) };
const DEFECTS = ['reusesCounter', 'dropsHeader'];

describe('selftest.yaml', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (text: string): string => {
    const path = join(folder, 'selftest.yaml');
    writeFileSync(path, text);
    return path;
  };
  const mistakes = (text: string) =>
    readExpectations(file(text), KNOWN, DEFECTS).diagnostics.map(({ code, at, message, hint = '' }) =>
      `${at.line} ${code}: ${message} ${hint}`.trim(),
    );

  it('names the defects of each case with the requirement that they violate', () => {
    const text = 'eim.a.01: { reusesCounter: SGP32-1-01 }\neim.a.02:\n  reusesCounter: SGP32-1-01\n  dropsHeader: SGP32-1-01\n';
    const { expectations, diagnostics } = readExpectations(file(text), KNOWN, DEFECTS);
    expect(diagnostics).to.deep.equal([]);
    expect([...expectations].map(([id, defects]) => [id, [...defects.keys()]])).to.deep.equal([
      ['eim.a.01', ['reusesCounter']],
      ['eim.a.02', ['reusesCounter', 'dropsHeader']],
    ]);
    expect(expectations.get('eim.a.01')?.get('reusesCounter')).to.equal('SGP32-1-01');
  });

  it('may name no case that does not exist', () => {
    expect(mistakes('eim.a.03: { reusesCounter: SGP32-1-01 }')).to.deep.equal([
      '1 unknown-case: no case "eim.a.03" did you mean "eim.a.01"?',
    ]);
  });

  it('may name no defect that nobody has seeded', () => {
    expect(mistakes('eim.a.01:\n  reuseCounter: SGP32-1-01')).to.deep.equal([
      '2 unknown-defect: no seeded defect "reuseCounter" did you mean "reusesCounter"?',
    ]);
  });

  it('has to name a requirement of the catalogue', () => {
    expect(mistakes('eim.a.01: { reusesCounter: SGP32-1-99 }')).to.deep.equal([
      '1 unknown-requirement: no requirement "SGP32-1-99" did you mean "SGP32-1-01"?',
    ]);
    expect(mistakes('eim.a.01: { reusesCounter: [SGP32-1-01] }')).to.deep.equal(['1 unknown-requirement: no requirement ""']);
  });

  it('is a map of maps', () => {
    expect(mistakes('eim.a.01: reusesCounter')).to.deep.equal(['1 form: expected { defect: requirement }']);
  });

  it('is refused as a whole when it is no YAML', () => {
    expect(mistakes('eim.a.01: {')).to.have.length.above(0);
    mkdirSync(join(folder, 'selftest'));
    writeFileSync(join(folder, 'selftest', 'eim.yaml'), 'eim.b.01: {}');
    expect(() => expectationsOf(folder, 'eim', KNOWN, DEFECTS))
      .to.throw(CaseError)
      .with.property('message')
      .that.matches(/eim\.yaml:1:1.*no case "eim\.b\.01"/s);
  });
});

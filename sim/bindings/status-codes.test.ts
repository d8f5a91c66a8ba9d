import { expect } from 'chai';
import { codeText, integerOf, parseCode, type RspFunction, STATUS_CODES, statusOf, statusOfInteger } from './status-codes.js';

const functions = Object.entries(STATUS_CODES).map(([name, rows]) => [name as RspFunction, rows] as const);

describe('status codes of ES9+, ES11 and ESipa', () => {
  it('lead from an integer to a code and back to the integer', () => {
    for (const [name, rows] of functions) {
      for (const { integer } of rows) {
        if (integer !== undefined) expect(integerOf(name, statusOfInteger(name, integer), '1.3'), `${name} ${integer}`).to.equal(integer);
      }
    }
  });

  it('are well-formed and stand once in each function', () => {
    for (const [name, rows] of functions) {
      expect(rows.map(r => parseCode(r.code) && codeText(statusOf(name, r.code)))).to.deep.equal(rows.map(r => r.code));
      expect(new Set(rows.map(r => r.code)).size, name).to.equal(rows.length);
    }
  });

  it('become undefinedError where the type has no integer, in this version or at all', () => {
    const expired = statusOf('ES9+.AuthenticateClient', '8.8.5/4.10');
    expect(integerOf('ES9+.AuthenticateClient', expired, '1.2')).to.equal(127);
    expect(integerOf('ES9+.AuthenticateClient', expired, '1.3')).to.equal(18);
    expect(integerOf('ES9+.AuthenticateClient', { subjectCode: '9.9', reasonCode: '9.9' })).to.equal(127);
    expect(integerOf('ES9+.CancelSession', statusOf('ES9+.CancelSession', '8.8/3.10'))).to.equal(127);
  });

  it('tell an execution error of the server where an integer has no code', () => {
    expect(codeText(statusOfInteger('ES9+.CancelSession', 127))).to.equal('8.8/4.2');
    expect(codeText(statusOfInteger('ES11.AuthenticateClient', 127))).to.equal('8.9/4.2');
  });

  it('are read from subject and reason with a slash, and from nothing else', () => {
    expect(parseCode('8.8.1/3.8')).to.deep.equal({ subjectCode: '8.8.1', reasonCode: '3.8' });
    expect(parseCode(' 8.1 / 6.1 ')).to.deep.equal({ subjectCode: '8.1', reasonCode: '6.1' });
    for (const text of ['', '8.8.1', '8.8.1/', '/3.8', '8..1/3', 'a/b', '8.1/6.1/2']) expect(parseCode(text), text).to.equal(undefined);
    expect(() => statusOf('ES9+.CancelSession', 'refused')).to.throw(TypeError, 'got refused');
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { finalResult, hexAnswer, sessionAnswer } from './at-result.js';

const hexOf = (lines: readonly string[], prefix = '+CSIM'): string => {
  const found = hexAnswer(lines, prefix);
  return 'octets' in found ? Buffer.from(found.octets).toString('hex').toUpperCase() : found.problem;
};

describe('results of AT commands', () => {
  it('reads OK and every form of an error', () => {
    expect(finalResult('OK')).to.deep.equal({ ok: true });
    expect(finalResult('ERROR')).to.deep.equal({ ok: false, kind: 'ERROR', text: 'ERROR' });
    expect(finalResult('+CME ERROR: 50')).to.deep.equal({
      ok: false,
      kind: '+CME ERROR',
      code: 50,
      text: '+CME ERROR: 50 (incorrect parameters)',
    });
    expect(finalResult('+CME ERROR: SIM busy')).to.deep.equal({ ok: false, kind: '+CME ERROR', code: 14, text: '+CME ERROR: SIM busy' });
    expect(finalResult('+CME ERROR:13')).to.include({ code: 13 });
    expect(finalResult('+CME ERROR: no such thing')).to.deep.equal({ ok: false, kind: '+CME ERROR', text: '+CME ERROR: no such thing' });
    expect(finalResult('+CMS ERROR: 300')).to.deep.equal({ ok: false, kind: '+CMS ERROR', code: 300, text: '+CMS ERROR: 300' });
  });

  it('takes no other line for the end of a command', () => {
    for (const line of ['OKAY', 'NOT OK', '+CPIN: READY', 'RING', '+CSIM: 4,"9000"', 'ERRORS', '+CME: 3', ''])
      expect(finalResult(line), line).to.equal(undefined);
  });

  it('reads hex in either case, quoted or not', () => {
    expect(hexOf(['+CSIM: 6,"019000"'])).to.equal('019000');
    expect(hexOf(['+CSIM: 8,"bf3e9000"'])).to.equal('BF3E9000');
    expect(hexOf(['+CSIM:4,6121'])).to.equal('6121');
    expect(hexOf(['+CGLA: 4,"6115"'], '+CGLA')).to.equal('6115');
  });

  it('joins hex that goes on over lines, with unsolicited lines in between', () => {
    expect(hexOf(['+CSIM: 14,"BF3E12', '+CREG: 1', '5A10', '*PSUTTZ: 1', '9000"'])).to.equal('BF3E125A109000');
  });

  it('finds the answer among unsolicited lines with the same prefix', () => {
    expect(hexOf(['+CSIM: 1', '+CSIM: 4,"9000"', '+CSIM: 2,1'])).to.equal('9000');
    expect(hexOf(['+CSIM: READY', '+CSIM: 4,"6A82"', '+CSIMIND: 4,"9000"'])).to.equal('6A82');
  });

  it('says what is wrong with an answer that is cut or none', () => {
    expect(hexOf(['+CSIM: 46,"BF3E12'])).to.equal('expected 46 characters of hex after +CSIM, got 6 ("BF3E12")');
    expect(hexOf(['+CSIM: 3,"900"'])).to.equal('expected 3 characters of hex after +CSIM, got 3 ("900")');
    expect(hexOf(['+CSIM: 4,"90G0"'])).to.equal('expected 4 characters of hex after +CSIM, got 4 ("90G0")');
    expect(hexOf([])).to.equal('expected a line +CSIM: <length>,"<hex>", got none');
    expect(hexOf(['+CPIN: READY'])).to.equal('expected a line +CSIM: <length>,"<hex>", got "+CPIN: READY"');
  });

  it('reads the session id in its form and in that of older firmware', () => {
    expect(sessionAnswer(['+CCHO: 1'])).to.equal(1);
    expect(sessionAnswer(['2'])).to.equal(2);
    expect(sessionAnswer(['+CREG: 1', '+CCHO: 257', '7'])).to.equal(257);
    expect(sessionAnswer(['+CCHO: one'])).to.equal(undefined);
    expect(sessionAnswer([])).to.equal(undefined);
  });

  it('finds any octets however they are cut into lines', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 258 }), fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 8 }), (octets, cuts) => {
        let text = `"${Buffer.from(octets).toString('hex')}"`;
        const pieces = cuts.map(length => {
          const piece = text.slice(0, length);
          text = text.slice(length);
          return piece;
        });
        const [first = '', ...more] = [...pieces, text];
        expect(hexOf([`+CSIM: ${octets.length * 2},${first}`, ...more.flatMap(line => ['+CSQ: 9,99', line])])).to.equal(
          Buffer.from(octets).toString('hex').toUpperCase(),
        );
      }),
    );
  });

  it('gives an answer for any lines', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.string().map(s => `+CSIM: 4,${s}`),
          ),
        ),
        lines => {
          const found = hexAnswer(lines, '+CSIM');
          expect('octets' in found || found.problem !== '').to.equal(true);
          for (const line of lines) finalResult(line);
          sessionAnswer(lines);
        },
      ),
    );
  });
});

import { expect } from 'chai';
import { differences, dump, dumpText, failedChecks, hexText, unplaced } from './dump.js';
import { expectGolden } from './fixtures/golden.js';
import { goldenRecord } from './fixtures/record.js';
import type { Check, Exchange } from './record.js';

const sequence = goldenRecord.sequences[1];
const exchanges = sequence?.exchanges ?? [];
const [sent, answer] = exchanges;
if (!sequence || !sent || !answer) throw new Error('the fixture has a failing sequence with two messages');

const failedCheck = (octets: Check['octets']): Check => ({
  what: 'x',
  expected: 'a',
  actual: 'b',
  ok: false,
  level: 'shall',
  covers: [],
  ...(octets && { octets }),
});

const textOf = (exchange: Exchange, failed: readonly Check[] = []): string => dumpText(dump(exchange, failed), failed);

describe('dump', () => {
  it('shows the tree beside its octets, and the failed check at its field', () => {
    expectGolden('decoded.txt', textOf(answer, failedChecks(sequence).get(answer.no)));
  });

  it('folds long octet strings without losing an octet', () => {
    const text = textOf(sent);
    expectGolden('decoded-long.txt', text);
    const octets = [...text.matchAll(/^[0-9A-F]{4} +((?:[0-9A-F]{2} ?)+)/gm)].map(([, row = '']) => row.replaceAll(' ', '')).join('');
    expect(octets).to.equal(sent.octets.toUpperCase());
  });

  it('marks the innermost field that holds the octets of a check', () => {
    const lines = dump(answer, [failedCheck([6, 9])]);
    expect(lines.map(line => line.failed.length)).to.deep.equal([0, 0, 1]);
  });

  it('keeps a check that names no octets, or octets outside the message', () => {
    const failed = [failedCheck(undefined), failedCheck([40, 42])];
    expect(unplaced(dump(answer, failed), failed)).to.deep.equal(failed);
    expect(textOf(answer, failed).match(/expected: a, got b/g)).to.have.length(2);
  });

  it('shows octets that the decoder left over', () => {
    const exchange: Exchange = { ...answer, octets: `${answer.octets}cafe` };
    expect(textOf(exchange)).to.match(/0009 {2}CA FE +not decoded/);
  });

  it('shows a message without a tree as octets', () => {
    expect(textOf({ ...answer, tree: [] })).to.match(/^0000 {2}BF 50 06 BF 53 03 80 01 {2,}not decoded\n0008 {2}01\n$/);
  });

  it('tells where an edited message differs from the intended one', () => {
    expectGolden('octets.hex', hexText(sent));
    expect(differences('00112233', '00102234')).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
    expect(differences('001122', '00ff1122')).to.deep.equal([[1, 2]]);
    expect(differences('0011', '0011')).to.deep.equal([]);
  });
});

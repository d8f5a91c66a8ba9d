import { expect } from 'chai';
import { csv } from './csv.js';
import { expectGolden } from './fixtures/golden.js';
import { goldenRecord } from './fixtures/record.js';

/** Reads RFC 4180: throws on a quote where none may stand. */
function parse(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let end = 0;
  for (const match of text.matchAll(cell)) {
    row.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '\r\n') {
      rows.push(row);
      row = [];
    }
    end = match.index + match[0].length;
  }
  if (end !== text.length) throw new Error(`not RFC 4180 at ${end}: ${text.slice(end, end + 40)}`);
  return rows;
}

const text = csv(goldenRecord);
const [head = [], ...rows] = parse(text.slice(1));
const column = (name: string) => rows.map(row => row[head.indexOf(name)] ?? '');

describe('results.csv', () => {
  it('is the golden file', () => expectGolden('results.csv', text));

  it('begins with a byte order mark, so that spreadsheets read UTF-8', () => expect(text.charCodeAt(0)).to.equal(0xfeff));

  it('has as many cells in every row as in its head', () => {
    expect(rows.every(row => row.length === head.length)).to.equal(true);
    expect(head.slice(0, 14).join(',')).to.equal('run,id,over,row,title,source,verdict,reason,requirement,level,section,started,ms,seed');
  });

  it('has one row per sequence and requirement, and one for a sequence without any', () => {
    const pairs = rows.map(row => `${row[1]} ${row[8]}`);
    expect(pairs.filter(pair => pair.startsWith('eim.enable.11'))).to.deep.equal([
      'eim.enable.11 SGP32-3.3.1-11',
      'eim.enable.11 SGP32-3.3.1-11',
      'eim.enable.11 SGP32-3.3.1-12',
    ]);
    expect(pairs).to.include('eim.hostile.01 ');
  });

  it('holds every verdict', () => {
    expect([...new Set(column('verdict'))]).to.have.members(['pass', 'fail', 'inconclusive', 'error', 'not applicable', 'cannot run']);
  });

  it('marks the requirement that a sequence violates', () => {
    expect(rows.filter(row => row.at(-1) === 'yes').map(row => row[8])).to.deep.equal(['SGP32-3.3.1-11', 'SGP32-6.1.2-03']);
  });

  it('lets no cell be run as a formula', () => {
    expect(rows.flat().filter(cell => /^[=+\-@\t\r]/.test(cell))).to.deep.equal([]);
    expect(column('row')).to.include(`'=1+1 <script>alert("x")</script> & 'quoted', "twice" ]]> ␀␛[31m\nsecond line`);
  });
});

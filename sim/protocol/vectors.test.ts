import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { decode } from './asn1/decode.js';
import { encode } from './asn1/encode.js';
import { fromJson, type Json, toJson } from './asn1/json.js';
import { fromHex, hex } from './asn1/tlv.js';
import type { Spec, Type } from './asn1/type.js';
import { type Module, typeNamed } from './registry.js';

type Version = '1.0' | '1.2' | '1.3' | '2.5' | '2.7';
type Row = readonly [name: string, type: string, module: Module, version: Version, kind: string, hex: string, value: Json];

/** SGP.22 v2.5 is the base of SGP.32 up to v1.2, v2.7 that of v1.3. */
const SPEC: Readonly<Record<Version, Spec>> = { '1.0': '1.0', '1.2': '1.2', '1.3': '1.3', '2.5': '1.2', '2.7': '1.3' };

const file = new URL('../../../sim/protocol/fixtures/messages.ndjson', import.meta.url);
const rows = readFileSync(file, 'utf8')
  .split('\n')
  .filter(line => line !== '')
  .map((line): Row => JSON.parse(line));

const typeOf = ([, name, module]: Row): Type => {
  const type = typeNamed(name, module);
  if (!type) throw new Error(`${module} ${name} is not in the registry`);
  return type;
};
const octetsOf = (text: string): Uint8Array => {
  const octets = fromHex(text);
  if (!octets) throw new Error(`not hex: ${text}`);
  return octets;
};

describe('known encodings of SGP.32 and SGP.22 messages', () => {
  it('are all there', () => {
    expect(rows).to.have.length(498);
  });

  it('are of every version whose definitions are known', () => {
    const count = (version: Version) => rows.filter(row => row[3] === version).length;
    const counts = { '1.0': count('1.0'), '1.2': count('1.2'), '1.3': count('1.3'), '2.5': count('2.5'), '2.7': count('2.7') };
    expect(counts).to.deep.equal({ '1.0': 40, '1.2': 263, '1.3': 36, '2.5': 137, '2.7': 22 });
  });

  for (const row of rows) {
    const [name, , module, version, , text, value] = row;
    it(`decodes and encodes: ${name} (${module} ${version})`, () => {
      const type = typeOf(row);
      const spec = SPEC[version];
      const decoded = decode(type, octetsOf(text), { spec });
      expect(decoded.diagnostics).to.deep.equal([]);
      expect(toJson(type, decoded.value, spec)).to.deep.equal(value);
      expect(hex(encode(type, fromJson(type, value, spec), { spec }))).to.equal(text);
    });
  }
});

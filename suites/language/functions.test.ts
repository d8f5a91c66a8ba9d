import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { FUNCTIONS, functionNamed } from './functions.js';
import { matchValue } from './match.js';
import { makeScope } from './scope.js';
import { parseYaml } from './source.js';
import { ABSENT, AUTO, MissingValue, unread } from './values.js';

const judge = (pattern: string, value: unknown): string => {
  const { root } = parseYaml('t.yaml', `"${pattern}"`);
  if (!root) throw new Error(pattern);
  const [one] = matchValue(root, undefined, value, makeScope()).comparisons;
  return one?.ok ? 'ok' : `expected ${one?.expected}, got ${one?.actual}`;
};
const octets = (n: number) => new Uint8Array(n).fill(0xaa);

interface Example {
  readonly name: string;
  readonly passes: readonly (readonly [pattern: string, value: unknown])[];
  readonly fails: readonly (readonly [pattern: string, value: unknown, message: string])[];
}
const tlsPublicKey = testPki().publicKey('CERT_EIM_TLS');
const tlsKey = tlsPublicKey ? hex(subjectPublicKeyInfo(tlsPublicKey)) : '';
const registered = hex(
  encode(EimConfigurationData, { eimId: 'testeim1', trustedPublicKeyDataTls: { trustedEimPkTls: fromHex(tlsKey) ?? new Uint8Array() } }),
);
const EXAMPLES: readonly Example[] = [
  {
    name: 'any',
    passes: [
      ['$any', 0],
      ['$any', null],
      ['$any', []],
    ],
    fails: [['$any', ABSENT, 'expected any value, got absent']],
  },
  { name: 'present', passes: [['$present', null]], fails: [['$present', ABSENT, 'expected present, got absent']] },
  { name: 'absent', passes: [['$absent', ABSENT]], fails: [['$absent', null, 'expected absent, got present']] },
  {
    name: 'range',
    passes: [
      ['$range(1..65535)', 1],
      ['$range(1..65535)', 65535n],
      ['$range(1..9)', '9'],
    ],
    fails: [
      ['$range(1..65535)', 0, 'expected an integer 1..65535, got 0'],
      ['$range(1..65535)', 65536n, 'expected an integer 1..65535, got 65536'],
      ['$range(1..9)', 'x', 'expected an integer 1..9, got x'],
      ['$range(0..9)', ABSENT, 'expected an integer 0..9, got absent'],
      ['$range(0..9)', '', 'expected an integer 0..9, got ""'],
    ],
  },
  {
    name: 'above',
    passes: [
      ['$above(7)', 8],
      ['$above(7)', 9n],
      ['$above(3 + 4)', '8'],
    ],
    fails: [
      ['$above(7)', 7, 'expected an integer above 7, got 7'],
      ['$above(7)', 'x', 'expected an integer above 7, got x'],
      ['$above(7)', ABSENT, 'expected an integer above 7, got absent'],
      ['$above($absent)', 7, 'expected an integer above one that is absent, got 7'],
    ],
  },
  {
    name: 'bytes',
    passes: [
      ['$bytes(1..16)', octets(16)],
      ['$bytes(2)', octets(2)],
    ],
    fails: [
      ['$bytes(1..16)', octets(0), 'expected 1..16 octets, got no octets'],
      ['$bytes(2)', octets(3), 'expected 2 octets, got AAAAAA'],
      ['$bytes(2)', 'ab', 'expected 2 octets, got ab'],
    ],
  },
  {
    name: 'length',
    passes: [
      ['$length(2)', ['a', 'b']],
      ['$length(0..3)', 'abc'],
      ['$length(1..9)', octets(1)],
    ],
    fails: [
      ['$length(1)', [], 'expected a length of 1, got []'],
      ['$length(1..2)', 'abc', 'expected a length of 1..2, got abc'],
      ['$length(1..2)', 1, 'expected a length of 1..2, got 1'],
    ],
  },
  {
    name: 'matches',
    passes: [["$matches('[A-Z]+')", 'ABC']],
    fails: [
      ["$matches('[A-Z]+')", 'ABC1', 'expected a text like [A-Z]+, got ABC1'],
      ["$matches('.*')", octets(1), 'expected a text like .*, got AA'],
    ],
  },
  {
    name: 'optional',
    passes: [
      ['$optional($bytes(1))', ABSENT],
      ['$optional($bytes(1))', octets(1)],
      ["$optional('x')", 'x'],
    ],
    fails: [
      ['$optional($bytes(1))', octets(2), 'expected 1 octets or absent, got AAAA'],
      ["$optional('x')", 'y', 'expected x or absent, got y'],
    ],
  },
  {
    name: 'not',
    passes: [
      ["$not('succeeded')", 'failed'],
      ['$not($range(1..3))', 4],
      ['$not($absent)', 1],
      ['$not(0)', 1],
    ],
    fails: [
      ["$not('succeeded')", 'succeeded', 'expected anything but succeeded, got succeeded'],
      ["$not('succeeded')", ABSENT, 'expected anything but succeeded, got absent'],
      ['$not(0)', 0, 'expected anything but 0, got 0'],
    ],
  },
  {
    name: 'trustedBy',
    passes: [[`$trustedBy('${registered}')`, testPki().chain('CERT_EIM_TLS')]],
    fails: [
      [`$trustedBy('${registered}')`, [], `expected a chain with the registered key ${tlsKey}, got []`],
      ["$trustedBy('3000FF')", [], 'expected a chain for an EimConfigurationData that can be decoded, got []'],
    ],
  },
];

describe('functions', () => {
  for (const { name, passes, fails } of EXAMPLES) {
    it(`$${name} accepts what it describes`, () => {
      for (const [pattern, value] of passes) expect(judge(pattern, value), pattern).to.equal('ok');
    });
    it(`$${name} refuses everything else and says what it expected`, () => {
      for (const [pattern, value, message] of fails) expect(judge(pattern, value)).to.equal(message);
    });
  }

  it('has an example of acceptance and refusal for every matcher', () => {
    expect(EXAMPLES.map(e => e.name)).to.have.members(FUNCTIONS.filter(f => f.match).map(f => f.name));
  });

  it('makes values: octets, texts, NULL, absence and what the role composes', () => {
    const random = (n: number) => octets(n);
    expect(functionNamed('random')?.build?.(3, random)).to.deep.equal(octets(3));
    expect(functionNamed('text')?.build?.(28, random)).to.equal('abcdefghijklmnopqrstuvwxyzab');
    expect(functionNamed('present')?.build?.(undefined, random)).to.equal(null);
    expect(functionNamed('absent')?.build?.(undefined, random)).to.equal(ABSENT);
    expect(functionNamed('auto')?.build?.(undefined, random)).to.equal(AUTO);
  });

  it('exchanges the digits of octets, and says when there are none', () => {
    const swapped = (value: unknown) => functionNamed('swapped')?.build?.(value, octets);
    for (const given of [fromHex('989209F5'), '989209F5']) expect(swapped(given)).to.deep.equal(fromHex('8929905F'));
    expect(() => swapped(ABSENT)).to.throw(MissingValue, 'needs octets');
    expect(() => swapped(unread({ kind: 'scalar', text: 'no hex', quoted: false, at: { file: 't.yaml', line: 1, column: 1 } }))).to.throw(
      MissingValue,
    );
  });

  it('writes r and s as DER: each as short as it can be, and never negative', () => {
    const der = (signature: unknown) => functionNamed('derSignature')?.build?.(signature, octets);
    const text = (signature: string) => hex(der(fromHex(signature)) as Uint8Array);
    expect(text('11112222')).to.equal('30080202111102022222');
    expect(text('80000001')).to.equal('30080203008000020101');
    expect(text('00007FFF')).to.equal('300702010002027FFF');
    for (const wrong of [octets(63), octets(0), '80000001', ABSENT]) expect(() => der(wrong)).to.throw(MissingValue, 'equal halves');
  });
});

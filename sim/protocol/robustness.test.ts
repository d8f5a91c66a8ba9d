import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { decode } from './asn1/decode.js';
import { type Decoded, type Element, find } from './asn1/element.js';
import { encodeUntyped } from './asn1/encode.js';
import { fromJson, toJson } from './asn1/json.js';
import { printTlv, printTree, tree } from './asn1/print.js';
import { octetsOfHex } from './asn1/testing.js';
import { equal, hex } from './asn1/tlv.js';
import { SPECS, type Spec, type Type } from './asn1/type.js';
import { mutate, randomFrom } from './fixtures/mutate.js';
import { type Module, typeNamed } from './registry.js';

type Row = readonly [name: string, type: string, module: Module, version: string, kind: string, hex: string];
const file = new URL('../../../sim/protocol/fixtures/messages.ndjson', import.meta.url);
const messages = readFileSync(file, 'utf8')
  .split('\n')
  .filter(line => line !== '')
  .map((line): Row => JSON.parse(line))
  .map(([name, typeName, module, version, , text]) => ({
    name,
    type: typeNamed(typeName, module) ?? expect.fail(typeName),
    spec: SPECS.find(spec => spec === version) ?? (version === '2.7' ? '1.3' : '1.2'),
    octets: octetsOfHex(text),
  }));

const demand = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

const checkBounds = (element: Element, from: number, to: number): void => {
  demand(
    from <= element.start && element.start <= element.content && element.content <= element.end && element.end <= to,
    `bounds of ${element.name}`,
  );
  let at = element.start;
  for (const child of element.children) {
    demand(child.start >= at, `${child.name} starts before its predecessor ends`);
    checkBounds(child, element.start, element.end);
    at = child.end;
  }
};

/** A diagnostic points into the message, and at an element that is there; one about a missing member at the structure. */
const checkDiagnostics = (message: Decoded): void => {
  for (const d of message.diagnostics) {
    const what = `${d.code} at ${d.path} @${d.offset}`;
    demand(d.offset >= 0 && d.offset <= message.octets.length, `${what}: out of bounds`);
    demand(d.expected !== '' && d.found !== '', `${what}: says nothing`);
    const found = find(message.root, d.path || '.');
    const around = 'element' in found ? found : find(message.root, d.path.slice(0, Math.max(0, d.path.lastIndexOf('.'))) || '.');
    demand('element' in around && ('element' in found || d.code === 'missing'), `${what}: no such element`);
    if ('element' in around && d.code !== 'trailing')
      demand(around.element.start <= d.offset && d.offset <= around.element.end, `${what}: not in its element`);
  }
};

/** What must hold for whatever arrives. */
const inspect = (type: Type, octets: Uint8Array, spec: Spec): Decoded => {
  const message = decode(type, octets, { spec });
  demand(message.ok === !message.diagnostics.some(d => d.severity === 'error'), 'ok although there are errors');
  demand(!message.ok || message.value !== undefined, 'ok without a value');
  checkBounds(message.root, 0, octets.length);
  checkDiagnostics(message);
  if (isClean(message)) demand(equal(encodeUntyped(type, message.value, { spec }), octets), 'encoded again, it differs');
  return message;
};
const isClean = (message: Decoded): boolean => message.diagnostics.every(d => d.severity === 'note');

/** What must hold for whatever is shown of it. */
const show = (message: Decoded): void => {
  const { type, spec, octets } = message;
  demand(tree(message).some(line => line.problem !== undefined) === !isClean(message), 'problems are not shown');
  demand(printTree(message) !== '' && printTlv(octets) !== '', 'nothing printed');
  const json = toJson(type, message.value, spec);
  if (isClean(message)) demand(equal(encodeUntyped(type, fromJson(type, json, spec), { spec }), octets), 'by way of JSON, it differs');
};

describe('decoding damaged messages', () => {
  const PER_MESSAGE = Math.ceil(200_000 / messages.length);
  const SEED = 0x5_6732;

  it(`survives ${PER_MESSAGE} mutants of each known encoding`, () => {
    const outcome = { ok: 0, refused: 0 };
    for (const [n, { name, type, spec, octets }] of messages.entries()) {
      const seed = SEED + n;
      const random = randomFrom(seed);
      for (let mutant = 0; mutant < PER_MESSAGE; mutant++) {
        const damaged = mutate(octets, random);
        try {
          const message = inspect(type, damaged, spec);
          outcome[message.ok ? 'ok' : 'refused']++;
          // Takes four times as long as all the rest.
          if (mutant % 10 === 0) show(message);
        } catch (error) {
          throw new Error(`seed ${seed}, mutant ${mutant} of "${name}": ${hex(damaged)}`, { cause: error });
        }
      }
    }
    // Both ways are exercised: extensions and other values are accepted, the rest is refused.
    expect(outcome.ok).to.be.greaterThan(20_000);
    expect(outcome.refused).to.be.greaterThan(100_000);
  }).timeout(60_000);
});

import { BaseBlock, fromBER } from 'asn1js';
import { Bench } from 'tinybench';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import type { InputOf, Type, ValueOf } from '#protocol/asn1/type.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';
import { boundProfilePackage, boundProfilePackageOctets, packageResult, packageResultOctets } from './messages.js';
import type { Suite } from './suite.js';
import { count, walk } from './walk.js';

// As fast as it can: contents are neither searched for more TLVs nor copied.
const PLAIN = { parseEmbedded: false, copyInput: false };

const WALK = 'bare walk';
const DECODE = 'decode';
const ENCODE = 'encode';
const ASN1JS_DECODE = 'asn1js decode';
const ASN1JS_ENCODE = 'asn1js encode';

const measure = async <V>(type: Type<V>, value: InputOf<V>, octets: Uint8Array): Promise<readonly string[]> => {
  const parsed = fromBER(octets, PLAIN).result;
  if (!(parsed instanceof BaseBlock) || parsed.error) throw new Error(`asn1js does not read ${type.name}: ${parsed.error}`);
  const bench = new Bench({ time: 1000, warmupTime: 300 })
    .add(WALK, () => walk(octets))
    .add(DECODE, () => decode(type, octets))
    .add(ENCODE, () => encode(type, value))
    .add(ASN1JS_DECODE, () => fromBER(octets, PLAIN))
    .add(ASN1JS_ENCODE, () => parsed.toBER());
  const tasks = await bench.run();
  const perSecond = new Map(
    tasks.map(task => {
      if (!('throughput' in task.result)) throw new Error(`${task.name}: ${task.result.state}`);
      return [task.name, 1000 / task.result.latency.p50] as const;
    }),
  );
  const rate = (name: string): number => perSecond.get(name) ?? Number.NaN;
  const row = (name: string, other: string): string =>
    `| ${name.padEnd(13)} | ${Math.round(rate(name)).toLocaleString('en').padStart(9)} | ${(1e6 / rate(name)).toFixed(1).padStart(8)} | ${(rate(name) / rate(WALK)).toFixed(3).padStart(11)} | ${(rate(name) / rate(other)).toFixed(1).padStart(8)} |`;
  return [
    '',
    `${type.name}: ${octets.length} octets, ${count(walk(octets))} TLVs`,
    '',
    '|               | per second |  µs each | × bare walk | × asn1js |',
    '|---------------|-----------|----------|-------------|----------|',
    row(WALK, ASN1JS_DECODE),
    row(DECODE, ASN1JS_DECODE),
    row(ASN1JS_DECODE, ASN1JS_DECODE),
    row(ENCODE, ASN1JS_ENCODE),
    row(ASN1JS_ENCODE, ASN1JS_ENCODE),
  ];
};

/** Octets to named values and back, against a walk without types and against asn1js. */
export const codec: Suite = {
  name: 'codec',
  run: async () => [
    ...(await measure<ValueOf<typeof EuiccPackageResult>>(EuiccPackageResult, packageResult, packageResultOctets)),
    ...(await measure<ValueOf<typeof BoundProfilePackage>>(BoundProfilePackage, boundProfilePackage, boundProfilePackageOctets)),
  ],
};

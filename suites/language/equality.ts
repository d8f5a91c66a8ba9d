/** When two values are the same. */
import { hex } from '#protocol/asn1/tlv.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { below, layout } from './layout.js';
import { readScalar } from './reading.js';
import { ABSENT, isObject } from './values.js';

const isNumeric = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

/** Whether a value without a type reads as a text: an operator's `7` is the script's 7, octets read as hex. */
const readsAs = (value: unknown, text: string): boolean => {
  if (typeof value === 'string') return value === text;
  if (isNumeric(value) || typeof value === 'boolean') return String(value) === text;
  if (value instanceof Uint8Array) return hex(value) === text.replace(/\s+/g, '').toUpperCase();
  return value === null && text === 'present';
};

const sameList = (a: readonly unknown[], b: readonly unknown[], type: Type | undefined, spec: Spec | undefined): boolean =>
  a.length === b.length && a.every((item, i) => same(item, b[i], type, spec));

const sameObject = (
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
  type: Type | undefined,
  spec: Spec | undefined,
): boolean => {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every(key => same(a[key], b[key], type && below(type, key, spec), spec));
};

/** Whether a value is the expected one; texts are read by the type, named bits compare as sets, 5 and 5n are one number. */
export const same = (expected: unknown, value: unknown, type?: Type, spec?: Spec): boolean => {
  const one = type && layout(type, spec);
  if (expected === ABSENT || value === ABSENT || expected === undefined || value === undefined)
    return (expected === ABSENT || expected === undefined) && (value === ABSENT || value === undefined);
  if (typeof expected === 'string') {
    if (type === undefined) return readsAs(value, expected);
    if (typeof value !== 'string') {
      const reading = readScalar(expected, type, spec);
      return 'value' in reading && typeof reading.value !== 'string' && same(reading.value, value, type, spec);
    }
  }
  if (typeof value === 'string' && type === undefined) return readsAs(expected, value);
  if (isNumeric(expected) && isNumeric(value)) return BigInt(expected) === BigInt(value);
  if (expected instanceof Uint8Array && value instanceof Uint8Array) return hex(expected) === hex(value);
  if (Array.isArray(expected) && Array.isArray(value))
    return one?.kind === 'bits'
      ? sameList([...expected].sort(), [...value].sort(), undefined, spec)
      : sameList(expected, value, one?.element, spec);
  if (isObject(expected) && isObject(value)) return sameObject(expected, value, one, spec);
  return expected === value;
};

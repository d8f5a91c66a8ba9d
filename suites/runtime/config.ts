/** Configuration of actors: texts of a case file become the numbers, flags and lists that roles take. */
import { readDuration } from '../language/duration.js';
import type { Node } from '../language/source.js';
import { ABSENT, isObject, unreadNode } from '../language/values.js';

/** Keys whose values are numbers, wherever they stand in an actor's configuration. */
const NUMBERS: ReadonlySet<string> = new Set([
  'counter',
  'associationToken',
  'firstSeqNumber',
  'nextAssociationToken',
  'packageOctets',
  'operations',
  'resultOctets',
  'stateChangeCause',
  'size',
  'uppSize',
  'retries',
  'losesPackages',
  'blockCapacity',
  'eims',
  'profiles',
]);
const FLAGS: Readonly<Record<string, boolean>> = { yes: true, no: false, true: true, false: false };

const fromNode = (node: Node, key: string): unknown => {
  if (node.kind === 'list') return node.items.map(item => fromNode(item, key));
  if (node.kind === 'map') return Object.fromEntries(node.entries.map(e => [e.key, fromNode(e.value, e.key)]));
  return scalar(node.text, key);
};
const scalar = (text: string, key: string): unknown => {
  if (NUMBERS.has(key) && /^-?\d{1,15}$/.test(text)) return Number(text);
  return FLAGS[text] ?? text;
};

/** Plain values from what a case file states; absent members are left out. */
export const plain = (value: unknown, key = ''): unknown => {
  const node = unreadNode(value);
  if (node) return fromNode(node, key);
  if (typeof value === 'string') return scalar(value, key);
  if (Array.isArray(value)) return value.filter(v => v !== ABSENT).map(v => plain(v, key));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (v === ABSENT ? [] : [[k, plain(v, k)]])));
  return value;
};

/** Seconds of a duration text. */
export const seconds = (text: string): number | undefined => readDuration(text);

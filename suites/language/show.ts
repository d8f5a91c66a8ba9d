/** Values as a reader wants them in a message: exact, on one line, nothing shortened. */
import { hex } from '#protocol/asn1/tlv.js';
import { rawOctets, type Type } from '#protocol/asn1/type.js';
import { below, layout } from './layout.js';
import { ABSENT, isObject } from './values.js';

const showText = (text: string): string => (text === '' || /[\s"]/.test(text) ? JSON.stringify(text) : text);

const nameOf = (type: Type | undefined, value: unknown): string | undefined =>
  type?.names ? [...type.names].find(([, number]) => number === value)?.[0] : undefined;

/** Shows a value; with its type, numbers get their names: `ok (0)`. */
export const show = (value: unknown, type?: Type): string => {
  const one = type && layout(type);
  if (value === ABSENT || value === undefined) return 'absent';
  if (value === null) return 'present';
  if (value instanceof Uint8Array) return value.length === 0 ? 'no octets' : hex(value);
  if (typeof value === 'string') return showText(value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const name = nameOf(one, value);
    return name ? `${name} (${value})` : String(value);
  }
  if (Array.isArray(value)) return `[${value.map(item => show(item, one?.element)).join(', ')}]`;
  const raw = rawOctets(value);
  if (raw) return hex(raw);
  if (!isObject(value)) return String(value);
  const entries = Object.entries(value).map(([key, item]) => ({ key, item, text: show(item, one && below(one, key)) }));
  const [only] = entries;
  // A CHOICE reads as "alternative value"; everything else as a map.
  if (one?.kind === 'choice' && only && entries.length === 1) return only.item === null ? only.key : `${only.key} ${only.text}`;
  return `{${entries.map(({ key, text }) => `${key}: ${text}`).join(', ')}}`;
};

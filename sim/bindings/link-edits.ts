/** What a script changes around a message: reading of the words that all HTTP bindings share. */
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Outbound } from '../../adapters/adapter.js';
import type { LinkEdits } from './binding.js';

/** A text or number as text; anything else is not given. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;

/** The status that `status` asks for. */
export const statusOf = (link: LinkEdits): string | undefined => textOf(link.status);

/** The body that `body` asks for: octets, hex text as octets, any other text in UTF-8; without `body` the octets given. */
export const editedBody = (octets: Uint8Array, link: LinkEdits): Uint8Array => {
  if (link.body instanceof Uint8Array) return link.body;
  const text = textOf(link.body);
  return text === undefined ? octets : (fromHex(text) ?? new Uint8Array(Buffer.from(text, 'utf8')));
};

// A test case writes null or its own symbol for "absent" where a header or option has to be left out.
const isRemoved = (value: unknown): boolean => value === null || typeof value === 'symbol';

/** Named values after edits of a script: a text replaces the value, "absent" removes it. */
export const editedValues = (values: Readonly<Record<string, string>>, edits: ReadonlyMap<string, unknown>): Record<string, string> => {
  const result = new Map(Object.entries(values));
  for (const [name, value] of edits) {
    const text = textOf(value);
    if (isRemoved(value)) result.delete(name);
    else if (text !== undefined) result.set(name, text);
  }
  return Object.fromEntries(result);
};

/** Headers after `headers`, `contentType` and `userAgent` were applied; names in lower case. */
export const editedHeaders = (headers: Readonly<Record<string, string>>, link: LinkEdits): Record<string, string> => {
  const edits = new Map<string, unknown>();
  const given = link.headers;
  if (typeof given === 'object' && given !== null) for (const [name, value] of Object.entries(given)) edits.set(name.toLowerCase(), value);
  if (link.contentType !== undefined) edits.set('content-type', link.contentType);
  if (link.userAgent !== undefined) edits.set('user-agent', link.userAgent);
  return editedValues(headers, edits);
};

/** The fault that `cut` or `silence` asks for in place of an answer. */
export const faultOf = (link: LinkEdits): Extract<Outbound, { fault: unknown }> | undefined => {
  const asked = (value: unknown) => value === true || value === 'true' || value === 'yes';
  if (asked(link.cut)) return { fault: 'cut' };
  return asked(link.silence) ? { fault: 'silence' } : undefined;
};

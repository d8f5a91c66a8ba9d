/** What the tests of the codec share. */
import { decode } from './decode.js';
import { fromHex } from './tlv.js';
import type { Spec, Type } from './type.js';

/** Octets of hex text; blanks separate what belongs together. */
export const octetsOfHex = (text: string): Uint8Array => {
  const octets = fromHex(text);
  if (!octets) throw new Error(`not hex: ${text}`);
  return octets;
};

/** The diagnostics of a message as lines, e.g. `error missing a.b @5: expected b (81), found end of the structure`. */
export const complaints = (type: Type, text: string, spec?: Spec): readonly string[] =>
  decode(type, octetsOfHex(text), spec ? { spec } : {}).diagnostics.map(
    d => `${d.severity} ${d.code} ${d.path || '.'} @${d.offset}: expected ${d.expected}, found ${d.found}`,
  );

/** Finds out what a message is when nothing but its octets is known. */
import { decode } from './asn1/decode.js';
import { type Decoded, elements } from './asn1/element.js';
import { DEFAULT_SPEC, type Spec } from './asn1/type.js';
import { guessTypes } from './registry.js';

const WEIGHT = { error: 1000, der: 10, note: 10 } as const;

const isControl = (character: string): boolean => character < ' ' || character === '\u007f';

/** Values that the type permits but that nobody sends: codes without a name, control characters in text. */
const oddities = (message: Decoded): number => {
  let count = 0;
  for (const { element } of elements(message.root)) {
    const { type, value } = element;
    if (type.kind === 'integer' && type.names && ![...type.names.values()].some(code => code === value)) count++;
    if (type.kind === 'utf8' && typeof value === 'string' && [...value].some(isControl)) count++;
  }
  return count;
};

const strangeness = (message: Decoded): number =>
  message.diagnostics.reduce((sum, diagnostic) => sum + WEIGHT[diagnostic.severity], oddities(message));

/**
 * The most plausible reading of a message: fewest errors, then fewest deviations from DER, unknown elements and unnamed
 * codes, then the order of `guessTypes`; undefined when no type starts with its tag. Not `ok` when nothing fits. Some
 * messages are truly ambiguous without their direction: `BF5D 03 80 01 00` is read as the response ok, not as the
 * request with refreshFlag FALSE.
 */
export const recognise = (octets: Uint8Array, spec: Spec = DEFAULT_SPEC): Decoded | undefined => {
  let best: Decoded | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const type of guessTypes(octets)) {
    const message = decode(type, octets, { spec });
    const found = strangeness(message);
    if (found < least) {
      best = message;
      least = found;
    }
    if (least === 0) break;
  }
  return best;
};

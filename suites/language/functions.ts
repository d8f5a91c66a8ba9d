/** The functions of expressions: matchers say what a value must be like, generators make one. One entry here each. */
import { concat, fromHex, tlv } from '#protocol/asn1/tlv.js';
import { trustProblem } from './trust.js';
import { ABSENT, AUTO, MissingValue, unreadNode } from './values.js';

/** What a function takes between its parentheses. */
export type ArgumentKind = 'nothing' | 'number' | 'size' | 'range' | 'pattern' | 'value';
export interface Bounds {
  readonly low: number;
  readonly high: number;
}
export interface Comparison {
  readonly ok: boolean;
  /** What was expected, to stand behind "expected". */
  readonly expected: string;
}
/** Compares an expected value (itself perhaps a matcher) with a value, read by the type of its place. */
export type Compare = (expected: unknown, value: unknown) => Comparison;
/** Gives that many octets; from the run's seed, so that a run can be repeated. */
export type Random = (octets: number) => Uint8Array;

export interface FunctionDefinition {
  readonly name: string;
  readonly argument: ArgumentKind;
  readonly example: string;
  /** One sentence for the reference. */
  readonly says: string;
  readonly match?: (argument: unknown, value: unknown, compare: Compare) => Comparison;
  readonly build?: (argument: unknown, random: Random) => unknown;
}

const bounds = (argument: unknown): Bounds => {
  if (typeof argument === 'number') return { low: argument, high: argument };
  if (typeof argument === 'object' && argument !== null && 'low' in argument && 'high' in argument) {
    const { low, high } = argument;
    if (typeof low === 'number' && typeof high === 'number') return { low, high };
  }
  throw new TypeError('a matcher was applied to bounds that were not checked before');
};
const boundsText = ({ low, high }: Bounds): string => (low === high ? String(low) : `${low}..${high}`);
const within = (argument: unknown, n: number): boolean => n >= bounds(argument).low && n <= bounds(argument).high;

// Operators answer in texts, so a text of digits counts as a number.
const integer = (value: unknown): number | bigint | undefined => {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : undefined;
};

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

/** SEQUENCE of two INTEGERs, each minimal and positive. RFC 3279 2.2.3 */
const derSignature = (signature: unknown): Uint8Array => {
  if (!(signature instanceof Uint8Array) || signature.length === 0 || signature.length % 2 !== 0)
    throw new MissingValue('$derSignature needs a signature of r and s, in equal halves');
  const half = signature.length / 2;
  const integer = (octets: Uint8Array): Uint8Array => {
    const first = octets.findIndex(octet => octet !== 0);
    const digits = first < 0 ? Uint8Array.of(0) : octets.subarray(first);
    return tlv(0x02, (digits[0] ?? 0) < 0x80 ? digits : concat(Uint8Array.of(0), digits));
  };
  return tlv(0x30, concat(integer(signature.subarray(0, half)), integer(signature.subarray(half))));
};

/** The digits of an ICCID stand in pairs that are swapped; without that they are those of another card. ITU-T E.118, ETSI TS 102 221 13.2 */
const swapped = (argument: unknown): Uint8Array => {
  const node = unreadNode(argument);
  const text = node?.kind === 'scalar' ? node.text : argument;
  const octets = typeof text === 'string' ? fromHex(text) : text;
  if (!(octets instanceof Uint8Array)) throw new MissingValue('$swapped needs octets');
  return octets.map(octet => (octet << 4) | (octet >> 4));
};

export const FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: 'any',
    argument: 'nothing',
    example: '$any',
    says: 'Any value, but there must be one.',
    match: (_, value) => ({ ok: value !== ABSENT, expected: 'any value' }),
  },
  {
    name: 'present',
    argument: 'nothing',
    example: '$present',
    says: 'The field is there, whatever it holds; in `with`, a NULL.',
    match: (_, value) => ({ ok: value !== ABSENT, expected: 'present' }),
    build: () => null,
  },
  {
    name: 'absent',
    argument: 'nothing',
    example: '$absent',
    says: 'The field is missing; in `with`, it is left out.',
    match: (_, value) => ({ ok: value === ABSENT, expected: 'absent' }),
    build: () => ABSENT,
  },
  {
    name: 'range',
    argument: 'range',
    example: '$range(1..65535)',
    says: 'An INTEGER from low to high, both included.',
    match: (argument, value) => {
      const n = integer(value);
      const { low, high } = bounds(argument);
      return { ok: n !== undefined && n >= low && n <= high, expected: `an integer ${low}..${high}` };
    },
  },
  {
    name: 'above',
    argument: 'value',
    example: '$above($counter)',
    says: 'An INTEGER greater than the argument; nothing is above what is absent.',
    match: (argument, value) => {
      const n = integer(value);
      const node = unreadNode(argument);
      const least = integer(node?.kind === 'scalar' ? node.text : argument);
      return { ok: n !== undefined && least !== undefined && n > least, expected: `an integer above ${least ?? 'one that is absent'}` };
    },
  },
  {
    name: 'bytes',
    argument: 'size',
    example: '$bytes(1..16)',
    says: 'An OCTET STRING of that many octets.',
    match: (argument, value) => ({
      ok: value instanceof Uint8Array && within(argument, value.length),
      expected: `${boundsText(bounds(argument))} octets`,
    }),
  },
  {
    name: 'length',
    argument: 'size',
    example: '$length(1..3)',
    says: 'A list of that many items, a text of that many characters or octets of that number.',
    match: (argument, value) => ({
      ok: (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) && within(argument, value.length),
      expected: `a length of ${boundsText(bounds(argument))}`,
    }),
  },
  {
    name: 'matches',
    argument: 'pattern',
    example: "$matches('[A-Z0-9-]+')",
    says: 'A text that a regular expression describes from its first to its last character; texts only, never octets.',
    match: (argument, value) => ({
      ok: typeof value === 'string' && new RegExp(`^(?:${String(argument)})$`, 'u').test(value),
      expected: `a text like ${String(argument)}`,
    }),
  },
  {
    name: 'optional',
    argument: 'value',
    example: '$optional($bytes(1..16))',
    says: 'Missing, or as the argument says.',
    match: (argument, value, compare) => {
      const inner = compare(argument, value);
      return { ok: value === ABSENT || inner.ok, expected: `${inner.expected} or absent` };
    },
  },
  {
    name: 'not',
    argument: 'value',
    example: "$not('succeeded')",
    says: 'There, but not as the argument says. A missing field never satisfies it; where it may be missing, `$optional($not(…))`.',
    match: (argument, value, compare) => {
      const inner = compare(argument, value);
      return { ok: value !== ABSENT && !inner.ok, expected: `anything but ${inner.expected}` };
    },
  },
  {
    name: 'trustedBy',
    argument: 'value',
    example: '$trustedBy($data)',
    says: 'A presented certificate chain, leaf first, that an EimConfigurationData (octets or hex) lets an IPA trust; any chain when it holds no trust anchor.',
    match: (argument, value) => {
      const problem = trustProblem(value, argument);
      return { ok: problem === undefined, expected: problem ?? 'a chain that the trust anchor covers' };
    },
  },
  {
    name: 'auto',
    argument: 'nothing',
    example: '$auto as seq',
    says: 'What a correct role puts there by itself; useful to name it.',
    build: () => AUTO,
  },
  {
    name: 'random',
    argument: 'number',
    example: '$random(16)',
    says: 'That many random octets, from the seed of the run.',
    build: (argument, random) => random(bounds(argument).low),
  },
  {
    name: 'derSignature',
    argument: 'value',
    example: '$derSignature($signature)',
    says: 'A signature r‖s as the DER structure ECDSA-Sig-Value, the form that X.509 uses and tag 5F37 does not.',
    build: argument => derSignature(argument),
  },
  {
    name: 'swapped',
    argument: 'value',
    example: '$swapped($ICCID_OP_PROF1)',
    says: 'Octets with the two digits of each exchanged, as an ICCID must not be written.',
    build: argument => swapped(argument),
  },
  {
    name: 'text',
    argument: 'number',
    example: '$text(129)',
    says: 'A text of that many characters, for limits of length.',
    build: argument => Array.from({ length: bounds(argument).low }, (_, i) => ALPHABET[i % ALPHABET.length]).join(''),
  },
];

const byName = new Map(FUNCTIONS.map(one => [one.name, one]));
/** The function of a name without its `$`. */
export const functionNamed = (name: string): FunctionDefinition | undefined => byName.get(name);

const APPLIED: unique symbol = Symbol('applied');
/** A function with its evaluated argument, waiting for the place where it is used. */
export interface Applied {
  readonly [APPLIED]: FunctionDefinition;
  readonly argument: unknown;
}
export const apply = (definition: FunctionDefinition, argument: unknown): Applied => ({ [APPLIED]: definition, argument });
export const appliedFunction = (value: unknown): { readonly definition: FunctionDefinition; readonly argument: unknown } | undefined =>
  typeof value === 'object' && value !== null && APPLIED in value
    ? { definition: (value as Applied)[APPLIED], argument: (value as Applied).argument }
    : undefined;

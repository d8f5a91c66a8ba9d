/** What an operator asks for, as read from JSON: texts, numbers and statements, each also as a text of YAML. */
import { fromHex } from '#protocol/asn1/tlv.js';

/** An order that cannot be carried out as it is written: the operator's mistake, not that of the implementation. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
  readonly code = 'order';
}

/** Parameters by name. */
export type Parameters = Readonly<Record<string, unknown>>;

/** A text parameter; numbers count as text. */
export const textParameter = (given: Parameters, name: string): string | undefined => {
  const value = given[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new OrderError(`expected a text as "${name}", got ${JSON.stringify(value)}`);
};
/** An octet string in hex, of a given length when one is given. */
export const octetsParameter = (given: Parameters, name: string, length?: number): Uint8Array | undefined => {
  const text = textParameter(given, name);
  if (text === undefined) return undefined;
  const octets = fromHex(text);
  if (!octets || (length !== undefined && octets.length !== length))
    throw new OrderError(`expected ${length ?? 'whole'} octets in hex as "${name}", got ${JSON.stringify(text.slice(0, 60))}`);
  return octets;
};
/** An integer, also when written as text. */
export const integerParameter = (given: Parameters, name: string): number | undefined => {
  const text = textParameter(given, name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw new OrderError(`expected an integer as "${name}", got ${JSON.stringify(text)}`);
  return Number(text);
};
/** A statement; texts of YAML count. */
export const booleanParameter = (given: Parameters, name: string): boolean => {
  const value = given[name];
  if (value === undefined || value === null || value === false || value === 'false' || value === 'no') return false;
  if (value === true || value === 'true' || value === 'yes') return true;
  throw new OrderError(`expected true or false as "${name}", got ${JSON.stringify(value)}`);
};

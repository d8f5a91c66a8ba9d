/** How a case wants a server of ours to behave below its messages: `link: { certificate: …, tls: …, outage: …, refuses: … }` of an actor that the IUT calls. */

import { typeNamed } from '#protocol/registry.js';
import type { TlsOffer } from '../../adapters/adapter.js';
import { isObject } from '../language/values.js';
import { HarnessError } from '../verdict.js';
import { certificateName } from './constants.js';

/** What a case says of the wire of a server. */
export interface ServerBehaviour {
  /** Name of the certificate that it presents in place of its own. */
  readonly certificate: string | undefined;
  readonly tls: TlsOffer | undefined;
  /** Whether it cannot be reached just now: a request that comes all the same is lost with its connection. */
  isDown(): boolean;
  /** Whether requests of a type are put off with HTTP status 503. */
  refuses(typeName: string): boolean;
}

type Config = Readonly<Record<string, unknown>>;
const WORDS: readonly string[] = ['certificate', 'tls', 'outage', 'refuses'];

const textOf = (word: string, value: unknown): string => {
  if (typeof value === 'string') return value;
  throw new HarnessError(`link.${word}: expected a text, got ${String(value)}`);
};

/**
 * `outage: { from: EuiccPackageRequest, until: pollEim }`, or `contacts: 2` in place of `until`: begins when the device has done the
 * one with its card (at once without `from`); ends when it has done the other since, or an operator this act, or so many requests
 * were lost.
 */
const outageOf = (given: unknown, happened: readonly string[]): (() => boolean) => {
  if (given === undefined) return () => false;
  if (!isObject(given)) throw new HarnessError('link.outage: expected a map with from, until, contacts');
  const { from, until, contacts } = given;
  const begin = from === undefined ? undefined : textOf('outage.from', from);
  const end = until === undefined ? undefined : textOf('outage.until', until);
  const most = contacts === undefined ? Number.POSITIVE_INFINITY : Number(contacts);
  if (Number.isNaN(most)) throw new HarnessError(`link.outage.contacts: expected a number, got ${String(contacts)}`);
  let lost = 0;
  return () => {
    const start = begin === undefined ? 0 : happened.indexOf(begin) + 1;
    const hasBegun = begin === undefined || start > 0;
    const isOver = lost >= most || (end !== undefined && happened.indexOf(end, start) >= 0);
    if (!hasBegun || isOver) return false;
    lost++;
    return true;
  };
};

const typesOf = (given: unknown): readonly string[] =>
  [given ?? []].flat().map(one => {
    const name = textOf('refuses', one);
    if (!typeNamed(name)) throw new HarnessError(`link.refuses: no message ${name}`);
    return name;
  });

/** `refuses: X`, several, or `{ messages: [X], until: stopIpa }`: until the device has done something, or an operator this act. */
const refusalOf = (given: unknown, happened: readonly string[]): ServerBehaviour['refuses'] => {
  const { messages, until } = isObject(given) ? given : { messages: given, until: undefined };
  const refused = typesOf(messages);
  const end = until === undefined ? undefined : textOf('refuses.until', until);
  return typeName => refused.includes(typeName) && !(end !== undefined && happened.includes(end));
};

/** Reads it; `happened` grows with what the device does and what is done to it. Throws HarnessError for a word or value that there is not. */
export const serverBehaviour = (link: Config, happened: readonly string[] = []): ServerBehaviour => {
  const unknown = Object.keys(link).find(word => !WORDS.includes(word));
  if (unknown !== undefined) throw new HarnessError(`link: expected one of ${WORDS.join(', ')}, got ${unknown}`);
  const { certificate, tls } = link;
  const stated = certificate instanceof Uint8Array ? certificateName(certificate) : certificate;
  const isDown = outageOf(link.outage, happened);
  const refuses = refusalOf(link.refuses, happened);
  return {
    certificate: typeof stated === 'string' ? stated : undefined,
    // Its words are those of the adapter, which refuses what it does not know.
    tls: isObject(tls) ? (tls as TlsOffer) : undefined,
    isDown,
    refuses,
  };
};

/** One relayed step: the call to the RSP server, and its failure as the integer that ESipa has for it. SGP.32 5.14, 5.2.6 */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { find } from '#protocol/asn1/element.js';
import type { Type } from '#protocol/asn1/type.js';
import { integerOf, type RspFunction, UNDEFINED_ERROR } from '../../bindings/status-codes.js';
import type { EimContext } from './context.js';
import type { RelayFunction } from './relay-decisions.js';
import type { RspAnswer, RspInterface } from './rsp-servers.js';

/** Where a step goes and how its answer is laid out. */
export interface Step<V> {
  readonly name: RelayFunction;
  readonly interface: RspInterface;
  readonly address: string;
  /** Name of the request type. */
  readonly request: string;
  readonly response: Type<V>;
  /** Field of the response that holds its error. */
  readonly error: string;
}

/** The answer of a server, or the integer of ESipa in its place. */
export type Relayed<V> = { readonly message: Decoded<V> } | { readonly error: number };

const TABLES: Readonly<Record<string, RspFunction>> = {
  'ES9+.InitiateAuthentication': 'ES9+.InitiateAuthentication',
  'ES9+.AuthenticateClient': 'ES9+.AuthenticateClient',
  'ES9+.GetBoundProfilePackage': 'ES9+.GetBoundProfilePackage',
  'ES9+.CancelSession': 'ES9+.CancelSession',
  'ES11.InitiateAuthentication': 'ES11.InitiateAuthentication',
  'ES11.AuthenticateClient': 'ES11.AuthenticateClient',
};
// AuthenticateClient of ESipa has integers for these that the types of ES9+ or ES11 lack.
const ESIPA_ONLY: Readonly<Record<string, number>> = {
  'ES9+.AuthenticateClient 8.2/1.2': 8,
  'ES11.AuthenticateClient 8.11.1/3.9': 9,
};
/** eventIdUnknown and invalidTransactionId of ES11 have other numbers on ESipa. SGP.32 6.3.2.2 */
const RENUMBERED: ReadonlyMap<number, number> = new Map([
  [6, 56],
  [7, 10],
]);

const esipaInteger = (key: string, integer: number): number =>
  key === 'ES11.AuthenticateClient' ? (RENUMBERED.get(integer) ?? integer) : integer;

const errorOf = (eim: EimContext, key: string, answer: RspAnswer, type: Type, field: string): number | undefined => {
  if ('status' in answer) {
    const { subjectCode, reasonCode } = answer.status;
    const own = ESIPA_ONLY[`${key} ${subjectCode}/${reasonCode}`];
    const table = TABLES[key];
    return own ?? (table ? esipaInteger(key, integerOf(table, answer.status, eim.world.spec)) : UNDEFINED_ERROR);
  }
  if (!('octets' in answer) || answer.type !== type.name) return UNDEFINED_ERROR;
  const message = decode(type, answer.octets, { spec: eim.world.spec });
  if (!message.ok) return UNDEFINED_ERROR;
  const error = find(message.root, field);
  return 'element' in error && typeof error.element.value === 'number' ? esipaInteger(key, error.element.value) : undefined;
};

/** Sends a request to the server of a step. */
export const relay = async <V>(eim: EimContext, step: Step<V>, octets: Uint8Array): Promise<Relayed<V>> => {
  const sent = eim.decisions.outgoing(step.request, octets);
  const answer = await eim.servers.call(step.interface, step.address, step.request, sent);
  const error = errorOf(eim, `${step.interface}.${step.name}`, answer, step.response, step.error);
  if (error !== undefined) return { error: eim.decisions.mapsStatus(step.name, error) };
  if (!('octets' in answer)) return { error: UNDEFINED_ERROR };
  return { message: decode(step.response, answer.octets, { spec: eim.world.spec }) };
};

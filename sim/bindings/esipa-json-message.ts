/** Messages of ESipa as JSON objects and back: requests by their members, responses by header and outcome. SGP.32 6.4.1 */

import { integerOctets, readInteger } from '#protocol/asn1/primitives.js';
import { children, type Tlv, tlv } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { check, type TransportCheck } from './binding.js';
import type { EsipaJsonFunction, EsipaMember, EsipaOutcome } from './esipa-json-functions.js';
import { type MemberRequirements, readElements, writeElements } from './esipa-json-members.js';
import { failureBody, header, readHeader } from './rsp-answer.js';
import { type JsonObject, member } from './rsp-json.js';
import { integerOf, type StatusCode, statusOfInteger, UNDEFINED_ERROR } from './status-codes.js';

type JsonResponse = NonNullable<EsipaJsonFunction['response']>;

const OF_REQUEST: MemberRequirements = { present: 'SGP32-6.4-15', form: 'SGP32-6.4-16', oneOf: 'SGP32-6.4-17' };
const OF_RESPONSE: MemberRequirements = { present: 'SGP32-6.4-05', form: 'SGP32-6.4-06', oneOf: 'SGP32-6.4-07' };

/** A message read from JSON, or why it cannot be put together. */
export interface ReadMessage {
  readonly octets?: Uint8Array;
  readonly reason?: string;
  readonly checks: readonly TransportCheck[];
}

/** The members of a request. */
export const writeRequest = (of: EsipaJsonFunction, octets: Uint8Array): JsonObject => writeElements(octets, children(octets), of.members);

/** Reads the members of a request as the message of the ASN.1 binding. */
export const readRequest = (of: EsipaJsonFunction, json: JsonObject): ReadMessage => {
  const isBare = member(json, 'header') === undefined;
  const read = readElements(json, of, OF_REQUEST);
  const checks = [check('SGP32-6.4-14', 'header', 'absent', isBare ? 'absent' : 'present', isBare), ...read.checks];
  if (read.malformed.length > 0) return { checks, reason: `malformed ${read.malformed.join(', ')}` };
  if (of.oneOf && read.count === 0) return { checks, reason: `without members of ${of.path}` };
  return { checks, octets: tlv(of.tag, read.octets) };
};

const holds = (outcome: EsipaOutcome, tag: number): boolean =>
  outcome.tag === undefined
    ? outcome.members.some(m => m.tag === tag || (m.tag === undefined && m.tags?.includes(tag)))
    : outcome.tag === tag;

/** The failure that an integer of the ASN.1 binding tells. */
const failureOf = (response: JsonResponse, octets: Uint8Array, element: Tlv): JsonObject => {
  const value = readInteger(octets, element.content, element.end);
  return failureBody(statusOfInteger(response.codes, typeof value === 'number' ? value : UNDEFINED_ERROR));
};

/** The body of a response: the header alone where the message holds no outcome that has members. */
export const writeResponse = (response: JsonResponse, message: Uint8Array): JsonObject => {
  const octets = response.restates?.(message) ?? message;
  const elements = children(octets);
  const [first] = elements;
  const success = header('Executed-Success');
  const outcome = first && response.outcomes.find(o => holds(o, first.tag));
  if (outcome) {
    const within = outcome.tag === undefined ? elements : children(octets, first);
    return { ...success, ...writeElements(octets, within, outcome.members) };
  }
  return first?.tag === response.errorTag ? failureOf(response, octets, first) : success;
};

const failureMessage = (of: EsipaJsonFunction, response: JsonResponse, code: StatusCode | undefined, spec: Spec): Uint8Array => {
  if (response.failsEmpty) return tlv(of.tag);
  const integer = code ? integerOf(response.codes, code, spec) : UNDEFINED_ERROR;
  return tlv(of.tag, tlv(response.errorTag, integerOctets(integer)));
};

const outcomeOf = (response: JsonResponse, json: JsonObject): EsipaOutcome | undefined =>
  response.outcomes.find(o => o.knownBy !== undefined && member(json, o.knownBy) !== undefined) ?? response.outcomes[0];

const names = (members: readonly EsipaMember[]): string => members.map(({ name }) => name).join(', ');

/** Reads a response as the message of the ASN.1 binding. */
export const readResponse = (of: EsipaJsonFunction, response: JsonResponse, json: JsonObject, spec: Spec): ReadMessage => {
  const head = readHeader(json, { status: 'SGP32-6.4-03', data: 'SGP32-6.4-04' });
  const outcome = outcomeOf(response, json);
  if (!outcome) return { checks: head.checks, reason: `${of.path} has no outcome` };
  if (head.status === 'Failed') {
    const given = response.outcomes.flatMap(o => o.members).filter(({ name }) => member(json, name) !== undefined);
    const absent = check('SGP32-6.4-08', 'members beside a failure', 'none', names(given) || 'none', given.length === 0);
    return { checks: [...head.checks, absent], octets: failureMessage(of, response, head.code, spec) };
  }
  const read = readElements(json, outcome, OF_RESPONSE);
  const checks = [...head.checks, ...read.checks];
  if (read.malformed.length > 0) return { checks, reason: `malformed ${read.malformed.join(', ')}` };
  if (read.count > 0) {
    const content = outcome.tag === undefined ? read.octets : tlv(outcome.tag, read.octets);
    return { checks, octets: tlv(of.tag, content) };
  }
  // Without a header nothing tells an answer without members from any other JSON object.
  if (head.status !== 'Executed-Success') return { checks, reason: 'without header' };
  if (!outcome.empty) return { checks, reason: `without ${names(outcome.members)}` };
  return { checks, octets: tlv(of.tag, outcome.tag === undefined ? outcome.empty : tlv(outcome.tag, outcome.empty)) };
};

/** What the ASN.1 binding of ESipa is over any wire: its functions, its path, one message to a body. SGP.32 6.3 */

import { readHeader, readTlv, tagHex } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import { typeNamed } from '#protocol/registry.js';
import { check, type NotCarried, type TransportCheck } from './binding.js';

/** Path of every function of the ASN.1 binding. SGP.32 6.1, 6.2 */
export const ESIPA_PATH = '/gsma/rsp2/asn1';

/** Who calls a function: the eIM where it brings a package by itself, else the IPA. SGP.32 3.1.1 */
export type EsipaCaller = 'ipa' | 'eim';

interface EsipaFunction {
  readonly request: string;
  /** Undefined: a function without output. */
  readonly response: string | undefined;
  /** The IPA when absent. */
  readonly caller?: EsipaCaller;
}

/** Request and response types by the tag that both start with. SGP.32 6.3.1 */
const FUNCTIONS: ReadonlyMap<number, EsipaFunction> = new Map([
  [0xbf39, { request: 'InitiateAuthenticationRequestEsipa', response: 'InitiateAuthenticationResponseEsipa' }],
  [0xbf3b, { request: 'AuthenticateClientRequestEsipa', response: 'AuthenticateClientResponseEsipa' }],
  [0xbf3a, { request: 'GetBoundProfilePackageRequestEsipa', response: 'GetBoundProfilePackageResponseEsipa' }],
  [0xbf41, { request: 'CancelSessionRequestEsipa', response: 'CancelSessionResponseEsipa' }],
  [0xbf3d, { request: 'HandleNotificationEsipa', response: undefined }],
  [0xbf4f, { request: 'GetEimPackageRequest', response: 'GetEimPackageResponse' }],
  [0xbf50, { request: 'ProvideEimPackageResult', response: 'ProvideEimPackageResultResponse' }],
  [0xbf4e, { request: 'TransferEimPackageRequest', response: 'TransferEimPackageResponse', caller: 'eim' }],
]);
const byRequest = new Map(
  [...FUNCTIONS].map(([tag, { request, response, caller = 'ipa' }]) => [request, { tag, response, caller }] as const),
);
const named = (name: string | undefined): Type | undefined => (name === undefined ? undefined : typeNamed(name));

/** Tag, response type and caller of a request type. Throws TypeError when ESipa has no such request. */
export const functionOf = (
  request: string,
): { readonly tag: number; readonly response: string | undefined; readonly caller: EsipaCaller } => {
  const found = byRequest.get(request);
  if (!found) throw new TypeError(`${request} is no request of ESipa`);
  return found;
};
/** Type of the answer to a request type; undefined for a function without output. */
export const answerTo = (request: string): Type | undefined => named(byRequest.get(request)?.response);
/** The tag at the start of a body. */
export const tagOf = (body: Uint8Array): number | undefined => readHeader(body)?.tag;
/** The request or response type that starts with a tag, among the functions of a caller. */
export const typeOf = (tag: number | undefined, direction: 'request' | 'response', caller: EsipaCaller = 'ipa'): Type | undefined => {
  const found = tag === undefined ? undefined : FUNCTIONS.get(tag);
  return (found?.caller ?? 'ipa') === caller ? named(found?.[direction]) : undefined;
};
/** A tag in words. */
export const tagText = (tag: number | undefined): string => (tag === undefined ? 'no tag' : tagHex(tag));

/** The body holds one message and nothing behind it. SGP.32 6.3.1 */
export const oneMessageCheck = (requirement: string, body: Uint8Array): TransportCheck => {
  const end = readTlv(body)?.end;
  const found = end === undefined ? `${body.length} octets that are no complete message` : `${body.length - end} octets after it`;
  return check(requirement, 'body', 'one message and nothing after it', end === body.length ? 'one message' : found, end === body.length);
};
/** A response is that of the function requested; `actual` in words where there is no body. */
export const functionCheck = (requirement: string, request: string, body: Uint8Array): TransportCheck => {
  const { tag, response } = functionOf(request);
  const actual = body.length === 0 ? undefined : tagOf(body);
  return check(requirement, 'function', `${response} (${tagHex(tag)})`, body.length === 0 ? 'no body' : tagText(actual), actual === tag);
};

export const nothing = (why: NotCarried['nothing'], reason: string, checks: readonly TransportCheck[]): NotCarried => ({
  nothing: why,
  reason,
  checks,
});

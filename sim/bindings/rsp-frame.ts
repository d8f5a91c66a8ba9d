/** HTTP frames of ES9+ and ES11: paths, headers and the checks on them that both sides make. SGP.22 6.2, 6.5, 6.6 */

import type { Spec } from '#protocol/asn1/type.js';
import type { Frame } from '../../adapters/adapter.js';
import { check, type LinkEdits, type TransportCheck } from './binding.js';
import { dropped } from './rsp-answer.js';
import type { FunctionBinding, RspInterface } from './rsp-functions.js';
import type { JsonObject } from './rsp-json.js';

/** What depends on the version in use and on who calls. */
export interface RspHttpOptions {
  readonly spec?: Spec;
  /** Value of User-Agent on requests; `gsma-rsp-lpad` when left out. */
  readonly userAgent?: string;
}

/** Every path of an RSP server begins with it. SGP.22 6.2 */
export const ROOT = '/gsma/rsp2/';
const ASN1_PATH = `${ROOT}asn1`;
/** Content-Type of the JSON binding. SGP.22 6.5 */
export const JSON_TYPE = 'application/json;charset=UTF-8';
/** Content-Type of the ASN.1 binding. SGP.22 6.6 */
export const ASN1_TYPE = 'application/x-gsma-rsp-asn1';
/** RemoteProfileProvisioningRequest and …Response stand around every message of the ASN.1 binding. SGP.22 6.6.2 */
export const WRAPPER = 0xa2;
/** An empty body. */
export const NO_OCTETS = new Uint8Array();

/** Value of X-Admin-Protocol: the SGP.22 version that belongs to the SGP.32 version in use. SGP.22 6.2 */
export const adminProtocol = (spec: Spec): string => (spec === '1.3' ? 'gsma/rsp/v2.7.0' : 'gsma/rsp/v2.5.0');

/** Whether a Content-Type is that of JSON. */
export const isJson = (value: string | undefined): boolean =>
  /^application\/json\s*(;\s*charset\s*=\s*("utf-?8"|utf-?8)\s*)?$/i.test(value ?? '');
const isAsn1 = (value: string | undefined): boolean => value?.split(';')[0]?.trim().toLowerCase() === ASN1_TYPE;
/** Content-Type of one of the two bindings; the charset may be spelt in any way, or be left out. */
export const contentTypeCheck = (frame: Frame, isAsn1Binding: boolean): TransportCheck => {
  const value = frame.meta['content-type'];
  const ok = isAsn1Binding ? isAsn1(value) : isJson(value);
  return check('SGP22-6.2-03', 'Content-Type', isAsn1Binding ? ASN1_TYPE : JSON_TYPE, value, ok);
};
/** X-Admin-Protocol of major version 2. */
export const adminProtocolCheck = (frame: Frame): TransportCheck => {
  const value = frame.meta['x-admin-protocol'];
  return check('SGP22-6.2-04', 'X-Admin-Protocol', 'gsma/rsp/v2.<y>.<z>', value, /^gsma\/rsp\/v2\.\d{1,3}\.\d{1,3}$/.test(value ?? ''));
};
/** Whether a body is one JSON object. */
export const objectCheck = (problem: string | undefined): TransportCheck =>
  check('SGP22-6.5.1-01', 'body', 'one JSON object', problem ?? 'one JSON object', problem === undefined);
/** What a path stands for. */
export type Place = { readonly binding: 'json'; readonly of: FunctionBinding } | { readonly binding: 'asn1' } | undefined;
/** Where a request goes: to a function of the JSON binding, to the ASN.1 binding, or nowhere. */
export const placeOf = (rules: RspInterface, frame: Frame): Place => {
  const path = frame.meta[':path']?.split('?')[0];
  if (path === ASN1_PATH) return { binding: 'asn1' };
  for (const folder of rules.folders) {
    const of = rules.functions.find(f => path === `${ROOT}${folder}/${f.path}`);
    if (of) return { binding: 'json', of };
  }
  return undefined;
};
/** The path is one of the interface, without a query. */
export const pathCheck = (rules: RspInterface, frame: Frame, place: Place): TransportCheck => {
  const path = frame.meta[':path'];
  const expected = `${ROOT}${rules.folders.join('|')}/<function>`;
  return check('SGP22-6.2-02', 'path', expected, path, place !== undefined && !path?.includes('?'));
};

/** A JSON body after `drop`. */
export const jsonOctets = (json: JsonObject | undefined, link: LinkEdits): Uint8Array =>
  json ? new Uint8Array(Buffer.from(JSON.stringify(dropped(json, link)), 'utf8')) : NO_OCTETS;

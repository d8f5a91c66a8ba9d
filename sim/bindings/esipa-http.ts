/** ESipa messages of the ASN.1 binding in HTTP frames, from both sides. SGP.32 6.1, 6.3 */
import { readTlv } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import type { Frame, Inbound, Outbound } from '../../adapters/adapter.js';
import {
  type Carried,
  type ClientBinding,
  check,
  type LinkEdits,
  type NotCarried,
  type ServerBinding,
  type TransportCheck,
} from './binding.js';
import {
  answerTo,
  ESIPA_PATH,
  type EsipaCaller,
  functionCheck,
  functionOf,
  nothing,
  oneMessageCheck,
  tagOf,
  tagText,
  typeOf,
} from './esipa-functions.js';
import { editedBody, editedHeaders, faultOf, statusOf, textOf } from './link-edits.js';

export { ESIPA_PATH } from './esipa-functions.js';
/** Media type of the ASN.1 binding. SGP.32 6.1.1 */
export const ESIPA_MEDIA_TYPE = 'application/x-gsma-rsp-asn1';
const NO_OCTETS = new Uint8Array();

/** What depends on the IUT and on the version in use. */
export interface EsipaHttpOptions {
  readonly spec: Spec;
  /** Path of the URL, when the IUT is reached under another one. */
  readonly path?: string;
  /** Value of User-Agent on requests; `gsma-rsp-ipad` when left out. */
  readonly userAgent?: string;
  /** Whose functions a server serves; those of the IPA when left out. */
  readonly caller?: EsipaCaller;
  /** Whether a server takes requests to other paths too; they still fail the check. */
  readonly anyPath?: boolean;
}

/** Value of X-Admin-Protocol: fixed up to v1.2, the SGP.32 version of the sender since v1.3. SGP.32 6.1.1 */
export const adminProtocol = (spec: Spec): string => (spec === '1.3' ? 'gsma/rsp/v1.3.0' : 'gsma/rsp/v2.1.0');

const mediaType = (value: string | undefined): string | undefined => value?.split(';')[0]?.trim().toLowerCase();
/** X-Admin-Protocol as the version in use has it: v1.2 alone names one value. */
export const adminProtocolCheck = (requirement: string, frame: Frame, spec: Spec): TransportCheck => {
  const value = frame.meta['x-admin-protocol'];
  const ok = spec === '1.2' ? value === adminProtocol(spec) : /^gsma\/rsp\/v\d+\.\d+\.\d+$/.test(value ?? '');
  return check(requirement, 'X-Admin-Protocol', spec === '1.2' ? adminProtocol(spec) : 'gsma/rsp/v<x.y.z>', value, ok);
};
const contentTypeCheck = (requirement: string, frame: Frame): TransportCheck => {
  const value = frame.meta['content-type'];
  return check(requirement, 'Content-Type', ESIPA_MEDIA_TYPE, value, mediaType(value) === ESIPA_MEDIA_TYPE);
};
/** Answer to a function without output: success and nothing in the body. */
export const readEmpty = (reply: Frame, checks: readonly TransportCheck[]): NotCarried => {
  const status = reply.meta[':status'];
  const success = status === '200' || status === '204';
  const { length } = reply.body;
  const all = [
    ...checks,
    check('SGP32-6.1-05', 'answer', 'success without a body', `status ${status}, ${length} octets`, success && length === 0),
    check('SGP32-6.1-08', 'status', '204', status, status === '204'),
    ...(length === 0 ? [noContentType(reply)] : []),
  ];
  if (!success) return nothing('httpError', `status ${status}`, all);
  return length === 0 ? nothing('empty', `status ${status}`, all) : nothing('unreadable', `${length} octets where none belong`, all);
};
const noContentType = (reply: Frame): TransportCheck =>
  check('SGP32-6.1-06', 'Content-Type', 'absent', reply.meta['content-type'], reply.meta['content-type'] === undefined);

const readReply = (reply: Frame, request: string, spec: Spec): Carried | NotCarried => {
  const common = [adminProtocolCheck('SGP32-6.1-03', reply, spec)];
  if (functionOf(request).response === undefined) return readEmpty(reply, common);
  const status = reply.meta[':status'];
  const checks = [...common, check('SGP32-6.1-01', 'status', '200', status, status === '200')];
  if (status !== '200' && status !== '204') return nothing('httpError', `status ${status}`, checks);
  const isOfFunction = functionCheck('SGP32-6.1-04', request, reply.body);
  if (reply.body.length === 0) return nothing('empty', `status ${status}`, [...checks, isOfFunction, noContentType(reply)]);
  const all = [...checks, contentTypeCheck('SGP32-6.1-02', reply), isOfFunction, oneMessageCheck('SGP32-6.1-07', reply.body)];
  const tag = tagOf(reply.body);
  const type = typeOf(tag, 'response', functionOf(request).caller);
  return type ? { type, octets: reply.body, checks: all } : nothing('unreadable', `no response of ESipa starts with ${tagText(tag)}`, all);
};

/** ESipa from the side of the IPA: we call an eIM. */
export const esipaHttpClient = (options: EsipaHttpOptions): ClientBinding => ({
  interface: 'ESipa',
  answerTo,
  write: (_type, octets, link = {}) => {
    const body = editedBody(octets, link);
    return {
      meta: {
        ':method': textOf(link.method) ?? 'POST',
        ':path': textOf(link.path) ?? options.path ?? ESIPA_PATH,
        ...editedHeaders(
          {
            'content-type': ESIPA_MEDIA_TYPE,
            'x-admin-protocol': adminProtocol(options.spec),
            'user-agent': options.userAgent ?? 'gsma-rsp-ipad',
          },
          link,
        ),
      },
      body,
    };
  },
  read: (reply, request) => readReply(reply, request, options.spec),
});

/** User-Agent names an IPAd or an IPAe; before v1.2 it may say anything, or be missing. */
export const userAgentCheck = (frame: Frame, spec: Spec): TransportCheck => {
  const agent = frame.meta['user-agent'];
  const ok = spec === '1.0' || spec === '1.1' || /^gsma-rsp-ipa[de](;.*)?$/.test(agent ?? '');
  return check('SGP32-6.1-15', 'User-Agent', 'gsma-rsp-ipad or gsma-rsp-ipae', agent, ok);
};
/** The method is POST. */
export const methodCheck = (frame: Frame): TransportCheck =>
  check('SGP32-6.1-11', 'method', 'POST', frame.meta[':method'], frame.meta[':method'] === 'POST');

const requestChecks = (frame: Frame, options: EsipaHttpOptions): TransportCheck[] => {
  const path = frame.meta[':path'] ?? '';
  const expectedPath = options.path ?? ESIPA_PATH;
  return [
    methodCheck(frame),
    check('SGP32-6.1-12', 'path', expectedPath, path, path === expectedPath),
    contentTypeCheck('SGP32-6.1-13', frame),
    adminProtocolCheck('SGP32-6.1-14', frame, options.spec),
    userAgentCheck(frame, options.spec),
    oneMessageCheck('SGP32-6.1-16', frame.body),
  ];
};

const readRequest = (frame: Frame, options: EsipaHttpOptions): Carried | NotCarried => {
  const checks = requestChecks(frame, options);
  const tag = tagOf(frame.body);
  const type = typeOf(tag, 'request', options.caller);
  if (frame.meta[':method'] !== 'POST') return nothing('unreadable', `method ${frame.meta[':method']}`, checks);
  if (!options.anyPath && frame.meta[':path'] !== (options.path ?? ESIPA_PATH))
    return nothing('unreadable', `path ${frame.meta[':path']}`, checks);
  if (type && readTlv(frame.body)) return { type, octets: frame.body, checks };
  const found = type ? 'the message is cut off' : `no request of ESipa starts with ${tagText(tag)}`;
  return nothing('unreadable', found, checks);
};

/** Status for a frame that is no request of this binding; SGP.32 leaves it to HTTP. RFC 9110 15.5 */
const refusalStatus = (checks: readonly TransportCheck[]): string => {
  const failed = (requirement: string) => checks.some(c => c.requirement === requirement && !c.ok);
  if (failed('SGP32-6.1-12')) return '404';
  if (failed('SGP32-6.1-11')) return '405';
  return failed('SGP32-6.1-13') ? '415' : '400';
};

/** ESipa from the side of the eIM: an IPA calls us. */
export const esipaHttpServer = (options: EsipaHttpOptions): ServerBinding => ({
  interface: 'ESipa',
  read: (frame: Inbound) => readRequest(frame, options),
  write: (_request, message, link = {}) => answer(message ? '200' : '204', message?.octets ?? NO_OCTETS, options.spec, link),
  refuse: (_frame, why) => answer(refusalStatus(why.checks), NO_OCTETS, options.spec, {}),
});

const answer = (status: string, octets: Uint8Array, spec: Spec, link: LinkEdits): Outbound => {
  const fault = faultOf(link);
  if (fault) return fault;
  const body = editedBody(octets, link);
  const contentType = body.length > 0 ? { 'content-type': ESIPA_MEDIA_TYPE } : {};
  return {
    meta: { ':status': statusOf(link) ?? status, ...editedHeaders({ ...contentType, 'x-admin-protocol': adminProtocol(spec) }, link) },
    body,
  };
};

/** The server side of ES9+ and ES11: requests in JSON or ASN.1, answers in the binding of the request. SGP.22 6.2, 6.5, 6.6 */
import { children, readTlv, tagHex, tlv, tlvOctets } from '#protocol/asn1/tlv.js';
import { DEFAULT_SPEC, type Spec } from '#protocol/asn1/type.js';
import type { Frame, Inbound, Outbound } from '../../adapters/adapter.js';
import { type Carried, check, type LinkEdits, type NotCarried, type ServerBinding, type TransportCheck } from './binding.js';
import { editedBody, editedHeaders, faultOf, statusOf } from './link-edits.js';
import { answerBody, assemble, editedCode, failureBody, failureMessage, type RspAnswer, unreadableReason } from './rsp-answer.js';
import {
  ASN1_TYPE,
  adminProtocol,
  adminProtocolCheck,
  contentTypeCheck,
  JSON_TYPE,
  jsonOctets,
  NO_OCTETS,
  objectCheck,
  pathCheck,
  placeOf,
  type RspHttpOptions,
  WRAPPER,
} from './rsp-frame.js';
import type { FunctionBinding, RspInterface } from './rsp-functions.js';
import { parseObject, type ReadMembers, readMembers } from './rsp-json.js';
import type { StatusCode } from './status-codes.js';

/** Something that is no message, with what to answer to it. */
export interface RspNotCarried extends NotCarried {
  readonly refusal?: { readonly http: string } | { readonly code: StatusCode };
}

/** We are the RSP server; answers may state a status code that ASN.1 has no integer for. */
export interface RspServerBinding extends ServerBinding {
  read(frame: Inbound): Carried | RspNotCarried;
  write(request: Frame, message: RspAnswer | undefined, link?: LinkEdits): Outbound;
  refuse(frame: Inbound, why: RspNotCarried): Outbound;
}

const unwrapCheck = (body: Uint8Array): { readonly octets: Uint8Array | undefined; readonly check: TransportCheck } => {
  const outer = readTlv(body);
  const inner = outer?.tag === WRAPPER && outer.end === body.length ? children(body, outer) : [];
  const [only] = inner;
  const octets = only && inner.length === 1 && only.end === body.length ? tlvOctets(body, only) : undefined;
  const actual = octets ? 'one message in A2' : outer ? `${tagHex(outer.tag)} in ${body.length} octets` : `${body.length} octets`;
  return { octets, check: check('SGP22-6.6.2-01', 'body', 'one message in A2', actual, octets !== undefined) };
};
const functionOfTag = (rules: RspInterface, octets: Uint8Array | undefined): FunctionBinding | undefined => {
  const tag = octets && readTlv(octets)?.tag;
  return rules.functions.find(f => f.request.tag === tag);
};

const unreadable = (reason: string, checks: readonly TransportCheck[], refusal: NonNullable<RspNotCarried['refusal']>): RspNotCarried => ({
  nothing: 'unreadable',
  reason,
  checks,
  refusal,
});
const elementStatus = (read: ReadMembers): StatusCode => ({
  subjectCode: '1.3.1',
  reasonCode: read.missing.length > 0 ? '2.2' : '2.1',
  message: unreadableReason(read),
});

const readRequest = (rules: RspInterface, frame: Inbound, spec: Spec): Carried | RspNotCarried => {
  const place = placeOf(rules, frame);
  const method = frame.meta[':method'];
  const checks = [
    check('SGP22-6.2-01', 'method', 'POST', method, method === 'POST'),
    pathCheck(rules, frame, place),
    contentTypeCheck(frame, place?.binding === 'asn1'),
    adminProtocolCheck(frame),
  ];
  if (!place) return unreadable(`${rules.name} has no function at ${frame.meta[':path']}`, checks, { http: '404' });
  if (method !== 'POST') return unreadable(`method ${method}`, checks, { http: '405' });
  return place.binding === 'asn1' ? readAsn1(rules, frame, checks) : readJson(place.of, frame, spec, checks);
};

const readAsn1 = (rules: RspInterface, frame: Inbound, before: readonly TransportCheck[]): Carried | RspNotCarried => {
  const { octets, check: wrapped } = unwrapCheck(frame.body);
  const checks = [...before, wrapped];
  const of = functionOfTag(rules, octets);
  if (octets && of) return { type: of.request, octets, checks };
  return unreadable(octets ? `no request of ${rules.name} in A2` : wrapped.actual, checks, { http: '400' });
};

const readJson = (of: FunctionBinding, frame: Inbound, spec: Spec, before: readonly TransportCheck[]): Carried | RspNotCarried => {
  const json = parseObject(frame.body);
  if ('problem' in json) return unreadable(`no JSON object: ${json.problem}`, [...before, objectCheck(json.problem)], { http: '400' });
  const parsed = [...before, objectCheck(undefined)];
  const read = readMembers(json.object, of.members);
  const checks = [...parsed, ...read.checks];
  const octets = read.readable ? assemble(of.request, read.fields, spec) : undefined;
  return octets ? { type: of.request, octets, checks } : unreadable(unreadableReason(read), checks, { code: elementStatus(read) });
};

const frameOf = (status: string, body: Uint8Array, contentType: string, spec: Spec, link: LinkEdits): Frame => {
  const edited = editedBody(body, link);
  const headers = { ...(edited.length > 0 && { 'content-type': contentType }), 'x-admin-protocol': adminProtocol(spec) };
  return { meta: { ':status': statusOf(link) ?? status, ...editedHeaders(headers, link) }, body: edited };
};
const writeAnswer = (rules: RspInterface, request: Frame, message: RspAnswer | undefined, spec: Spec, link: LinkEdits): Outbound => {
  const fault = faultOf(link);
  if (fault) return fault;
  const place = placeOf(rules, request);
  if (place?.binding === 'asn1') {
    const of = functionOfTag(rules, unwrapCheck(request.body).octets);
    const code = editedCode(of, link);
    const answer = code ? failureMessage(of, code, spec) : message;
    return frameOf(answer ? '200' : '204', answer ? tlv(WRAPPER, answer.octets) : NO_OCTETS, ASN1_TYPE, spec, link);
  }
  const of = place?.of ?? rules.functions.find(f => f.response?.type.name === message?.type.name);
  const code = editedCode(of, link);
  const json = code ? failureBody(code) : message && of ? answerBody(of, message, spec) : undefined;
  return frameOf(json ? '200' : '204', jsonOctets(json, link), JSON_TYPE, spec, link);
};

/** The server side of an interface: an IPA, an LPA or an eIM calls us. */
export const rspServer = (rules: RspInterface, { spec = DEFAULT_SPEC }: RspHttpOptions): RspServerBinding => ({
  interface: rules.name,
  read: frame => readRequest(rules, frame, spec),
  write: (request, message, link = {}) => writeAnswer(rules, request, message, spec, link),
  refuse: (_frame, { refusal }) => {
    if (refusal && 'code' in refusal) return frameOf('200', jsonOctets(failureBody(refusal.code), {}), JSON_TYPE, spec, {});
    return frameOf(refusal?.http ?? '400', NO_OCTETS, JSON_TYPE, spec, {});
  },
});

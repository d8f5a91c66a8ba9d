/** The client side of ES9+ and ES11, JSON binding. SGP.22 6.2, 6.5 */
import { decode } from '#protocol/asn1/decode.js';
import { DEFAULT_SPEC, type Spec, type Type } from '#protocol/asn1/type.js';
import type { Frame } from '../../adapters/adapter.js';
import { type Carried, type ClientBinding, check, type LinkEdits, type NotCarried, type TransportCheck } from './binding.js';
import { editedBody, editedHeaders, textOf } from './link-edits.js';
import { readAnswer } from './rsp-answer.js';
import {
  adminProtocol,
  adminProtocolCheck,
  contentTypeCheck,
  JSON_TYPE,
  jsonOctets,
  objectCheck,
  ROOT,
  type RspHttpOptions,
} from './rsp-frame.js';
import type { FunctionBinding, RspInterface } from './rsp-functions.js';
import { parseObject, writeMembers } from './rsp-json.js';

const functionOf = (rules: RspInterface, request: string): FunctionBinding => {
  const of = rules.functions.find(f => f.request.name === request);
  if (!of) throw new TypeError(`expected a request of ${rules.name}, got ${request}`);
  return of;
};

const writeRequest = (rules: RspInterface, type: Type, octets: Uint8Array, options: RspHttpOptions, link: LinkEdits): Frame => {
  const spec = options.spec ?? DEFAULT_SPEC;
  const of = functionOf(rules, type.name);
  const message = decode(type, octets, { spec });
  const headers = {
    'content-type': JSON_TYPE,
    'x-admin-protocol': adminProtocol(spec),
    'user-agent': options.userAgent ?? 'gsma-rsp-lpad',
  };
  return {
    meta: {
      ':method': textOf(link.method) ?? 'POST',
      ':path': textOf(link.path) ?? `${ROOT}${rules.folders[0]}/${of.path}`,
      ...editedHeaders(headers, link),
    },
    body: editedBody(jsonOctets(writeMembers(message, message.root, of.members), link), link),
  };
};

const noAnswer = (nothing: NotCarried['nothing'], reason: string, checks: readonly TransportCheck[]): NotCarried => ({
  nothing,
  reason,
  checks,
});

const readReply = (of: FunctionBinding, reply: Frame, spec: Spec): Carried | NotCarried => {
  const status = reply.meta[':status'] ?? '';
  const { length } = reply.body;
  if (!of.response) {
    const ok = status === '204' && length === 0;
    const checks = [
      check('SGP22-6.2-05', 'answer', '204 without a body', `${status} with ${length} octets`, ok),
      adminProtocolCheck(reply),
    ];
    if (!status.startsWith('2')) return noAnswer('httpError', `status ${status}`, checks);
    return length === 0
      ? noAnswer('empty', `status ${status}`, checks)
      : noAnswer('unreadable', `${length} octets where none belong`, checks);
  }
  const common = [check('SGP22-6.2-05', 'status', '200', status, status === '200'), adminProtocolCheck(reply)];
  if (status !== '200') return noAnswer(status.startsWith('2') && length === 0 ? 'empty' : 'httpError', `status ${status}`, common);
  const json = parseObject(reply.body);
  const parsed = [...common, contentTypeCheck(reply, false), objectCheck('problem' in json ? json.problem : undefined)];
  if ('problem' in json) return noAnswer('unreadable', `no JSON object: ${json.problem}`, parsed);
  const { octets, status: code, reason, checks } = readAnswer(of, json.object, spec);
  const all = [...parsed, ...checks];
  return octets
    ? { type: of.response.type, octets, checks: all, ...(code && { status: code }) }
    : noAnswer('unreadable', reason ?? '', all);
};

/** The client side of an interface, JSON binding: we call an SM-DP+ or SM-DS; failures keep their status code. */
export const rspClient = (rules: RspInterface, options: RspHttpOptions): ClientBinding => ({
  interface: rules.name,
  answerTo: request => functionOf(rules, request).response?.type,
  write: (type, octets, link = {}) => writeRequest(rules, type, octets, options, link),
  read: (reply, request) => readReply(functionOf(rules, request), reply, options.spec ?? DEFAULT_SPEC),
});

/** ESipa messages of the JSON binding in HTTP frames, from both sides. SGP.32 6.1, 6.4 */
import type { Spec, Type } from '#protocol/asn1/type.js';
import { typeNamed } from '#protocol/registry.js';
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
import { functionOf as functionOfMessage, nothing } from './esipa-functions.js';
import { adminProtocol, adminProtocolCheck, type EsipaHttpOptions, methodCheck, readEmpty, userAgentCheck } from './esipa-http.js';
import { functionAt, jsonBody, jsonTypeCheck, oneObjectCheck, pathCheck } from './esipa-json-frame.js';
import { ESIPA_JSON_FOLDER, type EsipaJsonFunction, esipaJsonFunctions } from './esipa-json-functions.js';
import { type ReadMessage, readRequest, readResponse, writeRequest, writeResponse } from './esipa-json-message.js';
import { editedHeaders, faultOf, statusOf, textOf } from './link-edits.js';
import { editedCode, failureBody } from './rsp-answer.js';
import { JSON_TYPE, NO_OCTETS } from './rsp-frame.js';
import { type JsonObject, parseObject } from './rsp-json.js';

/** What depends on the version in use and on who calls; the paths are those of the specification. */
export type EsipaJsonOptions = Omit<EsipaHttpOptions, 'path' | 'anyPath'>;

/** The type of a name that the functions use. */
export const messageType = (name: string): Type => {
  const type = typeNamed(name);
  if (!type) throw new TypeError(`no type ${name}`);
  return type;
};
/** The function that a request belongs to. */
export const functionOf = (functions: readonly EsipaJsonFunction[], request: string): EsipaJsonFunction => {
  const of = functions.find(f => f.request === request);
  if (!of) throw new TypeError(`${request} is no request of ESipa`);
  return of;
};
/** A message as it was carried, or why there is none. */
export const carried = (name: string, before: readonly TransportCheck[], read: ReadMessage): Carried | NotCarried => {
  const checks = [...before, ...read.checks];
  return read.octets ? { type: messageType(name), octets: read.octets, checks } : nothing('unreadable', read.reason ?? '', checks);
};

const readReply = (of: EsipaJsonFunction, reply: Frame, spec: Spec): Carried | NotCarried => {
  const common = [adminProtocolCheck('SGP32-6.1-03', reply, spec)];
  if (!of.response) return readEmpty(reply, common);
  const status = reply.meta[':status'];
  const checks = [...common, check('SGP32-6.1-01', 'status', '200', status, status === '200')];
  if (status !== '200' && status !== '204') return nothing('httpError', `status ${status}`, checks);
  const json = parseObject(reply.body);
  const isObject = oneObjectCheck('SGP32-6.4-02', 'problem' in json ? json.problem : undefined);
  if (reply.body.length === 0) return nothing('empty', `status ${status}`, [...checks, isObject]);
  const all = [...checks, jsonTypeCheck('SGP32-6.4-01', reply), isObject];
  if ('problem' in json) return nothing('unreadable', `no JSON object: ${json.problem}`, all);
  return carried(of.response.type, all, readResponse(of, of.response, json.object, spec));
};

/** ESipa in JSON from the side that calls: an IPA, or an eIM that transfers a package. */
export const esipaJsonClient = (options: EsipaJsonOptions): ClientBinding => {
  const functions = esipaJsonFunctions(options.spec);
  return {
    interface: 'ESipa',
    answerTo: request => {
      const response = functions.find(f => f.request === request)?.response;
      return response && messageType(response.type);
    },
    write: (type, octets, link = {}) => {
      const of = functionOf(functions, type.name);
      const headers = {
        'content-type': JSON_TYPE,
        'x-admin-protocol': adminProtocol(options.spec),
        'user-agent': options.userAgent ?? 'gsma-rsp-ipad',
      };
      return {
        meta: {
          ':method': textOf(link.method) ?? 'POST',
          ':path': textOf(link.path) ?? `${ESIPA_JSON_FOLDER}${of.path}`,
          ...editedHeaders(headers, link),
        },
        body: jsonBody(writeRequest(of, octets), link),
      };
    },
    read: (reply, request) => readReply(functionOf(functions, request), reply, options.spec),
  };
};

const readFrame = (functions: readonly EsipaJsonFunction[], frame: Frame, spec: Spec): Carried | NotCarried => {
  const of = functionAt(functions, frame);
  const checks = [
    methodCheck(frame),
    pathCheck(frame, of),
    jsonTypeCheck('SGP32-6.4-12', frame),
    adminProtocolCheck('SGP32-6.1-14', frame, spec),
    userAgentCheck(frame, spec),
  ];
  if (frame.meta[':method'] !== 'POST') return nothing('unreadable', `method ${frame.meta[':method']}`, checks);
  if (!of) return nothing('unreadable', `path ${frame.meta[':path']}`, checks);
  const json = parseObject(frame.body);
  const isObject = oneObjectCheck('SGP32-6.4-13', 'problem' in json ? json.problem : undefined);
  if ('problem' in json) return nothing('unreadable', `no JSON object: ${json.problem}`, [...checks, isObject]);
  return carried(of.request, [...checks, isObject], readRequest(of, json.object));
};

/** Status for a frame that is no request of this binding; SGP.32 leaves it to HTTP. RFC 9110 15.5 */
const refusalStatus = (checks: readonly TransportCheck[]): string => {
  const failed = (requirement: string) => checks.some(c => c.requirement === requirement && !c.ok);
  if (failed('SGP32-6.4-11')) return '404';
  if (failed('SGP32-6.1-11')) return '405';
  return failed('SGP32-6.4-12') ? '415' : '400';
};

const answer = (status: string, json: JsonObject | undefined, spec: Spec, link: LinkEdits): Outbound => {
  const fault = faultOf(link);
  if (fault) return fault;
  const body = json || link.body !== undefined ? jsonBody(json ?? {}, link) : NO_OCTETS;
  const contentType = body.length > 0 ? { 'content-type': JSON_TYPE } : {};
  return {
    meta: { ':status': statusOf(link) ?? status, ...editedHeaders({ ...contentType, 'x-admin-protocol': adminProtocol(spec) }, link) },
    body,
  };
};

/** ESipa in JSON from the side that is called: an eIM, or an IPA to which packages are transferred. */
export const esipaJsonServer = ({ spec, caller }: EsipaJsonOptions): ServerBinding => {
  const functions = esipaJsonFunctions(spec).filter(of => caller === undefined || functionOfMessage(of.request).caller === caller);
  return {
    interface: 'ESipa',
    read: (frame: Inbound) => readFrame(functions, frame, spec),
    write: (request, message, link = {}) => {
      const of = functions.find(f => message && f.response?.type === message.type.name) ?? functionAt(functions, request);
      const code = editedCode(undefined, link);
      if (code) return answer('200', failureBody(code), spec, link);
      const json = message && of?.response ? writeResponse(of.response, message.octets) : undefined;
      return answer(json ? '200' : '204', json, spec, link);
    },
    refuse: (_frame, why) => answer(refusalStatus(why.checks), undefined, spec, {}),
  };
};

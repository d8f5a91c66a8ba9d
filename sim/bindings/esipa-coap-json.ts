/** ESipa messages of the JSON binding in CoAP frames, from both sides: the path of the function tells the binding. SGP.32 6.2, 6.4 */
import type { Spec } from '#protocol/asn1/type.js';
import type { Frame, Inbound } from '../../adapters/adapter.js';
import { type Carried, type ClientBinding, check, type NotCarried, type ServerBinding, type TransportCheck } from './binding.js';
import { editedOptions, wishesOf } from './coap-edits.js';
import { coapAnswer, codeCheck, readEmptyAnswer, refusalCode, successCodeCheck } from './esipa-coap.js';
import { nothing } from './esipa-functions.js';
import { carried, functionOf, messageType } from './esipa-json.js';
import { functionAt, jsonBody, oneObjectCheck, pathCheck } from './esipa-json-frame.js';
import { ESIPA_JSON_FOLDER, type EsipaJsonFunction, esipaJsonFunctions } from './esipa-json-functions.js';
import { readRequest, readResponse, writeRequest, writeResponse } from './esipa-json-message.js';
import { textOf } from './link-edits.js';
import { failureBody } from './rsp-answer.js';
import { parseObject } from './rsp-json.js';
import { parseCode } from './status-codes.js';

/** What depends on the version in use. */
export interface EsipaCoapJsonOptions {
  readonly spec: Spec;
}

/** Formats registered for something that JSON is not: text, XML, EXI, CBOR and its kin. RFC 7252 12.3 */
const OTHER_FORMATS = new Set(['0', '40', '41', '47', '60', '61', '62', '63']);
const NO_OCTETS = new Uint8Array();

// Content-Format is neither required nor refused: only that of another format is wrong.
const formatCheck = (requirement: string, { meta: { 'content-format': value } }: Frame): TransportCheck =>
  check(requirement, 'Content-Format', 'absent, or not that of another format', value, value === undefined || !OTHER_FORMATS.has(value));

const readReply = (of: EsipaJsonFunction, reply: Frame, spec: Spec): Carried | NotCarried => {
  if (!of.response) return readEmptyAnswer(reply);
  const code = reply.meta[':code'] ?? '';
  const checks = [codeCheck('SGP32-6.2-01', code)];
  if (!code.startsWith('2.')) return nothing('httpError', `code ${code}`, checks);
  const json = parseObject(reply.body);
  const isObject = oneObjectCheck('SGP32-6.4-02', 'problem' in json ? json.problem : undefined);
  const all = [...checks, successCodeCheck('SGP32-6.2-05', code), isObject];
  if (reply.body.length === 0) return nothing('empty', `code ${code}`, all);
  all.push(formatCheck('SGP32-6.2-07', reply));
  if ('problem' in json) return nothing('unreadable', `no JSON object: ${json.problem}`, all);
  return carried(of.response.type, all, readResponse(of, of.response, json.object, spec));
};

/** ESipa from the side of the IPA: we call an eIM. */
export const esipaCoapJsonClient = ({ spec }: EsipaCoapJsonOptions): ClientBinding => {
  const functions = esipaJsonFunctions(spec);
  return {
    interface: 'ESipa',
    answerTo: request => {
      const response = functions.find(f => f.request === request)?.response;
      return response && messageType(response.type);
    },
    write: (type, octets, link = {}) => {
      const of = functionOf(functions, type.name);
      return {
        meta: {
          ':method': textOf(link.method) ?? 'POST',
          ':path': textOf(link.path) ?? `${ESIPA_JSON_FOLDER}${of.path}`,
          ...wishesOf(link, 'request'),
          ...editedOptions({}, link),
        },
        body: jsonBody(writeRequest(of, octets), link),
      };
    },
    read: (reply, request) => readReply(functionOf(functions, request), reply, spec),
  };
};

const readFrame = (functions: readonly EsipaJsonFunction[], frame: Frame): Carried | NotCarried => {
  const of = functionAt(functions, frame);
  const { ':method': method = '', ':path': path = '' } = frame.meta;
  const checks = [
    check('SGP32-6.2-11', 'method', 'POST', method, method === 'POST'),
    pathCheck(frame, of),
    formatCheck('SGP32-6.2-14', frame),
  ];
  if (method !== 'POST') return nothing('unreadable', `method ${method}`, checks);
  if (!of) return nothing('unreadable', `path ${path}`, checks);
  const json = parseObject(frame.body);
  const isObject = oneObjectCheck('SGP32-6.4-13', 'problem' in json ? json.problem : undefined);
  if ('problem' in json) return nothing('unreadable', `no JSON object: ${json.problem}`, [...checks, isObject]);
  return carried(of.request, [...checks, isObject], readRequest(of, json.object));
};

/** ESipa from the side of the eIM: an IPA calls us. */
export const esipaCoapJsonServer = ({ spec }: EsipaCoapJsonOptions): ServerBinding => {
  const functions = esipaJsonFunctions(spec);
  return {
    interface: 'ESipa',
    read: (frame: Inbound) => readFrame(functions, frame),
    write: (request, message, link = {}) => {
      const of = functions.find(f => message && f.response?.type === message.type.name) ?? functionAt(functions, request);
      // `code` is one of RSP (8.1.1/3.7) or one of CoAP (4.08).
      const failure = typeof link.code === 'string' ? parseCode(link.code) : undefined;
      if (failure) return coapAnswer('2.04', jsonBody(failureBody(failure), link), {}, { ...link, code: undefined });
      const json = message && of?.response ? writeResponse(of.response, message.octets) : undefined;
      return coapAnswer('2.04', json ? jsonBody(json, link) : NO_OCTETS, {}, link);
    },
    refuse: (_frame, why) => coapAnswer(refusalCode(why.checks, 'SGP32-6.4-11'), NO_OCTETS, {}, {}),
  };
};

/** ESipa messages of the ASN.1 binding in CoAP frames, from both sides. SGP.32 6.2, 6.3 */
import { readTlv } from '#protocol/asn1/tlv.js';
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
import { editedOptions, wishesOf } from './coap-edits.js';
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
import { editedBody, faultOf, statusOf, textOf } from './link-edits.js';

/** What depends on the IUT. */
export interface EsipaCoapOptions {
  /** Path of the URL, when the IUT is reached under another one. */
  readonly path?: string;
  /** Content-Format of what we send; none when left out, as SGP.32 needs none. 42 is an octet stream. */
  readonly contentFormat?: number;
  /** Whose functions a server serves; those of the IPA when left out. */
  readonly caller?: EsipaCaller;
  /** Whether a server takes requests to other paths too; they still fail the check. */
  readonly anyPath?: boolean;
}

/** Formats registered for something that DER is not: text, XML, EXI, JSON and its patches, CBOR and its kin. RFC 7252 12.3 */
const OTHER_FORMATS = new Set(['0', '40', '41', '47', '50', '51', '52', '60', '61', '62', '63']);
const NO_OCTETS = new Uint8Array();

// Content-Format is neither required nor refused, and no number is registered for the messages of ESipa: only a false one is wrong.
const formatCheck = (requirement: string, frame: Frame): TransportCheck => {
  const value = frame.meta['content-format'];
  return check(
    requirement,
    'Content-Format',
    'absent, or not that of another format',
    value,
    value === undefined || !OTHER_FORMATS.has(value),
  );
};
export const codeCheck = (requirement: string, code: string): TransportCheck =>
  check(requirement, 'code', '2.xx', code, code.startsWith('2.'));

export const successCodeCheck = (requirement: string, code: string): TransportCheck =>
  check(requirement, 'code', '2.04 or 2.05', code, code === '2.04' || code === '2.05');

/** Answer to a function without output: success and no payload. */
export const readEmptyAnswer = (reply: Frame): NotCarried => {
  const code = reply.meta[':code'] ?? '';
  const { length } = reply.body;
  const isSuccess = code.startsWith('2.');
  const checks = [
    check('SGP32-6.2-04', 'answer', 'success without a payload', `code ${code}, ${length} octets`, isSuccess && length === 0),
    check('SGP32-6.2-06', 'code', '2.04', code, code === '2.04'),
  ];
  if (!isSuccess) return nothing('httpError', `code ${code}`, checks);
  return length === 0 ? nothing('empty', `code ${code}`, checks) : nothing('unreadable', `${length} octets where none belong`, checks);
};

const readReply = (reply: Frame, request: string): Carried | NotCarried => {
  if (functionOf(request).response === undefined) return readEmptyAnswer(reply);
  const code = reply.meta[':code'] ?? '';
  const checks = [codeCheck('SGP32-6.2-01', code)];
  if (!code.startsWith('2.')) return nothing('httpError', `code ${code}`, checks);
  const all = [...checks, successCodeCheck('SGP32-6.2-05', code), functionCheck('SGP32-6.2-02', request, reply.body)];
  if (reply.body.length === 0) return nothing('empty', `code ${code}`, all);
  all.push(oneMessageCheck('SGP32-6.2-03', reply.body), formatCheck('SGP32-6.2-07', reply));
  const tag = tagOf(reply.body);
  const type = typeOf(tag, 'response', functionOf(request).caller);
  return type ? { type, octets: reply.body, checks: all } : nothing('unreadable', `no response of ESipa starts with ${tagText(tag)}`, all);
};

const formatOf = ({ contentFormat }: EsipaCoapOptions, body: Uint8Array): Record<string, string> =>
  contentFormat === undefined || body.length === 0 ? {} : { 'content-format': String(contentFormat) };

/** ESipa from the side of the IPA: we call an eIM. */
export const esipaCoapClient = (options: EsipaCoapOptions = {}): ClientBinding => ({
  interface: 'ESipa',
  answerTo,
  write: (_type, octets, link = {}) => {
    const body = editedBody(octets, link);
    return {
      meta: {
        ':method': textOf(link.method) ?? 'POST',
        ':path': textOf(link.path) ?? options.path ?? ESIPA_PATH,
        ...wishesOf(link, 'request'),
        ...editedOptions(formatOf(options, body), link),
      },
      body,
    };
  },
  read: readReply,
});

const readRequest = (frame: Frame, options: EsipaCoapOptions): Carried | NotCarried => {
  const expectedPath = options.path ?? ESIPA_PATH;
  const { ':method': method = '', ':path': path = '' } = frame.meta;
  const checks = [
    check('SGP32-6.2-11', 'method', 'POST', method, method === 'POST'),
    check('SGP32-6.2-12', 'path', expectedPath, path, path === expectedPath),
    oneMessageCheck('SGP32-6.2-13', frame.body),
    formatCheck('SGP32-6.2-14', frame),
  ];
  if (method !== 'POST') return nothing('unreadable', `method ${method}`, checks);
  if (!options.anyPath && path !== expectedPath) return nothing('unreadable', `path ${path}`, checks);
  const tag = tagOf(frame.body);
  const type = typeOf(tag, 'request', options.caller);
  if (type && readTlv(frame.body)) return { type, octets: frame.body, checks };
  return nothing('unreadable', type ? 'the message is cut off' : `no request of ESipa starts with ${tagText(tag)}`, checks);
};

/** Code for a frame that is no request of this binding; SGP.32 leaves it to CoAP. RFC 7252 5.9.2 */
export const refusalCode = (checks: readonly TransportCheck[], path = 'SGP32-6.2-12'): string => {
  const failed = (requirement: string) => checks.some(c => c.requirement === requirement && !c.ok);
  if (failed(path)) return '4.04';
  return failed('SGP32-6.2-11') ? '4.05' : '4.00';
};

/** The code asked for; a status of HTTP that a script states for every wire is the code that reads like it. RFC 7252 12.1.2 */
const codeOf = (link: LinkEdits): string | undefined => {
  const status = statusOf(link);
  return textOf(link.code) ?? (status !== undefined && /^[45]\d\d$/.test(status) ? `${status[0]}.${status.slice(1)}` : undefined);
};

/** An answer in a CoAP frame, after the edits of a script. */
export const coapAnswer = (code: string, octets: Uint8Array, options: EsipaCoapOptions, link: LinkEdits): Outbound => {
  const fault = faultOf(link);
  if (fault) return fault;
  const body = editedBody(octets, link);
  return {
    meta: { ':code': codeOf(link) ?? code, ...wishesOf(link, 'response'), ...editedOptions(formatOf(options, body), link) },
    body,
  };
};

/** ESipa from the side of the eIM: an IPA calls us. Answers with 2.04, as RFC 7252 foresees for POST. */
export const esipaCoapServer = (options: EsipaCoapOptions = {}): ServerBinding => ({
  interface: 'ESipa',
  read: (frame: Inbound) => readRequest(frame, options),
  write: (_request, message, link = {}) => coapAnswer('2.04', message?.octets ?? NO_OCTETS, options, link),
  refuse: (_frame, why) => coapAnswer(refusalCode(why.checks), NO_OCTETS, options, {}),
});

/** Answers of an RSP server: JSON with its header, the same in ASN.1, and what a script changes on them. SGP.22 6.5.1.4, 6.5.2, 6.6.2 */
import { decode } from '#protocol/asn1/decode.js';
import { EncodeError, encodeUntyped } from '#protocol/asn1/encode.js';
import { DEFAULT_SPEC, type Spec, type Type } from '#protocol/asn1/type.js';
import { ComposeError } from '../role.js';
import type { LinkEdits, TransportCheck } from './binding.js';
import type { FunctionBinding } from './rsp-functions.js';
import { isObject, type JsonObject, member, type ReadMembers, readMembers, writeMembers } from './rsp-json.js';
import { integerOf, parseCode, type StatusCode, statusOf, statusOfInteger, UNDEFINED_ERROR } from './status-codes.js';

/** A message to answer with; `status` is the code where the ASN.1 type has no integer for it. */
export interface RspAnswer {
  readonly type: Type;
  readonly octets: Uint8Array;
  readonly status?: StatusCode;
}

/** A body of the header alone. */
export const header = (status: 'Executed-Success' | 'Failed', statusCodeData?: StatusCode): JsonObject => ({
  header: { functionExecutionStatus: { status, ...(statusCodeData && { statusCodeData }) } },
});

/** The JSON body that reports a failure. */
export const failureBody = (status: StatusCode): JsonObject => header('Failed', status);

/** The JSON body of an answer; fields that are not there give no members. */
export const answerBody = (of: FunctionBinding, answer: RspAnswer, spec: Spec): JsonObject => {
  const { response } = of;
  if (!response) return header('Executed-Success');
  const message = decode(answer.type, answer.octets, { spec });
  const [alternative] = message.root.children;
  if (alternative?.name === response.error) {
    const integer = typeof alternative.value === 'number' ? alternative.value : UNDEFINED_ERROR;
    // A script may have put another error in place of the one the status was made for.
    const fits = answer.status !== undefined && integerOf(response.codes, answer.status, spec) === integer;
    return failureBody(fits && answer.status ? answer.status : statusOfInteger(response.codes, integer));
  }
  return { ...header('Executed-Success'), ...(alternative && writeMembers(message, alternative, response.members)) };
};

/** The status code that `code` asks for: `8.8.1/3.8`. Throws ComposeError when it is none. */
export const editedCode = (of: FunctionBinding | undefined, link: LinkEdits): StatusCode | undefined => {
  if (link.code === undefined) return undefined;
  const text = typeof link.code === 'string' ? link.code : '';
  const parsed = parseCode(text);
  if (!parsed) throw new ComposeError(`link code: expected subject/reason, e.g. 8.8.1/3.8, got ${JSON.stringify(link.code) ?? 'nothing'}`);
  return of?.response ? statusOf(of.response.codes, text) : parsed;
};

/** The same failure in the ASN.1 binding. Throws ComposeError for a function without an answer. */
export const failureMessage = (of: FunctionBinding | undefined, status: StatusCode, spec: Spec = DEFAULT_SPEC): RspAnswer => {
  const response = of?.response;
  if (!response) throw new ComposeError(`link code: ${of?.path ?? 'this function'} has no answer that could carry a status code in ASN.1`);
  const octets = encodeUntyped(response.type, { [response.error]: integerOf(response.codes, status, spec) }, { spec });
  return { type: response.type, octets, status };
};

/** The object without the members that `drop` names; dots lead into objects: `header.functionExecutionStatus`. */
export const dropped = (body: JsonObject, link: LinkEdits): JsonObject => {
  const names = [link.drop].flat().filter(name => typeof name === 'string');
  return names.reduce((object, name) => without(object, name.split('.')), body);
};
const without = (object: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([key, value]): [string, unknown][] => {
      if (key !== name) return [[key, value]];
      return rest.length > 0 && isObject(value) ? [[key, without(value, rest)]] : [];
    }),
  );

/** An answer read from JSON, or why it cannot be put together. */
export interface ReadAnswer {
  readonly octets?: Uint8Array;
  readonly status?: StatusCode;
  readonly reason?: string;
  readonly checks: readonly TransportCheck[];
}

const statusCode = (data: unknown): StatusCode | undefined => {
  if (!isObject(data)) return undefined;
  const text = (name: string): string | undefined => {
    const value = member(data, name);
    return typeof value === 'string' ? value : undefined;
  };
  const [subjectCode, reasonCode, subjectIdentifier, message] = ['subjectCode', 'reasonCode', 'subjectIdentifier', 'message'].map(text);
  if (subjectCode === undefined || reasonCode === undefined) return undefined;
  return {
    subjectCode,
    reasonCode,
    ...(subjectIdentifier !== undefined && { subjectIdentifier }),
    ...(message !== undefined && { message }),
  };
};

/** The header of a response: what it says, and the checks on it. */
export interface ReadHeader {
  readonly checks: readonly TransportCheck[];
  readonly status: unknown;
  readonly code: StatusCode | undefined;
}

/** Reads the header object of a response. */
export const readHeader = (
  json: JsonObject,
  requirements: { readonly status: string; readonly data: string } = { status: 'SGP22-6.5.1-02', data: 'SGP22-6.5.1-03' },
): ReadHeader => {
  const outer = member(json, 'header');
  const execution = isObject(outer) ? member(outer, 'functionExecutionStatus') : undefined;
  const status = isObject(execution) ? member(execution, 'status') : undefined;
  const data = isObject(execution) ? member(execution, 'statusCodeData') : undefined;
  const known = status === 'Executed-Success' || status === 'Failed';
  const checks = [
    {
      what: 'header.functionExecutionStatus.status',
      expected: 'Executed-Success or Failed',
      actual: status === undefined ? 'absent' : `${JSON.stringify(status)}`,
      ok: known,
      requirement: requirements.status,
    },
    ...(data === undefined
      ? []
      : [
          {
            what: 'statusCodeData',
            expected: 'an object with the texts subjectCode and reasonCode',
            actual: JSON.stringify(data).slice(0, 80),
            ok: statusCode(data) !== undefined,
            requirement: requirements.data,
          },
        ]),
  ];
  return { checks, status, code: statusCode(data) };
};

/** Puts a message together from what was read; undefined when the fields are no value of the type. */
export const assemble = (type: Type, value: unknown, spec: Spec): Uint8Array | undefined => {
  try {
    return encodeUntyped(type, value, { spec });
  } catch (cause) {
    if (cause instanceof EncodeError) return undefined;
    throw cause;
  }
};

/** Why members keep a message from being put together. */
export const unreadableReason = (read: ReadMembers): string =>
  [
    ...(read.missing.length > 0 ? [`without ${read.missing.join(', ')}`] : []),
    ...(read.malformed.length > 0 ? [`malformed ${read.malformed.join(', ')}`] : []),
  ].join('; ');

/** Reads the JSON answer of an RSP server as the message of the ASN.1 binding. */
export const readAnswer = (of: FunctionBinding, json: JsonObject, spec: Spec): ReadAnswer => {
  const { checks, status, code } = readHeader(json);
  const { response } = of;
  if (!response) return { checks, reason: `${of.path} has no answer with a body` };
  if (status === 'Failed') {
    const integer = code ? integerOf(response.codes, code, spec) : UNDEFINED_ERROR;
    const octets = encodeUntyped(response.type, { [response.error]: integer }, { spec });
    return { octets, checks, ...(code && { status: code }) };
  }
  if (status !== 'Executed-Success' && response.members.length === 0) return { checks, reason: 'without header' };
  const read = readMembers(json, response.members);
  const octets = read.readable ? assemble(response.type, { [response.ok]: read.fields }, spec) : undefined;
  return { ...(octets ? { octets } : { reason: unreadableReason(read) }), checks: [...checks, ...read.checks] };
};

/** Seeded defects of an eIM in the JSON binding of ESipa. SGP.32 6.4 */
import { readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { Frame, Inbound } from '../../adapters/adapter.js';
import { isJsonPath } from '../bindings/esipa-json-frame.js';
import { type JsonObject, parseObject } from '../bindings/rsp-json.js';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviations } from './deviation.js';
import { answering, refusal, withMeta } from './frames.js';

const octets = (json: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(json), 'utf8'));

/** Changes the answers of the JSON binding that have a body. */
const inJson = (change: (json: JsonObject, answer: Frame, request: Inbound) => Frame): EimOverride =>
  answering((answer, request) => {
    const json = isJsonPath(request) && answer.body.length > 0 ? parseObject(answer.body) : undefined;
    return json && 'object' in json ? change(json.object, answer, request) : answer;
  });
const rewriting = (change: (json: JsonObject) => unknown): EimOverride =>
  inJson((json, answer) => ({ ...answer, body: octets(change(json)) }));

const withoutTag = (text: unknown): unknown => {
  const whole = new Uint8Array(Buffer.from(String(text), 'base64'));
  const outer = readTlv(whole);
  return outer ? Buffer.from(tlvContent(whole, outer)).toString('base64') : text;
};

/** A result that does not tell its EID is taken for the eUICC that polled last. */
const assignsResultsToLatestEuicc: EimOverride = correct => {
  let latest: string | undefined;
  return {
    ownerOfQueue: (eid, known) => {
      latest = eid;
      return correct.ownerOfQueue(eid, known);
    },
    eidOfResult: (given, implied) => given ?? latest ?? implied(),
    acceptsTransactionId: () => true,
    acceptsEid: () => true,
  };
};

/** Defects of the JSON binding. */
export const eimJsonDefects: EimDeviations = {
  answersJsonAsText: {
    does: 'Its JSON goes out as text/plain.',
    override: inJson((_json, answer) => withMeta(answer, { 'content-type': 'text/plain;charset=UTF-8' })),
  },
  omitsHeaderObject: { does: 'Its answers in JSON lack the header object.', override: rewriting(({ header: _, ...members }) => members) },
  answersJsonInList: { does: 'It puts its answers in JSON into a list.', override: rewriting(json => [json]) },
  omitsServerSignature: {
    does: 'Its answers in JSON lack serverSignature1.',
    over: 'json',
    override: rewriting(({ serverSignature1: _, ...members }) => members),
  },
  writesTransactionIdInLowerCase: {
    does: 'It writes transactionId in lower-case hex.',
    over: 'json',
    override: rewriting(json =>
      typeof json.transactionId === 'string' ? { ...json, transactionId: json.transactionId.toLowerCase() } : json,
    ),
  },
  writesErrorAsText: {
    does: 'It writes eimPackageError as a text.',
    override: rewriting(json => ('eimPackageError' in json ? { ...json, eimPackageError: String(json.eimPackageError) } : json)),
  },
  writesErrorBesideFailure: {
    does: 'It states Failed and writes eimPackageError as well.',
    override: rewriting(json =>
      'eimPackageError' in json
        ? {
            ...json,
            header: { functionExecutionStatus: { status: 'Failed', statusCodeData: { subjectCode: '8.1.1', reasonCode: '3.7' } } },
          }
        : json,
    ),
  },
  answersMissingEidAsEmpty: {
    does: 'Who does not tell the EID hears that there is no package.',
    override: () => ({ answersMissingEid: () => 1 }),
  },
  writesPackageWithoutTag: {
    does: 'The text of a package lacks the tag and the length.',
    override: rewriting(json =>
      'euiccPackageRequest' in json ? { ...json, euiccPackageRequest: withoutTag(json.euiccPackageRequest) } : json,
    ),
  },
  writesTwoPackages: {
    does: 'Beside a package it writes a data request.',
    override: rewriting(json => ('euiccPackageRequest' in json ? { ...json, ipaEuiccDataRequest: 'v1IDXAG/' } : json)),
  },
  refusesUnknownMembers: {
    does: 'It refuses a request with a member that it does not know.',
    override: inJson((_json, answer, request) => {
      const asked = parseObject(request.body);
      return 'object' in asked && 'laterVersion' in asked.object ? refusal(400) : answer;
    }),
  },
  assignsResultsToLatestEuicc: {
    does: 'A result that does not tell its EID counts for the eUICC that polled last.',
    override: assignsResultsToLatestEuicc,
  },
};

/** Seeded defects where the eIM calls: of the eIM that brings packages, and of the IPA that listens. SGP.32 3.1.1.2, 6.3.3.1, 6.4.1.4 */
import { concat, readTlv, tlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { Frame } from '../../adapters/adapter.js';
import { isJson } from '../bindings/rsp-frame.js';
import { type JsonObject, parseObject } from '../bindings/rsp-json.js';
import type { EimDeviation, EimDeviations } from './deviation.js';
import { contentAt } from './edits.js';
import { withMeta } from './frames.js';
import { deciding, type IpaDeviation, type IpaDeviations, sending } from './ipa-deviation.js';

type Edit = (frame: Frame) => Frame;
type Wire = 'asn1' | 'json' | 'coap';

/** HTTP has its version header on every frame; CoAP has no counterpart. */
const wireOf = ({ meta }: Frame): Wire => {
  if (meta['x-admin-protocol'] === undefined) return 'coap';
  return isJson(meta['content-type']) ? 'json' : 'asn1';
};
const on =
  (wire: Wire, edit: Edit): Edit =>
  frame =>
    wireOf(frame) === wire ? edit(frame) : frame;
const meta =
  (changes: Readonly<Record<string, string>>): Edit =>
  frame =>
    withMeta(frame, changes);
const without =
  (name: string): Edit =>
  frame => ({ ...frame, meta: Object.fromEntries(Object.entries(frame.meta).filter(([key]) => key !== name)) });
const appended: Edit = frame => ({ ...frame, body: concat(frame.body, Uint8Array.of(0)) });
const rewritten =
  (change: (json: JsonObject) => unknown): Edit =>
  frame => {
    const json = parseObject(frame.body);
    return 'object' in json ? { ...frame, body: new Uint8Array(Buffer.from(JSON.stringify(change(json.object)), 'utf8')) } : frame;
  };
const withoutTag = (name: string): Edit =>
  rewritten(json => {
    const whole = new Uint8Array(Buffer.from(String(json[name] ?? ''), 'base64'));
    const outer = readTlv(whole);
    return outer ? { ...json, [name]: Buffer.from(tlvContent(whole, outer)).toString('base64') } : json;
  });

const bringing = (does: string, edit: Edit): EimDeviation => ({
  does,
  override: correct => ({ transferFrame: frame => edit(correct.transferFrame(frame)) }),
});
const answering = (does: string, edit: Edit): IpaDeviation => ({
  does,
  override: correct => ({
    transferAnswer: answer => {
      const before = correct.transferAnswer(answer);
      return 'fault' in before ? before : edit(before);
    },
  }),
});

const IPA_ERRORS: readonly string[] = ['invalidPackageFormat', 'unknownPackage', 'undefinedError'];
const A_DATA_REQUEST = 'v1IDXAG/';
const SUCCESS = { header: { functionExecutionStatus: { status: 'Executed-Success' } } };

/** Defects of an eIM that brings packages. */
export const eimInjectionDefects: EimDeviations = {
  ignoresTransferredResults: {
    does: 'It does not look at results in the answers of an IPA that listens.',
    override: () => ({ takesResultsOfTransfers: () => false }),
  },
  leavesTransferredResults: {
    does: 'It does not acknowledge results that came in the answers of an IPA that listens.',
    override: () => ({ acknowledgesTransfers: () => [] }),
  },
  awaitsNoResult: {
    does: 'It takes a package for lost that an IPA answered with eimPackageReceived.',
    override: () => ({ awaitsResult: () => false }),
  },
  countsRefusedTransfers: {
    does: 'It counts a package as done that the IPA could not handle.',
    override: correct => ({ isSuccess: (what, result) => IPA_ERRORS.includes(result) || correct.isSuccess(what, result) }),
  },
  transfersByPut: bringing('It brings packages by PUT.', on('asn1', meta({ ':method': 'PUT' }))),
  transfersAsOctets: bringing(
    'It brings packages as application/octet-stream.',
    on('asn1', meta({ 'content-type': 'application/octet-stream' })),
  ),
  transfersWithoutVersion: bringing('It brings packages without X-Admin-Protocol.', without('x-admin-protocol')),
  appendsOctetToTransfers: bringing('An octet stands behind each package that it brings.', on('asn1', appended)),
  transfersToOtherFunction: bringing(
    'It brings packages in JSON to another function.',
    on('json', meta({ ':path': '/gsma/rsp2/esipa/getEimPackage' })),
  ),
  transfersJsonAsText: bringing(
    'It brings packages in JSON as text/plain.',
    on('json', meta({ 'content-type': 'text/plain;charset=UTF-8' })),
  ),
  transfersList: bringing(
    'It brings packages in JSON in a list.',
    on(
      'json',
      rewritten(json => [json]),
    ),
  ),
  transfersHeader: bringing(
    'It brings packages in JSON with a header object.',
    on(
      'json',
      rewritten(json => ({ ...SUCCESS, ...json })),
    ),
  ),
  transfersWithoutTag: bringing(
    'The text of a package that it brings lacks tag and length.',
    on('json', withoutTag('euiccPackageRequest')),
  ),
  transfersTwoPackages: bringing(
    'Beside a package that it brings in JSON stands a data request.',
    on(
      'json',
      rewritten(json => ('euiccPackageRequest' in json ? { ...json, ipaEuiccDataRequest: A_DATA_REQUEST } : json)),
    ),
  ),
  transfersByCoapPut: bringing('It brings packages over CoAP by PUT.', on('coap', meta({ ':method': 'PUT' }))),
  appendsOctetToCoapTransfers: bringing('An octet stands behind each package that it brings over CoAP.', on('coap', appended)),
  transfersJsonFormat: bringing('It says of its DER over CoAP that it is JSON.', on('coap', meta({ 'content-format': '50' }))),
};

const EUICC_PACKAGE = 0xbf51;
const RECEIVED = Uint8Array.of(0xbf, 0x4e, 0x02, 0x05, 0x00);
const TRANSFER = 'TransferEimPackageResponse';
/** The same content, as the answer of another function. */
const ofOtherFunction: Edit = frame => {
  const content = contentAt(frame.body, '');
  return content ? { ...frame, body: tlv(0xbf4f, content) } : frame;
};

const isFailure = ({ meta, body }: Frame): boolean => {
  const json = isJson(meta['content-type']) ? parseObject(body) : undefined;
  const isRefusal = Number(meta[':status']) >= 400 || /^[45]/.test(meta[':code'] ?? '');
  return isRefusal || (json ? 'object' in json && 'eimPackageError' in json.object : contentAt(body, '02') !== undefined);
};
/** After the first transfer that it could not handle it refuses every other one. */
const givesUp: NonNullable<IpaDeviation['override']> = correct => {
  let isOver = false;
  return {
    transferAnswer: answer => {
      const before = correct.transferAnswer(answer);
      const refuses = isOver;
      isOver ||= 'fault' in before || isFailure(before);
      return refuses ? { meta: { ':status': '503', ':code': '5.03' }, body: new Uint8Array() } : before;
    },
  };
};

/** Defects of an IPA that listens. */
export const ipaInjectionDefects: IpaDeviations = {
  forgetsWhatItTook: deciding('It takes packages that the eIM brings, and does nothing more.', {
    defersResult: () => true,
    followsUp: () => false,
  }),
  takesErrorsSilently: sending('It takes packages that it cannot handle without a word.', TRANSFER, octets =>
    contentAt(octets, '02') ? RECEIVED : octets,
  ),
  givesUpAfterTransferErrors: { does: 'It takes no package any more after one that it could not handle.', override: givesUp },
  forgetsPackagesWhileBusy: deciding('It takes a package while it is busy with another, and forgets it.', { forgetsWhileBusy: () => true }),
  mixesPackages: {
    ...deciding('It starts with a package while it is busy with another.', { queuesTransfers: () => false }),
    terminal: { override: () => ({ keepsLine: command => readTlv(command)?.tag !== EUICC_PACKAGE }) },
  },
  answersTransfersAsCreated: answering('It answers transfers with status 201.', on('asn1', meta({ ':status': '201' }))),
  answersTransfersAsOctets: answering(
    'It answers transfers as application/octet-stream.',
    on('asn1', meta({ 'content-type': 'application/octet-stream' })),
  ),
  answersTransfersWithoutVersion: answering('It answers transfers without X-Admin-Protocol.', without('x-admin-protocol')),
  answersTransfersAsPolls: answering('It answers transfers like another function.', on('asn1', ofOtherFunction)),
  appendsOctetToAnswers: answering('An octet stands behind each of its answers to transfers.', on('asn1', appended)),
  answersTransfersAsText: answering(
    'It answers transfers in JSON as text/plain.',
    on('json', meta({ 'content-type': 'text/plain;charset=UTF-8' })),
  ),
  answersTransfersInList: answering(
    'It answers transfers in JSON in a list.',
    on(
      'json',
      rewritten(json => [json]),
    ),
  ),
  omitsHeaderOfAnswers: answering(
    'Its answers to transfers in JSON lack the header object.',
    on(
      'json',
      rewritten(({ header: _, ...rest }) => rest),
    ),
  ),
  answersWithoutTag: answering('The text of a result in its answers lacks tag and length.', on('json', withoutTag('euiccPackageResult'))),
  answersWithErrorBesides: answering(
    'Beside a result in its answers in JSON stands an error.',
    on(
      'json',
      rewritten(json => ({ ...json, eimPackageError: 127 })),
    ),
  ),
  answersTransfersWithErrorCode: answering('It answers transfers over CoAP with 5.00.', on('coap', meta({ ':code': '5.00' }))),
  answersTransfersAsCoapPolls: answering('It answers transfers over CoAP like another function.', on('coap', ofOtherFunction)),
  appendsOctetToCoapAnswers: answering('An octet stands behind each of its answers over CoAP.', on('coap', appended)),
  answersJsonFormat: answering('It says of its DER in answers over CoAP that it is JSON.', on('coap', meta({ 'content-format': '50' }))),
};

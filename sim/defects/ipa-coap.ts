/** Seeded defects of an IPA in CoAP and DTLS. SGP.32 2.6.3, 6.2; RFC 7252, RFC 7959 */
import { concat } from '#protocol/asn1/tlv.js';
import type { Frame } from '../../adapters/adapter.js';
import type { CoapClientFaults } from '../../adapters/coap-client.js';
import { deciding, type IpaDeviation, type IpaDeviations } from './ipa-deviation.js';

/** Does not look where it has to. */
const overlooking = (does: string, faults: CoapClientFaults): IpaDeviation => ({ does, over: 'coaps', coap: { faults } });

const asking = (does: string, change: (frame: Frame) => Frame): IpaDeviation => ({
  does,
  over: 'coaps',
  override: correct => ({ coapRequest: frame => change(correct.coapRequest(frame)) }),
});
const taking = (does: string, change: (frame: Frame) => Frame): IpaDeviation => ({
  does,
  over: 'coaps',
  override: correct => ({ coapReply: frame => change(correct.coapReply(frame)) }),
});

/** A request with further or other meta. */
export const statingOverCoap = (does: string, meta: Readonly<Record<string, string>>): IpaDeviation =>
  asking(does, frame => ({ ...frame, meta: { ...frame.meta, ...meta } }));

const withCode = (frame: Frame, code: string): Frame => ({ ...frame, meta: { ...frame.meta, ':code': code } });
/** An answer that it does not take. */
const refusing = (does: string, when: (meta: Frame['meta']) => boolean): IpaDeviation =>
  taking(does, frame => (when(frame.meta) ? withCode(frame, '5.00') : frame));

/** Defects of the CoAP client. */
export const ipaCoapDefects: IpaDeviations = {
  putsOverCoap: statingOverCoap('It sends its requests with the CoAP method PUT.', { ':method': 'PUT' }),
  postsToOtherUriPath: statingOverCoap('Its requests go to another Uri-Path.', { ':path': '/gsma/rsp2/esipa' }),
  appendsOctetToRequests: asking('An octet stands behind each of its messages in CoAP.', frame => ({
    ...frame,
    body: concat(frame.body, Uint8Array.of(0)),
  })),
  statesJsonInRequests: statingOverCoap('It gives its DER out as JSON by Content-Format 50.', { 'content-format': '50' }),
  losesFirstBlockOfRequests: statingOverCoap('It leaves out the first block of a request that takes several.', { ':skip-block': '0' }),
  takesFirstBlockOnly: overlooking('It takes the first block of an answer for the whole.', { firstBlock: true }),
  takesIncompleteAnswers: overlooking('It takes the blocks that came for the whole answer when another one does not come.', {
    incomplete: true,
  }),
  ignoresEtags: overlooking('It puts blocks together whose ETags differ.', { anyEtag: true }),
  ignoresBlockNumbers: overlooking('It takes whichever block comes for the one that it asked for.', { anyBlock: true }),
  ignoresTokens: overlooking('It takes an answer with another token.', { anyToken: true }),
  ignoresMessageIds: overlooking('It takes an acknowledgement with another Message ID.', { anyMessageId: true }),
  ignoresCriticalOptions: overlooking('It takes an answer with a critical option that it does not know.', { anyOption: true }),
  knowsNoSeparateAnswers: overlooking('It gives up when the eIM acknowledges first and answers later.', { onlyPiggybacked: true }),
  takesRefusals: taking('It takes a package whatever the code of the answer says.', frame =>
    frame.body.length > 0 ? withCode(frame, '2.04') : frame,
  ),
  refusesContent: refusing('It counts 2.04 as success and not 2.05.', meta => meta[':code'] === '2.05'),
  refusesContentFormats: refusing('It refuses an answer that has a Content-Format.', meta => meta['content-format'] !== undefined),
  demandsContentFormat: refusing('It refuses an answer without Content-Format.', meta => meta['content-format'] === undefined),
  refusesUnknownOptions: refusing('It refuses an answer with an elective option that it does not know.', meta =>
    Object.keys(meta).some(name => name.startsWith('option-')),
  ),
  repeatsNothing: { does: 'It never sends a CoAP message again.', over: 'coaps', coap: { maxRetransmit: 0 } },
  diesOnErrorCodes: {
    ...deciding('It ends when an eIM answers with an error code of CoAP.', { survives: status => !/^[45]/.test(status) }),
    over: 'coaps',
  },
};

/** Defects of the DTLS client. */
export const ipaDtlsDefects: IpaDeviations = {
  trustsAnyDtlsServer: overlooking('It does not check the certificate that an eIM shows in DTLS.', { anyCertificate: true }),
  speaksOldDtls: {
    ...deciding('It also speaks DTLS 1.0.', { offer: () => ({ minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }) }),
    over: 'coaps',
  },
};

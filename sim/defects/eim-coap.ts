/** Seeded defects of an eIM in CoAP and DTLS. SGP.32 2.6.3, 6.2 */
import { concat } from '#protocol/asn1/tlv.js';
import type { Frame, Inbound } from '../../adapters/adapter.js';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviations } from './deviation.js';
import { withMeta } from './frames.js';

/** Changes the answers that go out over CoAP. */
const overCoap =
  (change: (answer: Frame, request: Inbound) => Frame): EimOverride =>
  correct => ({
    coapFrame: (answer, request) => {
      const before = correct.coapFrame(answer, request);
      return 'fault' in before ? before : change(before, request);
    },
  });
/** Changes those that carry a message. */
const withPayload = (change: (answer: Frame) => Frame): EimOverride =>
  overCoap(answer => (answer.body.length > 0 ? change(answer) : answer));

/** Defects of the CoAP server. */
export const eimCoapDefects: EimDeviations = {
  answersErrorCode: {
    does: 'Its messages go out with the code 5.00.',
    override: withPayload(answer => withMeta(answer, { ':code': '5.00' })),
  },
  appendsOctetToPayload: {
    does: 'An octet stands behind each of its messages in CoAP.',
    override: withPayload(answer => ({ ...answer, body: concat(answer.body, Uint8Array.of(0)) })),
  },
  statesJsonAsFormat: {
    does: 'It gives its DER out as JSON by Content-Format 50.',
    override: withPayload(answer => withMeta(answer, { 'content-format': '50' })),
  },
  losesSecondBlock: {
    does: 'The second block of an answer is left out as if it did not exist.',
    override: withPayload(answer => withMeta(answer, { ':skip-block': '1' })),
  },
  refusesBlocks: {
    does: 'It refuses requests that come in blocks.',
    override: overCoap((answer, request) =>
      Number(request.meta[':blocks']) > 1 ? { meta: { ':code': '4.13' }, body: new Uint8Array() } : answer,
    ),
  },
  takesIncompleteRequests: {
    does: 'It overlooks that a block of a request is missing, and answers with success what it cannot read.',
    coap: { faults: { gaps: true } },
    override: overCoap((answer, request) =>
      Number(request.meta[':blocks']) > 1 ? { meta: { ':code': '2.04' }, body: new Uint8Array() } : answer,
    ),
  },
  executesRepeatedMessages: { does: 'It carries out a repeated message again.', coap: { faults: { repeats: true } } },
  acceptsOldDtls: { does: 'It also speaks DTLS 1.0.', coap: { offer: { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } } },
  acceptsWeakDtlsSuites: {
    does: 'It accepts DTLS suites without encryption.',
    coap: { offer: { ciphers: 'ALL:eNULL:@SECLEVEL=0' } },
  },
};

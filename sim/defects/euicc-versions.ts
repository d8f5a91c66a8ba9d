/** Deviations of an eUICC in the version of SGP.32 that it speaks: whole versions, and versions that are mixed up. docs/versions.md */

import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { readHeader, tlv } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { EuiccMemoryResetRequest, EuiccMemoryResetResponse } from '#protocol/iot/es10b.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import type { SignedObject } from '../roles/euicc/decision-names.js';
import type { EuiccOverride } from '../roles/euicc/index.js';
import { resetMemory } from '../roles/euicc/reset.js';
import type { Stated } from './deviation.js';
import { edit, retagged } from './edits.js';
import { answering, deciding, type EuiccDeviation, type EuiccDeviations, sending, signing } from './euicc-deviation.js';
import { each, octets } from './euicc-edits.js';

/** What a supplier declares of an eUICC of a version; v1.0 knows neither fallback nor emergency profile. */
const speaking = (spec: Spec, iotVersion: string): Stated => ({
  spec,
  settings: { IUT_EUICC_IOT_VERSION: iotVersion },
  ...(spec === '1.0' && { options: { O_E_FALLBACK: false, O_E_ECALL: false } }),
});
const V10 = speaking('1.0', '1.0.1');
const V13 = speaking('1.3', '1.3.0');

/** Variants: each speaks one version, and nothing of another. */
export const euiccVersionVariants: EuiccDeviations = {
  speaksV10: { does: 'It speaks SGP.32 v1.0.', declares: V10 },
  speaksV11: { does: 'It speaks SGP.32 v1.1.', declares: speaking('1.1', '1.1.0') },
  speaksV13: { does: 'It speaks SGP.32 v1.3.', declares: V13 },
};

const RESULTS: readonly SignedObject[] = ['euiccPackageResultDataSigned', 'euiccPackageErrorDataSigned'];
const RESET_OF_V10 = 0xbf34;

/** Binds a result to the signature of its request, as v1.0 does. */
const signsLikeV10: EuiccOverride = correct => {
  let latest = octets('');
  return {
    readsSignature: signature => {
      latest = signature;
      return correct.readsSignature(signature);
    },
    covers: (name, object, behind) => correct.covers(name, object, RESULTS.includes(name) ? tlv(0x5f37, latest) : behind),
  };
};

const signsLikeV12: EuiccOverride = correct => ({
  covers: (name, object, behind) => correct.covers(name, object, RESULTS.includes(name) ? associationTokenTlv(undefined) : behind),
});

const resetsLikeV10: EuiccOverride = correct => ({
  serves: request => request !== EuiccMemoryResetRequest.name && correct.serves(request),
  answersUnknown: (chip, command) => {
    if (readHeader(command)?.tag !== RESET_OF_V10) return correct.answersUnknown(chip, command);
    const spec = '1.0';
    const request = decode(EuiccMemoryResetRequest, command, { spec });
    if (!request.ok) return correct.answersUnknown(chip, command);
    return { sw: '9000', octets: encode(EuiccMemoryResetResponse, resetMemory(chip, request.value.resetOptions), { spec }) };
  },
});

const POLICY = 3;
const ROLLBACK_NOT_AVAILABLE = 20;
const ECALL_NOT_AVAILABLE = 8;

const answersLaterCodes: EuiccOverride = correct => ({
  answersCode: (of, check, code) => {
    const isOperation = of === 'enable' || of === 'disable' || of === 'delete';
    if (isOperation && check === 'policy') return POLICY;
    if (isOperation && check === 'rollbackReference') return ROLLBACK_NOT_AVAILABLE;
    return correct.answersCode(of, check, code);
  },
});

const INVALID_EID = tlv(0x8f, Uint8Array.of(3));

/** An eUICC of v1.0 that does something as later versions do. */
const inV10 = (deviation: EuiccDeviation): EuiccDeviation => ({ ...deviation, declares: V10 });

/** Defects: each takes something from another version. */
export const euiccVersionDefects: EuiccDeviations = {
  signsLikeV10: { does: 'It signs results with the signature of the package behind them.', override: signsLikeV10 },
  resetsLikeV10: { does: 'It knows the memory reset of v1.0 alone.', override: resetsLikeV10 },
  answersResetLikeV10: sending('It answers a memory reset under the tag of v1.0.', 'EuiccMemoryResetResponse', retagged(RESET_OF_V10)),
  tellsLaterIotVersion: sending('It names version 1.3 of SGP.32 as the only one.', 'EUICCInfo2', message =>
    edit(message, 'B4 A0', () => octets('A0050403010300')),
  ),
  answersEcallNotAvailableToDisabling: answering(
    'Where no emergency profile is enabled it answers with a code of v1.3.',
    'disableEmergencyProfile',
    ECALL_NOT_AVAILABLE,
    'state',
  ),
  inventsReasonInV13: {
    ...sending('It speaks v1.3, and gives unsigned errors a reason of the signed ones.', 'EuiccPackageResult', message =>
      edit(message, 'A2 8F', () => INVALID_EID),
    ),
    declares: V13,
  },
  signsV10ResultsLikeV12: inV10({ does: 'It speaks v1.0, and signs results with the association token.', override: signsLikeV12 }),
  answersLaterCodesInV10: inV10({ does: 'It speaks v1.0, and refuses operations with codes of v1.1.', override: answersLaterCodes }),
  listsTypesLikeV11InV10: inV10(
    signing(
      'It speaks v1.0, and lists the types of eIM identifiers under the tag of v1.1.',
      'euiccPackageResultDataSigned',
      '30 AB A0',
      each(item => edit(item, '84', retagged(0x82))),
    ),
  ),
  lacksEnableUsingDD: inV10(
    deciding('It speaks v1.0, and does not know EnableUsingDD.', { serves: request => request !== 'ImmediateEnableRequest' }),
  ),
};

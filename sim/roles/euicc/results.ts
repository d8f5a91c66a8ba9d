/** Signed eUICC Package Results and errors. SGP.32 2.11.2.1, 3.3.1 */
import { encode } from '#protocol/asn1/encode.js';
import { concat } from '#protocol/asn1/tlv.js';
import { raw, type Spec } from '#protocol/asn1/type.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import { EuiccPackageErrorDataSigned, EuiccPackageResult, EuiccPackageResultDataSigned } from '#protocol/iot/result.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import { credentialFor } from './credentials.js';
import type { Chip, ResultContent, StoredResult } from './state.js';

/** The eIM's transaction id under the name it has in a version. */
export const transactionMember = (spec: Spec, id: Uint8Array | undefined) =>
  id === undefined ? {} : spec === '1.0' ? { transactionId: id } : { eimTransactionId: id };

/** What is common to results and errors of one package. */
export type Answered = Omit<ResultContent, 'operations'>;

/** v1.0 binds a result to the signature of the request, later versions to the association token. SGP.32 2.11.2.1 */
const signed = (chip: Chip, data: Uint8Array, content: Answered): Uint8Array => {
  const binding = chip.world.spec === '1.0' ? content.eimSignature : associationTokenTlv(content.associationToken);
  const credential = credentialFor(chip.credentials, content.euiccCiPKId) ?? chip.credentials[0];
  const { associationToken, eimSignature } = content;
  chip.memory.bindings.set(content.eimId, { associationToken, eimSignature });
  return sign(credential.key, concat(data, binding));
};

/** The seqNumber of the next notification or result. */
export const nextSeqNumber = (chip: Chip): number => ++chip.memory.seqNumber;

/** Signs a result and keeps it until it is removed. */
export const storeResult = (chip: Chip, content: ResultContent): StoredResult => {
  const { spec } = chip.world;
  const seqNumber = nextSeqNumber(chip);
  const data = encode(
    EuiccPackageResultDataSigned,
    {
      eimId: content.eimId,
      counterValue: content.counterValue,
      ...transactionMember(spec, content.eimTransactionId),
      seqNumber,
      euiccResult: content.operations,
    },
    { spec },
  );
  const euiccPackageResultSigned = { euiccPackageResultDataSigned: raw(data), euiccSignEPR: signed(chip, data, content) };
  const stored = { seqNumber, content, octets: encode(EuiccPackageResult, { euiccPackageResultSigned }, { spec }) };
  chip.memory.results.push(stored);
  return stored;
};

/** Codes of a refusal that the eUICC signs. SGP.32 2.11.2.1 */
export const PACKAGE_ERRORS = {
  invalidEid: 3,
  replayError: 4,
  counterValueOutOfRange: 6,
  sizeOverflow: 15,
  ecallActive: 104,
  undefinedError: 127,
} as const;

/** A signed refusal: without seqNumber, and not kept. */
export const signedError = (chip: Chip, content: Answered, error: keyof typeof PACKAGE_ERRORS): Uint8Array => {
  const { spec } = chip.world;
  const data = encode(
    EuiccPackageErrorDataSigned,
    {
      eimId: content.eimId,
      counterValue: content.counterValue,
      ...transactionMember(spec, content.eimTransactionId),
      euiccPackageErrorCode: PACKAGE_ERRORS[error],
    },
    { spec },
  );
  const euiccPackageErrorSigned = { euiccPackageErrorDataSigned: raw(data), euiccSignEPE: signed(chip, data, content) };
  return encode(EuiccPackageResult, { euiccPackageErrorSigned }, { spec });
};

/** A refusal for a sender that is not authenticated; v1.0 does not echo the transaction. */
export const unsignedError = (
  chip: Chip,
  sender: { readonly eimId: string; readonly eimTransactionId?: Uint8Array | undefined; readonly associationToken?: number | undefined },
): Uint8Array => {
  const { spec } = chip.world;
  const euiccPackageErrorUnsigned = {
    eimId: sender.eimId,
    associationToken: sender.associationToken,
    ...(spec === '1.0' ? {} : { eimTransactionId: sender.eimTransactionId }),
  };
  return encode(EuiccPackageResult, { euiccPackageErrorUnsigned }, { spec });
};

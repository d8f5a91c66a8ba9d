/** Signed eUICC Package Results and errors. SGP.32 2.11.2.1, 3.3.1 */
import { encode } from '#protocol/asn1/encode.js';
import { raw } from '#protocol/asn1/type.js';
import { EuiccPackageErrorDataSigned, EuiccPackageResult, EuiccPackageResultDataSigned } from '#protocol/iot/result.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import { credentialFor } from './credentials.js';
import type { SignedObject } from './decision-names.js';
import { signObject } from './signing.js';
import type { Chip, ResultContent, StoredResult } from './state.js';

/** What is common to results and errors of one package. */
export type Answered = Omit<ResultContent, 'operations'>;

/** v1.0 binds a result to the signature of the request, later versions to the association token. SGP.32 2.11.2.1 */
const signed = (chip: Chip, name: SignedObject, data: Uint8Array, content: Answered) => {
  const { decisions, world, memory, credentials } = chip;
  const { associationToken, eimSignature } = content;
  const binding = world.spec === '1.0' ? eimSignature : associationTokenTlv(decisions.tokenForSigning(associationToken));
  const ids = credentials.map(c => c.ciPKId);
  const ciPKId = decisions.choosesCi('result', ids, content.euiccCiPKId);
  const bound = { associationToken, eimSignature };
  memory.bindings.set(content.eimId, bound);
  memory.bindings.set(`${content.eimId} ${content.counterValue}`, bound);
  return signObject(chip, name, (ciPKId && credentialFor(credentials, ciPKId)) || credentials[0], data, binding);
};

/** The seqNumber of the next notification or result. */
export const nextSeqNumber = ({ memory, decisions }: Chip, of: 'result' | 'notification'): number => {
  memory.seqNumber = decisions.nextSeqNumber(memory.seqNumber, of);
  return memory.seqNumber;
};

/** Signs a result and keeps it until it is removed. */
export const storeResult = (chip: Chip, content: ResultContent): StoredResult => {
  const { spec } = chip.world;
  const { decisions } = chip;
  const seqNumber = nextSeqNumber(chip, 'result');
  const data = encode(
    EuiccPackageResultDataSigned,
    {
      eimId: content.eimId,
      counterValue: content.counterValue,
      eimTransactionId: decisions.echoesTransaction(content.eimTransactionId, 'result'),
      seqNumber,
      euiccResult: content.operations,
    },
    { spec },
  );
  const { object, signature } = signed(chip, 'euiccPackageResultDataSigned', data, content);
  const euiccPackageResultSigned = { euiccPackageResultDataSigned: raw(object), euiccSignEPR: signature };
  const stored = { seqNumber, content, octets: encode(EuiccPackageResult, { euiccPackageResultSigned }, { spec }) };
  const kept = decisions.keepsResult(stored.octets);
  if (kept) chip.memory.results.push({ ...stored, octets: kept });
  return stored;
};

/** A signed refusal: without seqNumber, and not kept. */
export const signedError = (chip: Chip, content: Answered, euiccPackageErrorCode: number): Uint8Array => {
  const { spec } = chip.world;
  const data = encode(
    EuiccPackageErrorDataSigned,
    {
      eimId: content.eimId,
      counterValue: content.counterValue,
      eimTransactionId: chip.decisions.echoesTransaction(content.eimTransactionId, 'signedError'),
      euiccPackageErrorCode,
    },
    { spec },
  );
  const { object, signature } = signed(chip, 'euiccPackageErrorDataSigned', data, content);
  const euiccPackageErrorSigned = { euiccPackageErrorDataSigned: raw(object), euiccSignEPE: signature };
  return encode(EuiccPackageResult, { euiccPackageErrorSigned }, { spec });
};

/** A refusal for a sender that is not authenticated; v1.0 does not echo the transaction, v1.3 may give a reason. */
export const unsignedError = (
  chip: Chip,
  sender: { readonly eimId: string; readonly eimTransactionId?: Uint8Array | undefined; readonly associationToken?: number | undefined },
  reason?: number,
): Uint8Array => {
  const { spec } = chip.world;
  const euiccPackageErrorUnsigned = {
    eimId: sender.eimId,
    associationToken: chip.decisions.tellsToken(sender.associationToken),
    ...(spec === '1.0' ? {} : { eimTransactionId: chip.decisions.echoesTransaction(sender.eimTransactionId, 'unsignedError') }),
    ...(spec === '1.3' ? { euiccPackageUnsignedErrorCode: reason } : {}),
  };
  return encode(EuiccPackageResult, { euiccPackageErrorUnsigned }, { spec });
};

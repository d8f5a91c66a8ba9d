/** Seeded defects of an SM-DP+ in the verification of eUICCs. SGP.22 5.6.2, 5.6.3, 5.6.5 */

import type { ChainFault } from '#protocol/x509/chain-fault.js';
import type { EuiccSignature } from '../roles/rsp-server/decisions.js';
import { deciding, refusing, type SmdpDeviation, type SmdpDeviations } from './smdp-deviation.js';

/** Takes certificates in spite of some faults. */
const trusting = (does: string, ...faults: readonly ChainFault[]): SmdpDeviation =>
  deciding(does, { acceptsCertificate: (_owner, fault) => fault === undefined || faults.includes(fault) });

const ignoringSignature = (does: string, ignored: EuiccSignature): SmdpDeviation =>
  deciding(does, { acceptsSignature: (name, valid) => valid || name === ignored });

/** Defects of verification. */
export const smdpTrustDefects: SmdpDeviations = {
  acceptsForgedCertificates: trusting('It takes certificates whose signature does not verify.', 'signature'),
  acceptsExpiredCertificates: trusting('It takes certificates that have expired.', 'expired'),
  acceptsEidOutOfRange: trusting('It takes eUICC certificates with an EID that their EUM may not give.', 'nameConstraint'),
  trustsUnknownCi: trusting('It takes certificates of a CI that it does not know.', 'unknownIssuer'),
  ignoresEuiccSignature1: ignoringSignature('It takes any signature over euiccSigned1.', 'euiccSignature1'),
  ignoresEuiccSignature2: ignoringSignature('It takes any signature over euiccSigned2.', 'euiccSignature2'),
  ignoresCancelSignature: ignoringSignature('It takes any signature over a cancellation.', 'euiccCancelSessionSignature'),
  ignoresServerChallenge: deciding('It takes answers to other challenges than its own.', { acceptsServerChallenge: () => true }),
  ignoresSignedTransactionId: deciding('It does not compare the TransactionID that the eUICC signed with the one beside it.', {
    acceptsTransactionId: () => true,
  }),
  answersUnknownTransaction: {
    does: 'It takes a TransactionID that it does not know for that of its latest session.',
    override: () => ({ findsSession: (found, latest) => found ?? latest }),
  },
  remembersLatestSessionOnly: {
    does: 'A new session ends the one before.',
    override: () => ({ findsSession: (found, latest) => (found === latest ? found : undefined) }),
  },
  refusesUnknownInfo: deciding('It refuses eUICCs whose EUICCInfo2 has elements that it does not know.', {
    choosesOrder: (found, _orders, { euiccInfo2 }) =>
      euiccInfo2.$unknown && euiccInfo2.$unknown.length > 0 ? { code: '8.2.5/4.3', message: 'unknown elements in EUICCInfo2' } : found,
  }),
  confusesCertificates: refusing('It blames the EUM certificate for the eUICC certificate and the other way round.', {
    '8.1.2/6.1': '8.1.3/6.1',
    '8.1.3/6.1': '8.1.2/6.1',
    '8.1.2/6.3': '8.1.3/6.3',
    '8.1.3/6.3': '8.1.2/6.3',
  }),
  confusesExpiredAndInvalid: refusing('It calls expired certificates invalid.', { '8.1.2/6.3': '8.1.2/6.1', '8.1.3/6.3': '8.1.3/6.1' }),
  answersVerificationUndefined: refusing('It answers whatever does not verify by an execution error.', {
    '8.1/6.1': '8.8/4.2',
    '8.11.1/3.9': '8.8/4.2',
    '8.10.1/3.9': '8.8/4.2',
  }),
};

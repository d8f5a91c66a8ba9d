/** Seeded defects of an eUICC in signing and encoding its results and notifications. SGP.32 2.11.2.1, 2.6 */
import { concat, tlv } from '#protocol/asn1/tlv.js';
import { rawToDer } from '#protocol/crypto/ecdsa.js';
import type { SignedObject } from '../roles/euicc/decision-names.js';
import type { EuiccDecisions } from '../roles/euicc/index.js';
import { contained, contentAt, edit, retagged, spoilt } from './edits.js';
import { deciding, type EuiccDeviation, type EuiccDeviations, sending, signing } from './euicc-deviation.js';
import { octets, unwrapped } from './euicc-edits.js';

const RESULT = 'euiccPackageResultDataSigned';
const ERROR = 'euiccPackageErrorDataSigned';
const NOTIFICATION = 'tbsOtherNotification';

/** The signatures of some objects, written otherwise. */
const writing = (does: string, change: (signature: Uint8Array) => Uint8Array, ...objects: readonly SignedObject[]): EuiccDeviation =>
  deciding(does, { writesSignature: (name, signature) => (objects.includes(name) ? change(signature) : signature) });

/** The signatures of some objects, over the object alone. */
const coveringOnly = (does: string, ...objects: readonly SignedObject[]): EuiccDeviation => ({
  does,
  override: correct => ({
    covers: (name, object, behind) => (objects.includes(name) ? object : correct.covers(name, object, behind)),
  }),
});

const der = (signature: Uint8Array): Uint8Array => rawToDer(signature) ?? signature;

const otherKey = (does: string, ...objects: readonly SignedObject[]): EuiccDeviation => ({
  does,
  override: (_correct, { pki }) => ({
    signingKey: (name, key) => (objects.includes(name) ? (pki.privateKey(`SK_EUICC2${key.curve === 'P-256' ? '' : '_BRP'}`) ?? key) : key),
  }),
});

const token = (does: string, tokenForSigning: EuiccDecisions['tokenForSigning']): EuiccDeviation => deciding(does, { tokenForSigning });

/** Defects of signatures. */
export const euiccSignatureDefects: EuiccDeviations = {
  signsResultsWithOtherKey: otherKey('It signs results with a key that its certificate does not have.', RESULT, ERROR),
  signsNotificationsWithOtherKey: otherKey('It signs notifications with a key that its certificate does not have.', NOTIFICATION),
  spoilsResultSignature: writing('The last bit of the signature of its results is wrong.', spoilt, RESULT),
  spoilsErrorSignature: writing('The last bit of the signature of its errors is wrong.', spoilt, ERROR),
  spoilsNotificationSignature: writing('The last bit of the signature of its notifications is wrong.', spoilt, NOTIFICATION),
  sendsDerSignatures: writing('It writes its signatures as ECDSA-Sig-Value of X9.62.', der, RESULT, ERROR),
  signsResultWithoutToken: coveringOnly('It signs results without the association token behind them.', RESULT),
  signsErrorWithoutToken: coveringOnly('It signs errors without the association token behind them.', ERROR),
  forgetsToken: token('It signs as if no association token were configured.', () => undefined),
  inventsSignedToken: token('It signs with the token 1 where none is configured.', found => found ?? 1),
  signsWholeResult: {
    does: 'It signs results with the tag of the signed result around them.',
    override: correct => ({
      covers: (name, object, behind) => correct.covers(name, name === RESULT ? tlv(0xa0, object) : object, behind),
    }),
  },
  signsWithFirstChain: {
    does: 'It signs results with its first chain, whatever CI the eIM asks for.',
    override: correct => ({ choosesCi: (use, ids, asked) => (use === 'result' ? ids[0] : correct.choosesCi(use, ids, asked)) }),
  },
};

const ANSWER = 'EuiccPackageResult';
const listing = (does: string, change: (element: Uint8Array) => Uint8Array): EuiccDeviation => signing(does, RESULT, '30 BF2D', change);

/** Defects of encoding, most of them seen in deployed software. */
export const euiccEncodingDefects: EuiccDeviations = {
  doublesResultTag: sending('It writes the tag of the result twice.', ANSWER, message => tlv(0xbf51, message)),
  omitsResultAlternative: sending('It writes signed results without the tag of the alternative.', ANSWER, message =>
    contentAt(message, 'A0') ? edit(message, 'A0', unwrapped) : message,
  ),
  writesErrorAsSequence: sending('It writes unsigned errors as a SEQUENCE.', ANSWER, message => edit(message, 'A2', retagged(0x30))),
  writesEnableResultAsInteger: signing('It writes results of enable as plain INTEGERs.', RESULT, '30 83', retagged(0x02)),
  listsProfilesWithoutTag: listing('It lists profiles without the tag of the list.', list => edit(list, 'A0', unwrapped)),
  writesListErrorAsInteger: listing('It writes errors of listProfileInfo as plain INTEGERs.', list => edit(list, '81', retagged(0x02))),
  answersRemovalWithNothing: sending('It answers RemoveNotificationFromList without a status.', 'NotificationSentResponse', () =>
    octets('BF3000'),
  ),
  answersResetWithNothing: sending('It answers eUICCMemoryReset without a result.', 'EuiccMemoryResetResponse', () => octets('BF6400')),
  writesRollbackCodeWithContextTag: sending(
    'It writes cmdResult of ProfileRollback with a context tag.',
    'ProfileRollbackResponse',
    message => edit(message, '02', retagged(0x80)),
  ),
  writesSeqNumberInFourOctets: signing(
    'It writes seqNumber in four octets.',
    RESULT,
    '83',
    contained(number => concat(new Uint8Array(4 - number.length), number)),
  ),
  writesStrayOctets: sending('There are octets behind its results.', ANSWER, message => concat(message, octets('0000'))),
};

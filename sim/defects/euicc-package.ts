/** Seeded defects of an eUICC in verifying packages, and in the errors that refuse them. SGP.32 2.11.1.1, 3.3.1, 5.9.1 */
import { concat, tlv } from '#protocol/asn1/tlv.js';
import { derToRaw, sign } from '#protocol/crypto/ecdsa.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import type { EuiccOverride } from '../roles/euicc/index.js';
import { contained, contentAt } from './edits.js';
import { answering, deciding, type EuiccDeviation, type EuiccDeviations, overlooking, signing } from './euicc-deviation.js';
import { octets } from './euicc-edits.js';

const LOAD = 'loadEuiccPackage';
const SIGNATURE_LENGTH = 64;
const TWO_OCTETS = 0xffff;
const NEW_TOKEN = 9;
const UNDEFINED_ERROR = 127;
const REPLAY_ERROR = 4;

/** Signs for anybody: what should be the unsigned error becomes a signed one. */
const signsErrorsForStrangers: EuiccOverride = (correct, { pki }) => ({
  outgoing: (type, answered, request) => {
    const right = correct.outgoing(type, answered, request);
    const key = pki.privateKey('SK_EUICC');
    const eimId = contentAt(right, 'A2 80');
    const counter = contentAt(request, '30 81');
    if (!key || !eimId || !counter) return right;
    const data = tlv(0x30, tlv(0x80, eimId), tlv(0x81, counter), tlv(0x02, Uint8Array.of(UNDEFINED_ERROR)));
    return tlv(0xbf51, tlv(0xa1, data, tlv(0x5f37, sign(key, concat(data, associationTokenTlv(undefined))))));
  },
});

/** What cannot be verified for its length ends as if it had been. */
const passesShortSignatures: EuiccOverride = correct => {
  let isShort = false;
  return {
    readsSignature: signature => {
      isShort = signature.length < SIGNATURE_LENGTH;
      return correct.readsSignature(signature);
    },
    hinders: (of, check) => !(of === LOAD && check === 'signature' && isShort) && correct.hinders(of, check),
  };
};

/** Finds out too late that a signature was wrong: the package has been executed when it is refused. */
const executesForgedPackages: EuiccOverride = correct => {
  let isForged = false;
  return {
    hinders: (of, check) => {
      const isSignature = of === LOAD && check === 'signature';
      isForged ||= isSignature;
      return !isSignature && correct.hinders(of, check);
    },
    outgoing: (type, answered, request) => {
      const right = correct.outgoing(type, answered, request);
      if (type !== 'EuiccPackageResult' || !isForged) return right;
      isForged = false;
      return tlv(0xbf51, tlv(0xa2, tlv(0x80, contentAt(request, '30 80') ?? octets(''))));
    },
  };
};

/** Makes some checks before all others. */
const first = (does: string, ...checks: readonly ('eid' | 'replay')[]): EuiccDeviation => ({
  does,
  override: () => ({
    ordersChecks: (of, names) => (of === LOAD ? [...checks, ...names.filter(name => !checks.some(check => check === name))] : names),
  }),
});

/** Takes signatures of another length as if they were right. */
const reading = (does: string, readsSignature: (signature: Uint8Array) => Uint8Array): EuiccDeviation => deciding(does, { readsSignature });

/** The larger counter; one that a package brings may be beyond every number, and Math.max does not take it then. */
const larger = (a: number, b: number): number => {
  const isGrowing = b > a;
  return isGrowing ? b : a;
};

/** Defects in who may send a package. */
export const euiccSenderDefects: EuiccDeviations = {
  ignoresEimId: deciding('It verifies every package with the key of its first eIM.', { findsEim: eimIds => eimIds[0] }),
  ignoresEimSignature: overlooking('It carries out packages whatever their signature.', LOAD, 'signature'),
  executesForgedPackages: { does: 'It executes packages with a wrong signature before it refuses them.', override: executesForgedPackages },
  ignoresTokenInVerification: deciding('It verifies packages as if there were no association token.', {
    tokenForVerifying: () => undefined,
  }),
  verifiesOnP256Only: deciding('It verifies no package with a key on brainpoolP256r1.', { verifiesOn: curve => curve === 'P-256' }),
  acceptsDerSignature: reading('It takes a signature in the form of X9.62.', signature => derToRaw(signature) ?? signature),
  acceptsLongSignature: reading('It ignores what stands behind the 64 octets of a signature.', s => s.subarray(0, SIGNATURE_LENGTH)),
  acceptsShortSignature: { does: 'It lets a signature of too few octets pass.', override: passesShortSignatures },
  signsErrorsForStrangers: { does: 'It signs the error for a sender that it could not authenticate.', override: signsErrorsForStrangers },
  tellsInventedToken: deciding('Its unsigned errors tell a token where none is configured.', { tellsToken: token => token ?? NEW_TOKEN }),
  hidesTokenInError: deciding('Its unsigned errors do not tell the token.', { tellsToken: () => undefined }),
};

/** Defects in EID, counter and size. */
export const euiccCounterDefects: EuiccDeviations = {
  ignoresEid: overlooking('It carries out packages for other eUICCs.', LOAD, 'eid'),
  answersReplayToWrongEid: answering('It takes a package for another eUICC for a replay.', LOAD, REPLAY_ERROR, 'eid'),
  ignoresCounter: overlooking('It carries out packages whatever their counter.', LOAD, 'replay'),
  acceptsSameCounter: deciding('It carries out a package with the counter of the last one.', { storedCounter: own => own - 1 }),
  demandsNextCounter: deciding('It takes no counter but the next one.', {
    storedCounter: (own, _all, found) => (found === own + 1 ? own : larger(own, found)),
  }),
  countsInTwoOctets: deciding('It takes no counter of more than two octets.', {
    storedCounter: (own, _all, found) => (found > TWO_OCTETS ? found : own),
  }),
  acceptsCounterBeyondMaximum: overlooking('It takes counters beyond the maximum.', LOAD, 'range'),
  answersReplayToHighCounter: answering('It takes a counter beyond the maximum for a replay.', LOAD, REPLAY_ERROR, 'range'),
  forgetsCounter: deciding('It does not remember the counter of a package.', { counterAfter: stored => stored }),
  countsRefusedPackages: deciding('It remembers the counter of packages for other eUICCs.', {
    counterAfter: (stored, found, outcome) => (outcome === 'executed' || outcome === 'eid' ? larger(stored, found) : stored),
  }),
  countsForgedPackages: deciding('It remembers the counter of packages with a wrong signature.', {
    counterAfter: (stored, found, outcome) => (outcome === 'executed' || outcome === 'signature' ? larger(stored, found) : stored),
  }),
  sharesCounter: deciding('It has one counter for all eIMs.', { storedCounter: (_own, all) => all.reduce(larger) }),
  checksEidBeforeSignature: first('It looks at the EID before the signature.', 'eid'),
  checksCounterBeforeEid: first('It looks at the counter before the EID.', 'replay'),
  ignoresSize: overlooking('It carries out packages of any size.', LOAD, 'size'),
  answersUndefinedErrorToSize: answering('It refuses a package that is too large with undefinedError.', LOAD, UNDEFINED_ERROR, 'size'),
  servesPackagesInEmergency: overlooking('It carries out packages while the emergency profile is enabled.', LOAD, 'emergency'),
};

const RESULT = 'euiccPackageResultDataSigned';
const ERROR = 'euiccPackageErrorDataSigned';

/** Defects in what results and errors repeat. */
export const euiccEchoDefects: EuiccDeviations = {
  omitsTransactionInResult: deciding('Its results do not repeat eimTransactionId.', {
    echoesTransaction: (id, form) => (form === 'result' ? undefined : id),
  }),
  omitsTransactionInError: deciding('Its signed errors do not repeat eimTransactionId.', {
    echoesTransaction: (id, form) => (form === 'signedError' ? undefined : id),
  }),
  omitsTransactionInUnsignedError: deciding('Its unsigned errors do not repeat eimTransactionId.', {
    echoesTransaction: (id, form) => (form === 'unsignedError' ? undefined : id),
  }),
  inventsTransaction: deciding('It answers packages without eimTransactionId with one.', { echoesTransaction: id => id ?? octets('00') }),
  echoesStoredCounter: signing(
    'Its results carry the counter before that of the package.',
    RESULT,
    '81',
    contained(counter => counter.map((octet, i) => (i === counter.length - 1 ? octet - 1 : octet))),
  ),
  echoesOtherEimId: signing(
    'Its results are for an eIM of another name.',
    RESULT,
    '80',
    contained(name => name.map(letter => letter ^ 0x20)),
  ),
  echoesNoCounterInError: signing(
    'Its signed errors carry the counter zero.',
    ERROR,
    '81',
    contained(() => octets('00')),
  ),
};

/** Seeded defects of an SM-DP+ in opening a session. SGP.22 5.6.1 */
import { rawToDer } from '#protocol/crypto/ecdsa.js';
import type { SmdpOverride } from '../roles/smdp/index.js';
import { contained, edit, spoilt } from './edits.js';
import { deciding, refusing, type SmdpDeviation, type SmdpDeviations, sending } from './smdp-deviation.js';

const OTHER_ADDRESS = new TextEncoder().encode('other.example.com');

/** What was drawn first is drawn for ever. */
const drawnOnce = (): ((random: (count: number) => Uint8Array) => Uint8Array) => {
  let first: Uint8Array | undefined;
  return random => {
    first ??= random(16);
    return first;
  };
};

/** Authenticates by another certificate that it has under the same CI. */
const presenting = (does: string, name: string): SmdpDeviation => ({
  does,
  override: () => ({
    choosesServerCi: found =>
      found && { ...found, credential: wanted => found.credential(wanted.startsWith('CERT_S_SM_DPauth') ? name : wanted) },
  }),
});

/** serverSigned1 with one field changed before it is signed. */
const signing = (does: string, path: string, change: Parameters<typeof edit>[2]): SmdpDeviation =>
  deciding(does, { writesSigned: (name, octets) => (name === 'serverSigned1' ? edit(octets, path, change) : octets) });

const echoesFirstChallenge: SmdpOverride = () => {
  let first: Uint8Array | undefined;
  return {
    writesSigned: (name, octets) => {
      if (name !== 'serverSigned1') return octets;
      return edit(octets, '81', challenge => {
        first ??= challenge;
        return first;
      });
    },
  };
};

/** Defects in what it accepts. */
export const smdpInitiationDefects: SmdpDeviations = {
  ignoresAddress: deciding('It opens sessions for callers that mean another server.', { acceptsAddress: () => true }),
  acceptsUnknownCi: deciding('It opens sessions for eUICCs that can sign under no CI that it knows.', {
    choosesEuiccCi: (found, own) => found ?? own()[0],
  }),
  ignoresVerificationList: deciding('It opens sessions for eUICCs that cannot verify its certificates.', {
    choosesServerCi: (found, own) => found ?? own()[0],
  }),
  acceptsOldSvn: deciding('It takes eUICCs of version 2.1 and older.', { acceptsSvn: svn => (svn[0] ?? 0) <= 2 }),
  acceptsLaterSvn: deciding('It takes eUICCs of any later version, whatever that may be.', { acceptsSvn: svn => (svn[0] ?? 0) >= 2 }),
  demandsSvn25: deciding('It takes eUICCs of version 2.5 only.', { acceptsSvn: svn => svn[0] === 2 && svn[1] === 5 }),
  confusesInitiationCodes: refusing('It answers every refusal of a session by the code for its address.', {
    '8.8.2/3.1': '8.8.1/3.8',
    '8.8.3/3.1': '8.8.1/3.8',
    '8.8.4/3.7': '8.8.1/3.8',
  }),
  answersAddressUndefined: refusing('It answers a wrong address by an execution error.', { '8.8.1/3.8': '8.8/4.2' }),
};

/** Defects in how it proves itself. */
export const smdpProofDefects: SmdpDeviations = {
  reusesTransactionId: { does: 'All its sessions have the same TransactionID.', override: () => ({ newTransactionId: drawnOnce() }) },
  reusesServerChallenge: { does: 'It asks every eUICC the same challenge.', override: () => ({ newServerChallenge: drawnOnce() }) },
  spoilsServerSignature: deciding('The last bit of serverSignature1 is wrong.', {
    writesSignature: (name, signature) => (name === 'serverSigned1' ? spoilt(signature) : signature),
  }),
  sendsDerServerSignature: deciding('It writes serverSignature1 as ECDSA-Sig-Value of X9.62 instead of r and s.', {
    writesSignature: (name, signature) => (name === 'serverSigned1' ? (rawToDer(signature) ?? signature) : signature),
  }),
  signsWithOtherServerKey: {
    does: 'It signs serverSigned1 with the key of another certificate.',
    override: (_correct, { pki }) => ({
      signingKey: (name, key) => (name === 'serverSigned1' ? (pki.privateKey('CERT_S_SM_DPauth2') ?? key) : key),
    }),
  },
  presentsBindingCertificate: presenting('It authenticates with the certificate for package binding.', 'CERT_S_SM_DPpb'),
  presentsExpiredCertificate: presenting('Its certificate for authentication has expired.', 'CERT_S_SM_DPauth_EXPIRED'),
  presentsCertificateOfUnknownCi: presenting(
    'Its certificate for authentication is of another CI than the eUICC asks for.',
    'CERT_S_SM_DPauth_UNKNOWN_CI',
  ),
  presentsCertificateOfOtherCi: deciding('It presents the certificate of its other CI.', {
    choosesServerCi: (found, own) => own().find(issuer => issuer !== found) ?? found,
  }),
  namesOtherCiKey: deciding('It names its other CI as the one to sign under.', {
    choosesEuiccCi: (found, own) => own().find(issuer => issuer !== found) ?? found,
  }),
  echoesFirstChallenge: { does: 'It signs the challenge of its first caller for all of them.', override: echoesFirstChallenge },
  signsOtherAddress: signing(
    'It signs another address than its own.',
    '83',
    contained(() => OTHER_ADDRESS),
  ),
  signsOtherTransactionId: signing('It signs another TransactionID than it states beside.', '80', spoilt),
  statesOtherTransactionId: sending('It states another TransactionID than that of the session.', 'InitiateAuthenticationResponse', octets =>
    edit(octets, 'A0 80', spoilt),
  ),
};

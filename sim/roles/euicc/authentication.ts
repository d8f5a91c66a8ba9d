/** Mutual authentication with an RSP server, on the card: challenge, AuthenticateServer. SGP.22 5.7.7, 5.7.13 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal, tlv } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import type { Curve } from '#protocol/crypto/key.js';
import { AuthenticateServerResponse, EuiccSigned1 } from '#protocol/iot/authentication.js';
import type { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { type Certificate, isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { Role } from '#protocol/x509/roles.js';
import { type ChainFault, verifyChain } from '#protocol/x509/verify.js';
import { type Credential, credentialFor } from './credentials.js';
import { isRevokedCertificate } from './crl.js';
import { euiccInfo2Octets } from './info.js';
import { abandonInstallation } from './installation.js';
import { type Check, refusal } from './judgement.js';
import { signObject } from './signing.js';
import { breaksDown, type Chip } from './state.js';

/** AuthenticateErrorCode. SGP.22 5.7.13 */
const ERRORS = {
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidOid: 5,
  euiccChallengeMismatch: 6,
  ciPKUnknown: 7,
  undefinedError: 127,
} as const;

/** ES10b.GetEUICCChallenge: opens a session and forgets an older one, with an installation that has not come to its end. */
export const newChallenge = (chip: Chip): Uint8Array => {
  const { decisions, memory } = chip;
  const challenge = decisions.newChallenge(chip.world.random);
  abandonInstallation(chip);
  memory.session = decisions.performs('renewSession') ? { challenge } : { ...memory.session, challenge };
  return challenge;
};

/** A server certificate against the CIs of this eUICC, without a look at the time: an eUICC has no clock. */
const faultOf = (chip: Chip, certificate: Certificate, roles: readonly Role[], curves: readonly Curve[]): ChainFault | undefined => {
  if (!curves.some(curve => curve === certificate.keyName)) return 'curve';
  let fault: ChainFault | undefined;
  for (const role of roles) {
    const anchors = chip.credentials.map(c => c.ciCertificate);
    const result = verifyChain({ leaf: certificate, intermediates: [], anchors, role });
    if (result.ok) return undefined;
    // Of two roles one is another's: what else is wrong tells more.
    if (fault === undefined || fault === 'role') fault = result.code;
  }
  return fault;
};

/** The certificate of a server as far as it can be read, and what is checked of it in any function. SGP.22 5.7.5, 5.7.13 */
export const checkServer = (
  chip: Chip,
  der: Uint8Array,
  roles: readonly Role[],
  curves: readonly Curve[],
  roleCode: number,
): { readonly server: Certificate | undefined; readonly checks: readonly Check[] } => {
  const parsed = parseCertificate(der);
  const server = isProblem(parsed) ? undefined : parsed;
  const fault = server ? faultOf(chip, server, roles, curves) : 'format';
  const isWithdrawn = server !== undefined && isRevokedCertificate(chip, server);
  return {
    server,
    checks: [
      ['certificate', ERRORS.invalidCertificate, (fault !== undefined && fault !== 'curve' && fault !== 'role') || isWithdrawn],
      ['curve', ERRORS.unsupportedCurve, fault === 'curve'],
      ['role', roleCode, fault === 'role' || !chip.decisions.knowsPolicies(server?.policies ?? [])],
    ],
  };
};

type Request = Decoded<ValueOf<typeof AuthenticateServerRequest>>;

interface Checked {
  readonly server: Certificate;
  readonly credential: Credential;
}

const check = (chip: Chip, request: Request): number | Checked => {
  const { serverSigned1, serverSignature1, euiccCiPKIdToBeUsed, serverCertificate } = request.value;
  const { credentials, decisions, memory } = chip;
  const ids = credentials.map(c => c.ciPKId);
  const ciPKId = decisions.choosesCi('session', ids, euiccCiPKIdToBeUsed);
  const credential = ciPKId && credentialFor(credentials, ciPKId);
  const curve = (credential ?? credentials[0]).curve;
  // Certificates, keys and signatures of a session are all on the curve of its CI. SGP.22 2.6.7.2
  const { server, checks } = checkServer(chip, serverCertificate, decisions.serverRoles(), [curve], ERRORS.invalidOid);
  const signed = fieldOctets(request, 'serverSigned1');
  const isGenuine = server?.publicKey && signed && verify(server.publicKey, signed, serverSignature1);
  const challenge = memory.session?.challenge;
  const code = refusal(chip, 'authenticateServer', [
    ['ciPKId', ERRORS.ciPKUnknown, credential === undefined],
    ...checks,
    ['signature', ERRORS.invalidSignature, !isGenuine],
    ['session', ERRORS.noSessionContext, challenge === undefined],
    ['challenge', ERRORS.euiccChallengeMismatch, challenge !== undefined && !equal(challenge, serverSigned1.euiccChallenge)],
    ['breakdown', ERRORS.undefinedError, breaksDown(chip, 'authenticateServer')],
  ]);
  return code === undefined && server ? { server, credential: credential ?? credentials[0] } : (code ?? ERRORS.undefinedError);
};

/** ES10b.AuthenticateServer; returns the complete BF38. */
export const authenticateServer = (chip: Chip, request: Request): Uint8Array => {
  const { spec } = chip.world;
  const { transactionId, serverAddress, serverChallenge } = request.value.serverSigned1;
  const checked = check(chip, request);
  if (typeof checked === 'number') {
    const authenticateResponseError = { transactionId, authenticateErrorCode: checked };
    return encode(AuthenticateServerResponse, { authenticateResponseError }, { spec });
  }
  const { credential, server } = checked;
  const euiccSigned1 = encode(
    EuiccSigned1,
    {
      transactionId,
      serverAddress,
      serverChallenge,
      euiccInfo2: raw(euiccInfo2Octets(chip)),
      ctxParams1: raw(fieldOctets(request, 'ctxParams1') ?? new Uint8Array()),
    },
    { spec },
  );
  const { object, signature: euiccSignature1 } = signObject(chip, 'euiccSigned1', credential, euiccSigned1);
  chip.memory.session = {
    // Used once: a second AuthenticateServer needs a new challenge.
    challenge: chip.decisions.performs('forgetChallenge') ? undefined : chip.memory.session?.challenge,
    transactionId,
    serverAddress,
    serverOids: server.registeredIds ?? [],
    serverCiPKId: server.authorityKeyId,
    credential,
    euiccSignature1: tlv(0x5f37, euiccSignature1),
  };
  const { euiccCertificate, eumCertificate } = credential;
  const authenticateResponseOk = { euiccSigned1: raw(object), euiccSignature1, euiccCertificate, eumCertificate };
  return encode(AuthenticateServerResponse, { authenticateResponseOk }, { spec });
};

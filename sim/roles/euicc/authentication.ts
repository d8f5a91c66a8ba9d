/** Mutual authentication with an RSP server, on the card: challenge, AuthenticateServer. SGP.22 5.7.7, 5.7.13 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal, tlv } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { sign, verify } from '#protocol/crypto/ecdsa.js';
import type { Curve } from '#protocol/crypto/key.js';
import { AuthenticateServerResponse, EuiccSigned1 } from '#protocol/iot/authentication.js';
import type { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { type Certificate, isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { Role } from '#protocol/x509/roles.js';
import { type ChainFault, verifyChain } from '#protocol/x509/verify.js';
import { credentialFor } from './credentials.js';
import { euiccInfo2Octets } from './info.js';
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

/** ES10b.GetEUICCChallenge: opens a session and forgets an older one. */
export const newChallenge = (chip: Chip): Uint8Array => {
  const challenge = chip.world.random(16);
  chip.memory.session = { challenge };
  return challenge;
};

/** A server certificate against the CIs of this eUICC, without a look at the time: an eUICC has no clock. */
export const verifyServer = (chip: Chip, der: Uint8Array, roles: readonly Role[], curves: readonly Curve[]): Certificate | ChainFault => {
  const certificate = parseCertificate(der);
  if (isProblem(certificate)) return 'format';
  if (!curves.some(curve => curve === certificate.keyName)) return 'curve';
  let fault: ChainFault = 'format';
  for (const role of roles) {
    const result = verifyChain({ leaf: certificate, intermediates: [], anchors: chip.credentials.map(c => c.ciCertificate), role });
    const leaf = result.ok ? result.chain[0] : undefined;
    if (leaf) return leaf;
    if (!result.ok) fault = result.code;
  }
  return fault;
};

/** The code for a certificate that is refused; the same three names in AuthenticateServer and PrepareDownload. */
export const certificateError = (fault: ChainFault): 'unsupportedCurve' | 'invalidOid' | 'invalidCertificate' =>
  fault === 'curve' ? 'unsupportedCurve' : fault === 'role' ? 'invalidOid' : 'invalidCertificate';

type Request = Decoded<ValueOf<typeof AuthenticateServerRequest>>;

const check = (chip: Chip, request: Request): keyof typeof ERRORS | { readonly server: Certificate } => {
  const { serverSigned1, serverSignature1, euiccCiPKIdToBeUsed, serverCertificate } = request.value;
  const credential = credentialFor(chip.credentials, euiccCiPKIdToBeUsed);
  if (!credential) return 'ciPKUnknown';
  // Certificates, keys and signatures of a session are all on the curve of its CI. SGP.22 2.6.7.2
  const server = verifyServer(chip, serverCertificate, ['dp-auth', 'ds-auth'], [credential.curve]);
  if (typeof server === 'string') return certificateError(server);
  const signed = fieldOctets(request, 'serverSigned1');
  if (!server.publicKey || !signed || !verify(server.publicKey, signed, serverSignature1)) return 'invalidSignature';
  const challenge = chip.memory.session?.challenge;
  if (!challenge) return 'noSessionContext';
  if (!equal(challenge, serverSigned1.euiccChallenge)) return 'euiccChallengeMismatch';
  return breaksDown(chip, 'authenticateServer') ? 'undefinedError' : { server };
};

/** ES10b.AuthenticateServer; returns the complete BF38. */
export const authenticateServer = (chip: Chip, request: Request): Uint8Array => {
  const { spec } = chip.world;
  const { serverSigned1, euiccCiPKIdToBeUsed } = request.value;
  const { transactionId, serverAddress, serverChallenge } = serverSigned1;
  const checked = check(chip, request);
  const credential = credentialFor(chip.credentials, euiccCiPKIdToBeUsed);
  if (typeof checked === 'string' || !credential) {
    const code = ERRORS[typeof checked === 'string' ? checked : 'undefinedError'];
    return encode(AuthenticateServerResponse, { authenticateResponseError: { transactionId, authenticateErrorCode: code } }, { spec });
  }
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
  const euiccSignature1 = sign(credential.key, euiccSigned1);
  chip.memory.session = {
    // Used once: a second AuthenticateServer needs a new challenge.
    challenge: undefined,
    transactionId,
    serverAddress,
    serverOids: checked.server.registeredIds ?? [],
    serverCiPKId: checked.server.authorityKeyId,
    credential,
    euiccSignature1: tlv(0x5f37, euiccSignature1),
  };
  const { euiccCertificate, eumCertificate } = credential;
  const authenticateResponseOk = { euiccSigned1: raw(euiccSigned1), euiccSignature1, euiccCertificate, eumCertificate };
  return encode(AuthenticateServerResponse, { authenticateResponseOk }, { spec });
};

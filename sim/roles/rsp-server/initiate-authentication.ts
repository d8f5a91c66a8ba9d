/** InitiateAuthentication as SM-DP+ and SM-DS do it. SGP.22 5.6.1, 5.8.1 */
import { encode } from '#protocol/asn1/encode.js';
import { tlv } from '#protocol/asn1/tlv.js';
import { raw, type Spec, type ValueOf } from '#protocol/asn1/type.js';
import { signDeterministically } from '#protocol/crypto/ecdsa.js';
import { ServerSigned1 } from '#protocol/rsp/authentication.js';
import { type InitiateAuthenticationRequest, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import type { World } from '../../role.js';
import { type CertificateIssuer, type Credential, firstIssuer } from './identity.js';

/** What the function needs to know of the server. */
export interface AuthenticatingServer {
  /** FQDN that callers have to name. */
  readonly address: string;
  /** Name of the certificate for authentication, without curve. */
  readonly certificate: string;
  readonly issuers: readonly (() => CertificateIssuer | undefined)[];
}

/** What a server keeps of a session that it has opened. */
export interface OpenedSession {
  readonly transactionId: Uint8Array;
  readonly serverChallenge: Uint8Array;
  /** CI under which the eUICC has to sign: euiccCiPKIdToBeUsed. */
  readonly euiccIssuer: CertificateIssuer;
  /** CI of the server's own certificates. */
  readonly serverIssuer: CertificateIssuer;
  readonly auth: Credential;
}

/** Why a session is not opened, in the words of the subject's sub-element: address .1, security .2, SVN .3, certificate .4. */
export type InitiationFault = 'address' | 'svn' | 'ciKey' | 'certificate';

/** An opened session with its answer, or the fault. */
export type Initiation = { readonly session: OpenedSession; readonly octets: Uint8Array } | { readonly fault: InitiationFault };

/** SVN 2.2 and later releases of version 2; older ones have other messages, version 3 another authentication. */
const isSupported = (svn: Uint8Array): boolean => svn[0] === 2 && (svn[1] ?? 0) >= 2;

const sameHost = (a: string, b: string): boolean => a.toLowerCase().replace(/\.$/, '') === b.toLowerCase().replace(/\.$/, '');

/** Opens a session, with the checks in the order of the specification. */
export const initiateAuthentication = (
  request: ValueOf<typeof InitiateAuthenticationRequest>,
  server: AuthenticatingServer,
  world: World,
): Initiation => {
  const { euiccInfo1, euiccChallenge, smdpAddress } = request;
  if (!sameHost(smdpAddress, server.address)) return { fault: 'address' };
  if (!isSupported(euiccInfo1.svn)) return { fault: 'svn' };
  const euiccIssuer = firstIssuer(euiccInfo1.euiccCiPKIdListForSigning, server.issuers);
  if (!euiccIssuer) return { fault: 'ciKey' };
  const serverIssuer = firstIssuer(
    euiccInfo1.euiccCiPKIdListForVerification,
    server.issuers,
    issuer => issuer.credential(server.certificate) !== undefined,
  );
  const auth = serverIssuer?.credential(server.certificate);
  if (!serverIssuer || !auth) return { fault: 'certificate' };
  const session = { transactionId: world.random(16), serverChallenge: world.random(16), euiccIssuer, serverIssuer, auth };
  return { session, octets: answer(session, euiccChallenge, server.address, world.spec) };
};

const answer = (session: OpenedSession, euiccChallenge: Uint8Array, serverAddress: string, spec: Spec): Uint8Array => {
  const { transactionId, serverChallenge, auth } = session;
  const signed = encode(ServerSigned1, { transactionId, euiccChallenge, serverAddress, serverChallenge }, { spec });
  return encode(
    InitiateAuthenticationResponse,
    {
      initiateAuthenticationOk: {
        transactionId,
        serverSigned1: raw(signed),
        serverSignature1: raw(tlv(0x5f37, signDeterministically(auth.key, signed))),
        euiccCiPKIdToBeUsed: session.euiccIssuer.keyId,
        serverCertificate: auth.certificate,
      },
    },
    { spec },
  );
};

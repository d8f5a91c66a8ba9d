/** InitiateAuthentication as SM-DP+ and SM-DS do it. SGP.22 5.6.1, 5.8.1 */
import { encode } from '#protocol/asn1/encode.js';
import { raw, type Spec, type ValueOf } from '#protocol/asn1/type.js';
import { ServerSigned1 } from '#protocol/rsp/authentication.js';
import { type InitiateAuthenticationRequest, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import type { World } from '../../role.js';
import type { ServerDecisions } from './decisions.js';
import { type CertificateIssuer, type Credential, firstIssuer } from './identity.js';
import { signedBy } from './signing.js';

/** What the function needs to know of the server. */
export interface AuthenticatingServer {
  /** FQDN that callers have to name. */
  readonly address: string;
  /** Name of the certificate for authentication, without curve. */
  readonly certificate: string;
  readonly issuers: readonly (() => CertificateIssuer | undefined)[];
  readonly decisions: ServerDecisions;
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

/** Opens a session, with the checks in the order of the specification. */
export const initiateAuthentication = (
  request: ValueOf<typeof InitiateAuthenticationRequest>,
  server: AuthenticatingServer,
  world: World,
): Initiation => {
  const { euiccInfo1, euiccChallenge, smdpAddress } = request;
  const { decisions } = server;
  const { euiccCiPKIdListForSigning: signing, euiccCiPKIdListForVerification: verification } = euiccInfo1;
  if (!decisions.acceptsAddress(server.address, smdpAddress)) return { fault: 'address' };
  if (!decisions.acceptsSvn(euiccInfo1.svn)) return { fault: 'svn' };
  // What the other CI has is read only for a decision that asks for it.
  const own = () => server.issuers.flatMap(issuer => issuer() ?? []);
  const euiccIssuer = decisions.choosesEuiccCi(firstIssuer(signing, server.issuers), own);
  if (!euiccIssuer) return { fault: 'ciKey' };
  const isOwn = (issuer: CertificateIssuer) => issuer.credential(server.certificate) !== undefined;
  const serverIssuer = decisions.choosesServerCi(firstIssuer(verification, server.issuers, isOwn), () => own().filter(isOwn));
  const auth = serverIssuer?.credential(server.certificate);
  if (!serverIssuer || !auth) return { fault: 'certificate' };
  const transactionId = decisions.newTransactionId(world.random);
  const session = { transactionId, serverChallenge: decisions.newServerChallenge(world.random), euiccIssuer, serverIssuer, auth };
  return { session, octets: answer(session, euiccChallenge, server, world.spec) };
};

const answer = (session: OpenedSession, euiccChallenge: Uint8Array, server: AuthenticatingServer, spec: Spec): Uint8Array => {
  const { transactionId, serverChallenge, auth } = session;
  const value = { transactionId, euiccChallenge, serverAddress: server.address, serverChallenge };
  const { signed, signature } = signedBy(server.decisions, 'serverSigned1', encode(ServerSigned1, value, { spec }), auth.key);
  return encode(
    InitiateAuthenticationResponse,
    {
      initiateAuthenticationOk: {
        transactionId,
        serverSigned1: raw(signed),
        serverSignature1: raw(signature),
        euiccCiPKIdToBeUsed: session.euiccIssuer.keyId,
        serverCertificate: auth.certificate,
      },
    },
    { spec },
  );
};

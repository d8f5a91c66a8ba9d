/** What TLS libraries do not look at in the certificate of an RSP server: its curve, its purpose and its role. SGP.22 2.6.6, 4.5.2.1 */
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { type ChainFault, fault } from '#protocol/x509/chain-fault.js';
import { checkRole, type Role } from '#protocol/x509/roles.js';
import type { RspInterface } from '../roles/eim/rsp-servers.js';

const ROLES: Readonly<Record<RspInterface, Role>> = { 'ES9+': 'dp-tls', ES11: 'ds-tls' };

/** Why a chain (DER, leaf first), valid otherwise, is not that of a server of the interface; undefined when it is. */
export const serverCertificateFault = (
  rspInterface: RspInterface,
  chain: readonly Uint8Array[],
): { readonly code: ChainFault; readonly message: string } | undefined => {
  const leaf = parseCertificate(chain[0] ?? new Uint8Array());
  if (isProblem(leaf)) return fault('format', leaf.problem);
  if (!leaf.publicKey) return fault('curve', `expected a key on P-256 or brainpoolP256r1 in the server's certificate, got ${leaf.keyName}`);
  return checkRole([leaf], ROLES[rspInterface]);
};

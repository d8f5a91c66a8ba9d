/** Judgements that SM-DP+ and SM-DS make alike, each as a small function of plain data. SGP.22 5.6.1, 5.6.3, 5.8.1, 5.8.2 */
import { equal } from '#protocol/asn1/tlv.js';
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import type { ChainFault } from '#protocol/x509/chain-fault.js';
import type { CertificateIssuer } from './identity.js';

/** What a server signs for an eUICC. */
export type ServerSigned = 'serverSigned1' | 'smdpSigned2';
/** What an eUICC signs for a server within a session. */
export type EuiccSignature = 'euiccSignature1' | 'euiccSignature2' | 'euiccCancelSessionSignature';

/** Judgements on opening a session and on the eUICC that proves itself. */
export interface ServerDecisions {
  acceptsAddress(own: string, given: string): boolean;
  acceptsSvn(svn: Uint8Array): boolean;
  /** CI under which the eUICC has to sign; found undefined: the server has none of those that the eUICC offers. */
  choosesEuiccCi(found: CertificateIssuer | undefined, own: () => readonly CertificateIssuer[]): CertificateIssuer | undefined;
  /** CI of the server's own certificates; found undefined: it has none under a CI that the eUICC can verify. */
  choosesServerCi(found: CertificateIssuer | undefined, own: () => readonly CertificateIssuer[]): CertificateIssuer | undefined;
  newTransactionId(random: (count: number) => Uint8Array): Uint8Array;
  newServerChallenge(random: (count: number) => Uint8Array): Uint8Array;
  /** `30 …`, before it is signed. */
  writesSigned(name: ServerSigned, octets: Uint8Array): Uint8Array;
  signingKey(name: ServerSigned, key: PrivateKey): PrivateKey;
  /** The 64 octets r and s as they go out. */
  writesSignature(name: ServerSigned, signature: Uint8Array): Uint8Array;
  /** TransactionID of the session against the one that the eUICC signed. */
  acceptsTransactionId(expected: Uint8Array, signed: Uint8Array): boolean;
  /** fault undefined: the certificate is that of its owner and leads to the CI. */
  acceptsCertificate(owner: 'eum' | 'euicc', fault: ChainFault | undefined): boolean;
  /** Status code for a certificate that is not accepted. */
  blamesCertificate(owner: 'eum' | 'euicc', fault: ChainFault): string;
  acceptsSignature(name: EuiccSignature, valid: boolean): boolean;
  acceptsServerChallenge(sent: Uint8Array, found: Uint8Array): boolean;
  acceptsServerAddress(own: string, found: string): boolean;
}

const sameHost = (a: string, b: string): boolean => a.toLowerCase().replace(/\.$/, '') === b.toLowerCase().replace(/\.$/, '');

/** Behaviour as specified. */
export const correctServer: ServerDecisions = {
  acceptsAddress: sameHost,
  // SVN 2.2 and later releases of version 2; older ones have other messages, version 3 another authentication.
  acceptsSvn: svn => svn[0] === 2 && (svn[1] ?? 0) >= 2,
  choosesEuiccCi: found => found,
  choosesServerCi: found => found,
  newTransactionId: random => random(16),
  newServerChallenge: random => random(16),
  writesSigned: (_name, octets) => octets,
  signingKey: (_name, key) => key,
  writesSignature: (_name, signature) => signature,
  acceptsTransactionId: equal,
  acceptsCertificate: (_owner, fault) => fault === undefined,
  blamesCertificate: (owner, fault) => {
    if (owner === 'eum' && fault === 'unknownIssuer') return '8.11.1/3.9';
    return `${owner === 'eum' ? '8.1.2' : '8.1.3'}/${fault === 'expired' ? '6.3' : '6.1'}`;
  },
  acceptsSignature: (_name, valid) => valid,
  acceptsServerChallenge: equal,
  acceptsServerAddress: (own, found) => own === found,
};

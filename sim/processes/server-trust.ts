/**
 * How an IPA trusts the TLS certificates of its servers: that of an eIM as trustedPublicKeyDataTls of its configuration data
 * says, those of RSP servers by the CIs. Everything is judged here, and nothing by the TLS library. SGP.32 2.6.3, 2.11.1.1.1, 4.3; SGP.22 2.6.6
 */
import { equal, hex } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import type { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { type Certificate, isProblem, parseCertificate, verifySignature } from '#protocol/x509/certificate.js';
import { type ChainFault, fault } from '#protocol/x509/chain-fault.js';
import { nameText } from '#protocol/x509/name.js';
import { checkRole, type Role } from '#protocol/x509/roles.js';
import { verifyChain } from '#protocol/x509/verify.js';
import type { Judge } from '../../adapters/tls-connect.js';

type TrustedData = ValueOf<typeof EimConfigurationData>['trustedPublicKeyDataTls'];

/** What may be wrong with a server's certificate; `key`: it is not the one that is trusted. */
export type ServerFault = ChainFault | 'name' | 'key';
interface Found {
  readonly code: ServerFault;
  readonly message: string;
}

/** What the judgement depends on besides the certificates. */
export interface TrustOptions {
  /** DER of the trusted CIs. */
  readonly anchors: readonly Uint8Array[];
  readonly now: () => Date;
  /** Whether a server is taken in spite of a fault. */
  readonly accepts: (fault: ServerFault) => boolean;
}

/** The leaf has the key, or a certificate with the key signed it through those in between. */
const leadsTo = (spki: Uint8Array, [last, ...above]: readonly Certificate[]): boolean => {
  if (!last) return false;
  if (equal(last.spki, spki)) return true;
  const issuer = above[0]?.publicKey;
  return issuer !== undefined && verifySignature(last, issuer) && leadsTo(spki, above);
};

const validityFault = ({ subject, notBefore, notAfter }: Certificate, now: Date): Found | undefined => {
  if (now < notBefore) return fault('notYetValid', `${nameText(subject)} is valid from ${notBefore.toISOString()}`);
  return now > notAfter ? fault('expired', `${nameText(subject)} was valid until ${notAfter.toISOString()}`) : undefined;
};

/** Every fault, in the order in which they are looked for. */
function* faultsOf(
  shown: readonly Uint8Array[],
  misnamed: string | undefined,
  roles: readonly Role[],
  options: TrustOptions,
  spki?: Uint8Array,
): Iterable<Found> {
  const [leaf, ...above] = shown.map(parseCertificate);
  if (!leaf || isProblem(leaf)) {
    yield { code: 'format', message: `its certificate cannot be read${leaf ? `: ${leaf.problem}` : ''}` };
    return;
  }
  if (misnamed !== undefined) yield { code: 'name', message: misnamed };
  const intermediates = above.filter((one): one is Certificate => !isProblem(one));
  let chain: readonly Certificate[] = [leaf];
  if (!leaf.publicKey) yield fault('curve', `expected a key on P-256 or brainpoolP256r1 in its certificate, got ${leaf.keyName}`);
  else if (spki) {
    if (!leadsTo(spki, [leaf, ...intermediates]))
      yield { code: 'key', message: 'its certificate does not have the key that the eUICC trusts' };
  } else {
    const verified = verifyChain({ leaf, intermediates, anchors: options.anchors });
    if (verified.ok) ({ chain } = verified);
    else yield verified;
  }
  const outdated = chain.map(one => validityFault(one, options.now())).find(found => found !== undefined);
  if (outdated) yield outdated;
  const unfit = roles.map(role => checkRole([leaf], role));
  if (unfit[0] && unfit.every(found => found)) yield unfit[0];
}

const judgeFor =
  (roles: readonly Role[], options: TrustOptions, spki?: Uint8Array): Judge =>
  (shown, misnamed) => {
    for (const { code, message } of faultsOf(shown, misnamed, roles, options, spki)) if (!options.accepts(code)) return message;
    return undefined;
  };

/** How an eIM is trusted; `key` tells whether two of them are trusted in the same way. */
export interface EimTrust {
  readonly key: string;
  readonly judge: Judge;
}

/** By its key, by its certificate or that of its CA, or by the CIs when the eUICC has neither. */
export const eimTrust = (data: TrustedData, options: TrustOptions): EimTrust => {
  const { trustedEimPkTls: spki, trustedCertificateTls: certificate } = data ?? {};
  if (spki) return { key: hex(spki), judge: judgeFor(['eim-tls'], options, spki) };
  if (certificate) return { key: hex(certificate), judge: judgeFor(['eim-tls'], { ...options, anchors: [certificate] }) };
  return { key: '', judge: judgeFor(['eim-tls'], options) };
};

/** An SM-DP+ or SM-DS is trusted by the CIs. On ES9+ it may be an SM-DS as well: an event does not tell which of them it names. SGP.32 3.9.2.1 */
export const rspServerJudge = (rspInterface: 'ES9+' | 'ES11', options: TrustOptions): Judge =>
  judgeFor(rspInterface === 'ES9+' ? ['dp-tls', 'ds-tls'] : ['ds-tls'], options);

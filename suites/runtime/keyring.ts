/** The keys that the signatures of a sequence are verified with, and the session values that they cover. */
import type { Decoded } from '#protocol/asn1/element.js';
import { equal, hex } from '#protocol/asn1/tlv.js';
import { type PublicKey, verify, verifyIndependently } from '#protocol/crypto/ecdsa.js';
import {
  partsIn,
  type SignatureSite,
  type Signer,
  type SigningContext,
  signatureOctets,
  signaturesIn,
  signedOctets,
} from '#protocol/signatures.js';
import type { SignatureCheck } from '../../reports/record.js';

/** A key with the name it has in reports. */
export interface NamedKey {
  readonly id: string;
  readonly key: PublicKey;
}

/** What one party knows of keys and sessions. */
export interface KeySource {
  keys(signer: Signer, message: Decoded, site: SignatureSite): readonly NamedKey[];
  context(message: Decoded, site: SignatureSite): SigningContext;
  /** eimSignatures of the requests that a result can be of, the likeliest last; one of v1.0 covers that of its request. */
  requests?(message: Decoded, site: SignatureSite): readonly Uint8Array[];
}

/** Joins the knowledge of all parties: every key that any of them has, the context of the first that has one. */
export const joinKeySources = (sources: readonly KeySource[]): KeySource => ({
  keys: (signer, message, site) => {
    const all = sources.flatMap(s => s.keys(signer, message, site));
    return all.filter((k, n) => all.findIndex(other => equal(other.key.point, k.key.point)) === n);
  },
  context: (message, site) => Object.assign({}, ...sources.map(s => defined(s.context(message, site)))),
  requests: (message, site) => sources.flatMap(s => s.requests?.(message, site) ?? []),
});
const defined = (given: SigningContext): SigningContext => Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined));

/** The octets that a signature can cover, the likeliest first; or what is not known of them. */
const coveredBy = (message: Decoded, site: SignatureSite, source: KeySource): readonly Uint8Array[] | { readonly missing: string } => {
  const context = source.context(message, site);
  const covered = signedOctets(message, site, context);
  if ('octets' in covered) return [covered.octets];
  const requests = covered.missing === 'eimSignature' ? (source.requests?.(message, site) ?? []).toReversed() : [];
  const found = requests.flatMap(eimSignature => {
    const one = signedOctets(message, site, { ...context, eimSignature });
    return 'octets' in one ? [one.octets] : [];
  });
  return found.length > 0 ? found : covered;
};

/**
 * Verifies every signature of a message over the octets received. A signature counts as valid when one of the keys
 * known for its signer verifies it; before it counts as invalid, a second, independent implementation has to agree.
 */
export const checkSignatures = (message: Decoded, source: KeySource): SignatureCheck[] =>
  signaturesIn(message).map(site => checkSignature(message, site, source));

const checkSignature = (message: Decoded, site: SignatureSite, source: KeySource): SignatureCheck => {
  const signature = signatureOctets(message, site);
  const keys = source.keys(site.rule.signer, message, site);
  const covered = coveredBy(message, site, source);
  const candidates = 'missing' in covered ? [] : covered;
  const verified = (by: typeof verify) =>
    keys.flatMap(named => candidates.map(octets => ({ named, octets }))).find(({ named, octets }) => by(named.key, octets, signature));
  const valid = verified(verify);
  const result = (verdict: SignatureCheck['verdict'], keyId: string, curve: string, reason: string): SignatureCheck => ({
    field: site.path,
    signedOctets: hex(valid?.octets ?? candidates[0] ?? NOTHING),
    signedRange: partsIn(site.rule, message.spec)
      .map(p => ('field' in p ? p.field : p.context))
      .join(' || '),
    signature: hex(signature),
    keyId,
    curve,
    verdict,
    reason,
  });
  const unchecked = (reason: string): SignatureCheck => result('notChecked', '', '', reason);
  if ('missing' in covered) return unchecked(`${covered.missing} is not known here`);
  const [first] = keys;
  if (!first) return unchecked(`no key of the ${SIGNER_WORDS[site.rule.signer]} is known here`);
  if (valid) return result('valid', valid.named.id, valid.named.key.curve, '');
  const tried = keys.map(k => k.id).join(', ');
  const invalid = (reason: string): SignatureCheck => result('invalid', tried, first.key.curve, reason);
  if (signature.length !== 64) return invalid(`${signature.length} octets instead of the 64 of raw r‖s`);
  const second = verified(verifyIndependently);
  if (second) return unchecked(`two implementations disagree on it (key ${second.named.id})`);
  return invalid(`does not verify with ${tried}`);
};

const NOTHING = new Uint8Array();
const SIGNER_WORDS: Readonly<Record<Signer, string>> = { eim: 'eIM', euicc: 'eUICC', serverAuth: 'RSP server', dpPb: 'SM-DP+' };

/** The keys that the signatures of a sequence are verified with, and the session values that they cover. */
import type { Decoded } from '#protocol/asn1/element.js';
import { equal, hex } from '#protocol/asn1/tlv.js';
import { type PublicKey, verify, verifyIndependently } from '#protocol/crypto/ecdsa.js';
import { type SignatureSite, type Signer, type SigningContext, signaturesIn, signedOctets } from '#protocol/signatures.js';
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
}

/** Joins the knowledge of all parties: every key that any of them has, the context of the first that has one. */
export const joinKeySources = (sources: readonly KeySource[]): KeySource => ({
  keys: (signer, message, site) => {
    const all = sources.flatMap(s => s.keys(signer, message, site));
    return all.filter((k, n) => all.findIndex(other => equal(other.key.point, k.key.point)) === n);
  },
  context: (message, site) => Object.assign({}, ...sources.map(s => defined(s.context(message, site)))),
});
const defined = (given: SigningContext): SigningContext => Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined));

/**
 * Verifies every signature of a message over the octets received. A signature counts as valid when one of the keys
 * known for its signer verifies it; before it counts as invalid, a second, independent implementation has to agree.
 */
export const checkSignatures = (message: Decoded, source: KeySource): SignatureCheck[] =>
  signaturesIn(message).map(site => checkSignature(message, site, source));

const checkSignature = (message: Decoded, site: SignatureSite, source: KeySource): SignatureCheck => {
  const signature = message.octets.subarray(site.signature.content, site.signature.end);
  const keys = source.keys(site.rule.signer, message, site);
  const covered = signedOctets(message, site, source.context(message, site));
  const about = {
    field: site.path,
    signedOctets: 'octets' in covered ? hex(covered.octets) : '',
    signedRange: site.rule.parts.map(p => ('field' in p ? p.field : p.context)).join(' ‖ '),
    signature: hex(signature),
  };
  const unchecked = (reason: string): SignatureCheck => ({ ...about, keyId: '', curve: '', verdict: 'notChecked', reason });
  if ('missing' in covered) return unchecked(`${covered.missing} is not known here`);
  const [first] = keys;
  if (!first) return unchecked(`no key of the ${SIGNER_WORDS[site.rule.signer]} is known here`);
  const valid = keys.find(k => verify(k.key, covered.octets, signature));
  if (valid) return { ...about, keyId: valid.id, curve: valid.key.curve, verdict: 'valid', reason: '' };
  const named = { keyId: keys.map(k => k.id).join(', '), curve: first.key.curve };
  if (signature.length !== 64)
    return { ...about, ...named, verdict: 'invalid', reason: `${signature.length} octets instead of the 64 of raw r‖s` };
  const second = keys.find(k => verifyIndependently(k.key, covered.octets, signature));
  if (second) return unchecked(`two implementations disagree on it (key ${second.id})`);
  return { ...about, ...named, verdict: 'invalid', reason: `does not verify with ${named.keyId}` };
};

const SIGNER_WORDS: Readonly<Record<Signer, string>> = { eim: 'eIM', euicc: 'eUICC', serverAuth: 'RSP server', dpPb: 'SM-DP+' };

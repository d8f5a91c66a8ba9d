import { equal, hex } from '../asn1/tlv.js';
import { type Certificate, isProblem, parseCertificate, verifySignature } from './certificate.js';
import { type ChainResult, type Fault, fault } from './chain-fault.js';
import { nameText } from './name.js';
import { checkNameConstraints } from './name-constraints.js';
import { checkRole, type Role } from './roles.js';

export type { ChainFault, ChainResult } from './chain-fault.js';
export type { Role } from './roles.js';

/** What to verify: certificates as DER or already parsed. */
export interface ChainRequest {
  readonly leaf: Uint8Array | Certificate;
  readonly intermediates: readonly (Uint8Array | Certificate)[];
  /** Trusted CAs, and single certificates trusted as such. */
  readonly anchors: readonly (Uint8Array | Certificate)[];
  /** Moment for the validity periods; without it they are not checked, as on an eUICC. */
  readonly at?: Date;
  /** Role the leaf must have; without it any end entity is accepted. */
  readonly role?: Role;
}

// CI, CI SubCA, EUM, EUM SubCA, leaf is the longest chain of SGP.22 v3; more can only be a loop or a mistake.
const LONGEST = 6;

const isIssuerOf = (candidate: Certificate, certificate: Certificate): boolean => {
  if (!equal(candidate.subject.octets, certificate.issuer.octets)) return false;
  const { authorityKeyId } = certificate;
  return !authorityKeyId || !candidate.subjectKeyId || equal(authorityKeyId, candidate.subjectKeyId);
};

interface Pool {
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
}

/** The certificates from `last` up to an anchor: the first path whose signatures all verify. `below` leads to `last`. */
const climb = (last: Certificate, below: readonly Certificate[], pool: Pool): readonly Certificate[] | Fault => {
  const path = [...below, last];
  if (pool.anchors.some(anchor => equal(anchor.der, last.der))) return path;
  const candidates = [...pool.anchors, ...pool.intermediates].filter(c => isIssuerOf(c, last) && !path.includes(c));
  if (candidates.length === 0 || path.length >= LONGEST) {
    const id = last.authorityKeyId ? ` with key id ${hex(last.authorityKeyId)}` : '';
    return fault('unknownIssuer', `no certificate of ${nameText(last.issuer)}${id} leads from ${nameText(last.subject)} to a trusted one`);
  }
  let firstFault: Fault | undefined;
  for (const candidate of candidates) {
    const verified = candidate.publicKey !== undefined && verifySignature(last, candidate.publicKey);
    const result = verified ? climb(candidate, path, pool) : undefined;
    if (result && !('ok' in result)) return result;
    const reason = candidate.publicKey ? 'does not verify with the key' : `cannot be verified with the ${candidate.keyName} key`;
    firstFault ??= result ?? fault('signature', `signature of ${nameText(last.subject)} ${reason} of ${nameText(candidate.subject)}`);
  }
  return firstFault ?? fault('unknownIssuer', `no issuer of ${nameText(last.subject)}`);
};

const checkValidity = (chain: readonly Certificate[], at: Date): Fault | undefined => {
  for (const { subject, notBefore, notAfter } of chain) {
    if (at < notBefore)
      return fault('notYetValid', `${nameText(subject)} is valid from ${notBefore.toISOString()}, checked at ${at.toISOString()}`);
    if (at > notAfter)
      return fault('expired', `${nameText(subject)} was valid until ${notAfter.toISOString()}, checked at ${at.toISOString()}`);
  }
  return undefined;
};

/** RFC 5280 6.1.4: every certificate above the leaf must be a CA that may sign certificates, with few enough CAs below it. */
const checkAuthorities = (chain: readonly Certificate[]): Fault | undefined => {
  for (const [below, { subject, basicConstraints, keyUsage }] of chain.slice(1).entries()) {
    if (!basicConstraints?.ca) return fault('keyUsage', `${nameText(subject)} issued a certificate but is no CA by basicConstraints`);
    if (keyUsage && !keyUsage.includes('keyCertSign'))
      return fault('keyUsage', `${nameText(subject)} is a CA whose keyUsage lacks keyCertSign`);
    const { pathLength } = basicConstraints;
    if (pathLength !== undefined && below > pathLength) {
      return fault('keyUsage', `${nameText(subject)} allows ${pathLength} CAs below it, the chain has ${below}`);
    }
  }
  return undefined;
};

const checkForm = (chain: readonly Certificate[]): Fault | undefined => {
  for (const { subject, unknownCritical } of chain) {
    if (unknownCritical.length > 0) return fault('format', `${nameText(subject)} has the unknown critical extension ${unknownCritical[0]}`);
  }
  return undefined;
};

/** All certificates of an RSP session use one curve. SGP.22 2.6.7.2 */
const checkCurves = (chain: readonly Certificate[]): Fault | undefined => {
  const curves = new Set(chain.map(certificate => certificate.keyName));
  return curves.size > 1 ? fault('curve', `expected one curve in the chain, got ${[...curves].join(' and ')}`) : undefined;
};

const parseAll = (inputs: readonly (Uint8Array | Certificate)[], what: string): readonly Certificate[] | Fault => {
  const list: Certificate[] = [];
  for (const [index, input] of inputs.entries()) {
    const parsed = input instanceof Uint8Array ? parseCertificate(input) : input;
    if (isProblem(parsed)) return fault('format', `${what} ${index}: ${parsed.problem}`);
    list.push(parsed);
  }
  return list;
};

/**
 * Verifies a certificate up to a trusted one: signatures over the received octets, CA rules, validity when a moment is
 * given, and the rules of the role when one is given. Never throws. RFC 5280 6.1, SGP.22 4.5.2
 */
export const verifyChain = (request: ChainRequest): ChainResult => {
  const leaves = parseAll([request.leaf], 'leaf');
  if ('ok' in leaves) return leaves;
  const intermediates = parseAll(request.intermediates, 'intermediate');
  if ('ok' in intermediates) return intermediates;
  const anchors = parseAll(request.anchors, 'anchor');
  if ('ok' in anchors) return anchors;
  const [leaf] = leaves;
  if (!leaf) return fault('format', 'no leaf');
  if (!leaf.publicKey)
    return fault('curve', `expected a key on P-256 or brainpoolP256r1 in ${nameText(leaf.subject)}, got ${leaf.keyName}`);
  const chain = climb(leaf, [], { intermediates, anchors });
  if ('ok' in chain) return chain;
  return (
    (request.at && checkValidity(chain, request.at)) ??
    checkAuthorities(chain) ??
    checkForm(chain) ??
    (request.role && (checkCurves(chain) ?? checkRole(chain, request.role))) ??
    checkNameConstraints(chain, request.role) ?? { ok: true, chain }
  );
};

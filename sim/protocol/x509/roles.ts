import type { Certificate } from './certificate.js';
import { type Fault, fault } from './chain-fault.js';
import { nameText } from './name.js';
import { type KeyUsage, PURPOSES, ROLE_POLICIES } from './oids.js';

/** What a leaf certificate is presented as. SGP.22 4.5.2.1; the eIM's two roles SGP.32 2.6.2 */
export type Role = 'eum' | 'euicc' | 'dp-auth' | 'dp-pb' | 'dp-tls' | 'ds-auth' | 'ds-tls' | 'eim-sign' | 'eim-tls';

type Policy = keyof typeof ROLE_POLICIES;

interface Rule {
  /** Role the certificate policy must name; an eIM has none. */
  readonly policy?: Policy;
  readonly keyUsage: KeyUsage;
  readonly isServer?: boolean;
  /** Whether subjectAltName must carry the OID by which the eUICC compares certificates of one server. */
  readonly needsOid?: boolean;
  /** Policies a CA between leaf and anchor may name. */
  readonly issuers: readonly Policy[];
}

const dp: readonly Policy[] = ['dp-sub', 'ci-sub'];
const ds: readonly Policy[] = ['ds-sub', 'ci-sub'];
const RULES: Readonly<Record<Role, Rule>> = {
  eum: { policy: 'eum', keyUsage: 'keyCertSign', issuers: ['ci-sub'] },
  euicc: { policy: 'euicc', keyUsage: 'digitalSignature', issuers: ['eum', 'eum-sub', 'ci-sub'] },
  'dp-auth': { policy: 'dp-auth', keyUsage: 'digitalSignature', needsOid: true, issuers: dp },
  'dp-pb': { policy: 'dp-pb', keyUsage: 'digitalSignature', needsOid: true, issuers: dp },
  'dp-tls': { policy: 'dp-tls', keyUsage: 'digitalSignature', isServer: true, issuers: dp },
  'ds-auth': { policy: 'ds-auth', keyUsage: 'digitalSignature', needsOid: true, issuers: ds },
  'ds-tls': { policy: 'ds-tls', keyUsage: 'digitalSignature', isServer: true, issuers: ds },
  'eim-sign': { keyUsage: 'digitalSignature', issuers: [] },
  'eim-tls': { keyUsage: 'digitalSignature', isServer: true, issuers: [] },
};

const names = (certificate: Certificate, policy: Policy): boolean =>
  ROLE_POLICIES[policy].some(oid => certificate.policies?.includes(oid) === true);
const policyText = (certificate: Certificate): string => certificate.policies?.join(', ') ?? 'none';

const checkLeaf = (leaf: Certificate, role: Role, rule: Rule): Fault | undefined => {
  const who = nameText(leaf.subject);
  if (rule.policy && !names(leaf, rule.policy)) {
    return fault('role', `expected the policy ${ROLE_POLICIES[rule.policy].join(' or ')} (${role}) in ${who}, got ${policyText(leaf)}`);
  }
  if (!leaf.keyUsage?.includes(rule.keyUsage)) {
    return fault('keyUsage', `expected keyUsage ${rule.keyUsage} in ${who}, got ${leaf.keyUsage?.join(', ') ?? 'none'}`);
  }
  if (rule.isServer && !leaf.extendedKeyUsage?.includes(PURPOSES.serverAuth)) {
    return fault('keyUsage', `expected extendedKeyUsage serverAuth in ${who}, got ${leaf.extendedKeyUsage?.join(', ') ?? 'none'}`);
  }
  if (rule.needsOid && !leaf.registeredIds?.length) return fault('role', `expected the server's OID as registeredID in ${who}, got none`);
  if (role === 'eum' && !leaf.basicConstraints?.ca) return fault('keyUsage', `expected a CA by basicConstraints in ${who}`);
  return undefined;
};

/** Whether the leaf may act in the role and every CA between it and the anchor may issue for that role. SGP.22 4.5.2 */
export const checkRole = (chain: readonly Certificate[], role: Role): Fault | undefined => {
  const [leaf, ...authorities] = chain;
  if (!leaf) return undefined;
  const rule = RULES[role];
  const wrong = checkLeaf(leaf, role, rule);
  if (wrong) return wrong;
  if (!rule.policy) return undefined;
  for (const [index, authority] of authorities.slice(0, -1).entries()) {
    // Only an EUM or its subordinate signs eUICC certificates, whatever stands above it.
    const allowed = role === 'euicc' && index === 0 ? rule.issuers.filter(policy => policy !== 'ci-sub') : rule.issuers;
    if (!allowed.some(policy => names(authority, policy))) {
      return fault(
        'role',
        `${nameText(authority.subject)} with policy ${policyText(authority)} may not stand above a certificate for ${role}`,
      );
    }
  }
  if (role === 'euicc' && authorities.length === 1 && !names(authorities[0] as Certificate, 'eum')) {
    return fault('role', `expected an EUM above ${nameText(leaf.subject)}, got ${nameText((authorities[0] as Certificate).subject)}`);
  }
  return undefined;
};

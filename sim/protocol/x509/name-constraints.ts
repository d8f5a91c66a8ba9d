import type { Certificate } from './certificate.js';
import { type Fault, fault } from './chain-fault.js';
import { type Attribute, attribute, type DistinguishedName, nameText } from './name.js';
import type { Role } from './roles.js';

// SGP.22 4.5.2.1.0.2 differs from RFC 5280 here: the serialNumber of the subtree is a prefix of the EID, and the
// attributes may stand anywhere in the subject.
const permits = (subtree: DistinguishedName, subject: readonly Attribute[]): boolean =>
  subtree.attributes.every(({ type, value }) =>
    subject.some(found => found.type === type && (type === 'serialNumber' ? found.value.startsWith(value) : found.value === value)),
  );

const checkBelow = (authority: Certificate, below: readonly Certificate[]): Fault | undefined => {
  const { permittedNames = [], permittedEins, hasOtherConstraints } = authority;
  const who = nameText(authority.subject);
  if (hasOtherConstraints) return fault('nameConstraint', `${who} has name constraints other than permitted directory names`);
  for (const { subject } of below) {
    if (permittedNames.length > 0 && !permittedNames.some(subtree => permits(subtree, subject.attributes))) {
      return fault('nameConstraint', `${who} permits ${permittedNames.map(nameText).join(' or ')}, got ${nameText(subject)}`);
    }
    const eid = attribute(subject, 'serialNumber');
    if (permittedEins && eid !== undefined && !permittedEins.some(ein => eid.startsWith(ein))) {
      return fault('nameConstraint', `${who} permits EIDs that start with ${permittedEins.join(' or ')}, got ${eid}`);
    }
  }
  return undefined;
};

const limitsEids = ({ permittedNames = [], permittedEins }: Certificate): boolean =>
  permittedEins !== undefined || (permittedNames.length > 0 && permittedNames.every(name => attribute(name, 'serialNumber') !== undefined));

/**
 * Whether each name lies in what the CAs above it permit. For an eUICC the CA directly above must limit the EIDs: in
 * nameConstraints with O and serialNumber (v2) or in the list of EUM identification numbers (v3). SGP.22 4.5.2.1.0.2
 */
export const checkNameConstraints = (chain: readonly Certificate[], role?: Role): Fault | undefined => {
  for (const [index, authority] of chain.entries()) {
    const wrong = index === 0 ? undefined : checkBelow(authority, chain.slice(0, index));
    if (wrong) return wrong;
  }
  if (role !== 'euicc') return undefined;
  const [leaf, ...authorities] = chain;
  const eid = leaf && attribute(leaf.subject, 'serialNumber');
  if (!eid || !/^\d{32}$/.test(eid)) return fault('nameConstraint', `expected an EID of 32 digits as serialNumber, got ${eid ?? 'none'}`);
  if (!authorities.some(limitsEids)) {
    return fault('nameConstraint', `expected an EUM that limits the EIDs below it, got none above ${leaf ? nameText(leaf.subject) : ''}`);
  }
  return undefined;
};

/** Profile Policy Rules against the Rules Authorisation Table. SGP.22 2.9.2, 2.9.3, 3.1.3 */
import { equal } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import type { OperatorId, RulesAuthorisationTable } from '#protocol/rsp/basic.js';

type Operator = ValueOf<typeof OperatorId>;

/** An E in a nibble of the rule's mccMnc stands for any digit. SGP.22 2.9.2.1 */
const plmnFits = (rule: Uint8Array, owner: Uint8Array): boolean =>
  rule.length === owner.length &&
  rule.every((octet, n) => {
    const other = owner[n] as number;
    return (octet >> 4 === 0xe || octet >> 4 === other >> 4) && ((octet & 15) === 0xe || (octet & 15) === (other & 15));
  });

/** Absent matches absent, empty matches any, otherwise equal. */
const gidFits = (rule: Uint8Array | undefined, owner: Uint8Array | undefined): boolean =>
  rule === undefined ? owner === undefined : rule.length === 0 || (owner !== undefined && equal(rule, owner));

const operatorFits = (rule: Operator, owner: Operator): boolean =>
  plmnFits(rule.mccMnc, owner.mccMnc) && gidFits(rule.gid1, owner.gid1) && gidFits(rule.gid2, owner.gid2);

/** Whether rules of a profile may be installed, and whether an end user must consent. */
export interface PolicyVerdict {
  readonly isAllowed: boolean;
  readonly needsConsent: boolean;
}

const KNOWN: ReadonlySet<string> = new Set(['ppr1', 'ppr2']);

/**
 * Judges the profilePolicyRules of a metadata object. pprUpdateControl is not looked at; an unknown rule, a rule without
 * owner, and ppr1 beside an installed operational profile are not allowed.
 */
export const judgePolicy = (
  metadata: { readonly profilePolicyRules?: readonly string[]; readonly profileOwner?: Operator },
  rat: ValueOf<typeof RulesAuthorisationTable>,
  hasOperationalProfile: boolean,
): PolicyVerdict => {
  const rules = (metadata.profilePolicyRules ?? []).filter(rule => rule !== 'pprUpdateControl');
  const owner = metadata.profileOwner;
  const entries = rules.map(
    rule => owner && rat.find(e => e.pprIds.includes(rule) && e.allowedOperators.some(o => operatorFits(o, owner))),
  );
  const isAllowed =
    rules.every(rule => KNOWN.has(rule)) &&
    entries.every(entry => entry !== undefined) &&
    !(rules.includes('ppr1') && hasOperationalProfile);
  return { isAllowed, needsConsent: isAllowed && entries.some(entry => entry?.pprFlags.includes('consentRequired')) };
};

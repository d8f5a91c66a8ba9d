/** Whether the policy rules of a Profile are allowed on an eUICC, judged by its Rules Authorisation Table. SGP.22 2.9.2, 3.1.3 */
import { decode } from '#protocol/asn1/decode.js';
import { equal } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { StoreMetadataRequest } from '#protocol/iot/profile.js';
import { type OperatorId, RulesAuthorisationTable } from '#protocol/rsp/basic.js';
import type { EuiccRecord } from './state.js';

type Operator = ValueOf<typeof OperatorId>;

/** A nibble E of the table stands for any digit. */
const isSamePlmn = (allowed: Uint8Array, owner: Uint8Array): boolean =>
  allowed.length === owner.length &&
  allowed.every((octet, i) => {
    const found = owner[i] ?? 0;
    const isSame = (shift: number) => ((octet >> shift) & 0x0f) === 0x0e || ((octet >> shift) & 0x0f) === ((found >> shift) & 0x0f);
    return isSame(0) && isSame(4);
  });
/** Absent matches absent, an empty value any value. */
const isSameGid = (allowed: Uint8Array | undefined, owner: Uint8Array | undefined): boolean => {
  if (allowed === undefined) return owner === undefined;
  return allowed.length === 0 || (owner !== undefined && equal(allowed, owner));
};
const isAllowedOperator = (allowed: Operator, owner: Operator): boolean =>
  isSamePlmn(allowed.mccMnc, owner.mccMnc) && isSameGid(allowed.gid1, owner.gid1) && isSameGid(allowed.gid2, owner.gid2);

/** Judges metadata `BF25 …`; a table that is not known allows nothing. */
export const allowsPolicyRules = (metadata: Uint8Array, record: EuiccRecord | undefined): boolean => {
  const { value } = decode(StoreMetadataRequest, metadata);
  const rules = (value.profilePolicyRules ?? []).filter(name => name !== 'pprUpdateControl');
  if (rules.length === 0) return true;
  const owner = value.profileOwner;
  const table = record?.data.rat && decode(RulesAuthorisationTable, record.data.rat);
  if (!owner || !table?.ok) return false;
  // PPR1 is only for the first operational Profile of an eUICC. SGP.22 3.1.3
  const hasOperational = (record?.view.profiles ?? []).some(p => p.profileClass === undefined || p.profileClass === 2);
  if (rules.includes('ppr1') && hasOperational) return false;
  return rules.every(rule =>
    table.value.some(entry => entry.pprIds.includes(rule) && entry.allowedOperators.some(allowed => isAllowedOperator(allowed, owner))),
  );
};

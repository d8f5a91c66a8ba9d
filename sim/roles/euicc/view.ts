/** What a test case reads of a simulated eUICC: `$euicc.profiles`, `$euicc.seqNumber` … */
import { configurationOf } from './eims.js';
import { type Chip, enabledProfile, isEmergency } from './state.js';

/** The state as plain values; octets stay octets. */
export const viewOf = (chip: Chip) => {
  const { memory, credentials } = chip;
  return {
    eid: chip.eid,
    profiles: memory.profiles.map(p => ({
      iccid: p.iccid,
      aid: p.aid,
      state: p.state,
      class: p.profileClass,
      name: p.profileName,
      ppr: p.policyRules,
      ecall: p.ecall,
      fallbackAllowed: p.fallbackAllowed,
      fallbackAttribute: p.fallbackAttribute,
    })),
    enabledProfile: enabledProfile(chip)?.iccid,
    eims: memory.eims.map(configurationOf),
    notifications: memory.notifications.map(n => ({
      seqNumber: n.seqNumber,
      operation: n.event,
      address: n.address,
      iccid: n.iccid,
      octets: n.octets,
    })),
    packageResults: memory.results.map(r => ({
      seqNumber: r.seqNumber,
      eimId: r.content.eimId,
      counterValue: r.content.counterValue,
      eimTransactionId: r.content.eimTransactionId,
      octets: r.octets,
    })),
    /** Used last; the next notification or result takes the next one. */
    seqNumber: memory.seqNumber,
    defaultDpAddress: memory.defaultDpAddress,
    rootDsAddress: memory.rootDsAddress,
    immediateEnable: memory.immediateEnable,
    rollbackGranted: memory.rollback !== undefined,
    fallbackReturn: memory.fallbackReturn,
    emergency: isEmergency(chip),
    refreshPending: memory.pending !== undefined,
    ipaeActive: memory.isIpaeActive,
    challenge: memory.session?.challenge,
    transactionId: memory.session?.transactionId,
    euiccCiPKId: credentials[0].ciPKId,
    /** Of all its CIs, the preferred one first. */
    ciPKIds: credentials.map(c => c.ciPKId),
    euiccCertificate: credentials[0].euiccCertificate,
    eumCertificate: credentials[0].eumCertificate,
  };
};

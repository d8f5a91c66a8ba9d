/** What a test case reads of a simulated IPA: `$ipa.eimTransactionId`, `$ipa.results` … */
import type { Device } from './state.js';

/** The state as plain values; octets stay octets. */
export const viewOf = (device: Device) => {
  const { download, tasks } = device;
  return {
    eid: device.eid,
    stateChangeCause: device.cause,
    /** Packages carried out whose outcome the eIM has not taken yet, oldest first. */
    results: tasks.map(({ kind, seqNumber, eimTransactionId, outcome, wasSent }) => ({
      kind,
      seqNumber,
      eimTransactionId,
      octets: outcome,
      wasSent,
    })),
    lastTrigger: download?.source,
    transactionId: download?.server?.value.initiateAuthenticationOkEsipa?.serverSigned1.transactionId,
    eimTransactionId: download?.eimTransactionId ?? tasks.at(-1)?.eimTransactionId,
    challenge: download?.challenge,
    installationResult: download?.installationResult,
    failure: download?.failure,
    acknowledged: device.acknowledged,
    installed: device.installed,
  };
};

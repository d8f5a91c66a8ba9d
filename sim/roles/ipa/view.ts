/** What a test case reads of a simulated IPA: `$ipa.eimTransactionId`, `$ipa.results` … */
import type { Device } from './state.js';

/** The state as plain values; octets stay octets. */
export const viewOf = (device: Device) => {
  const { download, tasks, history } = device;
  return {
    eid: device.eid,
    stateChangeCause: device.cause,
    /** The packages received, oldest first, with what was sent of them; `isOpen` until the eIM took the outcome. */
    results: history.map(task => ({
      kind: task.kind,
      problem: task.problem,
      seqNumber: task.seqNumber,
      eimTransactionId: task.eimTransactionId,
      octets: task.outcome,
      isOpen: tasks.includes(task),
    })),
    lastTrigger: download?.source,
    transactionId: download?.server?.transactionId,
    eimTransactionId: download?.eimTransactionId ?? history.at(-1)?.eimTransactionId,
    challenge: download?.challenge,
    /** What the server offered and what its package holds, as they came: StoreMetadataRequest, BF25. */
    offeredMetadata: download?.offer?.metadataOctets,
    deliveredMetadata: download?.deliveredMetadata,
    bppEuiccOtpk: download?.offer?.bppEuiccOtpk,
    installationResult: download?.installationResult,
    failure: download?.failure,
    acknowledged: device.acknowledged,
    installed: device.installed,
  };
};

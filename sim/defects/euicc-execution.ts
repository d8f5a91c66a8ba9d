/** Seeded defects of an eUICC in executing packages and keeping results and notifications. SGP.32 3.3.1, 5.9.11, 5.9.12; SGP.22 3.5 */
import type { EuiccDecisions, EuiccOverride } from '../roles/euicc/index.js';
import { contained, edit, spoilt } from './edits.js';
import { answering, deciding, type EuiccDeviation, type EuiccDeviations, sending, signing, without } from './euicc-deviation.js';
import { octets, rearranged } from './euicc-edits.js';

const RESULT = 'euiccPackageResultDataSigned';
const NOTIFICATION = 'tbsOtherNotification';
const UNDEFINED_ERROR = 127;

/** Results get numbers of their own. */
const numbersResultsApart: EuiccOverride = () => {
  const latest = { result: 0, notification: 0 };
  return {
    nextSeqNumber: (_previous, of) => {
      latest[of] += 1;
      return latest[of];
    },
  };
};

const swallowsPackages: EuiccOverride = correct => ({
  outgoing: (type, answered, request) => (type === 'EuiccPackageResult' ? octets('') : correct.outgoing(type, answered, request)),
  keepsResult: () => undefined,
  performs: effect => effect !== 'enable' && effect !== 'disable' && correct.performs(effect),
});

/** Loses one thing whenever it starts anew. */
const losing = (does: string, ...lost: readonly Parameters<EuiccDecisions['survives']>[0][]): EuiccDeviation => ({
  does,
  override: correct => ({ survives: (what, cause) => !lost.includes(what) && correct.survives(what, cause) }),
});

const notifying = (does: string, notifies: EuiccDecisions['notifies']): EuiccDeviation => deciding(does, { notifies });

/** Defects in the order and end of execution. */
export const euiccExecutionDefects: EuiccDeviations = {
  goesOnAfterFailure: deciding('It goes on behind an operation that failed.', { goesOn: () => true }),
  stopsAfterFirstOperation: deciding('It carries out the first operation of a package only.', { goesOn: () => false }),
  executesInReverse: deciding('It carries out the operations of a package from the last to the first.', {
    ordersOperations: operations => [...operations].reverse(),
  }),
  reportsInReverse: signing(
    'It reports results of operations from the last to the first.',
    RESULT,
    '30',
    rearranged(results => [...results].reverse()),
  ),
  reportsLastOperationOnly: signing(
    'It reports the last operation only.',
    RESULT,
    '30',
    rearranged(results => results.slice(-1)),
  ),
  skipsUnknownOperations: deciding('It passes over operations that it does not know.', { terminates: () => undefined }),
  terminatesWithUndefinedError: deciding('It ends at an unknown operation with undefinedError.', { terminates: () => UNDEFINED_ERROR }),
  swallowsPackages: { does: 'It answers packages with nothing, does nothing and keeps nothing.', override: swallowsPackages },
};

/** Defects in what is kept, numbered and removed. */
export const euiccStorageDefects: EuiccDeviations = {
  keepsNoResults: deciding('It does not keep results.', { keepsResult: () => undefined }),
  keepsOtherResult: deciding('Results that are retrieved differ in a bit from those that were sent.', { keepsResult: spoilt }),
  keepsRemovedResult: without('It says that it removed a result, and does not.', 'removeResult'),
  keepsRemovedNotification: without('It says that it removed a notification, and does not.', 'removeNotification'),
  confirmsAbsentRemoval: answering('It says that it removed what it never had.', 'removeNotificationFromList', 0, 'found'),
  numbersResultsApart: { does: 'Results and notifications are numbered each on their own.', override: numbersResultsApart },
  repeatsSeqNumbers: deciding('Notifications carry the number of the result before them.', {
    nextSeqNumber: (previous, of) => (of === 'result' ? previous + 1 : previous),
  }),
  countsSeqNumbersDown: deciding('Its sequence numbers fall.', { nextSeqNumber: previous => (previous === 0 ? 1000 : previous - 1) }),
  losesResults: losing('A reset takes its results away.', 'results'),
  losesNotifications: losing('A reset takes its notifications away.', 'notifications'),
  restartsSeqNumbers: losing('A reset starts its sequence numbers anew.', 'seqNumber'),
  restartsCounters: losing('A reset starts the counters of its eIMs anew.', 'counters'),
  losesProfileStates: losing('A reset disables its profiles.', 'profileStates'),
  losesDpAddress: losing('A reset takes its default SM-DP+ address away.', 'defaultDpAddress'),
};

/** Defects of notifications. */
export const euiccNotificationDefects: EuiccDeviations = {
  notifiesFirstAddressOnly: notifying('It notifies the first of several addresses only.', (_event, configured) => configured.slice(0, 1)),
  notifiesTwice: notifying('It notifies every address twice.', (_event, configured) => [...configured, ...configured]),
  omitsEnableNotifications: notifying('It does not tell that a profile was enabled.', (event, to) => (event === 'enable' ? [] : to)),
  omitsDisableNotifications: notifying('It does not tell that a profile was disabled.', (event, to) => (event === 'disable' ? [] : to)),
  omitsDeleteNotifications: notifying('It does not tell that a profile was deleted.', (event, to) => (event === 'delete' ? [] : to)),
  omitsInstallNotifications: notifying('It does not tell the configured addresses of an installation.', (event, to) =>
    event === 'install' ? [] : to,
  ),
  notifiesStrangers: notifying('It notifies an address that nobody configured.', (_event, configured) =>
    configured.length > 0 ? configured : ['stranger.example.com'],
  ),
  joinsEvents: signing('Its notifications carry two events.', NOTIFICATION, '81', () => octets('81020560')),
  omitsNotifiedIccid: signing('Its notifications carry no ICCID.', NOTIFICATION, '5A', () => octets('')),
  notifiesOtherIccid: signing(
    'Its notifications carry the ICCID of another profile.',
    NOTIFICATION,
    '5A',
    contained(iccid => iccid.map((octet, i) => (i === 8 ? octet ^ 0x11 : octet))),
  ),
  sendsFirstNotificationOnly: sending('It hands out the first of its notifications only.', 'RetrieveNotificationsListResponse', list =>
    edit(
      list,
      'A0',
      rearranged(items => items.slice(0, 1)),
    ),
  ),
};

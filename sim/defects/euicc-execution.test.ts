import { hex } from '#protocol/asn1/tlv.js';
import { metadata } from '../roles/euicc/test-server.js';
import { contentAt } from './edits.js';
import { euiccExecutionDefects, euiccNotificationDefects, euiccStorageDefects } from './euicc-execution.js';
import {
  disabled,
  download,
  enabled,
  events,
  type Make,
  octets,
  one,
  packed,
  pair,
  prove,
  run,
  say,
  states,
  three,
  two,
  type Watch,
} from './euicc-test-bench.js';

const lists = { psmo: [{ getRAT: {} }, { setDefaultDpAddress: { defaultDpAddress: 'a' } }] };
const stops = { psmo: [{ delete: three }, { getRAT: {} }] };
const unknown = { psmoOctets: [octets('A600'), octets('BF7000')] };

prove('defects of an eUICC in the execution of packages', euiccExecutionDefects, [
  ['goesOnAfterFailure', make => run(make(), stops), '850101', '850101A600'],
  ['stopsAfterFirstOperation', make => run(make(), lists), 'A600BF6503800100', 'A600'],
  ['executesInReverse', make => run(make(), lists), 'A600BF6503800100', 'BF6503800100A600'],
  ['reportsInReverse', make => run(make(), lists), 'A600BF6503800100', 'BF6503800100A600'],
  ['reportsLastOperationOnly', make => run(make(), lists), 'A600BF6503800100', 'BF6503800100'],
  ['skipsUnknownOperations', make => run(make(), unknown), 'A600020102', 'A600'],
  ['terminatesWithUndefinedError', make => run(make(), unknown), 'A600020102', 'A60002017F'],
  [
    'swallowsPackages',
    make => {
      const euicc = make(pair);
      const { octets: answer } = euicc.execute(packed({ psmo: [{ enable: two }] }));
      return `${answer.length > 0} ${states(euicc)} ${say(euicc, 'BF2B04A0028200').length > 10}`;
    },
    'true 0- 1+ true',
    'false 0+ 1- false',
  ],
]);

/** An eUICC that has a result with number 1 and notifications 2 and 3. */
const filled = (make: Make) => {
  const euicc = make(pair);
  const { octets: result } = euicc.execute(packed({ psmo: [{ enable: two }] }));
  return { euicc, result };
};
const RESULTS = 'BF2B04A0028200';
/** What is left of a kind. */
const retrieved = (euicc: ReturnType<Make>, command: string) => (say(euicc, command).length > 12 ? 'some' : 'none');
const afterwards =
  (command: string, retrieval: string): Watch =>
  make => {
    const { euicc } = filled(make);
    return `${say(euicc, command)} ${retrieved(euicc, retrieval)}`;
  };
const seqNumbers = (euicc: ReturnType<Make>) =>
  [...euicc.chip.memory.results, ...euicc.chip.memory.notifications].map(kept => kept.seqNumber).join(' ');
const numbers: Watch = make => seqNumbers(filled(make).euicc);
/** Something after a reset. */
const restarted =
  (tell: (euicc: ReturnType<Make>) => string): Watch =>
  make => {
    const { euicc } = filled(make);
    euicc.reset();
    return tell(euicc);
  };

prove('defects of an eUICC in what it keeps', euiccStorageDefects, [
  ['keepsNoResults', make => retrieved(filled(make).euicc, RESULTS), 'some', 'none'],
  [
    'keepsOtherResult',
    make => {
      const { euicc, result } = filled(make);
      return `${say(euicc, RESULTS).endsWith(hex(result))}`;
    },
    'true',
    'false',
  ],
  ['keepsRemovedResult', afterwards('BF3003800101', RESULTS), 'BF3003800100 none', 'BF3003800100 some'],
  ['keepsRemovedNotification', afterwards('BF3003800102', 'BF2B05A003800102'), 'BF3003800100 none', 'BF3003800100 some'],
  ['confirmsAbsentRemoval', afterwards('BF3003800163', RESULTS), 'BF3003800101 some', 'BF3003800100 some'],
  ['numbersResultsApart', numbers, '1 2 3', '1 1 2'],
  ['repeatsSeqNumbers', numbers, '1 2 3', '1 1 1'],
  ['countsSeqNumbersDown', numbers, '1 2 3', '1000 999 998'],
  ['losesResults', restarted(euicc => retrieved(euicc, RESULTS)), 'some', 'none'],
  ['losesNotifications', restarted(euicc => retrieved(euicc, 'BF2B00')), 'some', 'none'],
  ['restartsSeqNumbers', restarted(euicc => `${run(euicc, { counter: 2 })} ${seqNumbers(euicc)}`), 'A600 1 4 2 3', 'A600 1 1 2 3'],
  ['restartsCounters', restarted(euicc => run(euicc, { counter: 1 })), 'error 4', 'A600'],
  [
    'losesDpAddress',
    make => {
      const euicc = make({ defaultDpAddress: 'a' });
      euicc.reset();
      return `${euicc.chip.memory.defaultDpAddress}`;
    },
    'a',
    'undefined',
  ],
  ['losesProfileStates', restarted(states), '0- 1+', '0- 1-'],
]);

const several = [...(enabled.notify ?? []), { address: 'b', events: ['enable', 'disable', 'delete'] as const }];
const told =
  (profiles: NonNullable<Parameters<Make>[0]>['profiles'], ...psmo: NonNullable<Parameters<typeof packed>[0]>['psmo'] & object): Watch =>
  make => {
    const euicc = make(profiles && { profiles });
    run(euicc, { psmo });
    return events(euicc);
  };
const member =
  (path: string): Watch =>
  make =>
    hex(contentAt(filled(make).euicc.chip.memory.notifications[0]?.octets ?? octets(''), `BF2F ${path}`) ?? octets(''));
const installs: Watch = make => {
  const euicc = make();
  const notificationConfigurationInfo = [{ profileManagementOperation: ['notificationInstall'], notificationAddress: 'n' }];
  download(euicc, { metadata: metadata({ notificationConfigurationInfo }) });
  return events(euicc);
};

prove('defects of an eUICC in notifications', euiccNotificationDefects, [
  ['notifiesFirstAddressOnly', told([{ ...enabled, notify: several }], { disable: one }), 'disable a, disable b', 'disable a'],
  ['notifiesTwice', told([enabled], { disable: one }), 'disable a', 'disable a, disable a'],
  ['omitsEnableNotifications', told([enabled, disabled], { enable: two }), 'enable a, disable a', 'disable a'],
  ['omitsDisableNotifications', told([enabled, disabled], { enable: two }), 'enable a, disable a', 'enable a'],
  ['omitsDeleteNotifications', told([disabled], { delete: two }), 'delete a', ''],
  ['omitsInstallNotifications', installs, 'install testsmdpplus1.example.com, install n', 'install testsmdpplus1.example.com'],
  ['notifiesStrangers', told([{ iccid: one.iccid, state: 'enabled' }], { disable: one }), '', 'disable stranger.example.com'],
  ['joinsEvents', member('81'), '0640', '0560'],
  ['omitsNotifiedIccid', member('5A'), '989209012143658719F4', ''],
  ['notifiesOtherIccid', member('5A'), '989209012143658719F4', '989209012143658708F4'],
  ['sendsFirstNotificationOnly', make => `${say(filled(make).euicc, 'BF2B00').split('BF2F').length - 1}`, '2', '1'],
]);

import { hex } from '#protocol/asn1/tlv.js';
import { ADDRESS } from '../roles/euicc/test-server.js';
import { contentAt } from './edits.js';
import { euiccFallbackDefects, euiccResetDefects, euiccRollbackDefects } from './euicc-switching.js';
import {
  disabled,
  download,
  ecall,
  enabled,
  events,
  fallback,
  type Make,
  octets,
  pair,
  prove,
  run,
  say,
  states,
  two,
  type Watch,
} from './euicc-test-bench.js';

type Config = Parameters<Make>[0];
const ROLLBACK = 'BF58038001FF';
const IMMEDIATE_ENABLE = 'BF5A038001FF';
const ENABLE_EMERGENCY = 'BF5B038001FF';
const DISABLE_EMERGENCY = 'BF5C038001FF';
const FALL_BACK = 'BF5D038001FF';
const COME_BACK = 'BF5E038001FF';

/** Codes of the answers to several commands, and the profiles afterwards. */
const after =
  (config: Config, ...commands: readonly string[]): Watch =>
  make => {
    const euicc = make(config);
    return `${commands.map(c => say(euicc, c).slice(-2)).join(' ')} ${states(euicc)}`;
  };
/** cmdResult of rollbacks after an enable, and the profiles. */
const rolledBack =
  (flag: object, ...commands: readonly string[]): Watch =>
  make => {
    const euicc = make({ ...pair, profiles: [enabled, disabled, ecall] });
    run(euicc, { psmo: [{ enable: { ...two, ...flag } }] });
    const code = (command: string) => hex(contentAt(euicc.execute(octets(command)).octets, '02') ?? octets(''));
    return `${commands.map(code).join(' ')} ${states(euicc)}`.trim();
  };
const flagged = { rollbackFlag: null };
const undone: Watch = make => {
  const euicc = make(pair);
  run(euicc, { psmo: [{ enable: { ...two, ...flagged } }] });
  const answer = euicc.execute(octets(ROLLBACK)).octets;
  const results = euicc.chip.memory.results.map(r => r.seqNumber).join(' ');
  return `${hex(contentAt(answer, 'BF51 A0 30 30') ?? octets('none'))} | ${results} | ${events(euicc)}`;
};
/** Code of ImmediateEnable after a download, and the profiles. */
const immediately =
  (immediateEnable: NonNullable<Config>['immediateEnable'] & object): Watch =>
  make => {
    const euicc = make({ immediateEnable });
    download(euicc);
    return `${say(euicc, IMMEDIATE_ENABLE).slice(-2)} ${states(euicc)}`;
  };

prove('defects of an eUICC in rollback and immediate enabling', euiccRollbackDefects, [
  ['permitsEveryRollback', rolledBack({}, ROLLBACK), '01 0- 1+ 2-', '00 0+ 1- 2-'],
  ['permitsNoRollback', rolledBack(flagged, ROLLBACK), '00 0+ 1- 2-', '01 0- 1+ 2-'],
  ['rollsBackTwice', rolledBack(flagged, ROLLBACK, ROLLBACK), '00 01 0+ 1- 2-', '00 00 0+ 1- 2-'],
  ['confirmsRollbackOnly', rolledBack(flagged, ROLLBACK), '00 0+ 1- 2-', '00 0- 1+ 2-'],
  ['keepsUndoneResult', undone, '8301008C0100 | 4 | ', '8301008C0100 | 1 4 | enable a, disable a'],
  ['omitsRollbackResult', undone, '8301008C0100 | 4 | ', '830100 | 4 | '],
  ['returnsNoRollbackResult', undone, '8301008C0100 | 4 | ', ' | 4 | '],
  ['keepsRollbackPermission', rolledBack(flagged, ENABLE_EMERGENCY, DISABLE_EMERGENCY, ROLLBACK), '01 0- 1+ 2-', '00 0+ 1- 2-'],
  ['enablesUnconfigured', immediately({ smdpAddress: ADDRESS }), '01 2-', '00 2+'],
  ['ignoresOidOfImmediateEnable', immediately({ flag: true, smdpOid: '2.999.12' }), '01 2-', '00 2+'],
  ['ignoresAddressOfImmediateEnable', immediately({ flag: true, smdpAddress: 'other' }), '01 2-', '00 2+'],
  ['confirmsAbsentDownload', after({ immediateEnable: { flag: true, smdpAddress: ADDRESS } }, IMMEDIATE_ENABLE), '04 ', '00 '],
  ['letsIpaConfigure', after({}, 'BF59028000'), '02 ', '00 '],
]);

const fallen = { profiles: [enabled, fallback] };
const inEmergency = { profiles: [enabled, { ...ecall, state: 'disabled' as const }, fallback] };
prove('defects of an eUICC in fallback and emergency', euiccFallbackDefects, [
  ['confirmsAbsentFallbackProfile', after(pair, FALL_BACK), '06 0+ 1-', '00 0+ 1-'],
  ['fallsBackTwice', after(fallen, FALL_BACK, FALL_BACK), '00 02 0- 1+', '00 00 0- 1+'],
  ['forgetsFallbackReturn', after(fallen, FALL_BACK, COME_BACK), '00 00 0+ 1-', '00 06 0- 1+'],
  ['returnsWithoutFallback', after(fallen, COME_BACK), '06 0+ 1-', '00 0+ 1-'],
  ['fallsBackInEmergency', after(inEmergency, ENABLE_EMERGENCY, FALL_BACK), '00 68 0- 2+ 1-', '00 00 0- 2- 1+'],
  [
    'notifiesEmergency',
    make => {
      const euicc = make(inEmergency);
      say(euicc, ENABLE_EMERGENCY);
      return events(euicc);
    },
    '',
    'enable a, disable a',
  ],
  ['confirmsAbsentEmergency', after(pair, ENABLE_EMERGENCY), '08 0+ 1-', '00 0+ 1-'],
  ['confirmsEmergencyAgain', after(inEmergency, ENABLE_EMERGENCY, ENABLE_EMERGENCY), '00 02 0- 2+ 1-', '00 00 0- 2+ 1-'],
  [
    'forgetsEmergencyReturn',
    make => {
      const euicc = make(inEmergency);
      say(euicc, ENABLE_EMERGENCY);
      euicc.powerLoss();
      return `${say(euicc, DISABLE_EMERGENCY)} ${states(euicc)}`;
    },
    'BF5C03800100 0+ 2- 1-',
    'BF5C03800100 0- 2- 1-',
  ],
  ['returnsToNothing', after(inEmergency, ENABLE_EMERGENCY, DISABLE_EMERGENCY), '00 00 0+ 2- 1-', '00 00 0- 2- 1-'],
]);

const reset = (bits: string) => `BF64048202${bits}`;
const PROFILES = reset('0780');
const EIMS = 'BF640482020204';
const ENABLING = 'BF640482020102';
const full = { ...pair, defaultDpAddress: 'a', immediateEnable: { flag: true, smdpAddress: 'a' } };
const kept =
  (command: string, config: Config = full): Watch =>
  make => {
    const euicc = make(config);
    const answer = say(euicc, command);
    const left = euicc.chip.memory;
    return `${answer.slice(6)} ${left.profiles.length} ${left.eims.length} ${left.defaultDpAddress ?? '-'} ${left.immediateEnable.flag}`;
  };
prove('defects of an eUICC in memory reset', euiccResetDefects, [
  ['keepsProfilesOnReset', kept(PROFILES), '800100 0 1 a true', '800100 2 1 a true'],
  ['keepsEimsOnReset', kept(EIMS), '800101810100 2 0 a true', '800101810100 2 1 a true'],
  ['keepsDpAddressOnReset', kept('BF640482020520'), '800100 2 1 - true', '800100 2 1 a true'],
  ['keepsImmediateEnableOnReset', kept(ENABLING), '800101820100 2 1 a false', '800101820100 2 1 a true'],
  [
    'losesRootDsAddress',
    make => {
      const euicc = make({ rootDsAddress: 'ds' });
      say(euicc, PROFILES);
      return say(euicc, 'BF3C00');
    },
    'BF3C0481026473',
    'BF3C00',
  ],
  ['confirmsEmptyReset', kept(PROFILES, {}), '800101 0 1 - false', '800100 0 1 - false'],
  ['resetsInEmergency', kept(PROFILES, { profiles: [{ ...ecall, state: 'enabled' }] }), '800168 1 1 - false', '800100 0 1 - false'],
  ['confirmsEimReset', kept(EIMS, { ...full, supports: { eimReset: false } }), '800101810102 2 1 a true', '800101810100 2 1 a true'],
  [
    'confirmsEnablingReset',
    kept(ENABLING, { ...full, supports: { enablingReset: false } }),
    '800101820101 2 1 a true',
    '800101820100 2 1 a true',
  ],
  ['omitsResetEimResult', kept(EIMS), '800101810100 2 0 a true', '800101 2 0 a true'],
  ['omitsResetEnablingResult', kept(ENABLING), '800101820100 2 1 a false', '800101 2 1 a false'],
]);

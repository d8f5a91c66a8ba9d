import { euiccListDefects, euiccProfileDefects, euiccSettingDefects } from './euicc-profile.js';
import {
  disabled,
  enabled,
  fallback,
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

type Operations = NonNullable<NonNullable<Parameters<typeof packed>[0]>['psmo']>;
type Config = Parameters<Make>[0];
const third = { iccid: three.iccid };

/** Results of one package, and the profiles afterwards. */
const after =
  (config: Config, ...psmo: Operations): Watch =>
  make => {
    const euicc = make(config);
    return `${run(euicc, { psmo })} ${states(euicc)}`;
  };
const ppr1 = { profiles: [{ ...enabled, ppr: ['ppr1'] as const }, disabled] };
const rollback = { enable: { ...two, rollbackFlag: null } };

prove('defects of an eUICC in enable, disable and delete', euiccProfileDefects, [
  ['confirmsEnableOnly', after({ profiles: [disabled] }, { enable: two }), '830100 1+', '830100 1-'],
  ['leavesFormerEnabled', after(pair, { enable: two }), '830100 0- 1+', '830100 0+ 1+'],
  ['confirmsAbsentEnabled', after(pair, { enable: three }), '830101 0+ 1-', '830100 0+ 1-'],
  ['confirmsEnabledAgain', after(pair, { enable: one }), '830102 0+ 1-', '830100 0+ 1-'],
  [
    'enablesTwice',
    after({ profiles: [enabled, disabled, third] }, { enable: two }, { enable: three }),
    '83010083017F 0- 1+ 2-',
    '830100830100 0- 1- 2+',
  ],
  ['ignoresPpr1OnEnable', after(ppr1, { enable: two }), '830103 0+ 1-', '830100 0- 1+'],
  ['ignoresPpr1OnDisable', after(ppr1, { disable: one }), '840103 0+ 1-', '840100 0- 1-'],
  ['permitsRollbackToNothing', after({ profiles: [disabled] }, rollback), '830114 1-', '830100 1+'],
  ['confirmsDisabledAgain', after(pair, { disable: two }), '840102 0+ 1-', '840100 0+ 1-'],
  ['confirmsAbsentDisabled', after(pair, { disable: three }), '840101 0+ 1-', '840100 0+ 1-'],
  ['keepsDeletedProfile', after(pair, { delete: two }), '850100 0+', '850100 0+ 1-'],
  ['deletesEnabledProfile', after(pair, { delete: one }), '850102 0+ 1-', '850100 1-'],
  ['confirmsAbsentDeleted', after(pair, { delete: three }), '850101 0+ 1-', '850100 0+ 1-'],
  ['ignoresPpr2', after({ profiles: [{ ...disabled, ppr: ['ppr2'] }] }, { delete: two }), '850103 1-', '850100 '],
  [
    'deletesRollbackReference',
    make => {
      const euicc = make(pair);
      return `${run(euicc, { psmo: [rollback] }, { psmo: [{ delete: one }] })} ${states(euicc)}`;
    },
    '850114 0- 1+',
    '850100 1+',
  ],
  [
    'deletesFallbackReturn',
    make => {
      const euicc = make({ profiles: [enabled, fallback] });
      return `${say(euicc, 'BF5D038001FF')} ${run(euicc, { psmo: [{ delete: one }] })} ${states(euicc)}`;
    },
    'BF5D03800100 850115 0- 1+',
    'BF5D03800100 850100 1+',
  ],
  ['readsPlainDigits', after(pair, { disable: { iccid: octets('8929901012345678905F') } }), '840101 0+ 1-', '840100 0- 1-'],
]);

const listed =
  (listProfileInfo: object, config: Config = pair): Watch =>
  make =>
    run(make(config), { psmo: [{ listProfileInfo }] });
const state = { tagList: octets('9F70') };
prove('defects of an eUICC in listing', euiccListDefects, [
  ['ignoresTagList', make => `${listed(state)(make).includes('5A0A')}`, 'false', 'true'],
  ['ignoresListCriteria', listed({ searchCriteria: two, ...state }), 'BF2D08A006E3049F700100', 'BF2D0EA00CE3049F700101E3049F700100'],
  [
    'listsDuringChange',
    after(pair, { disable: one }, { listProfileInfo: { ...state, searchCriteria: two } }),
    '840100BF2D0381010B 0- 1-',
    '840100BF2D08A006E3049F700100 0- 1-',
  ],
  ['answersUndefinedErrorToCriteria', listed({ tagList: octets('9F') }), 'BF2D03810101', 'BF2D0381017F'],
  [
    'hidesIotMetadata',
    listed({ tagList: octets('9F709F679F26') }, { profiles: [fallback] }),
    'BF2D10A00EE30C9F7001009F2601FF9F6701FF',
    'BF2D08A006E3049F700100',
  ],
  [
    'hidesIcon',
    make => {
      const euicc = make(pair);
      Object.assign(euicc.chip.memory.profiles[1]?.further ?? {}, { iconType: 1, icon: octets('AA') });
      return run(euicc, { psmo: [{ listProfileInfo: { searchCriteria: two, tagList: octets('9394') } }] });
    },
    'BF2D0AA008E3069301019401AA',
    'BF2D07A005E303930101',
  ],
  ['listsEveryProfileDisabled', listed({ searchCriteria: one, ...state }), 'BF2D08A006E3049F700101', 'BF2D08A006E3049F700100'],
  ['refusesEmptyList', listed({ searchCriteria: three }), 'BF2D02A000', 'BF2D0381017F'],
  [
    'hidesRat',
    make => run(make({ rat: [{ ppr: ['ppr1'], operators: [{ mccMnc: 'EEEEEE' }] }] }), { psmo: [{ getRAT: {} }] }),
    'A612301080020640A10730058003EEEEEE820100',
    'A600',
  ],
]);

const attribute =
  (config: Config, ...psmo: Operations): Watch =>
  make => {
    const euicc = make(config);
    const carriers = () => euicc.chip.memory.profiles.map(p => (p.fallbackAttribute ? 'F' : '-')).join('');
    return `${run(euicc, { psmo })} ${carriers()}`;
  };
const address =
  (first: string, second: string): Watch =>
  make => {
    const euicc = make();
    for (const [n, defaultDpAddress] of [first, second].entries())
      euicc.execute(packed({ counter: n + 1, psmo: [{ setDefaultDpAddress: { defaultDpAddress } }] }));
    return say(euicc, 'BF3C00').slice(6, 12);
  };
const immediate =
  (...orders: readonly object[]): Watch =>
  make => {
    const euicc = make();
    const answer = run(euicc, ...orders.map(configureImmediateEnable => ({ psmo: [{ configureImmediateEnable }] })));
    return `${answer} ${euicc.chip.memory.immediateEnable.flag}`;
  };
const on = { immediateEnableFlag: null };
const allowed = { ...enabled, fallbackAllowed: true };
prove('defects of an eUICC in settings', euiccSettingDefects, [
  ['ignoresImmediateEnableOrder', immediate(on), '870100 true', '870100 false'],
  ['keepsImmediateEnableOn', immediate(on, {}), '870100 false', '870100 true'],
  ['confirmsFallbackOnly', attribute({ profiles: [allowed] }, { setFallbackAttribute: one }), '8D0100 F', '8D0100 -'],
  ['givesFallbackToSeveral', attribute({ profiles: [allowed, fallback] }, { setFallbackAttribute: one }), '8D0100 F-', '8D0100 FF'],
  ['allowsEveryFallback', attribute(pair, { setFallbackAttribute: two }), '8D0102 --', '8D0100 -F'],
  ['confirmsAbsentFallback', attribute(pair, { setFallbackAttribute: three }), '8D0101 --', '8D0100 --'],
  [
    'movesEnabledFallback',
    attribute(
      {
        profiles: [
          { ...fallback, state: 'enabled' },
          { ...allowed, state: 'disabled' },
        ],
      },
      { setFallbackAttribute: one },
    ),
    '8D0103 F-',
    '8D0100 -F',
  ],
  ['keepsFallbackAttribute', attribute({ profiles: [fallback] }, { unsetFallbackAttribute: {} }), '8E0100 -', '8E0100 F'],
  [
    'unsetsEnabledFallback',
    attribute({ profiles: [{ ...fallback, state: 'enabled' }] }, { unsetFallbackAttribute: {} }),
    '8E0103 F',
    '8E0100 -',
  ],
  ['confirmsAbsentAttribute', attribute(pair, { unsetFallbackAttribute: {} }), '8E0102 --', '8E0100 --'],
  ['forgetsDpAddress', address('a', 'b'), '800162', '811874'],
  ['keepsDpAddress', address('a', ''), '811874', '800161'],
]);

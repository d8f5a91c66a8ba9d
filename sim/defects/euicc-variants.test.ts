import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { correctDecisions } from '../roles/euicc/decisions.js';
import { testEim, testWorld } from '../roles/euicc/test-bench.js';
import { usualDecisions } from '../uicc/decisions.js';
import { contentAt } from './edits.js';
import { combinedEuicc } from './euicc-deviation.js';
import {
  addInitial,
  download,
  ecall,
  events,
  type Make,
  newEim,
  octets,
  openSession,
  packed,
  pair,
  prepare,
  prove,
  proveCard,
  RESET,
  run,
  say,
  sayAll,
  three,
  two,
  type Watch,
} from './euicc-test-bench.js';
import { euiccVariantGroups, euiccVariants } from './euicc-variants.js';

const eim = testEim();
const curves: Watch = make =>
  make({ curve: 'both' })
    .chip.credentials.map(c => c.curve)
    .join(' ');
const classes: Watch = make =>
  make()
    .chip.memory.profiles.map(p => p.profileClass)
    .join(' ');
const failing = { psmo: [{ delete: three }] };
const emptyTags = { psmo: [{ listProfileInfo: { searchCriteria: two } }] };
const switching = { psmo: [{ enable: two }] };
/** A package whose list of operations cannot be read. */
const unreadable = packed({ psmo: [] }).map((octet, i, all) => (i === all.length - 68 ? 0x81 : octet));

const iotInfo: Watch = make => hex(contentAt(make().execute(octets('BF2200')).octets, 'B4') ?? octets(''));
prove('conformant variants of an eUICC', euiccVariants, [
  ['speaksV10', iotInfo, 'A005040301020081008200', 'A0050403010001'],
  ['speaksV11', iotInfo, 'A005040301020081008200', 'A005040301010081008200'],
  ['speaksV13', iotInfo, 'A005040301020081008200', 'A0050403010300810082008300'],
  ['brainpoolOnly', curves, 'P-256 brainpoolP256r1', 'brainpoolP256r1'],
  ['nistOnly', curves, 'P-256 brainpoolP256r1', 'P-256'],
  [
    'hasNoAssociationTokens',
    make => addInitial(make({ eims: [] }), { ...newEim, associationToken: -1 }).slice(6),
    'A003840101',
    'A0020500',
  ],
  ['hasNoFallback', make => say(make(pair), 'BF5D038001FF'), 'BF5D03800106', 'BF5D03800107'],
  ['hasNoEmergencyProfile', make => say(make({ profiles: [ecall] }), 'BF5B038001FF'), 'BF5B03800100', 'BF5B03800108'],
  ['hasNoEimReset', make => say(make(), 'BF640482020204'), 'BF6406800101810100', 'BF6406800101810102'],
  ['hasNoEnablingReset', make => say(make(), 'BF640482020102'), 'BF6406800101820100', 'BF6406800101820101'],
  ['hasIpae', make => say(make(), 'BF420480020780'), 'BF4203800101', 'BF4203800100'],
  [
    'renewsOneTimeKey',
    make => {
      const euicc = make();
      openSession(euicc);
      const bppEuiccOtpk = prepare(euicc).ok?.euiccSigned2.euiccOtpk ?? octets('');
      openSession(euicc);
      return `${hex(prepare(euicc, { bppEuiccOtpk }).ok?.euiccSigned2.euiccOtpk ?? octets('')) === hex(bppEuiccOtpk)}`;
    },
    'true',
    'false',
  ],
  ['hasProvisioningProfile', classes, '', 'provisioning'],
  ['hasPreloadedTestProfile', classes, '', 'test'],
  ['answersNoResultsAsNotifications', make => say(make(), 'BF2B04A0028200'), 'BF2B02A200', 'BF2B02A000'],
  [
    'showsInitialCounter',
    make => {
      const euicc = make({ eims: [] });
      addInitial(euicc, { eimId: eim.eimId, counterValue: 3, eimPublicKeyData: { eimPublicKey: eim.publicKey } });
      euicc.execute(packed({ counter: 9 }));
      return hex(contentAt(euicc.execute(octets('BF5500')).octets, 'A0 30 83') ?? octets(''));
    },
    '09',
    '03',
  ],
  ['refusesUnreadablePackages', make => make().execute(unreadable).sw, '9000', '6A80'],
  [
    'answersCommandErrorToExistingEim',
    make => run(make(), { eco: [{ addEim: { ...newEim, eimId: eim.eimId } }] }),
    'A803020102',
    'A803020107',
  ],
  ['terminatesBehindFailure', make => run(make(), failing), '850101', '850101020102'],
  ['speaksLaterVersion', make => `${hex(make().execute(octets('BF2200')).octets).endsWith('9F7F0101')}`, 'false', 'true'],
  ['listsLikeSgp22', make => `${run(make({ profiles: [{ ...two, nickname: 'N' }] }), emptyTags).includes('90014E')}`, 'false', 'true'],
  ['numbersFromThousand', make => seqNumberOf(make), '1', '1000'],
  ['notifiesDisableFirst', make => told(make(pair)), 'enable a, disable a', 'disable a, enable a'],
  [
    'endsEmergencySilently',
    make => {
      const euicc = make({ profiles: [ecall] });
      sayAll(euicc, 'BF5B038001FF', 'BF5C038001FF');
      return events(euicc);
    },
    'disable a',
    '',
  ],
  [
    'numbersIsdpsHigher',
    make => hex(make(pair).chip.memory.profiles[0]?.aid ?? octets('')),
    'A0000005591010FFFFFFFF8900001000',
    'A0000005591010FFFFFFFF8900011000',
  ],
  [
    'startsTokensHigher',
    make => addInitial(make({ eims: [] }), { ...newEim, associationToken: -1 }).slice(6),
    'A003840101',
    'A004840200C8',
  ],
  ['looksForEnabledProfileFirst', make => say(make(), 'BF5D038001FF'), 'BF5D03800106', 'BF5D03800107'],
  [
    'forgetsInterruptedInstallation',
    make => {
      const euicc = make();
      download(euicc, {}, bpp => splitSegments(bpp)?.[0] ?? bpp);
      euicc.reset();
      return events(euicc);
    },
    'install testsmdpplus1.example.com',
    '',
  ],
  ['refusesUnknownBy6D00', make => say(make(), 'BF7E00'), '6A88', '6D00'],
]);
const seqNumberOf = (make: Make): string => {
  const euicc = make();
  run(euicc, {});
  return `${euicc.state.seqNumber}`;
};
const told = (euicc: ReturnType<Make>): string => {
  run(euicc, switching);
  return events(euicc);
};

const enable = hex(packed({ psmo: [{ enable: two }] }));
const ENABLE = `81E29100${(enable.length / 2).toString(16).toUpperCase()}${enable}`;
const SELECT = '01A4040010A0000005591010FFFFFFFF8900000100';
const GET_EID = '81E2910006BF3E035C015A';
/** 65 blocks of a command that nobody knows. */
const tooLong = Array.from({ length: 65 }, (_, n) => {
  const p2 = n.toString(16).padStart(2, '0').toUpperCase();
  return `81E2${n === 64 ? '91' : '11'}${p2}FF${n === 0 ? 'BF7E8240BA' : '0000000000'}${'00'.repeat(250)}`;
});
proveCard('conformant variants of an eUICC in APDUs', euiccVariants, [
  ['answersInSmallBlocks', ['81E2910003BF2200'], '6195', '6164'],
  ['answersAtOnce', [`${GET_EID}00`], '6115', '9000'],
  ['takesShorterCommands', tooLong, '6A88', '6A84'],
  ['toleratesLongerLe', [GET_EID, '01C0000020'], '6C15', '9000'],
  ['refreshesSilently', [ENABLE, '01C000005F'], '910B', '9000'],
  ['refreshesByStateChange', [ENABLE, '01C000005F', '801200000B', '801400000C810301010482028281830100', GET_EID], '6881', '6115'],
  ['servesDuringRefresh', [ENABLE, '01C000005F', GET_EID], '6985', '6115'],
  ['needsNoDeclaration', [RESET, '0070000001', SELECT, GET_EID], '6985', '6115'],
  ['hasOneChannel', ['0070000001'], '9000', '6A81'],
  ['returnsNoFci', [SELECT, '01C0000027'], '9000', '6E00'],
  ['putsTemplatesIntoA5', [SELECT], '6127', '6123'],
]);

describe('deviations of an eUICC that go together', () => {
  it('are tried all: every variant is in a group', () => {
    expect([...new Set(euiccVariantGroups.flat())].toSorted()).to.deep.equal(Object.keys(euiccVariants).toSorted());
  });
  it('do not get in the way of each other within a group', () => {
    for (const group of euiccVariantGroups) {
      const members = group.flatMap(name => euiccVariants[name] ?? []);
      const decided = members.flatMap(({ override, card, config }) => [
        // Each lays itself over those before it where it names a function, a check or an effect.
        ...Object.keys(override?.(correctDecisions, testWorld()) ?? {}).filter(name => !['performs', 'answersCode'].includes(name)),
        ...Object.keys(card?.(usualDecisions) ?? {}),
        ...Object.keys(config ?? {}).filter(name => name !== 'supports'),
        ...Object.keys(config?.supports ?? {}),
      ]);
      expect(new Set(decided).size, group.join(', ')).equals(decided.length);
    }
  });
  it('become one: overrides in their order, configurations laid over each other', () => {
    const { overrides, cardOverrides, config, spec } = combinedEuicc([
      {
        does: 'A.',
        override: () => ({}),
        config: { curve: 'P-256', supports: { ecall: false } },
        declares: { spec: '1.0', options: { A: true } },
      },
      { does: 'B.', card: () => ({}), config: { supports: { fallback: false } }, declares: { options: { B: false } } },
    ]);
    expect([overrides.length, cardOverrides.length]).deep.equals([1, 1]);
    expect(config).deep.equals({ curve: 'P-256', supports: { ecall: false, fallback: false } });
    expect(spec).equals('1.0');
  });
});

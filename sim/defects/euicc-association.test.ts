import { hex } from '#protocol/asn1/tlv.js';
import { testEim } from '../roles/euicc/test-bench.js';
import { contentAt } from './edits.js';
import { euiccEimDefects, euiccNewEimDefects } from './euicc-association.js';
import { addInitial, type Make, newEim, octets, otherEim, prove, run, say, type Watch } from './euicc-test-bench.js';

const eim = testEim();
const empty = { eims: [] };
const LIST = 'A600';
const none = undefined;

const initial =
  (config: Parameters<Make>[0], ...list: Parameters<typeof addInitial>[1][]): Watch =>
  make =>
    addInitial(make(config), ...list).slice(6);
/** What GetEimConfigurationData shows of the first eIM at a path, after an initial association. */
const shown =
  (path: string, given = newEim): Watch =>
  make => {
    const euicc = make(empty);
    addInitial(euicc, given);
    return hex(contentAt(euicc.execute(octets('BF5500')).octets, `A0 30 ${path}`) ?? octets(''));
  };
const add =
  (change: object, config: Parameters<Make>[0] = {}): Watch =>
  make =>
    run(make(config), { eco: [{ addEim: { ...newEim, ...change } }] });
/** How many eIMs there are. */
const count = (euicc: ReturnType<Make>) => say(euicc, 'BF5500').split('80087465737465696D').length - 1;

prove('defects of an eUICC in taking up eIMs', euiccNewEimDefects, [
  ['ignoresTokenRequest', add({ associationToken: -1 }), 'A803840101', 'A803020100'],
  ['inventsToken', initial(empty, newEim), 'A0020500', 'A003840155'],
  [
    'reusesTokens',
    initial(empty, { ...newEim, associationToken: -1 }, { ...newEim, eimId: 'testeim3', associationToken: -1 }),
    'A006840101840102',
    'A006840101840101',
  ],
  [
    'answersInitialEimsInReverse',
    initial(empty, { ...newEim, associationToken: -1 }, { ...newEim, eimId: 'testeim3' }),
    'A0058401010500',
    'A0050500840101',
  ],
  ['addsFurtherInitialEim', initial({}, newEim), '810102', 'A0020500'],
  ['acceptsChosenToken', initial(empty, { ...newEim, associationToken: 5 }), '810105', 'A0020500'],
  ['acceptsInitialCounterBeyondMaximum', add({ counterValue: 0x800000 }), 'A803020106', 'A803020100'],
  ['acceptsUnknownCiPKId', add({ euiccCiPKId: octets('0102') }), 'A803020103', 'A803020100'],
  ['confirmsIncompleteEim', initial(empty, { ...newEim, counterValue: none }), '810107', 'A0020500'],
  [
    'storesBeforeRefusing',
    make => {
      const euicc = make(empty);
      return `${addInitial(euicc, newEim, { ...newEim, eimId: 'testeim3', counterValue: none }).slice(6)} ${count(euicc)}`;
    },
    '810107 0',
    '810107 1',
  ],
  ['assignsOtherType', shown('82'), '03', '02'],
  ['assignsOtherProtocol', shown('87'), '0308', '0780'],
  ['ignoresEimCriterion', make => `${say(make(), 'BF550CA00A80087465737465696D39').includes('80087465737465696D31')}`, 'false', 'true'],
  ['hidesToken', shown('84', { ...newEim, associationToken: -1 }), '01', ''],
  [
    'addsEimTwice',
    make => {
      const euicc = make();
      return `${run(euicc, { eco: [{ addEim: newEim }, { addEim: newEim }] })} ${count(euicc)}`;
    },
    'A803020100A803020102 2',
    'A803020100A803020100 3',
  ],
  [
    'confirmsAddOnly',
    make => {
      const euicc = make();
      return `${run(euicc, { eco: [{ addEim: newEim }] })} ${count(euicc)}`;
    },
    'A803020100 2',
    'A803020100 1',
  ],
  ['answersCommandErrorToEveryEim', add({ associationToken: 3 }), 'A803020105', 'A803020107'],
]);

const both = { eims: [{ ...eim }, { ...otherEim, counter: 9, fqdn: 'eim2.example.com', idType: 'fqdn' as const }] };
/** An operation of the first eIM, and then a package of the second one. */
const then =
  (
    eco: NonNullable<Parameters<typeof run>[1]['eco']>[number],
    counter: number,
    more: object = {},
    config: Parameters<Make>[0] = both,
  ): Watch =>
  make => {
    const euicc = make(config);
    return `${run(euicc, { eco: [eco] })} ${run(euicc, { by: otherEim, counter, ...more })}`;
  };
const renewed = { ...otherEim, key: eim.key };
const newKey = { eimPublicKeyData: { eimPublicKey: eim.publicKey } };
const listed =
  (config: Parameters<Make>[0]): Watch =>
  make =>
    run(make(config), { eco: [{ listEim: {} }] });

prove('defects of an eUICC in managing eIMs', euiccEimDefects, [
  ['keepsDeletedEim', then({ deleteEim: { eimId: 'testeim2' } }, 10), '890100 refused', `890100 ${LIST}`],
  ['answersOkToLastEim', make => run(make(), { eco: [{ deleteEim: { eimId: 'testeim1' } }] }), '890102', '890100'],
  ['confirmsAbsentEimDeleted', make => run(make(), { eco: [{ deleteEim: { eimId: 'testeim2' } }] }), '890101', '890100'],
  ['keepsOldKey', then({ updateEim: { eimId: 'testeim2', ...newKey } }, 10, { by: renewed }), `8A0100 ${LIST}`, '8A0100 refused'],
  [
    'keepsOldCounter',
    then({ updateEim: { eimId: 'testeim2', ...newKey, counterValue: 2 } }, 3, { by: renewed }),
    `8A0100 ${LIST}`,
    '8A0100 error 4',
  ],
  ['acceptsLowerCounter', then({ updateEim: { eimId: 'testeim2', counterValue: 2 } }, 3), '8A0106 error 4', `8A0100 ${LIST}`],
  ['confirmsAbsentEimUpdated', make => run(make(), { eco: [{ updateEim: { eimId: 'testeim2' } }] }), '8A0101', '8A0100'],
  ['takesTokenFromUpdate', then({ updateEim: { eimId: 'testeim2', associationToken: 7 } }, 10), `8A0100 ${LIST}`, '8A0100 refused'],
  [
    'forgetsUnnamedData',
    make => {
      const euicc = make(both);
      run(euicc, { eco: [{ updateEim: { eimId: 'testeim2', indirectProfileDownload: null } }] });
      return `${say(euicc, 'BF5500').includes(hex(new TextEncoder().encode('eim2.example.com')))}`;
    },
    'true',
    'false',
  ],
  ['listsProprietaryType', listed({}), 'AB0EA00C300A80087465737465696D31', 'AB11A00F300D80087465737465696D31820103'],
  [
    'omitsEimTypes',
    listed({ eims: [{ ...eim, idType: 'fqdn' }] }),
    'AB11A00F300D80087465737465696D31820102',
    'AB0EA00C300A80087465737465696D31',
  ],
  ['listsEimsWithoutTag', listed({}), 'AB0EA00C300A80087465737465696D31', 'AB0C300A80087465737465696D31'],
  ['listsFirstEimOnly', make => `${listed(both)(make).split('80087465737465696D').length - 1}`, '2', '1'],
]);

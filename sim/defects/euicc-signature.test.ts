import { hex, readTlv } from '#protocol/asn1/tlv.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { OtherSignedNotification } from '#protocol/rsp/notification.js';
import { testEim } from '../roles/euicc/test-bench.js';
import { contentAt } from './edits.js';
import { euiccEncodingDefects, euiccSignatureDefects } from './euicc-signature.js';
import { isSigned, type Make, octets, packed, pair, prove, run, say, two, type Watch } from './euicc-test-bench.js';

const eim = testEim();
/** Which signatures in the answer to a package verify, under a token. */
const valid =
  (given: Parameters<typeof packed>[0] = {}, config: Parameters<Make>[0] = {}, associationToken = given?.token): Watch =>
  make => {
    const euicc = make(config);
    return isSigned(euicc, EuiccPackageResult, euicc.execute(packed(given)).octets, { associationToken });
  };
const error = { eid: '89049032123451234512345678901243' };
const tokened = { eims: [{ ...eim, associationToken: 5 }] };
const notified: Watch = make => {
  const euicc = make(pair);
  run(euicc, { psmo: [{ enable: two }] });
  return isSigned(euicc, OtherSignedNotification, euicc.chip.memory.notifications[0]?.octets ?? octets(''));
};

prove('defects of an eUICC in signatures', euiccSignatureDefects, [
  ['signsResultsWithOtherKey', valid(), '1 of 1', '0 of 1'],
  ['signsNotificationsWithOtherKey', notified, '1 of 1', '0 of 1'],
  ['spoilsResultSignature', valid(), '1 of 1', '0 of 1'],
  ['spoilsErrorSignature', valid(error), '1 of 1', '0 of 1'],
  ['spoilsNotificationSignature', notified, '1 of 1', '0 of 1'],
  ['sendsDerSignatures', make => `${contentAt(make().execute(packed()).octets, 'A0 5F37')?.length === 64}`, 'true', 'false'],
  ['signsResultWithoutToken', valid(), '1 of 1', '0 of 1'],
  ['signsErrorWithoutToken', valid(error), '1 of 1', '0 of 1'],
  ['forgetsToken', valid({ token: 5 }, tokened), '1 of 1', '0 of 1'],
  ['inventsSignedToken', valid(), '1 of 1', '0 of 1'],
  ['signsWholeResult', valid(), '1 of 1', '0 of 1'],
  [
    'signsWithFirstChain',
    make => {
      const second = make({ curve: 'both' }).chip.credentials[1]?.ciPKId ?? '';
      return valid({}, { curve: 'both', eims: [{ ...eim, ciPKId: second }] })(make);
    },
    // The bench verifies with the first chain.
    '0 of 1',
    '1 of 1',
  ],
]);

const start =
  (given: Parameters<typeof packed>[0], config: Parameters<Make>[0] = {}, length = 8): Watch =>
  make =>
    hex(make(config).execute(packed(given)).octets).slice(0, length);
/** How many octets stand behind the first object. */
const behind = (answer: Uint8Array) => answer.length - (readTlv(answer)?.end ?? 0);
const list = { psmo: [{ listProfileInfo: { tagList: octets('5A') } }] };
prove('defects of an eUICC in encoding', euiccEncodingDefects, [
  ['doublesResultTag', start({}), 'BF515BA0', 'BF515EBF'],
  ['omitsResultAlternative', start({}), 'BF515BA0', 'BF515930'],
  ['writesErrorAsSequence', start({ by: { ...eim, eimId: 'stranger' } }), 'BF510CA2', 'BF510C30'],
  ['writesEnableResultAsInteger', make => run(make(pair), { psmo: [{ enable: two }] }), '830100', '020100'],
  ['listsProfilesWithoutTag', make => run(make(), list), 'BF2D02A000', 'BF2D00'],
  [
    'writesListErrorAsInteger',
    make => run(make(), { psmo: [{ listProfileInfo: { tagList: octets('9F') } }] }),
    'BF2D03810101',
    'BF2D03020101',
  ],
  ['answersRemovalWithNothing', make => say(make(), 'BF3003800101'), 'BF3003800101', 'BF3000'],
  ['answersResetWithNothing', make => say(make(), 'BF640482020780'), 'BF6403800101', 'BF6400'],
  ['writesRollbackCodeWithContextTag', make => say(make(), 'BF58038001FF'), 'BF5803020101', 'BF5803800101'],
  ['writesSeqNumberInFourOctets', make => hex(contentAt(make().execute(packed()).octets, 'A0 30 83') ?? octets('')), '01', '00000001'],
  ['writesStrayOctets', make => `${behind(make().execute(packed()).octets)}`, '0', '2'],
]);

import { concat, hex, tlv } from '#protocol/asn1/tlv.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { signedPackage, testEim } from '../roles/euicc/test-bench.js';
import { contentAt } from './edits.js';
import { disabled, ecall, enabled, octets, one, outcome, packed, prove, say, two, type Watch } from './euicc-test-bench.js';
import { euiccVersionDefects } from './euicc-versions.js';

const iotInfo: Watch = make => hex(contentAt(make().execute(octets('BF2200')).octets, 'B4') ?? octets(''));
/** What the signature of a result covers behind it. */
const behind =
  (spec: '1.0' | '1.2'): Watch =>
  make => {
    const euicc = make();
    const command = signedPackage(testEim(), { counter: 1, psmo: [{ getRAT: {} }], spec });
    const answer = euicc.execute(command).octets;
    const signature = contentAt(answer, 'A0 5F37') ?? octets('');
    const object = tlv(0x30, contentAt(answer, 'A0 30') ?? octets(''));
    const candidates = { token: octets('840100'), request: command.subarray(command.length - 67) };
    const { key } = euicc.chip.credentials[0];
    return Object.entries(candidates).find(([, end]) => verify(key, concat(object, end), signature))?.[0] ?? 'something else';
  };
const refused =
  (psmo: Parameters<typeof signedPackage>[1]['psmo']): Watch =>
  make =>
    outcome(make({ profiles: [{ ...enabled, ppr: ['ppr1'] }, disabled] }).execute(packed({ spec: '1.0', ...(psmo && { psmo }) })).octets);

prove('defects of an eUICC that mixes versions up', euiccVersionDefects, [
  ['signsLikeV10', behind('1.2'), 'token', 'request'],
  ['resetsLikeV10', make => say(make(), 'BF640482020780'), 'BF6403800101', '6A88'],
  ['resetsLikeV10', make => say(make(), 'BF340482020410'), '6A88', 'BF3406020101810100'],
  ['answersResetLikeV10', make => say(make(), 'BF640482020780'), 'BF6403800101', 'BF3403800101'],
  ['tellsLaterIotVersion', iotInfo, 'A005040301020081008200', 'A005040301030081008200'],
  ['answersEcallNotAvailableToDisabling', make => say(make({ profiles: [ecall] }), 'BF5C038001FF'), 'BF5C03800102', 'BF5C03800108'],
  [
    'inventsReasonInV13',
    make => {
      const command = packed({ spec: '1.3' });
      command[command.length - 1] = (command[command.length - 1] ?? 0) ^ 1;
      return hex(contentAt(make().execute(command).octets, 'A2 8F') ?? octets(''));
    },
    '7F',
    '03',
  ],
  ['signsV10ResultsLikeV12', behind('1.0'), 'request', 'token'],
  ['answersLaterCodesInV10', refused([{ enable: two }]), '83017F', '830103'],
  ['answersLaterCodesInV10', refused([{ disable: one }]), '84017F', '840103'],
  [
    'listsTypesLikeV11InV10',
    make => {
      const { eimId, publicKey } = testEim();
      const euicc = make({ eims: [{ eimId, publicKey, idType: 'fqdn' }] });
      return hex(
        contentAt(
          euicc.execute(signedPackage(testEim(), { counter: 1, eco: [{ listEim: {} }], spec: '1.0' })).octets,
          'A0 30 30 AB A0 30',
        ) ?? octets(''),
      ).slice(-6);
    },
    '840102',
    '820102',
  ],
  ['lacksEnableUsingDD', make => say(make(), 'BF5A00'), 'BF5A03800104', '6A88'],
]);

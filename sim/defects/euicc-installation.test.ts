import { concat, hex, tlv } from '#protocol/asn1/tlv.js';
import { splitAnyhow } from '#protocol/bpp/segments.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { PKI } from '../roles/euicc/test-bench.js';
import { metadata } from '../roles/euicc/test-server.js';
import { type Change, contained, contentAt, edit, spoilt } from './edits.js';
import { euiccInstallationDefects, euiccInstalledDefects } from './euicc-installation.js';
import { download, installed, isSigned, type Make, octets, prove, states, three, type Watch } from './euicc-test-bench.js';

/** Command and reason of a download that fails, or ok, and the profiles afterwards. */
const loaded =
  (
    given: Parameters<typeof download>[1] = {},
    change: (bpp: Uint8Array, otpk: Uint8Array) => Uint8Array = bpp => bpp,
    config: Parameters<Make>[0] = {},
  ): Watch =>
  make => {
    const euicc = make(config);
    const answer = download(euicc, given, bpp => change(bpp, euicc.chip.memory.session?.otKey?.point ?? octets('')));
    return `${installed(answer)} ${states(euicc)}`;
  };
/** InitialiseSecureChannel with a member changed, and signed again. */
const rechannelled =
  (path: string, change: Change) =>
  (bpp: Uint8Array, otpk: Uint8Array): Uint8Array => {
    const key = PKI.privateKey('SK_S_SM_DPpb');
    const changed = edit(bpp, `BF23 ${path}`, change);
    const fields = contentAt(changed, 'BF23') ?? octets('');
    // 5F37 40 and the signature stand at the end.
    const signedPart = fields.subarray(0, fields.length - 67);
    return edit(
      changed,
      'BF23 5F37',
      contained(() => (key ? sign(key, concat(signedPart, tlv(0x5f49, otpk))) : octets(''))),
    );
  };
const badMac = (bpp: Uint8Array) => edit(bpp, 'A1 88', contained(spoilt));
const badLastMac = (bpp: Uint8Array) => spoilt(bpp);
const policy = { metadata: metadata({ profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: octets('62F210') } }) };

/** Outcome of a package that comes in segments. */
const inSegments =
  (given: Parameters<typeof download>[1], cut: (bpp: Uint8Array) => readonly Uint8Array[]): Watch =>
  make => {
    const euicc = make();
    let last = '';
    download(euicc, given, bpp => {
      for (const segment of cut(bpp)) last = installed(euicc.execute(segment).octets) || last;
      return octets('BF3600');
    });
    return `${last} ${states(euicc)}`;
  };
const begunTwice = inSegments({}, bpp => {
  const [first = octets(''), ...others] = splitAnyhow(bpp) ?? [];
  return [first, first, ...others];
});
const metadataFirst = inSegments({ commands: ['storeMetadata', 'configureISDP', 'loadProfileElements'] }, bpp => splitAnyhow(bpp) ?? []);

prove('defects of an eUICC in what it checks of a package', euiccInstallationDefects, [
  [
    'ignoresRemoteOperation',
    loaded(
      {},
      rechannelled('82', () => octets('820102')),
    ),
    '0/5 ',
    'ok 2-',
  ],
  ['ignoresTransactionIdOfPackage', loaded({ transactionId: octets('09') }), '0/3 ', 'ok 2-'],
  ['ignoresSmdpSign', loaded({}, bpp => edit(bpp, 'BF23 5F37', contained(spoilt))), '0/2 ', 'ok 2-'],
  [
    'ignoresCrtValues',
    loaded(
      {},
      rechannelled('A6 80', () => octets('800180')),
    ),
    '0/4 ',
    'ok 2-',
  ],
  ['ignoresMac', loaded({}, badLastMac), '5/8 ', 'ok 2-'],
  ['namesMacErrorStructure', loaded({}, badMac), '2/8 ', '2/7 '],
  ['installsIccidTwice', loaded({}, undefined, { profiles: [three] }), '2/9 2-', 'ok 2- 2-'],
  ['ignoresRat', loaded(policy), '2/15 ', 'ok 2-'],
  ['installsUnknownClasses', loaded({ metadata: metadata({ profileClass: 5 }) }), '2/6 ', 'ok 2-'],
  ['installsUnreadableProfiles', loaded({ upp: octets('0011') }), '5/12 ', 'ok 2-'],
  ['takesCommandsInAnyOrder', metadataFirst, '1/1 ', 'ok 2-'],
  ['opensChannelAgain', begunTwice, '1/1 ', 'ok 2-'],
  ['leavesFailedProfile', loaded({}, badLastMac), '5/8 ', '5/8 2-'],
]);

const told =
  (path: string): Watch =>
  make =>
    hex(contentAt(download(make()), `BF27 ${path}`) ?? octets(''));
prove('defects of an eUICC in what becomes of a package', euiccInstalledDefects, [
  [
    'installsPackageTwice',
    make => {
      const euicc = make();
      let last = octets('');
      download(euicc, {}, bpp => {
        last = bpp;
        return bpp;
      });
      euicc.execute(last);
      return states(euicc);
    },
    '2-',
    '2- 2-',
  ],
  ['installsEnabled', loaded(), 'ok 2-', 'ok 2+'],
  ['confirmsInstallationOnly', loaded(), 'ok 2-', 'ok '],
  [
    'spoilsInstallationSignature',
    make => {
      const euicc = make();
      return isSigned(euicc, ProfileInstallationResult, download(euicc));
    },
    '1 of 1',
    '0 of 1',
  ],
  ['omitsInstalledIccid', told('BF2F 5A'), hex(three.iccid), ''],
  ['altersInstalledTransaction', told('80'), '0102030405060708', '00'],
  ['namesOtherServer', told('06'), '88370A', '883763'],
  ['notifiesInstallationAsEnable', told('BF2F 81'), '0780', '0640'],
  ['omitsInstalledAid', told('A2 A0 4F'), 'A0000005591010FFFFFFFF8900001000', ''],
]);

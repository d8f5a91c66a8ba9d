/** Deviations of an IPA in the version of SGP.32 that it speaks: whole versions, and versions that are mixed up. docs/versions.md */
import { children, readTlv, tlv, tlvContent, tlvOctets } from '#protocol/asn1/tlv.js';
import type { IpaDecisions } from '../roles/ipa/index.js';
import type { Stated } from './deviation.js';
import { type Change, contained, edit, retagged } from './edits.js';
import { type IpaDeviation, type IpaDeviations, sending } from './ipa-deviation.js';

const RESULT = 'ProvideEimPackageResult';
const EID = tlv(0x5a, Uint8Array.from(Buffer.from('89049032123451234512345678901235', 'hex')));

/** v1.0 has no way to tell an IPA with both ways which one to go: this one goes through the eIM. */
const V10: Stated = { spec: '1.0', options: { O_I_DIRECT_DOWNLOAD: false, O_I_NOTIFY_SERVER: false } };
const inV10 = (deviation: IpaDeviation): IpaDeviation => ({
  ...deviation,
  declares: V10,
  withoutFeatures: ['directRspServerCommunication'],
});

/** The code alone, without the SEQUENCE around it. */
const codeAlone =
  (tag: number): Change =>
  element => {
    const code = children(element, readTlv(element)).find(t => t.tag === 0x02);
    return code ? tlv(tag, tlvContent(element, code)) : element;
  };

/** Before v1.2 requests need no User-Agent and may name any version. */
const identifies = (version: string): Pick<IpaDecisions, 'request'> => ({
  request: frame => {
    if (!/^\/gsma\/rsp2\/(asn1|esipa)/.test(frame.meta[':path'] ?? '')) return frame;
    const { 'user-agent': _, ...meta } = frame.meta;
    return { ...frame, meta: { ...meta, 'x-admin-protocol': `gsma/rsp/v${version}` } };
  },
});

/** Variants: each speaks one version, and nothing of another. */
export const ipaVersionVariants: IpaDeviations = {
  speaksV10: inV10({ does: 'It speaks SGP.32 v1.0.', override: () => identifies('1.0.0') }),
  speaksV11: {
    does: 'It speaks SGP.32 v1.1, and reports a package that it cannot handle by a code alone.',
    override: correct => ({
      ...identifies('2.2.2'),
      outgoing: (type, octets) => {
        const right = correct.outgoing(type, octets);
        return type === RESULT ? edit(right, 'A0', codeAlone(0x02)) : right;
      },
    }),
    declares: { spec: '1.1' },
  },
  speaksV13: { does: 'It speaks SGP.32 v1.3.', declares: { spec: '1.3' } },
};

/** Puts an element in front of the content. */
const behind = (first: Uint8Array): Change => contained(content => Buffer.concat([first, content]));

/** The last element of the content with another tag around or in place of its own. */
const lastAs = (change: Change): Change =>
  contained(content => {
    const members = children(tlv(0x30, content));
    const wrapped = tlv(0x30, content);
    return Buffer.concat(members.map((t, n) => (n === members.length - 1 ? change(tlvOctets(wrapped, t)) : tlvOctets(wrapped, t))));
  });

/** Defects: each takes something from another version. */
export const ipaVersionDefects: IpaDeviations = {
  joinsNotificationsLikeV10: sending('It sends notifications with a result as v1.0 does, under BF2B.', RESULT, octets =>
    edit(
      octets,
      '30',
      lastAs(list => tlv(0xbf2b, list)),
    ),
  ),
  refusesDataLikeV10: sending('It refuses a request for data as v1.0 does, by a code under 81.', RESULT, octets =>
    edit(octets, 'BF52 A1', codeAlone(0x81)),
  ),
  tellsAddressLikeV10: sending('It tells the default SM-DP+ address as v1.0 does, under 80.', RESULT, octets =>
    edit(octets, 'BF52 A0 81', retagged(0x80)),
  ),
  reportsPackagesLikeV10: sending('It reports a package that it cannot handle as v1.0 does, by a code alone.', RESULT, octets =>
    edit(octets, 'A0', codeAlone(0x02)),
  ),
  answersWithCorrelation: sending('It takes a package with the answer of v1.3.', 'TransferEimPackageResponse', octets =>
    edit(octets, '05', () => tlv(0xbf60)),
  ),
  namesEidInV10: inV10(sending('It speaks v1.0, and names the EID in results.', RESULT, octets => edit(octets, '', behind(EID)))),
  joinsNotificationsLikeV12InV10: inV10(
    sending('It speaks v1.0, and sends notifications with a result as later versions do, under A0.', RESULT, octets =>
      edit(
        octets,
        '30',
        lastAs(list => tlvContent(list, readTlv(list) ?? { tag: 0, start: 0, content: 0, end: 0, constructed: false })),
      ),
    ),
  ),
  refusesDataLikeV12InV10: inV10(
    sending('It speaks v1.0, and refuses a request for data as later versions do.', RESULT, octets =>
      edit(octets, 'BF52 81', code => tlv(0xa1, retagged(0x02)(code))),
    ),
  ),
};

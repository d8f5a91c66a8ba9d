/** Deviations of an eIM in the version of SGP.32 that it speaks: whole versions, and versions that are mixed up. docs/versions.md */
import { concat, hex, tlv } from '#protocol/asn1/tlv.js';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDefect, EimDeviations, Stated } from './deviation.js';
import { answering, withMeta } from './frames.js';

const V10: Stated = { spec: '1.0' };

/** Before v1.2 an answer over HTTP may name any version. */
const naming = (version: string): EimOverride => answering(answer => withMeta(answer, { 'x-admin-protocol': `gsma/rsp/v${version}` }));

/** Variants: each speaks one version, and nothing of another. */
export const eimVersionVariants: EimDeviations = {
  speaksV10: { does: 'It speaks SGP.32 v1.0.', override: naming('1.0.0'), declares: V10 },
  speaksV11: { does: 'It speaks SGP.32 v1.1.', override: naming('2.2.2'), declares: { spec: '1.1' } },
  speaksV13: { does: 'It speaks SGP.32 v1.3.', declares: { spec: '1.3' } },
};

const OLD_EMPTY = tlv(0xbf50);
const LATER_EMPTY = tlv(0xbf50, tlv(0x30));
const EID_NOT_FOUND = tlv(0xbf4f, tlv(0x02, Uint8Array.of(2)));

/** Sends one answer in place of another. */
const exchanging =
  (type: string, from: Uint8Array, to: Uint8Array): EimOverride =>
  correct => ({
    outgoing: (name, octets) => {
      const right = correct.outgoing(name, octets);
      return name === type && hex(right) === hex(from) ? to : right;
    },
  });

/** An eIM of v1.0 that does something as later versions do. */
const inV10 = (does: string, override: EimOverride): EimDefect => ({ does, override, declares: V10 });

/** Defects: each takes something from another version. */
export const eimVersionDefects: EimDeviations = {
  answersNothingLikeV10: {
    does: 'It acknowledges nothing by the empty BF50 of v1.0.',
    override: exchanging('ProvideEimPackageResultResponse', LATER_EMPTY, OLD_EMPTY),
  },
  asksForDataLikeV10: {
    does: 'It asks for the default SM-DP+ address by the tag of v1.0.',
    override: correct => ({ dataTags: tags => concat(Uint8Array.of(0x80), correct.dataTags(tags)) }),
  },
  answersNothingLikeV12InV10: inV10(
    'It speaks v1.0, and acknowledges nothing by the emptyResponse of later versions.',
    exchanging('ProvideEimPackageResultResponse', OLD_EMPTY, LATER_EMPTY),
  ),
  answersLaterCodesInV10: inV10('It speaks v1.0, and has the code of v1.1 for an EID that it does not know.', correct => ({
    frame: (answer, request) => {
      const right = correct.frame(answer, request);
      const isUnknown = !('fault' in right) && hex(right.body) === 'BF4F0302017F';
      return isUnknown ? { ...right, body: EID_NOT_FOUND } : right;
    },
  })),
  verifiesLikeV12InV10: inV10('It speaks v1.0, and verifies results as if they covered the association token.', () => ({
    rulesOfResult: () => '1.2',
  })),
  demandsEidInV10: inV10('It speaks v1.0, and takes no result that names no EID.', () => ({ eidOfResult: given => given })),
};

import { concat } from '../asn1/tlv.js';
import type { ValueOf } from '../asn1/type.js';
import type { BoundProfilePackage } from '../rsp/download.js';

const MAC_LENGTH = 8;

/** StoreMetadataRequest in a package: the 88 segments carry it in the clear, each with its MAC behind. SGP.22 2.5.3 */
export const metadataIn = (bpp: ValueOf<typeof BoundProfilePackage>): Uint8Array =>
  concat(...bpp.sequenceOf88.map(segment => segment.subarray(0, Math.max(0, segment.length - MAC_LENGTH))));

/** The file system of a UICC as far as a terminal reads it before and beside the ISD-R. ETSI TS 102 221 8, 13; 3GPP TS 31.102 4.2 */
import { USIM_AID } from '#protocol/apdu/aid.js';
import { concat, fromHex, tlv } from '#protocol/asn1/tlv.js';

/** An elementary file that can only be read. */
export interface ElementaryFile {
  readonly id: number;
  /** Short file identifier. */
  readonly sfi?: number;
  readonly structure: 'transparent' | 'linearFixed';
  /** Content of a transparent file; records of a linear fixed one, all of one length. */
  readonly records: readonly Uint8Array[];
}

/** The MF, or an application's directory, which an AID names. */
export interface Directory {
  readonly id: number;
  readonly aid?: Uint8Array;
  readonly files: readonly ElementaryFile[];
}

/** What the UICC shows; without an enabled profile there is no USIM. */
export interface FileSystem {
  readonly mf: Directory;
  readonly usim: Directory | undefined;
}

/** The subscription that an enabled profile brings. */
export interface Subscription {
  /** 10 octets as on the card: nibble-swapped. */
  readonly iccid: Uint8Array;
  /** 6 to 15 digits. */
  readonly imsi: string;
}

/** The master file. */
export const MF = 0x3f00;
/** Stands for the directory of the application that is active on the channel. */
export const CURRENT_APPLICATION = 0x7fff;

const octets = (hexText: string): Uint8Array => fromHex(hexText) ?? new Uint8Array();
const RECORD = 0x26;
const padded = (content: Uint8Array, length: number): Uint8Array => concat(content, new Uint8Array(length - content.length).fill(0xff));

/** Reading is always allowed, everything else never. ETSI TS 102 221 9.2.7 */
const ACCESS_RULE = octets('8001019000 80017E9700');
const APPLICATION = tlv(0x61, tlv(0x4f, USIM_AID), tlv(0x50, new TextEncoder().encode('USIM')));

/** Length, then parity and digits, swapped. 3GPP TS 31.102 4.2.2 */
const imsiContent = (imsi: string): Uint8Array => {
  const digits = `${imsi.length % 2 === 0 ? 1 : 9}${imsi}${imsi.length % 2 === 0 ? 'F' : ''}`;
  const swapped = digits.replace(/(.)(.)/g, '$2$1');
  return padded(concat(Uint8Array.of(swapped.length / 2), octets(swapped)), 9);
};

const transparent = (id: number, sfi: number, content: Uint8Array): ElementaryFile => ({
  id,
  sfi,
  structure: 'transparent',
  records: [content],
});

/** The files of a UICC whose enabled profile holds this subscription; undefined: none is enabled. */
export const fileSystemOf = (subscription: Subscription | undefined): FileSystem => {
  const records = [subscription ? APPLICATION : new Uint8Array(), new Uint8Array()];
  const mf: Directory = {
    id: MF,
    files: [
      { id: 0x2f00, sfi: 0x1e, structure: 'linearFixed', records: records.map(record => padded(record, RECORD)) },
      transparent(0x2f05, 0x05, octets('656EFFFF')),
      { id: 0x2f06, sfi: 0x06, structure: 'linearFixed', records: [padded(ACCESS_RULE, RECORD)] },
      ...(subscription ? [transparent(0x2fe2, 0x02, subscription.iccid)] : []),
    ],
  };
  const usim = subscription && {
    id: CURRENT_APPLICATION,
    aid: USIM_AID,
    files: [
      transparent(0x6f07, 0x07, imsiContent(subscription.imsi)),
      // Normal operation, MNC of two digits.
      transparent(0x6fad, 0x03, octets('00000002')),
    ],
  };
  return { mf, usim };
};

const uint16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
/** Operational, activated; the first record of EF.ARR in the MF tells the access rule. */
const LIFE_CYCLE = tlv(0x8a, Uint8Array.of(0x05));
const SECURITY = tlv(0x8b, octets('2F0601'));

/** FCP template of a file. ETSI TS 102 221 11.1.1.4 */
export const fileTemplate = ({ id, sfi, structure, records }: ElementaryFile): Uint8Array => {
  const length = records[0]?.length ?? 0;
  const descriptor = structure === 'transparent' ? octets('4121') : concat(octets('4221'), uint16(length), Uint8Array.of(records.length));
  return tlv(
    0x62,
    tlv(0x82, descriptor),
    tlv(0x83, uint16(id)),
    LIFE_CYCLE,
    SECURITY,
    tlv(0x80, uint16(length * records.length)),
    tlv(0x88, ...(sfi === undefined ? [] : [Uint8Array.of(sfi << 3)])),
  );
};

/** FCP template of a directory: its PINs are not enabled. ETSI TS 102 221 11.1.1.4 */
export const directoryTemplate = ({ id, aid }: Directory): Uint8Array =>
  tlv(
    0x62,
    tlv(0x82, octets('7821')),
    tlv(0x83, uint16(id)),
    ...(aid ? [tlv(0x84, aid)] : []),
    tlv(0xa5, tlv(0x80, Uint8Array.of(0x71))),
    LIFE_CYCLE,
    SECURITY,
    tlv(0xc6, octets('900100 830101')),
  );

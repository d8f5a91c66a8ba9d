/** Command APDUs in their short form, and the class octet. ISO 7816-3 12.1, ISO 7816-4 5.4.1, ETSI TS 102 221 10.1 */
import { concat, hex } from '../asn1/tlv.js';

/** One exchange with a card. */
export interface ApduExchange {
  readonly command: Uint8Array;
  readonly response: Uint8Array;
}

/** A command as its fields; `le` undefined: no Le field, 256 stands for the octet 00. */
export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  readonly le: number | undefined;
}

/** What an Le or P3 octet asks for. */
export const expectedLength = (octet: number): number => octet || 256;
/** An expected length as one octet; 256 is 00. */
export const lengthOctet = (length: number): number => length & 0xff;

/**
 * Reads a command of case 1 to 4; undefined when its length fits none. The fifth octet of five is P3: it lands in `le`,
 * also where a command that brings data announces some and sends none.
 */
export const readCommand = (apdu: Uint8Array): CommandApdu | undefined => {
  if (apdu.length < 4) return undefined;
  const [cla, ins, p1, p2, p3] = [apdu[0] as number, apdu[1] as number, apdu[2] as number, apdu[3] as number, apdu[4]];
  if (p3 === undefined) return { cla, ins, p1, p2, data: new Uint8Array(), le: undefined };
  if (apdu.length === 5) return { cla, ins, p1, p2, data: new Uint8Array(), le: expectedLength(p3) };
  const end = 5 + p3;
  // An extended length starts with 00, which T=0 does not know.
  if (p3 === 0 || apdu.length < end || apdu.length > end + 1) return undefined;
  const le = apdu[end];
  return { cla, ins, p1, p2, data: apdu.slice(5, end), le: le === undefined ? undefined : expectedLength(le) };
};

/** Writes a command; data of more than 255 octets is a RangeError. */
export const writeCommand = ({ cla, ins, p1, p2, data, le }: CommandApdu): Uint8Array => {
  if (data.length > 255) throw new RangeError(`expected at most 255 octets of command data, got ${data.length}`);
  const apdu = new Uint8Array(4 + (data.length > 0 ? 1 + data.length : 0) + (le === undefined ? 0 : 1));
  apdu[0] = cla;
  apdu[1] = ins;
  apdu[2] = p1;
  apdu[3] = p2;
  if (data.length > 0) {
    apdu[4] = data.length;
    apdu.set(data, 5);
  }
  if (le !== undefined) apdu[apdu.length - 1] = lengthOctet(le);
  return apdu;
};

/** What a class octet says. */
export interface ClassOctet {
  readonly channel: number;
  /** 8X, CX, EX: coded as ISO 7816-4, but the command is another's. */
  readonly isProprietary: boolean;
}

/** Reads a class octet; a text is the status word that refuses it. */
export const readClass = (cla: number): ClassOctet | '6882' | '6884' | '6E00' => {
  const isProprietary = cla >= 0x80;
  const low = cla & 0x7f;
  const isFurther = low >= 0x40;
  if (cla === 0xff || (!isFurther && low >= 0x20)) return '6E00';
  if ((low & (isFurther ? 0x20 : 0x0c)) !== 0) return '6882';
  if ((low & 0x10) !== 0) return '6884';
  return { channel: isFurther ? 4 + (low & 0x0f) : low & 0x03, isProprietary };
};

/** The class octet of a command on a channel from 0 to 19; `base` is 00 or 80. */
export const classOn = (channel: number, base: 0x00 | 0x80): number => base | (channel < 4 ? channel : 0x40 | (channel - 4));

/** Status word and data of a response APDU; undefined when it is shorter than a status word. */
export const readResponse = (apdu: Uint8Array): { readonly sw: string; readonly data: Uint8Array } | undefined => {
  if (apdu.length < 2) return undefined;
  return { sw: hex(apdu.subarray(-2)), data: apdu.slice(0, -2) };
};
/** A response APDU; the status word as four hex digits. */
export const writeResponse = (sw: string, data: Uint8Array = new Uint8Array()): Uint8Array =>
  concat(data, Uint8Array.of(Number.parseInt(sw.slice(0, 2), 16), Number.parseInt(sw.slice(2), 16)));

/** A status word whose second octet is a length, e.g. `61` and 256: `6100`. */
export const statusWithLength = (sw1: '61' | '6C' | '91', length: number): string =>
  `${sw1}${lengthOctet(length).toString(16).padStart(2, '0').toUpperCase()}`;

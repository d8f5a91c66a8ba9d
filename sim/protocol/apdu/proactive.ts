/** Proactive commands and their answers, as far as a change of profiles needs them. ETSI TS 102 223 6.4.7, 6.8, 8 */
import { concat, tlv } from '../asn1/tlv.js';

/** Command number, type and qualifier. ETSI TS 102 223 8.6 */
export interface CommandDetails {
  readonly number: number;
  readonly type: number;
  readonly qualifier: number;
}

/** Type octet of REFRESH. */
export const REFRESH = 0x01;
/** Qualifiers of REFRESH that follow a change of profiles. */
export const UICC_RESET = 0x04;
export const PROFILE_STATE_CHANGE = 0x09;

interface Object {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** COMPREHENSION-TLV objects: the top bit of the tag only says whether to insist. Undefined when they do not fill the octets. ETSI TS 101 220 7.1.1 */
const readObjects = (octets: Uint8Array): readonly Object[] | undefined => {
  const list: Object[] = [];
  for (let at = 0; at < octets.length; ) {
    const tag = octets[at++] as number;
    let length = octets[at++];
    if (length === 0x81) length = octets[at++];
    if (length === undefined || tag === 0x7f || tag === 0xff || at + length > octets.length) return undefined;
    list.push({ tag: tag & 0x7f, value: octets.slice(at, at + length) });
    at += length;
  }
  return list;
};
const find = (objects: readonly Object[] | undefined, tag: number): Uint8Array | undefined => objects?.find(o => o.tag === tag)?.value;

const detailsFrom = (value: Uint8Array | undefined): CommandDetails | undefined => {
  const [number, type, qualifier] = value ?? [];
  return value?.length === 3 && number !== undefined && type !== undefined && qualifier !== undefined
    ? { number, type, qualifier }
    : undefined;
};
const details = ({ number, type, qualifier }: CommandDetails): Uint8Array => tlv(0x81, Uint8Array.of(number, type, qualifier));

/** REFRESH from the UICC to the terminal, as FETCH hands it out. */
export const refreshCommand = (qualifier: number): Uint8Array =>
  tlv(0xd0, details({ number: 1, type: REFRESH, qualifier }), tlv(0x82, Uint8Array.of(0x81, 0x82)));

/** The details of a proactive command D0; undefined when it cannot be read. */
export const readProactiveCommand = (octets: Uint8Array): CommandDetails | undefined => {
  const isShort = (octets[1] ?? 0x80) < 0x80;
  const start = isShort ? 2 : octets[1] === 0x81 ? 3 : undefined;
  if (octets[0] !== 0xd0 || start === undefined || octets.length !== start + (octets[start - 1] ?? 0)) return undefined;
  return detailsFrom(find(readObjects(octets.subarray(start)), 0x01));
};

/** Data of TERMINAL RESPONSE. */
export const terminalResponse = (command: CommandDetails, generalResult: number): Uint8Array =>
  concat(details(command), tlv(0x82, Uint8Array.of(0x82, 0x81)), tlv(0x83, Uint8Array.of(generalResult)));

/** What a TERMINAL RESPONSE says; undefined when details or result are missing. */
export const readTerminalResponse = (
  octets: Uint8Array,
): { readonly command: CommandDetails; readonly generalResult: number } | undefined => {
  const objects = readObjects(octets);
  const command = detailsFrom(find(objects, 0x01));
  const [generalResult] = find(objects, 0x03) ?? [];
  return command && generalResult !== undefined ? { command, generalResult } : undefined;
};

/** Whether a general result counts as performed. ETSI TS 102 223 8.12 */
export const isPerformed = (generalResult: number): boolean => generalResult < 0x10;

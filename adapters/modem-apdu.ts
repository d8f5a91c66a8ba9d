/** Command APDUs in AT commands: which channel they are for, and how they are spelled. 3GPP TS 27.007 8.17, 8.43, ETSI TS 102 221 10.1.1 */
import type { ModemOptions } from './modem-options.js';

/** Highest logical channel. ETSI TS 102 221 10.1.1 */
export const LAST_CHANNEL = 19;

/** Marks the CLA of channels 4 to 19, which tell the channel and secure messaging in other bits. */
const FURTHER = 0x40;
const isFurther = (cla: number): boolean => (cla & FURTHER) !== 0;

/** Logical channel that a CLA names. */
export const channelOf = (cla: number): number => (isFurther(cla) ? 4 + (cla & 0x0f) : cla & 0x03);

/** The same CLA for another channel. */
export const onChannel = (cla: number, channel: number): number => {
  if (!isFurther(cla) && channel < 4) return (cla & 0xfc) | channel;
  const isSecured = (cla & (isFurther(cla) ? 0x20 : 0x0c)) !== 0;
  const channelBits = channel < 4 ? (isSecured ? 0x0c : 0) | channel : FURTHER | (isSecured ? 0x20 : 0) | (channel - 4);
  return (cla & 0x80) | channelBits;
};

const hexOf = (octets: Uint8Array, { hexCase }: Pick<ModemOptions, 'hexCase'>): string => {
  const text = Buffer.from(octets).toString('hex');
  return hexCase === 'upper' ? text.toUpperCase() : text;
};

/** `AT+CSIM=<length>,"<command>"`; the length counts characters of hex. */
export const csimCommand = (apdu: Uint8Array, options: Pick<ModemOptions, 'hexCase'>): string =>
  `AT+CSIM=${apdu.length * 2},"${hexOf(apdu, options)}"`;

/** `AT+CGLA=<sessionid>,<length>,"<command>"`. */
export const cglaCommand = (session: number, apdu: Uint8Array, options: Pick<ModemOptions, 'hexCase' | 'channelBits'>): string => {
  const [cla = 0, ...rest] = apdu;
  const wanted = options.channelBits === 'session' && session <= LAST_CHANNEL ? session : 0;
  const sent = apdu.length === 0 || options.channelBits === 'asSent' ? apdu : new Uint8Array([onChannel(cla, wanted), ...rest]);
  return `AT+CGLA=${session},${sent.length * 2},"${hexOf(sent, options)}"`;
};

/** `AT+CCHO="<dfname>"`. 3GPP TS 27.007 8.45 */
export const cchoCommand = (aid: Uint8Array, options: Pick<ModemOptions, 'hexCase'>): string => `AT+CCHO="${hexOf(aid, options)}"`;

/** What stands around the hex of the longest command: a session id of three digits and a length of three. */
const FRAME = 'AT+CGLA=999,999,""'.length;

const ANSWER_FRAME = '+CGLA: 999,""'.length;
const STATUS_WORD = 2;

/** Most response octets, at least one, that fit into a line of so many characters beside the status word; 0 characters stand for no limit. */
export const longestResponseData = (longestAnswer: number): number | undefined =>
  longestAnswer === 0 ? undefined : Math.min(256, Math.max(1, Math.floor((longestAnswer - ANSWER_FRAME) / 2) - STATUS_WORD));

/** Longest command APDU in octets that fits into a line of so many characters; 0 characters stand for no limit. */
export const longestApdu = (longestLine: number): number | undefined =>
  longestLine === 0 ? undefined : Math.max(0, Math.floor((longestLine - FRAME) / 2));

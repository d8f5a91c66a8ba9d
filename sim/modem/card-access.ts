/** What an emulated modem does with its card: power, logical channels, and the commands it answers by itself. 3GPP TS 27.007 8.17, 8.43 to 8.46 */
import { classOn, expectedLength, readClass, readResponse, writeCommand, writeResponse } from '#protocol/apdu/command.js';
import { REFRESH, readProactiveCommand, terminalResponse, UICC_RESET } from '#protocol/apdu/proactive.js';
import { concat } from '#protocol/asn1/tlv.js';
import type { EmulatedCard } from '../../adapters/adapter.js';
import type { ModemQuirks } from './quirks.js';

/** The card in an emulated modem. */
export interface CardAccess {
  readonly isPowered: boolean;
  power(isOn: boolean): Promise<void>;
  /** Takes the card out and puts another one in; it has power if the one before had. */
  insert(card: EmulatedCard): Promise<void>;
  /** Carries an APDU as AT+CSIM does. */
  generic(apdu: Uint8Array): Promise<Uint8Array>;
  /** Opens a channel and selects an application: a session id, or the reason why not. */
  open(aid: Uint8Array): Promise<{ readonly session: number } | 'noChannel' | 'notFound'>;
  /** Carries an APDU on the channel of a session; undefined: there is no such session. */
  onSession(session: number, apdu: Uint8Array): Promise<Uint8Array | undefined>;
  /** False: there is no such session. */
  close(session: number): Promise<boolean>;
}

const NOTHING = new Uint8Array();
const PERFORMED = 0x00;
/** Session ids that cannot be channel numbers. */
const LARGE = 256;
/** A card that never stops asking is left alone after so many. */
const MOST_PROACTIVE = 20;
/** TERMINAL CAPABILITY of a device with an IPA. SGP.32 3.8.2 */
const DECLARATION = Uint8Array.of(0x80, 0xaa, 0, 0, 5, 0xa9, 3, 0x84, 1, 1);
const STATUS = Uint8Array.of(0x80, 0xf2, 0, 0, 0);

const manageChannel = (p1: number, p2: number, le: number): Uint8Array => writeCommand({ cla: 0x00, ins: 0x70, p1, p2, data: NOTHING, le });
const lengthIn = (sw: string): number => expectedLength(Number.parseInt(sw.slice(2), 16));
const channelOf = (cla: number): number => {
  const octet = readClass(cla);
  return typeof octet === 'string' ? 0 : octet.channel;
};
const withCla = (apdu: Uint8Array, cla: number): Uint8Array => concat(Uint8Array.of(cla), apdu.subarray(1));
/** The same command with another Le: in place of the fifth octet of five, else in place of the last or behind the data. */
const withLe = (apdu: Uint8Array, le: number): Uint8Array => {
  const end = apdu.length <= 5 ? 4 : 5 + (apdu[4] ?? 0);
  return concat(apdu.subarray(0, end), Uint8Array.of(le & 0xff));
};

/** Puts a card into a modem and gives it power. */
export const cardAccess = async (inserted: EmulatedCard, quirks: ModemQuirks): Promise<CardAccess> => {
  let card = inserted;
  let isPowered = false;
  const sessions = new Map<number, number>();

  const start = async (): Promise<void> => {
    sessions.clear();
    card.powerOn();
    isPowered = true;
    if (quirks.lacks === 'CSIM') await card.transmit(DECLARATION);
  };
  const stop = (): void => {
    sessions.clear();
    card.powerOff();
    isPowered = false;
  };

  /** Fetches and answers proactive commands. ETSI TS 102 223 6.4.7 */
  const answerProactive = async (announced: string): Promise<void> => {
    let sw = announced;
    for (let round = 0; sw.startsWith('91') && round < MOST_PROACTIVE; round++) {
      const fetched = readResponse(
        await card.transmit(writeCommand({ cla: 0x80, ins: 0x12, p1: 0, p2: 0, data: NOTHING, le: lengthIn(sw) })),
      );
      const command = fetched && readProactiveCommand(fetched.data);
      if (!command) return;
      const data = terminalResponse(command, PERFORMED);
      sw = readResponse(await card.transmit(writeCommand({ cla: 0x80, ins: 0x14, p1: 0, p2: 0, data, le: undefined })))?.sw ?? '';
      if (command.type !== REFRESH) continue;
      if (command.qualifier === UICC_RESET) return start();
      if (quirks.losesSessions) sessions.clear();
    }
  };
  /** Whether a TERMINAL RESPONSE of the host answers REFRESH: a modem that listens loses its sessions then. */
  const endsRefresh = (apdu: Uint8Array): boolean => apdu[1] === 0x14 && apdu[5] === 0x81 && apdu[8] === REFRESH;

  const carry = async (apdu: Uint8Array): Promise<Uint8Array> => {
    if (quirks.usesCard) await card.transmit(STATUS);
    const answer = readResponse(await card.transmit(apdu));
    if (!answer) return NOTHING;
    let { sw, data } = answer;
    if (quirks.getResponse === 'modem' && sw.startsWith('6C'))
      ({ sw, data } = readResponse(await card.transmit(withLe(apdu, lengthIn(sw)))) ?? answer);
    if (quirks.getResponse === 'modem' && sw.startsWith('61')) {
      const command = { cla: classOn(channelOf(apdu[0] ?? 0), 0x00), ins: 0xc0, p1: 0, p2: 0, data: NOTHING, le: lengthIn(sw) };
      const more = readResponse(await card.transmit(writeCommand(command)));
      if (more) [sw, data] = [more.sw, concat(data, more.data)];
    }
    if (quirks.toolkit === 'modem' && sw.startsWith('91')) {
      await answerProactive(sw);
      sw = '9000';
    }
    if (quirks.losesSessions && endsRefresh(apdu)) sessions.clear();
    return writeResponse(sw, data);
  };

  const manage = async (p1: number, p2: number): Promise<Uint8Array | undefined> => {
    const answer = readResponse(await card.transmit(manageChannel(p1, p2, p1 === 0 ? 1 : 256)));
    return answer?.sw === '9000' ? answer.data : undefined;
  };

  await start();
  return {
    get isPowered() {
      return isPowered;
    },
    power: async isOn => {
      if (!isOn) stop();
      else if (!isPowered) await start();
    },
    insert: async another => {
      const wasPowered = isPowered;
      stop();
      card = another;
      if (wasPowered) await start();
    },
    generic: carry,
    open: async aid => {
      const [channel] = (await manage(0x00, 0x00)) ?? [];
      if (channel === undefined) return 'noChannel';
      const select = { cla: classOn(channel, 0x00), ins: 0xa4, p1: 0x04, p2: 0x00, data: aid, le: undefined };
      const sw = readResponse(await card.transmit(writeCommand(select)))?.sw ?? '';
      if (sw !== '9000' && !sw.startsWith('61')) {
        await manage(0x80, channel);
        return 'notFound';
      }
      const session = quirks.sessions === 'large' ? LARGE + channel : channel;
      sessions.set(session, channel);
      return { session };
    },
    onSession: async (session, apdu) => {
      const channel = sessions.get(session);
      if (channel === undefined) return undefined;
      const cla = apdu[0] ?? 0;
      return carry(quirks.channelBits === 'corrects' ? withCla(apdu, classOn(channel, cla & 0x80 ? 0x80 : 0x00)) : apdu);
    },
    close: async session => {
      const channel = sessions.get(session);
      if (channel === undefined) return false;
      sessions.delete(session);
      await manage(0x80, channel);
      return true;
    },
  };
};

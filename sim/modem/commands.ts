/** The AT commands of an emulated modem. 3GPP TS 27.007 8 and 9, ITU-T V.250 6 */
import { fromHex } from '#protocol/asn1/tlv.js';
import type { CardAccess } from './card-access.js';
import type { ModemQuirks } from './quirks.js';

/** What a modem remembers between commands. */
export interface ModemMemory {
  echoes: boolean;
  /** AT+CMEE. 3GPP TS 27.007 9.1 */
  errorForm: 0 | 1 | 2;
  /** Card commands so far. */
  cardCommands: number;
  readonly quirks: ModemQuirks;
  readonly card: CardAccess;
}

/** Answer to one command: information, then OK or an error by its number. */
export interface ModemReply {
  readonly lines?: readonly string[];
  /** Lines that nobody asked for, behind the answer. */
  readonly afterwards?: readonly string[];
  readonly error?: number;
}

/** Numbers of errors. 3GPP TS 27.007 9.2 */
const ERROR = {
  notSupported: 4,
  notInserted: 10,
  simFailure: 13,
  busy: 14,
  memoryFull: 20,
  notFound: 22,
  incorrect: 50,
  unknown: 100,
} as const;
/** A command that does not exist at all is answered by a plain ERROR, whatever AT+CMEE says. */
export const NO_SUCH_COMMAND = -1;

const OK: ModemReply = {};
const failed = (error: number): ModemReply => ({ error });
const READY = '+CPIN: READY';

const hexText = (octets: Uint8Array, { hexCase }: ModemQuirks): string => {
  const text = Buffer.from(octets).toString('hex');
  return hexCase === 'lower' ? text : text.toUpperCase();
};

/** Hex of the announced length; undefined when length and hex do not fit together. */
const octetsOf = (length: string | undefined, text: string | undefined): Uint8Array | undefined =>
  text !== undefined && Number(length) === text.length ? fromHex(text) : undefined;

const whileUsable = async (memory: ModemMemory, act: () => Promise<ModemReply>): Promise<ModemReply> => {
  if (!memory.card.isPowered) return failed(ERROR.notInserted);
  memory.cardCommands++;
  const { busyEvery } = memory.quirks;
  return busyEvery > 0 && memory.cardCommands % busyEvery === 0 ? failed(ERROR.busy) : act();
};

/** An answer of the card; a card that says nothing has failed. */
const carried = (prefix: string, response: Uint8Array, quirks: ModemQuirks): ModemReply =>
  response.length < 2 ? failed(ERROR.simFailure) : { lines: [`${prefix}: ${response.length * 2},"${hexText(response, quirks)}"`] };

type Handler = (memory: ModemMemory, parameters: RegExpExecArray) => ModemReply | Promise<ModemReply>;
interface AtCommand {
  readonly form: RegExp;
  /** The command that a modem may lack. */
  readonly part?: 'CGLA' | 'CSIM';
  readonly answer: Handler;
}

const power = async (memory: ModemMemory, isOn: boolean): Promise<ModemReply> => {
  await memory.card.power(isOn);
  return isOn && memory.quirks.ready === 'tells' ? { afterwards: [READY] } : OK;
};

const COMMANDS: readonly AtCommand[] = [
  { form: /^(?:[Z&]\w?)?$/, answer: () => OK },
  {
    form: /^E([01])?$/,
    answer: (memory, [, value]) => {
      memory.echoes = value === '1';
      return OK;
    },
  },
  { form: /^V1$/, answer: () => OK },
  { form: /^(?:I\d?|\+C?GM[IMR])$/, answer: () => ({ lines: ['sgp32-conformance modem emulator'] }) },
  { form: /^\+CMEE=\?$/, answer: () => ({ lines: ['+CMEE: (0-2)'] }) },
  { form: /^\+CMEE\?$/, answer: memory => ({ lines: [`+CMEE: ${memory.errorForm}`] }) },
  {
    form: /^\+CMEE=([012])$/,
    answer: (memory, [, value]) => {
      memory.errorForm = value === '2' ? 2 : value === '1' ? 1 : 0;
      return OK;
    },
  },
  { form: /^\+CPIN\?$/, answer: ({ card }) => (card.isPowered ? { lines: [READY] } : failed(ERROR.notInserted)) },
  { form: /^\+CFUN\?$/, answer: ({ card }) => ({ lines: [`+CFUN: ${card.isPowered ? 1 : 0}`] }) },
  { form: /^\+CFUN=[04]$/, answer: memory => power(memory, false) },
  { form: /^\+CFUN=1$/, answer: memory => power(memory, true) },
  {
    form: /^\+CFUN=1,1$/,
    answer: async memory => {
      await power(memory, false);
      return power(memory, true);
    },
  },
  { form: /^\+CSIM=\?$/, part: 'CSIM', answer: () => OK },
  {
    form: /^\+CSIM=(\d{1,6}),"?([0-9A-Fa-f]*)"?$/,
    part: 'CSIM',
    answer: (memory, [, length, text]) =>
      whileUsable(memory, async () => {
        const apdu = octetsOf(length, text);
        return apdu ? carried('+CSIM', await memory.card.generic(apdu), memory.quirks) : failed(ERROR.incorrect);
      }),
  },
  { form: /^\+C(?:CHO|GLA|CHC)=\?$/, part: 'CGLA', answer: () => OK },
  {
    form: /^\+CCHO="?((?:[0-9A-Fa-f]{2}){1,16})"?$/,
    part: 'CGLA',
    answer: (memory, [, aid = '']) =>
      whileUsable(memory, async () => {
        const opened = await memory.card.open(fromHex(aid) ?? new Uint8Array());
        if (opened === 'noChannel') return failed(ERROR.memoryFull);
        if (opened === 'notFound') return failed(ERROR.notFound);
        return { lines: [memory.quirks.bareSession ? String(opened.session) : `+CCHO: ${opened.session}`] };
      }),
  },
  {
    form: /^\+CGLA=(\d{1,6}),(\d{1,6}),"?([0-9A-Fa-f]*)"?$/,
    part: 'CGLA',
    answer: (memory, [, session, length, text]) =>
      whileUsable(memory, async () => {
        const apdu = octetsOf(length, text);
        const response = apdu && (await memory.card.onSession(Number(session), apdu));
        return response ? carried('+CGLA', response, memory.quirks) : failed(ERROR.incorrect);
      }),
  },
  {
    form: /^\+CCHC=(\d{1,6})$/,
    part: 'CGLA',
    answer: (memory, [, session]) =>
      whileUsable(memory, async () => ((await memory.card.close(Number(session))) ? { lines: ['+CCHC'] } : failed(ERROR.incorrect))),
  },
  { form: /^\+C(?:SIM|CHO|GLA|CHC)=/, answer: () => failed(ERROR.incorrect) },
];

/** Carries out one command line; a text that is no command of this modem is an error like any other. */
export const obey = async (memory: ModemMemory, line: string): Promise<ModemReply> => {
  const [, body] = /^AT(.*)$/i.exec(line) ?? [];
  if (body === undefined) return failed(NO_SUCH_COMMAND);
  const upper = body.toUpperCase();
  for (const { form, part, answer } of COMMANDS) {
    const parameters = form.exec(upper);
    if (parameters && (part === undefined || part !== memory.quirks.lacks)) return answer(memory, parameters);
  }
  return failed(NO_SUCH_COMMAND);
};

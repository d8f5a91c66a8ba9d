/** How a modem wants to be treated: settings with defaults, so that no modem needs code of its own. docs/modem.md */
import type { Duration } from './adapter.js';

/** Which AT command carries APDUs: on sessions of the modem, on the card as it is, or the first one that the modem says it knows. */
export type ApduCommand = 'CGLA' | 'CSIM' | 'auto';

/** Everything that differs between modems. */
export interface ModemOptions {
  readonly port: string;
  readonly baud: number;
  readonly flowControl: 'none' | 'hardware';
  readonly apdu: ApduCommand;
  readonly init: readonly string[];
  readonly lineEnding: 'CR' | 'CRLF';
  readonly hexCase: 'upper' | 'lower';
  readonly channelBits: 'session' | 'zero' | 'asSent';
  readonly longestLine: number;
  readonly longestAnswer: number;
  readonly timeout: Duration;
  readonly commandTimeout: Duration;
  readonly quiet: Duration;
  readonly busyRetries: number;
  readonly busyPause: Duration;
  readonly reset: readonly string[];
  readonly ready: readonly string[];
  readonly readyCommand: string;
  readonly readyPause: Duration;
  readonly resetTimeout: Duration;
  readonly settle: Duration;
  readonly returnTimeout: Duration;
}

/** One setting, for those who read it from a file and for those who print it; its default stands in MODEM_DEFAULTS. */
export interface ModemSetting {
  readonly type: 'text' | 'integer' | 'duration' | 'word' | 'texts';
  /** What it is for; one sentence. */
  readonly text: string;
  /** The words possible, for type `word`. */
  readonly words?: readonly string[];
  /** For type `integer`. */
  readonly least?: number;
}

/** What holds where the IXIT says nothing; the port has to be given. */
export const MODEM_DEFAULTS: Omit<ModemOptions, 'port'> = {
  baud: 115200,
  flowControl: 'none',
  apdu: 'auto',
  init: ['ATE0', 'ATV1', 'AT+CMEE=1'],
  lineEnding: 'CR',
  hexCase: 'upper',
  channelBits: 'session',
  longestLine: 0,
  longestAnswer: 0,
  timeout: { seconds: 30 },
  commandTimeout: { seconds: 5 },
  quiet: { seconds: 0.2 },
  busyRetries: 10,
  busyPause: { seconds: 0.5 },
  reset: ['AT+CFUN=0', 'AT+CFUN=1'],
  ready: ['+CPIN: READY'],
  readyCommand: 'AT+CPIN?',
  readyPause: { seconds: 1 },
  resetTimeout: { seconds: 30 },
  settle: { seconds: 0.5 },
  returnTimeout: { seconds: 20 },
};

/** Every setting of `links.es10.modem`. */
export const MODEM_SETTINGS: { readonly [K in keyof ModemOptions]: ModemSetting } = {
  port: { type: 'text', text: 'The serial port or pseudo terminal (`/dev/ttyUSB2`, `COM5`), or `tcp://host:port` of a modem elsewhere.' },
  baud: { type: 'integer', least: 1, text: 'Bits per second of the serial port.' },
  flowControl: { type: 'word', words: ['none', 'hardware'], text: 'Whether RTS and CTS hold up the sender.' },
  apdu: {
    type: 'word',
    words: ['auto', 'CGLA', 'CSIM'],
    text: 'How APDUs go: by AT+CCHO, AT+CGLA and AT+CCHC, or by AT+CSIM with MANAGE CHANNEL; `auto` asks the modem and prefers CGLA.',
  },
  init: { type: 'texts', text: 'Commands once the port is open; each has to end with OK.' },
  lineEnding: { type: 'word', words: ['CR', 'CRLF'], text: 'What ends a command.' },
  hexCase: { type: 'word', words: ['upper', 'lower'], text: 'Letters of the hex that is sent; both are understood.' },
  channelBits: {
    type: 'word',
    words: ['session', 'zero', 'asSent'],
    text:
      'Channel bits of CLA in AT+CGLA: the session id (zero where it is no channel number), always zero, or as the test sent them. ' +
      'Most modems put them right by themselves.',
  },
  longestLine: {
    type: 'integer',
    least: 0,
    text: 'Longest command in characters that the modem takes, 0 where any length is; STORE DATA is cut into blocks that fit.',
  },
  longestAnswer: {
    type: 'integer',
    least: 0,
    text: 'Longest line in characters in which the modem answers, 0 where any length is; GET RESPONSE asks for parts that fit.',
  },
  timeout: { type: 'duration', text: 'Longest time for the answer to an APDU; making keys and installing profiles take seconds.' },
  commandTimeout: { type: 'duration', text: 'Longest time for the answer to any other command.' },
  quiet: { type: 'duration', text: 'Silence after which nothing more is expected of a command that was given up.' },
  busyRetries: { type: 'integer', least: 0, text: 'How often a command is sent again that ended with +CME ERROR: 14 (SIM busy).' },
  busyPause: { type: 'duration', text: 'Pause before it is sent again.' },
  reset: { type: 'texts', text: 'Commands that take the power away from the card and give it back.' },
  ready: {
    type: 'texts',
    text: 'Beginnings of lines that tell that the card can be used again, unsolicited or in answer to `readyCommand`; none: nothing is waited for.',
  },
  readyCommand: {
    type: 'text',
    text: 'Command that asks whether the card can be used, for modems that do not tell by themselves; empty: only unsolicited lines count.',
  },
  readyPause: { type: 'duration', text: 'Pause before it is asked again.' },
  resetTimeout: { type: 'duration', text: 'Longest time from the first reset command to a line of `ready`.' },
  settle: { type: 'duration', text: 'Pause after a reset, once the card is ready.' },
  returnTimeout: {
    type: 'duration',
    text: 'Longest time in which a port that vanished comes back, tried with the next command; 0: it is gone for good.',
  },
};

/** A modem at a port, with the defaults for what is not given. */
export const modemOptions = (given: Partial<ModemOptions> & Pick<ModemOptions, 'port'>): ModemOptions => ({ ...MODEM_DEFAULTS, ...given });

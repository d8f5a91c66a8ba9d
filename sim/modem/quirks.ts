/** How modems differ, as switches of the emulated one; the defaults together make a modem that gives no trouble. docs/modem.md */
import type { Duration } from '../../adapters/adapter.js';

/** What an emulated modem does differently. */
export interface ModemQuirks {
  readonly echo: 'byCommand' | 'never' | 'always' | 'twice';
  readonly lineEnd: 'CRLF' | 'CR' | 'LF';
  readonly hexCase: 'upper' | 'lower';
  readonly wrap: number;
  readonly unsolicited: boolean;
  readonly errors: 'byCommand' | 'plain' | 'numeric' | 'verbose';
  readonly lacks: 'nothing' | 'CGLA' | 'CSIM';
  readonly bareSession: boolean;
  readonly sessions: 'channel' | 'large';
  readonly channelBits: 'corrects' | 'asSent';
  readonly getResponse: 'host' | 'modem';
  readonly toolkit: 'host' | 'modem';
  readonly losesSessions: boolean;
  readonly ready: 'tells' | 'asked';
  readonly longestLine: number;
  readonly longestAnswer: number;
  readonly delay: Duration;
  readonly busyEvery: number;
  readonly usesCard: boolean;
  readonly vanishesAfter: number;
  readonly baud: number;
}

/** One switch: how its value is written, and what it does. */
export interface Quirk<V> {
  readonly default: V;
  /** Values possible, as a person reads them. */
  readonly form: string;
  readonly text: string;
  /** undefined: no value of this form. */
  parse(text: string): V | undefined;
}

const word = <W extends string>(text: string, ...words: readonly [W, ...W[]]): Quirk<W> => ({
  default: words[0],
  form: words.join(' or '),
  text,
  parse: given => words.find(w => w === given),
});
const flag = (text: string): Quirk<boolean> => ({
  default: false,
  form: 'yes or no',
  text,
  parse: given => (given === 'yes' ? true : given === 'no' ? false : undefined),
});
const count = (text: string): Quirk<number> => ({
  default: 0,
  form: 'a number',
  text,
  parse: given => (/^\d{1,7}$/.test(given) ? Number(given) : undefined),
});
const milliseconds = (text: string): Quirk<Duration> => ({
  default: { seconds: 0 },
  form: 'milliseconds',
  text,
  parse: given => (/^\d{1,6}$/.test(given) ? { seconds: Number(given) / 1000 } : undefined),
});

/** Every switch. */
export const QUIRKS: { readonly [K in keyof ModemQuirks]: Quirk<ModemQuirks[K]> } = {
  echo: word('Echo of commands: until ATE0, or whatever ATE says.', 'byCommand', 'never', 'always', 'twice'),
  lineEnd: word('What ends the lines of answers.', 'CRLF', 'CR', 'LF'),
  hexCase: word('Letters of hex in answers.', 'upper', 'lower'),
  wrap: count('Characters after which a line of an answer goes on in the next one; 0: never.'),
  unsolicited: flag('Unsolicited lines before, within and after answers, some with the same beginning.'),
  errors: word('Form of errors: as AT+CMEE says, or whatever it says.', 'byCommand', 'plain', 'numeric', 'verbose'),
  lacks: word('Commands that do not exist; a modem without AT+CSIM declares itself to the card.', 'nothing', 'CGLA', 'CSIM'),
  bareSession: flag('The session id alone on its line.'),
  sessions: word('Session ids: the channel number, or 256 more.', 'channel', 'large'),
  channelBits: word('What becomes of the channel bits of CLA in AT+CGLA.', 'corrects', 'asSent'),
  getResponse: word('Who answers 61xx and 6Cxx.', 'host', 'modem'),
  toolkit: word('Who answers proactive commands, and resets the card after REFRESH.', 'host', 'modem'),
  losesSessions: flag('After a REFRESH no session is known any more.'),
  ready: word('Whether +CPIN: READY comes by itself after a reset.', 'tells', 'asked'),
  longestLine: count('Longest command in characters, ERROR for a longer one; 0: any of up to 4096.'),
  longestAnswer: count('Longest line of an answer in characters, ERROR in place of a longer one; 0: any.'),
  delay: milliseconds('Time that an answer takes.'),
  busyEvery: count('Every so many card commands one is answered with SIM busy; 0: none.'),
  usesCard: flag('Sends STATUS to the card between commands.'),
  vanishesAfter: count('Commands after which the port vanishes; 0: it stays.'),
  baud: count('Bits per second that both directions carry at most; 0: any number.'),
};

/** A modem with the quirks given by name and text; a text in place of it says what is wrong. */
export const readQuirks = (given: ReadonlyMap<string, string>): ModemQuirks | string => {
  const mistakes: string[] = [];
  for (const name of given.keys())
    if (!Object.hasOwn(QUIRKS, name)) mistakes.push(`expected one of ${Object.keys(QUIRKS).join(', ')}, got ${name}`);
  const value = <K extends keyof ModemQuirks>(name: K): ModemQuirks[K] => {
    const quirk: Quirk<ModemQuirks[K]> = QUIRKS[name];
    const text = given.get(name);
    const found = text === undefined ? quirk.default : quirk.parse(text);
    if (found === undefined) mistakes.push(`${name}: expected ${quirk.form}, got ${text}`);
    return found ?? quirk.default;
  };
  const quirks: ModemQuirks = {
    echo: value('echo'),
    lineEnd: value('lineEnd'),
    hexCase: value('hexCase'),
    wrap: value('wrap'),
    unsolicited: value('unsolicited'),
    errors: value('errors'),
    lacks: value('lacks'),
    bareSession: value('bareSession'),
    sessions: value('sessions'),
    channelBits: value('channelBits'),
    getResponse: value('getResponse'),
    toolkit: value('toolkit'),
    losesSessions: value('losesSessions'),
    ready: value('ready'),
    longestLine: value('longestLine'),
    longestAnswer: value('longestAnswer'),
    delay: value('delay'),
    busyEvery: value('busyEvery'),
    usesCard: value('usesCard'),
    vanishesAfter: value('vanishesAfter'),
    baud: value('baud'),
  };
  return mistakes.length > 0 ? mistakes.join('; ') : quirks;
};

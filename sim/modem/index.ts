/** An emulated modem: AT commands on any stream, a simulated card behind them, and the quirks of real modems as switches. docs/modem.md */
import { setTimeout as pause } from 'node:timers/promises';
import type { EmulatedCard } from '../../adapters/adapter.js';
import { CME_ERRORS } from '../../adapters/at-result.js';
import type { ModemPort } from '../../adapters/modem-port.js';
import { cardAccess } from './card-access.js';
import { type ModemMemory, type ModemReply, NO_SUCH_COMMAND, obey } from './commands.js';
import { pacedLine } from './pace.js';
import { type ModemQuirks, readQuirks } from './quirks.js';

export { type ModemQuirks, QUIRKS, readQuirks } from './quirks.js';

/** A modem under power. */
export interface ModemEmulator {
  /** Serves a port until it ends; resolves then. */
  attach(port: ModemPort): Promise<void>;
  /** Takes the power away from the card and gives it back, as a relay would. */
  powerCycle(): Promise<void>;
  /** Puts another card in place of the one that is there. */
  insert(card: EmulatedCard): Promise<void>;
  /** Every port ends, as when a modem is pulled out. */
  vanish(): void;
}

const MOST_CHARACTERS = 4096;
/** Lines of modems that nobody asked for; the later ones begin like answers. */
const UNSOLICITED = [
  '+CREG: 1',
  'RING',
  '^RSSI: 21',
  '*PSUTTZ: "26/11/28,18:03:25+04",0',
  'DEADBEEF-01',
  '+CSIM: 1',
  '+CGLA: 2,1',
  '+CCHO: READY',
  '+CME: 14',
];
const MEANINGS: ReadonlyMap<number, string> = new Map(CME_ERRORS);
const LINE_ENDS = { CRLF: '\r\n', CR: '\r', LF: '\n' } as const;

/** A modem that gives no trouble. */
export const noQuirks = (): ModemQuirks => {
  const quirks = readQuirks(new Map());
  if (typeof quirks === 'string') throw new Error(quirks);
  return quirks;
};

const errorLine = (code: number, { quirks, errorForm }: ModemMemory): string => {
  const form = quirks.errors === 'byCommand' ? (['plain', 'numeric', 'verbose'] as const)[errorForm] : quirks.errors;
  if (form === 'plain' || code === NO_SUCH_COMMAND) return 'ERROR';
  return `+CME ERROR: ${form === 'numeric' ? code : (MEANINGS.get(code) ?? 'unknown')}`;
};

/** Makes a modem with a card in it and gives it power. */
export const createModemEmulator = async (card: EmulatedCard, quirks: ModemQuirks = noQuirks()): Promise<ModemEmulator> => {
  const access = await cardAccess(card, quirks);
  const memory: ModemMemory = { echoes: quirks.echo !== 'never', errorForm: 0, cardCommands: 0, quirks, card: access };
  const ports = new Set<ModemPort>();
  const lineEnd = LINE_ENDS[quirks.lineEnd];
  let unasked = 0;
  let commands = 0;

  const wrapped = (line: string): string[] => {
    const { wrap } = quirks;
    if (wrap === 0 || line.length <= wrap) return [line];
    return [line.slice(0, wrap), ...wrapped(line.slice(wrap))];
  };
  const unsolicited = (): string[] => {
    unasked++;
    return quirks.unsolicited ? [UNSOLICITED[unasked % UNSOLICITED.length] ?? ''] : [];
  };
  const written = (lines: readonly string[]): string => lines.map(line => `${lineEnd}${line}${lineEnd}`).join('');
  const answerTo = ({ lines = [], error, afterwards = [] }: ModemReply): string => {
    const pieces = lines.flatMap(wrapped).flatMap(piece => [...unsolicited(), piece]);
    return written([...pieces, ...unsolicited(), error === undefined ? 'OK' : errorLine(error, memory), ...afterwards, ...unsolicited()]);
  };
  const echoOf = (line: string): string => {
    if (quirks.echo === 'never' || (quirks.echo === 'byCommand' && !memory.echoes)) return '';
    return quirks.echo === 'twice' ? `${line}\r${line}\r` : `${line}\r`;
  };
  const reactTo = async (line: string): Promise<string> => {
    const echo = echoOf(line);
    const isTooLong = line.length > (quirks.longestLine || MOST_CHARACTERS);
    // V.250 5.2.4: a line without a command is left unanswered.
    if (line.trim() === '') return echo;
    const obeyed = isTooLong ? { error: NO_SUCH_COMMAND } : await obey(memory, line.trim());
    const { longestAnswer } = quirks;
    const isCut = longestAnswer > 0 && obeyed.lines?.some(text => text.length > longestAnswer);
    const reply = isCut ? { error: NO_SUCH_COMMAND } : obeyed;
    if (quirks.delay.seconds > 0) await pause(quirks.delay.seconds * 1000);
    return `${echo}${answerTo(reply)}`;
  };

  const serve = async ({ stream, close }: ModemPort, gone: Promise<void>): Promise<void> => {
    const [incoming, outgoing] = [pacedLine(quirks.baud), pacedLine(quirks.baud)];
    let held = '';
    for await (const chunk of stream) {
      const octets = Buffer.from(chunk);
      await incoming.carry(octets.length);
      const lines = (held + octets.toString('latin1')).replaceAll('\n', '').split('\r');
      // Of a line that goes beyond every limit it is enough to know that it does.
      held = (lines.pop() ?? '').slice(0, MOST_CHARACTERS + 1);
      for (const line of lines) {
        // A card may never answer; the port can go all the same.
        const answer = await Promise.race([gone, reactTo(line)]);
        if (answer === undefined) return;
        await outgoing.carry(answer.length);
        await Promise.race([gone, new Promise<void>(done => stream.write(Buffer.from(answer, 'latin1'), () => done()))]);
        commands++;
        if (quirks.vanishesAfter > 0 && commands >= quirks.vanishesAfter) await close();
      }
    }
  };

  return {
    attach: async port => {
      let isGone = false;
      const gone = new Promise<void>(resolve => {
        const end = () => {
          isGone = true;
          resolve();
        };
        port.stream.once('close', end).once('error', end);
      });
      ports.add(port);
      try {
        await serve(port, gone);
      } catch (error) {
        // A stream that breaks off is the end of its dialogue, as it is for a modem.
        if (!isGone) throw error;
      } finally {
        ports.delete(port);
        await port.close();
      }
    },
    powerCycle: async () => {
      await access.power(false);
      await access.power(true);
    },
    insert: another => access.insert(another),
    vanish: () => {
      for (const port of ports) void port.close();
    },
  };
};

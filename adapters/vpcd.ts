/**
 * Our card in the virtual reader of PC/SC (vsmartcard): vpcd listens inside pcscd, and the card connects.
 * A message is a 2-octet big-endian length and as many octets; one of a single octet is a control, every other one an APDU.
 */
import { connect, type Socket } from 'node:net';
import { type CardSlot, type Duration, type EmulatedCard, LinkError, type TransmitOptions } from './adapter.js';
import { loadQuickAck } from './quick-ack.js';
import { type PowerEvent, type SlotReports, watched } from './slot.js';
import { errorCode, errorText } from './tls.js';
import { until } from './until.js';
import { written } from './written.js';

export interface VpcdOptions extends SlotReports {
  readonly host?: string;
  /** 35963, that of the first slot of Debian's reader, when absent; the second slot is the port after it. */
  readonly port?: number;
  /** For the reader to take a card; 5 s when absent. pcscd looks for one about every 400 ms. */
  readonly within?: Duration;
}

export interface VpcdSlot extends CardSlot {
  /** Resolves once the reader has powered the card that is in it; some programs have to be started after that. */
  poweredOn(options: TransmitOptions): Promise<void>;
}

const HEADER = 2;
const POWER: Readonly<Record<number, PowerEvent>> = { 0: 'off', 1: 'on', 2: 'reset' };
const GET_ATR = 4;
const WRONG_LENGTH = Uint8Array.of(0x67, 0x00);
/** pcscd powers a card as soon as it sees it; a reader that does so only on demand has it all the same. */
const POWER_GRACE_MS = 1000;
/** A reader that does not ask that long need not see that a card left. */
const UNSEEN_MS = 1000;

/** Cuts what arrives into messages; holds at most one incomplete message and one chunk. */
const messageCutter = () => {
  let held: Buffer[] = [];
  let size = 0;
  let wanted = HEADER;
  return {
    cut: (chunk: Buffer): Uint8Array[] => {
      held.push(chunk);
      size += chunk.length;
      if (size < wanted) return [];
      const all = Buffer.concat(held);
      const messages: Uint8Array[] = [];
      let at = 0;
      for (wanted = HEADER; all.length - at >= HEADER; at += wanted) {
        wanted = HEADER + all.readUInt16BE(at);
        if (all.length - at < wanted) break;
        messages.push(new Uint8Array(all.subarray(at + HEADER, at + wanted)));
      }
      if (all.length - at < HEADER) wanted = HEADER;
      held = [all.subarray(at)];
      size = all.length - at;
      return messages;
    },
    isEmpty: () => size === 0,
  };
};

const message = (content: Uint8Array): Buffer => {
  const octets = Buffer.allocUnsafe(HEADER + content.length);
  octets.writeUInt16BE(content.length);
  octets.set(content, HEADER);
  return octets;
};

const noReader = (host: string, port: number, cause: unknown): LinkError => {
  const isRefused = errorCode(cause) === 'ECONNREFUSED';
  const what = isRefused ? `nothing listens at ${host}:${port}` : `${host}:${port} cannot be reached (${errorText(cause)})`;
  const advice = `is pcscd running, and does it have the virtual reader (Debian: apt-get install pcscd vsmartcard-vpcd)? Where pcscd starts on demand only, "pcsc_scan -r" starts it`;
  return new LinkError(isRefused ? 'refused' : 'unreachable', `there is no virtual reader: ${what}; ${advice}`, { cause });
};

/** A promise and what resolves it. */
const event = () => {
  let happen = (): void => {};
  const happened = new Promise<void>(resolve => {
    happen = resolve;
  });
  return { happen, happened };
};

/** One card from its insertion to its removal. */
const seat = (card: EmulatedCard, quickAck: (socket: Socket) => void, { onPower, onProblem }: SlotReports) => {
  const over = new AbortController();
  const asked = event();
  const powered = event();
  let socket: Socket | undefined;
  let isPowered = false;
  let wasPowered = false;
  // The reader asks for the ATR before it gives power, to see whether a card is there.
  let atr = card.powerOn();
  card.powerOff();

  const power = (change: PowerEvent) => {
    if (change === 'off') card.powerOff();
    else atr = card.powerOn();
    isPowered = change !== 'off';
    wasPowered ||= isPowered;
    onPower?.(change);
  };
  const react = async (to: Socket, content: Uint8Array): Promise<void> => {
    const [control] = content;
    if (control === undefined) {
      onProblem?.({ kind: 'malformed', message: 'the reader sent a command without content; answered 6700' });
      // vpcd 3.3 passes on what a program sends without content, and waits for an answer.
      return written(to, message(WRONG_LENGTH));
    }
    if (content.length > 1) {
      // A card that is out does not answer any more, even if it still works.
      const response = await until(card.transmit(content), over.signal, 'the command').catch(() => undefined);
      return response && written(to, message(response));
    }
    const change = POWER[control];
    if (change !== undefined) return power(change);
    if (control !== GET_ATR) return onProblem?.({ kind: 'malformed', message: `the reader sent the unknown control ${control}; ignored` });
    await written(to, message(atr));
    asked.happen();
    if (wasPowered) powered.happen();
  };
  const end = (why: LinkError) => {
    if (over.signal.aborted) return;
    over.abort(why);
    if (isPowered) card.powerOff();
  };
  const lost = (where: string, cause?: unknown) => {
    if (over.signal.aborted) return;
    const why = cause === undefined ? '' : ` (${errorText(cause)})`;
    const text = `the reader closed the connection${where}${why}; the card has to be inserted again`;
    end(new LinkError('closed', text, { cause }));
    onProblem?.({ kind: 'lost', message: text, ...(cause === undefined ? {} : { cause }) });
  };
  const serve = async (from: Socket): Promise<void> => {
    const { cut, isEmpty } = messageCutter();
    // One message after the other: while the card works or the reader does not read, nothing more is taken in.
    for await (const chunk of from) {
      const contents = cut(chunk);
      // vpcd 3.3 sends length and content apart, and the second only when the first was acknowledged.
      if (!isEmpty()) quickAck(from);
      for (const content of contents) if (!over.signal.aborted) await react(from, content);
    }
    lost(isEmpty() ? '' : ' in the middle of a message');
  };

  return {
    over: over.signal,
    asked: asked.happened,
    powered: powered.happened,
    hasAtr: atr.length > 0,
    connect: async (host: string, port: number): Promise<void> => {
      // Half open, because a card that leaves waits for the reader to close.
      const made = connect({ host, port, noDelay: true, allowHalfOpen: true });
      socket = made;
      const opened = new Promise<void>(resolve => {
        made.once('error', cause => end(noReader(host, port, cause)));
        made.once('connect', () => {
          made.removeAllListeners('error');
          // From here on the reading below learns of it.
          made.on('error', () => {});
          resolve();
        });
      });
      await until(opened, over.signal, 'the insertion');
      serve(made).catch(cause => lost('', cause));
    },
    /**
     * Takes the card out, and resolves when the reader has seen that. It sees it at its next question: the connection that only we have closed answers
     * with its end. Were it gone altogether, vpcd would take the next card that waits within the same question, and an exchanged card would go unnoticed.
     */
    eject: async (why: LinkError): Promise<void> => {
      end(why);
      if (socket === undefined || socket.destroyed) return;
      if (socket.connecting) return void socket.destroy();
      const left = socket;
      await new Promise<void>(resolve => {
        const timer = setTimeout(() => left.destroy(), UNSEEN_MS);
        left.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        left.end();
      });
    },
  };
};

/** Opens the virtual reader at an address; nothing is connected before a card is inserted. */
export const openVpcd = async (options: VpcdOptions = {}): Promise<VpcdSlot> => {
  const { host = '127.0.0.1', port = 35963, within = { seconds: 5 } } = options;
  const quickAck = await loadQuickAck();
  let present: ReturnType<typeof seat> | undefined;
  let emptied = Promise.resolve();
  let isClosed = false;
  const eject = (why: string): Promise<void> => {
    const leaving = present;
    present = undefined;
    if (leaving !== undefined) emptied = Promise.all([emptied, leaving.eject(new LinkError('closed', why))]).then(() => {});
    return emptied;
  };
  /** Puts the card in; whether the reader gave it power by itself. */
  const put = async (card: EmulatedCard, why: string): Promise<boolean> => {
    const before = eject(why);
    if (isClosed) throw new LinkError('closed', 'the reader is closed');
    const taken = seat(watched(card, options.onProblem), quickAck, options);
    if (!taken.hasAtr) throw new LinkError('protocol', 'our card cannot be inserted: it gives no ATR of 1 to 33 octets');
    present = taken;
    const waited = <T>(promise: Promise<T>) => until(promise, taken.over, 'the insertion');
    await waited(before);
    const silent = `${host}:${port} does not ask for the card within ${within.seconds} s: another card is in this slot (a running vicc?), or what listens there is no vpcd`;
    let timer = setTimeout(() => taken.eject(new LinkError('timeout', silent)), within.seconds * 1000);
    try {
      await taken.connect(host, port);
      await waited(taken.asked);
      clearTimeout(timer);
      const unpowered = new Promise<boolean>(resolve => {
        timer = setTimeout(() => resolve(false), POWER_GRACE_MS);
      });
      return await waited(Promise.race([taken.powered.then(() => true), unpowered]));
    } finally {
      clearTimeout(timer);
    }
  };
  const insert = async (card: EmulatedCard): Promise<void> => {
    // A reader that was just cleaning up after a program that died does not notice that the card is another one, and leaves it without
    // power: it is shown an empty slot once more. One that gives power only on demand has the card all the same.
    if (!(await put(card, 'another card took its place'))) await put(card, 'it is put in once more');
  };
  return {
    address: `${host}:${port}`,
    insert,
    remove: () => eject('the card was taken out'),
    poweredOn: async ({ signal }) => {
      if (present === undefined) throw new LinkError('closed', 'no card is in the reader');
      const { powered, over } = present;
      await until(until(powered, over, 'waiting for power'), signal, 'waiting for the IUT to power the card');
    },
    close: () => {
      isClosed = true;
      return eject('the reader was closed');
    },
  };
};

/** A card in a PC/SC reader: a USB reader on the table, or our own card in vsmartcard's virtual one. */
import { type Card, type Duration, LinkError, type LinkErrorCode } from './adapter.js';
import { type Called, loadPcsc, type Pcsc, type PcscContext, type PcscHandle, type Protocol, RESULT } from './pcsc-library.js';
import { givenUp, until } from './until.js';

export interface PcscOptions {
  /** Name of the reader, a part of it that no other reader has, or its number in the list. */
  readonly reader: string;
  /** For a card to be put in, and for another program to let go of it; 5 s when absent. */
  readonly within?: Duration;
  /** The library of this system when absent. */
  readonly load?: () => Promise<Pcsc | string>;
  readonly signal?: AbortSignal;
}

const listed = (readers: readonly string[]): string => readers.map((name, i) => `${i} "${name}"`).join(', ');

/** The reader that is meant, out of those that there are. */
const chosen = (wanted: string, readers: readonly string[]): string => {
  if (readers.includes(wanted)) return wanted;
  if (readers.length === 0) throw new LinkError('unreachable', 'no PC/SC reader is connected');
  if (/^(0|[1-9]\d*)$/.test(wanted)) {
    const numbered = readers[Number(wanted)];
    if (numbered !== undefined) return numbered;
  }
  const [match, ...others] = readers.filter(name => name.toLowerCase().includes(wanted.toLowerCase()));
  if (match === undefined)
    throw new LinkError('unreachable', `no PC/SC reader is called "${wanted}"; did you mean one of these? ${listed(readers)}`);
  if (others.length > 0)
    throw new LinkError('unreachable', `more than one PC/SC reader is called "${wanted}"; which one? ${listed(readers)}`);
  return match;
};

const SERVICE = 'the PC/SC service does not run; on Linux: systemctl start pcscd, or pcscd -f in a terminal';
const GONE = 'the reader was disconnected';
const FAILURES: Readonly<Record<number, readonly [LinkErrorCode, string]>> = {
  [RESULT.noService]: ['unreachable', SERVICE],
  [RESULT.serviceStopped]: ['unreachable', SERVICE],
  [RESULT.noReaders]: ['unreachable', 'no PC/SC reader is connected'],
  [RESULT.sharingViolation]: [
    'refused',
    'another program uses the card, and it has to be ours alone; end the program (pcsc_scan, scdaemon of GnuPG, an OpenSC tool, another run)',
  ],
  [RESULT.noSmartcard]: ['closed', 'no card is in the reader'],
  [RESULT.removedCard]: ['closed', 'the card was taken out'],
  [RESULT.resetCard]: ['closed', 'another program reset the card'],
  [RESULT.unpoweredCard]: ['closed', 'the card has lost its power'],
  [RESULT.unresponsiveCard]: ['protocol', 'the card does not answer to reset; is it the right way round?'],
  [RESULT.protocolMismatch]: ['protocol', 'the card offers neither T=0 nor T=1'],
  [RESULT.readerUnavailable]: ['closed', GONE],
  [RESULT.unknownReader]: ['closed', GONE],
  [RESULT.invalidHandle]: ['closed', 'the PC/SC service has forgotten the card; was it restarted?'],
  [RESULT.communicationError]: ['closed', 'the contact to the PC/SC service was lost'],
  [RESULT.notTransacted]: ['closed', 'the exchange with the card failed'],
};
const failure = (where: string, code: number, isThere = true): LinkError => {
  const [kind, text] = FAILURES[code] ?? ['closed', `PC/SC says ${code.toString(16).toUpperCase().padStart(8, '0')}`];
  // What was never there cannot have gone away.
  return new LinkError(kind === 'closed' && !isThere ? 'unreachable' : kind, `${where}: ${text}`);
};
const resultOf = <T>({ code, value }: Called<T>, where: string): T => {
  if (code !== RESULT.success) throw failure(where, code);
  return value;
};

/** What passes by itself: somebody puts a card in, or another program lets go of it. */
const PASSING: readonly number[] = [RESULT.sharingViolation, RESULT.noSmartcard, RESULT.removedCard, RESULT.unpoweredCard];
const STATE_CHANGED = 2;
/** pcscd 1.9 does not always report that another program let go of a card. */
const RECHECK_MS = 250;

interface Connected {
  readonly handle: PcscHandle;
  readonly protocol: Protocol;
}

const connectOnce = async (context: PcscContext, reader: string): Promise<Called<Connected>> => {
  const [first, second] = ['T=0', 'T=1'] as const;
  const { code, value } = await context.connect(reader, first);
  if (code !== RESULT.protocolMismatch) return { code, value: { handle: value, protocol: first } };
  const other = await context.connect(reader, second);
  return { code: other.code, value: { handle: other.value, protocol: second } };
};

/** Connects to the card; while that fails for a passing reason, waits for the reader to report a change. */
const connect = async (context: PcscContext, reader: string, milliseconds: number, over: AbortSignal): Promise<Connected> => {
  for (;;) {
    const { value: before } = await context.stateAfter(reader, 0, 0);
    const { code, value } = await connectOnce(context, reader);
    if (code === RESULT.success) return value;
    if (!PASSING.includes(code) || over.aborted) throw failure(reader, code, false);
    const isShared = code === RESULT.sharingViolation;
    const changed = await context.stateAfter(reader, before & ~STATE_CHANGED, isShared ? Math.min(RECHECK_MS, milliseconds) : milliseconds);
    if (changed.code === RESULT.success || (changed.code === RESULT.timeout && isShared)) continue;
    const isOver = changed.code === RESULT.timeout || changed.code === RESULT.cancelled;
    throw failure(reader, isOver ? code : changed.code, false);
  }
};

/** Under T=0 a command that brings data and wants some is sent without its Le; the card answers 61xx. ISO 7816-3 12.2.1 */
const asSent = (apdu: Uint8Array, protocol: Protocol): Uint8Array => {
  const length = apdu[4] ?? 0;
  return protocol === 'T=0' && length > 0 && apdu.length === 6 + length ? apdu.subarray(0, -1) : apdu;
};

/** Opens the card in a reader, T=0 where it offers that, and for us alone. Rejects with LinkError, which tells the way out. */
export const openPcsc = async (options: PcscOptions): Promise<Card> => {
  const library = await (options.load ?? loadPcsc)();
  if (typeof library === 'string') throw new LinkError('unreachable', `PC/SC cannot be used: ${library}`);
  const milliseconds = (options.within?.seconds ?? 5) * 1000;
  let context: PcscContext | undefined;
  let reader = options.reader;
  let connected: Connected | undefined;
  let isClosed = false;
  let pending = 0;
  let latest: Promise<void> = Promise.resolve();

  const letGo = async (): Promise<void> => {
    const [card, held] = [connected, context];
    connected = undefined;
    context = undefined;
    await card?.handle.disconnect();
    await held?.release();
  };
  const open = async (signal: AbortSignal): Promise<Connected> => {
    await letGo();
    const made = resultOf(await library.establish(), 'PC/SC');
    context = made;
    const names = await made.readers();
    reader = chosen(options.reader, names.code === RESULT.noReaders ? [] : resultOf(names, 'PC/SC'));
    const over = new AbortController();
    const stop = () => {
      over.abort();
      made.cancel();
    };
    const timer = setTimeout(stop, milliseconds);
    signal.addEventListener('abort', stop);
    try {
      connected = await connect(made, reader, milliseconds, over.signal);
      return connected;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  };

  /** One call after the other, as the library wants it; one that was given up keeps its place until the card has answered. */
  const inTurn = <T>(act: () => Promise<T>, signal: AbortSignal, what: string): Promise<T> => {
    const run = async (): Promise<T> => {
      if (isClosed) throw new LinkError('closed', 'the card is closed');
      if (signal.aborted) throw givenUp(signal, what);
      return act();
    };
    pending++;
    const done = latest.then(run);
    latest = done.then(
      () => void pending--,
      () => void pending--,
    );
    return until(done, signal, what);
  };

  const transmit = async (apdu: Uint8Array): Promise<Uint8Array> => {
    if (connected === undefined) throw new LinkError('closed', `${reader}: the card went away; it can be used after a reset`);
    const { handle, protocol } = connected;
    const { code, value } = await handle.transmit(asSent(apdu, protocol));
    if (code === RESULT.success && value.length >= 2) return value;
    if (value.length === 1) throw new LinkError('protocol', `${reader}: expected a response with a status word, got 1 octet`);
    await letGo();
    // So some drivers report a card that went away while it worked.
    if (code === RESULT.success) throw new LinkError('closed', `${reader}: the card gave no response; was it taken out?`);
    throw failure(reader, code);
  };
  const reset = async (signal: AbortSignal): Promise<Uint8Array> => {
    if (connected !== undefined && (await connected.handle.powerCycle()).code !== RESULT.success) await letGo();
    const { handle } = connected ?? (await open(signal));
    return resultOf(await handle.atr(), reader);
  };

  const start = options.signal ?? new AbortController().signal;
  try {
    await inTurn(() => open(start), start, 'connecting to the card');
  } catch (error) {
    isClosed = true;
    latest = latest.then(letGo).catch(() => {});
    throw error;
  }
  return {
    address: reader,
    transmit: (apdu, { signal }) => inTurn(() => transmit(apdu), signal, 'the command'),
    reset: ({ signal }) => inTurn(() => reset(signal), signal, 'the reset'),
    close: async () => {
      isClosed = true;
      context?.cancel();
      const gone = latest.then(letGo);
      latest = gone.catch(() => {});
      // What the card still works on cannot be called off; the rest is done when it has ended.
      if (pending === 0) await gone;
    },
  };
};

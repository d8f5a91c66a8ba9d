/**
 * The functions of PC/SC that a card in a reader needs, through koffi: winscard.dll, the PCSC framework, or libpcsclite.
 * Every call runs beside the event loop, and tells its result code as it is. PC/SC part 5
 */
import { errorText } from './tls.js';

/** Result codes by what they are called in winscard.h. */
export const RESULT = {
  success: 0x00000000,
  cancelled: 0x80100002,
  invalidHandle: 0x80100003,
  unknownReader: 0x80100009,
  timeout: 0x8010000a,
  sharingViolation: 0x8010000b,
  noSmartcard: 0x8010000c,
  protocolMismatch: 0x8010000f,
  systemCancelled: 0x80100012,
  communicationError: 0x80100013,
  notTransacted: 0x80100016,
  readerUnavailable: 0x80100017,
  noService: 0x8010001d,
  serviceStopped: 0x8010001e,
  noReaders: 0x8010002e,
  unresponsiveCard: 0x80100066,
  unpoweredCard: 0x80100067,
  resetCard: 0x80100068,
  removedCard: 0x80100069,
} as const;

export type Protocol = 'T=0' | 'T=1';

/** A result code, and what comes with `success`. */
export interface Called<T> {
  readonly code: number;
  readonly value: T;
}

/** One connection to the service; its calls must follow each other, but for `cancel`. */
export interface PcscContext {
  readers(): Promise<Called<readonly string[]>>;
  /** For us alone: another program in between would change what the card answers. */
  connect(reader: string, protocol: Protocol): Promise<Called<PcscHandle>>;
  /** State of a reader once it is another than `known`, or at the end of the time; 0 is known by nobody. */
  stateAfter(reader: string, known: number, milliseconds: number): Promise<Called<number>>;
  /** Ends a running `stateAfter`. */
  cancel(): void;
  release(): Promise<void>;
}

/** A card that is connected. */
export interface PcscHandle {
  transmit(apdu: Uint8Array): Promise<Called<Uint8Array>>;
  /** Takes the power away and gives it back. */
  powerCycle(): Promise<Called<void>>;
  atr(): Promise<Called<Uint8Array>>;
  /** Leaves the card, without power. */
  disconnect(): Promise<void>;
}

export interface Pcsc {
  establish(): Promise<Called<PcscContext>>;
}

type Koffi = typeof import('koffi')['default'];

/** The library, and what its types are made of: they differ where pcsc-lite did not follow Windows. */
const platform = () => {
  if (process.platform === 'win32') return { path: 'winscard.dll', ansi: 'A', dword: 'uint32', handle: 'uintptr_t', atrLength: 36 };
  if (process.platform === 'darwin')
    return { path: '/System/Library/Frameworks/PCSC.framework/PCSC', ansi: '', dword: 'uint32', handle: 'int32', atrLength: 33 };
  return { path: 'libpcsclite.so.1', ansi: '', dword: 'ulong', handle: 'long', atrLength: 33 };
};

/** Makes the functions; throws when the library is not there. */
const bind = (koffi: Koffi) => {
  const { path, ansi, dword, handle, atrLength } = platform();
  const library = koffi.load(path);
  const pointer = (type: ReturnType<Koffi['struct']> | string) => koffi.pointer(type);
  const [outDword, inoutDword, outHandle] = [koffi.out(pointer(dword)), koffi.inout(pointer(dword)), koffi.out(pointer(handle))];
  const members = {
    reader: 'str',
    userData: 'void *',
    current: dword,
    event: dword,
    atrLength: dword,
    atr: koffi.array('uint8', atrLength),
  } as const;
  const state = process.platform === 'darwin' ? koffi.pack(members) : koffi.struct(members);
  const header = koffi.struct({ protocol: dword, length: dword });
  const make = (name: string, parameters: (string | ReturnType<Koffi['out']> | ReturnType<Koffi['pointer']>)[]) => {
    const call = library.func('__stdcall', name, 'uint32', parameters);
    return (...values: readonly unknown[]): Promise<number> =>
      new Promise((resolve, reject) => call.async(...values, (error: unknown, code: number) => (error ? reject(error) : resolve(code))));
  };
  return {
    headerLength: koffi.sizeof(header),
    establish: make('SCardEstablishContext', [dword, 'void *', 'void *', outHandle]),
    release: make('SCardReleaseContext', [handle]),
    listReaders: make(`SCardListReaders${ansi}`, [handle, 'str', 'void *', inoutDword]),
    statusChange: make(`SCardGetStatusChange${ansi}`, [handle, dword, koffi.inout(pointer(state)), dword]),
    cancel: library.func('__stdcall', 'SCardCancel', 'uint32', [handle]),
    connect: make(`SCardConnect${ansi}`, [handle, 'str', dword, dword, outHandle, outDword]),
    reconnect: make('SCardReconnect', [handle, dword, dword, dword, outDword]),
    disconnect: make('SCardDisconnect', [handle, dword]),
    status: make(`SCardStatus${ansi}`, [handle, 'void *', 'void *', outDword, outDword, 'void *', inoutDword]),
    transmit: make('SCardTransmit', [handle, pointer(header), 'void *', dword, 'void *', 'void *', inoutDword]),
  };
};
type Functions = ReturnType<typeof bind>;

const SCOPE_SYSTEM = 2;
const SHARE_EXCLUSIVE = 1;
const PROTOCOL = { 'T=0': 1, 'T=1': 2 } as const;
const UNPOWER = 2;
/** An extended response with its status word. */
const LONGEST_RESPONSE = 65538;
const LONGEST_NAMES = 64 * 1024;

const handleOf = (call: Functions, card: unknown, protocol: Protocol): PcscHandle => {
  const response = new Uint8Array(LONGEST_RESPONSE);
  return {
    transmit: async apdu => {
      const length = [response.length];
      const header = { protocol: PROTOCOL[protocol], length: call.headerLength };
      const code = await call.transmit(card, header, apdu, apdu.length, null, response, length);
      return { code, value: response.slice(0, code === RESULT.success ? length[0] : 0) };
    },
    powerCycle: async () => ({ code: await call.reconnect(card, SHARE_EXCLUSIVE, PROTOCOL[protocol], UNPOWER, [0]), value: undefined }),
    atr: async () => {
      const atr = new Uint8Array(64);
      const length = [atr.length];
      const code = await call.status(card, null, null, [0], [0], atr, length);
      return { code, value: atr.slice(0, code === RESULT.success ? length[0] : 0) };
    },
    disconnect: async () => void (await call.disconnect(card, UNPOWER)),
  };
};

const contextOf = (call: Functions, context: unknown): PcscContext => ({
  readers: async () => {
    const names = new Uint8Array(LONGEST_NAMES);
    const length = [names.length];
    const code = await call.listReaders(context, null, names, length);
    const text = Buffer.from(names.subarray(0, code === RESULT.success ? length[0] : 0)).toString('utf8');
    return { code, value: text.split('\0').filter(name => name !== '') };
  },
  connect: async (reader, protocol) => {
    const card = [0];
    const code = await call.connect(context, reader, SHARE_EXCLUSIVE, PROTOCOL[protocol], card, [0]);
    return { code, value: handleOf(call, card[0], protocol) };
  },
  stateAfter: async (reader, known, milliseconds) => {
    const state = { reader, userData: null, current: known, event: 0, atrLength: 0, atr: [] };
    const code = await call.statusChange(context, milliseconds, state, 1);
    return { code, value: state.event };
  },
  cancel: () => void call.cancel(context),
  release: async () => void (await call.release(context)),
});

/** Loads the library of this system; a text says what is missing and what to do. */
export const loadPcsc = async (): Promise<Pcsc | string> => {
  let koffi: Koffi;
  try {
    ({ default: koffi } = await import('koffi'));
  } catch (cause) {
    return `the optional package koffi is not installed for this platform (${errorText(cause)}): npm install koffi`;
  }
  let call: Functions;
  try {
    call = bind(koffi);
  } catch (cause) {
    return `the PC/SC library cannot be loaded (${errorText(cause)}); on Debian and Ubuntu: apt-get install pcscd libpcsclite1`;
  }
  return {
    establish: async () => {
      const context = [0];
      const code = await call.establish(SCOPE_SYSTEM, null, null, context);
      return { code, value: contextOf(call, context[0]) };
    },
  };
};

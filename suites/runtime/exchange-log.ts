/** The exchanges of one sequence, numbered and timed, as they go into the record. */
import type { Decoded } from '#protocol/asn1/element.js';
import { tree } from '#protocol/asn1/print.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { Exchange, SignatureCheck } from '../../reports/record.js';

export interface Logged {
  readonly from: string;
  readonly to: string;
  readonly interface: string;
  readonly message: string;
  readonly octets: Uint8Array;
  readonly intended?: Uint8Array;
  readonly edits?: readonly string[];
  readonly decoded?: Decoded;
  readonly transport: Readonly<Record<string, string>>;
  readonly signatures?: readonly SignatureCheck[];
  readonly answers?: number;
}

export interface ExchangeLog {
  /** Seconds since the sequence began. */
  elapsed(): number;
  add(entry: Logged): number;
  readonly entries: readonly Exchange[];
}

/** `clock` in milliseconds; `onEntry` hears of each exchange. */
export const createExchangeLog = (clock: () => number, onEntry?: () => void): ExchangeLog => {
  const began = clock();
  const pending: { no: number; at: number; entry: Logged }[] = [];
  const elapsed = () => (clock() - began) / 1000;
  return {
    elapsed,
    add: entry => {
      onEntry?.();
      pending.push({ no: pending.length + 1, at: elapsed(), entry });
      return pending.length;
    },
    // Trees and hex are made when the sequence is over: nothing of the record costs time between two messages.
    get entries() {
      return pending.map(({ no, at, entry }) => toExchange(no, at, entry));
    },
  };
};

const toExchange = (no: number, at: number, e: Logged): Exchange => ({
  no,
  at,
  from: e.from,
  to: e.to,
  interface: e.interface,
  message: e.message,
  octets: hex(e.octets),
  ...(e.intended && e.edits?.length ? { intended: hex(e.intended) } : {}),
  edits: e.edits ?? [],
  tree: e.decoded ? tree(e.decoded) : [],
  transport: e.transport,
  signatures: e.signatures ?? [],
  ...(e.answers === undefined ? {} : { answers: e.answers }),
});

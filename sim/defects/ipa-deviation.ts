/** What deviations of an IPA are made of. */
import { decode } from '#protocol/asn1/decode.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { DEFAULT_SPEC, type Type } from '#protocol/asn1/type.js';
import type { Frame } from '../../adapters/adapter.js';
import type { CoapClientFaults } from '../../adapters/coap-client.js';
import type { IpaConfig, IpaDecisions, IpaOverride } from '../roles/ipa/index.js';
import type { TerminalDecisions, TerminalOptions, TerminalOverride } from '../terminal/index.js';
import type { Stated } from './deviation.js';
import type { Change } from './edits.js';
import { edit } from './edits.js';

/** One deviation of an IPA or of its device. */
export interface IpaDeviation {
  /** What such an IPA does, as one sentence about it. */
  readonly does: string;
  /** Judgements that it makes otherwise. */
  readonly override?: IpaOverride;
  /** What its device does otherwise towards the card. */
  readonly terminal?: {
    readonly override?: TerminalOverride;
    readonly options?: Pick<TerminalOptions, 'blockSize' | 'appendsLe'>;
  };
  /** What its CoAP stack does otherwise. */
  readonly coap?: { readonly faults?: CoapClientFaults; readonly maxRetransmit?: number };
  /** The wire on which it deviates, when it is one of several on which a case runs. */
  readonly over?: 'coaps' | 'json';
  readonly config?: Partial<Omit<IpaConfig, 'euicc' | 'eimId'>>;
  /** Features that it announces besides. */
  readonly features?: readonly string[];
  /** Features that it does not have. */
  readonly withoutFeatures?: readonly string[];
  /** What its supplier declares otherwise than that of the reference. */
  readonly declares?: Stated;
}

/** Deviations by the name under which `sgp32 sim ipa` knows them. */
export type IpaDeviations = Readonly<Record<string, IpaDeviation>>;

/** Decides otherwise. */
export const deciding = (does: string, decisions: Partial<IpaDecisions>): IpaDeviation => ({ does, override: () => decisions });

/** Treats its card otherwise. */
export const treating = (does: string, decisions: Partial<TerminalDecisions>): IpaDeviation => ({
  does,
  terminal: { override: () => decisions },
});

/** Sends messages of one type otherwise. */
export const sending = (does: string, type: string, change: Change): IpaDeviation => ({
  does,
  override: correct => ({
    outgoing: (name, octets) => (name === type ? change(correct.outgoing(name, octets)) : correct.outgoing(name, octets)),
  }),
});

/** Sends messages of one type with another element at a path of tags. */
export const editing = (does: string, type: string, path: string, change: Change): IpaDeviation =>
  sending(does, type, octets => edit(octets, path, change));

/** Sends ESipa requests otherwise; those to other servers go as they are. */
export const requesting = (does: string, change: (frame: Frame) => Frame): IpaDeviation => ({
  does,
  override: correct => ({
    request: frame => (isEsipa(frame) ? change(correct.request(frame)) : correct.request(frame)),
  }),
});
const isEsipa = ({ meta }: Frame): boolean => meta[':path'] === '/gsma/rsp2/asn1';

/** A message taken apart and put together again: what the type does not know is lost, and every length is minimal. */
export const reencoded =
  (type: Type): Change =>
  octets => {
    const message = decode(type, octets, { spec: DEFAULT_SPEC });
    return message.ok ? encodeUntyped(type, known(message.value), { spec: DEFAULT_SPEC }) : octets;
  };
/** The value without the elements that its type does not know. */
const known = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => (name === '$unknown' ? [] : [[name, known(inner)]])));
};

/** Several deviations as one; what a later one says goes before what an earlier one says. */
export const combinedIpa = (deviations: readonly IpaDeviation[]) => ({
  overrides: deviations.flatMap(d => d.override ?? []),
  terminalOverrides: deviations.flatMap(d => d.terminal?.override ?? []),
  terminalOptions: Object.assign({}, ...deviations.map(d => d.terminal?.options)) as NonNullable<IpaDeviation['terminal']>['options'],
  config: Object.assign({}, ...deviations.map(d => d.config)) as NonNullable<IpaDeviation['config']>,
  features: deviations.flatMap(d => d.features ?? []),
  withoutFeatures: deviations.flatMap(d => d.withoutFeatures ?? []),
  spec: deviations.findLast(d => d.declares?.spec !== undefined)?.declares?.spec,
  coap: {
    faults: Object.assign({}, ...deviations.map(d => d.coap?.faults)) as CoapClientFaults,
    ...(Object.assign({}, ...deviations.map(({ coap }) => coap?.maxRetransmit !== undefined && { maxRetransmit: coap.maxRetransmit })) as {
      readonly maxRetransmit?: number;
    }),
  },
});

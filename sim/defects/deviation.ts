/** How an implementation may differ from the reference: by a mistake (a seeded defect), or by another choice (a conformant variant). */
import type { Spec } from '#protocol/asn1/type.js';
import type { Duration, Frame, TlsIdentity, TlsOffer } from '../../adapters/adapter.js';
import type { EimOverride } from '../roles/eim/index.js';

/** A server in front of the one of the process. */
export interface Front {
  /** host:port. */
  readonly address: string;
  close(): Promise<void>;
}

/** What the supplier of an implementation with a deviation states otherwise in its IXIT file. */
export interface Stated {
  readonly options?: Readonly<Record<string, boolean>>;
  /** The version of SGP.32 that it speaks. */
  readonly spec?: Spec;
  readonly settings?: Readonly<Record<string, string>>;
}

/** One deviation; O is what replaces judgements of the role. */
export interface Deviation<O> {
  /** What such an implementation does, as one sentence about it. */
  readonly does: string;
  /** Judgements that it makes otherwise. */
  readonly override?: O;
  /** What it presents and accepts as TLS server. */
  readonly tls?: {
    /** Name of its certificate in the test PKI, e.g. `CERT_EIM_TLS_KEY_USAGE`. */
    readonly certificate?: string;
    readonly offer?: TlsOffer;
    /** Opens a TLS server of its own at host:port, in front of a plain one at another. */
    readonly inFront?: (listen: string, identity: TlsIdentity, target: string) => Promise<Front>;
  };
  /** How long it takes for each answer. */
  readonly pause?: Duration;
  /** What its supplier declares otherwise than that of the reference. */
  readonly declares?: Stated;
  /** The wire on which it deviates, when it is one of several on which a case runs. */
  readonly over?: 'coaps' | 'json';
}

/** Deviations by name. */
export type Deviations<O> = Readonly<Record<string, Deviation<O>>>;

/** Faults of a CoAP server. */
export interface CoapFaults {
  readonly offer?: TlsOffer;
  /** It takes blocks that leave a gap; it carries out a repeated message again. */
  readonly faults?: { readonly gaps?: boolean; readonly repeats?: boolean };
}

/** One deviation of an eIM. */
export interface EimDeviation extends Deviation<EimOverride> {
  /** What it accepts as CoAP and DTLS server. */
  readonly coap?: CoapFaults;
  /** Name of the certificate whose key it has eUICCs trust for TLS. SGP.32 2.11.1.1.1 */
  readonly registersKeyOf?: string;
  /** How it trusts RSP servers, as their TLS client. */
  readonly servers?: {
    /** Names of further CI certificates that it trusts. */
    readonly trusts?: readonly string[];
    readonly offer?: TlsOffer;
    /** Changes its requests. */
    readonly edit?: (request: Frame) => Frame;
  };
}

/** Deviations by the name under which `sgp32 sim eim` knows them. */
export type EimDeviations = Readonly<Record<string, EimDeviation>>;

/** A seeded defect: breaks one rule, so that the case that watches this rule can prove itself. */
export type EimDefect = EimDeviation;
/** A conformant variant: behaves differently where the specification leaves a choice; no case may fail on it. */
export type EimVariant = EimDeviation;

/** Several deviations as one; what a later one says of the wires goes before what an earlier one says. */
export const combined = <O>(deviations: readonly Deviation<O>[]) => ({
  overrides: deviations.flatMap(d => d.override ?? []),
  certificate: deviations.findLast(d => d.tls?.certificate)?.tls?.certificate,
  offer: deviations.findLast(d => d.tls?.offer)?.tls?.offer ?? {},
  inFront: deviations.findLast(d => d.tls?.inFront)?.tls?.inFront,
  pause: deviations.findLast(d => d.pause)?.pause,
});

/** Several deviations of an eIM as one. */
export const combinedEim = (deviations: readonly EimDeviation[]) => ({
  ...combined(deviations),
  coap: deviations.findLast(d => d.coap)?.coap ?? {},
  registersKeyOf: deviations.findLast(d => d.registersKeyOf)?.registersKeyOf ?? 'CERT_EIM_TLS',
  clientOffer: deviations.findLast(d => d.servers?.offer)?.servers?.offer ?? {},
  edits: deviations.flatMap(d => d.servers?.edit ?? []),
  trusts: deviations.flatMap(d => d.servers?.trusts ?? []),
  // What its supplier says of the version is true.
  spec: deviations.findLast(d => d.declares?.spec !== undefined)?.declares?.spec,
});

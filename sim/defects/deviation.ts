/** How an eIM may differ from the reference: by a mistake (a seeded defect), or by another choice (a conformant variant). */
import type { Duration, Frame, TlsOffer } from '../../adapters/adapter.js';
import type { EimOverride } from '../roles/eim/index.js';

/** One deviation of an eIM. */
export interface EimDeviation {
  /** What such an eIM does, as one sentence about it. */
  readonly does: string;
  /** Judgements that it makes otherwise. */
  readonly override?: EimOverride;
  /** What it presents and accepts as TLS server of ESipa. */
  readonly tls?: {
    /** Name of its certificate in the test PKI, e.g. `CERT_EIM_TLS_KEY_USAGE`. */
    readonly certificate?: string;
    readonly offer?: TlsOffer;
    /** Keeps one ephemeral key for all handshakes. */
    readonly fixedEphemeralKey?: true;
  };
  /** How long it takes for each answer. */
  readonly pause?: Duration;
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

import type { Certificate } from './certificate.js';

/** Why a chain is not accepted. */
export type ChainFault =
  | 'format'
  | 'curve'
  | 'unknownIssuer'
  | 'signature'
  | 'expired'
  | 'notYetValid'
  | 'keyUsage'
  | 'role'
  | 'nameConstraint';

/** The accepted chain from leaf to anchor, or the first fault found. */
export type ChainResult =
  | { readonly ok: true; readonly chain: readonly Certificate[] }
  | { readonly ok: false; readonly code: ChainFault; readonly message: string };

/** A fault that one of the checks found. */
export type Fault = Extract<ChainResult, { ok: false }>;

/** Makes a fault. */
export const fault = (code: ChainFault, message: string): Fault => ({ ok: false, code, message });

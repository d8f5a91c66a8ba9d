/** Message ⇄ exchange: how one message of an interface travels in one frame of a wire. */
import type { Type } from '#protocol/asn1/type.js';
import type { Frame, Inbound, Outbound } from '../../adapters/adapter.js';
import type { StatusCode } from './status-codes.js';

/** One comparison of a transport rule, made on every message without being asked. */
export interface TransportCheck {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
  /** Requirement id, e.g. `SGP32-6.1-03`. */
  readonly requirement: string;
}

/** A comparison; an absent header has no actual value. */
export const check = (requirement: string, what: string, expected: string, actual: string | undefined, ok: boolean): TransportCheck => ({
  what,
  expected,
  actual: actual ?? 'absent',
  ok,
  requirement,
});

/** What a frame carries. `octets` is the DER message; a JSON body is put together from its members, octet for octet. */
export interface Carried {
  readonly type: Type;
  readonly octets: Uint8Array;
  readonly checks: readonly TransportCheck[];
  /** Status code of a failure, where the binding tells it besides the message. SGP.22 5.2.6 */
  readonly status?: StatusCode;
}
/** No message: an empty success (204), an HTTP-level refusal, or something that is no message of this interface. */
export interface NotCarried {
  readonly nothing: 'empty' | 'httpError' | 'unreadable';
  readonly reason: string;
  readonly checks: readonly TransportCheck[];
}

/** What a script changes around a message: `status`, `contentType`, `headers`, `body`, `path`, `method`, `code`, `cut` … */
export type LinkEdits = Readonly<Record<string, unknown>>;

/** Our side calls. */
export interface ClientBinding {
  readonly interface: string;
  /** Type of the answer to a request type; undefined: the function has no output. */
  answerTo(request: string): Type | undefined;
  write(type: Type, octets: Uint8Array, link?: LinkEdits): Frame;
  read(reply: Frame, request: string): Carried | NotCarried;
}

/** Our side is called. */
export interface ServerBinding {
  readonly interface: string;
  read(frame: Inbound): Carried | NotCarried;
  /** The answer's frame; message undefined: a function without output. */
  write(request: Frame, message: { readonly type: Type; readonly octets: Uint8Array } | undefined, link?: LinkEdits): Outbound;
  /** What to answer to a frame that carries no message. */
  refuse(frame: Inbound, why: NotCarried): Outbound;
}

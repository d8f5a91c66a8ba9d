/** What every simulated counterpart looks like: to the test script (Actor), and to a process of its own. */
import type { Decoded } from '#protocol/asn1/element.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import type { Pki } from '#protocol/x509/test-pki.js';

export type RoleName = 'eim' | 'ipa' | 'euicc' | 'smdp' | 'smds';

/** What a role may use of the outside; nothing in a role reads a clock, a random source or the network by itself. */
export interface World {
  readonly spec: Spec;
  readonly pki: Pki;
  now(): Date;
  /** `count` random octets; from the run's seed, so that a sequence can be repeated. */
  random(count: number): Uint8Array;
}

/** World.random from a seed: SHA-256 in counter mode over the seed and a label. */
export type RandomSource = (count: number) => Uint8Array;

/** One message by its type name, as octets: what an actor would send, before the script's edits. */
export interface Composed {
  readonly type: Type;
  readonly octets: Uint8Array;
}

/** A message that reached an actor. */
export interface Received {
  readonly type: Type;
  readonly message: Decoded;
}

/** The simulation cannot go on: a message is asked for that nothing so far leads to. Never blamed on the IUT. */
export class ComposeError extends Error {
  override readonly name = 'ComposeError';
  readonly code = 'compose';
}

/** A correct counterpart refuses the request at the level of the transport, and why. */
export interface Refused {
  readonly refused: string;
}

/** A simulated counterpart in one test sequence. */
export interface Actor {
  readonly role: RoleName;
  /**
   * The message of this type that a correct counterpart would send now; `alternative` is the one of a CHOICE that the
   * script is going to lay its values over. Throws ComposeError.
   */
  compose(type: string, alternative?: string): Promise<Composed>;
  /** Takes note of an answer to one of its own requests. */
  take(received: Received): Promise<void>;
  /** A request of this type was answered without output: the peer took it. */
  delivered?(requestType: string): Promise<void>;
  /** Answers a request as a correct counterpart; undefined: the function has no output (204). */
  react(received: Received): Promise<Composed | Refused | undefined>;
  /** Takes note of what went out in place of its own answer, because a script changed it. */
  sent?(message: Composed): void;
  /** What `$actor.…` reads in a test case. */
  readonly state: Readonly<Record<string, unknown>>;
}

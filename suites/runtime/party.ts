/** An actor in one sequence, with what reached it and what it sent. */
import type { Decoded } from '#protocol/asn1/element.js';
import type { Type } from '#protocol/asn1/type.js';
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import type { SignatureSite, SigningContext } from '#protocol/signatures.js';
import type { ConnectionFacts, TlsFacts } from '../../adapters/adapter.js';
import type { Check } from '../../reports/record.js';
import type { LinkEdits } from '../../sim/bindings/binding.js';
import type { StatusCode } from '../../sim/bindings/status-codes.js';
import type { Actor, Received, RoleName } from '../../sim/role.js';
import { certificateFacts } from './certificate-facts.js';
import type { KeySource } from './keyring.js';
import { createSignal, type Signal } from './signal.js';

/** A message ready for the wire. */
export interface Outgoing {
  readonly type: Type;
  readonly octets: Uint8Array;
  /** Octets of the correct message it was made from. */
  readonly intended: Uint8Array;
  readonly edits: readonly string[];
  /** The failure that an RSP server reports, where the message itself has only an integer for it. */
  readonly status?: StatusCode;
}

/** What is no message but can be expected like one. */
export type Event = 'handshakeFailure' | 'close' | 'refusal' | 'empty';

/** A message or an event in a party's queue. */
export interface Arrival {
  readonly kind: 'message' | Event;
  /** Type name, or the event's. */
  readonly name: string;
  readonly received?: Received;
  /** What `match` on an event and `link` look at: status, headers, reason … */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Number of its exchange in the record. */
  readonly exchange: number;
  /** Seconds from the start of the sequence. */
  readonly at: number;
  /** Checks made on it without being asked. */
  readonly checks: readonly Check[];
  /** It answers a request that the script had edited: a refusal of it needs no further look. */
  readonly toEdited: boolean;
  /** It came for a request of the party's own. */
  readonly isAnswer: boolean;
  taken: boolean;
  /** It belongs to what is over: no step expects it any more. */
  isPast?: boolean;
  /** Present for a request that the script has to answer. */
  answer?: ((outgoing: Outgoing | undefined, link: LinkEdits) => void) | undefined;
}

/** Private keys of a simulated counterpart, for messages that are signed again after an edit. */
export interface SigningKeys {
  privateKey(site: SignatureSite, message: Decoded): PrivateKey | undefined;
  context(message: Decoded): SigningContext;
}

export interface Party {
  readonly name: string;
  readonly role: RoleName;
  readonly actor: Actor;
  /** False: nothing is answered that the script does not answer. */
  readonly auto: boolean;
  readonly keys: KeySource;
  readonly signing: SigningKeys;
  readonly inbox: Arrival[];
  readonly news: Signal;
  /** Latest value by type name. */
  readonly sent: Record<string, unknown>;
  readonly received: Record<string, unknown>;
  /** How many messages of each type it received. */
  readonly counts: Record<string, number>;
  /** Facts of the connection used last, for `$ipa.link`. */
  link: Record<string, unknown>;
  /** The message that its latest step waited for need not have come, and did not: there is nothing to answer. */
  wasSpared: boolean;
  /** Requests on their way whose answer has not arrived. */
  outstanding: number;
}

export const createParty = (name: string, actor: Actor, keys: KeySource, signing: SigningKeys, auto: boolean, everyone: Signal): Party => ({
  name,
  role: actor.role,
  actor,
  auto,
  keys,
  signing,
  inbox: [],
  news: shared(everyone),
  sent: {},
  received: {},
  counts: {},
  link: {},
  wasSpared: false,
  outstanding: 0,
});

/** A party's own signal, which wakes those who wait for anybody's news too. */
const shared = (everyone: Signal): Signal => {
  const own = createSignal();
  return {
    notify: () => {
      own.notify();
      everyone.notify();
    },
    listen: own.listen,
  };
};

/** Whether a step may still take an arrival. */
export const isOpen = ({ taken, isPast }: Arrival): boolean => !taken && isPast !== true;

export const deliver = (party: Party, arrival: Arrival): void => {
  party.inbox.push(arrival);
  party.news.notify();
};

/** What `$actor.…` reads: the role's state, the messages sent and received, the link. */
export const partyState = (party: Party): Readonly<Record<string, unknown>> => ({
  ...party.actor.state,
  sent: party.sent,
  received: party.received,
  counts: party.counts,
  link: party.link,
});

const leafFacts = ({ peerCertificates: [leaf] }: TlsFacts): Readonly<Record<string, unknown>> =>
  leaf ? certificateFacts(leaf, new Date()) : {};

/** A connection's facts under the names that test cases use. */
export const linkFacts = (facts: ConnectionFacts): Record<string, unknown> => ({
  connection: facts.id,
  exchanges: facts.exchanges,
  remote: facts.remote,
  ...(facts.tls
    ? {
        tls: {
          version: facts.tls.version,
          cipher: facts.tls.cipher,
          serverName: facts.tls.serverName,
          resumed: facts.tls.resumed,
          keyShare: facts.tls.serverKeyShare,
          secret: facts.tls.keyLog.map(line => line.split(' ')[2] ?? '').join(' '),
          certificate: facts.tls.peerCertificates[0],
          leaf: leafFacts(facts.tls),
          chain: facts.tls.peerCertificates,
          ...(facts.tls.clientHello ? { offered: facts.tls.clientHello } : {}),
        },
      }
    : {}),
});

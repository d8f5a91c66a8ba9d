/** DTLS lines that peers open: many sessions on one socket, told apart by where their datagrams come from. */
import { createHmac } from 'node:crypto';
import { type Duration, type HandshakeFailure, LinkError, type TlsIdentity, type TlsOffer } from './adapter.js';
import { type Endpoint, endpointText } from './address.js';
import type { Clock } from './clock.js';
import type { DatagramLine, DatagramSocket, LineHandlers } from './datagram.js';
import type { Peers } from './datagram-peers.js';
import { endingError } from './dtls-client.js';
import { serverSide } from './dtls-context.js';
import { loadOpenssl, type Openssl, type Pointer } from './dtls-openssl.js';
import { type DtlsSession, dtlsSession, type Ending } from './dtls-session.js';
import { alertName, handshakeCause } from './tls.js';

export interface DtlsPeersOptions {
  /** By server name (lower case), `*` for any other or none; looked at with each handshake. */
  readonly identities: ReadonlyMap<string, TlsIdentity>;
  readonly offer: TlsOffer;
  /** Beyond it a handshake under way is given up, else the session that was silent for longest. */
  readonly maxPeers: number;
  readonly handshakeTimeout: Duration;
  readonly retransmit: Duration;
  readonly clock: Clock;
  readonly random: (count: number) => Uint8Array;
  readonly failed: (why: HandshakeFailure) => void;
}

/** Lines over DTLS; an identity can be looked at before it is presented. */
export interface DtlsPeers extends Peers {
  /** Throws when nobody can present this identity. From now on every handshake is offered what is stated, besides the usual. */
  prepare(identity: TlsIdentity, offer?: TlsOffer): void;
}

/** A session with a peer; there are two while a peer begins anew. */
interface Entry {
  readonly session: DtlsSession;
  /** Random of its ClientHello, hex. */
  readonly random: string;
  handlers?: LineHandlers;
  callOff: () => void;
}
interface Peer {
  readonly from: Endpoint;
  active?: Entry;
  pending?: Entry;
}

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RANDOM_AT = 13 + 12 + 2;

/** The random of a ClientHello in the clear at the start of a datagram; undefined when it begins with something else. RFC 6347 4.1, 4.2.2 */
const helloRandom = (datagram: Uint8Array): string | undefined => {
  const isHello = datagram[0] === HANDSHAKE && datagram[3] === 0 && datagram[4] === 0 && datagram[13] === CLIENT_HELLO;
  const isFirstPart = datagram[19] === 0 && datagram[20] === 0 && datagram[21] === 0;
  if (!isHello || !isFirstPart || datagram.length < RANDOM_AT + 32) return undefined;
  return Buffer.from(datagram.subarray(RANDOM_AT, RANDOM_AT + 32)).toString('hex');
};

/** Content types of DTLS 1.2. RFC 6347 4.1 */
const isDtls = (datagram: Uint8Array): boolean => (datagram[0] ?? 0) >= 20 && (datagram[0] ?? 0) <= 25 && datagram[1] === 0xfe;

const blame = ({ by, error }: Ending): Pick<HandshakeFailure, 'by' | 'reason'> => {
  const alert = alertName(error);
  if (by === 'farewell') return { by: 'iut', reason: 'it ended the handshake with close_notify' };
  return alert === undefined ? { by: 'harness', reason: handshakeCause(error) } : { by: 'iut', reason: `alert ${alert}` };
};

/** Accepts DTLS sessions on a socket. */
export const dtlsPeers = async (
  socket: DatagramSocket,
  options: DtlsPeersOptions,
  accept: (line: DatagramLine) => void,
): Promise<DtlsPeers> => {
  const openssl: Openssl = await loadOpenssl();
  const contexts = new Map<TlsIdentity | undefined, Pointer>();
  // In the order of their last datagram.
  const peers = new Map<string, Peer>();
  const secret = options.random(32);
  const cookieOf = (key: string): Uint8Array => createHmac('sha256', secret).update(key).digest();

  const contextOf = (identity: TlsIdentity | undefined): Pointer => {
    const known = contexts.get(identity);
    if (known !== undefined) return known;
    const made = serverSide(openssl, identity, options.offer);
    contexts.set(identity, made);
    return made;
  };
  for (const identity of options.identities.values()) contextOf(identity);

  const discard = (entry: Entry | undefined, why?: LinkError): void => {
    if (entry === undefined) return;
    entry.callOff();
    entry.session.close();
    if (why !== undefined) entry.handlers?.closed(why);
  };
  /** Ends all that is with a peer. */
  const forget = (key: string, peer: Peer, why?: LinkError): void => {
    if (peers.get(key) === peer) peers.delete(key);
    discard(peer.pending);
    discard(peer.active, why);
  };

  const begin = (key: string, peer: Peer, random: string): void => {
    let refusedName: string | undefined;
    const report = (by: HandshakeFailure['by'], reason: string) => {
      const hello = session.seen.clientHello;
      options.failed({ remote: key, serverName: hello?.serverName ?? '', by, reason, ...(hello ? { clientHello: hello } : {}) });
    };
    const clear = () => {
      if (peer.pending === entry) delete peer.pending;
      if (peer.active === entry) delete peer.active;
      if (peer.active === undefined && peer.pending === undefined && peers.get(key) === peer) peers.delete(key);
    };
    const session: DtlsSession = dtlsSession({
      openssl,
      context: contextOf(undefined),
      role: 'server',
      clock: options.clock,
      retransmit: options.retransmit,
      send: datagram => socket.send(datagram, peer.from),
      cookie: () => cookieOf(key),
      contextFor: name => {
        const identity = options.identities.get(name.toLowerCase()) ?? options.identities.get('*');
        if (identity !== undefined) return contextOf(identity);
        refusedName = name;
        return 0n;
      },
      events: {
        connected: tls => {
          const replaced = peer.active;
          peer.active = entry;
          delete peer.pending;
          entry.callOff();
          // The peer has lost the keys that a farewell would be protected with.
          replaced?.session.abandon();
          discard(replaced, new LinkError('cut', `${key} began another session`));
          accept({
            remote: key,
            tls,
            send: octets => session.send(octets),
            receive: handlers => {
              entry.handlers = handlers;
            },
            close: () => {
              session.close();
              clear();
            },
          });
        },
        datagram: octets => entry.handlers?.datagram(octets),
        ended: ending => {
          entry.callOff();
          const wasActive = peer.active === entry;
          clear();
          if (wasActive) return entry.handlers?.closed(endingError(key, ending));
          if (refusedName === undefined) return report(...reasonOf(ending));
          report(
            'harness',
            refusedName ? `no identity for the server name ${refusedName}` : 'no identity for a client that sends no server name',
          );
        },
      },
    });
    const reasonOf = (ending: Ending): [HandshakeFailure['by'], string] => {
      const { by, reason } = blame(ending);
      return [by, reason];
    };
    const late = () => {
      const { hellos } = session.seen;
      session.close();
      clear();
      const seconds = options.handshakeTimeout.seconds;
      report('iut', hellos < 2 ? 'it did not answer the HelloVerifyRequest' : `the handshake did not end within ${seconds} s`);
    };
    const entry: Entry = { session, random, callOff: options.clock.after(options.handshakeTimeout, late) };
    peer.pending = entry;
  };

  /** Makes room for one more peer. */
  const makeRoom = (): void => {
    if (peers.size < options.maxPeers) return;
    const all = [...peers];
    const [key, peer] = all.find(([, one]) => one.active === undefined) ?? all[0] ?? [];
    if (key !== undefined && peer !== undefined) forget(key, peer, new LinkError('cut', `more than ${options.maxPeers} peers at a time`));
  };

  const complained = new Set<string>();
  const complain = (key: string): void => {
    if (complained.size >= options.maxPeers || complained.has(key)) return;
    complained.add(key);
    options.failed({ remote: key, serverName: '', by: 'iut', reason: 'it does not speak DTLS' });
  };

  const receive = (datagram: Uint8Array, from: Endpoint): void => {
    const key = endpointText(from);
    if (!isDtls(datagram)) return complain(key);
    const random = helloRandom(datagram);
    let peer = peers.get(key);
    // What belongs to a session that nobody here knows any more cannot be answered.
    if (peer === undefined && random === undefined) return;
    if (peer === undefined) {
      makeRoom();
      peer = { from };
    }
    peers.delete(key);
    peers.set(key, peer);
    const { active } = peer;
    if (random === undefined) {
      // In the clear: part of a handshake; the last flight of one that is done may be repeated too.
      const isClear = datagram[3] === 0 && datagram[4] === 0;
      return ((isClear ? peer.pending : undefined) ?? active ?? peer.pending)?.session.feed(datagram);
    }
    // A late copy of the ClientHello that the session began with. A peer that has lost its session sends another one. RFC 6347 4.2.8
    if (active?.random === random) return;
    if (peer.pending !== undefined && peer.pending.random !== random) {
      discard(peer.pending);
      delete peer.pending;
    }
    if (peer.pending === undefined) begin(key, peer, random);
    peer.pending?.session.feed(datagram);
  };
  socket.receive({ datagram: receive, failed: () => {} });

  return {
    prepare: (identity, offer) => {
      // Versions are those of the context with which a handshake begins, before the name is known; suites those of the identity.
      for (const of of [identity, undefined]) {
        const former = contexts.get(of);
        contexts.set(of, serverSide(openssl, of, { ...options.offer, ...offer }));
        if (former !== undefined) openssl.SSL_CTX_free(former);
      }
    },
    drop: why => {
      for (const [key, peer] of [...peers]) forget(key, peer, why);
    },
    close: () => {
      for (const [key, peer] of [...peers]) forget(key, peer);
      for (const context of contexts.values()) openssl.SSL_CTX_free(context);
      contexts.clear();
    },
  };
};

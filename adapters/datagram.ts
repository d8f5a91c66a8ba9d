/** UDP sockets, and what the adapters above them see: the datagrams between us and one peer. */
import { createSocket, type Socket } from 'node:dgram';
import { lookup as lookupName } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { LinkError, type TlsFacts } from './adapter.js';
import { type Endpoint, endpointText, parseAddress } from './address.js';
import { errorCode, errorText } from './tls.js';
import { abortReason } from './tls-connect.js';

/** A datagram socket; whoever opened it closes it. */
export interface DatagramSocket {
  readonly local: Endpoint;
  /** Never throws; what cannot be sent is lost, as datagrams are. */
  send(octets: Uint8Array, to: Endpoint): void;
  /** To be called once, before anything can arrive. */
  receive(handlers: { datagram(octets: Uint8Array, from: Endpoint): void; failed(error: LinkError): void }): void;
  close(): Promise<void>;
}

/** Datagrams between us and one peer, as they are or protected by DTLS. */
export interface DatagramLine {
  readonly remote: string;
  /** Of a protected line. */
  readonly tls?: TlsFacts;
  /** Never throws. */
  send(octets: Uint8Array): void;
  /** To be called once, before anything can arrive. `closed` is told once, and not for our own close(). */
  receive(handlers: LineHandlers): void;
  /** Ends it, with a farewell where the protocol has one; may be repeated. */
  close(): void;
}
export interface LineHandlers {
  datagram(octets: Uint8Array): void;
  closed(why: LinkError): void;
}

/** Keeps what comes before anybody listens to a line. */
export const early = () => {
  let handlers: LineHandlers | undefined;
  const waiting: ((to: LineHandlers) => void)[] = [];
  return {
    tell: (what: (to: LineHandlers) => void) => void (handlers === undefined ? waiting.push(what) : what(handlers)),
    receive: (given: LineHandlers) => {
      handlers = given;
      for (const what of waiting.splice(0)) what(given);
    },
  };
};

const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);
const failure = (cause: unknown, where: string): LinkError => {
  const code = errorCode(cause);
  if (code === 'ECONNREFUSED') return new LinkError('refused', `${where} refused the datagram: nothing listens there`, { cause });
  if (UNREACHABLE.has(code)) return new LinkError('unreachable', `${where} cannot be reached (${code})`, { cause });
  return new LinkError('closed', `the socket to ${where} failed: ${errorText(cause)}`, { cause });
};

/** Addresses need no look-up: with one, a farewell would leave after its socket is closed, that is never. */
const socketOf = (family: 4 | 6): Socket =>
  createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (host, options, done) => (isIP(host) ? done(null, host, isIP(host)) : lookupName(host, options, done)),
  });

const wrapped = (socket: Socket, connectedTo?: string): DatagramSocket => {
  const { address, port } = socket.address();
  let failed: ((error: LinkError) => void) | undefined;
  let closing: Promise<void> | undefined;
  // A socket without a connection learns from ICMP too, but not of which peer: its errors concern nobody.
  const complain = (cause: unknown) => {
    if (connectedTo !== undefined && closing === undefined) failed?.(failure(cause, connectedTo));
  };
  socket.on('error', complain);
  return {
    local: { host: address, port },
    send: (octets, to) => {
      if (closing !== undefined) return;
      const sent = (error: Error | null) => error && complain(error);
      try {
        if (connectedTo === undefined) socket.send(octets, to.port, to.host, sent);
        else socket.send(octets, sent);
      } catch (cause) {
        complain(cause);
      }
    },
    receive: handlers => {
      failed = error => handlers.failed(error);
      socket.on('message', (octets, from) => {
        if (closing === undefined) handlers.datagram(new Uint8Array(octets), { host: from.address, port: from.port });
      });
    },
    close: () => {
      closing ??= new Promise(resolve => void socket.close(() => resolve()));
      return closing;
    },
  };
};

/** A socket on host:port for any peers; port 0 takes a free one. */
export const bindDatagrams = (listen: string): Promise<DatagramSocket> =>
  new Promise((resolve, reject) => {
    const { host, port } = parseAddress(listen);
    const socket = socketOf(host.includes(':') ? 6 : 4);
    socket.once('error', cause => {
      socket.close();
      reject(new LinkError('unreachable', `cannot listen on ${listen}: ${cause.message}`, { cause }));
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners('error');
      resolve(wrapped(socket));
    });
  });

/** A socket for one peer, which learns when nothing listens there. */
export const connectDatagrams = async (peer: Endpoint, signal: AbortSignal): Promise<{ socket: DatagramSocket; remote: Endpoint }> => {
  const where = endpointText(peer);
  const giveUp = () => abortReason(signal, `the way to ${where}`);
  if (signal.aborted) throw giveUp();
  const found = await lookup(peer.host).catch((cause: unknown) => {
    throw failure(cause, where);
  });
  if (signal.aborted) throw giveUp();
  const remote = { host: found.address, port: peer.port };
  const socket = socketOf(found.family === 6 ? 6 : 4);
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) => {
      socket.close();
      reject(failure(cause, where));
    };
    socket.once('error', failed);
    socket.connect(remote.port, remote.host, () => {
      socket.off('error', failed);
      resolve({ socket: wrapped(socket, where), remote });
    });
  });
};

/** Opens one TCP or TLS connection to the IUT and tells what its handshake showed. */
import type { X509Certificate } from 'node:crypto';
import { connect, isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { LinkError, type TlsFacts } from './adapter.js';
import { errorCode, errorText, handshakeCause } from './tls.js';
import { readServerKeyShare } from './tls-hello.js';

/** Says why the certificates that a server shows (DER, leaf first) are refused; `misnamed`: the leaf bears another name. */
export type Judge = (chain: readonly Uint8Array[], misnamed: string | undefined) => string | undefined;

/** Where to, and how TLS is to be spoken there; plain TCP without `tls`. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls?: {
    readonly context: SecureContext;
    /** Name that is asked for (SNI) and that the certificate must bear. */
    readonly serverName: string;
    readonly session?: Buffer;
    readonly probe: boolean;
    /** What is wrong with the certificates shown (DER, leaf first) besides issuer, validity and name. */
    readonly inspect?: (chain: readonly Uint8Array[]) => string | undefined;
    /** Judges the certificates shown, in place of issuer, validity, name and `inspect`. */
    readonly judge?: Judge;
    readonly onKeyLog?: (line: string) => void;
    readonly onSession?: (session: Buffer) => void;
  };
}

/** An open connection; `tls.keyLog` may still grow. */
export interface Opened {
  readonly socket: Socket;
  readonly remote: string;
  readonly tls?: TlsFacts;
}

/** host:port of the far end, IPv6 in brackets. */
export const remoteOf = (socket: Socket): string => {
  const host = socket.remoteAddress ?? '?';
  return `${host.includes(':') ? `[${host}]` : host}:${socket.remotePort ?? 0}`;
};

const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);

const tcpFailure = (error: unknown, where: string): LinkError => {
  const code = errorCode(error);
  if (code === 'ECONNREFUSED') return new LinkError('refused', `${where} refused the connection: nothing listens there`, { cause: error });
  if (UNREACHABLE.has(code)) return new LinkError('unreachable', `${where} cannot be reached (${code})`, { cause: error });
  return new LinkError('closed', `connection to ${where} failed: ${errorText(error)}`, { cause: error });
};

/** The reason of an aborted signal as a LinkError. */
export const abortReason = (signal: AbortSignal, what: string): LinkError =>
  signal.reason instanceof LinkError
    ? signal.reason
    : new LinkError('timeout', `${what} was given up: ${errorText(signal.reason)}`, { cause: signal.reason });

const openTcp = (host: string, port: number, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const where = `${host}:${port}`;
    if (signal.aborted) return reject(abortReason(signal, `the connection to ${where}`));
    const socket = connect({ host, port, noDelay: true });
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', giveUp);
      socket.removeAllListeners();
      act();
    };
    const giveUp = () =>
      settle(() => {
        socket.on('error', () => {});
        socket.destroy();
        reject(abortReason(signal, `the connection to ${where}`));
      });
    signal.addEventListener('abort', giveUp);
    socket.once('connect', () => settle(() => resolve(socket)));
    socket.once('error', error => settle(() => reject(tcpFailure(error, where))));
  });

/** A stream through a socket that shows what comes in; TLS over it costs a copy, so it serves probes only. */
const tapped = (raw: Socket, seen: (chunk: Buffer) => void): Duplex => {
  const stream: Duplex = new Duplex({
    read: () => void raw.resume(),
    write: (chunk, _encoding, done) => void raw.write(chunk, error => done(error)),
    final: done => void raw.end(() => done()),
    destroy: (error, done) => {
      raw.destroy();
      done(error);
    },
  });
  raw.on('data', chunk => {
    seen(chunk);
    if (!stream.push(chunk)) raw.pause();
  });
  raw.once('end', () => stream.push(null));
  raw.once('error', error => stream.destroy(error));
  raw.once('close', () => stream.destroy());
  return stream;
};

/** Certificates as presented, leaf first. To be called once: each call of Node.js takes the leaf off the chain of the TLS session. */
const presented = (socket: TLSSocket): readonly X509Certificate[] => {
  const chain: X509Certificate[] = [];
  for (let one = socket.getPeerX509Certificate(); one !== undefined && !chain.includes(one); one = one.issuerCertificate) chain.push(one);
  return chain;
};

const nameProblem = (leaf: X509Certificate | undefined, name: string): Error | undefined => {
  if (leaf === undefined) return new Error(`it showed no certificate`);
  if ((isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined) return undefined;
  const names = leaf.subjectAltName ?? leaf.subject.replaceAll('\n', ', ');
  return new Error(`its certificate bears another name: expected ${name}, got ${names}`);
};

const derOf = (chain: readonly X509Certificate[]): readonly Uint8Array[] => chain.map(one => new Uint8Array(one.raw));

const factsOf = (
  socket: TLSSocket,
  serverName: string,
  chain: readonly X509Certificate[],
  keyLog: readonly string[],
  stream: readonly Buffer[],
): TlsFacts => ({
  version: socket.getProtocol() ?? '',
  cipher: socket.getCipher().standardName,
  serverName,
  resumed: socket.isSessionReused(),
  peerCertificates: derOf(chain),
  serverKeyShare: stream.length > 0 ? readServerKeyShare(Buffer.concat(stream)) : '',
  keyLog,
});

const secure = (raw: Socket, target: Target & { tls: NonNullable<Target['tls']> }, signal: AbortSignal): Promise<Opened> =>
  new Promise((resolve, reject) => {
    const { context, serverName, session, probe, inspect, judge, onKeyLog, onSession } = target.tls;
    const remote = remoteOf(raw);
    const keyLog: string[] = [];
    const received: Buffer[] = [];
    let chain: readonly X509Certificate[] | undefined;
    const shown = (): readonly X509Certificate[] => {
      chain ??= presented(socket);
      return chain;
    };
    const socket: TLSSocket = tlsConnect({
      socket: probe ? tapped(raw, chunk => void received.push(chunk)) : raw,
      secureContext: context,
      ...(isIP(serverName) ? {} : { servername: serverName }),
      ALPNProtocols: ['http/1.1'],
      ...(session === undefined ? {} : { session }),
      ...(judge === undefined ? {} : { rejectUnauthorized: false }),
      checkServerIdentity: () => {
        const problem = inspect?.(derOf(shown()));
        return nameProblem(shown()[0], serverName) ?? (problem === undefined ? undefined : new Error(problem));
      },
    });
    // Node.js 24 and later crash when they turn a brainpool certificate into the legacy form; the check above does not need it.
    Object.defineProperty(socket, 'getPeerCertificate', { value: () => ({}) });
    socket.on('keylog', line => {
      const text = line.toString('latin1').trim();
      keyLog.push(text);
      onKeyLog?.(text);
    });
    if (onSession !== undefined) socket.on('session', onSession);
    const settle = () => {
      signal.removeEventListener('abort', giveUp);
      socket.off('secureConnect', done);
      socket.off('close', closed);
      socket.off('error', failed);
    };
    const fail = (error: LinkError) => {
      settle();
      // Late errors of a connection already given up concern nobody.
      socket.on('error', () => {});
      socket.destroy();
      raw.destroy();
      reject(error);
    };
    const failed = (cause: unknown) =>
      fail(new LinkError('handshake', `TLS handshake with ${remote} failed: ${handshakeCause(cause)}`, { cause }));
    const closed = () => fail(new LinkError('handshake', `TLS handshake with ${remote} failed: it closed the connection`));
    const giveUp = () => fail(abortReason(signal, `the TLS handshake with ${remote}`));
    const done = () => {
      const refused = judge?.(derOf(shown()), nameProblem(shown()[0], serverName)?.message);
      if (refused !== undefined) return failed(new Error(refused));
      settle();
      resolve({ socket, remote, tls: factsOf(socket, isIP(serverName) ? '' : serverName, shown(), keyLog, received) });
    };
    signal.addEventListener('abort', giveUp);
    socket.once('secureConnect', done);
    socket.once('close', closed);
    socket.once('error', failed);
  });

/** Connects, with TLS when the target asks for it; rejects with LinkError only. */
export const openConnection = async (target: Target, signal: AbortSignal): Promise<Opened> => {
  const raw = await openTcp(target.host, target.port, signal);
  const { tls } = target;
  return tls === undefined ? { socket: raw, remote: remoteOf(raw) } : secure(raw, { ...target, tls }, signal);
};

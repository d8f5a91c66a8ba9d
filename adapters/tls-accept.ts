/** The server's side of a TLS handshake on an accepted socket. */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { ClientHello, HandshakeFailure, TlsFacts } from './adapter.js';
import { alertName, errorCode, handshakeCause } from './tls.js';
import { readClientHello } from './tls-hello.js';

/** Waits for the ClientHello and puts it back, so that the handshake reads it again; undefined when something else came, or nothing. */
export const firstOctets = (socket: Socket): Promise<ClientHello | undefined> =>
  new Promise(resolve => {
    let received = Buffer.alloc(0);
    const settle = (hello: ClientHello | undefined) => {
      socket.off('readable', look);
      socket.off('close', gone);
      if (received.length > 0 && !socket.destroyed) socket.unshift(received);
      resolve(hello);
    };
    const gone = () => settle(undefined);
    const look = () => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) received = Buffer.concat([received, chunk]);
      if (socket.readableEnded) return settle(undefined);
      const hello = readClientHello(received);
      if (hello !== 'more') settle(hello === 'other' ? undefined : hello);
    };
    socket.on('readable', look);
    socket.once('close', gone);
  });

// A fatal alert unrecognized_name in a record of its own. RFC 8446 6.2
const UNRECOGNIZED_NAME = Uint8Array.of(21, 3, 3, 0, 2, 2, 112);
/** Ends a connection whose server name nobody here bears. */
export const refuseName = (socket: Socket): void => void socket.end(UNRECOGNIZED_NAME);

const blame = (error: unknown): Pick<HandshakeFailure, 'by' | 'reason'> => {
  const alert = alertName(error);
  if (alert !== undefined) return { by: 'iut', reason: `alert ${alert}` };
  if (errorCode(error) === 'ECONNRESET') return { by: 'iut', reason: 'it closed the connection during the handshake, without an alert' };
  return { by: 'harness', reason: handshakeCause(error) };
};

/** What came of a handshake: a stream to speak HTTP on, or who ended it and why. */
export type Accepted = { readonly stream: TLSSocket; readonly facts: TlsFacts } | Pick<HandshakeFailure, 'by' | 'reason'>;

/** Makes the handshake as the server; never rejects. `facts.serverName` is left to the caller, who has read the ClientHello. */
export const acceptTls = (socket: Socket, secureContext: SecureContext): Promise<Accepted> =>
  new Promise(resolve => {
    const keyLog: string[] = [];
    const stream = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    const settle = (accepted: Accepted) => {
      stream.off('secure', secured);
      stream.off('_tlsError', failed);
      stream.off('close', closed);
      resolve(accepted);
    };
    const failed = (error: unknown) => settle(blame(error));
    const closed = () => settle({ by: 'iut', reason: 'it closed the connection during the handshake, without an alert' });
    const secured = () =>
      settle({
        stream,
        facts: {
          version: stream.getProtocol() ?? '',
          cipher: stream.getCipher().standardName,
          serverName: '',
          resumed: stream.isSessionReused(),
          peerCertificates: [],
          serverKeyShare: '',
          keyLog,
        },
      });
    stream.on('keylog', line => void keyLog.push(line.toString('latin1').trim()));
    // Without a listener an error after the handshake would end the process; its connection is closed all the same.
    stream.on('error', () => {});
    stream.once('secure', secured);
    stream.once('_tlsError', failed);
    stream.once('close', closed);
  });

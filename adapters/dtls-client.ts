/** DTLS lines that we open. */
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { type Duration, LinkError, type TlsFacts, type TlsOffer } from './adapter.js';
import { type Endpoint, endpointText } from './address.js';
import type { Clock } from './clock.js';
import { type DatagramLine, type DatagramSocket, early } from './datagram.js';
import { clientSide } from './dtls-context.js';
import { loadOpenssl, type Openssl, type Pointer } from './dtls-openssl.js';
import { type DtlsSession, dtlsSession, type Ending } from './dtls-session.js';
import { type Trust, verifyChain } from './dtls-verify.js';
import { errorText, handshakeCause } from './tls.js';
import { abortReason, type Judge } from './tls-connect.js';

export interface DtlsOpenerOptions {
  /** PEM texts; the public roots when neither these nor pins are given. */
  readonly trust?: readonly string[];
  /** Trusted instead of certificates. */
  readonly pins?: readonly KeyObject[];
  readonly inspect?: (chain: readonly Uint8Array[]) => string | undefined;
  readonly judge?: Judge;
  readonly anyCertificate?: boolean;
  readonly keyLog?: (line: string) => void;
  readonly clock: Clock;
  readonly retransmit: Duration;
}

/** Opens DTLS lines with the same trust. */
export interface DtlsOpener {
  /** Makes the handshake; the line closes the socket with itself. Rejects with LinkError only, and then the socket is the caller's. */
  open(
    socket: DatagramSocket,
    remote: Endpoint,
    offer: TlsOffer & { readonly serverName: string },
    signal: AbortSignal,
  ): Promise<DatagramLine>;
  /** Frees what the lines share; lines that are still open stay usable. */
  close(): void;
}

/** Why a line that was open is over, in words. */
export const endingError = (remote: string, { by, error }: Ending): LinkError => {
  if (by === 'farewell') return new LinkError('closed', `${remote} ended the session with close_notify`, { cause: error });
  return new LinkError(by === 'ours' ? 'cut' : 'closed', `the session with ${remote} is over: ${handshakeCause(error)}`, { cause: error });
};

interface Opening {
  readonly openssl: Openssl;
  readonly options: DtlsOpenerOptions;
  readonly socket: DatagramSocket;
  readonly remote: Endpoint;
  readonly offer: TlsOffer & { readonly serverName: string };
  readonly context: Pointer;
  readonly trust: Trust;
  readonly resume: Pointer;
  /** Takes the session that can be resumed. */
  readonly onSession: (session: Pointer) => void;
}

const handshake = (opening: Opening, signal: AbortSignal): Promise<DatagramLine> =>
  new Promise((resolve, reject) => {
    const { openssl, options, socket, offer, trust } = opening;
    const remote = endpointText(opening.remote);
    const { tell, receive } = early();
    let isDone = false;
    const settle = () => {
      isDone = true;
      signal.removeEventListener('abort', giveUp);
    };
    const fail = (error: LinkError) => {
      settle();
      session.close();
      reject(error);
    };
    const giveUp = () => fail(abortReason(signal, `the DTLS handshake with ${remote}`));
    const over = (error: LinkError) => {
      void socket.close();
      tell(line => line.closed(error));
    };
    const connected = (tls: TlsFacts) => {
      settle();
      opening.onSession(session.session());
      resolve({
        remote,
        tls,
        send: octets => session.send(octets),
        receive,
        close: () => {
          session.close();
          void socket.close();
        },
      });
    };
    const session: DtlsSession = dtlsSession({
      openssl,
      context: opening.context,
      role: 'client',
      clock: options.clock,
      retransmit: options.retransmit,
      send: datagram => socket.send(datagram, opening.remote),
      ...(isIP(offer.serverName) ? {} : { serverName: offer.serverName }),
      ...(opening.resume === 0n ? {} : { resume: opening.resume }),
      ...(options.keyLog ? { onKeyLog: options.keyLog } : {}),
      verify: store => verifyChain(openssl, store, trust),
      events: {
        connected,
        datagram: octets => tell(line => line.datagram(octets)),
        ended: ending => {
          if (isDone) return over(endingError(remote, ending));
          const text = ending.by === 'farewell' ? 'it ended the session with close_notify' : handshakeCause(ending.error);
          fail(new LinkError('handshake', `DTLS handshake with ${remote} failed: ${text}`, { cause: ending.error }));
        },
      },
    });
    signal.addEventListener('abort', giveUp);
    socket.receive({
      datagram: octets => session.feed(octets),
      failed: error => {
        if (!isDone) return fail(error);
        session.close();
        over(error);
      },
    });
    session.start();
  });

/** Makes an opener; whoever made it closes it. */
export const dtlsOpener = (options: DtlsOpenerOptions): DtlsOpener => {
  const pins = options.pins ?? [];
  const given = options.trust ?? [];
  const trusted = given.length > 0 || pins.length > 0 ? given : rootCertificates;
  const contexts = new Map<string, Pointer>();
  let latest = 0n;
  let library: Openssl | undefined;
  let isClosed = false;

  const contextFor = (openssl: Openssl, offer: TlsOffer): Pointer => {
    const { serverName: _name, resume: _resume, probe: _probe, ...shared } = offer;
    const key = JSON.stringify(shared);
    const known = contexts.get(key);
    if (known !== undefined) return known;
    try {
      const made = clientSide(openssl, trusted, offer);
      contexts.set(key, made);
      return made;
    } catch (cause) {
      throw new LinkError('handshake', `the DTLS offer cannot be made: ${errorText(cause)}`, { cause });
    }
  };
  const keep = (openssl: Openssl, session: Pointer) => {
    if (latest !== 0n) openssl.SSL_SESSION_free(latest);
    latest = isClosed ? 0n : session;
    if (isClosed && session !== 0n) openssl.SSL_SESSION_free(session);
  };

  return {
    open: async (socket, remote, offer, signal) => {
      const openssl = await loadOpenssl();
      library = openssl;
      if (signal.aborted) throw abortReason(signal, `the DTLS handshake with ${endpointText(remote)}`);
      const trust: Trust = {
        serverName: offer.serverName,
        pins,
        ...(options.inspect ? { inspect: options.inspect } : {}),
        ...(options.judge ? { judge: options.judge } : {}),
        ...(options.anyCertificate ? { anything: true } : {}),
      };
      return handshake(
        {
          openssl,
          options,
          socket,
          remote,
          offer,
          trust,
          context: contextFor(openssl, offer),
          resume: offer.resume ? latest : 0n,
          onSession: session => keep(openssl, session),
        },
        signal,
      );
    },
    close: () => {
      isClosed = true;
      if (library === undefined) return;
      keep(library, 0n);
      for (const context of contexts.values()) library.SSL_CTX_free(context);
      contexts.clear();
    },
  };
};

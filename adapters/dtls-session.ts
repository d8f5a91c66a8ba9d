/** One DTLS session over datagrams that are handed in and out: OpenSSL between two memory BIOs. RFC 6347 */
import type { ClientHello, Duration, TlsFacts } from './adapter.js';
import type { Clock } from './clock.js';
import { drain, type Hooks, type Openssl, opensslError, type Pointer } from './dtls-openssl.js';
import type { Verified } from './dtls-verify.js';
import { alertName, errorText } from './tls.js';
import { readDtlsClientHello, readServerKeyExchange } from './tls-hello.js';

/** Why a session is over. */
export interface Ending {
  /** `farewell`: close_notify; `alert`: a fatal alert of the peer; `error`: OpenSSL ended it; `ours`: we did. */
  readonly by: 'farewell' | 'alert' | 'error' | 'ours';
  readonly error: Error;
}

export interface SessionEvents {
  /** The handshake is done. */
  connected(facts: TlsFacts): void;
  datagram(octets: Uint8Array): void;
  /** Told once; the session is freed. */
  ended(ending: Ending): void;
}

export interface SessionOptions {
  readonly openssl: Openssl;
  readonly context: Pointer;
  readonly role: 'client' | 'server';
  readonly clock: Clock;
  /** First pause before a flight is sent again; it doubles. RFC 6347 4.2.4.1 */
  readonly retransmit: Duration;
  readonly send: (datagram: Uint8Array) => void;
  readonly events: SessionEvents;
  /** Of a client: asked for, and offered again. */
  readonly serverName?: string;
  readonly resume?: Pointer;
  readonly onKeyLog?: (line: string) => void;
  /** Of a client. */
  readonly verify?: (store: Pointer) => Verified;
  /** Of a server. */
  readonly cookie?: () => Uint8Array;
  readonly contextFor?: (serverName: string) => Pointer;
}

export interface DtlsSession {
  /** Begins the handshake of a client. */
  start(): void;
  feed(datagram: Uint8Array): void;
  send(octets: Uint8Array): void;
  /** Says farewell, where there is somebody to say it to, and frees everything. */
  close(): void;
  /** Frees everything without a farewell. */
  abandon(): void;
  /** What the handshake has shown so far. */
  readonly seen: {
    readonly clientHello: ClientHello | undefined;
    /** ClientHellos that came in; the second one answers a HelloVerifyRequest. */
    readonly hellos: number;
  };
  /** The session to resume; the caller frees it. */
  session(): Pointer;
}

const WANT_READ = 2;
const WANT_WRITE = 3;
const ZERO_RETURN = 6;
const SET_MTU = 17;
const SET_HOST_NAME = 55;
const GET_TIMEOUT = 73;
const HANDLE_TIMEOUT = 74;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_KEY_EXCHANGE = 12;
/** Fits into IPv6 datagrams of 1280 octets. */
const MTU = 1232;
const RECORD_HEADER = 13;
const LONGEST_RECORD = 16_384;
const LONGEST_PAUSE = 60_000_000;

/** OpenSSL puts the records of a flight behind each other: they are cut into datagrams that hold as many as fit. RFC 6347 4.1.1 */
const datagramsOf = (records: Uint8Array): Uint8Array[] => {
  const datagrams: Uint8Array[] = [];
  let start = 0;
  let end = 0;
  while (end + RECORD_HEADER <= records.length) {
    const length = RECORD_HEADER + (((records[end + 11] ?? 0) << 8) | (records[end + 12] ?? 0));
    if (end > start && end + length - start > MTU) {
      datagrams.push(records.slice(start, end));
      start = end;
    }
    end += length;
  }
  if (end > start) datagrams.push(records.slice(start, end));
  return datagrams;
};

/** A session that has not begun; whoever opened it closes it, unless it has ended by itself. */
export const dtlsSession = (options: SessionOptions): DtlsSession => {
  const { openssl, clock, role, events } = options;
  const buffer = new Uint8Array(LONGEST_RECORD);
  const keyLog: string[] = [];
  const seen: { clientHello: ClientHello | undefined; hellos: number } = { clientHello: undefined, hellos: 0 };
  let serverKeyShare = '';
  let verified: Verified | undefined;
  let isConnected = false;
  let callOff = () => {};

  const hooks: Hooks = {
    keyLog: line => void keyLog.push(line),
    message: (direction, contentType, octets) => {
      if (contentType !== HANDSHAKE) return;
      if (direction === 'in' && octets[0] === CLIENT_HELLO) {
        seen.clientHello = readDtlsClientHello(octets);
        seen.hellos++;
      }
      if (direction === 'in' && octets[0] === SERVER_KEY_EXCHANGE) serverKeyShare = readServerKeyExchange(octets);
    },
    cookie: () => options.cookie?.() ?? new Uint8Array(),
    pause: last => (last === 0 ? Math.round(options.retransmit.seconds * 1_000_000) : Math.min(2 * last, LONGEST_PAUSE)),
    verify: store => {
      try {
        verified = options.verify?.(store) ?? { chain: [], problem: new Error('nothing is trusted') };
      } catch (error) {
        verified = { chain: [], problem: new Error(`its certificates cannot be read: ${errorText(error)}`) };
      }
      return verified.problem === undefined;
    },
    context: serverName => {
      try {
        return options.contextFor?.(serverName) ?? 0n;
      } catch {
        return 0n;
      }
    },
  };

  openssl.ERR_clear_error();
  const ssl = openssl.SSL_new(options.context);
  if (ssl === 0n) throw opensslError(openssl);
  const incoming = openssl.BIO_new(openssl.BIO_s_mem());
  const outgoing = openssl.BIO_new(openssl.BIO_s_mem());
  // The SSL owns both from here on.
  openssl.SSL_set_bio(ssl, incoming, outgoing);
  openssl.SSL_ctrl(ssl, SET_MTU, MTU, null);
  openssl.hookPauses(ssl);
  if (options.serverName) openssl.SSL_ctrl(ssl, SET_HOST_NAME, 0, Buffer.from(`${options.serverName}\0`));
  if (options.resume) openssl.SSL_set_session(ssl, options.resume);
  if (role === 'client') openssl.SSL_set_connect_state(ssl);
  else openssl.SSL_set_accept_state(ssl);
  let isOpen = true;

  const call = <T>(act: () => T): T => {
    openssl.ERR_clear_error();
    return openssl.within(hooks, act);
  };
  const flush = (): void => {
    for (const datagram of datagramsOf(drain(openssl, outgoing))) options.send(datagram);
  };
  const free = (): void => {
    callOff();
    isOpen = false;
    openssl.SSL_free(ssl);
  };
  const end = (by: Ending['by'], error: Error): void => {
    flush();
    free();
    events.ended({ by, error });
  };

  const facts = (): TlsFacts => ({
    version: openssl.SSL_get_version(ssl),
    cipher: openssl.SSL_CIPHER_standard_name(openssl.SSL_get_current_cipher(ssl)),
    serverName: options.serverName ?? seen.clientHello?.serverName ?? '',
    resumed: openssl.SSL_session_reused(ssl) === 1,
    peerCertificates: verified?.chain ?? [],
    serverKeyShare,
    keyLog,
    ...(seen.clientHello ? { clientHello: seen.clientHello } : {}),
  });

  /** Ends the session when a call has failed for good. */
  const failed = (result: number): boolean => {
    const kind = openssl.SSL_get_error(ssl, result);
    if (kind === WANT_READ || kind === WANT_WRITE) return false;
    if (kind === ZERO_RETURN) end('farewell', new Error('it ended the session with close_notify'));
    else {
      const error = opensslError(openssl);
      const isAlert = alertName(error) !== undefined;
      end(isAlert ? 'alert' : 'error', isAlert ? error : (verified?.problem ?? error));
    }
    return true;
  };

  const setTimer = (): void => {
    callOff();
    if (isConnected) return;
    const time = new Uint8Array(16);
    if (openssl.SSL_ctrl(ssl, GET_TIMEOUT, 0, time) !== 1) return;
    const view = new DataView(time.buffer);
    const seconds = Number(view.getBigInt64(0, true)) + Number(view.getBigInt64(8, true)) / 1_000_000;
    callOff = clock.after({ seconds: Math.max(seconds, 0.001) }, () => {
      if (!isOpen) return;
      const result = call(() => openssl.SSL_ctrl(ssl, HANDLE_TIMEOUT, 0, null));
      if (result < 0) return end('error', opensslError(openssl));
      flush();
      setTimer();
    });
  };

  /** Goes on as far as the octets at hand allow. */
  const advance = (): void => {
    if (!isConnected) {
      const result = call(() => openssl.SSL_do_handshake(ssl));
      if (result !== 1 && failed(result)) return;
      flush();
      if (result !== 1) return setTimer();
      isConnected = true;
      callOff();
      if (options.onKeyLog) for (const line of keyLog) options.onKeyLog(line);
      events.connected(facts());
    }
    while (isOpen) {
      const length = call(() => openssl.SSL_read(ssl, buffer, buffer.length));
      if (length <= 0) {
        if (!failed(length)) flush();
        return;
      }
      events.datagram(buffer.slice(0, length));
    }
  };

  return {
    seen,
    start: advance,
    feed: datagram => {
      if (!isOpen || datagram.length === 0) return;
      openssl.BIO_write(incoming, datagram, datagram.length);
      advance();
    },
    send: octets => {
      if (!isOpen || !isConnected) return;
      call(() => openssl.SSL_write(ssl, octets, octets.length));
      flush();
    },
    close: () => {
      if (!isOpen) return;
      if (isConnected) {
        call(() => openssl.SSL_shutdown(ssl));
        flush();
      }
      free();
    },
    abandon: () => {
      if (isOpen) free();
    },
    session: () => (isOpen ? openssl.SSL_get1_session(ssl) : 0n),
  };
};

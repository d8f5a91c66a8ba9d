/**
 * The wires: what moves octets to and from the implementation under test. Nothing here knows SGP.32.
 * A Frame is one message with what stands around it; for HTTP the meta keys are `:method`, `:path`, `:status`
 * and lower-case header names; for CoAP coap-frame.ts lists them.
 */

export interface Frame {
  readonly meta: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A length of time; bare numbers never stand for one. */
export interface Duration {
  readonly seconds: number;
}

/** What a TLS client said of itself, as it said it: the ClientHello of the peer of a listener. RFC 5246 7.4.1.2, RFC 8446 4.1.2 */
export interface ClientHello {
  /** From supported_versions, else the one version of the message: `TLSv1.2`, highest first as the client lists them. */
  readonly versions: readonly string[];
  /** Code points in hex and in the client's order, e.g. `C02B`. */
  readonly cipherSuites: readonly string[];
  /** supported_groups in hex, e.g. `0017` for secp256r1. */
  readonly groups: readonly string[];
  /** signature_algorithms in hex, e.g. `0403` for ecdsa with SHA-256. */
  readonly signatureAlgorithms: readonly string[];
  /** server_name; empty when the client sent none. */
  readonly serverName: string;
  readonly applicationProtocols: readonly string[];
  /** Handshake message, header included. */
  readonly octets: Uint8Array;
}

/** What a TLS handshake showed; every certificate is DER, leaf first. */
export interface TlsFacts {
  readonly version: string;
  /** IANA name, e.g. `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  readonly serverName: string;
  readonly resumed: boolean;
  readonly peerCertificates: readonly Uint8Array[];
  /** Ephemeral public key that the server sent (ServerKeyExchange or key_share), hex; empty when not seen. */
  readonly serverKeyShare: string;
  /** TLS key log lines (NSS format) of the connection. */
  readonly keyLog: readonly string[];
  /** Seen by listeners only. */
  readonly clientHello?: ClientHello;
}

/** A transport connection as the record tells it. */
export interface ConnectionFacts {
  readonly id: number;
  readonly remote: string;
  /** Exchanges carried so far, this one included. */
  readonly exchanges: number;
  readonly tls?: TlsFacts;
  /** The request was sent a second time, because the peer had closed the kept connection before it answered a first octet. */
  readonly resent?: boolean;
}

export interface Reply extends Frame {
  readonly connection: ConnectionFacts;
}

export type LinkErrorCode = 'refused' | 'unreachable' | 'timeout' | 'handshake' | 'closed' | 'cut' | 'tooLarge' | 'protocol';

/** The wire failed: not an answer of the peer, so it has a code and never a status. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: LinkErrorCode;
  /** Octets received before it happened. */
  readonly partial: Uint8Array;
  constructor(code: LinkErrorCode, message: string, options: { cause?: unknown; partial?: Uint8Array } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.partial = options.partial ?? new Uint8Array();
  }
}

/** What a TLS client offers, for handshake-level cases; OpenSSL names. */
export interface TlsOffer {
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
  readonly curves?: string;
  readonly serverName?: string;
  /** Reads the server's ephemeral key from the handshake octets; slower, so only on demand. */
  readonly probe?: boolean;
  /** Offers the latest session that this server gave out. */
  readonly resume?: boolean;
}

export interface ExchangeOptions {
  readonly signal: AbortSignal;
  /** `keep` (default) reuses an idle connection; `new` makes one and closes it after the answer. */
  readonly connection?: 'keep' | 'new';
  /** Cuts the connection on purpose: once the request is written, or after so many octets of it. */
  readonly cut?: 'afterRequest' | number;
  readonly tls?: TlsOffer;
}

/** We call the IUT. `exchange` rejects with LinkError only. */
export interface Client {
  readonly address: string;
  exchange(request: Frame, options: ExchangeOptions): Promise<Reply>;
  /** TLS handshake without an exchange. */
  handshake?(options: ExchangeOptions): Promise<ConnectionFacts>;
  close(): Promise<void>;
}

/** A TLS identity a listener presents: PEM texts, leaf first in the chain. */
export interface TlsIdentity {
  readonly certificateChain: string;
  readonly privateKey: string;
}

export interface Inbound extends Frame {
  readonly connection: ConnectionFacts;
  /** Aborted when the caller went away. */
  readonly signal: AbortSignal;
}
/** An answer, or a fault to commit in its place. */
export type Outbound = Frame | { readonly fault: 'cut' | 'silence' };
export interface HandshakeFailure {
  readonly remote: string;
  readonly serverName: string;
  /** `iut`: the peer sent an alert or went away; `harness`: we refused it. */
  readonly by: 'iut' | 'harness';
  readonly reason: string;
  readonly clientHello?: ClientHello;
}

/** The IUT calls us. */
export interface Listener {
  /** host:port it is bound to; loopback unless told otherwise. */
  readonly address: string;
  onFrame(answer: (frame: Inbound) => Promise<Outbound>): void;
  onHandshakeFailure(report: (why: HandshakeFailure) => void): void;
  onConnection(report: (facts: ConnectionFacts) => void): void;
  /** Changes what is presented to a server name, and offered with it, and drops the open connections, so that the next one shows it. */
  present(serverName: string, identity: TlsIdentity, offer?: TlsOffer): Promise<void>;
  close(): Promise<void>;
}

/** What a command APDU and its answer may take. */
export interface TransmitOptions {
  readonly signal: AbortSignal;
}

/** A card in a reader or modem of ours: the eUICC under test, or the card of a simulated device. Rejects with LinkError only. */
export interface Card {
  /** Reader or port, for the record. */
  readonly address: string;
  /** Sends one command APDU as it is; resolves with the response APDU, status word included. */
  transmit(apdu: Uint8Array, options: TransmitOptions): Promise<Uint8Array>;
  /** Takes the power away and gives it back; resolves with the ATR, empty where the wire does not tell it. */
  reset(options: TransmitOptions): Promise<Uint8Array>;
  /** Longest command APDU in octets that the wire takes; absent: any. */
  readonly longestCommand?: number;
  /** Most response octets, without the status word, that the wire takes at a time; absent: 256. */
  readonly longestResponse?: number;
  /** False where commands of the basic channel cannot be carried: the wire is a terminal that sends TERMINAL CAPABILITY and MANAGE CHANNEL by itself. */
  readonly basicChannel?: boolean;
  /**
   * Opens a logical channel and selects the application on it, where the wire does both in one act of its own; resolves with the channel number by which
   * the CLA of later commands names it. Absent: MANAGE CHANNEL and SELECT are to be transmitted. 3GPP TS 27.007 8.45
   */
  openChannel?(aid: Uint8Array, options: TransmitOptions): Promise<number>;
  /** Closes such a channel; one that is lost already is no error. */
  closeChannel?(channel: number, options: TransmitOptions): Promise<void>;
  close(): Promise<void>;
}

/** A card that we are. Nothing here rejects: whatever is asked, there is a status word. ISO 7816-3, ETSI TS 102 221 */
export interface EmulatedCard {
  /** Cold or warm reset; the ATR. */
  powerOn(): Uint8Array;
  powerOff(): void;
  /** One command APDU of any content and length; the response APDU, at least SW1 SW2. */
  transmit(apdu: Uint8Array): Promise<Uint8Array>;
}

/** A reader that the IUT holds: we put our card into it. */
export interface CardSlot {
  /** Where the IUT finds it, for the record. */
  readonly address: string;
  /** Puts a card in, in place of the one that was there; resolves when the reader has it. Rejects with LinkError. */
  insert(card: EmulatedCard): Promise<void>;
  /** Takes the card out; the IUT sees an empty reader. */
  remove(): Promise<void>;
  close(): Promise<void>;
}

export type OperatorErrorCode = 'needsOperator' | 'refused' | 'unreachable' | 'timeout' | 'notStarted' | 'unexpected';

/**
 * An act on the IUT did not happen: `needsOperator` nobody is there, `refused` the IUT said no, `unexpected` its answer lacks what was asked for,
 * `notStarted` the program cannot be run.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly code: OperatorErrorCode;
  constructor(code: OperatorErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

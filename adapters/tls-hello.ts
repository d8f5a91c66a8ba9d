/** Reads the parts of TLS handshake messages that no TLS library tells: what a client offers, which key a server sent. Never throws. */
import type { ClientHello } from './adapter.js';

interface Reader {
  /** Octets still to be read. */
  readonly left: () => number;
  readonly number: (octets: number) => number;
  readonly take: (octets: number) => Uint8Array;
  /** A vector with a length in front. */
  readonly vector: (lengthOctets: number) => Uint8Array;
}

const OVER = Symbol('read over the end');

const readerOf = (octets: Uint8Array): Reader => {
  let at = 0;
  const take = (count: number): Uint8Array => {
    if (at + count > octets.length) throw OVER;
    at += count;
    return octets.subarray(at - count, at);
  };
  const number = (count: number): number => take(count).reduce((sum, octet) => sum * 256 + octet, 0);
  return { left: () => octets.length - at, number, take, vector: lengthOctets => take(number(lengthOctets)) };
};

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (problem) {
    if (problem === OVER) return undefined;
    throw problem;
  }
};

const code = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
const pairs = (octets: Uint8Array): number[] =>
  Array.from({ length: octets.length >> 1 }, (_, i) => ((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0));
const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

const VERSIONS: Readonly<Record<number, string>> = {
  65279: 'DTLSv1',
  65277: 'DTLSv1.2',
  65276: 'DTLSv1.3',
  768: 'SSLv3',
  769: 'TLSv1',
  770: 'TLSv1.1',
  771: 'TLSv1.2',
  772: 'TLSv1.3',
};
/** The name of a TLS version code point, or its hex. */
export const versionName = (number: number): string => VERSIONS[number] ?? code(number);

const HANDSHAKE = 22;
/** No ClientHello of an honest client is longer, octets. */
const LONGEST = 0x10000;
/** Octets of the header of a DTLS handshake message. RFC 6347 4.2.2 */
const DTLS_HEADER = 12;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const SERVER_KEY_EXCHANGE = 12;

/** The plain handshake octets at the start of a TLS stream, record headers taken off; ends at the first record of another kind. */
export const handshakeOctets = (stream: Uint8Array): Uint8Array => {
  const parts: Uint8Array[] = [];
  const reader = readerOf(stream);
  attempt(() => {
    while (reader.left() >= 5 && reader.number(1) === HANDSHAKE) {
      reader.take(2);
      const length = reader.number(2);
      parts.push(reader.take(Math.min(length, reader.left())));
    }
  });
  return Buffer.concat(parts);
};

const extensionsOf = (reader: Reader): ReadonlyMap<number, Uint8Array> => {
  const found = new Map<number, Uint8Array>();
  if (reader.left() === 0) return found;
  const extensions = readerOf(reader.vector(2));
  while (extensions.left() > 0) found.set(extensions.number(2), extensions.vector(2));
  return found;
};

const inner = (extension: Uint8Array | undefined, lengthOctets: number): Uint8Array =>
  extension === undefined ? new Uint8Array() : readerOf(extension).vector(lengthOctets);

const isGrease = (number: number): boolean => (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff);

const serverNameIn = (extension: Uint8Array | undefined): string => {
  const names = readerOf(inner(extension, 2));
  while (names.left() > 0) {
    const isHostName = names.number(1) === 0;
    const name = names.vector(2);
    if (isHostName) return text(name);
  }
  return '';
};

const protocolsIn = (extension: Uint8Array | undefined): string[] => {
  const names: string[] = [];
  const list = readerOf(inner(extension, 2));
  while (list.left() > 0) names.push(text(list.vector(1)));
  return names;
};

/** `more`: the ClientHello is not complete yet; `other`: the stream does not begin with a TLS ClientHello. */
export const readClientHello = (stream: Uint8Array): ClientHello | 'more' | 'other' => {
  if (stream.length > 0 && stream[0] !== HANDSHAKE) return 'other';
  const octets = handshakeOctets(stream);
  if (octets.length > 0 && octets[0] !== CLIENT_HELLO) return 'other';
  const length = attempt(() => readerOf(octets.subarray(1)).number(3));
  const whole = length === undefined ? Number.POSITIVE_INFINITY : 4 + length;
  if (octets.length < whole) return stream.length < LONGEST ? 'more' : 'other';
  const message = octets.subarray(0, whole);
  return parseClientHello(message, 4) ?? 'other';
};

/** A ClientHello whose body begins behind a header of so many octets; that of DTLS has a cookie in it. RFC 5246 7.4.1.2, RFC 6347 4.2.1 */
const parseClientHello = (message: Uint8Array, header: 4 | 12): ClientHello | undefined =>
  attempt((): ClientHello => {
    const reader = readerOf(message.subarray(header));
    const legacy = reader.number(2);
    reader.take(32);
    reader.vector(1);
    if (header === DTLS_HEADER) reader.vector(1);
    const suites = pairs(reader.vector(2));
    reader.vector(1);
    const extensions = extensionsOf(reader);
    const versions = pairs(inner(extensions.get(43), 1)).filter(one => !isGrease(one));
    return {
      versions: (versions.length > 0 ? versions : [legacy]).map(versionName),
      cipherSuites: suites.filter(one => !isGrease(one)).map(code),
      groups: pairs(inner(extensions.get(10), 2))
        .filter(one => !isGrease(one))
        .map(code),
      signatureAlgorithms: pairs(inner(extensions.get(13), 2)).map(code),
      serverName: serverNameIn(extensions.get(0)),
      applicationProtocols: protocolsIn(extensions.get(16)),
      octets: Uint8Array.from(message),
    };
  });

/** A whole ClientHello message of DTLS, handshake header included; undefined when it is none. */
export const readDtlsClientHello = (message: Uint8Array): ClientHello | undefined =>
  message[0] === CLIENT_HELLO ? parseClientHello(message, DTLS_HEADER) : undefined;

// RFC 8446 4.1.3: this random marks a HelloRetryRequest, whose key_share names a group only.
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

const keyOfServerHello = (body: Uint8Array): Uint8Array | undefined => {
  const reader = readerOf(body);
  reader.take(2);
  if (Buffer.from(reader.take(32)).toString('hex') === RETRY) return undefined;
  reader.vector(1);
  reader.take(3);
  const share = extensionsOf(reader).get(51);
  if (share === undefined) return undefined;
  const entry = readerOf(share);
  entry.take(2);
  return entry.vector(2);
};

const NAMED_CURVE = 3;
const keyOfServerKeyExchange = (body: Uint8Array): Uint8Array => {
  const reader = readerOf(body);
  if (body[0] === NAMED_CURVE) {
    reader.take(3);
    return reader.vector(1);
  }
  // Finite-field Diffie-Hellman: p, g, then the server's public value.
  reader.vector(2);
  reader.vector(2);
  return reader.vector(2);
};

/** The server's ephemeral public key in what it sent so far, hex; empty while it has not shown one. RFC 8422 5.4, RFC 8446 4.2.8 */
export const readServerKeyShare = (stream: Uint8Array): string => {
  const messages = readerOf(handshakeOctets(stream));
  const key = attempt(() => {
    while (messages.left() >= 4) {
      const type = messages.number(1);
      const body = messages.vector(3);
      const found =
        type === SERVER_HELLO ? keyOfServerHello(body) : type === SERVER_KEY_EXCHANGE ? keyOfServerKeyExchange(body) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  });
  return key === undefined ? '' : Buffer.from(key).toString('hex').toUpperCase();
};

/** The ephemeral public key in a whole ServerKeyExchange of DTLS, handshake header included, hex; empty when it cannot be read. */
export const readServerKeyExchange = (message: Uint8Array): string => {
  const key = attempt(() => keyOfServerKeyExchange(message.subarray(DTLS_HEADER)));
  return key === undefined ? '' : Buffer.from(key).toString('hex').toUpperCase();
};

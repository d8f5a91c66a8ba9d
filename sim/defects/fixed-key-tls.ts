/**
 * A TLS 1.2 server that keeps one ephemeral key for all handshakes, in front of a plain server. No TLS library can be talked
 * into that any more, so this one speaks as much of TLS as a client with C02B on P-256 needs. RFC 5246, RFC 5288, RFC 8422
 */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  type ECDH,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { concat } from '#protocol/asn1/tlv.js';
import type { TlsIdentity } from '../../adapters/adapter.js';
import type { Front } from './deviation.js';

const [CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA] = [20, 21, 22, 23];
const [SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, FINISHED] = [2, 11, 12, 14, 20];
const VERSION = Uint8Array.of(3, 3);
const SUITE = Uint8Array.of(0xc0, 0x2b);
/** renegotiation_info, empty: clients refuse servers without it. RFC 5746 */
const EXTENSIONS = Uint8Array.of(0, 5, 0xff, 0x01, 0, 1, 0);
const NAMED_CURVE_P256 = Uint8Array.of(3, 0, 0x17);
const ECDSA_SHA256 = Uint8Array.of(4, 3);
const TAG_LENGTH = 16;
const FRAGMENT = 16_384;

const uint = (value: number, octets: number): Uint8Array => {
  const all = Buffer.alloc(octets);
  all.writeUIntBE(value, 0, octets);
  return new Uint8Array(all);
};
const withLength = (octets: number, content: Uint8Array): Uint8Array => concat(uint(content.length, octets), content);
const record = (type: number, content: Uint8Array): Uint8Array => concat(Uint8Array.of(type), VERSION, withLength(2, content));
const message = (type: number, content: Uint8Array): Uint8Array => concat(Uint8Array.of(type), withLength(3, content));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** RFC 5246 5 */
const prf = (secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array => {
  const hmac = (data: Uint8Array) => new Uint8Array(createHmac('sha256', secret).update(data).digest());
  const labelled = concat(text(label), seed);
  let output: Uint8Array = new Uint8Array();
  for (let a = hmac(labelled); output.length < length; a = hmac(a)) output = concat(output, hmac(concat(a, labelled)));
  return output.subarray(0, length);
};

/** Records of one direction under AES-128-GCM. RFC 5288 3 */
const protection = (key: Uint8Array, salt: Uint8Array) => {
  let sequence = 0;
  const additional = (type: number, length: number) =>
    concat(uint(0, 2), uint(sequence++, 6), Uint8Array.of(type), VERSION, uint(length, 2));
  return {
    seal: (type: number, content: Uint8Array): Uint8Array => {
      const explicit = randomBytes(8);
      const cipher = createCipheriv('aes-128-gcm', key, concat(salt, explicit)).setAAD(additional(type, content.length));
      return record(type, concat(explicit, cipher.update(content), cipher.final(), cipher.getAuthTag()));
    },
    open: (type: number, content: Uint8Array): Uint8Array => {
      const end = content.length - TAG_LENGTH;
      const decipher = createDecipheriv('aes-128-gcm', key, concat(salt, content.subarray(0, 8)));
      decipher.setAAD(additional(type, end - 8)).setAuthTag(content.subarray(end));
      return concat(decipher.update(content.subarray(8, end)), decipher.final());
    },
  };
};

async function* records(socket: Socket): AsyncGenerator<{ readonly type: number; readonly content: Uint8Array }> {
  let received: Uint8Array = new Uint8Array();
  for await (const chunk of socket) {
    received = concat(received, chunk);
    if ((received[0] ?? 0) < CHANGE_CIPHER_SPEC || (received[0] ?? 0) > DATA) return;
    for (let end = endOf(received); end <= received.length; end = endOf(received)) {
      yield { type: received[0] ?? 0, content: received.subarray(5, end) };
      received = received.subarray(end);
    }
  }
}
const endOf = (received: Uint8Array): number =>
  received.length < 5 ? Number.POSITIVE_INFINITY : 5 + (received[3] ?? 0) * 256 + (received[4] ?? 0);

const certificatesOf = ({ certificateChain }: TlsIdentity): readonly Uint8Array[] =>
  (certificateChain.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map(
    pem => new Uint8Array(new X509Certificate(pem).raw),
  );

/** The messages of a handshake up to ServerHelloDone. */
const flightOf = (identity: TlsIdentity, ephemeral: ECDH, clientRandom: Uint8Array, serverRandom: Uint8Array): readonly Uint8Array[] => {
  const parameters = concat(NAMED_CURVE_P256, withLength(1, ephemeral.getPublicKey()));
  const signature = sign('sha256', concat(clientRandom, serverRandom, parameters), identity.privateKey);
  const chain = concat(...certificatesOf(identity).map(certificate => withLength(3, certificate)));
  return [
    message(SERVER_HELLO, concat(VERSION, serverRandom, uint(0, 1), SUITE, uint(0, 1), EXTENSIONS)),
    message(CERTIFICATE, withLength(3, chain)),
    message(SERVER_KEY_EXCHANGE, concat(parameters, ECDSA_SHA256, withLength(2, signature))),
    message(SERVER_HELLO_DONE, new Uint8Array()),
  ];
};

const serve = async (socket: Socket, identity: TlsIdentity, ephemeral: ECDH, plain: () => Socket): Promise<void> => {
  const input = records(socket);
  const next = async (type: number): Promise<Uint8Array> => {
    const { value } = await input.next();
    if (value?.type !== type) throw new Error(`expected a record of type ${type}, got ${value?.type ?? 'the end'}`);
    return value.content;
  };
  const hello = await next(HANDSHAKE);
  const clientRandom = hello.subarray(6, 38);
  const serverRandom = new Uint8Array(randomBytes(32));
  const flight = flightOf(identity, ephemeral, clientRandom, serverRandom);
  socket.write(concat(...flight.map(one => record(HANDSHAKE, one))));

  const exchange = await next(HANDSHAKE);
  const shared = new Uint8Array(ephemeral.computeSecret(exchange.subarray(5)));
  const master = prf(shared, 'master secret', concat(clientRandom, serverRandom), 48);
  const keys = prf(master, 'key expansion', concat(serverRandom, clientRandom), 40);
  const incoming = protection(keys.subarray(0, 16), keys.subarray(32, 36));
  const outgoing = protection(keys.subarray(16, 32), keys.subarray(36, 40));
  await next(CHANGE_CIPHER_SPEC);
  const finished = incoming.open(HANDSHAKE, await next(HANDSHAKE));
  const transcript = createHash('sha256')
    .update(concat(hello, ...flight, exchange, finished))
    .digest();
  socket.write(record(CHANGE_CIPHER_SPEC, Uint8Array.of(1)));
  socket.write(outgoing.seal(HANDSHAKE, message(FINISHED, prf(master, 'server finished', transcript, 12))));

  const behind = plain();
  behind.on('data', chunk => {
    for (let at = 0; at < chunk.length; at += FRAGMENT) socket.write(outgoing.seal(DATA, chunk.subarray(at, at + FRAGMENT)));
  });
  behind.once('close', () => socket.destroy());
  for await (const { type, content } of input) {
    if (type === ALERT) break;
    behind.write(incoming.open(type, content));
  }
  behind.destroy();
};

/** Listens on host:port and hands what comes through to the plain server at another host:port. */
export const openFixedKeyTls = (listen: string, identity: TlsIdentity, target: string): Promise<Front> =>
  new Promise((resolve, reject) => {
    const ephemeral = createECDH('prime256v1');
    ephemeral.generateKeys();
    const [host = '', port = ''] = target.split(':');
    const sockets = new Set<Socket>();
    const server = createServer(socket => {
      const kept = (one: Socket): Socket => {
        sockets.add(one);
        one.once('close', () => sockets.delete(one));
        return one.on('error', () => one.destroy());
      };
      serve(kept(socket), identity, ephemeral, () => kept(connect({ host, port: Number(port) }))).catch(() => socket.destroy());
    });
    const [ownHost = '', ownPort = ''] = listen.split(':');
    server.once('error', reject);
    server.listen(Number(ownPort), ownHost, () => {
      const bound = server.address();
      resolve({
        address: `${ownHost}:${typeof bound === 'object' && bound ? bound.port : ''}`,
        close: () =>
          new Promise(done => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });

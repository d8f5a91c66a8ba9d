import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { pem } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import type { Front } from './deviation.js';
import { openFixedKeyTls } from './fixed-key-tls.js';

const pki = testPki();
const pemOf = (name: string): string => pem('CERTIFICATE', pki.certificate(name) ?? new Uint8Array());
const IDENTITY = { certificateChain: pemOf('CERT_EIM_TLS'), privateKey: pki.privateKeyPem('CERT_EIM_TLS') ?? '' };
const signal = new AbortController().signal;

describe('TLS server with a fixed ephemeral key', () => {
  const closing: (() => Promise<void> | void)[] = [];
  let front: Front;
  beforeEach(async () => {
    const plain = createServer((request, response) => {
      request.resume().once('end', () => response.end(Buffer.alloc(40_000, 7)));
    });
    await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve));
    const bound = plain.address();
    front = await openFixedKeyTls('127.0.0.1:0', IDENTITY, `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`);
    closing.push(
      () => front.close(),
      () => new Promise(resolve => plain.close(() => resolve())),
    );
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const exchange = async () => {
    const client = openHttpsClient({ url: `https://${front.address}/`, serverName: 'eim.example.com', trust: [pemOf('CERT_CI')] });
    try {
      return await client.exchange({ meta: {}, body: new Uint8Array(20_000) }, { signal, tls: { probe: true } });
    } finally {
      await client.close();
    }
  };

  it('carries requests and answers of many records, and shows the same key in every handshake', async () => {
    const first = await exchange();
    const second = await exchange();
    expect(first.body).to.have.length(40_000);
    expect(first.connection.tls).to.include({ version: 'TLSv1.2', cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', resumed: false });
    expect(first.connection.tls?.serverKeyShare).to.have.length(130);
    expect(second.connection.tls?.serverKeyShare).to.equal(first.connection.tls?.serverKeyShare);
  });

  it('ends connections that do not speak TLS', async () => {
    const [host = '', port = ''] = front.address.split(':');
    const socket = connect({ host, port: Number(port) });
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise(resolve => socket.once('close', resolve).resume());
    expect((await exchange()).body).to.have.length(40_000);
  });
});

/** The bare server of the sequence benchmark: answers fixed octets and makes a fixed number of signatures; runs as a process of its own. */
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pem, sign, verify } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';

const pki = testPki();
const key = pki.privateKey('SK_S_EIMsign');
if (!key) throw new Error('no key');
const data = Buffer.alloc(100, 1);
const signature = sign(key, data);

const answer: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url ?? '/', 'http://x');
    for (let n = Number(url.searchParams.get('sign')); n > 0; n--) sign(key, data);
    for (let n = Number(url.searchParams.get('verify')); n > 0; n--) verify(key, data, signature);
    response.setHeader('content-type', 'application/x-gsma-rsp-asn1');
    response.end(Buffer.alloc(Number(url.searchParams.get('octets') ?? 100)));
  });
};

const cert = pki
  .chain('CERT_EIM_TLS')
  .map(der => pem('CERTIFICATE', der))
  .join('');
const https = createHttps({ cert, key: pki.privateKeyPem('CERT_EIM_TLS') }, answer).listen(0, '127.0.0.1');
const http = createHttp(answer).listen(0, '127.0.0.1');
const port = (server: { address(): AddressInfo | string | null }): number => {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};
https.on('listening', () => http.listening && ready());
http.on('listening', () => https.listening && ready());
const ready = () =>
  process.stdout.write(`${JSON.stringify({ https: `https://127.0.0.1:${port(https)}`, http: `http://127.0.0.1:${port(http)}` })}\n`);
process.once('SIGTERM', () => process.exit(0));

/** ESipa over CoAPs with libcoap: GetEimPackage, and a bound profile package of other authors, in blocks and in both directions. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import { raw, type Type } from '#protocol/asn1/type.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import { GetBoundProfilePackageResponseEsipa } from '#protocol/iot/download.js';
import { GetEimPackageRequest, GetEimPackageResponse } from '#protocol/iot/esipa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Inbound, Outbound } from '../../adapters/adapter.js';
import { openCoapClient } from '../../adapters/coap-client.js';
import { openCoapListener } from '../../adapters/coap-listener.js';
import { freePorts, isThere, run, startProgram } from '../../adapters/testing-programs.js';
import { tlsIdentity } from '../processes/process.js';
import { esipaCoapServer } from './esipa-coap.js';
import { ESIPA_PATH } from './esipa-functions.js';

const pki = testPki();
const signal = new AbortController().signal;
const recorded: { readonly boundProfilePackage: string } = JSON.parse(
  readFileSync(new URL('../../../sim/protocol/fixtures/bpp-nist.json', import.meta.url), 'utf8'),
);
const BPP = fromHex(recorded.boundProfilePackage) ?? new Uint8Array();
const message = (type: Type, value: unknown) => ({ type, octets: encodeUntyped(type, value) });
const REQUEST = message(GetEimPackageRequest, { eidValue: new Uint8Array(16) });
/** The answers: a package of a hundred octets, and a bound profile package of 12 kB. */
const ANSWERS = {
  package: message(GetEimPackageResponse, { ipaEuiccDataRequest: { tagList: new Uint8Array(100).fill(0x80) } }),
  profile: message(GetBoundProfilePackageResponseEsipa, {
    getBoundProfilePackageOkEsipa: { transactionId: new Uint8Array(16), boundProfilePackage: raw(BPP) },
  }),
};

describe('ESipa over CoAPs with libcoap', () => {
  const closing: (() => unknown)[] = [];
  let folder = '';
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-libcoap-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What libcoap is to trust and to show. */
  const ca = () => file('ca.pem', pem('CERTIFICATE', pki.certificate('CERT_CI') ?? new Uint8Array()));
  const own = () => {
    const { certificateChain, privateKey } = tlsIdentity(pki, 'CERT_EIM_TLS');
    return ['-c', file('eim.pem', certificateChain), '-j', file('eim.key', privateKey)];
  };
  const packageIn = (octets: Uint8Array) =>
    fieldOctets(decode(GetBoundProfilePackageResponseEsipa, octets), 'getBoundProfilePackageOkEsipa.boundProfilePackage');

  it('has a bound profile package of 12 kB', () => {
    expect(BPP.length).to.be.within(12_000, 13_000);
  });

  for (const flavour of ['openssl', 'gnutls'] as const)
    describe(flavour, () => {
      const [server, client] = [`coap-server-${flavour}`, `coap-client-${flavour}`];
      before(async function () {
        if ((await isThere(server)) && (await isThere(client))) return;
        console.log(`      skipped: ${server} and ${client} (Debian: libcoap3-bin) are not installed`);
        this.skip();
      });

      for (const [what, size] of [
        ['package', 64],
        ['profile', 1024],
      ] as const) {
        const answer = ANSWERS[what];
        const blocks = Math.ceil(answer.octets.length / size);

        it(`takes a ${what} from our eIM in ${blocks} blocks, for GetEimPackage in blocks of 16 octets`, async () => {
          const binding = esipaCoapServer();
          const seen: Inbound[] = [];
          const listener = await openCoapListener({
            listen: '127.0.0.1:0',
            identities: new Map([['*', tlsIdentity(pki, 'CERT_EIM_TLS')]]),
          });
          closing.push(() => listener.close());
          listener.onFrame(async (frame): Promise<Outbound> => {
            seen.push(frame);
            return binding.write(frame, answer, { blockSize: size });
          });
          const got = join(folder, 'got');
          const asked = file('asked', REQUEST.octets);
          const post = async (blockSize: string) => {
            const words = ['-m', 'post', '-f', asked, '-o', got, '-b', blockSize, '-B', '10', '-C', ca()];
            const { output } = await run(client, [...words, `coaps://${listener.address}${ESIPA_PATH}`]);
            expect(hex(readFileSync(got)), output).to.equal(hex(answer.octets));
          };
          await post(String(size));
          await post('16');
          expect(seen.map(({ body }) => hex(body))).to.deep.equal([REQUEST, REQUEST].map(({ octets }) => hex(octets)));
          expect(seen[1]?.meta).to.include({ ':method': 'POST', ':path': ESIPA_PATH, ':blocks': '2', ':block-size': '16' });
          expect(seen[0]?.connection.tls?.version).to.equal('DTLSv1.2');
          if (what === 'profile') expect(hex(packageIn(readFileSync(got)) ?? new Uint8Array())).to.equal(hex(BPP));
        });

        it(`brings our IPA a ${what} in ${blocks} blocks, which it was brought in as many`, async () => {
          const port = await freePorts();
          const program = await startProgram(
            server,
            ['-A', '127.0.0.1', '-p', String(port), '-v', '7', '-d', '4', '-n', ...own()],
            /created DTLS/,
          );
          closing.push(() => program.close());
          const ours = openCoapClient({
            url: `coaps://127.0.0.1:${port + 1}${ESIPA_PATH}`,
            serverName: 'eim.example.com',
            trust: [pem('CERTIFICATE', pki.certificate('CERT_CI') ?? new Uint8Array())],
          });
          closing.push(() => ours.close());
          const inBlocks = { ':block-size': String(size) };
          const put = await ours.exchange({ meta: { ...inBlocks, ':method': 'PUT' }, body: answer.octets }, { signal });
          expect(put.meta).to.include({ ':code': '2.01', ':sent-blocks': String(blocks) });
          const reply = await ours.exchange({ meta: { ...inBlocks, ':method': 'GET' }, body: new Uint8Array() }, { signal });
          expect(reply.meta).to.include({ ':code': '2.05', ':blocks': String(blocks), ':block-size': String(size) });
          expect(reply.connection.tls?.version).to.equal('DTLSv1.2');
          expect(hex(reply.body)).to.equal(hex(answer.octets));
          if (what === 'profile') expect(hex(packageIn(reply.body) ?? new Uint8Array())).to.equal(hex(BPP));
        });
      }
    });
});

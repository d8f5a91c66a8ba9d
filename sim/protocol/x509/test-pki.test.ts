import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createSecureContext, createServer, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { concat, hex } from '../asn1/tlv.js';
import { pem } from '../crypto/ecdsa.js';
import { isProblem, parseCertificate } from './certificate.js';
import { canonicalName } from './pki.js';
import { testPki } from './test-pki.js';

const pki = testPki();
const certificate = (name: string): Uint8Array => pki.certificate(name) ?? expect.fail(`no ${name}`);
const parsed = (name: string) => {
  const result = parseCertificate(certificate(name));
  return isProblem(result) ? expect.fail(result.problem) : result;
};
const digest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

const shake = async (name: string, host: string, ca: string): Promise<string> => {
  const server = createServer({ key: pki.privateKeyPem(name) ?? '', cert: pem('CERTIFICATE', certificate(name)) });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const client: TLSSocket = connect({ host: '127.0.0.1', port, servername: host, ca: pem('CERTIFICATE', certificate(ca)) });
  try {
    await once(client, 'secureConnect');
    return 'accepted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    client.destroy();
    server.close();
  }
};

describe('test PKI', () => {
  it('is the same in every instance and on every machine', () => {
    const other = testPki();
    for (const name of ['CERT_CI', 'CERT_EUICC', 'CERT_EIM_TLS_BRP', 'CERT_S_SM_DP_TLS_CURVE']) {
      expect(hex(other.certificate(name) ?? concat())).to.equal(hex(certificate(name)));
    }
    expect(other.privateKey('SK_EUICC')).to.deep.equal(pki.privateKey('SK_EUICC'));
    expect(['CERT_CI', 'CERT_EUICC', 'CERT_S_SM_DP_TLS_BRP'].map(name => digest(certificate(name)))).to.deep.equal([
      '511e4f699e1b4f7dfe1ce0ec45ff41c76304148a0b9bc3256056d690118b97cd',
      'ea9a855f18a17921469086ea61076ee11d5d9187d30f147d60020d606900fb92',
      '4b95383cd54d5c1c228c07552e5681222288875ce9c6b5fe5a175bd57e3687b2',
    ]);
  });

  it('has every certificate on both curves, in DER, and the private key of each', () => {
    expect(pki.names().length).to.be.greaterThan(120);
    for (const name of pki.names()) {
      const { notDer, keyName, publicKey } = parsed(name);
      expect(notDer, name).to.deep.equal([]);
      const foreign = /_CURVE(_BRP)?$/.test(name);
      const own = name.endsWith('_BRP') ? 'brainpoolP256r1' : 'P-256';
      const other = /_TLS_/.test(name) ? 'P-384' : own.replace('256', '192');
      expect(keyName, name).to.equal(foreign ? other : own);
      expect(pki.publicKey(name)?.point, name).to.deep.equal(publicKey?.point);
      expect(pki.privateKey(name) === undefined, name).to.equal(foreign);
      const fromKey = createPublicKey(createPrivateKey(pki.privateKeyPem(name) ?? '')).export({ format: 'der', type: 'spki' });
      expect(hex(new Uint8Array(fromKey)), name).to.equal(hex(parsed(name).spki));
    }
  });

  it('answers to the names of every release of SGP.26 and to no other', () => {
    const same = [
      [
        'CERT_EUICC',
        'CERT_EUICC_ECDSA',
        'CERT_EUICC_SIG',
        'CERT_EUICC_NIST',
        'CERT_EUICC_SIG_NIST',
        'CERT_EUICC_ECDSA_NIST',
        'CERT_EUICC_VARO_SIG_NIST',
      ],
      ['CERT_EUM_BRP', 'CERT_EUM_ECDSA_BRP', 'CERT_EUM_SIG_BRP', 'CERT_EUM_BRP_ECDSA'],
      ['CERT_S_SM_DP_TLS', 'CERT_S_SM_DP_VARO_TLS_NIST'],
      ['CERT_S_SM_DP_TLS2_BRP', 'CERT_S_SM_DP2_VARO_TLS_BRP'],
      ['CERT_EIM_TLS', 'CERT_S_EIM_TLS_NIST'],
      ['CERT_S_SM_DPauth_POLICY', 'CERT_S_SM_DPauth_VARO_INV_CERT_POL_NIST'],
      ['CERT_S_SM_DSauth_CURVE', 'CERT_S_SM_DSauth_INV_CURVE_NIST192'],
      ['CERT_S_SM_DSauth_CURVE_BRP', 'CERT_S_SM_DSauth_INV_CURVE_BRP192'],
    ];
    for (const [first = '', ...others] of same) {
      for (const other of others) expect(hex(certificate(other)), other).to.equal(hex(certificate(first)));
    }
    expect(pki.privateKey('SK_S_EIMsign_ECDSA')?.point).to.deep.equal(parsed('CERT_S_EIMsign').publicKey?.point);
    expect(pki.publicKey('PK_EUICC2_ECDSA')?.point).to.deep.equal(parsed('CERT_EUICC2').publicKey?.point);
    for (const name of ['CERT_EUICC9', 'CERT_', '', 'CERT_EUICC_FRP', 'CERT__BRP']) {
      expect([pki.certificate(name), pki.privateKey(name), pki.privateKeyPem(name), pki.chain(name)], name).to.deep.equal([
        undefined,
        undefined,
        undefined,
        [],
      ]);
    }
    expect(canonicalName('SK_S_SM_DSauth_INV_SIGN_BRP')).to.equal('S_SM_DSauth_BAD_SIGNATURE_BRP');
  });

  it('gives wrong certificates the key of the good one, so that only the certificate is wrong', () => {
    for (const name of ['CERT_S_SM_DPauth_EXPIRED', 'CERT_S_SM_DPauth_UNKNOWN_CI', 'CERT_S_SM_DPauth_OTHER_OID']) {
      expect(pki.privateKey(name), name).to.deep.equal(pki.privateKey('SK_S_SM_DPauth'));
    }
    expect(pki.privateKey('SK_EUM_UNKNOWN_CI')).to.not.deep.equal(pki.privateKey('SK_EUM'));
    expect(pki.privateKey('SK_S_SM_DPpb')).to.not.deep.equal(pki.privateKey('SK_S_SM_DPauth'));
    expect(pki.privateKey('SK_S_SM_DPpb2')).to.not.deep.equal(pki.privateKey('SK_S_SM_DPpb'));
  });

  it('names servers, eUICCs and eIMs as the test cases expect', () => {
    expect(parsed('CERT_S_SM_DPauth').registeredIds).to.deep.equal(['2.999.10']);
    expect(parsed('CERT_S_SM_DPpb2').registeredIds).to.deep.equal(['2.999.12']);
    expect(parsed('CERT_S_SM_DP_TLS').dnsNames).to.deep.equal(['testsmdpplus1.example.com', 'localhost']);
    expect(parsed('CERT_S_SM_DP_TLS2').dnsNames).to.deep.equal(['testsmdpplus2.example.com', 'localhost']);
    expect(parsed('CERT_S_SM_DS_TLS').dnsNames).to.deep.equal(['testrootsmds.example.com', 'localhost']);
    expect(parsed('CERT_EIM_TLS').dnsNames).to.deep.equal(['eim.example.com', 'localhost']);
    expect(parsed('CERT_EIM_TLS_OTHER_NAME').dnsNames).to.deep.equal(['other.example.com']);
    expect(parsed('CERT_EUICC2').subject.attributes).to.deep.include({ type: 'serialNumber', value: '89049032123451234512345678901332' });
    expect(parsed('CERT_EUICC').notAfter.toISOString()).to.equal('9999-12-31T23:59:59.000Z');
    expect(parsed('CERT_S_EIMsign2').subject.attributes).to.deep.include({ type: 'CN', value: 'testeim2' });
    expect(parsed('CERT_S_EIMsign').extensions.map(({ oid }) => oid)).to.deep.equal(['2.5.29.35', '2.5.29.15']);
  });

  it('chains each certificate up to its root', () => {
    expect(pki.chain('CERT_EUICC').map(digest)).to.deep.equal(['CERT_EUICC', 'CERT_EUM', 'CERT_CI'].map(name => digest(certificate(name))));
    expect(pki.chain('CERT_CI_BRP').map(digest)).to.deep.equal([digest(certificate('CERT_CI_BRP'))]);
    expect(pki.chain('CERT_EUICC_UNKNOWN_CI')).to.have.length(3);
  });

  it('serves TLS that a client with the CI accepts, and wrong certificates that it refuses', async () => {
    expect(await shake('CERT_S_SM_DP_TLS', 'localhost', 'CERT_CI')).to.equal('accepted');
    expect(await shake('CERT_EIM_TLS', 'eim.example.com', 'CERT_CI')).to.equal('accepted');
    expect(await shake('CERT_EIM_TLS_OTHER_NAME', 'localhost', 'CERT_CI')).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await shake('CERT_EIM_TLS_EXPIRED', 'localhost', 'CERT_CI')).to.equal('CERT_HAS_EXPIRED');
    expect(await shake('CERT_EIM_TLS_NOT_YET_VALID', 'localhost', 'CERT_CI')).to.equal('CERT_NOT_YET_VALID');
    expect(await shake('CERT_EIM_TLS_BAD_SIGNATURE', 'localhost', 'CERT_CI')).to.equal('CERT_SIGNATURE_FAILURE');
    expect(await shake('CERT_EIM_TLS_UNKNOWN_CI', 'localhost', 'CERT_CI')).to.equal('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await shake('CERT_EIM_TLS_CLIENT_ONLY', 'localhost', 'CERT_CI')).to.equal('INVALID_PURPOSE');
  });

  it('has keys and certificates on brainpoolP256r1 that OpenSSL takes as belonging together', () => {
    const cert = pem('CERTIFICATE', certificate('CERT_S_SM_DP_TLS_BRP'));
    expect(() => createSecureContext({ cert, key: pki.privateKeyPem('SK_S_SM_DP_TLS_BRP') ?? '' })).to.not.throw();
    expect(() => createSecureContext({ cert, key: pki.privateKeyPem('SK_EIM_TLS_BRP') ?? '' })).to.throw();
    const issuer = new X509Certificate(certificate('CERT_CI_BRP'));
    expect(new X509Certificate(certificate('CERT_S_SM_DP_TLS_BRP')).checkIssued(issuer)).to.equal(true);
  });

  it('is accepted by the verifier of OpenSSL, except for the eUICC name constraint that SGP.22 reads differently', function () {
    if (spawnSync('openssl', ['version']).status !== 0) this.skip();
    const directory = mkdtempSync(join(tmpdir(), 'test-pki-'));
    try {
      const write = (name: string): string => {
        const path = join(directory, `${name}.pem`);
        writeFileSync(path, pem('CERTIFICATE', certificate(name)));
        return path;
      };
      const openssl = (suffix: string, ...names: readonly string[]): readonly string[] => {
        const ca = ['-CAfile', write(`CERT_CI${suffix}`), '-untrusted', write(`CERT_EUM${suffix}`)];
        const run = spawnSync('openssl', ['verify', '-x509_strict', ...ca, ...names.map(name => write(`${name}${suffix}`))], {
          encoding: 'utf8',
        });
        return `${run.stdout}${run.stderr}`
          .split('\n')
          .filter(line => /: OK$|^error \d+/.test(line))
          .map(line => line.replace(/^.*?(OK|error \d+).*$/, '$1'));
      };
      for (const suffix of ['', '_BRP']) {
        const good = [
          'CERT_EUM',
          'CERT_S_SM_DPauth',
          'CERT_S_SM_DPpb2',
          'CERT_S_SM_DP_TLS',
          'CERT_S_SM_DSauth',
          'CERT_S_SM_DS_TLS',
          'CERT_S_EIMsign',
          'CERT_EIM_TLS',
        ];
        expect(openssl(suffix, ...good), suffix).to.deep.equal(good.map(() => 'OK'));
        // 47: permitted subtree violation, also for the eUICC certificates of SGP.26.
        expect(openssl(suffix, 'CERT_EUICC'), suffix).to.deep.equal(['error 47']);
        expect(openssl(suffix, 'CERT_S_SM_DPauth_EXPIRED'), suffix).to.deep.equal(['error 10']);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

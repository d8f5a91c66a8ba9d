import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fromBER } from 'asn1js';
import { expect } from 'chai';
import { concat, fromHex, hex, tlv } from '../asn1/tlv.js';
import { keyFromSeed, rawToDer, sign, subjectPublicKeyInfo } from '../crypto/ecdsa.js';
import { type Certificate, isProblem, isSelfIssued, parseCertificate, verifySignature } from './certificate.js';
import { altNames, authority, extension, keyUsage, mintCertificate, permittedEins, permittedName } from './mint.js';
import { attribute, attributesOf, nameText } from './name.js';
import { testPki } from './test-pki.js';

const bytes = (text: string): Uint8Array => fromHex(text) ?? expect.fail(`${text} is not hex`);
const fixture = new URL('../../../../sim/protocol/fixtures/sgp26-certificates.json', import.meta.url);
const recorded = (JSON.parse(readFileSync(fixture, 'utf8')) as { readonly certificates: Readonly<Record<string, string>> }).certificates;
const parse = (der: Uint8Array): Certificate => {
  const parsed = parseCertificate(der);
  return isProblem(parsed) ? expect.fail(parsed.problem) : parsed;
};
const problemOf = (der: Uint8Array): string => {
  const parsed = parseCertificate(der);
  return isProblem(parsed) ? parsed.problem : 'none';
};
const sgp26 = (name: string): Certificate => parse(bytes(recorded[name] ?? ''));

const pki = testPki();
let all: readonly (readonly [string, Uint8Array])[] = [];

const key = keyFromSeed('P-256', 'certificate test');
const recipe = {
  subject: attributesOf('C=DE, CN=Größe'),
  issuer: attributesOf('O=RSPTEST, CN=issuer'),
  issuerKey: key,
  spki: subjectPublicKeyInfo(key),
  serial: 128n,
  notBefore: new Date('2049-12-31T23:59:59Z'),
  notAfter: new Date('2050-01-01T00:00:00Z'),
  extensions: [keyUsage('digitalSignature', 'decipherOnly')],
};
const minted = mintCertificate(recipe);
/** The certificate with part of its hex exchanged, lengths unchanged. */
const exchanged = (from: string, to: string): Uint8Array => {
  const text = hex(minted);
  expect(text, from).to.contain(from);
  return bytes(text.replace(from, to));
};
const withExtensions = (...extensions: readonly Uint8Array[]): Uint8Array => mintCertificate({ ...recipe, extensions });

describe('certificate', () => {
  before(() => {
    const ours = pki.names().map(name => [name, pki.certificate(name) ?? expect.fail(name)] as const);
    all = [...Object.entries(recorded).map(([name, text]) => [name, bytes(text)] as const), ...ours];
  });

  it('of the SGP.26 set is read completely', () => {
    const eum = sgp26('CERT_EUM_ECDSA_NIST');
    expect(nameText(eum.subject)).to.equal('C=ES, O=RSP Test EUM, CN=EUM Test');
    expect(nameText(eum.issuer)).to.equal('CN=Test CI, OU=TESTCERT, O=RSPTEST, C=IT');
    expect(hex(eum.serial)).to.equal('12345678');
    expect([eum.notBefore.toISOString(), eum.notAfter.toISOString()]).to.deep.equal([
      '2020-04-01T09:28:37.000Z',
      '2054-03-24T09:28:37.000Z',
    ]);
    expect(hex(eum.authorityKeyId ?? concat())).to.equal('F54172BDF98A95D65CBEB88A38A1C11D800A85C3');
    expect(hex(eum.subjectKeyId ?? concat())).to.equal('DD3DA24D350C1CC5D0AF0965F40EC34C5EE409F1');
    expect(eum.keyUsage).to.deep.equal(['keyCertSign']);
    expect(eum.policies).to.deep.equal(['2.23.146.1.2.1.2']);
    expect(eum.registeredIds).to.deep.equal(['2.999.5']);
    expect(eum.basicConstraints).to.deep.equal({ ca: true, pathLength: 0 });
    expect(eum.permittedNames?.map(nameText)).to.deep.equal(['O=RSP Test EUM, serialNumber=89049032']);
    expect(eum.hasOtherConstraints).to.equal(false);
    expect(eum.extensions.filter(e => e.critical).map(e => e.oid)).to.deep.equal(['2.5.29.15', '2.5.29.32', '2.5.29.19', '2.5.29.30']);
    expect(eum.unknownCritical).to.deep.equal([]);

    const euicc = sgp26('CERT_EUICC_ECDSA_BRP');
    expect(attribute(euicc.subject, 'serialNumber')).to.equal('89049032123451234512345678901235');
    expect([euicc.keyName, euicc.publicKey?.curve, euicc.notAfter.getUTCFullYear()]).to.deep.equal([
      'brainpoolP256r1',
      'brainpoolP256r1',
      7496,
    ]);

    const server = sgp26('CERT_S_SM_DP_VARO_TLS_NIST');
    expect(server.dnsNames).to.deep.equal(['testsmdpplus1.example.com']);
    expect(server.registeredIds).to.deep.equal(['2.999.10']);
    expect(server.extendedKeyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(isSelfIssued(sgp26('CERT_CI_ECDSA_BRP'))).to.equal(true);
    expect(isSelfIssued(server)).to.equal(false);
  });

  it('carries a signature of its issuer and of no one else', () => {
    const authorities = Object.keys(recorded)
      .filter(name => /CERT_(CI|EUM)/.test(name))
      .map(sgp26);
    for (const name of Object.keys(recorded)) {
      const certificate = sgp26(name);
      const verifying = authorities.filter(({ publicKey }) => publicKey && verifySignature(certificate, publicKey));
      expect(
        verifying.map(({ subject }) => nameText(subject)),
        name,
      ).to.deep.equal([nameText(certificate.issuer)]);
    }
  });

  it('is read like asn1js reads it', () => {
    interface Node {
      readonly idBlock: { readonly tagNumber: number };
      readonly valueBeforeDecodeView: Uint8Array;
      readonly valueBlock: { readonly value?: readonly Node[]; readonly valueHexView?: Uint8Array };
      toDate?: () => Date;
      toString: () => string;
    }
    const octets = (node: Node | undefined): string => hex(node?.valueBeforeDecodeView ?? concat());
    for (const [name, der] of all) {
      const mine = parse(der);
      const { result, offset } = fromBER(new Uint8Array(der));
      expect(offset, name).to.equal(der.length);
      const [tbs, , bits] = (result as unknown as Node).valueBlock.value ?? [];
      const [, serial, , issuer, validity, subject, spki, wrapped] = tbs?.valueBlock.value ?? [];
      expect(hex(mine.tbs), name).to.equal(octets(tbs));
      expect(hex(mine.serial), name).to.equal(hex(serial?.valueBlock.valueHexView ?? concat()));
      expect([hex(mine.issuer.octets), hex(mine.subject.octets), hex(mine.spki)], name).to.deep.equal([issuer, subject, spki].map(octets));
      expect([mine.notBefore, mine.notAfter], name).to.deep.equal(validity?.valueBlock.value?.map(time => time.toDate?.()));
      expect(hex(mine.signature), name).to.equal(hex(bits?.valueBlock.valueHexView ?? concat()));
      const list = wrapped?.valueBlock.value?.[0]?.valueBlock.value ?? [];
      const theirs = list.map(entry => {
        const fields = entry.valueBlock.value ?? [];
        const critical = fields.length === 3;
        return [octets(fields[0]), critical, hex(fields.at(-1)?.valueBlock.valueHexView ?? concat())];
      });
      expect(theirs, name).to.have.length(mine.extensions.length);
      for (const [index, { critical, value }] of mine.extensions.entries()) {
        expect([critical, hex(value)], name).to.deep.equal(theirs[index]?.slice(1));
      }
    }
  });

  it('is read like OpenSSL reads it', () => {
    for (const [name, der] of all) {
      const mine = parse(der);
      const theirs = new X509Certificate(der);
      expect(theirs.serialNumber, name).to.equal(hex(mine.serial).replace(/^00(?=[89A-F])/, ''));
      expect(theirs.subject.replaceAll('\\', '').split('\n'), name).to.have.members(
        mine.subject.attributes.map(({ type, value }) => `${type}=${value}`),
      );
      expect([new Date(theirs.validFrom), new Date(theirs.validTo)], name).to.deep.equal([mine.notBefore, mine.notAfter]);
      expect(theirs.ca, name).to.equal(mine.basicConstraints?.ca ?? false);
      expect(theirs.keyUsage ?? [], name).to.deep.equal(mine.extendedKeyUsage ?? []);
      expect(hex(new Uint8Array(theirs.publicKey.export({ format: 'der', type: 'spki' }))), name).to.equal(hex(mine.spki));
      const dns = (mine.dnsNames ?? []).map(host => `DNS:${host}`);
      const ids = (mine.registeredIds ?? []).map(id => `Registered ID:${id}`);
      expect(theirs.subjectAltName?.split(', ') ?? [], name).to.deep.equal([...dns, ...ids]);
    }
  });

  it('whose signature this project accepts is accepted by OpenSSL, and the reverse', () => {
    const issuers = ['CERT_CI', 'CERT_CI_BRP', 'CERT_CI_UNKNOWN', 'CERT_EUM', 'CERT_EUM_BRP'].map(
      name => pki.certificate(name) ?? concat(),
    );
    let accepted = 0;
    for (const [name, der] of all.filter(([name]) => /_(CI|EUM|EUICC|TLS|BAD_SIGNATURE|UNKNOWN_CI)(_BRP)?$/.test(name))) {
      for (const issuer of issuers) {
        const { publicKey } = parse(issuer);
        const mine = publicKey !== undefined && verifySignature(parse(der), publicKey);
        expect(new X509Certificate(der).verify(new X509Certificate(issuer).publicKey), name).to.equal(mine);
        if (mine) accepted++;
      }
    }
    expect(accepted).to.be.greaterThan(15);
  });

  it('has UTCTime before 2050 and GeneralizedTime from 2050 on', () => {
    expect(hex(minted)).to.contain('170D3439313233313233353935395A180F32303530303130313030303030305A');
    expect([parse(minted).notBefore, parse(minted).notAfter]).to.deep.equal([recipe.notBefore, recipe.notAfter]);
  });

  it('keeps names in UTF-8, numbers with a high bit, and usages of two octets', () => {
    const certificate = parse(minted);
    expect(attribute(certificate.subject, 'CN')).to.equal('Größe');
    expect(hex(certificate.serial)).to.equal('0080');
    expect(certificate.keyUsage).to.deep.equal(['digitalSignature', 'decipherOnly']);
    expect(certificate.notDer).to.deep.equal([]);
  });

  it('names what its key is when it lies on no curve of SGP.22', () => {
    const keyOf = (...algorithm: readonly string[]) => tlv(0x30, tlv(0x30, ...algorithm.map(bytes)), bytes('03020000'));
    const named = (spki: Uint8Array) => [
      parse(mintCertificate({ ...recipe, spki })).keyName,
      parse(mintCertificate({ ...recipe, spki })).publicKey,
    ];
    expect(named(keyOf('06092A864886F70D010101', '0500'))).to.deep.equal(['RSA', undefined]);
    expect(named(keyOf('06072A8648CE3D0201', '06052B81040023'))).to.deep.equal(['P-521', undefined]);
    expect(named(keyOf('06072A8648CE3D0201', '06022A03'))).to.deep.equal(['1.2.3', undefined]);
    expect(parse(pki.certificate('CERT_S_SM_DP_TLS_CURVE') ?? concat()).keyName).to.equal('P-384');
  });

  it('reports BER that is not DER, and is read all the same', () => {
    expect(parse(exchanged('02020080', '02020001')).notDer).to.deep.equal(['30.30.02: INTEGER not in its shortest form']);
    expect(parse(exchanged('0101FF', '010101')).notDer).to.deep.equal(['30.30.A3.30.30.01: BOOLEAN other than 00 or FF']);
    expect(parse(exchanged('0101FF', '010100')).notDer).to.deep.equal(['2.5.29.15: critical FALSE is encoded']);
    const long = parse(withExtensions(extension('2.5.29.14', false, bytes('04810101'))));
    expect(long.notDer).to.deep.equal(['2.5.29.14.04: length not in its shortest form']);
  });

  it('lists critical extensions that no check understands', () => {
    const certificate = parse(withExtensions(extension('1.2.3', true, bytes('0500')), extension('1.2.4', false, bytes('0500'))));
    expect(certificate.unknownCritical).to.deep.equal(['1.2.3']);
  });

  it('shows constraints that no check covers', () => {
    const excluded = extension('2.5.29.30', true, tlv(0x30, tlv(0xa1, tlv(0x30, tlv(0x82, bytes('61'))))));
    expect(parse(withExtensions(excluded))).to.deep.include({ permittedNames: [], hasOtherConstraints: true });
    const dns = extension('2.5.29.30', true, tlv(0x30, tlv(0xa0, tlv(0x30, tlv(0x82, bytes('61'))))));
    expect(parse(withExtensions(dns))).to.deep.include({ permittedNames: [], hasOtherConstraints: true });
    expect(parse(withExtensions(permittedEins('89049032', '89033023'))).permittedEins).to.deep.equal(['89049032', '89033023']);
    expect(parse(withExtensions(permittedName(attributesOf('O=x')))).hasOtherConstraints).to.equal(false);
  });

  it('is refused with the reason when it is malformed', () => {
    const v1 = hex(minted).replace('A003020102', 'A003020100');
    const wrong: readonly (readonly [Uint8Array, string])[] = [
      [concat(), 'Certificate: expected tag 30, got nothing'],
      [concat(minted, Uint8Array.of(0)), 'Certificate: 1 octets after the TLV'],
      [minted.subarray(0, 100), 'Certificate: expected tag 30, got nothing'],
      [bytes(v1), 'version: extensions need v3(2)'],
      [exchanged('3439313233313233353935395A', '3439313333313233353935395A'), 'notBefore: 491331235959Z is no date'],
      [
        exchanged('3439313233313233353935395A', '34393132333132333539353930'),
        'notBefore: expected a UTCTime or GeneralizedTime that ends in seconds and Z, got "4912312359590"',
      ],
      [exchanged('0603550406', '0603550486'), 'subject: 550486 is no OBJECT IDENTIFIER'],
      [exchanged('06082A8648CE3D040302', '06082A8648CE3D040303'), 'signatureAlgorithm differs from the signed one'],
      [withExtensions(keyUsage('cRLSign'), keyUsage('cRLSign')), 'extension 2.5.29.15 occurs twice'],
      [withExtensions(extension('2.5.29.15', true, bytes('0301'))), 'keyUsage: expected tag 03, got nothing'],
      [withExtensions(extension('2.5.29.15', true, bytes('030108'))), 'keyUsage: malformed BIT STRING'],
      [withExtensions(extension('2.5.29.19', true, bytes('30060101FF0201FF'))), 'pathLenConstraint: expected a count, got -1'],
      [withExtensions(extension('2.5.29.19', true, bytes('30060201000101FF'))), 'basicConstraints: surplus fields'],
      [withExtensions(extension('2.5.29.17', false, bytes('30028800'))), 'registeredID:  is no OBJECT IDENTIFIER'],
      [withExtensions(extension('2.5.29.32', false, bytes('3003300106'))), 'PolicyInformation: octets that form no TLV'],
    ];
    for (const [der, problem] of wrong) expect(problemOf(der)).to.equal(problem);
    expect(() => altNames(['x'], 'no oid')).to.not.throw();
    expect(() => extension('no oid', true, concat())).to.throw(RangeError, 'got no oid');
    expect(authority(0)).to.have.length.greaterThan(0);
  });

  it('with a signature in another form than DER verifies with no key', () => {
    const raw = mintCertificate({ ...recipe, sign: tbs => sign(key, tbs) });
    expect(verifySignature(parse(raw), key)).to.equal(true);
    const certificate = parse(raw);
    const plain = tlv(
      0x30,
      certificate.tbs,
      bytes('300A06082A8648CE3D040302'),
      tlv(0x03, Uint8Array.of(0), certificate.rawSignature ?? concat()),
    );
    expect(parse(plain).rawSignature).to.equal(undefined);
    expect(verifySignature(parse(plain), key)).to.equal(false);
    expect(hex(rawToDer(certificate.rawSignature ?? concat()) ?? concat())).to.equal(hex(certificate.signature));
  });

  it('cut or changed anywhere is answered, never thrown at, and no longer verifies', () => {
    const names = new Map(Object.keys(recorded).map(name => [nameText(sgp26(name).subject) + sgp26(name).keyName, sgp26(name)]));
    let mutants = 0;
    let readable = 0;
    for (const name of Object.keys(recorded)) {
      const original = sgp26(name);
      const { publicKey } = names.get(nameText(original.issuer) + original.keyName) ?? expect.fail(name);
      const { der } = original;
      for (let length = 0; length < der.length; length += 3, mutants++)
        expect(isProblem(parseCertificate(der.subarray(0, length)))).to.equal(true);
      for (let at = 0; at < der.length; at += 2, mutants++) {
        const changed = der.map((octet, i) => (i === at ? octet ^ (1 << ((at / 2) % 8)) : octet));
        const parsed = parseCertificate(changed);
        if (isProblem(parsed)) continue;
        readable++;
        // Verification on the other curve takes OpenSSL five times as long and shows nothing more.
        if (publicKey?.curve !== 'P-256') continue;
        expect(verifySignature(parsed, publicKey), `${name}, octet ${at}`).to.equal(false);
      }
    }
    expect(mutants).to.be.greaterThan(5000);
    expect(readable).to.be.greaterThan(1000);
  });

  it('of hostile nesting or length is answered quickly', () => {
    const deep = bytes('3080'.repeat(2));
    expect(isProblem(parseCertificate(deep))).to.equal(true);
    let nested: Uint8Array = bytes('0500');
    for (let depth = 0; depth < 2000; depth++) nested = tlv(0x30, nested);
    expect(isProblem(parseCertificate(nested))).to.equal(true);
    const inside = parse(withExtensions(extension('1.2.3', false, nested)));
    expect(inside.notDer.at(-1)).to.match(/nested deeper than 32$/);
  });
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { compile } from './asn1/compile.js';
import { decode } from './asn1/decode.js';
import { encode } from './asn1/encode.js';
import { octetsOfHex } from './asn1/testing.js';
import { concat, hex } from './asn1/tlv.js';
import { raw, SPECS, type Type } from './asn1/type.js';
import { type PublicKey, privateKeyFromScalar, signDeterministically, verify, verifyIndependently } from './crypto/ecdsa.js';
import { EuiccPackageRequest } from './iot/package.js';
import { EuiccPackageResult } from './iot/result.js';
import { allTypes, typeNamed } from './registry.js';
import { associationTokenTlv, SIGNATURES, type SigningContext, signaturesIn, signedOctets, signMessage } from './signatures.js';

interface Signed {
  readonly signer: string;
  readonly curve: 'P-256';
  readonly publicKey: string;
  readonly tokenTlv: string;
  readonly signedInput: string;
}
type Row = readonly [
  name: string,
  type: string,
  module: string,
  version: string,
  kind: string,
  hex: string,
  value: unknown,
  signed?: Signed,
];

const file = new URL('../../../sim/protocol/fixtures/messages.ndjson', import.meta.url);
const rows = readFileSync(file, 'utf8')
  .split('\n')
  .filter(line => line !== '')
  .map((line): Row => JSON.parse(line));
const TOKENS: Readonly<Record<string, number | undefined>> = { '840100': undefined, '840105': 5, '840200C8': 200 };

const only = (type: Type, octets: Uint8Array, given: SigningContext, spec = SPECS[2]) => {
  const message = decode(type, octets, spec ? { spec } : {});
  const [site, ...more] = signaturesIn(message);
  if (!site || more.length > 0) throw new Error(`expected one signature, got ${more.length + (site ? 1 : 0)}`);
  return {
    site,
    covered: signedOctets(message, site, given),
    signature: site.signature.value instanceof Uint8Array ? site.signature.value : new Uint8Array(),
  };
};
const octetsIn = (covered: ReturnType<typeof signedOctets>): Uint8Array =>
  'octets' in covered ? covered.octets : expect.fail(`missing ${covered.missing}`);

describe('signatures of messages made elsewhere', () => {
  const signed = rows.flatMap(row => (row[7] ? [{ row, s: row[7] }] : []));

  it('are five', () => {
    expect(signed).to.have.length(5);
  });

  for (const { row, s } of signed)
    it(`verify over the octets received, and not with another token: ${row[0]}`, () => {
      const type = typeNamed(row[1]) ?? expect.fail(row[1]);
      const key: PublicKey = { curve: s.curve, point: octetsOfHex(s.publicKey) };
      const { site, covered, signature } = only(type, octetsOfHex(row[5]), { associationToken: TOKENS[s.tokenTlv] });
      expect(site.rule.field).to.equal(s.signer);
      expect(hex(octetsIn(covered))).to.equal(s.signedInput);
      expect(verify(key, octetsIn(covered), signature)).to.equal(true);
      expect(verifyIndependently(key, octetsIn(covered), signature)).to.equal(true);
      for (const associationToken of [undefined, 5, 200, 0x7fffff].filter(token => token !== TOKENS[s.tokenTlv])) {
        const other = octetsIn(only(type, octetsOfHex(row[5]), { associationToken }).covered);
        expect(verify(key, other, signature), String(associationToken)).to.equal(false);
      }
    });
});

// Own computation with a second ECDSA and SHA-256 implementation: d = 01 02 … 20 on P-256, signatures after RFC 6979.
describe('check values of eUICC Package signatures', () => {
  const scalar = Uint8Array.from({ length: 32 }, (_, n) => n + 1);
  const key = privateKeyFromScalar('P-256', scalar) ?? expect.fail('no key');
  const packageSigned = octetsOfHex('302A800F65696D2E6578616D706C652E636F6D5A1089049032123451234512345678901235810101A102AB00');
  const request = octetsOfHex(
    'BF516F302A800F65696D2E6578616D706C652E636F6D5A1089049032123451234512345678901235810101A102AB005F3740F807E0E76A4E91912A4C3392035DAF1B2C06F95B98DD190EC3A4E3B1175C47A6480C676882BD9F2AE3E57617B4B81FC0AC2D1EC3D53B86D7EE65E1B2D6B84072',
  );
  const result = octetsOfHex(
    'BF517AA0783033800F65696D2E6578616D706C652E636F6D810101830107301AAB18A0163014800F65696D2E6578616D706C652E636F6D8201025F374066DAF2EAD3D632624A84A81F23342E159B82D1FCFD8C4BD27AD226BABA127A07D2AF6C56B41BF388850F3D3F36C541A775BB253FC53B5D49ED2CFCAA0DCFC907',
  );
  const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex').toUpperCase();

  it('hash the signed package with the token, and 84 01 00 when there is none', () => {
    const hashOf = (associationToken?: number) => sha256(octetsIn(only(EuiccPackageRequest, request, { associationToken }).covered));
    expect(hashOf()).to.equal('2E079AE9EF8E5DE1D241AA13DC1298CD21D1D63943063AB074F9666CB6424AC9');
    expect(hashOf(5)).to.equal('1C304A0F116A3BE68E0244CCE8F6BBEAF746B06503914A8195C16FAB06BE7412');
  });

  it('compose the complete request', () => {
    const value = {
      eimId: 'eim.example.com',
      eidValue: octetsOfHex('89049032123451234512345678901235'),
      counterValue: 1,
      euiccPackage: { ecoList: [{ listEim: {} }] },
    };
    const signature = signDeterministically(key, concat(packageSigned, associationTokenTlv(undefined)));
    expect(hex(encode(EuiccPackageRequest, { euiccPackageSigned: value, eimSignature: signature }))).to.equal(hex(request));
  });

  it('verify the request and the result', () => {
    for (const [type, octets] of [
      [EuiccPackageRequest, request],
      [EuiccPackageResult, result],
    ] as const) {
      const { covered, signature } = only(type, octets, {});
      expect(verify(key, octetsIn(covered), signature)).to.equal(true);
    }
  });

  it('write the token in the shortest form', () => {
    expect([undefined, 0, 5, 127, 128, 200, 0x7fffff].map(token => hex(associationTokenTlv(token)))).to.deep.equal([
      '840100',
      '840100',
      '840105',
      '84017F',
      '84020080',
      '840200C8',
      '84037FFFFF',
    ]);
  });

  it('cover what was received, also when it is not DER', () => {
    // The same package with its length in two octets.
    const long = octetsOfHex(hex(request).replace('BF516F302A', 'BF517030812A'));
    expect(decode(EuiccPackageRequest, long).ok).to.equal(true);
    expect(hex(octetsIn(only(EuiccPackageRequest, long, {}).covered))).to.equal(`${hex(packageSigned).replace('302A', '30812A')}840100`);
  });

  it('are made anew in place over the octets as they stand', () => {
    const changed = Uint8Array.from(request);
    changed[changed.indexOf(0x65)] = 0x45;
    const anew = signMessage(
      EuiccPackageRequest,
      changed,
      site => (site.rule.signer === 'eim' ? key : undefined),
      () => ({ associationToken: 5 }),
      '1.2',
    );
    const { covered, signature } = only(EuiccPackageRequest, anew, { associationToken: 5 });
    expect(verify(key, octetsIn(covered), signature)).to.equal(true);
    expect(hex(anew.subarray(0, anew.length - 64))).to.equal(hex(changed.subarray(0, changed.length - 64)));
    expect(
      hex(
        signMessage(
          EuiccPackageRequest,
          changed,
          () => undefined,
          () => ({}),
          '1.2',
        ),
      ),
    ).to.equal(hex(changed));
  });

  it('are left alone when they are not 64 octets', () => {
    const short = encode(EuiccPackageRequest, { euiccPackageSigned: raw(packageSigned), eimSignature: new Uint8Array(63) });
    expect(
      hex(
        signMessage(
          EuiccPackageRequest,
          short,
          () => key,
          () => ({}),
          '1.2',
        ),
      ),
    ).to.equal(hex(short));
  });
});

describe('signature catalogue', () => {
  // What the compact ones sign is the full form, which has to be put together from the session first. SGP.32 5.14
  const FULL_FORM_ELSEWHERE = [
    'CompactAuthenticateResponseOk.euiccSignature1',
    'CompactCancelSessionResponseOk.euiccCancelSessionSignature',
    'CompactPrepareDownloadResponseOk.euiccSignature2',
    'CompactProfileInstallationResult.euiccSignPIR',
  ];

  it('has a rule for every signature field of every type in every version, but for the compact forms', () => {
    const unruled = SPECS.flatMap(spec =>
      allTypes().flatMap(type =>
        compile(type, spec)
          .fields.filter(f => f.compiled.tag === 0x5f37)
          .filter(f => !SIGNATURES.some(r => r.container === type.name && r.field === f.name))
          .map(f => `${type.name}.${f.name}`),
      ),
    );
    expect([...new Set(unruled)].sort()).to.deep.equal(FULL_FORM_ELSEWHERE);
  });

  it('names types and fields that exist', () => {
    for (const r of SIGNATURES) {
      const type = typeNamed(r.container);
      const names = SPECS.flatMap(spec => (type ? compile(type, spec).fields.map(f => f.name) : []));
      expect(names, r.container).to.include(r.field);
      for (const part of r.parts) if ('field' in part) expect(names, r.container).to.include(part.field);
    }
  });

  it('finds the signatures of all example messages, and signs with what the context gives', () => {
    const context: SigningContext = {
      associationToken: 1,
      euiccSignature1: octetsOfHex('5F3700'),
      smdpSignature2: octetsOfHex('5F3700'),
      euiccOtpk: octetsOfHex('5F4900'),
      eimSignature: octetsOfHex('5F3700'),
    };
    const containers = new Set<string>();
    for (const [name, typeName, module, , kind, text] of rows) {
      if (kind !== 'example') continue;
      const type = typeNamed(typeName, module === 'SGP.22' ? 'SGP.22' : 'SGP.32') ?? expect.fail(typeName);
      const message = decode(type, octetsOfHex(text));
      for (const site of signaturesIn(message)) {
        containers.add(site.rule.container);
        expect(signedOctets(message, site, context), name).to.have.property('octets');
      }
    }
    expect([...containers]).to.include.members([
      'EuiccPackageRequest',
      'EuiccPackageResultSigned',
      'EuiccPackageErrorSigned',
      'OtherSignedNotification',
    ]);
  });

  it('says which octets of the session are missing', () => {
    const row = rows.find(r => r[1] === 'PrepareDownloadRequest') ?? expect.fail('no such row');
    const type = typeNamed('PrepareDownloadRequest') ?? expect.fail('no such type');
    expect(only(type, octetsOfHex(row[5]), {}).covered).to.deep.equal({ missing: 'euiccSignature1' });
  });

  it('says which field is missing', () => {
    const { covered } = only(EuiccPackageRequest, octetsOfHex('BF5103 5F3700'), {});
    expect(covered).to.deep.equal({ missing: 'euiccPackageSigned' });
  });

  it('covers the signature of the request in results of v1.0', () => {
    const result = rows.find(r => r[4] === 'signature' && r[1] === 'EuiccPackageResult') ?? expect.fail('no such row');
    const octets = octetsOfHex(result[5]);
    expect(only(EuiccPackageResult, octets, {}, '1.0').covered).to.deep.equal({ missing: 'eimSignature' });
    const { covered } = only(EuiccPackageResult, octets, { eimSignature: octetsOfHex('5F3701AA') }, '1.0');
    expect(hex(octetsIn(covered))).to.match(/869F7001009F2601FF9F6701FF5F3701AA$/);
  });
});

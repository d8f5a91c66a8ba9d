import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { type PrivateKey, privateKeyFromScalar, subjectPublicKeyInfo } from '#protocol/crypto/key.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { signaturesIn, signedOctets } from '#protocol/signatures.js';
import { parseCertificate } from '#protocol/x509/certificate.js';
import type { Euicc } from './index.js';
import { EID1, ICCID1, ICCID2, load, octets, resultsOf, signedPackage, testEim, testEuicc, testWorld } from './test-bench.js';

const eim = testEim();
const list = [{ listProfileInfo: {} }];

/** Whether every signature in a BF51 verifies with the eUICC's certificate under this token. */
const verifies = (euicc: Euicc, bf51: Uint8Array, associationToken?: number): boolean => {
  const message = decode(EuiccPackageResult, bf51);
  const certificate = parseCertificate(euicc.chip.credentials[0].euiccCertificate);
  if (!('publicKey' in certificate) || !certificate.publicKey) return false;
  const key = certificate.publicKey;
  const sites = signaturesIn(message);
  return (
    sites.length === 1 &&
    sites.every(site => {
      const covered = signedOctets(message, site, { associationToken });
      return 'octets' in covered && verify(key, covered.octets, bf51.subarray(site.signature.content, site.signature.end));
    })
  );
};

describe('LoadEuiccPackage', () => {
  describe('against known answers (P-256 key 0102…1F20, deterministic ECDSA by an independent implementation)', () => {
    const key: PrivateKey = privateKeyFromScalar(
      'P-256',
      Uint8Array.from({ length: 32 }, (_, n) => n + 1),
    );
    const request = octets(
      'BF516F302A800F65696D2E6578616D706C652E636F6D5A1089049032123451234512345678901235810101A102AB005F3740F807E0E76A4E91912A4C3392035DAF1B2C06F95B98DD190EC3A4E3B1175C47A6480C676882BD9F2AE3E57617B4B81FC0AC2D1EC3D53B86D7EE65E1B2D6B84072',
    );
    const card = (token?: number) =>
      testEuicc({
        firstSeqNumber: 7,
        eims: [
          {
            eimId: 'eim.example.com',
            idType: 'fqdn',
            publicKey: subjectPublicKeyInfo(key),
            ...(token !== undefined && { associationToken: token }),
          },
        ],
      });

    it('executes the package and answers with the same signed data', () => {
      const euicc = card();
      const answer = hex(euicc.execute(request).octets);
      expect(answer.slice(0, answer.indexOf('5F3740'))).equals(
        'BF517AA0783033800F65696D2E6578616D706C652E636F6D810101830107301AAB18A0163014800F65696D2E6578616D706C652E636F6D820102',
      );
      expect(verifies(euicc, octets(answer))).equals(true);
      expect(verifies(euicc, octets(answer), 5)).equals(false);
    });
    it('refuses it when another token is configured', () => {
      expect(load(card(5), request).euiccPackageErrorUnsigned).deep.equals({ eimId: 'eim.example.com', associationToken: 5 });
    });
  });

  describe('verifies in the order of the specification', () => {
    const wrongEverything = { counter: 0, eid: '89049032123451234512345678901243', psmo: list };
    it('an unreadable command is answered unsigned if the eimId can be read, otherwise by 6A80', () => {
      const command = signedPackage(eim, { counter: 1, psmo: list, trid: '0102' });
      expect(testEuicc().execute(octets('BF5100'))).deep.equals({ sw: '6A80', octets: new Uint8Array() });
      const cut = command.slice();
      cut[cut.length - 65] = 0x41;
      expect(load(testEuicc(), cut).euiccPackageErrorUnsigned).deep.equals({ eimId: 'testeim1', eimTransactionId: octets('0102') });
    });
    it('an unknown eIM is answered unsigned and without token, before its signature is looked at', () => {
      const command = signedPackage({ ...testEim('stranger') }, wrongEverything);
      expect(load(testEuicc(), command).euiccPackageErrorUnsigned).deep.equals({ eimId: 'stranger' });
    });
    it('a wrong signature is answered unsigned, with the token if one is configured, before EID and counter', () => {
      const command = signedPackage({ ...eim, key: testEim('other').key }, { ...wrongEverything, trid: '07' });
      expect(load(testEuicc(), command).euiccPackageErrorUnsigned).deep.equals({ eimId: 'testeim1', eimTransactionId: octets('07') });
      const tokened = testEuicc({ eims: [{ ...eim, associationToken: 200 }] });
      expect(load(tokened, command).euiccPackageErrorUnsigned?.associationToken).equals(200);
    });
    it('a signature without the configured token is wrong', () => {
      const tokened = testEuicc({ eims: [{ ...eim, associationToken: 200 }] });
      expect(load(tokened, signedPackage(eim, { counter: 1, psmo: list })).euiccPackageErrorUnsigned).not.equals(undefined);
      expect(load(tokened, signedPackage(eim, { counter: 1, psmo: list, token: 200 })).euiccPackageResultSigned).not.equals(undefined);
    });
    const signedCode = (euicc: Euicc, command: Uint8Array) =>
      load(euicc, command).euiccPackageErrorSigned?.euiccPackageErrorDataSigned.euiccPackageErrorCode;
    it('another EID is invalidEid, before the counter', () => {
      expect(signedCode(testEuicc(), signedPackage(eim, wrongEverything))).equals(3);
    });
    it('a counter that is not larger than the stored one is replayError, negative ones too', () => {
      const euicc = testEuicc({ eims: [{ ...eim, counter: 5 }] });
      for (const counter of [5, 4, 0, -1]) expect(signedCode(euicc, signedPackage(eim, { counter, psmo: list }))).equals(4);
      expect(resultsOf(euicc, signedPackage(eim, { counter: 6, psmo: list }))).to.have.length(1);
    });
    it('a counter above the maximum is counterValueOutOfRange, the maximum itself is executed', () => {
      const euicc = testEuicc({ limits: { packageOctets: 10 } });
      for (const counter of [0x800000, 2 ** 40, 2n ** 100n])
        expect(signedCode(euicc, signedPackage(eim, { counter, psmo: list }))).equals(6);
      expect(resultsOf(testEuicc(), signedPackage(eim, { counter: 0x7fffff, psmo: list }))).to.have.length(1);
    });
    it('too many octets or operations are sizeOverflow, before the emergency profile', () => {
      const profiles = [{ iccid: ICCID1, state: 'enabled' as const, ecall: true }];
      expect(signedCode(testEuicc({ profiles, limits: { packageOctets: 50 } }), signedPackage(eim, { counter: 1, psmo: list }))).equals(15);
      expect(
        signedCode(testEuicc({ profiles, limits: { operations: 1 } }), signedPackage(eim, { counter: 1, psmo: [...list, ...list] })),
      ).equals(15);
    });
    it('a package beyond every buffer of an eUICC is sizeOverflow without being told', () => {
      const command = signedPackage(eim, { counter: 1, psmo: Array.from({ length: 9000 }, () => ({ getRAT: {} })) });
      expect(signedCode(testEuicc(), command)).equals(15);
    });
    it('an enabled emergency profile is ecallActive', () => {
      const euicc = testEuicc({ profiles: [{ iccid: ICCID1, state: 'enabled', ecall: true }] });
      expect(signedCode(euicc, signedPackage(eim, { counter: 1, psmo: list }))).equals(104);
    });
    it('a refusal stores neither counter nor result, takes no seqNumber, echoes counter and transaction, and is signed', () => {
      const euicc = testEuicc({ eims: [{ ...eim, counter: 5, associationToken: 9 }] });
      const { octets: bf51 } = euicc.execute(signedPackage(eim, { counter: 5, psmo: list, trid: 'AABB', token: 9 }));
      const { euiccPackageErrorSigned } = decode(EuiccPackageResult, bf51).value;
      expect(euiccPackageErrorSigned?.euiccPackageErrorDataSigned).deep.equals({
        eimId: 'testeim1',
        counterValue: 5,
        eimTransactionId: octets('AABB'),
        euiccPackageErrorCode: 4,
      });
      expect(verifies(euicc, bf51, 9)).equals(true);
      expect(euicc.state).to.deep.include({ seqNumber: 0, packageResults: [] });
      expect(euicc.chip.memory.eims[0]?.counterValue).equals(5);
    });
  });

  describe('executes', () => {
    it('in order, stops at the first failure, and undoes nothing', () => {
      const euicc = testEuicc({ profiles: [{ iccid: ICCID1 }] });
      const psmo = [
        { setDefaultDpAddress: { defaultDpAddress: 'a.example.com' } },
        { delete: { iccid: octets(ICCID2) } },
        { delete: { iccid: octets(ICCID1) } },
      ];
      expect(resultsOf(euicc, signedPackage(eim, { counter: 1, psmo }))).deep.equals([
        { setDefaultDpAddressResult: { setDefaultDpAddressResult: 0 } },
        { deleteResult: 1 },
      ]);
      expect(euicc.state).to.deep.include({ defaultDpAddress: 'a.example.com' });
      expect(euicc.chip.memory.profiles).to.have.length(1);
    });
    it('an unknown or damaged operation ends the list with processingTerminated', () => {
      const rat = octets('A600');
      const terminated = [{ getRATResult: [] }, { processingTerminated: 2 }];
      expect(resultsOf(testEuicc(), signedPackage(eim, { counter: 1, psmoOctets: [rat, octets('BF7000'), rat] }))).deep.equals(terminated);
      expect(resultsOf(testEuicc(), signedPackage(eim, { counter: 1, psmoOctets: [rat, octets('A304 5A020102'), rat] }))).deep.equals(
        terminated,
      );
      expect(resultsOf(testEuicc(), signedPackage(eim, { counter: 1, psmo: [] }))).deep.equals([{ processingTerminated: 2 }]);
    });
    it('search criteria that cannot be read are incorrectInputValues, and end the list', () => {
      const list = [octets('A600'), octets('BF2D06A0045A020102'), octets('A600')];
      expect(resultsOf(testEuicc(), signedPackage(eim, { counter: 1, psmoOctets: list }))).deep.equals([
        { getRATResult: [] },
        { listProfileInfoResult: { profileInfoListError: 1 } },
      ]);
    });
    it('a result that would be too long ends with resultSizeOverflow', () => {
      const euicc = testEuicc({ profiles: [{ iccid: ICCID1 }], limits: { resultOctets: 20 } });
      const psmo = [{ getRAT: {} }, { listProfileInfo: {} }];
      expect(resultsOf(euicc, signedPackage(eim, { counter: 1, psmo }))).deep.equals([{ getRATResult: [] }, { processingTerminated: 1 }]);
    });
    it('keeps the signed result with the next seqNumber; a brainpool eUICC signs with its own key', () => {
      const euicc = testEuicc({ curve: 'brainpoolP256r1', firstSeqNumber: 40 });
      const { octets: bf51 } = euicc.execute(signedPackage(eim, { counter: 3, psmo: list, trid: '01' }));
      expect(decode(EuiccPackageResult, bf51).value.euiccPackageResultSigned?.euiccPackageResultDataSigned).to.deep.include({
        seqNumber: 40,
        counterValue: 3,
        eimTransactionId: octets('01'),
      });
      expect(verifies(euicc, bf51)).equals(true);
      expect(euicc.chip.memory.results.map(r => hex(r.octets))).deep.equals([hex(bf51)]);
      euicc.execute(signedPackage(eim, { counter: 4, psmo: list }));
      expect(euicc.chip.memory.seqNumber).equals(41);
    });
    it('signs for each eIM with the chain of its euiccCiPKId', () => {
      const probe = testEuicc({ curve: 'both' });
      const second = probe.chip.credentials[1];
      const euicc = testEuicc({ curve: 'both', eims: [{ ...eim, ciPKId: second?.ciPKId ?? '' }] });
      const { octets: bf51 } = euicc.execute(signedPackage(eim, { counter: 1, psmo: list }));
      expect(verifies(euicc, bf51)).equals(false);
      const onlyBrainpool = testEuicc({ curve: 'brainpoolP256r1' });
      expect(verifies(onlyBrainpool, bf51)).equals(true);
    });
    it('in version 1.0 the result covers the signature of the request in place of the token', () => {
      const euicc = testEuicc({}, testWorld('1.0'));
      const command = signedPackage(eim, { counter: 1, psmo: list, trid: '0A', spec: '1.0' });
      const { octets: bf51 } = euicc.execute(command);
      const message = decode(EuiccPackageResult, bf51, { spec: '1.0' });
      const site = signaturesIn(message)[0];
      if (!site) throw new Error('expected a signature');
      const covered = signedOctets(message, site, { eimSignature: command.subarray(command.length - 67) });
      const key = euicc.chip.credentials[0].key;
      expect('octets' in covered && verify(key, covered.octets, bf51.subarray(site.signature.content, site.signature.end))).equals(true);
      expect(message.value.euiccPackageResultSigned?.euiccPackageResultDataSigned.eimTransactionId).deep.equals(octets('0A'));
    });
  });

  it('refuses a configuration whose EID no certificate carries', () => {
    expect(() => testEuicc({ eid: EID1.replace('1235', '9999') })).to.throw('no eUICC certificate on P-256 for EID');
  });
});

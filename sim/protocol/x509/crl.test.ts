import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, hex } from '../asn1/tlv.js';
import { isProblem, parseCertificate } from './certificate.js';
import { isRevoked, parseRevocationList, verifyRevocationList } from './crl.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? expect.fail(text);
// Made by OpenSSL 3.0.22 (ca -gencrl) with a P-256 key; it revokes the serial numbers 1234 and ABCD.
const LIST = octets(
  '308201073081AD020101300A06082A8648CE3D04030230123110300E06035504030C074F757473696465170D3236313132383138353830305A170D3336313132353138353830305A3039301302021234170D3234303130313030303030305A3022020300ABCD170D3234303230313030303030305A300C300A0603551D1504030A0101A02F302D301F0603551D23041830168014140239E48042B21EAB720D38C1A789152DFB81EF300A0603551D140403020105300A06082A8648CE3D04030203490030460221009CC893BD99D0EC9AFD88C999A81C00617284C6B195560E37F4F0C37F41CE5498022100980B4C43BF134AEA6C564EE380A193EB8B0A664A1B5597EB321503283B362283',
);
const ISSUER = octets(
  '308201563081FEA003020102021466799F5CE5F60096EE974741E3C558DDE71ED35F300A06082A8648CE3D04030230123110300E06035504030C074F757473696465301E170D3236313132383138353830305A170D3436313132333138353830305A30123110300E06035504030C074F7574736964653059301306072A8648CE3D020106082A8648CE3D03010703420004324337AFDBE7A54C76663E10D9471AF182AAF44CBD8353559F973FD3200BED806259415FBE740CFC0DAD67A25E30EB346259DFBAC1887A9456B775F418FDD8D8A3323030300F0603551D130101FF040530030101FF301D0603551D0E04160414140239E48042B21EAB720D38C1A789152DFB81EF300A06082A8648CE3D0403020347003044022061A81FC79337B32E5A0CF0F6355A801A8451ACDFFB5CEE6FA83821DD520166C402205A2822EB3157200783033705DA6FA9B2EE747E475F3422753FBEB3756B6D5DA2',
);
const list = () => {
  const parsed = parseRevocationList(LIST);
  return 'problem' in parsed ? expect.fail(parsed.problem) : parsed;
};

describe('a certificate revocation list', () => {
  it('is read as OpenSSL wrote it', () => {
    const { revoked, thisUpdate, isDelta, authorityKeyId } = list();
    expect(revoked.map(hex)).deep.equals(['1234', '00ABCD']);
    expect(thisUpdate.toISOString()).equals('2026-11-28T18:58:00.000Z');
    expect([isDelta, hex(authorityKeyId ?? octets(''))]).deep.equals([false, '140239E48042B21EAB720D38C1A789152DFB81EF']);
    expect([isRevoked(list(), octets('1234')), isRevoked(list(), octets('1235'))]).deep.equals([true, false]);
  });
  it('verifies with the key of its issuer, and not when an octet differs', () => {
    const issuer = parseCertificate(ISSUER);
    if (isProblem(issuer) || !issuer.publicKey) return expect.fail('no issuer');
    expect(verifyRevocationList(list(), issuer.publicKey)).equals(true);
    const tbs = list().tbs.map((octet, i) => (i === 60 ? octet ^ 1 : octet));
    expect(verifyRevocationList({ ...list(), tbs }, issuer.publicKey)).equals(false);
  });
  it('is a problem, never an exception, whatever the octets are', () => {
    expect(parseRevocationList(octets('3000'))).to.have.property('problem');
    const mutants = fc.tuple(fc.nat(LIST.length - 1), fc.nat(255), fc.nat(LIST.length)).map(([at, octet, end]) => {
      const mutant = LIST.slice(0, end);
      if (at < end) mutant[at] = octet;
      return mutant;
    });
    fc.assert(
      fc.property(mutants, mutant => typeof parseRevocationList(mutant) === 'object'),
      { numRuns: 500, seed: 20260101 },
    );
  });
});

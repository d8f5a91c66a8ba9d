import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, tlv } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { keyFromSeed, publicKeyFromSpki, sign, subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { EuiccPackageResult, EuiccPackageResultDataSigned } from '#protocol/iot/result.js';
import { checkSignatures, joinKeySources, type KeySource } from './keyring.js';

const key = keyFromSeed('P-256', 'eUICC');
const request = (octet: number): Uint8Array => tlv(0x5f37, new Uint8Array(64).fill(octet));

/** A result of v1.0 that is signed with the signature of a request behind it. */
const result = (behind: Uint8Array) => {
  const spec = '1.0';
  const data = encode(
    EuiccPackageResultDataSigned,
    { eimId: 'eim', counterValue: 7, seqNumber: 1, euiccResult: [{ enableResult: 0 }] },
    { spec },
  );
  const euiccPackageResultSigned = { euiccPackageResultDataSigned: raw(data), euiccSignEPR: sign(key, concat(data, behind)) };
  return decode(EuiccPackageResult, encode(EuiccPackageResult, { euiccPackageResultSigned }, { spec }), { spec });
};
const knows = (...requests: readonly Uint8Array[]): KeySource => {
  const publicKey = publicKeyFromSpki(subjectPublicKeyInfo(key));
  return {
    keys: () => (publicKey ? [{ id: 'eUICC', key: publicKey }] : []),
    context: () => ({ associationToken: 3 }),
    requests: () => requests,
  };
};
const verdict = (behind: Uint8Array, ...sources: readonly KeySource[]) => {
  const [check] = checkSignatures(result(behind), joinKeySources(sources));
  return [check?.verdict, check?.signedRange, check?.reason];
};
const RANGE = 'euiccPackageResultDataSigned || eimSignature';

describe('signatures of results of v1.0', () => {
  it('cover the signature of the request, whichever of those it can be', () => {
    expect(verdict(request(1), knows(request(1)))).to.deep.equal(['valid', RANGE, '']);
    expect(verdict(request(1), knows(request(1), request(2)))).to.deep.equal(['valid', RANGE, '']);
    expect(verdict(request(2), knows(request(1)), knows(request(2)))).to.deep.equal(['valid', RANGE, '']);
  });

  it('do not verify with the signature of another request, or with the association token', () => {
    expect(verdict(request(9), knows(request(1), request(2)))).to.deep.equal(['invalid', RANGE, 'does not verify with eUICC']);
    expect(verdict(tlv(0x84, Uint8Array.of(3)), knows(request(1)))[0]).to.equal('invalid');
  });

  it('are not checked where no request is known', () => {
    expect(verdict(request(1), knows())).to.deep.equal(['notChecked', RANGE, 'eimSignature is not known here']);
  });
});

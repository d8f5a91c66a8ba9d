import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { GetEimPackageRequest } from '#protocol/iot/esipa.js';
import { createEuicc } from '../euicc/index.js';
import { EID1, octets, PKI, testWorld } from '../euicc/test-bench.js';
import type { Parameters } from '../parameters.js';
import { createEimActor } from './actor.js';

/** The tag of the package that the eIM of a case hands out, in a first and in a second answer to GetEimPackage. */
const handedOutTwice = async (order: Parameters): Promise<readonly string[]> => {
  const world = testWorld();
  const [credential] = createEuicc({ eid: EID1, curve: 'both' }, world).chip.credentials;
  const signingKey = PKI.privateKey('SK_S_EIMsign');
  if (!signingKey) throw new Error('no signing key');
  const actor = createEimActor({ fqdn: 'eim.example.com', orders: [order] }, world, {
    servers: { call: async () => ({ failure: 'no server' }) },
    signingKey,
    otherSigningKeys: [],
    tlsPublicKey: undefined,
    protocols: ['eimRetrieveHttps'],
    anchors: ['CERT_CI', 'CERT_CI_BRP'].flatMap(name => PKI.certificate(name) ?? []),
    later: () => undefined,
  });
  actor.manage({
    eid: EID1,
    euiccCertificate: hex(credential?.euiccCertificate ?? new Uint8Array()),
    eumCertificate: hex(credential?.eumCertificate ?? new Uint8Array()),
  });
  const request = encode(GetEimPackageRequest, { eidValue: octets(EID1) });
  const answers = [];
  for (const _ of [1, 2]) {
    const answer = await actor.eim.handle('GetEimPackageRequest', request);
    if (!('message' in answer)) throw new Error('the eIM does not answer');
    answers.push(hex(answer.message.octets).slice(6, 10));
  }
  return answers;
};

describe('the eIM of a test case', () => {
  it('hands out a download once, so that an IPA that says nothing of its end does not begin it again', async () => {
    const [first, second] = await handedOutTwice({ download: { activationCode: '1$testsmdpplus1.example.com$' } });
    expect(first).to.equal('BF54');
    expect(second).to.not.equal('BF54');
  });

  it('hands out an eUICC package again until its result has come', async () => {
    const [first, second] = await handedOutTwice({ operations: [{ listProfileInfo: {} }] });
    expect(second).to.equal(first);
  });
});

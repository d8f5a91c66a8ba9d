import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import type { IpaEuiccData } from '#protocol/iot/data.js';
import { bench, certificate, EID1, ICCID1, octets, packageIn, provide, resultOf } from './test-bench.js';

/** An eIM that has handed out a data request. */
const asked = async (given: object = {}) => {
  const b = bench();
  const order = b.order({ dataRequest: given });
  const request = (await b.poll()).ipaEuiccDataRequest;
  if (!request) throw new Error('expected a data request');
  const id = request.eimTransactionId;
  const answer = (data: InputOf<ValueOf<typeof IpaEuiccData>>, eid?: string) =>
    provide(b.eim, { ipaEuiccDataResponse: { ipaEuiccData: { ...data, ...(id ? { eimTransactionId: id } : {}) } } }, eid);
  return { ...b, order, request, id, answer };
};
const CERTIFICATES = { eumCertificate: certificate('CERT_EUM'), euiccCertificate: certificate('CERT_EUICC') };

describe('eIM: IPA eUICC data', () => {
  it('asks for the tags that the operator names, else for all that are no lists', async () => {
    expect(hex((await asked({ tagList: '84 BF22' })).request.tagList)).to.equal('84BF22');
    expect(hex((await asked()).request.tagList)).to.equal('81BF20BF228384A5A6A8A9');
  });

  it('learns what a simulated IPA and eUICC tell', async () => {
    const b = bench({
      associationToken: 7,
      ipa: { compact: true },
      euicc: { defaultDpAddress: 'dp.example', rootDsAddress: 'ds.example' },
    });
    b.record.associationToken = undefined;
    const order = b.order({ dataRequest: {} });
    await b.run();
    expect(order.state).to.equal('succeeded');
    expect(b.record.data.ipaFeatures).to.include('minimizeEsipaBytes');
    expect(hex(b.record.data.euiccInfo2 ?? new Uint8Array())).to.match(/^BF22/);
    expect(hex(b.record.data.deviceInfo ?? new Uint8Array())).to.match(/^30/);
    expect(b.record.view).to.include({ defaultSmdpAddress: 'dp.example', rootSmdsAddress: 'ds.example' });
  });

  it('has nothing to acknowledge when the answer delivers nothing', async () => {
    const b = await asked();
    expect(await b.answer({ associationToken: 7 })).to.deep.equal({ emptyResponse: {} });
    expect([b.order.state, b.record.associationToken]).to.deep.equal(['succeeded', 7]);
  });

  it('takes over stored results and acknowledges those that count', async () => {
    const b = bench();
    b.order({ operations: [{ enable: { iccid: ICCID1 } }] });
    const pack = packageIn(await b.poll());
    const order = b.order({ dataRequest: { tagList: 'A2' } });
    const id = (await b.poll()).ipaEuiccDataRequest?.eimTransactionId;
    const stored = { counter: pack.counterValue, ...(pack.eimTransactionId ? { trid: pack.eimTransactionId } : {}) };
    const euiccPackageResultList = [raw(resultOf({ ...stored, seqNumber: 11 })), raw(resultOf({ counter: 99, seqNumber: 12 }))];
    const data = { euiccPackageResultList, eimTransactionId: id };
    expect(await provide(b.eim, { ipaEuiccDataResponse: { ipaEuiccData: data } })).to.deep.equal({ eimAcknowledgements: [11] });
    expect(order.state).to.equal('succeeded');
    expect(b.record.view.profiles).to.deep.equal([{ iccid: ICCID1, state: 'enabled' }]);
  });

  it('does not take a certificate of another EID, or without a trusted chain, for that of the eUICC', async () => {
    for (const wrong of [
      { ...CERTIFICATES, euiccCertificate: certificate('CERT_EUICC2') },
      { eumCertificate: certificate('CERT_EUM_UNKNOWN_CI'), euiccCertificate: certificate('CERT_EUICC_UNKNOWN_CI') },
    ]) {
      const b = await asked();
      expect(await b.answer({ ...wrong, associationToken: 9 })).to.deep.equal({ provideEimPackageResultError: 127 });
      expect(b.record.identities).to.have.length(1);
      expect(b.record.associationToken).to.equal(undefined);
      expect(b.order.state).to.equal('pending');
      expect(await b.answer(CERTIFICATES), 'the genuine answer still counts').to.deep.equal({ emptyResponse: {} });
      expect(b.order.state).to.equal('succeeded');
    }
  });

  it('finds the eUICC by the eimTransactionId, or by the certificate in the answer', async () => {
    expect(await (await asked()).answer(CERTIFICATES, 'absent')).to.deep.equal({ emptyResponse: {} });
    const b = bench({ overrides: [() => ({ newEimTransactionId: () => undefined })] });
    b.order({ dataRequest: {} });
    await b.poll();
    expect(await provide(b.eim, { ipaEuiccDataResponse: { ipaEuiccData: CERTIFICATES } }, 'absent')).to.deep.equal({ emptyResponse: {} });
    expect(b.eim.euicc(EID1)?.packages[0]?.phase).to.equal('closed');
  });

  it('does not take an answer to a request that it never made', async () => {
    const b = await asked();
    const data = { associationToken: 9, eimTransactionId: octets('00DEADBEEF00') };
    expect(await provide(b.eim, { ipaEuiccDataResponse: { ipaEuiccData: data } })).to.deep.equal({ provideEimPackageResultError: 127 });
    expect([b.order.state, b.record.associationToken]).to.deep.equal(['pending', undefined]);
  });

  for (const [code, cause] of Object.entries({
    1: 'incorrectTagList',
    5: 'euiccCiPKIdNotFound',
    104: 'ecallActive',
    127: 'undefinedError',
  }))
    it(`fails the order when the IPA answers ${cause}`, async () => {
      const b = await asked();
      const error = { eimTransactionId: b.id, ipaEuiccDataErrorCode: Number(code) };
      expect(await provide(b.eim, { ipaEuiccDataResponse: { ipaEuiccDataResponseError: error } })).to.deep.equal({ emptyResponse: {} });
      expect(b.order).to.deep.include({ state: 'failed', cause });
    });
});

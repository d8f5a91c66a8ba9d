import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { GetEimPackageRequest, GetEimPackageResponse } from '#protocol/iot/esipa.js';
import {
  bench,
  EID_UNKNOWN,
  EID1,
  EID2,
  exchange,
  ICCID1,
  ICCID2,
  octets,
  packageIn,
  provide,
  registration,
  resultOf,
} from './test-bench.js';

const poll = async (eim: Parameters<typeof exchange>[0], eid: string) =>
  hex(await exchange(eim, GetEimPackageRequest, { eidValue: octets(eid) }));

describe('eIM: GetEimPackage', () => {
  it('answers noEimPackageAvailable while nothing is queued', async () => {
    expect(await poll(bench().eim, EID1)).to.equal('BF4F03020101');
  });

  it('answers eidNotFound to an eUICC it does not manage, also after forgetting it', async () => {
    const { eim } = bench();
    expect(await poll(eim, EID_UNKNOWN)).to.equal('BF4F03020102');
    eim.forget(EID1);
    expect(await poll(eim, EID1)).to.equal('BF4F03020102');
  });

  it('answers invalidEid to an EID of 15 octets and to one that is not decimal', async () => {
    const { eim } = bench();
    expect(await poll(eim, EID1.slice(2))).to.equal('BF4F03020103');
    expect(await poll(eim, `AB${EID1.slice(2)}`)).to.equal('BF4F03020103');
  });

  it('answers missingEid when the EID is absent', async () => {
    const answer = await bench().eim.handle('GetEimPackageRequest', octets('BF4F00'));
    expect('message' in answer && hex(answer.message.octets)).to.equal('BF4F03020104');
  });

  it('refuses a request that is cut off, and serves the next one', async () => {
    const { eim } = bench();
    expect(await eim.handle('GetEimPackageRequest', octets('BF4F125A1089'))).to.have.property('refused');
    expect(await poll(eim, EID1)).to.equal('BF4F03020101');
  });

  it('ignores an element that no definition knows', async () => {
    const answer = await bench().eim.handle('GetEimPackageRequest', octets(`BF4F155A10${EID1}9F0101`.replace('9F0101', '8F0101')));
    expect('message' in answer && hex(answer.message.octets)).to.equal('BF4F03020101');
  });

  it('hands out one package per request in the order of the queue', async () => {
    const { eim, order, poll: next } = bench();
    order({ operations: [{ enable: { iccid: ICCID1 } }] });
    order({ operations: [{ delete: { iccid: ICCID2 } }] });
    const first = packageIn(await next());
    expect(first.euiccPackage.psmoList).to.deep.equal(
      [{ enable: { iccid: octets(ICCID1) } }].map(v => ({ enable: { iccid: Buffer.from(v.enable.iccid) } })),
    );
    await provide(eim, { euiccPackageResult: raw(resultOf({ counter: first.counterValue, trid: first.eimTransactionId })) });
    const second = packageIn(await next());
    expect(second.euiccPackage.psmoList?.[0]).to.have.property('delete');
    expect(second.counterValue).to.equal(first.counterValue + 1);
  });

  it('repeats a package without a result octet for octet', async () => {
    const { eim, order } = bench();
    order({ operations: [{ enable: { iccid: ICCID1 } }] });
    expect(await poll(eim, EID1)).to.equal(await poll(eim, EID1));
  });

  it('keeps back the next package of an order until the one before has its result', async () => {
    const { order, poll: next } = bench();
    order({ operations: [{ enable: { iccid: ICCID1 } }, { listEim: {} }] });
    expect(packageIn(await next()).euiccPackage.psmoList).to.have.length(1);
    expect(packageIn(await next()).euiccPackage).to.not.have.property('ecoList');
  });

  it('gives each eUICC its own packages', async () => {
    const { eim, order } = bench();
    const other = eim.register(registration(EID2, 'EUICC2'));
    order({ operations: [{ enable: { iccid: ICCID1 } }] });
    eim.take(other, { operations: [{ enable: { iccid: ICCID1 } }] });
    for (const eid of [EID1, EID2]) {
      const answer = decode(GetEimPackageResponse, await exchange(eim, GetEimPackageRequest, { eidValue: octets(eid) })).value;
      expect(hex(packageIn(answer).eidValue)).to.equal(eid);
      expect(packageIn(answer).counterValue).to.equal(1);
    }
  });

  it('marks its view stale after notifyStateChange, whatever the cause, until the profiles are listed anew', async () => {
    const { eim, record, order, run } = bench({ euicc: { profiles: [{ iccid: ICCID1, state: 'enabled' }] } });
    await exchange(eim, GetEimPackageRequest, { eidValue: record.eidValue, notifyStateChange: null, stateChangeCause: 50 });
    expect(record).to.include({ stale: true, staleCause: 'undefined' });
    await exchange(eim, GetEimPackageRequest, { eidValue: record.eidValue, notifyStateChange: null, stateChangeCause: 5 });
    expect(record.staleCause).to.equal('immediateEnableProfile');
    order({ operations: [{ listProfileInfo: {} }] });
    await run();
    expect(record).to.deep.include({ stale: false });
    expect(record.view.profiles).to.deep.equal([{ iccid: ICCID1, state: 'enabled', profileClass: 2 }]);
  });
});

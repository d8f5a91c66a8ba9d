import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { adoptDataRequest, adoptTrigger } from './adopt.js';
import { bench, octets, provide } from './test-bench.js';
import { initiated, ordered } from './test-download.js';

describe('eIM: what a script made of a trigger', () => {
  const handedOut = async (trigger: string) => {
    const b = ordered();
    await b.step('GetEimPackageRequest');
    const [before] = b.record.packages;
    adoptTrigger(b.eim.context, b.record, octets(trigger));
    const [after] = b.record.packages;
    const open = async () => initiated((await b.step('InitiateAuthenticationRequestEsipa')).response);
    return { before, after, open };
  };

  it('names the download by the transaction id that went out', async () => {
    const { after, open } = await handedOut('BF5403820107');
    expect(hex(after?.eimTransactionId ?? octets(''))).to.equal('07');
    expect((await open()).initiateAuthenticationErrorEsipa, 'the IPA knows the former one').to.equal(52);
  });
  it('names it by none when none went out', async () => {
    const { after } = await handedOut('BF5400');
    expect(after).to.deep.include({ kind: 'download', eimTransactionId: undefined });
  });
  it('leaves it as it was when what went out is no trigger', async () => {
    const { before, after, open } = await handedOut('BF5403820207');
    expect(after).to.equal(before);
    expect(await open()).to.have.property('initiateAuthenticationOkEsipa');
  });
});

describe('eIM: what a script made of a data request', () => {
  const handedOut = async (request: string) => {
    const b = bench();
    const order = b.order({ dataRequest: {} });
    await b.poll();
    adoptDataRequest(b.eim.context, b.record, octets(request));
    const answer = (eimTransactionId?: string) =>
      provide(b.eim, {
        ipaEuiccDataResponse: {
          ipaEuiccData: { associationToken: 7, ...(eimTransactionId && { eimTransactionId: octets(eimTransactionId) }) },
        },
      });
    return { order, answer, pack: b.record.packages[0] };
  };

  it('takes the answer with the transaction id that went out', async () => {
    const { order, answer, pack } = await handedOut('BF52065C0184830107');
    expect(pack).to.deep.include({ kind: 'dataRequest', tagList: octets('84'), eimTransactionId: octets('07') });
    await answer('07');
    expect(order.state).to.equal('succeeded');
  });
  it('takes the answer without one when none went out', async () => {
    const { order, answer } = await handedOut('BF52035C0184');
    await answer();
    expect(order.state).to.equal('succeeded');
  });
  it('leaves it as it was when what went out cannot be read', async () => {
    const { pack } = await handedOut('BF5203830107');
    expect(pack?.eimTransactionId).to.have.length(16);
  });
});

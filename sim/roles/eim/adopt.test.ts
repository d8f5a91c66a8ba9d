import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { adoptTrigger } from './adopt.js';
import { octets } from './test-bench.js';
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

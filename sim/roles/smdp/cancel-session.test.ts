import { expect } from 'chai';
import { CancelSessionResponseEs9 } from '#protocol/rsp/es9plus.js';
import { cancel, decodedValue, octets } from '../rsp-server/test-euicc.js';
import { answerTo, offered, opened, orderState, refusalOf, smdpWith, transactionOf } from './test-smdp.js';

describe('CancelSession of the SM-DP+', () => {
  const reasons: readonly [number, string][] = [
    [0, 'error'],
    [1, 'released'],
    [2, 'released'],
    [3, 'error'],
    [4, 'error'],
    [5, 'error'],
    [127, 'error'],
  ];
  for (const [reason, state] of reasons) {
    it(`leaves the order ${state} for reason ${reason}`, async () => {
      const smdp = smdpWith();
      await offered(smdp);
      const answer = await answerTo(smdp, cancel(transactionOf(smdp), { reason }));
      expect(decodedValue(CancelSessionResponseEs9, answer).cancelSessionOk).to.not.equal(undefined);
      expect(orderState(smdp)).to.equal(state);
    });
  }

  const refusals: readonly [string, string, Parameters<typeof cancel>[1]][] = [
    ['a broken signature', '8.1/6.1 2', { spoil: true }],
    ['another TransactionID inside the signed object', '8.10.1/3.9 1', { inner: octets('0102') }],
    ['the OID of another SM-DP+', '8.8/3.10 127', { oid: '2.999.12' }],
    ['an eUICC that did not cancel', '8.1/4.2 127', { error: 5 }],
  ];
  for (const [what, code, over] of refusals) {
    it(`refuses ${what} and keeps the session`, async () => {
      const smdp = smdpWith();
      await offered(smdp);
      expect(await refusalOf(smdp, cancel(transactionOf(smdp), over))).to.equal(code);
      expect(orderState(smdp)).to.equal('released');
      expect(decodedValue(CancelSessionResponseEs9, await answerTo(smdp, cancel(transactionOf(smdp)))).cancelSessionOk).to.not.equal(
        undefined,
      );
    });
  }

  it('refuses an unknown TransactionID and a session that has ended', async () => {
    const smdp = smdpWith();
    expect(await refusalOf(smdp, cancel(octets('0102')))).to.equal('8.10.1/3.9 1');
    await offered(smdp);
    await answerTo(smdp, cancel(transactionOf(smdp), { reason: 1 }));
    expect(await refusalOf(smdp, cancel(transactionOf(smdp), { reason: 0 }))).to.equal('8.10.1/3.9 1');
  });

  it('cannot verify a cancellation before it knows the eUICC', async () => {
    const smdp = smdpWith();
    await opened(smdp);
    expect(await refusalOf(smdp, cancel(transactionOf(smdp)))).to.equal('8.1/6.1 2');
  });
});

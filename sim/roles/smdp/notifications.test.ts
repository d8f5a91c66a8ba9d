import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { HandleNotification } from '#protocol/rsp/es9plus.js';
import { ADDRESS, EID1, ICCID1, initiate, installed, notified, octets, prepare } from '../rsp-server/test-euicc.js';
import type { Smdp } from './index.js';
import { answerTo, offered, orderState, smdpWith, transactionOf } from './test-smdp.js';

const downloaded = async (smdp: Smdp): Promise<Uint8Array> => {
  await answerTo(smdp, prepare(await offered(smdp)));
  return transactionOf(smdp);
};

describe('HandleNotification of the SM-DP+', () => {
  it('has no answer, and keeps what arrived octet for octet', async () => {
    const smdp = smdpWith();
    const request = installed(await downloaded(smdp));
    expect(await smdp.react(request)).to.equal(undefined);
    const [notification] = smdp.notifications;
    expect(notification).to.deep.include({
      kind: 'profileInstallationResult',
      seqNumber: 1,
      operation: 'notificationInstall',
      iccid: octets(ICCID1),
      address: ADDRESS,
      eid: octets(EID1),
      genuine: true,
      problem: '',
      repeated: false,
      inOrder: true,
      result: 'successResult',
    });
    expect(notification?.octets).to.deep.equal(
      new Uint8Array(fieldOctets(request.message, 'pendingNotification.profileInstallationResult') ?? []),
    );
  });

  it('marks the order installed and ends the session', async () => {
    const smdp = smdpWith();
    await smdp.react(installed(await downloaded(smdp)));
    expect(orderState(smdp)).to.equal('installed');
    expect(smdp.state.sessions).to.deep.include.members([
      { transactionId: transactionOf(smdp), phase: 'ended', eid: octets(EID1), matchingId: smdp.orders[0]?.matchingId },
    ]);
  });

  for (const reason of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 127]) {
    it(`acknowledges an installation result with errorReason ${reason}`, async () => {
      const smdp = smdpWith();
      expect(await smdp.react(installed(await downloaded(smdp), { reason }))).to.equal(undefined);
      expect(smdp.notifications[0]?.result).to.equal(reason);
      expect(orderState(smdp)).to.equal(reason === 11 ? 'downloaded' : 'error');
    });
  }

  it('recognises a result that is not genuine and leaves the order alone', async () => {
    const smdp = smdpWith();
    const transactionId = await downloaded(smdp);
    await smdp.react(installed(transactionId, { spoil: true }));
    await smdp.react(installed(transactionId, { key: 'CERT_EUICC2' }));
    await smdp.react(installed(octets('0102')));
    expect(smdp.notifications.map(n => n.genuine)).to.deep.equal([false, false, false]);
    expect(smdp.notifications[2]?.problem).to.contain('no session');
    expect(orderState(smdp)).to.equal('downloaded');
  });

  it('verifies other notifications with the certificates that they bring', async () => {
    const smdp = smdpWith();
    await smdp.react(notified(5, 'notificationEnable'));
    await smdp.react(notified(6, 'notificationDisable', { spoil: true }));
    await smdp.react(notified(7, 'notificationDelete', { euicc: 'CERT_EUICC_OTHER_EID' }));
    await smdp.react(notified(8, 'notificationDelete', { euicc: 'CERT_EUICC_UNKNOWN_CI', eum: 'CERT_EUM_UNKNOWN_CI' }));
    await smdp.react(notified(9, 'notificationDelete', { euicc: 'CERT_EUICC_BRP', eum: 'CERT_EUM_BRP' }));
    expect(smdp.notifications.map(n => [n.seqNumber, n.operation, n.genuine])).to.deep.equal([
      [5, 'notificationEnable', true],
      [6, 'notificationDisable', false],
      [7, 'notificationDelete', false],
      [8, 'notificationDelete', false],
      [9, 'notificationDelete', true],
    ]);
  });

  it('tells repeated and overtaken notifications', async () => {
    const smdp = smdpWith();
    const second = notified(2, 'notificationEnable');
    for (const request of [second, notified(1, 'notificationDisable'), { ...second, message: { ...second.message } }])
      await smdp.react(request);
    expect(smdp.notifications.map(n => [n.seqNumber, n.repeated, n.inOrder])).to.deep.equal([
      [2, false, true],
      [1, false, false],
      [2, true, false],
    ]);
    expect(smdp.state.notifications).to.have.length(3);
  });

  it('keeps a notification that cannot be read', async () => {
    const smdp = smdpWith();
    await smdp.react({ type: HandleNotification, message: decode(HandleNotification, octets('BF3D05A003300101')) });
    expect(smdp.notifications[0]).to.include({ genuine: false, seqNumber: -1 });
    expect(smdp.notifications[0]?.problem).to.contain('no readable notification: pendingNotification');
    await smdp.react(initiate());
    expect(smdp.notifications).to.have.length(1);
  });
});

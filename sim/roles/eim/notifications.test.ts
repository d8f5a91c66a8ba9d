import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex, readTlv, tlv, tlvContent } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { type PrivateKey, sign } from '#protocol/crypto/ecdsa.js';
import { HandleNotificationEsipa } from '#protocol/iot/esipa.js';
import { PendingNotification } from '#protocol/iot/notification.js';
import { HandleNotification } from '#protocol/rsp/es9plus.js';
import { NotificationMetadata } from '#protocol/rsp/notification.js';
import {
  type Bench,
  type BenchOptions,
  bench,
  certificate,
  EID1,
  ICCID1,
  ICCID2,
  key,
  octets,
  packageIn,
  provide,
  resultOf,
  type TestServers,
  testServers,
} from './test-bench.js';

interface Given {
  readonly seqNumber: number;
  readonly event?: 'notificationEnable' | 'notificationDisable' | 'notificationDelete';
  readonly iccid?: string;
  readonly address?: string;
  readonly key?: PrivateKey;
  readonly euicc?: string;
  readonly eum?: string;
}
const metadataOf = ({ seqNumber, event = 'notificationEnable', iccid = ICCID1, address = 'a.example' }: Given) =>
  encode(NotificationMetadata, {
    seqNumber,
    profileManagementOperation: [event],
    notificationAddress: address,
    iccid: octets(iccid),
  });
/** A notification as a correct eUICC signs it, unless told otherwise. */
const notification = (given: Given): Uint8Array => {
  const metadata = metadataOf(given);
  return encode(PendingNotification, {
    otherSignedNotification: {
      tbsOtherNotification: raw(metadata),
      euiccNotificationSignature: sign(given.key ?? key('SK_EUICC'), metadata),
      euiccCertificate: certificate(given.euicc ?? 'CERT_EUICC'),
      eumCertificate: certificate(given.eum ?? 'CERT_EUM'),
    },
  });
};
const compact = (given: Given, eidValue?: Uint8Array) => {
  const metadata = metadataOf(given);
  return {
    compactOtherSignedNotification: {
      eidValue,
      tbsOtherNotification: raw(metadata),
      euiccNotificationSignature: sign(given.key ?? key('SK_EUICC'), metadata),
    },
  };
};
const notify = (b: Bench, pendingNotification: InputOf<ValueOf<typeof PendingNotification>>) =>
  b.eim.handle('HandleNotificationEsipa', encode(HandleNotificationEsipa, { pendingNotification }));
/** What reached the servers: address and sequence number. */
const forwarded = ({ calls }: TestServers) =>
  calls.map(({ address, octets: sent }) => {
    const { pendingNotification } = decode(HandleNotification, sent).value;
    return `${address} ${pendingNotification.otherSignedNotification?.tbsOtherNotification.seqNumber}`;
  });
/** The notification in a request, octet for octet. */
const carried = (sent: Uint8Array): Uint8Array => {
  const wrapped = fieldOctets(decode(HandleNotification, sent), 'pendingNotification') ?? new Uint8Array();
  const outer = readTlv(wrapped);
  return outer ? tlvContent(wrapped, outer) : wrapped;
};
const accepting = (options: BenchOptions = {}) => {
  const servers = testServers();
  servers.answer = () => ({ done: true });
  return bench({ ...options, servers });
};
const withResult = async (b: Bench, ...notifications: readonly Uint8Array[]) => {
  b.order({ operations: [{ enable: { iccid: ICCID1 } }] });
  const pack = packageIn(await b.poll());
  const euiccPackageResult = raw(resultOf({ counter: pack.counterValue, trid: pack.eimTransactionId, seqNumber: 7 }));
  return provide(b.eim, { ePRAndNotifications: { euiccPackageResult, notificationList: notifications.map(n => raw(n)) } });
};

describe('eIM: notifications', () => {
  it('takes over notifications that come with a result, acknowledges them and forwards each to its own address', async () => {
    const b = accepting();
    const enable = notification({ seqNumber: 8 });
    const disable = notification({ seqNumber: 9, event: 'notificationDisable', iccid: ICCID2, address: 'b.example' });
    expect(await withResult(b, enable, disable)).to.deep.equal({ eimAcknowledgements: [7, 8, 9] });
    await b.eim.idle();
    expect(forwarded(b.servers)).to.have.members(['a.example 8', 'b.example 9']);
    expect(b.record.view.profiles).to.deep.equal([
      { iccid: ICCID1, state: 'enabled' },
      { iccid: ICCID2, state: 'disabled' },
    ]);
  });

  it('forwards a notification octet for octet, also what it does not understand', async () => {
    const b = accepting();
    // The sequence number is not in its shortest form: whoever encodes anew gives himself away.
    const address = tlv(0x0c, Buffer.from('a.example'));
    const metadata = tlv(0xbf2f, octets('80020008'), octets('81020640'), address, octets(`5A0A${ICCID1}`));
    const sent = encode(PendingNotification, {
      otherSignedNotification: {
        tbsOtherNotification: raw(metadata),
        euiccNotificationSignature: sign(key('SK_EUICC'), metadata),
        euiccCertificate: certificate('CERT_EUICC'),
        eumCertificate: certificate('CERT_EUM'),
        $unknown: [octets('8F0101')],
      },
    });
    expect(await notify(b, raw(sent))).to.deep.equal({ empty: true });
    await b.eim.idle();
    expect(hex(carried(b.servers.calls[0]?.octets ?? new Uint8Array()))).to.equal(hex(sent));
  });

  it('refuses a notification that the eUICC did not sign or whose chain it does not trust', async () => {
    const b = accepting();
    for (const wrong of [
      notification({ seqNumber: 8, key: key('SK_EUICC2') }),
      notification({ seqNumber: 8, euicc: 'CERT_EUICC_UNKNOWN_CI', eum: 'CERT_EUM_UNKNOWN_CI' }),
      octets('3003020100'),
    ])
      expect(await b.eim.handle('HandleNotificationEsipa', tlv(0xbf3d, tlv(0xa0, wrong)))).to.have.property('refused');
    await b.eim.idle();
    expect(b.servers.calls).to.deep.equal([]);
    expect(b.record.view.profiles).to.deep.equal([]);
  });

  it('does not take over a notification of another eUICC that comes with a result', async () => {
    const b = accepting();
    const foreign = notification({ seqNumber: 8, key: key('SK_EUICC2'), euicc: 'CERT_EUICC2' });
    expect(await withResult(b, foreign)).to.deep.equal({ eimAcknowledgements: [7] });
    await b.eim.idle();
    expect(b.servers.calls).to.deep.equal([]);
  });

  it('takes over nothing of a message whose result it discards', async () => {
    const b = accepting();
    b.order({ operations: [{ enable: { iccid: ICCID1 } }] });
    const pack = packageIn(await b.poll());
    const wrong = resultOf({ counter: pack.counterValue, trid: pack.eimTransactionId, key: key('SK_EUICC2') });
    const list = { euiccPackageResult: raw(wrong), notificationList: [raw(notification({ seqNumber: 8 }))] };
    expect(await provide(b.eim, { ePRAndNotifications: list })).to.deep.equal({ provideEimPackageResultError: 127 });
    await b.eim.idle();
    expect(b.servers.calls).to.deep.equal([]);
  });

  it('finds the eUICC by the certificate in a notification when the EID is left out', async () => {
    const b = accepting({ overrides: [() => ({ newEimTransactionId: () => undefined })] });
    b.order({ operations: [{ enable: { iccid: ICCID1 } }] });
    const pack = packageIn(await b.poll());
    const list = {
      euiccPackageResult: raw(resultOf({ counter: pack.counterValue })),
      notificationList: [raw(notification({ seqNumber: 8 }))],
    };
    expect(await provide(b.eim, { ePRAndNotifications: list }, 'absent')).to.deep.equal({ eimAcknowledgements: [7, 8] });
  });

  it('forwards a notification once, however often it is delivered, and acknowledges it each time', async () => {
    const b = accepting();
    const enable = notification({ seqNumber: 8 });
    for (let n = 0; n < 2; n++) expect(await notify(b, raw(enable))).to.deep.equal({ empty: true });
    await b.eim.idle();
    expect(forwarded(b.servers)).to.deep.equal(['a.example 8']);
  });

  it('sends to one receiver in the order of sequence numbers, whatever the order of delivery', async () => {
    const b = accepting();
    await withResult(b, notification({ seqNumber: 12 }), notification({ seqNumber: 9 }), notification({ seqNumber: 10 }));
    await b.eim.idle();
    expect(forwarded(b.servers)).to.deep.equal(['a.example 9', 'a.example 10', 'a.example 12']);
  });

  it('withholds later notifications from a receiver that does not accept an earlier one, serves others, and retries later', async () => {
    const b = accepting();
    b.servers.answer = ({ address }) => (address === 'a.example' ? { failure: 'status 500' } : { done: true });
    await withResult(
      b,
      notification({ seqNumber: 8 }),
      notification({ seqNumber: 9 }),
      notification({ seqNumber: 10, address: 'b.example' }),
    );
    await b.eim.idle();
    expect(forwarded(b.servers)).to.have.members(['a.example 8', 'b.example 10']);
    expect(b.later.map(l => l.delay)).to.deep.equal([{ seconds: 0.2 }]);
    b.later[0]?.run();
    await b.eim.idle();
    expect(
      b.later.map(l => l.delay),
      'the pauses grow',
    ).to.deep.equal([{ seconds: 0.2 }, { seconds: 0.4 }]);
    b.servers.calls.length = 0;
    b.servers.answer = () => ({ done: true });
    b.later[1]?.run();
    await b.eim.idle();
    expect(forwarded(b.servers)).to.deep.equal(['a.example 8', 'a.example 9']);
  });

  it('forgets the notifications of an eUICC with it', async () => {
    const b = bench({ servers: testServers() });
    await withResult(b, notification({ seqNumber: 8 }));
    await b.eim.idle();
    expect(forwarded(b.servers), 'not accepted, so it is kept').to.deep.equal(['a.example 8']);
    expect(b.eim.forget(EID1)).to.equal(true);
    b.later[0]?.run();
    await b.eim.idle();
    expect(forwarded(b.servers)).to.deep.equal(['a.example 8']);
  });

  it('lets an old notification that comes late not change its view', async () => {
    const b = accepting();
    await withResult(b);
    await notify(b, raw(notification({ seqNumber: 5, event: 'notificationDisable' })));
    expect(b.record.view.profiles).to.deep.equal([{ iccid: ICCID1, state: 'enabled' }]);
    await notify(b, raw(notification({ seqNumber: 8, event: 'notificationDelete' })));
    expect(b.record.view.profiles).to.deep.equal([]);
  });

  for (const [title, eidValue] of [
    ['that names its EID', octets(EID1)],
    ['without an EID', undefined],
  ] as const)
    it(`puts the certificates back into a compact notification ${title}`, async () => {
      const b = accepting();
      expect(await notify(b, compact({ seqNumber: 8 }, eidValue))).to.deep.equal({ empty: true });
      await b.eim.idle();
      // ECDSA signatures differ from one to the next: only what is around them is compared.
      const full = decode(PendingNotification, carried(b.servers.calls[0]?.octets ?? new Uint8Array())).value.otherSignedNotification;
      expect(hex(full?.euiccCertificate ?? new Uint8Array())).to.equal(hex(certificate('CERT_EUICC')));
      expect(hex(full?.eumCertificate ?? new Uint8Array())).to.equal(hex(certificate('CERT_EUM')));
      expect(full?.tbsOtherNotification.seqNumber).to.equal(8);
    });

  it('refuses a compact notification that no known key has signed', async () => {
    const b = accepting();
    expect(await notify(b, compact({ seqNumber: 8, key: key('SK_EUICC2') }))).to.have.property('refused');
  });
});

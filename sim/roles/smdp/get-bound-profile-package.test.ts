import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { equal, hex, tlv } from '#protocol/asn1/tlv.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';
import { AuthenticateClientResponseEs9, GetBoundProfilePackageResponse } from '#protocol/rsp/es9plus.js';
import { StoreMetadataRequest } from '#protocol/rsp/profile.js';
import { edit } from '../../defects/edits.js';
import { authenticate, ciKeyId, decodedValue, EID1, flipped, initiate, octets, oneTimeKey, prepare } from '../rsp-server/test-euicc.js';
import type { ProfileConfig } from './config.js';
import { answerTo, install, MATCHING_ID, offered, opened, orderState, packageOf, refusalOf, smdpWith } from './test-smdp.js';

describe('GetBoundProfilePackage of the SM-DP+', () => {
  for (const ppk of [false, true]) {
    for (const code of [undefined, '12345']) {
      it(`binds a Profile with ${ppk ? 'random' : 'session'} keys ${code ? 'and' : 'without'} Confirmation Code that the eUICC can open`, async () => {
        const smdp = smdpWith({ ppk, ...(code && { confirmationCode: code }) });
        const bpp = packageOf(await answerTo(smdp, prepare(await offered(smdp), code === undefined ? {} : { code })));
        const { upp, metadata, ...rest } = install(smdp, bpp);
        expect(upp).to.deep.equal(smdp.orders[0]?.upp);
        expect(metadata).to.deep.equal(smdp.orders[0]?.metadata);
        expect('ppk' in rest).to.equal(ppk);
        expect(orderState(smdp)).to.equal('downloaded');
        expect(smdp.orders[0]?.eid).to.deep.equal(octets(EID1));
      });
    }
  }

  it('works on brainpoolP256r1', async () => {
    const smdp = smdpWith();
    const ids = [ciKeyId('CERT_CI_BRP')];
    const session = await answerTo(smdp, initiate({ verification: ids, signing: ids }));
    const offer = await answerTo(smdp, authenticate(session, { euicc: 'CERT_EUICC_BRP', matchingId: MATCHING_ID }));
    const answer = await answerTo(smdp, prepare(offer, { euicc: 'CERT_EUICC_BRP', otpk: oneTimeKey(1, 'brainpoolP256r1').point }));
    expect(install(smdp, packageOf(answer), 1, '_BRP').upp).to.deep.equal(smdp.orders[0]?.upp);
  });

  it('cuts long metadata into several blocks', async () => {
    const smdp = smdpWith({ metadata: { iconType: 'png', icon: '5A'.repeat(1024) } });
    const bpp = packageOf(await answerTo(smdp, prepare(await offered(smdp))));
    expect(install(smdp, bpp).metadata).to.deep.equal(smdp.orders[0]?.metadata);
    const { getBoundProfilePackageOk: ok } = decodedValue(
      GetBoundProfilePackageResponse,
      await answerTo(smdp, prepare(await offered(smdp))),
    );
    expect(ok?.boundProfilePackage.sequenceOf88).to.have.length(2);
  });

  it('puts other metadata into the package where the test case says so', async () => {
    const smdp = smdpWith({ metadata: { profileName: 'A' }, packageMetadata: { profileName: 'B' } });
    const offer = await offered(smdp);
    const { metadata } = install(smdp, packageOf(await answerTo(smdp, prepare(offer))));
    expect(decodedValue(AuthenticateClientResponseEs9, offer).authenticateClientOk?.profileMetaData.profileName).to.equal('A');
    expect(decodedValue(StoreMetadataRequest, metadata).profileName).to.equal('B');
  });

  it('puts any octets in the place of the metadata, and commands in any order, properly protected', async () => {
    const smdp = smdpWith({ packageMetadata: 'BF2400', commands: ['storeMetadata', 'configureISDP', 'loadProfileElements'] });
    const bpp = packageOf(await answerTo(smdp, prepare(await offered(smdp))));
    expect(decode(BoundProfilePackage, bpp).root.children.map(({ name }) => name)[1]).to.equal('sequenceOf88');
    expect(hex(bpp)).to.include('880BBF2400');
    expect(() => install(smdp, bpp)).to.throw('expected BF36 with BF23, A0, A1');
    expect(() => smdpWith({ commands: ['install'] })).to.throw('commands: expected configureISDP');
    expect(() => smdpWith({ packageMetadata: 'metadata' })).to.throw('packageMetadata: expected octets in hex');
  });

  it('verifies over the offer as it went out, whatever a script has made of it', async () => {
    const smdp = smdpWith();
    const offer = await offered(smdp);
    const other = edit(offer, 'A0 5F37', element => tlv(0x5f37, flipped(element.subarray(3))));
    smdp.sent?.({ type: AuthenticateClientResponseEs9, octets: other });
    expect(await refusalOf(smdp, prepare(offer))).to.match(/^8\.1\/6\.1 /);
    const again = smdpWith();
    const changed = edit(await offered(again), 'A0 5F37', element => tlv(0x5f37, flipped(element.subarray(3))));
    again.sent?.({ type: AuthenticateClientResponseEs9, octets: changed });
    expect(packageOf(await answerTo(again, prepare(changed)))).to.have.length.above(0);
  });

  const refusals: readonly [string, string, Parameters<typeof prepare>[1], Partial<ProfileConfig>][] = [
    ['a broken euiccSignature2', '8.1/6.1 1', { spoil: true }, {}],
    ['the signature of another eUICC', '8.1/6.1 1', { key: 'CERT_EUICC2' }, {}],
    ['a missing Confirmation Code', '8.2.7/2.2 2', {}, { confirmationCode: '12345' }],
    ['a wrong Confirmation Code', '8.2.7/3.8 3', { code: '54321' }, { confirmationCode: '12345' }],
    ['a wrong Confirmation Code after the last retry', '8.2.7/6.4 4', { code: '54321' }, { confirmationCode: '12345', retries: 0 }],
    ['an expired order', '8.8.5/4.10 6', {}, { expired: 'getBoundProfilePackage' }],
    ['an unknown TransactionID', '8.10.1/3.9 95', { outer: octets('0102') }, {}],
    ['another TransactionID inside the signed object', '8.10.1/3.9 95', { inner: octets('0102') }, {}],
    ['a one-time key that is no point', '8.1/4.2 127', { otpk: flipped(oneTimeKey().point) }, {}],
    ['an eUICC that refused the download', '8.1/4.2 127', { error: 2 }, {}],
  ];
  for (const [what, code, over, config] of refusals) {
    it(`refuses ${what}`, async () => {
      const smdp = smdpWith(config);
      expect(await refusalOf(smdp, prepare(await offered(smdp), over))).to.equal(code);
    });
  }

  it('takes the right Confirmation Code after a wrong one, in the same session and in a new one', async () => {
    for (const isNew of [false, true]) {
      const smdp = smdpWith({ confirmationCode: '12345', retries: 1 });
      const offer = await offered(smdp);
      expect(await refusalOf(smdp, prepare(offer, { code: '1' }))).to.equal('8.2.7/3.8 3');
      const again = isNew ? await offered(smdp) : offer;
      expect(install(smdp, packageOf(await answerTo(smdp, prepare(again, { code: '12345' })))).ok).to.equal(true);
    }
  });

  it('counts wrong Confirmation Codes over sessions and then ends the order', async () => {
    const smdp = smdpWith({ confirmationCode: '12345', retries: 1 });
    expect(await refusalOf(smdp, prepare(await offered(smdp), { code: '1' }))).to.equal('8.2.7/3.8 3');
    expect(await refusalOf(smdp, prepare(await offered(smdp), { code: '2' }))).to.equal('8.2.7/6.4 4');
    expect(await refusalOf(smdp, authenticate(await opened(smdp), { matchingId: MATCHING_ID }))).to.equal('8.2.6/3.8 6');
  });

  it('offers the former one-time key again and keeps the binding when the eUICC uses it', async () => {
    const smdp = smdpWith();
    const first = packageOf(await answerTo(smdp, prepare(await offered(smdp))));
    const offer = await offered(smdp);
    expect(decodedValue(AuthenticateClientResponseEs9, offer).authenticateClientOk?.smdpSigned2.bppEuiccOtpk).to.deep.equal(
      oneTimeKey().point,
    );
    const second = packageOf(await answerTo(smdp, prepare(offer)));
    expect(install(smdp, second).ok).to.equal(true);
    const [one, two] = [first, second].map(bpp => hex(bpp.subarray(-200)));
    expect(one).to.equal(two);
    expect(equal(first, second)).to.equal(false);
  });

  it('makes a new package for another one-time key, or refuses it where it cannot', async () => {
    for (const rebinding of [true, false]) {
      const smdp = smdpWith({ rebinding });
      await answerTo(smdp, prepare(await offered(smdp)));
      const request = prepare(await offered(smdp), { otpk: oneTimeKey(2).point });
      if (rebinding) expect(install(smdp, packageOf(await answerTo(smdp, request)), 2).ok).to.equal(true);
      else expect(await refusalOf(smdp, request)).to.equal('8.2/3.7 5');
    }
  });

  it('does not offer the former key where the test case says so', async () => {
    const smdp = smdpWith({ reuse: 'no', rebinding: 'no' });
    await answerTo(smdp, prepare(await offered(smdp)));
    const offer = await offered(smdp);
    expect(decodedValue(AuthenticateClientResponseEs9, offer).authenticateClientOk?.smdpSigned2.bppEuiccOtpk).to.equal(undefined);
    expect(install(smdp, packageOf(await answerTo(smdp, prepare(offer, { otpk: oneTimeKey(2).point }))), 2).ok).to.equal(true);
  });

  it('keeps a downloaded Profile for the eUICC that it is bound to', async () => {
    const smdp = smdpWith();
    await answerTo(smdp, prepare(await offered(smdp)));
    expect(await refusalOf(smdp, authenticate(await opened(smdp), { euicc: 'CERT_EUICC2', matchingId: MATCHING_ID }))).to.equal(
      '8.1.1/3.8 7',
    );
  });
});

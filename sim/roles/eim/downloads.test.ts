import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { hex } from '#protocol/asn1/tlv.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import { AuthenticateClientRequestEsipa } from '#protocol/iot/authentication.js';
import { GetBoundProfilePackageRequestEsipa, GetBoundProfilePackageResponseEsipa } from '#protocol/iot/download.js';
import { AuthenticateClientRequest, GetBoundProfilePackageRequest, GetBoundProfilePackageResponse } from '#protocol/rsp/es9plus.js';
import { ICCID1, octets, provide } from './test-bench.js';

import { CODE, ES9, initiated, NOTIFY, offered, ordered, types } from './test-download.js';

describe('eIM: relayed downloads', () => {
  for (const compact of [false, true])
    for (const confirmationCode of [undefined, '12345'])
      for (const ppk of [false, true])
        it(`carries a download through (${compact ? 'compact' : 'full'}, ${confirmationCode ? 'with' : 'no'} code, ${ppk ? 'PPK' : 'session keys'})`, async () => {
          const b = ordered({
            ipa: { compact, omitCertificates: compact },
            profile: { ppk, ...(confirmationCode ? { confirmationCode } : {}) },
            order: { ...(confirmationCode ? { confirmationCode } : {}) },
          });
          // The eIM has asked for the data of the eUICC before: only then can it put back what is left out.
          if (compact) b.eim.take(b.record, { dataRequest: {} });
          if (compact) b.record.packages.reverse();
          await b.run();
          expect(b.order).to.deep.include({ state: 'succeeded' });
          expect(types(b)).to.deep.equal([...ES9, NOTIFY]);
          expect(b.smdp.notifications.map(n => n.problem)).to.deep.equal(['']);
          expect(b.record.view.profiles).to.deep.equal([{ iccid: ICCID1, state: 'disabled' }]);
          expect(b.euicc.chip.memory.profiles).to.have.length(1);
        });

  it('relays signed objects octet for octet in both directions', async () => {
    const b = ordered();
    await b.step('GetEimPackageRequest');
    await b.step('InitiateAuthenticationRequestEsipa');
    const authenticated = await b.step('AuthenticateClientRequestEsipa');
    const prepared = await b.step('GetBoundProfilePackageRequestEsipa');
    const sent = (type: string) => b.servers.calls.find(c => c.type === type)?.octets ?? new Uint8Array();
    const same = (name: string, a: Uint8Array | undefined, other: Uint8Array | undefined) => {
      expect(a, name).to.not.equal(undefined);
      expect(hex(a ?? new Uint8Array()), name).to.equal(hex(other ?? new Uint8Array()));
    };
    same(
      'authenticateServerResponse',
      fieldOctets(decode(AuthenticateClientRequestEsipa, authenticated.request), 'authenticateServerResponse'),
      fieldOctets(decode(AuthenticateClientRequest, sent('AuthenticateClientRequest')), 'authenticateServerResponse'),
    );
    same(
      'prepareDownloadResponse',
      fieldOctets(decode(GetBoundProfilePackageRequestEsipa, prepared.request), 'prepareDownloadResponse'),
      fieldOctets(decode(GetBoundProfilePackageRequest, sent('GetBoundProfilePackageRequest')), 'prepareDownloadResponse'),
    );
    const answer = await b.smdp.compose('GetBoundProfilePackageResponse');
    same(
      'boundProfilePackage',
      fieldOctets(decode(GetBoundProfilePackageResponse, answer.octets), 'getBoundProfilePackageOk.boundProfilePackage'),
      fieldOctets(decode(GetBoundProfilePackageResponseEsipa, prepared.response), 'getBoundProfilePackageOkEsipa.boundProfilePackage'),
    );
  });

  it('sends the activation code, unless it keeps the data for an IPA that can do without', async () => {
    const triggerOf = async (order: object, ipaCapabilities?: readonly string[]) => {
      const b = ordered({ order: { ...order }, register: ipaCapabilities ? { ipaCapabilities } : {} });
      return (await b.poll()).profileDownloadTriggerRequest?.profileDownloadData;
    };
    expect(await triggerOf({})).to.deep.equal({ activationCode: CODE });
    expect(await triggerOf({ holdsData: true })).to.equal(undefined);
    expect(await triggerOf({ holdsData: true }, ['eimDownloadDataHandling'])).to.equal(undefined);
    expect(await triggerOf({ holdsData: true }, ['directRspServerCommunication'])).to.deep.equal({ activationCode: CODE });
  });

  it('gives the matchingId to an IPA that got an empty trigger, or ctxParams1 when it builds them', async () => {
    const held = ordered({ order: { holdsData: true } });
    const ok = initiated((await held.until('InitiateAuthenticationRequestEsipa')).response).initiateAuthenticationOkEsipa;
    expect(ok).to.deep.include({ matchingId: 'M-1' }).and.not.have.property('ctxParams1');
    await held.run();
    expect(held.order.state).to.equal('succeeded');

    const building = ordered({ ipa: { eimCtxParams1: true }, order: { holdsData: true } });
    building.eim.take(building.record, { dataRequest: {} });
    building.record.packages.reverse();
    await building.run();
    expect(building.order.state).to.equal('succeeded');
  });

  it('adds the hashed confirmation code only where the SM-DP+ asks for it', async () => {
    const order = { confirmationCode: '12345' };
    const asking = ordered({ order, profile: { confirmationCode: '12345' } });
    const ok = offered((await asking.until('AuthenticateClientRequestEsipa')).response).authenticateClientOkDPEsipa;
    expect(hex(ok?.hashCc ?? new Uint8Array())).to.equal(hex(hashCc('12345', ok?.transactionId ?? new Uint8Array())));
    const silent = ordered({ order });
    const plain = offered((await silent.until('AuthenticateClientRequestEsipa')).response).authenticateClientOkDPEsipa;
    expect(plain).to.not.have.property('hashCc');
  });

  it('tells the outcome of an installation, whichever way it comes', async () => {
    const notified = ordered({ ipa: { installationResultBy: 'notification' } });
    expect(await notified.run()).to.include('HandleNotificationEsipa');
    expect([notified.order.state, notified.smdp.notifications.length]).to.deep.equal(['succeeded', 1]);
    const full = ordered({ euicc: { profiles: [{ iccid: ICCID1 }] } });
    await full.run();
    expect(full.order).to.deep.include({ state: 'failed', cause: 'installFailedDueToIccidAlreadyExistsOnEuicc' });
    expect(full.smdp.notifications).to.have.length(1);
    expect(full.record.view.profiles).to.deep.equal([]);
  });

  it('fails the order when the IPA reports that there was no download', async () => {
    const b = ordered();
    const id = (await b.poll()).profileDownloadTriggerRequest?.eimTransactionId;
    const failed = {
      eimTransactionId: id,
      profileDownloadTriggerResultData: { profileDownloadError: { profileDownloadErrorReason: 104 } },
    };
    expect(await provide(b.eim, { profileDownloadTriggerResult: failed })).to.deep.equal({ emptyResponse: {} });
    expect(b.order).to.deep.include({ state: 'failed', cause: 'ecallActive' });
    expect(await provide(b.eim, { profileDownloadTriggerResult: { ...failed, eimTransactionId: octets('00') } })).to.deep.equal({
      provideEimPackageResultError: 127,
    });
  });

  it('cancels at the SM-DP+ with what the eUICC signed', async () => {
    for (const compact of [false, true]) {
      const b = ordered({ ipa: { compact, confirmationCode: '1' }, profile: { confirmationCode: '2' } });
      if (compact) b.eim.take(b.record, { dataRequest: {} });
      if (compact) b.record.packages.reverse();
      await b.run();
      expect(types(b)).to.include('ES9+ CancelSessionRequestEs9');
      expect(b.order.state).to.equal('failed');
    }
  });
});

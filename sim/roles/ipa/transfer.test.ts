import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { type InputOf, raw, type Spec, type ValueOf } from '#protocol/asn1/type.js';
import { ProvideEimPackageResultResponse, TransferEimPackageRequest, TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import { EID1, ICCID1, ICCID2, octets, signedPackage, testEim, testEuicc, testWorld } from '../euicc/test-bench.js';
import type { IpaOverride } from './decisions.js';
import { createIpa } from './index.js';

const eim = testEim();
const listing = (counter: number) => raw(signedPackage(eim, { counter, trid: 'AA', psmo: [{ listProfileInfo: {} }] }));
const defers: IpaOverride = () => ({ defersResult: () => true });
const correlates: IpaOverride = () => ({ correlates: () => true });

const setUp = (overrides: readonly IpaOverride[] = [], spec: Spec = '1.2') => {
  const euicc = testEuicc({ profiles: [{ iccid: ICCID1, state: 'enabled' as const }, { iccid: ICCID2 }] });
  const ipa = createIpa({ euicc }, testWorld(spec), overrides);
  const answered = async (request: Uint8Array) => {
    const message = decode(TransferEimPackageRequest, request, { spec });
    const answer = await ipa.react({ type: TransferEimPackageRequest, message });
    const read = decode(TransferEimPackageResponse, answer?.octets ?? new Uint8Array(), { spec });
    expect(read.diagnostics).to.deep.equal([]);
    return read.value;
  };
  const brought = (value: InputOf<ValueOf<typeof TransferEimPackageRequest>>) =>
    answered(encode(TransferEimPackageRequest, value, { spec }));
  return { euicc, ipa, answered, brought };
};

describe('the simulated IPA to which an eIM brings packages', () => {
  it('may take a package first and provide its result later, without asking for another', async () => {
    const { ipa, brought, euicc } = setUp([defers]);
    expect(await brought({ euiccPackageRequest: listing(1) })).to.deep.equal({ eimPackageReceived: null });
    expect(euicc.chip.memory.results).to.have.length(0);
    expect(ipa.isBehind).to.equal(true);
    ipa.wake('deliver');
    expect((await ipa.next())?.type).to.equal('ProvideEimPackageResult');
    await ipa.compose('ProvideEimPackageResult');
    const acknowledged = encode(ProvideEimPackageResultResponse, { eimAcknowledgements: [1] });
    await ipa.take({ type: ProvideEimPackageResultResponse, message: decode(ProvideEimPackageResultResponse, acknowledged) });
    expect(ipa.isBehind).to.equal(false);
    expect(await ipa.next()).to.equal(undefined);
    ipa.wake();
    expect((await ipa.next())?.type).to.equal('GetEimPackageRequest');
  });

  it('keeps a result that it answered until it is acknowledged, and has nothing to tell meanwhile', async () => {
    const { ipa, brought, euicc } = setUp();
    expect(await brought({ euiccPackageRequest: listing(1) })).to.have.key('euiccPackageResult');
    expect([ipa.isBehind, euicc.chip.memory.results.length]).to.deep.equal([false, 1]);
    expect(await brought({ eimAcknowledgements: [1] })).to.deep.equal({ eimPackageReceived: null });
    expect(euicc.chip.memory.results).to.have.length(0);
  });

  it('says of a package what it cannot do, and never hands it to the card', async () => {
    const { answered, euicc } = setUp();
    expect(await answered(octets('BF4E04BF7E0101'))).to.deep.equal({ eimPackageError: 2 });
    expect(await answered(octets('BF4E06BF52035D0120'))).to.deep.equal({ eimPackageError: 1 });
    expect(await answered(octets('BF4E00'))).to.deep.equal({ eimPackageError: 1 });
    expect(euicc.chip.memory.results).to.have.length(0);
  });

  it('names package or eUICC in answers without a result since v1.3 only, and where it means to', async () => {
    const error = octets('BF4E06BF52035D0120');
    expect(await setUp([defers, correlates], '1.2').brought({ euiccPackageRequest: listing(1) })).to.have.key('eimPackageReceived');
    expect(await setUp([defers], '1.3').brought({ euiccPackageRequest: listing(1) })).to.have.key('eimPackageReceived');
    const newer = setUp([defers, correlates], '1.3');
    expect(await newer.brought({ euiccPackageRequest: listing(1) })).to.deep.equal({
      eimPackageReceivedWithCid: { correlationId: { eimTransactionId: octets('AA') } },
    });
    expect(await newer.answered(error)).to.deep.equal({
      eimPackageErrorWithCid: { correlationId: { eidValue: octets(EID1) }, eimPackageError: 1 },
    });
  });
});

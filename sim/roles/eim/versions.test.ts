import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { children, hex, readTlv, tagHex } from '#protocol/asn1/tlv.js';
import { SPECS, type Spec } from '#protocol/asn1/type.js';
import { GetEimPackageRequest, GetEimPackageResponse, HandleNotificationEsipa, ProvideEimPackageResult } from '#protocol/iot/esipa.js';
import { commonVersions, signsIn, type VersionSign } from '../../version-signs.js';
import { bench, certificate, EID_UNKNOWN, EID2, exchange, ICCID1, ICCID2, octets, registration } from './test-bench.js';

const DP = 'testsmdpplus1.example.com';
const profiles = [
  { iccid: ICCID1, state: 'enabled' as const },
  { iccid: ICCID2, notify: [{ address: DP, events: ['enable' as const] }] },
];
/** Tags of the elements in a message, two levels deep: `BF50{5A 30}`. */
const outline = (message: Uint8Array, depth = 2, start = readTlv(message)): string => {
  if (!start) return '';
  const inner = start.constructed && depth > 0 ? children(message, start).map(t => outline(message, depth - 1, t)) : [];
  return `${tagHex(start.tag)}${inner.length > 0 ? `{${inner.join(' ')}}` : ''}`;
};

/** An eIM and an IPA of one version with each other, and what went between them. */
const speaking = (spec: Spec, more: Parameters<typeof bench>[0] = {}) => {
  const said: string[] = [];
  const signs: VersionSign[] = [];
  const see = (from: 'ipa' | 'eim', message: Uint8Array): void => {
    said.push(outline(message));
    signs.push(...signsIn(message, from));
  };
  return { ...bench({ spec, see, euicc: { profiles, defaultDpAddress: DP }, ...more }), said, signs };
};
const isOld = (spec: Spec): boolean => spec === '1.0';

describe('an eIM and an IPA of one version', () => {
  for (const spec of SPECS) {
    it(`exchange packages, results and notifications (v${spec})`, async () => {
      const { order, run, said, signs, euicc } = speaking(spec);
      const enabling = order({ operations: [{ enable: { iccid: ICCID2 } }] });
      await run();
      expect(enabling.state).to.equal('succeeded');
      expect(said).to.include(isOld(spec) ? 'BF50{30{BF51 BF2B}}' : 'BF50{5A 30{BF51 A0}}');
      expect(said).to.include('BF50{BF53{80 80}}');
      expect(euicc.chip.memory.results).to.deep.equal([]);
      expect(commonVersions(signs)).to.include(spec);
      expect(commonVersions(signs).includes('1.0')).to.equal(isOld(spec));
    });

    it(`exchange data of eUICC and IPA, and what stands for no data (v${spec})`, async () => {
      const { order, run, said, record } = speaking(spec);
      const asking = order({ dataRequest: {} });
      await run();
      expect(asking.state).to.equal('succeeded');
      expect(record.view.defaultSmdpAddress).to.equal(DP);
      expect(said).to.include(isOld(spec) ? 'BF50{BF52{A0}}' : 'BF50{5A BF52{A0}}');
      expect(said).to.include(isOld(spec) ? 'BF50' : 'BF50{30}');
      const wrong = order({ dataRequest: { tagList: isOld(spec) ? '81' : '80' } });
      await run();
      expect(wrong).to.include({ state: 'failed', cause: 'incorrectTagList' });
      expect(said).to.include(isOld(spec) ? 'BF50{BF52{81}}' : 'BF50{5A BF52{A1}}');
    });
  }

  it('put a result into a notification under the tag of the version', async () => {
    for (const spec of SPECS) {
      const { order, poll, ipa, eim } = speaking(spec, { ipa: { pendingWithResult: false }, euicc: { profiles: [{ iccid: ICCID2 }] } });
      const enabling = order({ operations: [{ enable: { iccid: ICCID2 } }] });
      const answer = encode(GetEimPackageResponse, await poll(), { spec });
      await ipa.take({ type: GetEimPackageResponse, message: decode(GetEimPackageResponse, answer, { spec }) });
      const { octets: message } = await ipa.compose('HandleNotificationEsipa');
      expect(outline(message, 1)).to.equal(isOld(spec) ? 'BF3D{A1}' : 'BF3D{BF50}');
      expect(decode(HandleNotificationEsipa, message, { spec }).diagnostics).to.deep.equal([]);
      expect(await eim.handle('HandleNotificationEsipa', message)).to.deep.equal({ empty: true });
      expect(enabling.state, spec).to.equal('succeeded');
    }
  });

  it('report a package that nobody can handle in the form of the version', async () => {
    for (const spec of SPECS) {
      const { ipa } = speaking(spec);
      await ipa.take({ type: GetEimPackageResponse, message: decode(GetEimPackageResponse, octets('BF4F06BF7F03010203'), { spec }) });
      const { octets: message } = await ipa.compose('ProvideEimPackageResult');
      expect(outline(message)).to.equal(isOld(spec) ? 'BF50{02}' : 'BF50{5A A0{02}}');
    }
  });

  it('announce a network and a change as the version can', async () => {
    const poll = async (spec: Spec) =>
      hex((await speaking(spec, { ipa: { stateChangeCause: 'fallback', rPlmn: '62F210' } }).ipa.compose('GetEimPackageRequest')).octets);
    const eid = '5A1089049032123451234512345678901235';
    expect(await poll('1.0')).to.equal(`BF4F19${eid}8000810362F210`);
    expect(await poll('1.1')).to.equal(`BF4F1C${eid}8000810101820362F210`);
  });
});

describe('an eIM of an older version', () => {
  const code = async (spec: Spec, eid: string) => {
    const { eim } = speaking(spec);
    const request = { eidValue: octets(eid) };
    const answer = await eim.handle('GetEimPackageRequest', encode(GetEimPackageRequest, request));
    return 'message' in answer ? hex(answer.message.octets) : undefined;
  };

  it('has no code for an unknown or malformed EID', async () => {
    expect(await code('1.0', EID_UNKNOWN)).to.equal('BF4F0302017F');
    expect(await code('1.1', EID_UNKNOWN)).to.equal('BF4F03020102');
  });

  it('answers a result that it discards as its version can', async () => {
    const answers = await Promise.all(
      SPECS.map(async spec => {
        const { eim } = speaking(spec);
        const eidValue = octets(EID_UNKNOWN);
        const eimPackageResult = { eimPackageResultResponseError: { eimPackageResultErrorCode: 2 } };
        const message = encode(ProvideEimPackageResult, { eidValue, eimPackageResult }, { spec });
        const answer = await eim.handle('ProvideEimPackageResult', message);
        return 'message' in answer ? hex(answer.message.octets) : JSON.stringify(answer);
      }),
    );
    expect(answers).to.deep.equal(['BF5000', 'BF500302017F', 'BF5003020102', 'BF5003020102']);
  });

  it('takes data of v1.0 for the only eUICC that owes some, and for none where two do', async () => {
    const { eim, order, poll, run } = speaking('1.0');
    const second = eim.register(registration(EID2, 'EUICC2'));
    const asking = order({ dataRequest: {} });
    await run();
    expect(asking.state).to.equal('succeeded');
    const [again, other] = [order({ dataRequest: {} }), eim.take(second, { dataRequest: {} }).order];
    await poll();
    await exchange(eim, GetEimPackageRequest, { eidValue: octets(EID2) });
    await eim.handle('ProvideEimPackageResult', octets('BF5008BF5205A003800161'));
    expect([again.state, other.state]).to.deep.equal(['pending', 'pending']);
    const euiccCertificate = certificate('CERT_EUICC2');
    const eumCertificate = certificate('CERT_EUM');
    const named = { eimPackageResult: { ipaEuiccDataResponse: { ipaEuiccData: { eumCertificate, euiccCertificate } } } };
    await eim.handle('ProvideEimPackageResult', encode(ProvideEimPackageResult, named, { spec: '1.0' }));
    expect([again.state, other.state]).to.deep.equal(['pending', 'succeeded']);
  });

  it('signs and verifies by the rule of its version', async () => {
    for (const spec of SPECS) {
      const { order, run, euicc } = speaking(spec, { associationToken: 9 });
      const enabling = order({ operations: [{ enable: { iccid: ICCID2 } }] });
      await run();
      expect(enabling.state, spec).to.equal('succeeded');
      expect(euicc.chip.memory.results).to.deep.equal([]);
    }
  });
});

import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import type { Spec } from '#protocol/asn1/type.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { createEuicc, type EuiccConfig } from '../../sim/roles/euicc/index.js';
import { type AskCard, describeCardState, readCardState, restoreCardState } from './card-state.js';

const key = testPki().privateKey('SK_S_EIMsign');
const publicKey = key ? subjectPublicKeyInfo(key) : new Uint8Array();
const CONFIG: EuiccConfig = {
  eid: '89049032123451234512345678901235',
  eims: [{ eimId: 'operator', publicKey, counter: 7, associationToken: 3 }],
  profiles: [{ iccid: '989209012143658709F5', state: 'enabled' }],
  defaultDpAddress: 'dp.example.com',
};

const card = (config: EuiccConfig, spec: Spec = '1.2') => {
  const euicc = createEuicc(config, { spec, pki: testPki(), now: () => new Date(), random: count => new Uint8Array(count) });
  const ask: AskCard = async (request, value, response) => {
    const { sw, octets } = euicc.execute(encode(request, value, { spec }));
    if (sw !== '9000') throw new Error(`status word ${sw}`);
    return decode(response, octets, { spec });
  };
  return { euicc, ask };
};

describe('the state of a card under test', () => {
  it('is read before a run and described in the report', async () => {
    const { ask } = card(CONFIG);
    expect(describeCardState(await readCardState(ask), '1.2')).to.deep.equal({
      Profiles: '989209012143658709F5 enabled',
      eIMs: 'operator',
      'Default SM-DP+': 'dp.example.com',
    });
  });

  it('is put back where that can be done, and what cannot be put back is said', async () => {
    const { euicc, ask } = card(CONFIG);
    const before = await readCardState(ask);
    euicc.chip.memory.eims = [];
    euicc.chip.memory.profiles = [];
    euicc.chip.memory.defaultDpAddress = undefined;
    expect(await restoreCardState(before, ask, '1.2')).to.deep.equal([
      'put back: eIMs operator',
      'put back: default SM-DP+ address dp.example.com',
      'not as before: profiles 989209012143658709F5 enabled',
    ]);
    expect(euicc.chip.memory.eims).to.have.length(1);
    expect(euicc.chip.memory.eims[0]).to.deep.include({ eimId: 'operator', counterValue: 7 });
    expect(await restoreCardState(before, ask, '1.2')).to.include('not as before: profiles 989209012143658709F5 enabled');
  });

  it('is put back on a card of v1.0 but for the default SM-DP+ address, which nothing sets there', async () => {
    const { euicc, ask } = card(CONFIG, '1.0');
    const before = await readCardState(ask);
    euicc.chip.memory.eims = [];
    euicc.chip.memory.defaultDpAddress = undefined;
    expect(await restoreCardState(before, ask, '1.0')).to.deep.equal([
      'put back: eIMs operator',
      'not as before: default SM-DP+ address (status word 6A88)',
    ]);
    expect(euicc.chip.memory.eims[0]).to.deep.include({ eimId: 'operator', counterValue: 7 });
  });

  it('needs nothing when nothing was changed', async () => {
    const { ask } = card(CONFIG);
    expect(await restoreCardState(await readCardState(ask), ask, '1.2')).to.deep.equal([]);
  });

  it('is said to be lost when the card takes nothing back', async () => {
    const { euicc, ask } = card(CONFIG);
    const before = await readCardState(ask);
    euicc.chip.memory.eims = [];
    const refusing: AskCard = async (request, value, response) => {
      if (request.name === 'AddInitialEimRequest') throw new Error('status word 6A80');
      return ask(request, value, response);
    };
    expect(await restoreCardState(before, refusing, '1.2')).to.deep.equal(['not as before: eIMs operator (status word 6A80)']);
  });

  const silentAbout =
    (ask: AskCard, ...names: readonly string[]): AskCard =>
    async (request, value, response) => {
      if (names.includes(request.name)) throw new Error('status word 6985');
      return ask(request, value, response);
    };

  it('is described as not told, and not as none, where the card refuses', async () => {
    const { ask } = card(CONFIG);
    const refusing = silentAbout(ask, 'ProfileInfoListRequest', 'GetEimConfigurationDataRequest', 'EuiccConfiguredAddressesRequest');
    expect(describeCardState(await readCardState(refusing), '1.2')).to.deep.equal({
      Profiles: 'not told (status word 6985)',
      eIMs: 'not told (status word 6985)',
      'Default SM-DP+': 'not told (status word 6985)',
    });
    const empty = card({ eid: CONFIG.eid });
    expect(describeCardState(await readCardState(empty.ask), '1.2')).to.deep.equal({
      Profiles: 'none',
      eIMs: 'none',
      'Default SM-DP+': 'none',
    });
  });

  it('removes no eIM that was there unseen, and says so', async () => {
    const { euicc, ask } = card(CONFIG);
    const before = await readCardState(silentAbout(ask, 'GetEimConfigurationDataRequest', 'EuiccConfiguredAddressesRequest'));
    expect(await restoreCardState(before, ask, '1.2')).to.deep.equal([
      'not known whether as before: eIMs (not told before the run: status word 6985)',
      'not known whether as before: default SM-DP+ address (not told before the run: status word 6985)',
    ]);
    expect(euicc.chip.memory.eims).to.have.length(1);
    expect(euicc.chip.memory.defaultDpAddress).to.equal('dp.example.com');
  });

  it('is left alone where the card no longer tells it', async () => {
    const { euicc, ask } = card(CONFIG);
    const before = await readCardState(ask);
    const lines = await restoreCardState(before, silentAbout(ask, 'GetEimConfigurationDataRequest', 'ProfileInfoListRequest'), '1.2');
    expect(lines).to.deep.equal([
      'not known whether as before: eIMs (not told after the run: status word 6985)',
      'not known whether as before: profiles (not told after the run: status word 6985)',
    ]);
    expect(euicc.chip.memory.eims).to.have.length(1);
  });

  it('does not take a refused profile list for an empty one', async () => {
    const { ask } = card(CONFIG);
    const refusing: AskCard = async (request, value, response) =>
      request.name === 'ProfileInfoListRequest'
        ? decode(response, Uint8Array.of(0xbf, 0x2d, 3, 0x81, 1, 0x7f))
        : ask(request, value, response);
    expect(describeCardState(await readCardState(refusing), '1.2').Profiles).to.equal('not told (profileInfoListError 127)');
  });
});

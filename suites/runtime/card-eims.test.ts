import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { OperatorError } from '../../adapters/adapter.js';
import { createEuicc, type EuiccConfig } from '../../sim/roles/euicc/index.js';
import { removeEims } from './card-eims.js';
import type { AskCard } from './card-state.js';

const pki = testPki();
const keyOf = (name: string): Uint8Array => {
  const key = pki.privateKey(name);
  return key ? subjectPublicKeyInfo(key) : new Uint8Array();
};
const OURS = keyOf('SK_S_EIMsign');
const STRANGE = keyOf('SK_EUICC');

/** Removes the eIMs of a card; what is left, how many commands it took, and why it failed. */
const clear = async (eims: NonNullable<EuiccConfig['eims']>, overrides: Parameters<typeof createEuicc>[2] = []) => {
  const world = { spec: '1.2' as const, pki, now: () => new Date(), random: (count: number) => new Uint8Array(count) };
  const euicc = createEuicc({ eid: '89049032123451234512345678901235', eims }, world, overrides);
  let commands = 0;
  const ask: AskCard = async (request, value, response) => {
    commands++;
    const { octets } = euicc.execute(encode(request, value));
    return decode(response, octets);
  };
  const failure = await removeEims(ask, pki, '1.2').then(
    () => undefined,
    (error: unknown) => {
      expect(error).to.be.instanceOf(OperatorError);
      return error instanceof Error ? error.message : '';
    },
  );
  return { left: euicc.chip.memory.eims.map(({ eimId }) => eimId), commands, failure };
};

describe('removing eIMs of a test from a card', () => {
  it('asks a card without eIMs once', async () => {
    expect(await clear([])).to.deep.equal({ left: [], commands: 1, failure: undefined });
  });

  it('has the eIM whose key is known remove the others and itself, over its token', async () => {
    const eims = [
      { eimId: 'stranger', publicKey: STRANGE },
      { eimId: 'ours', publicKey: OURS, counter: 41, associationToken: 200 },
    ];
    expect(await clear(eims)).to.deep.include({ left: [], failure: undefined });
  });

  it('knows an eIM by its certificate, on the other curve too', async () => {
    const certificate = pki.certificate('CERT_S_EIMsign_BRP') ?? new Uint8Array();
    expect(await clear([{ eimId: 'ours', certificate }])).to.deep.include({ left: [], failure: undefined });
  });

  it('tries greater counters where the card shows an old one', async () => {
    const hidesCounter = () => ({ storedCounter: () => 2500 });
    expect(await clear([{ eimId: 'ours', publicKey: OURS }], [hidesCounter])).to.deep.include({ left: [], failure: undefined });
  });

  it('names the eIMs that nobody here can remove', async () => {
    expect(await clear([{ eimId: 'stranger', publicKey: STRANGE }])).to.deep.include({
      left: ['stranger'],
      failure: 'the eUICC keeps eIMs that no key of this lab removes: stranger',
    });
  });

  it('gives up on a card that keeps its eIMs', async () => {
    const keeps = (correct: { performs(effect: string): boolean }) => ({
      performs: (effect: string) => effect !== 'deleteEim' && correct.performs(effect),
    });
    const { left, commands, failure } = await clear([{ eimId: 'ours', publicKey: OURS }], [keeps]);
    expect(left).to.deep.equal(['ours']);
    expect(failure).to.match(/keeps eIMs/);
    expect(commands).to.be.below(30);
  });
});

import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { concat, hex } from '#protocol/asn1/tlv.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { signaturesIn, signedOctets } from '#protocol/signatures.js';
import type { EuiccOverride } from './decisions.js';
import { createEuicc, type EuiccConfig, signerOf } from './index.js';
import { EID1, ICCID1, ICCID2, octets, signedPackage, testEim, testWorld } from './test-bench.js';

const eim = testEim();
const profiles = [{ iccid: ICCID1, state: 'enabled' as const, ppr: ['ppr1' as const] }, { iccid: ICCID2 }];
const euiccWith = (...overrides: readonly EuiccOverride[]) =>
  createEuicc({ eid: EID1, eims: [{ eimId: eim.eimId, publicKey: eim.publicKey, counter: 5 }], profiles }, testWorld(), overrides);
const enable = { enable: { iccid: octets(ICCID2) } };
/** The answer to a package that enables the second profile although the first may not be disabled. */
const answer = (...overrides: readonly EuiccOverride[]) =>
  hex(euiccWith(...overrides).execute(signedPackage(eim, { counter: 6, psmo: [enable, { getRAT: {} }] })).octets);
const errorOf = (command: Uint8Array, ...overrides: readonly EuiccOverride[]) =>
  decode(EuiccPackageResult, euiccWith(...overrides).execute(command).octets).value.euiccPackageErrorSigned?.euiccPackageErrorDataSigned
    .euiccPackageErrorCode;

describe('the decisions of the eUICC', () => {
  it('can leave a check out, give it another code, and make it before others', () => {
    expect(answer()).to.include('830103');
    expect(answer(() => ({ hinders: (of, check) => of !== 'enable' || check !== 'policy' }))).to.include('830100A600');
    expect(answer(() => ({ answersCode: (_of, check, code) => (check === 'policy' ? 127 : code) }))).to.include('83017F');
    const wrongInTwoWays = signedPackage(eim, { counter: 5, eid: '89049032123451234512345678901243', psmo: [enable] });
    expect(errorOf(wrongInTwoWays)).equals(3);
    expect(errorOf(wrongInTwoWays, () => ({ ordersChecks: (_of, checks) => [...checks].reverse() }))).equals(4);
  });
  it('can keep an effect from taking place although the answer is the same', () => {
    const hinders: EuiccOverride = () => ({ hinders: () => false });
    const euicc = euiccWith(hinders, () => ({ performs: effect => effect !== 'disable' }));
    euicc.execute(signedPackage(eim, { counter: 6, psmo: [enable] }));
    expect(euicc.chip.memory.profiles.map(p => p.state)).deep.equals(['enabled', 'enabled']);
  });
  it('come before elements of a future version, which are signed with the rest', () => {
    const of = (futureElements: EuiccConfig['futureElements']) =>
      createEuicc(
        { eid: EID1, eims: [{ eimId: eim.eimId, publicKey: eim.publicKey }], ...(futureElements && { futureElements }) },
        testWorld(),
      );
    const command = signedPackage(eim, { counter: 6, psmo: [{ getRAT: {} }] });
    const future = of(['euiccPackageResultDataSigned']);
    const result = decode(EuiccPackageResult, future.execute(command).octets);
    const [site] = signaturesIn(result);
    const covered = site && signedOctets(result, site, signerOf(future).context(result));
    const data = fieldOctets(result, 'euiccPackageResultSigned.euiccPackageResultDataSigned') ?? octets('');
    expect(hex(data)).to.match(/9F7F0100$/);
    expect(covered && 'octets' in covered && hex(covered.octets)).to.include('9F7F0100');
    expect(hex(of(['euiccSigned1']).execute(command).octets)).not.to.include('9F7F0100');
    expect(() => of(['nothing' as never])).to.throw(/futureElements: expected .*euiccSigned1/);
  });
  it('lay later overrides over earlier ones, which they can call', () => {
    const behind =
      (text: string): EuiccOverride =>
      correct => ({
        outgoing: (type, answered, request) => concat(correct.outgoing(type, answered, request), octets(text)),
      });
    expect(hex(euiccWith(behind('AA'), behind('BB')).execute(octets('BF4300')).octets)).equals('BF4302A000AABB');
  });
  it('see every answer with the command it is for', () => {
    const seen: string[] = [];
    const euicc = euiccWith(() => ({
      outgoing: (type, answered, request) => {
        seen.push(`${hex(request).slice(0, 4)} ${type}`);
        return answered;
      },
    }));
    euicc.execute(octets('BF2E00'));
    euicc.execute(signedPackage(eim, { counter: 6, psmo: [enable] }));
    expect(seen).deep.equals(['BF2E GetEuiccChallengeResponse', 'BF51 EuiccPackageResult']);
  });
  it('can refuse known commands, and answer unknown ones', () => {
    const sw = (command: string, override: EuiccOverride) => euiccWith(override).execute(octets(command)).sw;
    expect(sw('BF5600', () => ({ serves: request => request !== 'GetCertsRequest' }))).equals('6A88');
    expect(sw('BF7E00', () => ({ refuses: () => '6D00' }))).equals('6D00');
    expect(sw('BF7E00', () => ({ answersUnknown: () => ({ sw: '9000', octets: octets('') }) }))).equals('9000');
  });
  const lasting = ['results', 'notifications', 'seqNumber', 'counters', 'profileStates', 'defaultDpAddress'] as const;
  for (const what of lasting)
    it(`can lose ${what} by a restart`, () => {
      const lossy = euiccWith(() => ({ survives: (kept, cause) => kept !== what || cause !== 'powerLoss' }));
      const notify = { address: 'a', events: ['enable' as const] };
      Object.assign(lossy.chip.memory.profiles[0] ?? {}, { policyRules: [], notifications: [notify] });
      lossy.execute(octets('BF65038001 62'));
      lossy.execute(signedPackage(eim, { counter: 6, psmo: [{ disable: { iccid: octets(ICCID1) } }] }));
      lossy.execute(signedPackage(eim, { counter: 7, psmo: [{ enable: { iccid: octets(ICCID1) } }] }));
      const state = () => {
        const { results, notifications, seqNumber, eims, profiles: held, defaultDpAddress } = lossy.chip.memory;
        return [results.length, notifications.length, seqNumber, eims[0]?.counterValue, held[0]?.state, defaultDpAddress];
      };
      lossy.reset();
      const kept = [2, 1, 3, 7, 'enabled', 'b'];
      expect(state()).deep.equals(kept);
      lossy.powerLoss();
      const lost = [0, 0, 0, 0, 'disabled', undefined];
      expect(state()).deep.equals(kept.map((value, n) => (n === lasting.indexOf(what) ? lost[n] : value)));
    });
});

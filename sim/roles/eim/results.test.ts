import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { concat, hex } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { rawToDer, sign, subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { HandleNotificationEsipa, ProvideEimPackageResult } from '#protocol/iot/esipa.js';
import { EuiccPackageResult, EuiccPackageResultDataSigned } from '#protocol/iot/result.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import {
  type Bench,
  type BenchOptions,
  bench,
  EID_UNKNOWN,
  EID1,
  EID2,
  ICCID1,
  ICCID2,
  key,
  octets,
  packageIn,
  provide,
  registration,
  resultOf,
  type TestResult,
} from './test-bench.js';

const ENABLE = [{ enable: { iccid: ICCID1 } }];
/** An eIM that has handed out one package. */
const handedOut = async (operations: readonly object[] = ENABLE, options: BenchOptions = {}) => {
  const b = bench(options);
  const order = b.order({ operations });
  const pack = packageIn(await b.poll());
  const result = (given: Partial<TestResult> = {}) =>
    raw(resultOf({ counter: pack.counterValue, ...(pack.eimTransactionId ? { trid: pack.eimTransactionId } : {}), ...given }));
  return { ...b, order, pack, result, give: (given: Partial<TestResult> = {}) => provide(b.eim, { euiccPackageResult: result(given) }) };
};
const isDiscarded = { provideEimPackageResultError: 127 };
const profiles = ({ record }: Pick<Bench, 'record'>) => record.view.profiles.map(p => `${p.iccid === ICCID1 ? 1 : 2} ${p.state}`);

describe('eIM: results that count', () => {
  it('acknowledges a signed result and shows what it says', async () => {
    const b = await handedOut();
    expect(await b.give({ seqNumber: 7 })).to.deep.equal({ eimAcknowledgements: [7] });
    expect(b.order).to.deep.include({ state: 'succeeded', operations: [{ operation: 'enable', executed: true, result: 'ok' }] });
    expect(profiles(b)).to.deep.equal(['1 enabled']);
  });

  it('takes a result that comes by HandleNotification, without an answer', async () => {
    const b = await handedOut();
    const provided = { eidValue: octets(EID1), eimPackageResult: { euiccPackageResult: b.result() } };
    const answer = await b.eim.handle('HandleNotificationEsipa', encode(HandleNotificationEsipa, { provideEimPackageResult: provided }));
    expect(answer).to.deep.equal({ empty: true });
    expect(b.order.state).to.equal('succeeded');
  });

  it('finds the eUICC by the eimTransactionId when the EID is left out', async () => {
    const b = await handedOut();
    expect(await provide(b.eim, { euiccPackageResult: b.result() }, 'absent')).to.deep.equal({ eimAcknowledgements: [7] });
  });

  it('shows operations after a failed one as not executed', async () => {
    const b = await handedOut([{ disable: { iccid: ICCID1 } }, { delete: { iccid: ICCID1 } }, { getRAT: {} }]);
    await b.give({ results: [{ disableResult: 0 }, { deleteResult: 1 }] });
    expect(b.order).to.deep.include({ state: 'failed', cause: 'iccidOrAidNotFound' });
    expect(b.order.operations.map(o => [o.executed, o.result])).to.deep.equal([
      [true, 'ok'],
      [true, 'iccidOrAidNotFound'],
      [false, undefined],
    ]);
  });

  it('ends an order at processingTerminated', async () => {
    const b = await handedOut([{ disable: { iccid: ICCID1 } }, { delete: { iccid: ICCID1 } }]);
    await b.give({ results: [{ disableResult: 0 }, { processingTerminated: 3 }] });
    expect(b.order).to.deep.include({ state: 'failed', cause: 'interruption' });
    expect(b.order.operations[1]).to.deep.equal({ operation: 'delete', executed: false });
  });

  it('fails an order whose results do not belong to its operations, or are too few', async () => {
    const other = await handedOut();
    await other.give({ results: [{ disableResult: 0 }] });
    expect(other.order).to.deep.include({ state: 'failed', cause: 'unexpected disableResult' });
    const none = await handedOut();
    await none.give({ results: [] });
    expect(none.order).to.deep.include({ state: 'failed', cause: 'not all operations were executed' });
  });

  it('goes back to the former view when the result tells of a rollback, at once or afterwards', async () => {
    const before = { register: {}, euicc: {} };
    const b = await handedOut(ENABLE, before);
    b.record.view = { ...b.record.view, profiles: [{ iccid: ICCID2, state: 'enabled' }] };
    await b.give({ seqNumber: 7 });
    expect(profiles(b)).to.deep.equal(['2 disabled', '1 enabled']);
    expect(await b.give({ seqNumber: 9, results: [{ enableResult: 0 }, { rollbackResult: 0 }] })).to.deep.equal({
      eimAcknowledgements: [9],
    });
    expect(profiles(b)).to.deep.equal(['2 enabled']);
    expect(b.order).to.deep.include({ state: 'failed', cause: 'rolled back' });
  });

  it('keeps what a list tells, and the code when there is none', async () => {
    const b = await handedOut([{ listProfileInfo: {} }]);
    const profile = { iccid: octets(ICCID1), profileState: 1, fallbackAttribute: true, ecallIndication: true };
    await b.give({ results: [{ listProfileInfoResult: { profileInfoListOk: [profile] } }] });
    expect(b.record.view.profiles).to.deep.equal([{ iccid: ICCID1, state: 'enabled', fallbackAttribute: true }]);
    expect(b.order.operations[0]?.content).to.deep.equal({
      profileInfoListOk: [{ iccid: ICCID1, profileState: 1, fallbackAttribute: true, ecallIndication: true }],
    });
    const failed = await handedOut([{ listProfileInfo: {} }]);
    await failed.give({ results: [{ listProfileInfoResult: { profileInfoListError: 11 } }] });
    expect(failed.order).to.deep.include({ state: 'failed', cause: 'profileChangeOngoing' });
  });

  it('remembers the token that the eUICC gave to another eIM', async () => {
    const publicKey = hex(subjectPublicKeyInfo(key('SK_S_EIMsign2')));
    const add = [{ addEim: { eimId: 'testeim2', counter: 1, publicKey, requestToken: true } }];
    const b = await handedOut(add);
    await b.give({ results: [{ addEimResult: { associationToken: 9 } }] });
    expect(b.record.view.eims).to.deep.equal([{ eimId: 'testeim2', associationToken: 9 }]);
    const full = await handedOut(add);
    await full.give({ results: [{ addEimResult: { addEimResultCode: 1 } }] });
    expect(full.order).to.deep.include({ state: 'failed', cause: 'insufficientMemory' });
    expect(full.record.view.eims).to.deep.equal([]);
  });

  it('counts lastEimDeleted as success and no longer manages the eUICC', async () => {
    const b = await handedOut([{ deleteEim: { eimId: 'testeim1' } }]);
    await b.give({ results: [{ deleteEimResult: 2 }] });
    expect(b.order.state).to.equal('succeeded');
    expect(await b.poll()).to.deep.equal({ eimPackageError: 2 });
    expect(() => b.eim.take(b.record, { operations: ENABLE })).to.throw('no longer associated');
  });

  it('signs with its new key only after the eUICC has taken it over', async () => {
    const b = bench();
    const { newKey } = b.eim.take(b.record, { operations: [{ updateOwnKey: {} }] });
    b.order({ operations: ENABLE });
    const old = b.record.signingKey;
    expect(packageIn(await b.poll()).euiccPackage.ecoList).to.have.length(1);
    // Nobody knows yet which key the next package has to be signed with.
    const update = packageIn(await b.poll());
    expect(update.euiccPackage.ecoList).to.have.length(1);
    expect(b.record.signingKey).to.equal(old);
    await provide(b.eim, {
      euiccPackageResult: raw(resultOf({ counter: update.counterValue, trid: update.eimTransactionId, results: [{ updateEimResult: 0 }] })),
    });
    expect(b.record.signingKey).to.equal(newKey);
    expect(packageIn(await b.poll()).euiccPackage.psmoList).to.have.length(1);
  });
});

describe('eIM: results that do not count', () => {
  const cases: readonly (readonly [title: string, given: Partial<TestResult>])[] = [
    ['signed by another eUICC', { key: key('SK_EUICC2') }],
    ['signed over another association token', { token: 5 }],
    ['for another eIM', { eimId: 'testeim2' }],
    ['with the counter of no package', { counter: 99 }],
    ['with another eimTransactionId', { trid: octets('00DEADBEEF00') }],
    ['without the eimTransactionId that was sent', { trid: undefined }],
    ['that is an error with another signature', { error: 4, key: key('SK_EUICC2') }],
  ];
  for (const [title, given] of cases)
    it(`discards a result ${title}: no acknowledgement, nothing changed`, async () => {
      const b = await handedOut();
      expect(await b.give(given)).to.deep.equal(isDiscarded);
      expect(b.order.state).to.equal('pending');
      expect(b.record).to.deep.include({ seqNumber: undefined });
      expect(profiles(b)).to.deep.equal([]);
      expect(await b.give(), 'the real result still counts').to.deep.equal({ eimAcknowledgements: [7] });
    });

  it('discards a result whose signature is in DER form or has one bit flipped', async () => {
    const b = await handedOut();
    const data = encode(EuiccPackageResultDataSigned, {
      eimId: 'testeim1',
      counterValue: b.pack.counterValue,
      eimTransactionId: b.pack.eimTransactionId,
      seqNumber: 7,
      euiccResult: [{ enableResult: 0 }],
    });
    const good = sign(key('SK_EUICC'), concat(data, associationTokenTlv(undefined)));
    const with_ = (euiccSignEPR: Uint8Array) =>
      raw(encode(EuiccPackageResult, { euiccPackageResultSigned: { euiccPackageResultDataSigned: raw(data), euiccSignEPR } }));
    for (const wrong of [rawToDer(good) ?? good.subarray(1), good.map((octet, i) => (i === 9 ? octet ^ 0x10 : octet))])
      expect(await provide(b.eim, { euiccPackageResult: with_(wrong) })).to.deep.equal(isDiscarded);
    expect(await provide(b.eim, { euiccPackageResult: with_(good) })).to.deep.equal({ eimAcknowledgements: [7] });
  });

  it('applies a repeated result once and does not acknowledge it again', async () => {
    const b = await handedOut();
    const result = b.result();
    await provide(b.eim, { euiccPackageResult: result });
    b.record.view = { ...b.record.view, profiles: [] };
    expect(await provide(b.eim, { euiccPackageResult: result })).to.deep.equal({ emptyResponse: {} });
    expect(profiles(b)).to.deep.equal([]);
  });

  it('refuses a sequence number that is not greater than the last one', async () => {
    const b = await handedOut();
    await b.give({ seqNumber: 7 });
    b.eim.take(b.record, { operations: ENABLE });
    const pack = packageIn(await b.poll());
    const result = (seqNumber: number) => raw(resultOf({ counter: pack.counterValue, trid: pack.eimTransactionId, seqNumber }));
    expect(await provide(b.eim, { euiccPackageResult: result(7) })).to.deep.equal(isDiscarded);
    expect(await provide(b.eim, { euiccPackageResult: result(8) })).to.deep.equal({ eimAcknowledgements: [8] });
  });

  it('answers eidNotFound, invalidEid and missingEid where they belong', async () => {
    const b = await handedOut();
    const result = { euiccPackageResult: b.result() };
    expect(await provide(b.eim, result, EID_UNKNOWN)).to.deep.equal({ provideEimPackageResultError: 2 });
    expect(await provide(b.eim, result, EID1.slice(4))).to.deep.equal({ provideEimPackageResultError: 3 });
    const nameless = { euiccPackageResult: b.result({ trid: octets('01') }) };
    expect(await provide(b.eim, nameless, 'absent')).to.deep.equal({ provideEimPackageResultError: 4 });
  });

  it('does not apply a result that is delivered for another eUICC', async () => {
    const b = await handedOut();
    const other = b.eim.register(registration(EID2, 'EUICC2'));
    const provided = { eidValue: octets(EID2), eimPackageResult: { euiccPackageResult: b.result() } };
    const answer = await b.eim.handle('HandleNotificationEsipa', encode(HandleNotificationEsipa, { provideEimPackageResult: provided }));
    expect(answer).to.have.property('refused');
    expect([b.order.state, other.seqNumber]).to.deep.equal(['pending', undefined]);
  });

  it('refuses octets that are no ProvideEimPackageResult', async () => {
    const { eim } = await handedOut();
    const type = ProvideEimPackageResult.name;
    for (const text of ['BF5000', 'BF5003BF5100', 'BF50025A00', 'BF50FF'])
      expect(await eim.handle(type, octets(text)), text).to.have.property('refused');
  });
});

describe('eIM: errors in place of results', () => {
  const codes = {
    3: 'invalidEid',
    4: 'replayError',
    6: 'counterValueOutOfRange',
    15: 'sizeOverflow',
    104: 'ecallActive',
    127: 'undefinedError',
  };
  for (const [code, cause] of Object.entries(codes))
    it(`fails the order at a signed ${cause} and has nothing to acknowledge`, async () => {
      const b = await handedOut();
      expect(await b.give({ error: Number(code) })).to.deep.equal({ emptyResponse: {} });
      expect(b.order).to.deep.include({ state: 'failed', cause });
      expect(await b.poll(), 'the package does not go out again').to.deep.equal({ eimPackageError: 1 });
    });

  it('uses a higher counter after a replayError', async () => {
    const b = await handedOut();
    await b.give({ error: 4 });
    b.eim.take(b.record, { operations: ENABLE });
    expect(packageIn(await b.poll()).counterValue).to.equal(b.pack.counterValue + 1);
  });

  it('takes an unsigned error for a hint: nothing counts as executed, and a signed result still does', async () => {
    const b = await handedOut();
    const unsigned = { euiccPackageErrorUnsigned: { eimId: 'testeim1', eimTransactionId: b.pack.eimTransactionId, associationToken: 77 } };
    expect(await provide(b.eim, { euiccPackageResult: unsigned })).to.deep.equal({ emptyResponse: {} });
    expect(b.order).to.deep.include({ state: 'failed', cause: 'euiccPackageErrorUnsigned' });
    expect(b.order.operations[0]?.executed).to.equal(false);
    expect(b.record.associationToken).to.equal(undefined);
    expect(await b.give()).to.deep.equal({ eimAcknowledgements: [7] });
    expect(b.order).to.include({ state: 'succeeded' }).and.not.have.property('cause');
  });

  for (const [code, cause] of Object.entries({ 1: 'invalidPackageFormat', 2: 'unknownPackage', 127: 'undefinedError' }))
    it(`fails the order when the IPA reports ${cause}`, async () => {
      const b = await handedOut();
      const eimTransactionId = code === '2' ? undefined : b.pack.eimTransactionId;
      const error = { eimTransactionId, eimPackageResultErrorCode: Number(code) };
      expect(await provide(b.eim, { eimPackageResultResponseError: error })).to.deep.equal({ emptyResponse: {} });
      expect(b.order).to.deep.include({ state: 'failed', cause });
    });
});

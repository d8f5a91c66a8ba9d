import { expect } from 'chai';
import fc from 'fast-check';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { TransferEimPackageRequest, TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import { type Bench, bench, EID1, ICCID1, octets, provide, registration, resultOf } from './test-bench.js';

type Response = InputOf<ValueOf<typeof TransferEimPackageResponse>>;
const LIST = { operations: [{ listProfileInfo: {} }] };
const PROFILES = { profiles: [{ iccid: ICCID1 }] };

/** What the eIM brings now; undefined: nothing. */
const brought = ({ eim, record }: Bench) => {
  const composed = eim.transfer(record);
  return composed && decode(TransferEimPackageRequest, composed.octets).value;
};
const answer = ({ eim, record }: Bench, value: Response): string | undefined =>
  eim.takeTransferAnswer(record, encode(TransferEimPackageResponse, value));
/** Lets the simulated IPA answer what the eIM brings. */
const carriedOut = async (given: Bench): Promise<Uint8Array> => {
  const composed = given.eim.transfer(given.record);
  if (!composed) throw new Error('the eIM brings nothing');
  const answered = await given.ipa.react({ type: composed.type, message: decode(TransferEimPackageRequest, composed.octets) });
  return answered?.octets ?? new Uint8Array();
};

describe('eIM package injection by an eIM', () => {
  it('brings a package, takes the result from the answer and acknowledges it by another transfer', async () => {
    const given = bench({ euicc: PROFILES });
    const order = given.order({ operations: [{ enable: { iccid: ICCID1 } }] });
    expect(given.eim.takeTransferAnswer(given.record, await carriedOut(given))).to.equal(undefined);
    expect(order.state).to.equal('succeeded');
    expect(brought(given)).to.deep.equal({ eimAcknowledgements: [1] });
    // No answer has come.
    expect(brought(given)).to.deep.equal({ eimAcknowledgements: [1] });
    expect(answer(given, { eimPackageReceived: null })).to.equal(undefined);
    expect(brought(given)).to.equal(undefined);
  });

  it('brings the packages one by one, whatever they ask for', async () => {
    const given = bench();
    const orders = [given.order(LIST), given.order({ dataRequest: {} })];
    given.eim.takeTransferAnswer(given.record, await carriedOut(given));
    expect(brought(given)).to.have.key('eimAcknowledgements');
    answer(given, { eimPackageReceived: null });
    given.eim.takeTransferAnswer(given.record, await carriedOut(given));
    expect(orders.map(({ state }) => state)).to.deep.equal(['succeeded', 'succeeded']);
  });

  it('waits for the result of a package that was taken, which comes by ProvideEimPackageResult, before it brings the next', async () => {
    const given = bench();
    const [first, second] = [given.order(LIST), given.order(LIST)];
    const signed = brought(given)?.euiccPackageRequest?.euiccPackageSigned;
    expect(answer(given, { eimPackageReceived: null })).to.equal(undefined);
    expect(brought(given)).to.equal(undefined);
    const counter = signed?.counterValue ?? 0;
    const results = [{ listProfileInfoResult: { profileInfoListOk: [] } }];
    await provide(given.eim, { euiccPackageResult: raw(resultOf({ counter, trid: signed?.eimTransactionId, results })) });
    expect([first.state, second.state]).to.deep.equal(['succeeded', 'pending']);
    expect(brought(given)?.euiccPackageRequest?.euiccPackageSigned.counterValue).to.equal(counter + 1);
  });

  it('counts a package as failed that the IPA could not handle, with and without a correlation id', () => {
    const outcome = (spec: '1.2' | '1.3', value: Response) => {
      const given = bench({ spec });
      const order = given.order(LIST);
      brought(given);
      given.eim.takeTransferAnswer(given.record, encode(TransferEimPackageResponse, value, { spec }));
      return [order.state, order.cause, brought(given) === undefined];
    };
    expect(outcome('1.2', { eimPackageError: 2 })).to.deep.equal(['failed', 'unknownPackage', true]);
    expect(outcome('1.3', { eimPackageErrorWithCid: { eimPackageError: 1 } })).to.deep.equal(['failed', 'invalidPackageFormat', true]);
    expect(outcome('1.3', { eimPackageReceivedWithCid: {} })).to.deep.equal(['pending', undefined, true]);
  });

  it('takes nothing for a result that is none, or of another package, or of another eUICC', () => {
    const given = bench();
    const order = given.order(LIST);
    brought(given);
    expect(given.eim.takeTransferAnswer(given.record, octets('BF4E0302'))).to.equal('it cannot be decoded');
    expect(given.eim.takeTransferAnswer(given.record, octets('3C68746D6C3E'))).to.equal('it cannot be decoded');
    expect(answer(given, { euiccPackageResult: raw(resultOf({ counter: 99 })) })).to.equal('it was discarded (noPackage)');
    expect(order.state).to.equal('pending');
    expect(given.record.unacknowledged).to.deep.equal([]);
    // What got no answer that is one goes out once more, octet for octet.
    expect(brought(given)).to.have.key('euiccPackageRequest');
  });

  it('never throws for what an IPA answers', () => {
    const given = bench();
    given.order(LIST);
    brought(given);
    const valid = encode(TransferEimPackageResponse, { euiccPackageResult: raw(resultOf({ counter: 1 })) });
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        given.eim.takeTransferAnswer(
          given.record,
          valid.map((octet, n) => (n === at ? octet ^ flip : octet)),
        );
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), any => void given.eim.takeTransferAnswer(given.record, any)));
  });

  it('refuses to know an IPA at a place that is none', () => {
    const { eim } = bench();
    const register = (ipaUrl: string) => () => eim.register({ ...registration(EID1), ipaUrl });
    expect(register('ftp://ipa.example.com/')).to.throw('expected an https: or coaps: URL as "ipaUrl"');
    expect(register('ipa.example.com:8443')).to.throw('expected an https: or coaps: URL as "ipaUrl"');
    expect(eim.register({ ...registration(EID1), ipaUrl: 'coaps://127.0.0.1:5684/', ipaName: 'ipa.example.com' }).ipa).to.deep.equal({
      url: 'coaps://127.0.0.1:5684/',
      name: 'ipa.example.com',
    });
  });
});

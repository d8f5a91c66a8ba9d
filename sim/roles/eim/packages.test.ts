import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { concat, hex } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { subjectPublicKeyInfo, verify } from '#protocol/crypto/ecdsa.js';
import { GetEimPackageRequest, GetEimPackageResponse } from '#protocol/iot/esipa.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import { type Bench, bench, exchange, ICCID1, ICCID2, key, octets, packageIn, provide, resultOf } from './test-bench.js';

const PUBLIC_KEY = hex(subjectPublicKeyInfo(key('SK_S_EIMsign2')));

/** The package that the next poll brings, its content as hex, and what its signature verifies with. */
const next = async ({ eim, record }: Bench) => {
  const message = decode(GetEimPackageResponse, await exchange(eim, GetEimPackageRequest, { eidValue: record.eidValue }));
  const path = 'euiccPackageRequest.euiccPackageSigned';
  const signed = fieldOctets(message, path) ?? new Uint8Array();
  const signature = message.value.euiccPackageRequest?.eimSignature ?? new Uint8Array();
  return {
    ...packageIn(message.value),
    counterOctets: hex(fieldOctets(message, `${path}.counterValue`) ?? new Uint8Array()),
    content: hex(fieldOctets(message, `${path}.euiccPackage`) ?? new Uint8Array()),
    verifies: (token?: number) => verify(eim.config.signingKey, concat(signed, associationTokenTlv(token)), signature),
  };
};

/** Answers a package so that the next one can follow. */
const settle = (b: Bench, { counterValue, eimTransactionId }: { counterValue: number; eimTransactionId?: Uint8Array }, seqNumber: number) =>
  provide(b.eim, { euiccPackageResult: raw(resultOf({ counter: counterValue, trid: eimTransactionId, seqNumber })) });

describe('eIM: eUICC packages', () => {
  // Content as the tag tables of SGP.32 2.11.1.1.2 and 2.11.1.1.3 have it.
  const spki = PUBLIC_KEY.slice(4);
  const cases: readonly (readonly [title: string, operation: object, content: string])[] = [
    ['enable', { enable: { iccid: ICCID1 } }, `A00EA30C5A0A${ICCID1}`],
    ['enable with rollback', { enable: { iccid: ICCID1, rollback: true } }, `A010A30E5A0A${ICCID1}0500`],
    ['disable', { disable: { iccid: ICCID1 } }, `A00EA40C5A0A${ICCID1}`],
    ['delete', { delete: { iccid: ICCID1 } }, `A00EA50C5A0A${ICCID1}`],
    ['listProfileInfo with a selection of tags', { listProfileInfo: { tagList: '5A 9F70' } }, 'A008BF2D055C035A9F70'],
    ['getRAT', { getRAT: {} }, 'A002A600'],
    [
      'configureImmediateEnable on',
      { configureImmediateEnable: { enable: true, smdpOid: '2.999.10', smdpAddress: 'a.b' } },
      'A00EA70C800081038837 0A8203612E62'.replace(' ', ''),
    ],
    ['configureImmediateEnable off', { configureImmediateEnable: {} }, 'A002A700'],
    ['setFallbackAttribute', { setFallbackAttribute: { iccid: ICCID1 } }, `A00EA80C5A0A${ICCID1}`],
    ['unsetFallbackAttribute', { unsetFallbackAttribute: {} }, 'A002A900'],
    ['setDefaultDpAddress', { setDefaultDpAddress: { address: 'a.b' } }, 'A008BF65058003612E62'],
    ['setDefaultDpAddress without an address', { setDefaultDpAddress: {} }, 'A005BF65028000'],
    ['deleteEim', { deleteEim: { eimId: 'x' } }, 'A105A903800178'],
    ['listEim', { listEim: {} }, 'A102AB00'],
    [
      'addEim that asks for a token',
      { addEim: { eimId: 'x', counter: 1, publicKey: PUBLIC_KEY, requestToken: true } },
      `A168A866800178830101${'8401FF'}A55BA059${spki}`,
    ],
    ['updateEim with a new key', { updateEim: { eimId: 'x', publicKey: PUBLIC_KEY } }, `A162AA60800178A55BA059${spki}`],
  ];
  for (const [title, operation, content] of cases)
    it(`writes ${title} as the specification has it`, async () => {
      const b = bench();
      b.order({ operations: [operation] });
      expect((await next(b)).content).to.equal(content);
    });

  it('signs over the content and the association token, 84 01 00 when none is configured', async () => {
    const without = bench();
    without.order({ operations: [{ getRAT: {} }] });
    const plain = await next(without);
    expect([plain.verifies(), plain.verifies(5)]).to.deep.equal([true, false]);
    const associated = bench({ associationToken: 5 });
    associated.order({ operations: [{ getRAT: {} }] });
    const bound = await next(associated);
    expect([bound.verifies(5), bound.verifies()]).to.deep.equal([true, false]);
  });

  it('signs with a key on brainpoolP256r1', async () => {
    const b = bench({ curve: 'brainpoolP256r1' });
    b.order({ operations: [{ getRAT: {} }] });
    expect(b.eim.config.signingKey.curve).to.equal('brainpoolP256r1');
    expect((await next(b)).verifies()).to.equal(true);
  });

  it('counts on from the counter of the association, in the shortest form', async () => {
    for (const [start, expected] of [
      [0, '810101'],
      [126, '81017F'],
      [127, '81020080'],
      [32767, '8103008000'],
    ] as const) {
      const b = bench({ counter: start });
      b.order({ operations: [{ getRAT: {} }] });
      expect((await next(b)).counterOctets).to.equal(expected);
    }
  });

  it('never uses a counter twice and never two equal eimTransactionIds', async () => {
    const b = bench({ counter: 9 });
    for (let n = 0; n < 3; n++) b.order({ operations: [{ enable: { iccid: ICCID1 } }] });
    const packages = [];
    for (let n = 0; n < 3; n++) {
      const pack = await next(b);
      packages.push(pack);
      await settle(b, pack, n + 1);
    }
    expect(packages.map(p => p.counterValue)).to.deep.equal([10, 11, 12]);
    expect(new Set(packages.map(p => hex(p.eimTransactionId ?? new Uint8Array()))).size).to.equal(3);
  });

  it('spreads operations that must not stand together over several packages', async () => {
    const twice = bench();
    twice.order({ operations: [{ enable: { iccid: ICCID1 } }, { enable: { iccid: ICCID2 } }] });
    const first = await next(twice);
    expect(first.euiccPackage.psmoList).to.have.length(1);
    await settle(twice, first, 1);
    expect((await next(twice)).content).to.equal(`A00EA30C5A0A${ICCID2}`);

    const listing = bench();
    listing.order({ operations: [{ enable: { iccid: ICCID1 } }, { listProfileInfo: {} }] });
    expect((await next(listing)).euiccPackage.psmoList).to.have.length(1);

    const mixed = bench();
    mixed.order({ operations: [{ listEim: {} }, { getRAT: {} }] });
    expect((await next(mixed)).content).to.equal('A102AB00');

    const together = bench();
    together.order({ operations: [{ disable: { iccid: ICCID1 } }, { delete: { iccid: ICCID1 } }] });
    expect((await next(together)).content).to.equal(`A01CA40C5A0A${ICCID1}A50C5A0A${ICCID1}`);
  });

  it('refuses an order that cannot be carried out, saying why', () => {
    const { order } = bench();
    expect(() => order({ operations: [{ enable: { iccid: '98' } }] })).to.throw('expected 10 octets in hex as "iccid", got "98"');
    expect(() => order({ operations: [{ enable: {} }] })).to.throw('expected "iccid", got nothing');
    expect(() => order({ operations: [{ enabel: {} }] })).to.throw('expected one of enable, disable,');
    expect(() => order({ operations: [] })).to.throw('at least one operation');
    expect(() => order({ operations: [{ addEim: { eimId: 'x', counter: 'many', publicKey: PUBLIC_KEY } }] })).to.throw(
      'expected an integer as "counter"',
    );
    expect(() => order({ operations: [{ addEim: { eimId: 'x', counter: 1, publicKey: '3000' } }] })).to.throw('SubjectPublicKeyInfo');
    expect(() => order({ download: { activationCode: '2$a$b' } })).to.throw('expected an activation code');
    expect(() => order({ event: {} })).to.throw('expected an address as "smdsAddress"');
    expect(() => order({})).to.throw('expected one of operations, dataRequest, download, event, got nothing');
  });

  it('takes the texts that a file has for numbers and statements', async () => {
    const b = bench();
    b.order({ operations: [{ enable: { iccid: ICCID1.toLowerCase(), rollback: 'yes' } }] });
    expect((await next(b)).content).to.equal(`A010A30E5A0A${ICCID1}0500`);
    expect(octets(ICCID1)).to.have.length(10);
  });
});

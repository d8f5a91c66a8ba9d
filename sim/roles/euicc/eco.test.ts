import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import {
  AddInitialEimRequest,
  AddInitialEimResponse,
  type EimConfigurationData,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import type { Eco } from '#protocol/iot/package.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { EuiccConfig } from './config.js';
import type { Euicc } from './index.js';
import { call, load, octets, resultsOf, signedPackage, testEim, testEuicc } from './test-bench.js';

type Operation = InputOf<ValueOf<typeof Eco>>;
const eim = testEim();
const other = testEim('testeim2', 'brainpoolP256r1');
const keyData = { eimPublicKey: other.publicKey };
const newEim: InputOf<ValueOf<typeof EimConfigurationData>> = { eimId: 'testeim2', counterValue: 3, eimPublicKeyData: keyData };
const ciPKId = testEuicc().chip.credentials[0].ciPKId;

const run = (euicc: Euicc, ...packages: readonly (readonly Operation[])[]) =>
  packages.map((eco, n) => resultsOf(euicc, signedPackage(eim, { counter: n + 1, eco }))).at(-1);
const configuration = (euicc: Euicc, eimId?: string) =>
  call(euicc, GetEimConfigurationDataRequest, eimId === undefined ? {} : { searchCriteria: { eimId } }, GetEimConfigurationDataResponse)
    .eimConfigurationDataList;

describe('eCO', () => {
  const both: Partial<EuiccConfig> = { eims: [{ ...eim }, { ...other, counter: 9 }] };
  const cases: readonly (readonly [what: string, config: Partial<EuiccConfig>, operation: Operation, result: unknown])[] = [
    ['addEim without token', {}, { addEim: newEim }, { addEimResult: { addEimResultCode: 0 } }],
    ['addEim that asks for a token', {}, { addEim: { ...newEim, associationToken: -1 } }, { addEimResult: { associationToken: 1 } }],
    ['addEim without memory', { limits: { eims: 1 } }, { addEim: newEim }, { addEimResult: { addEimResultCode: 1 } }],
    ['addEim of an eIM that is there', both, { addEim: newEim }, { addEimResult: { addEimResultCode: 2 } }],
    ['addEim with an unknown CI', {}, { addEim: { ...newEim, euiccCiPKId: octets('0102') } }, { addEimResult: { addEimResultCode: 3 } }],
    ['addEim with a token of its own', {}, { addEim: { ...newEim, associationToken: 4 } }, { addEimResult: { addEimResultCode: 5 } }],
    [
      'addEim with a counter beyond the maximum',
      {},
      { addEim: { ...newEim, counterValue: 0x800000 } },
      { addEimResult: { addEimResultCode: 6 } },
    ],
    ['addEim without counter', {}, { addEim: { ...newEim, counterValue: undefined } }, { addEimResult: { addEimResultCode: 7 } }],
    ['addEim without key', {}, { addEim: { ...newEim, eimPublicKeyData: undefined } }, { addEimResult: { addEimResultCode: 7 } }],
    [
      'addEim with a key that is none',
      {},
      { addEim: { ...newEim, eimPublicKeyData: { eimPublicKey: octets('3000') } } },
      { addEimResult: { addEimResultCode: 7 } },
    ],
    ['addEim that breaks down', { breakdowns: ['addEim'] }, { addEim: newEim }, { addEimResult: { addEimResultCode: 127 } }],
    ['deleteEim ok', both, { deleteEim: { eimId: 'testeim2' } }, { deleteEimResult: 0 }],
    ['deleteEim of no eIM', {}, { deleteEim: { eimId: 'testeim2' } }, { deleteEimResult: 1 }],
    ['deleteEim of the last eIM', {}, { deleteEim: { eimId: 'testeim1' } }, { deleteEimResult: 2 }],
    ['deleteEim without a name', {}, { deleteEim: { eimId: '' } }, { deleteEimResult: 7 }],
    ['deleteEim that breaks down', { breakdowns: ['deleteEim'] }, { deleteEim: { eimId: 'testeim1' } }, { deleteEimResult: 127 }],
    ['updateEim ok', both, { updateEim: { eimId: 'testeim2', eimFqdn: 'eim2.example.com' } }, { updateEimResult: 0 }],
    ['updateEim of no eIM', {}, { updateEim: { eimId: 'testeim2' } }, { updateEimResult: 1 }],
    ['updateEim with an unknown CI', both, { updateEim: { eimId: 'testeim2', euiccCiPKId: octets('0102') } }, { updateEimResult: 3 }],
    [
      'updateEim with a lower counter and the same key',
      both,
      { updateEim: { eimId: 'testeim2', counterValue: 8 } },
      { updateEimResult: 6 },
    ],
    [
      'updateEim with a lower counter and a key',
      both,
      { updateEim: { eimId: 'testeim2', counterValue: 8, eimPublicKeyData: keyData } },
      { updateEimResult: 0 },
    ],
    [
      'updateEim with a counter beyond the maximum',
      both,
      { updateEim: { eimId: 'testeim2', counterValue: 0x800000, eimPublicKeyData: keyData } },
      { updateEimResult: 6 },
    ],
    [
      'updateEim with a key that is none',
      both,
      { updateEim: { eimId: 'testeim2', eimPublicKeyData: { eimPublicKey: octets('3000') } } },
      { updateEimResult: 7 },
    ],
    ['updateEim that breaks down', { breakdowns: ['updateEim'] }, { updateEim: { eimId: 'testeim1' } }, { updateEimResult: 127 }],
    [
      'listEim',
      {
        eims: [
          { ...eim, idType: 'fqdn' },
          { ...other, idType: 'oid' },
        ],
      },
      { listEim: {} },
      {
        listEimResult: {
          eimIdList: [
            { eimId: 'testeim1', eimIdType: 2 },
            { eimId: 'testeim2', eimIdType: 1 },
          ],
        },
      },
    ],
    ['listEim of a proprietary id', {}, { listEim: {} }, { listEimResult: { eimIdList: [{ eimId: 'testeim1' }] } }],
    ['listEim that breaks down', { breakdowns: ['listEim'] }, { listEim: {} }, { listEimResult: { listEimError: 127 } }],
  ];
  for (const [what, config, operation, result] of cases)
    it(`answers ${what} with ${JSON.stringify(result)}`, () => {
      expect(run(testEuicc(config), [operation])).deep.equals([result]);
    });

  it('goes on after the last eIM is deleted, and signs the result under the association that was', () => {
    const euicc = testEuicc({ eims: [{ ...eim, associationToken: 6 }] });
    const command = signedPackage(eim, { counter: 1, token: 6, eco: [{ deleteEim: { eimId: 'testeim1' } }, { listEim: {} }] });
    expect(resultsOf(euicc, command)).deep.equals([{ deleteEimResult: 2 }, { listEimResult: { eimIdList: [] } }]);
    expect(euicc.chip.memory.results[0]?.content.associationToken).equals(6);
    expect(load(euicc, signedPackage(eim, { counter: 2, token: 6, eco: [{ listEim: {} }] })).euiccPackageErrorUnsigned).deep.equals({
      eimId: 'testeim1',
    });
  });
  it('never gives the same association token twice', () => {
    const euicc = testEuicc({ eims: [{ ...eim, associationToken: 40 }] });
    const addAndDelete = (counter: number) =>
      resultsOf(
        euicc,
        signedPackage(eim, {
          counter,
          token: 40,
          eco: [{ addEim: { ...newEim, associationToken: -1 } }, { deleteEim: { eimId: 'testeim2' } }],
        }),
      )[0];
    expect(addAndDelete(1)).deep.equals({ addEimResult: { associationToken: 41 } });
    expect(addAndDelete(2)).deep.equals({ addEimResult: { associationToken: 42 } });
  });
  it('an added eIM can send packages at once: with its key, above its counter, with its token', () => {
    const euicc = testEuicc();
    run(euicc, [{ addEim: { ...newEim, associationToken: -1 } }]);
    const list = [{ listEim: {} }];
    expect(
      load(euicc, signedPackage(other, { counter: 3, token: 1, eco: list })).euiccPackageErrorSigned?.euiccPackageErrorDataSigned
        .euiccPackageErrorCode,
    ).equals(4);
    expect(load(euicc, signedPackage(other, { counter: 4, token: 1, eco: list })).euiccPackageResultSigned).not.equals(undefined);
    expect(load(euicc, signedPackage(other, { counter: 5, eco: list })).euiccPackageErrorUnsigned?.associationToken).equals(1);
  });
  it('after an update of its own key the next package needs the new key; counter and token behave as said', () => {
    const euicc = testEuicc({ eims: [{ ...eim, associationToken: 6 }] });
    const renewed = { ...testEim('renewed'), eimId: 'testeim1' };
    const update = {
      updateEim: { eimId: 'testeim1', counterValue: 2, associationToken: -1, eimPublicKeyData: { eimPublicKey: renewed.publicKey } },
    };
    expect(resultsOf(euicc, signedPackage(eim, { counter: 100, token: 6, eco: [update] }))).deep.equals([{ updateEimResult: 0 }]);
    expect(load(euicc, signedPackage(eim, { counter: 101, token: 6, eco: [{ listEim: {} }] })).euiccPackageErrorUnsigned).not.equals(
      undefined,
    );
    expect(load(euicc, signedPackage(renewed, { counter: 3, token: 6, eco: [{ listEim: {} }] })).euiccPackageResultSigned).not.equals(
      undefined,
    );
  });
  it('takes the signing key out of a certificate', () => {
    const pki = testPki();
    const certificate = pki.certificate('CERT_S_EIMsign');
    const key = pki.privateKey('SK_S_EIMsign');
    if (!certificate || !key) throw new Error('expected the eIM of the test PKI');
    const euicc = testEuicc({ eims: [{ eimId: 'testeim1', certificate }] });
    expect(resultsOf(euicc, signedPackage({ ...eim, key }, { counter: 1, eco: [{ listEim: {} }] }))).to.have.length(1);
  });
});

describe('AddInitialEim and GetEimConfigurationData', () => {
  const add = (euicc: Euicc, ...list: readonly InputOf<ValueOf<typeof EimConfigurationData>>[]) =>
    call(euicc, AddInitialEimRequest, { eimConfigurationDataList: list }, AddInitialEimResponse);
  const empty = (config: Partial<EuiccConfig> = {}) => testEuicc({ eims: [], ...config });
  const second = { ...newEim, eimId: 'testeim3' };

  it('associates several eIMs in order and assigns the defaults', () => {
    const euicc = empty();
    expect(add(euicc, { ...newEim, associationToken: -1 }, second)).deep.equals({
      addInitialEimOk: [{ associationToken: 1 }, { addOk: null }],
    });
    const defaults = {
      eimIdType: 3,
      counterValue: 3,
      eimPublicKeyData: keyData,
      eimSupportedProtocol: ['eimProprietary'],
      euiccCiPKId: ciPKId,
    };
    expect(configuration(euicc)).deep.equals([
      { eimId: 'testeim2', ...defaults, associationToken: 1 },
      { eimId: 'testeim3', ...defaults },
    ]);
    expect(configuration(euicc, 'testeim3')).to.have.length(1);
    expect(configuration(euicc, 'stranger')).deep.equals([]);
  });
  it('keeps what is given, and returns the current counter', () => {
    const given = {
      ...newEim,
      eimFqdn: 'eim2.example.com',
      eimIdType: 2,
      eimSupportedProtocol: ['eimRetrieveHttps'],
      indirectProfileDownload: null,
      trustedPublicKeyDataTls: { trustedEimPkTls: eim.publicKey },
      euiccCiPKId: ciPKId,
    };
    const euicc = empty();
    add(euicc, given);
    expect(configuration(euicc)).deep.equals([given]);
    resultsOf(euicc, signedPackage(other, { counter: 77, eco: [{ listEim: {} }] }));
    expect(configuration(euicc)[0]?.counterValue).equals(77);
  });
  it('gives tokens that no eIM ever had, also after all eIMs are gone', () => {
    const euicc = empty();
    add(euicc, { ...newEim, associationToken: -1 });
    euicc.execute(octets('BF640482020204'));
    expect(configuration(euicc)).deep.equals([]);
    expect(add(euicc, { ...newEim, associationToken: -1 })).deep.equals({ addInitialEimOk: [{ associationToken: 2 }] });
  });
  it('cannot read a key without the tag of its alternative, and stores nothing', () => {
    const euicc = empty();
    const right = encode(AddInitialEimRequest, { eimConfigurationDataList: [newEim] });
    const wrong = octets(hex(right).replace(/A5(..)A0/, 'A5$130'));
    expect(hex(wrong)).not.equals(hex(right));
    expect(euicc.execute(wrong).sw).equals('6A80');
    expect(configuration(euicc)).deep.equals([]);
  });
  const refusals: readonly (readonly [
    what: string,
    config: Partial<EuiccConfig>,
    list: readonly InputOf<ValueOf<typeof EimConfigurationData>>[],
    code: number,
  ])[] = [
    ['an eIM is associated', { eims: [{ ...eim }] }, [newEim], 2],
    ['memory ends', { limits: { eims: 1 } }, [newEim, second], 1],
    ['a CI is unknown', {}, [newEim, { ...second, euiccCiPKId: octets('01') }], 3],
    ['a token is chosen', {}, [newEim, { ...second, associationToken: 0 }], 5],
    ['a counter is negative', {}, [newEim, { ...second, counterValue: -1 }], 6],
    ['a key is missing', {}, [newEim, { ...second, eimPublicKeyData: undefined }], 7],
    ['the list is empty', {}, [], 7],
    ['the eUICC breaks down', { breakdowns: ['addInitialEim'] }, [newEim], 127],
  ];
  for (const [what, config, list, code] of refusals)
    it(`stores nothing and answers ${code} when ${what}`, () => {
      const euicc = empty(config);
      const before = configuration(euicc);
      expect(add(euicc, ...list)).deep.equals({ addInitialEimError: code });
      expect(configuration(euicc)).deep.equals(before);
    });
});

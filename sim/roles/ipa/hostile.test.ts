import { expect } from 'chai';
import fc from 'fast-check';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw, type Type } from '#protocol/asn1/type.js';
import { AuthenticateClientResponseEsipa, InitiateAuthenticationResponseEsipa } from '#protocol/iot/authentication.js';
import { CancelSessionResponseEsipa, GetBoundProfilePackageResponseEsipa } from '#protocol/iot/download.js';
import { GetEimPackageResponse, ProvideEimPackageResultResponse, TransferEimPackageRequest } from '#protocol/iot/esipa.js';
import * as es9 from '#protocol/rsp/es9plus.js';
import { ComposeError } from '../../role.js';
import { octets, PKI, signedPackage, testEim, testEuicc, testWorld } from '../euicc/test-bench.js';
import { boundPackage, metadata, offer, proof, TRANSACTION } from '../euicc/test-server.js';
import { createIpa } from './index.js';

const eim = testEim();
const profileDownloadTriggerRequest = {
  profileDownloadData: { activationCode: '1$testsmdpplus1.example.com$A' },
  eimTransactionId: octets('AA'),
};
const nonce = new Uint8Array(16);
const valid: readonly (readonly [Type, Uint8Array])[] = [
  [GetEimPackageResponse, encode(GetEimPackageResponse, { profileDownloadTriggerRequest })],
  [
    GetEimPackageResponse,
    encode(GetEimPackageResponse, { ipaEuiccDataRequest: { tagList: octets('A0A2BF20A5'), eimTransactionId: octets('01') } }),
  ],
  [
    GetEimPackageResponse,
    encode(GetEimPackageResponse, { euiccPackageRequest: raw(signedPackage(eim, { counter: 1, psmo: [{ getRAT: {} }] })) }),
  ],
  [ProvideEimPackageResultResponse, encode(ProvideEimPackageResultResponse, { eimAcknowledgements: [1, 2] })],
  [
    InitiateAuthenticationResponseEsipa,
    encode(InitiateAuthenticationResponseEsipa, {
      initiateAuthenticationOkEsipa: { ...proof(nonce), euiccCiPKIdentifierToBeUsed: octets('') },
    }),
  ],
  [AuthenticateClientResponseEsipa, encode(AuthenticateClientResponseEsipa, { authenticateClientOkDPEsipa: offer(new Uint8Array(64)) })],
  [
    AuthenticateClientResponseEsipa,
    encode(AuthenticateClientResponseEsipa, {
      authenticateClientOkDSEsipa: { transactionId: octets('01'), profileDownloadTrigger: profileDownloadTriggerRequest },
    }),
  ],
  [
    GetBoundProfilePackageResponseEsipa,
    encode(GetBoundProfilePackageResponseEsipa, {
      getBoundProfilePackageOkEsipa: { boundProfilePackage: raw(boundPackage(PKI.publicKey('PK_EUICC')?.point ?? nonce)) },
    }),
  ],
  [CancelSessionResponseEsipa, encode(CancelSessionResponseEsipa, { cancelSessionOk: {} })],
  [
    es9.InitiateAuthenticationResponse,
    encode(es9.InitiateAuthenticationResponse, {
      initiateAuthenticationOk: { transactionId: TRANSACTION, ...proof(nonce), euiccCiPKIdToBeUsed: octets('') },
    }),
  ],
  [
    es9.AuthenticateClientResponseEs9,
    encode(es9.AuthenticateClientResponseEs9, {
      authenticateClientOk: { transactionId: TRANSACTION, profileMetaData: raw(metadata()), ...offer(new Uint8Array(64)) },
    }),
  ],
  [
    es9.AuthenticateClientResponseEs11,
    encode(es9.AuthenticateClientResponseEs11, {
      authenticateClientOk: {
        transactionId: TRANSACTION,
        eventEntries: [{ eventId: 'A', rspServerAddress: 'testsmdpplus1.example.com' }],
      },
    }),
  ],
  [
    es9.GetBoundProfilePackageResponse,
    encode(es9.GetBoundProfilePackageResponse, {
      getBoundProfilePackageOk: {
        transactionId: TRANSACTION,
        boundProfilePackage: raw(boundPackage(PKI.publicKey('PK_EUICC')?.point ?? nonce)),
      },
    }),
  ],
  [es9.CancelSessionResponseEs9, encode(es9.CancelSessionResponseEs9, { cancelSessionOk: {} })],
];
const answer = fc
  .record({
    at: fc.nat(valid.length - 1),
    flips: fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 3 }),
    cut: fc.option(fc.nat(4000), { freq: 5 }),
  })
  .map(({ at, flips, cut }) => {
    const [type, whole] = valid[at] ?? [GetEimPackageResponse, nonce];
    const data = Uint8Array.from(whole);
    for (const [place, octet] of flips) data[place % data.length] = octet;
    return { type, data: cut === null ? data : data.slice(0, cut % data.length) };
  });

describe('hostile answers to the simulated IPA', () => {
  it('are taken without an exception, in any order, and lead to a next message or to a stated reason for none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 5 }), fc.boolean(), async (answers, isDirect) => {
        const euicc = testEuicc({}, testWorld());
        const config = isDirect ? { activationCode: '1$testsmdpplus1.example.com$A' } : {};
        const ipa = createIpa({ euicc, ...config }, euicc.chip.world);
        for (const { type, data } of answers) {
          await ipa.take({ type, message: decode(type, data) });
          const next = (await ipa.next())?.type;
          const composed: unknown = next && (await ipa.compose(next).catch((error: unknown) => error));
          if (composed instanceof Error) expect(composed).instanceOf(ComposeError);
        }
      }),
      { numRuns: 150, seed: 20260101 },
    );
  });
  it('are answered with eimPackageError when the eIM is the client', async () => {
    const ipa = createIpa({ euicc: testEuicc() }, testWorld());
    for (const data of ['BF4E05BF5302 8000', 'BF4E00', 'BF4E03BF7000']) {
      const message = decode(TransferEimPackageRequest, octets(data));
      const composed = await ipa.react({ type: TransferEimPackageRequest, message });
      expect(composed && Buffer.from(composed.octets).toString('hex'), data).matches(/^bf4e0302010[12]$/);
    }
  });
  it('an answer that cannot be read ends the download, and cancels it once the card has a session', async () => {
    const euicc = testEuicc();
    const ipa = createIpa({ euicc }, euicc.chip.world);
    const take = (type: Type, data: Uint8Array) => ipa.take({ type, message: decode(type, data) });
    await take(GetEimPackageResponse, encode(GetEimPackageResponse, { profileDownloadTriggerRequest }));
    await ipa.compose('InitiateAuthenticationRequestEsipa');
    const ok = { ...proof(euicc.chip.memory.session?.challenge ?? nonce), euiccCiPKIdentifierToBeUsed: octets('') };
    await take(InitiateAuthenticationResponseEsipa, encode(InitiateAuthenticationResponseEsipa, { initiateAuthenticationOkEsipa: ok }));
    await ipa.compose('AuthenticateClientRequestEsipa');
    await take(AuthenticateClientResponseEsipa, octets('BF3B02A000'));
    expect((await ipa.next())?.type).equals('CancelSessionRequestEsipa');
    expect(ipa.state).to.deep.include({ failure: 'AuthenticateClientResponseEsipa cannot be read' });
  });
});

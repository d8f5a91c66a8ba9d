import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, hex, tlv } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { AuthenticateServerResponse, EuiccSigned1 } from '#protocol/iot/authentication.js';
import { CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { PendingNotification } from '#protocol/iot/notification.js';
import { AuthenticateServerRequest, GetEuiccChallengeRequest, GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { CancelSessionRequest, EUICCSigned2, EuiccCancelSessionSigned, PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { ProfileInstallationResultData } from '#protocol/rsp/notification.js';
import type { Euicc, EuiccConfig } from '../euicc/index.js';
import { call, EID1, ICCID1, ICCID2, ICCID3, octets, resultsOf, signedPackage, testEim, testEuicc } from '../euicc/test-bench.js';
import { ADDRESS, boundPackage, CTX_PARAMS_1, metadata, offer, proof, TRANSACTION } from '../euicc/test-server.js';
import { compactAuthentication, compactCancellation, compactNotification, compactPrepareDownload } from './compact.js';

const spec = '1.2';
const keyOf = (euicc: Euicc) => euicc.chip.credentials[0].key;

/** A card after AuthenticateServer, with the full answer. */
const authenticated = (config: Partial<EuiccConfig> = {}) => {
  const euicc = testEuicc(config);
  const info2 = euicc.execute(octets('BF2200')).octets;
  const server = proof(call(euicc, GetEuiccChallengeRequest, {}, GetEuiccChallengeResponse).euiccChallenge);
  const euiccCiPKIdToBeUsed = euicc.chip.credentials[0].ciPKId;
  const full = euicc.execute(encode(AuthenticateServerRequest, { ...server, euiccCiPKIdToBeUsed, ctxParams1: CTX_PARAMS_1 })).octets;
  const signature = euicc.chip.memory.session?.euiccSignature1?.subarray(3) ?? new Uint8Array();
  return { euicc, info2, full, signature };
};
const prepared = (bppEuiccOtpk?: Uint8Array) => {
  const { euicc, signature } = authenticated();
  const request = { ...offer(signature, bppEuiccOtpk ? { bppEuiccOtpk } : {}), hashCc: new Uint8Array(32) };
  return { euicc, request, full: euicc.execute(encode(PrepareDownloadRequest, request)).octets };
};
/** An installation result of a card, failed or not. */
const installed = (config: Partial<EuiccConfig> = {}, given: Parameters<typeof boundPackage>[1] = {}) => {
  const { euicc, signature } = authenticated(config);
  euicc.execute(encode(PrepareDownloadRequest, offer(signature)));
  return { euicc, full: euicc.execute(boundPackage(euicc.chip.memory.session?.otKey?.point ?? new Uint8Array(), given)).octets };
};

describe('compact authentication', () => {
  it('lets an eIM with an older EUICCInfo2 rebuild what the eUICC signed', () => {
    const { full, euicc } = authenticated();
    const stale = authenticated({ profiles: [{ iccid: ICCID1 }] }).info2;
    const { value } = decode(
      AuthenticateServerResponse,
      compactAuthentication(full, { spec, ctxParams1FromEim: false, withCertificates: true }),
    );
    const compact = value.compactAuthenticateResponseOk;
    const inner = compact?.signedData.compactEuiccSigned1;
    if (!compact || !inner?.ctxParams1) throw new Error('expected the compact form with ctxParams1');
    const known = decode(EUICCInfo2, stale).value;
    expect(known.extCardResource).not.deep.equals(inner.extCardResource);
    const rebuilt = encode(EuiccSigned1, {
      transactionId: TRANSACTION,
      serverAddress: ADDRESS,
      serverChallenge: octets('00112233445566778899AABBCCDDEEFF'),
      euiccInfo2: { ...known, extCardResource: inner.extCardResource },
      ctxParams1: inner.ctxParams1,
    });
    expect(verify(keyOf(euicc), rebuilt, compact.euiccSignature1)).equals(true);
    expect(compact.euiccCertificate).deep.equals(euicc.chip.credentials[0].euiccCertificate);
  });
  it('leaves out certificates and ctxParams1 that the eIM has, and lets errors be', () => {
    const { full } = authenticated();
    const { value } = decode(
      AuthenticateServerResponse,
      compactAuthentication(full, { spec, ctxParams1FromEim: true, withCertificates: false }),
    );
    expect(value.compactAuthenticateResponseOk).to.have.all.keys('signedData', 'euiccSignature1');
    expect(Object.keys(value.compactAuthenticateResponseOk?.signedData.compactEuiccSigned1 ?? {})).deep.equals(['extCardResource']);
    const error = octets('BF3807A105800101020102');
    expect(compactAuthentication(error, { spec, ctxParams1FromEim: true, withCertificates: false })).equals(error);
  });
});

describe('compact download preparation', () => {
  it('lets an eIM rebuild what the eUICC signed, with hashCc and one-time key from either side', () => {
    const { euicc, full, request } = prepared();
    for (const [hashCcFromEim, known] of [
      [true, false],
      [false, false],
      [true, true],
    ] as const) {
      const otpk = euicc.chip.memory.session?.otKey?.point;
      const { value } = decode(
        PrepareDownloadResponse,
        compactPrepareDownload(full, { spec, hashCcFromEim, bppEuiccOtpk: known ? otpk : undefined }),
      );
      const compact = value.compactDownloadResponseOk;
      expect(compact?.compactEuiccSigned2.hashCc === undefined).equals(hashCcFromEim);
      expect(compact?.compactEuiccSigned2.euiccOtpk === undefined).equals(known);
      const euiccOtpk = compact?.compactEuiccSigned2.euiccOtpk ?? otpk ?? new Uint8Array();
      const rebuilt = encode(EUICCSigned2, {
        transactionId: TRANSACTION,
        euiccOtpk,
        hashCc: compact?.compactEuiccSigned2.hashCc ?? request.hashCc,
      });
      expect(
        verify(keyOf(euicc), concat(rebuilt, tlv(0x5f37, request.smdpSignature2)), compact?.euiccSignature2 ?? new Uint8Array()),
      ).equals(true);
    }
  });
  it('keeps a one-time key that is not the one the SM-DP+ named', () => {
    const { full } = prepared(octets(`04${'11'.repeat(64)}`));
    const { value } = decode(
      PrepareDownloadResponse,
      compactPrepareDownload(full, { spec, hashCcFromEim: true, bppEuiccOtpk: octets(`04${'11'.repeat(64)}`) }),
    );
    expect(value.compactDownloadResponseOk?.compactEuiccSigned2.euiccOtpk).to.have.length(65);
  });
});

describe('compact cancellation', () => {
  it('carries the reason unless it follows from the eIM’s own answer', () => {
    const { euicc } = authenticated();
    const full = euicc.execute(encode(CancelSessionRequest, { transactionId: TRANSACTION, reason: 4 })).octets;
    for (const [reasonFromEim, members] of [
      [true, {}],
      [false, { reason: 4 }],
    ] as const) {
      const { value } = decode(CancelSessionResponse, compactCancellation(full, { spec, reasonFromEim }));
      expect(value.compactCancelSessionResponseOk?.compactEuiccCancelSessionSigned).deep.equals(members);
      const rebuilt = encode(EuiccCancelSessionSigned, { transactionId: TRANSACTION, smdpOid: '2.999.10', reason: 4 });
      expect(verify(keyOf(euicc), rebuilt, value.compactCancelSessionResponseOk?.euiccCancelSessionSignature ?? new Uint8Array())).equals(
        true,
      );
    }
  });
});

describe('compact notifications', () => {
  const about = { spec, eid: octets(EID1) } as const;
  const compactResult = (full: Uint8Array) =>
    decode(PendingNotification, compactNotification(full, about)).value.compactProfileInstallationResult;

  it('let an eIM rebuild a successful installation result', () => {
    const { euicc, full } = installed();
    const compact = compactResult(full);
    const data = compact?.compactProfileInstallationResultData;
    expect(data).deep.equals({
      transactionId: TRANSACTION,
      seqNumber: 1,
      compactFinalResult: { compactSuccessResult: { compactAid: octets('0010') } },
    });
    const rebuilt = encode(ProfileInstallationResultData, {
      transactionId: TRANSACTION,
      notificationMetadata: {
        seqNumber: 1,
        profileManagementOperation: ['notificationInstall'],
        notificationAddress: ADDRESS,
        iccid: octets(ICCID3),
      },
      smdpOid: '2.999.10',
      finalResult: { successResult: { aid: octets('A0000005591010FFFFFFFF8900001000'), simaResponse: octets('3007A0053003800100') } },
    });
    expect(verify(keyOf(euicc), rebuilt, compact?.euiccSignPIR ?? new Uint8Array())).equals(true);
  });
  it('say that no ICCID was known when the installation failed early, and carry the error', () => {
    const early = compactResult(installed({}, { transactionId: octets('09') }).full)?.compactProfileInstallationResultData;
    expect(early).to.deep.include({ iccidPresent: false, compactFinalResult: { errorResult: { bppCommandId: 0, errorReason: 3 } } });
    const late = compactResult(installed({}, { metadata: metadata({ profileClass: 9 }) }).full)?.compactProfileInstallationResultData;
    expect(late).not.to.have.property('iccidPresent');
  });
  it('stay full when the AID or the octets are not what the eIM would put back', () => {
    const { full } = installed();
    const otherAid = octets(hex(full).replace('A0000005591010FFFFFFFF89000010', 'A0000005591010FFFFFFFF89010010'));
    expect(compactNotification(otherAid, about)).equals(otherAid);
    const damaged = full.subarray(0, 40);
    expect(compactNotification(damaged, about)).equals(damaged);
  });
  it('of other events leave out the certificates and, since v1.2, name the eUICC', () => {
    const notify = [{ address: 'a.example.com', events: ['enable' as const] }];
    const euicc = testEuicc({ profiles: [{ iccid: ICCID2, notify }] });
    resultsOf(euicc, signedPackage(testEim(), { counter: 1, psmo: [{ enable: { iccid: octets(ICCID2) } }] }));
    const full = euicc.chip.memory.notifications[0]?.octets ?? new Uint8Array();
    const message = decode(PendingNotification, compactNotification(full, about));
    const tbs = fieldOctets(message, 'compactOtherSignedNotification.tbsOtherNotification') ?? new Uint8Array();
    const { compactOtherSignedNotification } = message.value;
    expect(compactOtherSignedNotification?.eidValue).deep.equals(octets(EID1));
    expect(verify(keyOf(euicc), tbs, compactOtherSignedNotification?.euiccNotificationSignature ?? new Uint8Array())).equals(true);
    const older = decode(PendingNotification, compactNotification(full, { ...about, spec: '1.1' }), { spec: '1.1' });
    expect(older.diagnostics).deep.equals([]);
    expect(older.value.compactOtherSignedNotification).not.to.have.property('eidValue');
  });
  it('travel inside other messages unchanged', () => {
    const { full } = installed();
    const compact = compactNotification(full, about);
    expect(hex(encode(PendingNotification, raw(compact)))).equals(hex(compact));
  });
});

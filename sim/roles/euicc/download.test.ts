import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, hex, tlv } from '#protocol/asn1/tlv.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { AuthenticateServerResponse, EuiccSigned1 } from '#protocol/iot/authentication.js';
import { CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import { ImmediateEnableRequest, ImmediateEnableResponse } from '#protocol/iot/es10b.js';
import { ProfileInfoListResponse } from '#protocol/iot/profile.js';
import { AuthenticateServerRequest, GetEuiccChallengeRequest, GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { CancelSessionRequest, PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { ProfileInfoListRequest } from '#protocol/rsp/profile.js';
import { signaturesIn, signedOctets } from '#protocol/signatures.js';
import type { EuiccConfig } from './config.js';
import type { Euicc } from './index.js';
import { signerOf } from './signer.js';
import { call, ICCID1, ICCID2, ICCID3, octets, signedPackage, testEim, testEuicc } from './test-bench.js';
import { ADDRESS, boundPackage, CTX_PARAMS_1, certificate, metadata, offer, proof, TRANSACTION } from './test-server.js';

const challenge = (euicc: Euicc) => call(euicc, GetEuiccChallengeRequest, {}, GetEuiccChallengeResponse).euiccChallenge;
const authenticate = (euicc: Euicc, server: ReturnType<typeof proof>, ciPKId = euicc.chip.credentials[0].ciPKId) =>
  call(euicc, AuthenticateServerRequest, { ...server, euiccCiPKIdToBeUsed: ciPKId, ctxParams1: CTX_PARAMS_1 }, AuthenticateServerResponse);
const prepare = (euicc: Euicc, given: Parameters<typeof offer>[1] = {}, more: object = {}) => {
  const signature = euicc.chip.memory.session?.euiccSignature1?.subarray(3) ?? new Uint8Array(64);
  return call(euicc, PrepareDownloadRequest, { ...offer(signature, given), ...more }, PrepareDownloadResponse);
};
/** An eUICC right before the package: authenticated, prepared. */
const prepared = (config: Partial<EuiccConfig> = {}) => {
  const euicc = testEuicc(config);
  authenticate(euicc, proof(challenge(euicc)));
  const otpk = prepare(euicc).downloadResponseOk?.euiccSigned2.euiccOtpk;
  if (!otpk) throw new Error('expected downloadResponseOk');
  return { euicc, otpk };
};
const install = (euicc: Euicc, bpp: Uint8Array) =>
  decode(ProfileInstallationResult, euicc.execute(bpp).octets).value.profileInstallationResultData;
const failure = (config: Partial<EuiccConfig>, given: Parameters<typeof boundPackage>[1]) => {
  const { euicc, otpk } = prepared(config);
  const { finalResult, notificationMetadata } = install(euicc, boundPackage(otpk, given));
  expect(euicc.chip.memory.profiles.some(p => hex(p.iccid) === ICCID3 && p.profileName === 'Downloaded')).equals(false);
  expect(euicc.chip.memory.notifications.map(n => n.seqNumber)).deep.equals([notificationMetadata.seqNumber]);
  return finalResult.errorResult;
};

describe('AuthenticateServer', () => {
  it('signs the full euiccSigned1 with the certificate it returns', () => {
    const euicc = testEuicc();
    const ok = authenticate(euicc, proof(challenge(euicc))).authenticateResponseOk;
    expect(ok?.euiccSigned1).to.deep.include({ transactionId: TRANSACTION, serverAddress: ADDRESS, ctxParams1: CTX_PARAMS_1 });
    expect(ok?.euiccSigned1.euiccInfo2.iotSpecificInfo).deep.equals({
      iotVersion: [octets('010200')],
      ecallSupported: null,
      fallbackSupported: null,
    });
    expect(ok?.euiccCertificate).deep.equals(euicc.chip.credentials[0].euiccCertificate);
    const signed = ok && encode(EuiccSigned1, ok.euiccSigned1);
    expect(verify(euicc.chip.credentials[0].key, signed ?? new Uint8Array(), ok?.euiccSignature1 ?? new Uint8Array())).equals(true);
  });
  const code = (euicc: Euicc, server: ReturnType<typeof proof>, ciPKId?: Uint8Array) =>
    authenticate(euicc, server, ciPKId).authenticateResponseError;
  it('refuses in the order CI key, certificate, curve, role, signature, session, challenge', () => {
    const fresh = () => {
      const euicc = testEuicc();
      return { euicc, nonce: challenge(euicc) };
    };
    const error = (authenticateErrorCode: number) => ({ transactionId: TRANSACTION, authenticateErrorCode });
    const { euicc, nonce } = fresh();
    expect(code(euicc, proof(nonce, { name: 'S_SM_DPauth_UNKNOWN_CI', key: 'S_SM_DPauth2' }), octets('0102'))).deep.equals(error(7));
    expect(code(euicc, proof(nonce, { name: 'S_SM_DPauth_UNKNOWN_CI', key: 'S_SM_DPauth2' }))).deep.equals(error(1));
    expect(code(euicc, proof(nonce, { name: 'S_SM_DPauth_BAD_SIGNATURE', key: 'S_SM_DPauth2' }))).deep.equals(error(1));
    expect(code(euicc, proof(nonce, { name: 'S_SM_DPpb', key: 'S_SM_DPauth2' }))).deep.equals(error(5));
    expect(code(testEuicc(), proof(nonce, { key: 'S_SM_DPauth2' }))).deep.equals(error(2));
    expect(code(testEuicc(), proof(nonce))).deep.equals(error(4));
    expect(code(euicc, proof(octets('00'.repeat(16))))).deep.equals(error(6));
    expect(code(testEuicc({ breakdowns: ['authenticateServer'] }), proof(nonce))?.authenticateErrorCode).equals(4);
    const broken = testEuicc({ breakdowns: ['authenticateServer'] });
    expect(code(broken, proof(challenge(broken)))).deep.equals(error(127));
  });
  it('refuses a certificate on another curve than that of the CI to be used with unsupportedCurve', () => {
    for (const [config, name] of [
      [{}, 'S_SM_DPauth_BRP'],
      [{ curve: 'both' }, 'S_SM_DPauth_BRP'],
      [{ curve: 'brainpoolP256r1' }, 'S_SM_DSauth'],
      [{}, 'EIM_TLS_CURVE'],
    ] as const) {
      const euicc = testEuicc(config);
      const server = proof(challenge(euicc), { name: 'S_SM_DPauth' });
      const serverCertificate = certificate(`CERT_${name}`);
      expect(code(euicc, { ...server, serverCertificate })?.authenticateErrorCode, name).equals(3);
    }
  });
  it('tells a curve that it does not know from a certificate that is wrong, and a role from both', () => {
    const wrong = (serverCertificate: Uint8Array) => {
      const euicc = testEuicc();
      return code(euicc, { ...proof(challenge(euicc)), serverCertificate })?.authenticateErrorCode;
    };
    const onP192 = octets(hex(certificate('CERT_S_SM_DSauth')).replace('2A8648CE3D030107', '2A8648CE3D030101'));
    expect(wrong(onP192)).equals(3);
    expect(wrong(octets('3003020100'))).equals(1);
    expect(wrong(certificate('CERT_CI'))).equals(5);
    expect(wrong(certificate('CERT_S_SM_DP_TLS'))).equals(5);
    expect(wrong(certificate('CERT_S_SM_DSauth_BAD_SIGNATURE'))).equals(1);
    for (const name of ['S_SM_DPauth', 'S_SM_DSauth']) {
      expect(wrong(certificate(`CERT_${name}_KEY_USAGE`)), name).equals(1);
      expect(wrong(certificate(`CERT_${name}_CURVE`)), name).equals(3);
      expect(wrong(certificate(`CERT_${name}_NO_POLICY`)), name).equals(5);
    }
  });
  it('takes either curve on an eUICC that has both', () => {
    const euicc = testEuicc({ curve: 'both' });
    const second = euicc.chip.credentials[1]?.ciPKId;
    expect(authenticate(euicc, proof(challenge(euicc), { name: 'S_SM_DPauth_BRP' }), second).authenticateResponseOk).not.equals(undefined);
    expect(authenticate(euicc, proof(challenge(euicc))).authenticateResponseOk).not.equals(undefined);
  });
  it('does not look at the time, and takes an SM-DS as well', () => {
    const euicc = testEuicc();
    expect(authenticate(euicc, proof(challenge(euicc), { name: 'S_SM_DPauth_EXPIRED' })).authenticateResponseOk).not.equals(undefined);
    expect(authenticate(euicc, proof(challenge(euicc), { name: 'S_SM_DSauth' })).authenticateResponseOk).not.equals(undefined);
  });
  it('uses a challenge once', () => {
    const euicc = testEuicc();
    const server = proof(challenge(euicc));
    authenticate(euicc, server);
    expect(code(euicc, server)?.authenticateErrorCode).equals(4);
  });
});

describe('PrepareDownload', () => {
  it('signs its one-time key and hashCc over the SM-DP+ signature', () => {
    const euicc = testEuicc();
    authenticate(euicc, proof(challenge(euicc)));
    const hash = hashCc('12345', TRANSACTION);
    const { octets: data } = euicc.execute(
      encode(PrepareDownloadRequest, {
        ...offer(euicc.chip.memory.session?.euiccSignature1?.subarray(3) ?? new Uint8Array()),
        hashCc: hash,
      }),
    );
    const message = decode(PrepareDownloadResponse, data);
    expect(message.value.downloadResponseOk?.euiccSigned2.hashCc).deep.equals(hash);
    const site = signaturesIn(message)[0];
    if (!site) throw new Error('expected a signature');
    const covered = signedOctets(message, site, signerOf(euicc).context(message));
    expect(
      'octets' in covered &&
        verify(euicc.chip.credentials[0].key, covered.octets, data.subarray(site.signature.content, site.signature.end)),
    ).equals(true);
    expect(signerOf(euicc).key(message, site)).equals(euicc.chip.credentials[0].key);
  });
  it('refuses in the order session, certificate, signature, transaction', () => {
    const code = (euicc: Euicc, given: Parameters<typeof offer>[1], more?: object) =>
      prepare(euicc, given, more).downloadResponseError?.downloadErrorCode;
    const ready = (config: Partial<EuiccConfig> = {}) => {
      const euicc = testEuicc(config);
      authenticate(euicc, proof(challenge(euicc)));
      return euicc;
    };
    expect(code(testEuicc(), { name: 'S_SM_DPpb2' })).equals(4);
    expect(code(ready(), { name: 'S_SM_DPauth' })).equals(1);
    expect(code(ready(), { name: 'S_SM_DPpb2', transactionId: octets('09') }), 'another SM-DP+').equals(1);
    const brainpool = certificate('CERT_S_SM_DPpb_BRP');
    expect(code(ready({ curve: 'both' }), {}, { smdpCertificate: brainpool }), 'another CI').equals(1);
    expect(code(ready(), {}, { smdpCertificate: brainpool }), 'no curve of this eUICC').equals(3);
    expect(code(ready(), { transactionId: octets('09') }, { smdpSignature2: new Uint8Array(64) })).equals(2);
    expect(code(ready(), { transactionId: octets('09') })).equals(5);
    expect(code(ready({ breakdowns: ['prepareDownload'] }), {})).equals(127);
  });
  it('makes a new one-time key although its former one is named, where it cannot use it again', () => {
    const { euicc, otpk } = prepared({ supports: { otpkReuse: false } });
    authenticate(euicc, proof(challenge(euicc)));
    const again = prepare(euicc, { bppEuiccOtpk: otpk }).downloadResponseOk?.euiccSigned2.euiccOtpk;
    expect(again).to.have.length(65);
    expect(again).not.deep.equals(otpk);
  });

  it('keeps the one-time key for a repeated download that names it', () => {
    const { euicc, otpk } = prepared();
    authenticate(euicc, proof(challenge(euicc)));
    expect(prepare(euicc, { bppEuiccOtpk: otpk }).downloadResponseOk?.euiccSigned2.euiccOtpk).deep.equals(otpk);
    authenticate(euicc, proof(challenge(euicc)));
    expect(prepare(euicc).downloadResponseOk?.euiccSigned2.euiccOtpk).not.deep.equals(otpk);
  });
});

describe('LoadBoundProfilePackage', () => {
  const notify = {
    notificationConfigurationInfo: [
      { profileManagementOperation: ['notificationInstall', 'notificationDelete'], notificationAddress: 'n.example.com' },
    ],
  };

  it('installs segment by segment, answers only the last, and tells the configured receivers', () => {
    const { euicc, otpk } = prepared({ profiles: [{ iccid: ICCID1, state: 'enabled' }] });
    const segments = splitSegments(boundPackage(otpk, { metadata: metadata(notify) })) ?? [];
    const answers = segments.map(segment => euicc.execute(segment));
    expect(answers.slice(0, -1).every(({ sw, octets: data }) => sw === '9000' && data.length === 0)).equals(true);
    const last = answers.at(-1)?.octets ?? new Uint8Array();
    const message = decode(ProfileInstallationResult, last);
    expect(message.value.profileInstallationResultData).deep.equals({
      transactionId: TRANSACTION,
      notificationMetadata: {
        seqNumber: 1,
        profileManagementOperation: ['notificationInstall'],
        notificationAddress: ADDRESS,
        iccid: octets(ICCID3),
      },
      smdpOid: '2.999.10',
      finalResult: { successResult: { aid: octets('A0000005591010FFFFFFFF8900001100'), simaResponse: octets('3007A0053003800100') } },
    });
    const site = signaturesIn(message)[0];
    const covered = site && signedOctets(message, site, {});
    expect(
      site &&
        covered &&
        'octets' in covered &&
        verify(euicc.chip.credentials[0].key, covered.octets, last.subarray(site.signature.content, site.signature.end)),
    ).equals(true);
    expect(euicc.chip.memory.notifications.map(n => [n.seqNumber, n.event, n.address])).deep.equals([
      [1, 'install', ADDRESS],
      [2, 'install', 'n.example.com'],
    ]);
    expect(euicc.chip.memory.profiles.map(p => [hex(p.iccid), p.state])).deep.equals([
      [ICCID1, 'enabled'],
      [ICCID3, 'disabled'],
    ]);
  });
  it('installs a whole package, on brainpoolP256r1 too', () => {
    const euicc = testEuicc({ curve: 'brainpoolP256r1' });
    authenticate(euicc, proof(challenge(euicc), { name: 'S_SM_DPauth_BRP' }));
    const otpk = prepare(euicc, { name: 'S_SM_DPpb_BRP' }).downloadResponseOk?.euiccSigned2.euiccOtpk ?? new Uint8Array();
    expect(install(euicc, boundPackage(otpk, { brainpool: true })).finalResult.successResult).not.equals(undefined);
  });
  it('says at which command and why it did not install', () => {
    expect(failure({}, { transactionId: octets('09') })).deep.equals({ bppCommandId: 0, errorReason: 3 });
    expect(failure({ profiles: [{ iccid: ICCID3 }] }, {})).deep.equals({ bppCommandId: 2, errorReason: 9 });
    expect(failure({}, { metadata: metadata({ profileClass: 7 }) })).deep.equals({ bppCommandId: 2, errorReason: 6 });
    expect(failure({}, { metadata: metadata({ iconType: 1 }) })).deep.equals({ bppCommandId: 2, errorReason: 1 });
    expect(failure({}, { metadata: metadata({ profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: octets('62F210') } }) })).deep.equals({
      bppCommandId: 2,
      errorReason: 15,
    });
    expect(failure({ memoryFull: true }, {})).deep.equals({ bppCommandId: 5, errorReason: 10 });
    expect(failure({}, { upp: octets('A000A000') })).deep.equals({ bppCommandId: 5, errorReason: 12 });
    expect(failure({ breakdowns: ['loadProfileElements'] }, {})).deep.equals({ bppCommandId: 5, errorReason: 127 });
  });
  it('refuses a package with a wrong MAC, and one that is cut short', () => {
    const damaged = (edit: (bpp: Uint8Array) => Uint8Array) => {
      const { euicc, otpk } = prepared();
      return install(euicc, edit(boundPackage(otpk))).finalResult.errorResult;
    };
    expect(damaged(bpp => Uint8Array.from(bpp, (octet, n) => (n === bpp.length - 1 ? octet ^ 1 : octet)))).deep.equals({
      bppCommandId: 5,
      errorReason: 8,
    });
    expect(damaged(() => tlv(0xbf36))).deep.equals({ bppCommandId: 0, errorReason: 1 });
  });
  it('tells of an installation that a reset cut off, leaves no profile, and can repeat it with the same key', () => {
    const { euicc, otpk } = prepared();
    const segments = splitSegments(boundPackage(otpk)) ?? [];
    for (const segment of segments.slice(0, -1)) euicc.execute(segment);
    euicc.reset();
    const [told] = euicc.chip.memory.notifications;
    const { value } = decode(ProfileInstallationResult, told?.octets ?? new Uint8Array());
    expect(value.profileInstallationResultData.finalResult.errorResult).deep.equals({ bppCommandId: 5, errorReason: 11 });
    expect(euicc.chip.memory.profiles).deep.equals([]);
    authenticate(euicc, proof(challenge(euicc)));
    expect(prepare(euicc, { bppEuiccOtpk: otpk }).downloadResponseOk?.euiccSigned2.euiccOtpk).deep.equals(otpk);
  });
  it('a reset before the package leaves nothing to tell', () => {
    const { euicc, otpk } = prepared();
    euicc.powerLoss();
    expect(euicc.chip.memory.notifications).deep.equals([]);
    expect(euicc.execute(boundPackage(otpk)).sw).equals('6985');
  });
  it('a reset after an installation leaves its result alone', () => {
    const { euicc, otpk } = prepared();
    install(euicc, boundPackage(otpk));
    euicc.reset();
    expect(euicc.chip.memory.notifications).to.have.length(1);
  });
  it('returns every member of the metadata, also of two blocks, and what ConfigureISDP brought', () => {
    const { euicc, otpk } = prepared();
    const icon = new Uint8Array(1000).fill(7);
    const long = metadata({ iconType: 1, icon, ecallIndication: true, fallbackAllowed: true, ...notify });
    expect(install(euicc, boundPackage(otpk, { metadata: long })).finalResult.successResult).not.equals(undefined);
    const tagList = octets('939495B69F7B9F67');
    const listed = call(euicc, ProfileInfoListRequest, { tagList }, ProfileInfoListResponse).profileInfoListOk;
    expect(listed).deep.equals([{ iconType: 1, icon, profileClass: 2, ...notify, ecallIndication: true, fallbackAllowed: true }]);
  });
  it('wants a session that prepared the download, and takes one package only', () => {
    expect(testEuicc().execute(tlv(0xbf36))).to.include({ sw: '6985' });
    const { euicc, otpk } = prepared();
    const bpp = boundPackage(otpk);
    install(euicc, bpp);
    expect(euicc.execute(bpp)).to.include({ sw: '6985' });
  });
  it('installs a profile with rules that the RAT allows', () => {
    const { euicc, otpk } = prepared({ rat: [{ ppr: ['ppr1'], operators: [{ mccMnc: '62FEEE' }] }] });
    const rules = metadata({ profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: octets('62F210') } });
    expect(install(euicc, boundPackage(otpk, { metadata: rules })).finalResult.successResult).not.equals(undefined);
    expect(euicc.chip.memory.profiles[0]?.policyRules).deep.equals(['ppr1']);
  });
});

describe('ImmediateEnable', () => {
  const enable = (euicc: Euicc) =>
    call(euicc, ImmediateEnableRequest, { refreshFlag: true }, ImmediateEnableResponse).immediateEnableResult;
  const downloaded = (config: Partial<EuiccConfig>) => {
    const { euicc, otpk } = prepared({ profiles: [{ iccid: ICCID1, state: 'enabled' }], ...config });
    install(euicc, boundPackage(otpk));
    return euicc;
  };
  const immediateEnable = { flag: true, smdpAddress: ADDRESS };
  it('does not end an emergency, and needs an eUICC that knows it', () => {
    const profiles = [{ iccid: ICCID1, state: 'enabled', ecall: true }] as const;
    expect(enable(downloaded({ immediateEnable, profiles }))).equals(127);
    expect(enable(downloaded({ immediateEnable, supports: { immediateEnable: false } }))).equals(1);
  });
  it('enables the profile of this session when configuration and server agree, once', () => {
    for (const configuration of [immediateEnable, { flag: true, smdpOid: '2.999.10' }]) {
      const euicc = downloaded({ immediateEnable: configuration });
      expect(enable(euicc)).equals(0);
      expect(euicc.state).to.deep.include({ enabledProfile: octets(ICCID3) });
      expect(enable(euicc)).equals(4);
    }
  });
  it('takes back the permission of a rollback', () => {
    const profiles = [{ iccid: ICCID1, state: 'enabled' as const }, { iccid: ICCID2 }];
    const euicc = testEuicc({ profiles, immediateEnable });
    const psmo = [{ enable: { iccid: octets(ICCID2), rollbackFlag: null } }];
    euicc.execute(signedPackage(testEim(), { counter: 1, psmo }));
    expect(euicc.state).to.include({ rollbackGranted: true });
    authenticate(euicc, proof(challenge(euicc)));
    install(euicc, boundPackage(prepare(euicc).downloadResponseOk?.euiccSigned2.euiccOtpk ?? new Uint8Array()));
    expect(enable(euicc)).equals(0);
    expect(euicc.state).to.include({ rollbackGranted: false });
  });
  it('needs the session that installed the profile: none after a reset', () => {
    const euicc = downloaded({ immediateEnable });
    euicc.reset();
    expect(enable(euicc)).equals(4);
  });
  it('answers every other case with its code', () => {
    expect(enable(testEuicc({ immediateEnable }))).equals(4);
    for (const configuration of [
      {},
      { flag: true },
      { ...immediateEnable, flag: false },
      { flag: true, smdpAddress: 'other' },
      { ...immediateEnable, smdpOid: '2.999.12' },
    ])
      expect(enable(downloaded({ immediateEnable: configuration })), JSON.stringify(configuration)).equals(1);
    expect(enable(downloaded({ immediateEnable, catBusy: true }))).equals(5);
    expect(enable(downloaded({ immediateEnable, profiles: [{ iccid: ICCID1, state: 'enabled', ppr: ['ppr1'] }] }))).equals(127);
  });
});

describe('CancelSession', () => {
  const cancel = (euicc: Euicc, transactionId = TRANSACTION) =>
    call(euicc, CancelSessionRequest, { transactionId, reason: 3 }, CancelSessionResponse);
  it('signs the reason for the server of the session, and ends the session', () => {
    const { euicc } = prepared();
    const ok = cancel(euicc).cancelSessionResponseOk;
    expect(ok?.euiccCancelSessionSigned).deep.equals({ transactionId: TRANSACTION, smdpOid: '2.999.10', reason: 3 });
    expect(cancel(euicc)).deep.equals({ cancelSessionResponseError: 5 });
    expect(euicc.execute(concat(octets('BF3600'))).sw).equals('6985');
  });
  it('knows no other session, and none after an installation result', () => {
    const { euicc, otpk } = prepared();
    expect(cancel(euicc, octets('09'))).deep.equals({ cancelSessionResponseError: 5 });
    install(euicc, boundPackage(otpk));
    expect(cancel(euicc)).deep.equals({ cancelSessionResponseError: 5 });
    expect(cancel(prepared({ breakdowns: ['cancelSession'] }).euicc)).deep.equals({ cancelSessionResponseError: 127 });
  });
});

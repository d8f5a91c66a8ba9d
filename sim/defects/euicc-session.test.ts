import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { AuthenticateServerResponse } from '#protocol/iot/authentication.js';
import { CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import { CancelSessionRequest } from '#protocol/rsp/download.js';
import { certificate, type offer, proof, TRANSACTION } from '../roles/euicc/test-server.js';
import { contentAt } from './edits.js';
import { euiccAuthenticationDefects, euiccCancellationDefects, euiccPreparationDefects } from './euicc-session.js';
import { authenticate, challengeOf, isSigned, type Make, octets, openSession, prepare, prove, type Watch } from './euicc-test-bench.js';

/** The answer to a server with another certificate, another key, another proof. */
const server =
  (given: Parameters<typeof proof>[1], change: object = {}, config: Parameters<Make>[0] = {}): Watch =>
  make => {
    const euicc = make(config);
    return authenticate(euicc, { ...proof(challengeOf(euicc), given), ...change }).text;
  };
/** A member of euiccSigned1. */
const signed1 =
  (path: string): Watch =>
  make =>
    hex(contentAt(openSession(make()).answer, `A0 30 ${path}`) ?? octets(''));

prove('defects of an eUICC in AuthenticateServer', euiccAuthenticationDefects, [
  ['ignoresServerCertificate', server({ name: 'S_SM_DPauth_BAD_SIGNATURE', key: 'S_SM_DPauth' }), 'error 1', 'ok'],
  ['ignoresServerRole', server({ name: 'S_SM_DPpb' }), 'error 5', 'ok'],
  ['ignoresServerSignature', server({ key: 'S_SM_DPauth2' }), 'error 2', 'ok'],
  [
    'ignoresServerCiPKId',
    make => {
      const euicc = make();
      return authenticate(euicc, proof(challengeOf(euicc)), octets('0102')).text;
    },
    'error 7',
    'ok',
  ],
  [
    'ignoresChallenge',
    make => {
      const euicc = make();
      const stale = challengeOf(euicc);
      challengeOf(euicc);
      return authenticate(euicc, proof(stale)).text;
    },
    'error 6',
    'ok',
  ],
  ['needsNoChallenge', make => authenticate(make(), proof(new Uint8Array(16))).text, 'error 4', 'ok'],
  [
    'takesChallengeTwice',
    make => {
      const euicc = make();
      const same = proof(challengeOf(euicc));
      authenticate(euicc, same);
      return authenticate(euicc, same).text;
    },
    'error 4',
    'ok',
  ],
  [
    'goesOnAfterChallenge',
    make => {
      const euicc = make();
      openSession(euicc);
      challengeOf(euicc);
      return prepare(euicc).text;
    },
    'error 4',
    'ok',
  ],
  ['knowsRolesOfV2Only', server({ name: 'S_SM_DPauth_V3_ROLE', key: 'S_SM_DPauth' }), 'ok', 'error 5'],
  ['takesNoSmds', server({ name: 'S_SM_DSauth' }), 'ok', 'error 5'],
  ['answersInvalidCertificateToRole', server({ name: 'S_SM_DPpb' }), 'error 5', 'error 1'],
  ['answersInvalidCertificateToCurve', server({}, { serverCertificate: certificate('CERT_EIM_TLS_CURVE') }), 'error 3', 'error 1'],
  ['answersOidToInvalidCertificate', server({ name: 'S_SM_DSauth_BAD_SIGNATURE', key: 'S_SM_DSauth' }), 'error 1', 'error 5'],
  ['spoilsSignature1', make => signed(make, euicc => openSession(euicc).answer, AuthenticateServerResponse), '1 of 1', '0 of 1'],
  ['altersServerChallenge', signed1('84'), '00112233445566778899AABBCCDDEEFF', '00112233445566778899AABBCCDDEEFE'],
  ['altersServerAddress', signed1('83'), '74657374736D6470706C7573312E6578616D706C652E636F6D', '61'],
  ['altersTransactionId', signed1('80'), '0102030405060708', '0102030405060709'],
  ['dropsMatchingId', signed1('A0 80'), '4D', ''],
  ['signsInfoWithoutIot', signed1('BF22 B4'), 'A005040301020081008200', ''],
  [
    'sendsEumCertificateFirst',
    make => {
      const euicc = make();
      return `${hex(openSession(euicc).answer).endsWith(hex(euicc.chip.credentials[0].eumCertificate))}`;
    },
    'true',
    'false',
  ],
]);

/** Which signatures in an answer verify, in the session that led to it. */
const signed = (make: Make, answer: (euicc: ReturnType<Make>) => Uint8Array, type: Parameters<typeof isSigned>[1]): string => {
  const euicc = make();
  const message = answer(euicc);
  return isSigned(euicc, type, message, { smdpSignature2: euicc.chip.memory.session?.smdpSignature2 });
};
const prepared =
  (given: Parameters<typeof offer>[1] = {}, more: object = {}, config: Parameters<Make>[0] = {}): Watch =>
  make => {
    const euicc = make(config);
    openSession(euicc);
    return prepare(euicc, given, more).text;
  };
const preparing = (euicc: ReturnType<Make>): Uint8Array => {
  openSession(euicc);
  return prepare(euicc).answer;
};
const signed2 =
  (path: string): Watch =>
  make =>
    hex(contentAt(preparing(make()), `A0 30 ${path}`) ?? octets(''));

prove('defects of an eUICC in PrepareDownload', euiccPreparationDefects, [
  ['ignoresSmdpSignature2', prepared({}, { smdpSignature2: new Uint8Array(64) }), 'error 2', 'ok'],
  ['ignoresTransactionIdOfDownload', prepared({ transactionId: octets('09') }), 'error 5', 'ok'],
  ['ignoresOidOfPb', prepared({ name: 'S_SM_DPpb2' }), 'error 1', 'ok'],
  ['ignoresRoleOfPb', prepared({ name: 'S_SM_DPauth' }), 'error 1', 'ok'],
  ['ignoresIssuerOfPb', prepared({ name: 'S_SM_DPpb_BRP' }, {}, { curve: 'both' }), 'error 1', 'ok'],
  ['ignoresCertificateOfPb', prepared({}, { smdpCertificate: certificate('CERT_S_SM_DPpb_BAD_SIGNATURE') }), 'error 1', 'ok'],
  ['answersSignatureToWrongPb', prepared({ name: 'S_SM_DPpb2' }), 'error 1', 'error 2'],
  ['answersInvalidCertificateToPbCurve', prepared({ name: 'S_SM_DPpb_BRP' }), 'error 3', 'error 1'],
  ['spoilsSignature2', make => signed(make, preparing, PrepareDownloadResponse), '1 of 1', '0 of 1'],
  ['signsDownloadAlone', make => signed(make, preparing, PrepareDownloadResponse), '1 of 1', '0 of 1'],
  ['compressesOneTimeKey', make => `${signed2('5F49')(make).length / 2}`, '65', '33'],
  [
    'dropsHashCc',
    make => {
      const euicc = make();
      openSession(euicc);
      return hex(contentAt(prepare(euicc, {}, { hashCc: new Uint8Array(32).fill(7) }).answer, 'A0 30 04') ?? octets(''));
    },
    '07'.repeat(32),
    '',
  ],
  [
    'keepsOneOneTimeKey',
    make => {
      const euicc = make();
      const [first, second] = [preparing(euicc), preparing(euicc)].map(answer => hex(contentAt(answer, 'A0 30 5F49') ?? octets('')));
      return first === second ? 'the same' : 'another';
    },
    'another',
    'the same',
  ],
  [
    'forgetsOneTimeKey',
    make => {
      const euicc = make();
      const first = contentAt(preparing(euicc), 'A0 30 5F49') ?? octets('');
      openSession(euicc);
      return hex(contentAt(prepare(euicc, { bppEuiccOtpk: first }).answer, 'A0 30 5F49') ?? octets('')) === hex(first)
        ? 'the same'
        : 'another';
    },
    'the same',
    'another',
  ],
  ['answersOtherCodeToNoSession', make => prepare(make()).text, 'error 4', 'error 127'],
  ['altersPreparedTransactionId', signed2('80'), '0102030405060708', '0102030405060709'],
]);

const cancel = (euicc: ReturnType<Make>, transactionId = TRANSACTION) =>
  euicc.execute(encode(CancelSessionRequest, { transactionId, reason: 3 })).octets;
const cancelling = (euicc: ReturnType<Make>): Uint8Array => {
  openSession(euicc);
  return cancel(euicc);
};
const cancelled =
  (path: string): Watch =>
  make =>
    hex(contentAt(cancelling(make()), path) ?? octets(''));

prove('defects of an eUICC in CancelSession', euiccCancellationDefects, [
  ['signsOtherReason', cancelled('A0 30 82'), '03', '7F'],
  ['signsOtherServer', cancelled('A0 30 81'), '88370A', '883763'],
  ['spoilsCancelSignature', make => signed(make, cancelling, CancelSessionResponse), '1 of 1', '0 of 1'],
  [
    'cancelsAnySession',
    make => {
      const euicc = make();
      openSession(euicc);
      return hex(cancel(euicc, octets('09'))).slice(0, 8);
    },
    'BF410381',
    'BF4152A0',
  ],
  [
    'answersOtherCodeToWrongCancellation',
    make => {
      const euicc = make();
      openSession(euicc);
      return hex(cancel(euicc, octets('09')));
    },
    'BF4103810105',
    'BF410381017F',
  ],
  [
    'keepsCancelledSession',
    make => {
      const euicc = make();
      cancelling(euicc);
      return hex(cancel(euicc)).slice(0, 8);
    },
    'BF410381',
    'BF4159A0',
  ],
]);

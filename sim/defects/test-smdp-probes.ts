/** Conversations with an SM-DP+ whose outcomes, as texts, show what a deviation changes; for the tests of the deviations. */
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { concat, equal, hex } from '#protocol/asn1/tlv.js';
import { openProfile } from '#protocol/bpp/receive.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { AuthenticateClientResponseEs9, GetBoundProfilePackageResponse, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import { verifyChain } from '#protocol/x509/verify.js';
import { codeText } from '../bindings/status-codes.js';
import type { Received } from '../role.js';
import {
  ADDRESS,
  authenticate,
  cancel,
  ciKeyId,
  EID1,
  EID2,
  euiccInfo2,
  initiate,
  installed,
  octets,
  oneTimeKey,
  prepare,
  testWorld,
} from '../roles/rsp-server/test-euicc.js';
import type { ProfileConfig } from '../roles/smdp/config.js';
import type { Smdp } from '../roles/smdp/index.js';
import { MATCHING_ID } from '../roles/smdp/test-smdp.js';

/** Makes the SM-DP+ that is probed, with one order. */
export type Maker = (order?: Partial<ProfileConfig>) => Smdp;

/** `ok`, or the status code of the refusal. */
const codeOf = async (smdp: Smdp, request: Received): Promise<string> => {
  const answer = await smdp.react(request);
  return answer?.status ? codeText(answer.status) : 'ok';
};
const answerOf = async (smdp: Smdp, request: Received): Promise<Uint8Array> => (await smdp.react(request))?.octets ?? new Uint8Array();
const session = (smdp: Smdp) => answerOf(smdp, initiate());
const proof = async (smdp: Smdp, over: Parameters<typeof authenticate>[1] = {}) =>
  authenticate(await session(smdp), { matchingId: MATCHING_ID, ...over });
const offer = async (smdp: Smdp, over: Parameters<typeof authenticate>[1] = {}) => answerOf(smdp, await proof(smdp, over));

const { pki } = testWorld();
const der = (name: string): Uint8Array => pki.certificate(name) ?? new Uint8Array();
const named = async (checks: Readonly<Record<string, string | Promise<string>>>): Promise<string> =>
  (await Promise.all(Object.entries(checks).map(async ([name, value]) => `${name}: ${await value}`))).join('; ');

/** What an eUICC and an IPA would object to in the proof of a server. */
const objections = (answer: Uint8Array): string => {
  const message = decode(InitiateAuthenticationResponse, answer);
  const ok = message.value.initiateAuthenticationOk;
  if (!ok) return 'refused';
  const signed = ok.serverSigned1;
  const chain = verifyChain({
    leaf: ok.serverCertificate,
    intermediates: [],
    anchors: [der('CERT_CI')],
    at: testWorld().now(),
    role: 'dp-auth',
  });
  const key = chain.ok ? chain.chain[0]?.publicKey : undefined;
  const found = [
    ...(chain.ok ? [] : [`certificate ${chain.code}`]),
    ...(key && !verify(key, fieldOctets(message, 'initiateAuthenticationOk.serverSigned1') ?? octets(''), ok.serverSignature1)
      ? ['signature']
      : []),
    ...(equal(ok.transactionId, signed.transactionId) ? [] : ['transactionId beside']),
    ...(hex(signed.euiccChallenge) === '000102030405060708090A0B0C0D0E0F' ? [] : ['euiccChallenge']),
    ...(signed.serverAddress === ADDRESS ? [] : ['serverAddress']),
    ...(equal(ok.euiccCiPKIdToBeUsed, ciKeyId()) ? [] : ['euiccCiPKIdToBeUsed']),
  ];
  return found.join(', ') || 'none';
};

/** Opening sessions: what is refused, and what an eUICC objects to. */
export const initiation = async (make: Maker): Promise<string> => {
  const smdp = make();
  const [first, second] = [await session(smdp), await session(smdp)].map(
    a => decode(InitiateAuthenticationResponse, a).value.initiateAuthenticationOk,
  );
  const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined) => (a && b && equal(a, b) ? 'repeated' : 'fresh');
  const other = initiate();
  const changed = {
    ...other,
    message: decode(
      other.type,
      other.message.octets.map((o, i) => (i === 9 ? o ^ 1 : o)),
    ),
  };
  return named({
    objections: session(smdp).then(objections),
    transactionId: isSame(first?.transactionId, second?.transactionId),
    length: String(first?.transactionId.length),
    challenge: isSame(first?.serverSigned1.serverChallenge, second?.serverSigned1.serverChallenge),
    'other euiccChallenge': answerOf(smdp, changed).then(objections),
    address: codeOf(smdp, initiate({ address: 'other.example.com' })),
    'address in capitals': codeOf(smdp, initiate({ address: ADDRESS.toUpperCase() })),
    'unknown CI': codeOf(smdp, initiate({ signing: [octets('0011')] })),
    'no CI to verify': codeOf(smdp, initiate({ verification: [octets('0011')] })),
    'svn 2.1': codeOf(smdp, initiate({ svn: '020100' })),
    'svn 2.2.1': codeOf(smdp, initiate({ svn: '020201' })),
    'svn 255': codeOf(smdp, initiate({ svn: 'FF0000' })),
  });
};

/** Judging eUICCs. */
export const trust = async (make: Maker): Promise<string> => {
  const refusal = async (over: Parameters<typeof authenticate>[1]) => {
    const smdp = make();
    return codeOf(smdp, await proof(smdp, over));
  };
  const twoAtOnce = async () => {
    const smdp = make();
    const first = await proof(smdp);
    await session(smdp);
    return codeOf(smdp, first);
  };
  return named({
    correct: refusal({}),
    'EUM forged': refusal({ eum: 'CERT_EUM_BAD_SIGNATURE' }),
    'EUM expired': refusal({ eum: 'CERT_EUM_EXPIRED' }),
    'eUICC forged': refusal({ euicc: 'CERT_EUICC_BAD_SIGNATURE' }),
    'eUICC expired': refusal({ euicc: 'CERT_EUICC_EXPIRED' }),
    'EID out of range': refusal({ euicc: 'CERT_EUICC_OTHER_EID' }),
    'unknown CI': refusal({ euicc: 'CERT_EUICC_UNKNOWN_CI', eum: 'CERT_EUM_UNKNOWN_CI' }),
    signature: refusal({ spoil: true }),
    challenge: refusal({ serverChallenge: octets('00'.repeat(16)) }),
    'unknown transaction': refusal({ outer: octets('0102') }),
    'other transaction inside': refusal({ inner: octets('0102') }),
    'known info only': refusal({ info: { ...euiccInfo2, $unknown: [] } }),
    'two at once': twoAtOnce(),
  });
};

/** Handing out orders. */
export const orders = async (make: Maker): Promise<string> => {
  const refusal = async (order: Partial<ProfileConfig>, over: Parameters<typeof authenticate>[1] = {}) => {
    const smdp = make(order);
    return codeOf(smdp, await proof(smdp, over));
  };
  const again = async () => {
    const smdp = make();
    await codeOf(smdp, await proof(smdp, { matchingId: 'XXXX' }));
    return codeOf(smdp, await proof(smdp));
  };
  const tooOften = async () => {
    const smdp = make({ retries: 0 });
    await offer(smdp);
    return codeOf(smdp, await proof(smdp));
  };
  const twoEuiccs = async () => {
    const smdp = make();
    await smdp.react(prepare(await offer(smdp)));
    return codeOf(smdp, await proof(smdp, { euicc: 'CERT_EUICC2' }));
  };
  return named({
    'unknown MatchingID': refusal({}, { matchingId: 'XXXX' }),
    'and then the right one': again(),
    'no MatchingID': refusal({ eid: EID1 }, { matchingId: undefined }),
    'other EID': refusal({ eid: EID2 }),
    unreleased: refusal({ state: 'confirmed' }),
    expired: refusal({ expired: true }),
    'too many downloads': tooOften(),
    'second eUICC': twoEuiccs(),
    ineligible: refusal({ requires: ['suciCalculatorApi'] }),
  });
};

const offerObjections = (answer: Uint8Array, request: Received): string => {
  const message = decode(AuthenticateClientResponseEs9, answer);
  const ok = message.value.authenticateClientOk;
  if (!ok) return 'refused';
  const euiccSignature1 = fieldOctets(request.message, 'authenticateServerResponse.authenticateResponseOk.euiccSignature1') ?? octets('');
  const key = pki.publicKey('CERT_S_SM_DPpb');
  const signed = concat(fieldOctets(message, 'authenticateClientOk.smdpSigned2') ?? octets(''), euiccSignature1);
  const found = [
    ...(key && verify(key, signed, ok.smdpSignature2) ? [] : ['signature']),
    ...(ok.profileMetaData.$unknown ? ['IoT metadata'] : []),
    ...(equal(ok.transactionId, ok.smdpSigned2.transactionId) ? [] : ['transactionId']),
    ...(ok.smdpSigned2.ccRequiredFlag ? ['code'] : []),
    ...(ok.smdpSigned2.bppEuiccOtpk ? [equal(ok.smdpSigned2.bppEuiccOtpk, oneTimeKey().point) ? 'former otpk' : 'other otpk'] : []),
    `${ok.profileMetaData.profileName} ${hex(ok.profileMetaData.iccid)}`,
  ];
  return found.join(', ');
};

/** Offers, without and with a Confirmation Code and after a download. */
export const offers = async (make: Maker): Promise<string> => {
  const judged = async (smdp: Smdp) => {
    const request = await proof(smdp);
    return offerObjections(await answerOf(smdp, request), request);
  };
  const repeated = make();
  await answerOf(repeated, prepare(await offer(repeated)));
  return named({
    offer: judged(make()),
    'with a code': judged(make({ confirmationCode: '12345' })),
    'of the IoT': judged(make({ metadata: { profileName: 'Operational Profile 1', fallbackAllowed: true } })),
    repeated: judged(repeated),
  });
};

/** What an eUICC makes of a package. */
const installation = (answer: Uint8Array, number = 1): string => {
  const message = decode(GetBoundProfilePackageResponse, answer);
  const ok = message.value.getBoundProfilePackageOk;
  const bpp = fieldOctets(message, 'getBoundProfilePackageOk.boundProfilePackage');
  const dpPbKey = pki.publicKey('CERT_S_SM_DPpb');
  if (!bpp || !ok || !dpPbKey) return 'refused';
  const { transactionId } = ok;
  const result = openProfile(bpp, { euiccOtKey: oneTimeKey(number), dpPbKey, transactionId, eid: octets(EID1) });
  if (!result.ok) return result.reason;
  const { sequenceOf88, sequenceOf86 } = ok.boundProfilePackage;
  const name = Buffer.from(result.metadata).includes('Operational Profile 1') ? 'its own' : 'other';
  return `installed, ${name} metadata of ${result.metadata.length} octets in ${sequenceOf88.length}, profile in ${sequenceOf86.length}${result.ppk ? ', random keys' : ''}`;
};

const oneTimeKeys = (...answers: readonly Uint8Array[]): string => {
  const keys = answers.map(answer => {
    const bpp = decode(GetBoundProfilePackageResponse, answer).value.getBoundProfilePackageOk?.boundProfilePackage;
    return bpp && hex(bpp.initialiseSecureChannelRequest.smdpOtpk);
  });
  return new Set(keys).size === keys.length ? 'fresh' : 'repeated';
};

/** Packages, repeated downloads and Confirmation Codes. */
export const packages = async (make: Maker): Promise<string> => {
  const smdp = make();
  const first = await answerOf(smdp, prepare(await offer(smdp)));
  const long = make({ metadata: { iconType: 'png', icon: '5A'.repeat(1024) } });
  const random = make({ ppk: true });
  const [sameKey, otherKey] = [make(), make()];
  await answerOf(sameKey, prepare(await offer(sameKey)));
  await answerOf(otherKey, prepare(await offer(otherKey)));
  const again = await answerOf(sameKey, prepare(await offer(sameKey)));
  const [tailA, tailB] = [first, again].map(a => hex(a.subarray(-100)));
  return named({
    package: installation(first),
    'random keys': installation(await answerOf(random, prepare(await offer(random)))),
    'long metadata': installation(await answerOf(long, prepare(await offer(long)))),
    signature: codeOf(smdp, prepare(await offer(smdp), { spoil: true })),
    'one-time keys': oneTimeKeys(first, await answerOf(long, prepare(await offer(long), { otpk: oneTimeKey(3).point }))),
    'same key again': installation(again),
    'same package again': String(tailA === tailB),
    'other key': installation(await answerOf(otherKey, prepare(await offer(otherKey), { otpk: oneTimeKey(2).point })), 2),
  });
};

/** Confirmation Codes. */
export const codes = async (make: Maker): Promise<string> => {
  const smdp = make({ confirmationCode: '12345' });
  const attempts: string[] = [];
  for (const over of [{}, { code: '54321' }, { code: '12345' }, { code: '1' }, { code: '2' }, { code: '3' }]) {
    attempts.push(await codeOf(smdp, prepare(await offer(smdp), over)));
    if (attempts.at(-1) === '8.2.7/6.4') break;
  }
  return attempts.join(' ');
};

/** Cancellations, and repeated requests. */
export const ends = async (make: Maker): Promise<string> => {
  const after = async (reason: number) => {
    const smdp = make();
    const { transactionId } = decode(AuthenticateClientResponseEs9, await offer(smdp)).value.authenticateClientOk ?? {};
    const cancelled = await codeOf(smdp, cancel(transactionId ?? octets(''), { reason }));
    return `${cancelled}, order ${smdp.orders[0]?.state}`;
  };
  const refusedThenRight = async (over: Parameters<typeof cancel>[1]) => {
    const smdp = make();
    const { transactionId = octets('') } = decode(AuthenticateClientResponseEs9, await offer(smdp)).value.authenticateClientOk ?? {};
    return `${await codeOf(smdp, cancel(transactionId, over))}, then ${await codeOf(smdp, cancel(transactionId))}`;
  };
  const bindAfterCancel = async () => {
    const smdp = make();
    const given = await offer(smdp);
    const { transactionId = octets('') } = decode(AuthenticateClientResponseEs9, given).value.authenticateClientOk ?? {};
    await smdp.react(cancel(transactionId, { reason: 1 }));
    return codeOf(smdp, prepare(given));
  };
  const repeated = async () => {
    const smdp = make({ retries: 0 });
    const request = await proof(smdp);
    await smdp.react(request);
    return codeOf(smdp, { ...request, message: { ...request.message } });
  };
  const result = async () => {
    const smdp = make();
    const given = await offer(smdp);
    await smdp.react(prepare(given));
    const { transactionId = octets('') } = decode(AuthenticateClientResponseEs9, given).value.authenticateClientOk ?? {};
    await smdp.react(installed(transactionId));
    return String(smdp.orders[0]?.state);
  };
  return named({
    postponed: after(1),
    rejected: after(0),
    'bad signature': refusedThenRight({ spoil: true }),
    'other OID': refusedThenRight({ oid: '2.999.12' }),
    'package after it': bindAfterCancel(),
    'request repeated': repeated(),
    installed: result(),
  });
};

/** What the tests of the SM-DP+ share: one with a single order, and the steps up to a session or an offer. */
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { openProfile } from '#protocol/bpp/receive.js';
import { GetBoundProfilePackageResponse } from '#protocol/rsp/es9plus.js';
import { codeText } from '../../bindings/status-codes.js';
import type { Received } from '../../role.js';
import { ADDRESS, authenticate, EID1, ICCID1, initiate, octets, oneTimeKey, testWorld } from '../rsp-server/test-euicc.js';
import type { ProfileConfig, SmdpConfig } from './config.js';
import { createSmdp, type Smdp, type SmdpOverride } from './index.js';

/** Token of the activation code of the order. */
export const MATCHING_ID = '04386-AGYFT-A74Y8-3F815';
/** One released Profile. */
export const profile = (over: Partial<ProfileConfig> = {}): ProfileConfig => ({
  iccid: ICCID1,
  matchingId: MATCHING_ID,
  uppSize: 3000,
  ...over,
});
/** An SM-DP+ with one order. */
export const smdpWith = (
  over: Partial<ProfileConfig> = {},
  config: Partial<SmdpConfig> = {},
  world = testWorld(),
  overrides: readonly SmdpOverride[] = [],
): Smdp => createSmdp({ address: ADDRESS, profiles: [profile(over)], ...config }, world, overrides);

/** The answer to a request. */
export const answerTo = async (smdp: Smdp, request: Received): Promise<Uint8Array> => {
  const answer = await smdp.react(request);
  if (!answer) throw new Error('expected an answer');
  return answer.octets;
};
/** The status code of a refusal with the integer that ASN.1 has for it. */
export const refusalOf = async (smdp: Smdp, request: Received): Promise<string> => {
  const answer = await smdp.react(request);
  const message = answer && decode(answer.type, answer.octets, { spec: request.message.spec });
  const [alternative] = message?.root.children ?? [];
  return `${answer?.status ? codeText(answer.status) : 'none'} ${alternative?.value}`;
};
/** A session is open: the answer to InitiateAuthentication. */
export const opened = async (smdp: Smdp) => answerTo(smdp, initiate());
/** A download is offered: the answer to AuthenticateClient. */
export const offered = async (smdp: Smdp, over: Parameters<typeof authenticate>[1] = {}) =>
  answerTo(smdp, authenticate(await opened(smdp), { matchingId: MATCHING_ID, ...over }));
/** TransactionID of the latest session. */
export const transactionOf = (smdp: Smdp): Uint8Array => smdp.state.transactionId as Uint8Array;
/** State of the order. */
export const orderState = (smdp: Smdp) => smdp.orders[0]?.state;

/** The package in an answer. */
export const packageOf = (answer: Uint8Array): Uint8Array => {
  const message = decode(GetBoundProfilePackageResponse, answer);
  const found = fieldOctets(message, 'getBoundProfilePackageOk.boundProfilePackage');
  if (!found) throw new Error('expected a package');
  return found;
};
/** Opens a package as the eUICC with this number of one-time key. */
export const install = (smdp: Smdp, bpp: Uint8Array, number = 1, suffix = '') => {
  const dpPbKey = testWorld().pki.publicKey(`CERT_S_SM_DPpb${suffix}`);
  if (!dpPbKey) throw new Error('no key');
  const euiccOtKey = oneTimeKey(number, dpPbKey.curve);
  const result = openProfile(bpp, { euiccOtKey, dpPbKey, transactionId: transactionOf(smdp), eid: octets(EID1) });
  if (!result.ok) throw new Error(result.message);
  return result;
};

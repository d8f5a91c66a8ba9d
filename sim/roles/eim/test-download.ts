import { decode } from '#protocol/asn1/decode.js';
import { AuthenticateClientResponseEsipa, InitiateAuthenticationResponseEsipa } from '#protocol/iot/authentication.js';
import { GetBoundProfilePackageResponseEsipa } from '#protocol/iot/download.js';
import { createSmdp } from '../smdp/index.js';
import { createSmds } from '../smds/index.js';
import { type BenchOptions, bench, EID1, ICCID1, SMDP_ADDRESS, SMDS_ADDRESS, testServers, testWorld } from './test-bench.js';

type SmdpConfig = Parameters<typeof createSmdp>[0];
interface Options extends BenchOptions {
  readonly smdp?: Partial<SmdpConfig>;
  readonly profile?: Partial<NonNullable<SmdpConfig['profiles']>[number]>;
  readonly order?: Readonly<Record<string, unknown>>;
  readonly event?: 'one' | 'none';
}
/** Octets with every occurrence of a part replaced by another of the same length. */
export const replaced = (message: Uint8Array, part: Uint8Array | string, by: Uint8Array | string): Uint8Array => {
  const text = (value: Uint8Array | string) => Buffer.from(value).toString('latin1');
  return new Uint8Array(Buffer.from(text(message).split(text(part)).join(text(by)), 'latin1'));
};
export const CODE = `1$${SMDP_ADDRESS}$M-1`;

/** A bench with an SM-DP+ and an SM-DS, and a download ordered. */
export const ordered = ({ smdp: smdpConfig, profile, order: given, event, ...options }: Options = {}) => {
  const profiles = [{ iccid: ICCID1, matchingId: event ? 'EV-1' : 'M-1', ...profile }];
  const smdp = createSmdp({ address: SMDP_ADDRESS, profiles, ...smdpConfig }, testWorld('smdp'));
  const events = event === 'one' ? [{ eventId: 'EV-1', eid: EID1, rspServerAddress: SMDP_ADDRESS }] : [];
  const smds = createSmds({ address: SMDS_ADDRESS, events }, testWorld('smds'));
  const servers = testServers({ [SMDP_ADDRESS]: smdp, [SMDS_ADDRESS]: smds });
  const b = bench({ ...options, servers });
  const order = b.order(event ? { event: { smdsAddress: SMDS_ADDRESS } } : { download: { activationCode: CODE, ...given } });
  /** The IPA's next request of this type, and the answer. */
  const step = async (type: string) => {
    const composed = await b.ipa.compose(type);
    const answer = await b.eim.handle(type, composed.octets);
    if (!('message' in answer)) throw new Error(JSON.stringify(answer));
    const message = decode(answer.message.type, answer.message.octets);
    await b.ipa.take({ type: answer.message.type, message });
    return { request: composed.octets, response: answer.message.octets };
  };
  const until = async (last: string) => {
    for (const type of STEPS) {
      const exchanged = await step(type);
      if (type === last) return exchanged;
    }
    throw new Error(`${last} is no step of a download`);
  };
  return { ...b, order, smdp, step, until };
};
export const STEPS = [
  'GetEimPackageRequest',
  'InitiateAuthenticationRequestEsipa',
  'AuthenticateClientRequestEsipa',
  'GetBoundProfilePackageRequestEsipa',
];
export const initiated = (response: Uint8Array) => decode(InitiateAuthenticationResponseEsipa, response).value;
export const offered = (response: Uint8Array) => decode(AuthenticateClientResponseEsipa, response).value;
export const bound = (response: Uint8Array) => decode(GetBoundProfilePackageResponseEsipa, response).value;
export const types = (b: ReturnType<typeof ordered>) => b.servers.calls.map(c => `${c.interface} ${c.type}`);
export const ES9 = ['InitiateAuthenticationRequest', 'AuthenticateClientRequest', 'GetBoundProfilePackageRequest'].map(t => `ES9+ ${t}`);
export const NOTIFY = 'ES9+ HandleNotification';

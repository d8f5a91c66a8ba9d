/** Which order an eUICC gets, or why none. SGP.22 5.6.3 */
import { equal, hex, readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { Refused, VerifiedEuicc } from '../rsp-server/verify-euicc.js';
import type { OrderDecisions } from './decisions.js';
import type { Order } from './order.js';

const refused = (code: string, message: string): Refused => ({ code, message });

/** Orders that a download can still come from. */
const isPending = ({ state }: Order): boolean => state === 'released' || state === 'downloaded';
const isOver = ({ state }: Order): boolean => state === 'installed' || state === 'error' || state === 'unavailable';

const isFor = (order: Order, eid: Uint8Array): boolean => order.eid !== undefined && equal(order.eid, eid);

/** The order of a MatchingID, or without one the order that is linked to the EID or open to everybody. */
const find = (orders: readonly Order[], { matchingId, eid }: VerifiedEuicc): Order | Refused => {
  const candidates = orders.filter(order =>
    matchingId === '' ? isFor(order, eid) || (order.matchingId === '' && !order.eid) : order.matchingId === matchingId,
  );
  const order = candidates.find(isPending) ?? candidates.find(candidate => !isOver(candidate));
  if (order) return order;
  if (matchingId === '') return refused('8.1.1/3.8', `expected a MatchingID or an order for EID ${hex(eid)}, found neither`);
  return refused('8.2.6/3.8', `${candidates.length === 0 ? 'no order has' : 'no download is left for'} MatchingID ${matchingId}`);
};

/** Free non-volatile memory in octets from the extended card resources; undefined when they do not say. ETSI TS 102 226 8.2.1.7.2 */
const freeMemory = (extCardResource: Uint8Array): number | undefined => {
  for (let at = 0; at < extCardResource.length; ) {
    const field = readTlv(extCardResource, at);
    if (!field) return undefined;
    if (field.tag === 0x82) return tlvContent(extCardResource, field).reduce((sum, octet) => sum * 256 + octet, 0);
    at = field.end;
  }
  return undefined;
};

const capability = (order: Order, { euiccInfo2 }: VerifiedEuicc): Refused | undefined => {
  const missing = order.requires.filter(name => !euiccInfo2.uiccCapability.includes(name));
  if (missing.length > 0) return refused('8.2.5/4.3', `the eUICC lacks ${missing.join(', ')}`);
  const forbidden = order.policyRules.filter(rule => euiccInfo2.forbiddenProfilePolicyRules?.includes(rule));
  if (forbidden.length > 0) return refused('8.2.5/4.3', `the eUICC forbids ${forbidden.join(', ')}`);
  if (order.isTestProfile && !euiccInfo2.rspCapability.includes('testProfileSupport')) {
    return refused('8.2.5/4.3', 'the eUICC does not support test Profiles');
  }
  const free = freeMemory(euiccInfo2.extCardResource);
  return free !== undefined && free < order.upp.length
    ? refused('8.1/4.8', `${order.upp.length} octets do not fit into ${free}`)
    : undefined;
};

/** The order for a verified eUICC; takes note of the attempt when the order allows no further one. */
export const orderFor = (orders: readonly Order[], euicc: VerifiedEuicc, decisions: OrderDecisions): Order | Refused => {
  const order = decisions.choosesOrder(find(orders, euicc), orders, euicc);
  if ('code' in order) return order;
  if (order.eid && !decisions.acceptsEid(order.eid, euicc.eid)) {
    return refused('8.1.1/3.8', `expected EID ${hex(order.eid)}, got ${hex(euicc.eid)}`);
  }
  if (!decisions.acceptsState(isPending(order), order.state)) {
    return refused('8.2/1.2', `expected a released Profile, it is ${order.state}`);
  }
  if (!decisions.acceptsExpired(order.expiredAt === 'authenticateClient')) return refused('8.8.5/4.10', 'the download order has expired');
  if (!decisions.acceptsAttempt(order.downloads, order.downloadRetries)) {
    order.state = 'error';
    return refused('8.8.5/6.4', `expected at most ${order.downloadRetries} repeated downloads`);
  }
  const missing = capability(order, euicc);
  return decisions.acceptsEuicc(missing) ? order : (missing ?? refused('8.2.5/4.3', 'the eUICC is not eligible'));
};

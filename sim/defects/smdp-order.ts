/** Seeded defects of an SM-DP+ in handing out its orders. SGP.22 3.1.6, 5.6.3 */
import { hex } from '#protocol/asn1/tlv.js';
import type { SmdpOverride } from '../roles/smdp/index.js';
import { deciding, refusing, type SmdpDeviations } from './smdp-deviation.js';

const refused = { code: '8.2.6/3.8', message: 'MatchingID refused' };

/** An eUICC that once named a wrong MatchingID gets nothing any more. */
const locksAfterRefusal: SmdpOverride = () => {
  const locked = new Set<string>();
  return {
    choosesOrder: (found, _orders, { eid }) => {
      if (locked.has(hex(eid))) return refused;
      if ('code' in found && found.code === refused.code) locked.add(hex(eid));
      return found;
    },
  };
};

/** Defects of orders. */
export const smdpOrderDefects: SmdpDeviations = {
  ignoresMatchingId: deciding('It hands out any order that is there when it does not know the MatchingID.', {
    choosesOrder: (found, orders) => ('code' in found ? (orders.find(order => order.state === 'released') ?? found) : found),
  }),
  ignoresEid: deciding('It hands out an order to another eUICC than the one that it is for.', { acceptsEid: () => true }),
  deliversToEverybody: deciding('It hands out a Profile to every eUICC that knows its MatchingID.', { linksOrder: () => false }),
  offersUnreleased: deciding('It hands out orders before they are released.', { acceptsState: () => true }),
  ignoresExpiry: deciding('It hands out orders whose time is over.', { acceptsExpired: () => true }),
  neverEndsDownloads: deciding('It does not count how often an order is downloaded.', { acceptsAttempt: () => true }),
  ignoresCapabilities: deciding('It hands out Profiles to eUICCs that cannot hold them.', { acceptsEuicc: () => true }),
  demandsMatchingId: deciding('It refuses eUICCs that state no MatchingID.', {
    choosesOrder: (found, _orders, { matchingId }) => (matchingId === '' ? refused : found),
  }),
  locksAfterRefusal: { does: 'An eUICC that named a wrong MatchingID once is refused for ever.', override: locksAfterRefusal },
  confusesOrderCodes: refusing('It answers every order that it does not hand out by the code for another EID.', {
    '8.2.6/3.8': '8.1.1/3.8',
    '8.2/1.2': '8.1.1/3.8',
    '8.2.5/4.3': '8.1.1/3.8',
    '8.8.5/4.10': '8.1.1/3.8',
    '8.8.5/6.4': '8.1.1/3.8',
  }),
  answersEidByMatchingId: refusing('It answers an order for another EID by the code for the MatchingID.', { '8.1.1/3.8': '8.2.6/3.8' }),
};

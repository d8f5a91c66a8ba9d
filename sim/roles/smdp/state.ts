/** What a test case reads of an SM-DP+ as `$smdp.…`. */
import type { ReceivedNotification } from './notifications.js';
import type { Order } from './order.js';
import type { Session } from './session.js';

/** The activation code of an order: `1$address$matchingId`, with `$$1` when a Confirmation Code is needed. SGP.22 4.1 */
export const activationCodeOf = (order: Order, address: string): string =>
  `1$${address}$${order.matchingId}${order.confirmationCode === undefined ? '' : '$$1'}`;

/** The state; octets stay octets, so that they compare with fields of messages. */
export const stateOf = (smdp: {
  readonly address: string;
  readonly oid: string;
  readonly orders: readonly Order[];
  readonly notifications: readonly ReceivedNotification[];
  readonly sessions: readonly Session[];
  readonly current: Session | undefined;
}): Readonly<Record<string, unknown>> => {
  const { address, oid, orders, notifications, sessions, current } = smdp;
  const activationCodes = orders.map(order => activationCodeOf(order, address));
  return {
    address,
    oid,
    activationCode: activationCodes[0],
    activationCodes,
    transactionId: current?.transactionId,
    serverChallenge: current?.serverChallenge,
    notifications: [...notifications],
    orders: orders.map(order => ({
      iccid: order.iccid,
      metadata: order.described,
      matchingId: order.matchingId,
      eid: order.eid,
      state: order.state,
      downloads: order.downloads,
      codeFailures: order.codeFailures,
      activationCode: activationCodeOf(order, address),
    })),
    sessions: sessions.map(session => ({
      transactionId: session.transactionId,
      phase: session.phase,
      eid: session.euicc?.eid,
      matchingId: session.euicc?.matchingId,
    })),
  };
};

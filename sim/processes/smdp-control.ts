/** The control API of the reference SM-DP+: what its operator may ask for, as JSON over plain HTTP. docs/reference-smdp.md */
import { equal, hex } from '#protocol/asn1/tlv.js';
import { ComposeError } from '../role.js';
import { OrderError, type Parameters } from '../roles/parameters.js';
import type { Smdp } from '../roles/smdp/index.js';
import type { ReceivedNotification } from '../roles/smdp/notifications.js';
import type { Order } from '../roles/smdp/order.js';
import { activationCodeOf } from '../roles/smdp/state.js';
import { type Control, NOT_FOUND, openControl, type Reply, type Route } from './control.js';
import { newOrder, orderChange } from './smdp-orders.js';

/** An order with what had arrived before it was taken. */
interface Entry {
  readonly id: string;
  readonly order: Order;
  readonly earlier: ReadonlySet<ReceivedNotification>;
}

const notificationView = (received: ReceivedNotification) => ({
  kind: received.kind,
  seqNumber: received.seqNumber,
  operation: received.operation,
  iccid: received.iccid && hex(received.iccid),
  eid: received.eid && hex(received.eid),
  address: received.address,
  genuine: received.genuine,
  problem: received.problem,
  repeated: received.repeated,
  result: received.result,
});

const viewOf = (smdp: Smdp, { id, order, earlier }: Entry) => ({
  order: id,
  iccid: hex(order.iccid),
  matchingId: order.matchingId,
  activationCode: activationCodeOf(order, smdp.address),
  eid: order.eid && hex(order.eid),
  state: order.state,
  expired: order.expiredAt !== undefined,
  downloads: order.downloads,
  codeFailures: order.codeFailures,
  notifications: smdp.notifications.filter(n => n.iccid && equal(n.iccid, order.iccid) && !earlier.has(n)).map(notificationView),
});

const routesOf = (smdp: Smdp): readonly Route[] => {
  const entries = new Map<string, Entry>();
  let latest = 0;
  const take = (given: Parameters): Entry => {
    const entry = { id: String(++latest), order: smdp.add(newOrder(given)), earlier: new Set(smdp.notifications) };
    entries.set(entry.id, entry);
    return entry;
  };
  const change = ({ order }: Entry, given: Parameters): void => {
    const { state, expired } = orderChange(given);
    if (state) order.state = state;
    if (expired !== undefined) order.expiredAt = expired ? 'authenticateClient' : undefined;
  };
  const withEntry =
    (use: (entry: Entry, body: Parameters) => Reply): Route[2] =>
    ({ id, body }) => {
      const entry = entries.get(id);
      return entry ? use(entry, body) : NOT_FOUND;
    };
  const one = /^\/orders\/([^/]+)$/;
  return [
    ['GET', /^\/smdp$/, () => ({ status: 200, body: { address: smdp.address, oid: smdp.oid } })],
    ['GET', /^\/notifications$/, () => ({ status: 200, body: { notifications: smdp.notifications.map(notificationView) } })],
    ['POST', /^\/orders$/, ({ body }) => ({ status: 201, body: viewOf(smdp, take(body)) })],
    ['GET', one, withEntry(entry => ({ status: 200, body: viewOf(smdp, entry) }))],
    [
      'PATCH',
      one,
      withEntry((entry, body) => {
        change(entry, body);
        return { status: 200, body: viewOf(smdp, entry) };
      }),
    ],
    [
      'DELETE',
      one,
      withEntry(({ id, order }) => {
        entries.delete(id);
        return smdp.remove(order) ? { status: 204 } : NOT_FOUND;
      }),
    ],
  ];
};

/** Opens the control API of an SM-DP+. */
export const openSmdpControl = (smdp: Smdp, listen: string, report: (problem: string) => void): Promise<Control> =>
  openControl({
    routes: routesOf(smdp),
    isMistake: cause => cause instanceof OrderError || cause instanceof ComposeError,
    listen,
    report,
  });

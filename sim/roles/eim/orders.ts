/** Orders of the operator, turned into eIM Packages. */
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { keyFromSeed, type PrivateKey } from '#protocol/crypto/ecdsa.js';
import { booleanParameter, OrderError, octetsParameter, type Parameters, textParameter } from '../parameters.js';
import type { EimContext } from './context.js';
import { type Operation, readOperation } from './operations.js';
import type { Download, EimPackage, EuiccRecord, OperationOutcome, Order } from './state.js';

/** An order taken, and the new public key when it changes the eIM's own one. */
export interface OrderTaken {
  readonly order: Order;
  readonly newKey?: PrivateKey;
}

const newOrder = (eim: EimContext, record: EuiccRecord, operations: readonly OperationOutcome[]): Order => {
  const order: Order = { id: hex(eim.world.random(8)).toLowerCase(), eid: record.eid, state: 'pending', operations: [...operations] };
  eim.orders.set(order.id, order);
  return order;
};

/** A correlation id; unique among those of the eUICC. SGP.32 2.11.1.1 */
const newTransactionId = (eim: EimContext, record: EuiccRecord): Uint8Array | undefined =>
  eim.decisions.newEimTransactionId(eim.world.random, record.packages.at(-1)?.eimTransactionId);

const enqueue = (record: EuiccRecord, packages: readonly EimPackage[]): void => {
  record.packages.push(...packages);
};

const orderOperations = (eim: EimContext, record: EuiccRecord, items: unknown): OrderTaken => {
  if (!Array.isArray(items) || items.length === 0) throw new OrderError('expected at least one operation in "operations"');
  const newKey = () => keyFromSeed(record.signingKey.curve, hex(eim.world.random(32)));
  const operations = items.map(item => readOperation(item, { eimId: eim.config.eimId, newKey }));
  const order = newOrder(eim, record, []);
  for (const pack of eim.decisions.splitsOperations(operations)) {
    const outcomes = pack.map(({ name }): OperationOutcome => ({ operation: name, executed: false }));
    order.operations.push(...outcomes);
    enqueue(record, [
      { kind: 'euiccPackage', order, eimTransactionId: newTransactionId(eim, record), phase: 'waiting', operations: pack, outcomes },
    ]);
  }
  const key = operations.map(ownKeyOf).find(k => k !== undefined);
  return { order, ...(key ? { newKey: key } : {}) };
};
const ownKeyOf = (operation: Operation): PrivateKey | undefined => (operation.kind === 'eco' ? operation.newKey : undefined);

/** Everything an IPA can tell except stored notifications and results. SGP.32 2.11.1.2 */
const defaultTags = (spec: Spec): Uint8Array => fromHex(`${spec === '1.0' ? '80' : '81'} BF20 BF22 83 84 A5 A6 A8 A9`) ?? new Uint8Array();

const orderData = (eim: EimContext, record: EuiccRecord, given: Parameters): OrderTaken => {
  const order = newOrder(eim, record, []);
  const tagList = octetsParameter(given, 'tagList') ?? defaultTags(eim.world.spec);
  enqueue(record, [{ kind: 'dataRequest', order, eimTransactionId: newTransactionId(eim, record), phase: 'waiting', tagList }]);
  return { order };
};

/** Parts of an activation code `1$address$matchingId[$oid[$flag]]`. SGP.22 4.1 */
export const readActivationCode = (text: string): { readonly address: string; readonly matchingId: string; readonly oid?: string } => {
  const [format, address, matchingId, oid] = text.replace(/^LPA:/i, '').split('$');
  if (format !== '1' || !address || matchingId === undefined)
    throw new OrderError(`expected an activation code 1$address$matchingId, got ${JSON.stringify(text)}`);
  return { address, matchingId, ...(oid ? { oid } : {}) };
};

const orderDownload = (eim: EimContext, record: EuiccRecord, given: Parameters): OrderTaken => {
  const text = textParameter(given, 'activationCode');
  if (text === undefined) throw new OrderError('expected an activation code as "activationCode", got nothing');
  const code = readActivationCode(text);
  const order = newOrder(eim, record, []);
  const download: Download = {
    kind: 'download',
    order,
    eimTransactionId: newTransactionId(eim, record),
    phase: 'waiting',
    interface: 'ES9+',
    address: code.address,
    matchingId: code.matchingId,
    activationCode: text.replace(/^LPA:/i, ''),
    expectedOid: textParameter(given, 'smdpOid') ?? code.oid,
    confirmationCode: textParameter(given, 'confirmationCode'),
    holdsData: booleanParameter(given, 'holdsData'),
  };
  enqueue(record, [download]);
  return { order };
};

/** The follow-up of an SM-DS event: a download from the server that the event names, for the same order. SGP.32 3.9.2.2 */
export const downloadOfEvent = (
  eim: EimContext,
  record: EuiccRecord,
  order: Order,
  event: { eventId: string; rspServerAddress: string },
): Download => {
  const download: Download = {
    kind: 'download',
    order,
    eimTransactionId: newTransactionId(eim, record),
    phase: 'waiting',
    interface: 'ES9+',
    address: event.rspServerAddress,
    matchingId: event.eventId,
    activationCode: `1$${event.rspServerAddress}$${event.eventId}`,
    expectedOid: undefined,
    confirmationCode: undefined,
    holdsData: false,
  };
  enqueue(record, [download]);
  return download;
};

const orderEvent = (eim: EimContext, record: EuiccRecord, given: Parameters): OrderTaken => {
  const address = textParameter(given, 'smdsAddress');
  if (address === undefined) throw new OrderError('expected an address as "smdsAddress", got nothing');
  const order = newOrder(eim, record, []);
  enqueue(record, [
    {
      kind: 'download',
      order,
      eimTransactionId: newTransactionId(eim, record),
      phase: 'waiting',
      interface: 'ES11',
      address,
      matchingId: undefined,
      activationCode: undefined,
      expectedOid: undefined,
      confirmationCode: undefined,
      holdsData: true,
    },
  ]);
  return { order };
};

const KINDS = { dataRequest: orderData, download: orderDownload, event: orderEvent } as const;

/**
 * Takes an order: {operations: […]}, {dataRequest: {tagList?}}, {download: {activationCode, confirmationCode?, smdpOid?,
 * holdsData?}} or {event: {smdsAddress}}. Throws OrderError.
 */
export const takeOrder = (eim: EimContext, record: EuiccRecord, given: Parameters): OrderTaken => {
  if (!record.associated) throw new OrderError(`this eIM is no longer associated with ${record.eid}`);
  if (given.operations !== undefined) return orderOperations(eim, record, given.operations);
  for (const [name, take] of Object.entries(KINDS)) {
    const parameters = given[name];
    if (typeof parameters === 'object' && parameters !== null) return take(eim, record, { ...parameters });
  }
  throw new OrderError(`expected one of operations, ${Object.keys(KINDS).join(', ')}, got ${Object.keys(given).join(', ') || 'nothing'}`);
};

/** eIM Package injection: the eIM brings its packages to an IPA that listens. SGP.32 3.1.1.2, 5.14.4, 6.3.3.1 */
import { type Decoded, find } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import { TransferEimPackageRequest, type TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import type { Composed } from '../../role.js';
import type { EimContext } from './context.js';
import { codeName } from './outcome.js';
import { closeUnhandled, takeOutcome } from './provide.js';
import { alternativeFor, nextPackage } from './retrieval.js';
import { type EimPackage, type EuiccRecord, failOrder } from './state.js';

/** What a transfer carries. */
export type Transfer = 'package' | 'acknowledgements';

type Request = InputOf<ValueOf<typeof TransferEimPackageRequest>>;
const carrying = (eim: EimContext, value: Request): Composed => {
  const type = TransferEimPackageRequest;
  return { type, octets: eim.decisions.outgoing(type.name, encode(type, value, { spec: eim.world.spec })) };
};

const acknowledgements = (eim: EimContext, record: EuiccRecord): Composed | undefined => {
  const eimAcknowledgements = eim.decisions.acknowledgesTransfers(eim.decisions.acknowledges(record.unacknowledged));
  if (eimAcknowledgements.length === 0) return undefined;
  record.acknowledging = eimAcknowledgements;
  return carrying(eim, { eimAcknowledgements });
};

const isUnanswered = ({ phase, isReceived }: EimPackage): boolean => phase === 'outstanding' && isReceived !== true;

/** What goes to the IPA of an eUICC now: acknowledgements of what came last, else a package; undefined: nothing does. */
export const composeTransfer = (eim: EimContext, record: EuiccRecord, only?: Transfer): Composed | undefined => {
  const acknowledged = only === 'package' ? undefined : acknowledgements(eim, record);
  if (acknowledged || only === 'acknowledgements' || !record.associated) return acknowledged;
  // What got no answer goes first, as the counters of those behind it are higher; a script says itself what it brings.
  const unanswered = only === undefined ? record.packages.find(isUnanswered) : undefined;
  const next = unanswered ? alternativeFor(eim, record, unanswered) : nextPackage(eim, record, isUnanswered);
  if (!next) return undefined;
  record.acknowledging = undefined;
  return carrying(eim, next);
};

/** Whether the IPA still works at a package: it finishes one before it takes the next. SGP.32 3.3.1 */
export const isBusy = ({ packages }: EuiccRecord): boolean => packages.some(p => p.phase === 'outstanding' && p.isReceived === true);

const causeOf = (message: Decoded): string => {
  const code = find(message.root, '..eimPackageError');
  return 'element' in code ? codeName(code.element) : 'undefinedError';
};

/** The IPA has taken a package. */
const noteReceipt = (eim: EimContext, pack: EimPackage | undefined): void => {
  if (!pack) return;
  if (eim.decisions.awaitsResult()) {
    pack.isReceived = true;
    return;
  }
  pack.phase = 'closed';
  failOrder(pack.order, 'eimPackageReceived');
};

/** Takes what an IPA answers to a transfer; why it is worth nothing, undefined: it was taken. */
export const takeTransferAnswer = (
  eim: EimContext,
  record: EuiccRecord,
  message: Decoded<ValueOf<typeof TransferEimPackageResponse>>,
): string | undefined => {
  if (!message.ok) return 'it cannot be decoded';
  const { value } = message;
  const { acknowledging } = record;
  // Whatever the IPA made of them, they have reached it.
  if (acknowledging) record.unacknowledged = record.unacknowledged.filter(number => !acknowledging.includes(number));
  const pack = acknowledging ? undefined : record.packages.findLast(isUnanswered);
  if (value.eimPackageReceived !== undefined || value.eimPackageReceivedWithCid) {
    noteReceipt(eim, pack);
    return undefined;
  }
  if (value.eimPackageError !== undefined || value.eimPackageErrorWithCid) {
    closeUnhandled(eim, record, pack, causeOf(message));
    return undefined;
  }
  const taken = eim.decisions.takesResultsOfTransfers() ? takeOutcome(eim, record, message, '') : undefined;
  if (!taken || 'discarded' in taken) return `it was discarded (${taken?.discarded ?? 'no outcome'})`;
  record.unacknowledged = [...record.unacknowledged, ...taken.acknowledge];
  return undefined;
};

/** What a test script made of a package: the eIM goes on as if it had composed it itself. SGP.32 2.11.1.1 */
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { IpaEuiccDataRequest } from '#protocol/iot/data.js';
import { EuiccPackageRequest, type EuiccPackage as EuiccPackageType } from '#protocol/iot/package.js';
import { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';
import type { EimContext } from './context.js';
import type { Operation } from './operations.js';
import type { DataRequest, Download, EuiccPackage, EuiccRecord } from './state.js';

const subjectOf = (parameters: unknown): string | undefined => {
  if (typeof parameters !== 'object' || parameters === null) return undefined;
  if ('iccid' in parameters && parameters.iccid instanceof Uint8Array) return hex(parameters.iccid);
  return 'eimId' in parameters && typeof parameters.eimId === 'string' ? parameters.eimId : undefined;
};

const operationsIn = ({ psmoList = [], ecoList = [] }: Partial<ValueOf<typeof EuiccPackageType>>): Operation[] => {
  const about = (value: object) => {
    const [[name, parameters] = ['', undefined]] = Object.entries(value).filter(([, v]) => v !== undefined);
    return { name, subject: subjectOf(parameters) };
  };
  return [
    ...psmoList.map((value): Operation => ({ kind: 'psmo', ...about(value), value })),
    ...ecoList.map((value): Operation => ({ kind: 'eco', ...about(value), value })),
  ];
};

/** Replaces the latest package handed out to the eUICC by this one, `BF51 …`; what cannot be read leaves it as it was. */
export const adoptPackage = (eim: EimContext, record: EuiccRecord, octets: Uint8Array): void => {
  const message = decode(EuiccPackageRequest, octets, { spec: eim.world.spec });
  const signed = message.ok ? message.value.euiccPackageSigned : undefined;
  const index = record.packages.findLastIndex(p => p.phase === 'outstanding' && p.kind === 'euiccPackage');
  const known = record.packages[index];
  if (!signed || known?.kind !== 'euiccPackage') return;
  const operations = operationsIn(signed.euiccPackage);
  const outcomes = operations.map(({ name }) => ({ operation: name, executed: false }));
  known.order.operations.splice(0, known.order.operations.length, ...outcomes);
  const adopted: EuiccPackage = {
    kind: 'euiccPackage',
    order: known.order,
    phase: 'outstanding',
    eimTransactionId: signed.eimTransactionId,
    counterValue: signed.counterValue,
    octets: Uint8Array.from(octets),
    operations,
    outcomes,
  };
  record.packages[index] = adopted;
  record.counter = Math.max(record.counter, signed.counterValue);
};

/** Knows the latest data request handed out to the eUICC by what this one asks for, `BF52 …`. */
export const adoptDataRequest = (eim: EimContext, record: EuiccRecord, octets: Uint8Array): void => {
  const message = decode(IpaEuiccDataRequest, octets, { spec: eim.world.spec });
  const index = record.packages.findLastIndex(p => p.phase === 'outstanding' && p.kind === 'dataRequest');
  const known = record.packages[index];
  if (!message.ok || known?.kind !== 'dataRequest') return;
  const { tagList, eimTransactionId } = message.value;
  const adopted: DataRequest = { ...known, tagList, eimTransactionId, octets: Uint8Array.from(octets) };
  record.packages[index] = adopted;
};

/** Knows the latest download handed out to the eUICC by the transaction id of this trigger, `BF54 …`; where it leads stays as ordered. */
export const adoptTrigger = (eim: EimContext, record: EuiccRecord, octets: Uint8Array): void => {
  const message = decode(ProfileDownloadTriggerRequest, octets, { spec: eim.world.spec });
  const index = record.packages.findLastIndex(p => p.phase === 'outstanding' && p.kind === 'download');
  const known = record.packages[index];
  if (!message.ok || known?.kind !== 'download') return;
  const adopted: Download = { ...known, eimTransactionId: message.value.eimTransactionId, octets: Uint8Array.from(octets) };
  record.packages[index] = adopted;
};

/** Seeded defects of an eIM in what its packages hold: operations, identities, counters, ids, encoding. SGP.32 2.11.1.1 */
import { concat, fromHex, tlv } from '#protocol/asn1/tlv.js';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviation, EimDeviations } from './deviation.js';
import { type Change, contained, contentAt, edit, removed, retagged } from './edits.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A package whose EuiccPackageSigned differs at a path before it is signed. */
const writing = (does: string, path: string, change: Change): EimDeviation => ({
  does,
  override: () => ({ writesSigned: signed => edit(signed, path, change) }),
});

const SWAPPED = (iccid: Uint8Array): Uint8Array => iccid.map(octet => ((octet << 4) | (octet >> 4)) & 0xff);

/** Defects in the operations of packages. SGP.32 2.11.1.1.2, 2.11.1.1.3 */
export const eimOperationDefects: EimDeviations = {
  swapsIccidNibbles: writing('It swaps the digits of the ICCID that it enables.', 'A0 A3 5A', contained(SWAPPED)),
  omitsRollbackFlag: writing('It never sets rollbackFlag.', 'A0 A3 05', removed),
  alwaysPermitsRollback: writing(
    'It sets rollbackFlag in every enable.',
    'A0 A3',
    contained(content => concat(content.subarray(0, 12), octets('0500'))),
  ),
  enablesInsteadOfDisable: writing('It writes enable where disable was ordered.', 'A0 A4', retagged(0xa3)),
  disablesInsteadOfDelete: writing('It writes disable where delete was ordered.', 'A0 A5', retagged(0xa4)),
  deletesBeforeDisabling: {
    does: 'It reverses the order of operations.',
    override: correct => ({ splitsOperations: operations => correct.splitsOperations([...operations].reverse()) }),
  },
  omitsTagList: writing('It asks for Profiles without saying which data.', 'A0 BF2D 5C', removed),
  listsInsteadOfRat: writing('It writes listProfileInfo where getRAT was ordered.', 'A0 A6', retagged(0xbf2d)),
  alwaysSwitchesImmediateEnableOn: writing(
    'It sets immediateEnableFlag whatever was ordered.',
    'A0 A7',
    contained(content => (content[0] === 0x80 ? content : concat(octets('8000'), content))),
  ),
  omitsImmediateEnableAddress: writing('It leaves out for which SM-DP+ immediate enabling is meant.', 'A0 A7 82', removed),
  unsetsInsteadOfSet: writing('It removes the fallback attribute where it should be set.', 'A0 A8', () => octets('A900')),
  setsInsteadOfUnset: writing('It sets the fallback attribute where it should be removed.', 'A0 A9', () =>
    octets('A80C5A0A989209012143658709F5'),
  ),
  clearsDpAddress: writing(
    'It sends an empty default SM-DP+ address.',
    'A0 BF65 80',
    contained(() => octets('')),
  ),
  omitsAddEimKey: writing('It adds an eIM without its key.', 'A1 A8 A5', removed),
  omitsAddEimCounter: writing('It adds an eIM without its counter.', 'A1 A8 83', removed),
  choosesAssociationToken: writing('It chooses the association token of an eIM that it adds.', 'A1 A8 83', counter =>
    concat(counter, octets('840101')),
  ),
  omitsUpdateKey: writing('It updates an eIM without its key.', 'A1 AA A5', removed),
  asksTokenInUpdate: writing('It asks for an association token in updateEim.', 'A1 AA A5', key => concat(octets('8401FF'), key)),
  deletesItself: {
    does: 'It names itself in deleteEim.',
    override: () => ({
      writesSigned: signed =>
        edit(
          signed,
          'A1 A9 80',
          contained(() => contentAt(signed, '80') ?? octets('')),
        ),
    }),
  },
  deletesInsteadOfList: writing('It writes deleteEim where listEim was ordered.', 'A1 AB', () => tlv(0xa9, tlv(0x80, text('testeim2')))),
};

/** The enable of the next package is put into this one as well. */
const joinsEnables: EimOverride = correct => {
  let next: string | undefined;
  return {
    choosesPackage: (waiting, outstanding) => {
      const following = waiting[1];
      next = following?.kind === 'euiccPackage' && following.operations[0]?.name === 'enable' ? following.operations[0].subject : undefined;
      return correct.choosesPackage(waiting, outstanding);
    },
    writesSigned: signed => {
      const more = next === undefined ? octets('') : tlv(0xa3, tlv(0x5a, octets(next)));
      return edit(
        signed,
        'A0',
        contained(list => concat(list, more)),
      );
    },
  };
};

/** Defects in how orders become packages. */
export const eimPackagingDefects: EimDeviations = {
  joinsEnables: { does: 'It joins the enables of two orders in one package.', override: joinsEnables },
  neverSplits: { does: 'Every order becomes one package.', override: () => ({ splitsOperations: operations => [operations] }) },
  dropsOtherKind: {
    does: 'Of an order with operations of both kinds it loses those on eIMs.',
    override: correct => ({
      splitsOperations: operations => {
        const psmos = operations.filter(o => o.kind === 'psmo');
        return correct.splitsOperations(psmos.length > 0 ? psmos : operations);
      },
    }),
  },
  namesOtherEimId: writing(
    'Its packages name another eIM.',
    '80',
    contained(() => text('testeim2')),
  ),
  namesOtherEid: writing(
    'Its packages name another eUICC.',
    '5A',
    contained(eid => eid.map((octet, i) => (i === 15 ? (octet + 1) & 0x77 : octet))),
  ),
};

/** One count for all eUICCs, which starts with the initial value of the first one. */
const sharesCounterOfFirst: EimOverride = () => {
  let value: number | undefined;
  return {
    nextCounter: previous => {
      value = (value ?? previous) + 1;
      return value;
    },
  };
};

/** 128 needs a leading zero octet in DER; without it the value is -128. */
const forgetsSignOctet: Change = contained(content => (content[0] === 0 ? content.subarray(1) : content));

const BEFORE_ALL = 0;

/** Defects in counters and ids. SGP.32 2.11.1.1 */
export const eimCounterDefects: EimDeviations = {
  reusesCounter: { does: 'Its counter does not grow.', override: () => ({ nextCounter: previous => Math.max(previous, 1) }) },
  startsCounterAnew: {
    does: 'It counts from one, whatever the initial value of the association.',
    override: () => {
      let value = BEFORE_ALL;
      return {
        nextCounter: () => {
          value += 1;
          return value;
        },
      };
    },
  },
  sharesCounterOfFirst: { does: 'It counts for all eUICCs together, from the value of the first one.', override: sharesCounterOfFirst },
  forgetsSignOctet: writing('It writes its counter without the octet that makes it positive.', '81', forgetsSignOctet),
  padsCounter: writing(
    'It writes its counter with an octet too many.',
    '81',
    contained(content => concat(octets('00'), content)),
  ),
  repeatsTransactionId: {
    does: 'All its packages have the same eimTransactionId.',
    override: () => ({ newEimTransactionId: () => octets('0102030405060708') }),
  },
  sendsLongTransactionId: {
    does: 'Its eimTransactionId has 17 octets.',
    override: () => ({ newEimTransactionId: random => random(17) }),
  },
  omitsTransactionId: {
    does: 'It leaves eimTransactionId out although it is declared to use them.',
    override: () => ({ newEimTransactionId: () => undefined }),
  },
  swapsCounterAndTransactionId: {
    does: 'It writes eimTransactionId in front of counterValue.',
    override: () => ({
      writesSigned: signed => {
        const id = contentAt(signed, '82');
        if (!id) return signed;
        const without = edit(signed, '82', removed);
        return edit(without, '81', counter => concat(tlv(0x82, id), counter));
      },
    }),
  },
};

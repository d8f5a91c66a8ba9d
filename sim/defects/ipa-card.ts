/** Seeded defects of an IPA towards its card: APDUs, and what it reads when the card is new. SGP.22 5.7.2, 5.7.6; SGP.32 3.3.1, 3.5.2, 3.8 */
import { children, concat, fromHex, readTlv, tlv, tlvOctets } from '#protocol/asn1/tlv.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import type { IpaOverride } from '../roles/ipa/index.js';
import type { KnownEim } from '../roles/ipa/wire-decisions.js';
import { edit, removed } from './edits.js';
import { deciding, type IpaDeviations, treating } from './ipa-deviation.js';

const NO_OCTETS = new Uint8Array();
const octets = (text: string): Uint8Array => fromHex(text) ?? NO_OCTETS;
const GET_EID = octets('BF3E035C015A');
const FAILED = 0x20;

const inPieces = (whole: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(whole.length / size) }, (_, n) => whole.subarray(n * size, (n + 1) * size));

const SECTIONS: readonly number[] = [0xbf23, 0xa0, 0xa1, 0xa2, 0xa3];
const withoutUnknownSections = (boundProfilePackage: Uint8Array): Uint8Array => {
  const outer = readTlv(boundProfilePackage);
  if (!outer) return boundProfilePackage;
  const known = children(boundProfilePackage, outer).filter(section => SECTIONS.includes(section.tag));
  return tlv(outer.tag, ...known.map(section => tlvOctets(boundProfilePackage, section)));
};

/** The eIM that some card had before is still polled when there is none. */
const pollsFormerEim: IpaOverride = correct => {
  let former: readonly KnownEim[] = [];
  return {
    polls: <E extends KnownEim>(eims: readonly E[]): readonly E[] => {
      if (eims.length > 0) former = eims;
      // The entries come from the one process that asks.
      return eims.length > 0 ? correct.polls(eims) : (former as readonly E[]);
    },
  };
};

const givesUpAfterRefusal: IpaOverride = correct => {
  let isRefused = false;
  return {
    associates: facts => {
      isRefused = facts.refusals > 0;
      return correct.associates(facts);
    },
    polls: eims => (isRefused ? [] : correct.polls(eims)),
  };
};

const keepsFirstAddress: IpaOverride = correct => {
  const addresses = new Map<string | undefined, string | undefined>();
  return {
    addressOf: (eim, all) => {
      if (!addresses.has(eim.eimId)) addresses.set(eim.eimId, correct.addressOf(eim, all));
      return addresses.get(eim.eimId);
    },
  };
};

/** Defects in APDUs. */
export const ipaApduDefects: IpaDeviations = {
  omitsTerminalCapability: treating('It does not declare itself to the card.', { capability: () => undefined }),
  marksEveryBlockAsLast: treating('It marks every block of a command as the last one.', { blockType: () => 0x91 }),
  numbersBlocksFromOne: treating('It numbers the blocks of a command from 1.', { blockNumber: index => index + 1 }),
  interleavesCommands: treating('It sends another command between two blocks of a long one.', {
    interleaves: index => (index === 1 ? GET_EID : undefined),
  }),
  readsFirstPartOnly: treating('It fetches the first part of a long answer only.', { fetchesMore: received => received === 0 }),
  sendsOnAfterRefusal: treating('It sends the rest of a command of which the card refused a block.', { stopsAt: () => false }),
  leavesProactiveCommands: treating('It leaves proactive commands of the card waiting.', { answersProactive: () => false }),
  refusesRefresh: treating('It tells the card that REFRESH failed.', { generalResult: () => FAILED }),
  ignoresRefresh: treating('It goes on after REFRESH as if nothing had happened.', {
    resetsAfterRefresh: () => false,
    recoversFromRefusal: () => false,
    reopensChannel: () => false,
  }),
  givesUpAfterSwitch: treating('It gives up when the card refuses commands after a change of profiles.', {
    recoversFromRefusal: () => false,
  }),
  cutsPackagesByLength: treating('It cuts a bound profile package into pieces of one length.', {
    cuts: boundProfilePackage => inPieces(boundProfilePackage, 500),
  }),
  sendsSectionsWhole: treating('It sends a bound profile package as one command.', { cuts: boundProfilePackage => [boundProfilePackage] }),
  loadsOnAfterResult: treating('It sends the rest of a bound profile package after the installation result.', {
    stopsLoading: () => false,
  }),
  loadsOnAfterRefusal: treating('It sends the rest of a bound profile package of which the card refused a segment.', {
    stopsLoading: (_sw, octets) => octets.length > 0,
  }),
  skipsUnknownSections: treating('It loads a bound profile package without the sections that it does not know.', {
    cuts: boundProfilePackage => splitSegments(withoutUnknownSections(boundProfilePackage)),
  }),
};

/** Defects at the start and in knowing the eIMs. */
export const ipaStartDefects: IpaDeviations = {
  forgetsResultsAtStart: deciding('It does not look for results that were not delivered before it started.', {
    looksForResults: () => false,
  }),
  forgetsNotifications: deciding('It does not look for notifications that wait on the card.', {
    looksForNotifications: () => false,
    startsWith: () => ['eid', 'configuration'],
  }),
  pollsFormerEim: { does: 'It polls the eIM of a former card when the card has none.', override: pollsFormerEim },
  retriesAssociation: deciding('It adds its eIM again and again when the card refuses it.', {
    associates: ({ known, refusals }) => known === 0 && refusals < 8,
  }),
  asksForOwnToken: deciding('It adds its eIM with an association token of its own.', {
    initialEim: provisioned => edit(provisioned, 'A5', element => concat(octets('840105'), element)),
  }),
  omitsInitialCounter: deciding('It adds its eIM without counterValue.', { initialEim: provisioned => edit(provisioned, '83', removed) }),
  usesAddressOfFirstEim: {
    does: 'It reaches every eIM under the name of the first.',
    override: correct => ({ addressOf: (eim, all) => correct.addressOf(all[0] ?? eim, all) }),
  },
  contactsFixedAddress: deciding('It contacts the eIM that it was built for, whatever the card says.', {
    addressOf: () => 'eim.example.com',
  }),
  givesUpAfterRefusedAssociation: {
    does: 'It contacts nobody any more once the card has refused its eIM.',
    override: givesUpAfterRefusal,
  },
  keepsFirstAddress: { does: 'It keeps the name of an eIM that was changed on the card.', override: keepsFirstAddress },
};

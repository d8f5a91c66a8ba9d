/**
 * Every judgement of the UICC in one place, each as a small function of plain data; the default answers as most cards do.
 * A conformant variant or a seeded defect replaces single answers and leaves the card alone.
 */
import { ISDR_AID } from '#protocol/apdu/aid.js';
import { tlv } from '#protocol/asn1/tlv.js';
import type { Es10Answer } from './port.js';

/** What a status word is about, where the card refuses something. */
export type Refusal =
  | 'wrongBlock'
  | 'noFirstBlock'
  | 'wrongBlockType'
  | 'commandTooLong'
  | 'notDeclared'
  | 'refreshPending'
  | 'nothingPending'
  | 'noChannelLeft'
  | 'channelNotOpen';

/** Where a change of profiles stands: the terminal has yet to fetch REFRESH, to answer it, or to reset the card unasked. */
export type RefreshState = 'pending' | 'fetched' | 'silent';

/** One block of STORE DATA, before it is taken. */
export interface Block {
  readonly number: number;
  readonly isLast: boolean;
  /** Octets of the command so far, with this block. */
  readonly received: number;
}

/** Judgements of the UICC. ETSI TS 102 221 7.3.1, 10.2, 11.1; SGP.22 5.7.2 */
export interface UiccDecisions {
  /** Status word of a refusal. */
  answers(refusal: Refusal): string;
  /** Logical channels beside the basic one, 0 to 19. */
  channels(): number;
  /** Most octets that one GET RESPONSE, or a direct answer, returns: 1 to 256. */
  responseBlock(): number;
  /** Whether response data of a command with Le come at once, as over T=1, without GET RESPONSE. */
  answersDirectly(): boolean;
  /** Whether an Le that is larger than what is there is refused with 6Cxx; otherwise less is returned. */
  refusesLongerLe(): boolean;
  /** FCI of the ISD-R with templates E0 and E1, which come as they follow each other. SGP.32 3.8.4 */
  writesFci(templates: Uint8Array): Uint8Array;
  /** Whether GET RESPONSE hands out the FCI; otherwise 6E00. */
  returnsFci(): boolean;
  /** Whether ES10 needs TERMINAL CAPABILITY with IPAd or LPAd before the ISD-R is selected. SGP.32 3.8.2 */
  needsCapability(): boolean;
  /** Status word that refuses a block which is in order; undefined: it is taken. */
  refusesBlock(block: Block): string | undefined;
  /** Longest ES10 command in octets. */
  longestCommand(): number;
  /** What goes out for the answer to an ES10 command. */
  writesAnswer(command: Uint8Array, answer: Es10Answer): Es10Answer;
  /** Whether ES10 commands are served while a change of profiles waits. */
  servesEs10(state: RefreshState): boolean;
  /** How a change of profiles is announced. */
  announcesRefresh(): 'proactive' | 'silent';
  /** UICC Reset (04) or eUICC Profile State Change (09). */
  refreshQualifier(): number;
  /** Whether a change without REFRESH also closes the channel that the ISD-R is selected on. */
  closesOwnChannel(): boolean;
}

/** What a variant or defect replaces; it may call the answers it replaces and keep state of its own. */
export type UiccOverride = (usual: UiccDecisions) => Partial<UiccDecisions>;

const STATUS: Readonly<Record<Refusal, string>> = {
  wrongBlock: '6A86',
  noFirstBlock: '6985',
  wrongBlockType: '6A86',
  commandTooLong: '6A84',
  notDeclared: '6985',
  refreshPending: '6985',
  nothingPending: '6985',
  noChannelLeft: '6A81',
  channelNotOpen: '6881',
};

/** Longest command data that the card takes, as an object of GlobalPlatform. */
const MAXIMUM_DATA = Uint8Array.of(0x9f, 0x65, 0x01, 0xff);

/** As most cards behave. */
export const usualDecisions: UiccDecisions = {
  answers: refusal => STATUS[refusal],
  channels: () => 3,
  responseBlock: () => 256,
  answersDirectly: () => false,
  refusesLongerLe: () => true,
  writesFci: templates => tlv(0x6f, tlv(0x84, ISDR_AID), tlv(0xa5, MAXIMUM_DATA), templates),
  returnsFci: () => true,
  needsCapability: () => true,
  refusesBlock: () => undefined,
  // 256 blocks of 255 octets. SGP.22 5.7.2
  longestCommand: () => 0x100 * 0xff,
  writesAnswer: (_command, answer) => answer,
  servesEs10: () => false,
  announcesRefresh: () => 'proactive',
  refreshQualifier: () => 0x04,
  closesOwnChannel: () => false,
};

/** Usual behaviour with overrides laid over it, the later ones over the earlier. */
export const decisionsWith = (overrides: readonly UiccOverride[]): UiccDecisions => {
  let decisions = usualDecisions;
  for (const override of overrides) decisions = { ...decisions, ...override(decisions) };
  return decisions;
};

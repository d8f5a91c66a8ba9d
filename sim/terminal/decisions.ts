/**
 * Every judgement of the terminal in one place, each as a small function of plain data; the default answers as a correct
 * device does. A seeded defect of an IPA replaces single answers.
 */
import { splitSegments } from '#protocol/bpp/segments.js';

/** Judgements of the device side. SGP.22 5.7.2, 5.7.6; SGP.32 3.8; ETSI TS 102 223 6.4.7 */
export interface TerminalDecisions {
  /** Data of TERMINAL CAPABILITY; undefined: none is sent. SGP.32 3.8.2 */
  capability(): Uint8Array | undefined;
  /** Data of TERMINAL PROFILE; undefined: none is sent. */
  terminalProfile(): Uint8Array | undefined;
  /** P2 of SELECT: with FCI, or as LPAs of the first generation write it. ETSI TS 102 221 11.1.1 */
  selectControl(): number;
  /** Channel that is asked for; 0: one of the card's choice. */
  channel(): number;
  /** P1 of a block. */
  blockType(index: number, count: number): number;
  /** P2 of a block. */
  blockNumber(index: number, count: number): number;
  /** ES10 command that is sent in the middle of another, before a block; undefined: none. */
  interleaves(index: number, count: number): Uint8Array | undefined;
  /** Whether a block that was refused ends the command. */
  stopsAt(sw: string): boolean;
  /** Whether GET RESPONSE goes on, with so many octets received. */
  fetchesMore(received: number): boolean;
  /** The segments of a bound profile package; undefined: it cannot be cut. SGP.22 5.7.6 */
  cuts(boundProfilePackage: Uint8Array): readonly Uint8Array[] | undefined;
  /** Whether loading ends with a segment that was answered so. SGP.22 5.7.6 */
  stopsLoading(sw: string, octets: Uint8Array): boolean;
  /** Whether a proactive command that waits is fetched and answered. */
  answersProactive(): boolean;
  /** General result for a proactive command. ETSI TS 102 223 8.12 */
  generalResult(type: number): number;
  /** Whether the card is reset after REFRESH. */
  resetsAfterRefresh(): boolean;
  /** Whether the card is reset, and the command sent again, when it is refused after a change of profiles. SGP.32 3.3.1 */
  recoversFromRefusal(): boolean;
  /** Whether a channel that is gone is opened again, and the command sent again. */
  reopensChannel(): boolean;
  /** Whether other commands wait until this one is over. SGP.22 5.7.2 */
  keepsLine(command: Uint8Array): boolean;
}

/** What a defect replaces; it may call the answers it replaces and keep state of its own. */
export type TerminalOverride = (correct: TerminalDecisions) => Partial<TerminalDecisions>;

const IPAD = Uint8Array.of(0xa9, 0x03, 0x84, 0x01, 0x01);
const PERFORMED = 0x00;
const BEYOND_CAPABILITIES = 0x30;
/** REFRESH, MORE TIME, POLL INTERVAL, POLLING OFF, SET UP EVENT LIST: nothing is to be done for them here. ETSI TS 102 223 9.4 */
const HARMLESS: readonly number[] = [0x01, 0x02, 0x03, 0x04, 0x05];

/** Behaviour as specified. */
export const correctDecisions: TerminalDecisions = {
  capability: () => IPAD,
  terminalProfile: () => undefined,
  selectControl: () => 0x00,
  channel: () => 0,
  blockType: (index, count) => (index === count - 1 ? 0x91 : 0x11),
  blockNumber: index => index,
  interleaves: () => undefined,
  stopsAt: sw => sw !== '9000',
  fetchesMore: () => true,
  cuts: splitSegments,
  stopsLoading: (sw, octets) => sw !== '9000' || octets.length > 0,
  answersProactive: () => true,
  generalResult: type => (HARMLESS.includes(type) ? PERFORMED : BEYOND_CAPABILITIES),
  resetsAfterRefresh: () => true,
  recoversFromRefusal: () => true,
  reopensChannel: () => true,
  keepsLine: () => true,
};

/** Correct behaviour with overrides laid over it, the later ones over the earlier. */
export const decisionsWith = (overrides: readonly TerminalOverride[]): TerminalDecisions => {
  let decisions = correctDecisions;
  for (const override of overrides) decisions = { ...decisions, ...override(decisions) };
  return decisions;
};

/** What a card forgets when the power goes, and who is told of what happens. */
import type { RefreshState, UiccDecisions } from './decisions.js';
import type { Directory, ElementaryFile, FileSystem } from './files.js';
import type { Es10Port } from './port.js';

/** Where a logical channel stands in the file system. */
export interface Place {
  readonly application: 'files';
  readonly directory: Directory;
  readonly file: ElementaryFile | undefined;
  /** Record pointer; 0 before the first. */
  readonly record: number;
}
/** The ISD-R is selected; `isServed`: the terminal had declared itself by then. */
export interface IsdrSelection {
  readonly application: 'isdr';
  readonly isServed: boolean;
}

/** An ES10 command of which the last block has not come. */
export interface Chain {
  readonly blocks: readonly Uint8Array[];
  readonly received: number;
}
/** Response data that wait for GET RESPONSE. */
export interface Waiting {
  readonly octets: Uint8Array;
  readonly isFci: boolean;
  readonly delivered: (() => void) | undefined;
}

/** A logical channel that is open. */
export interface Channel {
  readonly number: number;
  selection: Place | IsdrSelection;
  chain: Chain | undefined;
  waiting: Waiting | undefined;
}

/** What happens inside the card, for the record. */
export type UiccEvent =
  | { readonly kind: 'terminalCapability'; readonly octets: Uint8Array; readonly isDeclared: boolean }
  | { readonly kind: 'channelOpened' | 'channelClosed' | 'isdrSelected'; readonly channel: number }
  /** Blocks of an ES10 command were thrown away. */
  | { readonly kind: 'commandDiscarded'; readonly channel: number; readonly octets: Uint8Array }
  /** A change of profiles waits, is being answered, took effect, was refused by the terminal. */
  | { readonly kind: 'refresh'; readonly phase: RefreshState | 'committed' | 'refused' }
  /** The port did not answer as it must. */
  | { readonly kind: 'fault'; readonly error: unknown };

/** A card under power. */
export interface Card {
  readonly port: Es10Port;
  readonly decide: UiccDecisions;
  readonly tell: (event: UiccEvent) => void;
  readonly channels: Map<number, Channel>;
  files: FileSystem;
  /** TERMINAL CAPABILITY has named IPAd or LPAd since the reset. */
  isDeclared: boolean;
  refresh: RefreshState | undefined;
  /** False once the power went, while a command may still be on its way through the eUICC. */
  hasPower: boolean;
}

/** A status word, and response data where there are any. */
export interface Reply {
  readonly sw: string;
  readonly octets: Uint8Array;
  readonly isFci?: boolean;
  /** What happens once the terminal has every octet. */
  readonly delivered?: () => void;
  /** More of the same command follows: nothing else is announced yet. */
  readonly isIntermediate?: boolean;
}
const NOTHING = new Uint8Array();
/** A status word alone. */
export const status = (sw: string): Reply => ({ sw, octets: NOTHING });
/** Data, and success. */
export const data = (octets: Uint8Array): Reply => ({ sw: '9000', octets });
/** Success without data. */
export const DONE = status('9000');

/** A channel before anything is selected on it: in the MF. */
export const atMasterFile = (files: FileSystem): Place => ({ application: 'files', directory: files.mf, file: undefined, record: 0 });

/** Opens a channel; the basic one is 0. */
export const openChannel = (card: Card, number: number): void => {
  card.channels.set(number, { number, selection: atMasterFile(card.files), chain: undefined, waiting: undefined });
  if (number > 0) card.tell({ kind: 'channelOpened', channel: number });
};

/** Closes a channel; the basic one stays, with nothing selected. */
export const closeChannel = (card: Card, channel: Channel): void => {
  discardChain(card, channel);
  if (channel.number > 0) {
    card.channels.delete(channel.number);
    card.tell({ kind: 'channelClosed', channel: channel.number });
    return;
  }
  channel.selection = atMasterFile(card.files);
  channel.waiting = undefined;
};

/** Throws an incomplete ES10 command away. */
export const discardChain = (card: Card, channel: Channel): void => {
  const { chain } = channel;
  channel.chain = undefined;
  if (chain) card.tell({ kind: 'commandDiscarded', channel: channel.number, octets: Buffer.concat(chain.blocks) });
};

/** What the simulated IPA towards a card under test is made of. */
import type { EimActor } from '../eim/actor.js';
import type { Smdp } from '../smdp/index.js';
import type { Smds } from '../smds/index.js';

/** What a test case says of the IPA. */
export interface CardUserConfig {
  /** Token or EventID of the download; that of the server's first order when absent. */
  readonly matchingId?: string;
  /** Name of the eUICC actor, or `iut`; the card is the IUT in any case. */
  readonly card?: string;
  /** Confirmation code that its user would type. */
  readonly confirmationCode?: string;
}

/** Whom the IPA works with. */
export interface CardUserSurroundings {
  /** EID of the card. */
  readonly eid: Uint8Array;
  /** EUICCInfo1 of the card, `BF20 …`; undefined when it does not tell. */
  readonly euiccInfo1: Uint8Array | undefined;
  readonly eims: readonly EimActor[];
  /** The server of its downloads. */
  readonly server: Smdp | Smds | undefined;
}

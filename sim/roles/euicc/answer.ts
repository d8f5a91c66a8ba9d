/** What one ES10 command is answered with, as an APDU exchange will carry it. SGP.22 5.7.2 */

/** Status word and response data. */
export interface Answer {
  /** `9000`; `6A80`: the data cannot be read; `6A88`, `6D00`: no such function; `6985`: not now. */
  readonly sw: '9000' | '6A80' | '6A88' | '6D00' | '6985';
  readonly octets: Uint8Array;
}
/** A status word that refuses. */
export type RefusalSw = Exclude<Answer['sw'], '9000'>;

const NOTHING = new Uint8Array();
/** A refusal without data. */
export const refused = (sw: RefusalSw): Answer => ({ sw, octets: NOTHING });

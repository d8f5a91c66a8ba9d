/** Names of applications on a UICC. */
import { fromHex } from '../asn1/tlv.js';

/** The ISD-R. SGP.02 2.2.3 */
export const ISDR_AID = fromHex('A0000005591010FFFFFFFF8900000100') ?? new Uint8Array();
/** A USIM: RID of 3GPP, application code 1002. ETSI TS 101 220 Annex E */
export const USIM_AID = fromHex('A0000000871002FFFFFFFF8900000100') ?? new Uint8Array();

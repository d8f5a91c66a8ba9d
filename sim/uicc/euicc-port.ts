/** A simulated eUICC behind the APDUs of a simulated UICC. */
import { children, hex, readHeader, readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { Euicc } from '../roles/euicc/index.js';
import { enabledProfile } from '../roles/euicc/state.js';
import type { Subscription } from './files.js';
import type { Es10Answer, Es10Port } from './port.js';

/** Commands that say with refreshFlag whether REFRESH follows; the others always have it. SGP.32 5.9.15, 5.9.16, 5.9.20 to 5.9.23 */
const FLAGGED: readonly number[] = [0xbf58, 0xbf5a, 0xbf5b, 0xbf5c, 0xbf5d, 0xbf5e];

const wantsRefresh = (command: Uint8Array): boolean => {
  if (!FLAGGED.includes(readHeader(command)?.tag ?? 0)) return true;
  const flag = children(command, readTlv(command)).find(field => field.tag === 0x80);
  // EnableUsingDD of v1.0 has no flag.
  return flag === undefined || tlvContent(command, flag)[0] !== 0;
};

/** A test subscription for a profile, in the PLMN 001/01: the same digits whenever the ICCID is the same. */
export const subscriptionOf = (iccid: Uint8Array): Subscription => {
  const digits = hex(iccid)
    .replace(/(.)(.)/g, '$2$1')
    .replace(/\D/g, '');
  return { iccid, imsi: `00101${digits.slice(-10).padStart(10, '0')}` };
};

/** Carries out a complete command or segment; by default the eUICC itself does. */
export type Execute = (
  command: Uint8Array,
  channel: number,
) => Pick<Es10Answer, 'sw' | 'octets'> | Promise<Pick<Es10Answer, 'sw' | 'octets'>>;

/**
 * The port of a card with this eUICC in it. Whoever answers in its place: what the command did to the eUICC meanwhile
 * decides whether the terminal hears of a change of profiles.
 */
export const portOf = (euicc: Euicc, execute: Execute = command => euicc.execute(command, 'afterRefresh')): Es10Port => ({
  es10: async (command, channel) => {
    const enabled = enabledProfile(euicc.chip);
    const waited = euicc.refreshPending;
    const answer = await execute(command, channel);
    if (euicc.refreshPending && !waited) return { ...answer, switched: 'refresh' };
    if (enabledProfile(euicc.chip) === enabled) return answer;
    return { ...answer, switched: wantsRefresh(command) ? 'refresh' : 'atOnce' };
  },
  isdrTemplates: () => euicc.isdrTemplates,
  subscription: () => {
    const profile = enabledProfile(euicc.chip);
    return profile && subscriptionOf(profile.iccid);
  },
  restarted: () => euicc.reset(),
  settled: isCommitted => euicc.settle(isCommitted ? 'commit' : 'abandon'),
});

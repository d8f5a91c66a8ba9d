/** Which compact forms an IPA may use towards its eIM: what they leave out, the eIM has to know. SGP.32 4.1, 5.14 */
import { equal } from '#protocol/asn1/tlv.js';
import type { Device } from './state.js';

/** Messages and objects that have a compact form. */
export type CompactForm = 'initiation' | 'authentication' | 'preparation' | 'cancellation' | 'installationResult' | 'notification';

/** Tags of IpaEuiccData with what the form leaves out; the session itself tells the rest. */
const NEEDS: Readonly<Record<CompactForm, readonly string[]>> = {
  initiation: ['BF20'],
  authentication: ['BF22'],
  preparation: [],
  cancellation: [],
  installationResult: [],
  notification: ['A5', 'A6'],
};
const CAPABILITIES = 'A8';

/** Whether a form goes out compact: always, never, or once the eIM was told of the capability and of what is left out. */
export const usesCompact = ({ config, told }: Device, form: CompactForm): boolean => {
  if (config.compact !== 'announced') return config.compact === true;
  return [CAPABILITIES, ...NEEDS[form]].every(tag => told.has(tag));
};

/** The form of a notification on the card. Only the eIM that relayed a download can complete its result. */
export const compactFormOf = ({ config, download }: Device, notice: Uint8Array, isResult: boolean): CompactForm | undefined => {
  if (!isResult) return 'notification';
  const isOfEim = download?.via === 'ESipa' && download.installationResult !== undefined && equal(download.installationResult, notice);
  return isOfEim || config.compact === true ? 'installationResult' : undefined;
};

/** The IPA inside the eUICC, as far as a device sees it: it can be activated, and then leaves nothing to the device. SGP.32 3.8.4 */
import { encode } from '#protocol/asn1/encode.js';
import { concat } from '#protocol/asn1/tlv.js';
import { ISDRProprietaryApplicationTemplateIoT } from '#protocol/iot/info.js';
import { ISDRProprietaryApplicationTemplate } from '#protocol/rsp/info.js';
import { svnOf } from './info.js';
import { refusal } from './judgement.js';
import { type Chip, enabledProfile } from './state.js';

/** Whether there is one; unlike other features it has to be asked for. */
const hasIpae = (chip: Chip): boolean => chip.config.supports?.ipae === true;

/** IpaeActivation: ok(0), notSupported(1). */
export const activateIpae = (chip: Chip, options: readonly string[]): number => {
  const code = refusal(chip, 'ipaeActivation', [['support', 1, !hasIpae(chip) || !options.includes('activateIpae')]]);
  if (code !== undefined) return code;
  chip.memory.isIpaeActive = true;
  chip.memory.session = undefined;
  return 0;
};

const INFORMATION: ReadonlySet<string> = new Set([
  'GetEuiccInfo1Request',
  'GetEuiccInfo2Request',
  'GetEuiccDataRequest',
  'IpaeActivationRequest',
]);
/** Whether a command of the device is still served while the IPA inside the eUICC is active. */
export const isForIpaeToo = (request: string): boolean => INFORMATION.has(request);

/** Templates E0 and, since v1.1, E1 of the FCI that SELECT of the ISD-R returns, one after the other. SGP.22 5.7.2, SGP.32 3.8.4 */
export const isdrTemplates = (chip: Chip): Uint8Array => {
  const { spec } = chip.world;
  const base = encode(ISDRProprietaryApplicationTemplate, { svn: svnOf(chip) }, { spec });
  if (spec === '1.0') return chip.decisions.writesTemplates(base);
  const euiccConfiguration = [...(hasIpae(chip) ? ['ipaeSupported'] : []), ...(enabledProfile(chip) ? ['enabledProfile'] : [])];
  return chip.decisions.writesTemplates(concat(base, encode(ISDRProprietaryApplicationTemplateIoT, { euiccConfiguration }, { spec })));
};

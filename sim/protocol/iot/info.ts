/** What an IoT eUICC says about itself (SGP.32 3.8.4, 5.9.2). */
import { bits, define, formerly, integer, nil, octets, optional, sequence, sequenceOf, since, tagged } from '../asn1/type.js';
import { VersionType } from '../rsp/basic.js';
import { euiccInfo2Members } from '../rsp/info.js';

/** Which IPA of an eUICC is active. */
export const IpaMode = define('IpaMode', 'SGP.32 5.9.2', integer('02', { ipad: 0, ipae: 1 }));

/** SGP.32 versions and optional features of an eUICC. */
export const IoTSpecificInfo = define(
  'IoTSpecificInfo',
  'SGP.32 5.9.2',
  sequence('30', {
    iotVersion: sequenceOf('A0', VersionType),
    ecallSupported: since('1.1', optional(nil('81'))),
    fallbackSupported: since('1.1', optional(nil('82'))),
    fallbackAllowedUpdateSupported: since('1.3', optional(nil('83'))),
  }),
);

/** EUICCInfo2 of an IoT eUICC: that of SGP.22 v2.5 and the members of SGP.32. */
export const EUICCInfo2 = define(
  'EUICCInfo2',
  'SGP.32 5.9.2',
  sequence('BF22', {
    ...euiccInfo2Members,
    ipaMode: optional(tagged('90', IpaMode)),
    euiccCiPKIdListForSigningV3: formerly('rfu2', optional(sequenceOf('B1', octets()))),
    additionalEuiccInfo: formerly('rfu3', optional(octets('92', 0, 32))),
    highestSvn: formerly('rfu4', optional(tagged('93', VersionType))),
    iotSpecificInfo: optional(tagged('B4', IoTSpecificInfo)),
    euiccMinimumSecurityLevel: since('1.3', optional(octets('95', 1))),
  }),
);

/** Template E1 in the FCI of the ISD-R, next to E0 of SGP.22. */
export const ISDRProprietaryApplicationTemplateIoT = define(
  'ISDRProprietaryApplicationTemplateIoT',
  'SGP.32 3.8.4',
  sequence('E1', {
    euiccConfiguration: bits('80', { ipaeSupported: 0, enabledProfile: 1 }),
  }),
);

/** Activates the IPA in the eUICC; the tag is that of the LPAe activation of SGP.22. */
export const IpaeActivationRequest = define(
  'IpaeActivationRequest',
  'SGP.32 3.8.4',
  sequence('BF42', {
    ipaeOption: bits('80', { activateIpae: 0 }),
  }),
);

/** Result of activating the IPA in the eUICC. */
export const IpaeActivationResponse = define(
  'IpaeActivationResponse',
  'SGP.32 3.8.4',
  sequence('BF42', {
    ipaeActivationResult: integer('80', { ok: 0, notSupported: 1 }),
  }),
);

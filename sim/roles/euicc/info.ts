/** What a simulated eUICC says about itself. SGP.22 5.7.3, 5.7.8, 5.7.20, 5.7.22; SGP.32 5.9.2, 5.9.10, 5.9.24 */
import { encode } from '#protocol/asn1/encode.js';
import { concat, equal, tlv } from '#protocol/asn1/tlv.js';
import type { InputOf, Spec, ValueOf } from '#protocol/asn1/type.js';
import type { GetCertsResponse, GetConnectivityParametersResponse } from '#protocol/iot/es10b.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import type { EUICCInfo1 } from '#protocol/rsp/info.js';
import { octetsFrom } from './config.js';
import { credentialFor } from './credentials.js';
import { knowsRevocation } from './crl.js';
import { refusal } from './judgement.js';
import { breaksDown, type Chip, enabledProfile } from './state.js';

/** SGP.22 and SGP.32 version numbers, as VersionType, that go with each value of the version axis. */
const VERSIONS: Readonly<Record<Spec, { readonly rsp: readonly number[]; readonly iot: readonly number[] }>> = {
  '1.0': { rsp: [2, 5, 0], iot: [1, 0, 1] },
  '1.1': { rsp: [2, 5, 0], iot: [1, 1, 0] },
  '1.2': { rsp: [2, 5, 0], iot: [1, 2, 0] },
  '1.3': { rsp: [2, 7, 0], iot: [1, 3, 0] },
};
const version = (...numbers: readonly number[]): Uint8Array => Uint8Array.from(numbers);

const MEMORY = 0x60000;
const PROFILE_SIZE = 0x8000;
const uint32 = (value: number): Uint8Array => {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value);
  return octets;
};
/** Number of applications, free non-volatile and free volatile memory. ETSI TS 102 226, 8.2.1.7.2 */
const extCardResource = (chip: Chip): Uint8Array => {
  const { length } = chip.memory.profiles;
  const free = chip.config.memoryFull ? 0 : Math.max(0, MEMORY - length * PROFILE_SIZE);
  return concat(tlv(0x81, Uint8Array.of(length)), tlv(0x82, uint32(free)), tlv(0x83, uint32(0x2000)));
};

const keyLists = (chip: Chip) => {
  const ids = chip.credentials.map(c => c.ciPKId);
  return { euiccCiPKIdListForVerification: ids, euiccCiPKIdListForSigning: ids };
};

/** Version of SGP.22 that the eUICC follows. */
export const svnOf = (chip: Chip): Uint8Array => version(...VERSIONS[chip.world.spec].rsp);

/** EUICCInfo1, BF20. */
export const euiccInfo1 = (chip: Chip): InputOf<ValueOf<typeof EUICCInfo1>> => ({
  svn: svnOf(chip),
  ...keyLists(chip),
});

/** EUICCInfo2 with the IoT members, BF22. SGP.32 5.9.2 */
export const euiccInfo2 = (chip: Chip): InputOf<ValueOf<typeof EUICCInfo2>> => {
  const { spec } = chip.world;
  const { supports } = chip.config;
  return {
    profileVersion: version(2, 3, 1),
    svn: svnOf(chip),
    euiccFirmwareVer: version(1, 0, 0),
    extCardResource: extCardResource(chip),
    uiccCapability: [
      'usimSupport',
      'isimSupport',
      'akaMilenage',
      'akaTuak128',
      'eapClient',
      'javacard',
      'multipleUsimSupport',
      'berTlvFileSupport',
    ],
    ts102241Version: version(9, 2, 0),
    globalplatformVersion: version(2, 3, 0),
    rspCapability: ['additionalProfile', ...(knowsRevocation(chip) ? ['crlSupport'] : []), 'testProfileSupport'],
    ...keyLists(chip),
    euiccCategory: 1,
    ppVersion: version(1, 0, 0),
    sasAcreditationNumber: 'TEST-SIMULATED-0001',
    ipaMode: chip.memory.isIpaeActive ? 1 : 0,
    iotSpecificInfo: {
      iotVersion: [version(...VERSIONS[spec].iot)],
      ...(supports?.ecall !== false && { ecallSupported: null }),
      ...(supports?.fallback !== false && { fallbackSupported: null }),
      ...(spec === '1.3' && supports?.fallback !== false && { fallbackAllowedUpdateSupported: null }),
    },
  };
};

/** EUICCInfo2 as the eUICC signs it in mutual authentication. */
export const euiccInfo2Octets = (chip: Chip): Uint8Array => encode(EUICCInfo2, euiccInfo2(chip), { spec: chip.world.spec });

/** ES10b.GetCerts: the chain of a CI, by default of the first for signing. SGP.32 5.9.10 */
export const certificatesOf = (chip: Chip, ciPKId: Uint8Array | undefined): InputOf<ValueOf<typeof GetCertsResponse>> => {
  const ids = chip.credentials.map(c => c.ciPKId);
  const chosen = chip.decisions.choosesCi('certificates', ids, ciPKId);
  const credential = chosen && credentialFor(chip.credentials, chosen);
  const code = refusal(chip, 'getCerts', [
    ['breakdown', 127, breaksDown(chip, 'getCerts')],
    ['ciPKId', 1, credential === undefined],
  ]);
  if (code !== undefined || !credential) return { getCertsError: code ?? 127 };
  return { certs: { eumCertificate: credential.eumCertificate, euiccCertificate: credential.euiccCertificate } };
};

/** ES10b.GetConnectivityParameters of the enabled profile. SGP.32 5.9.24 */
export const connectivityParameters = (chip: Chip): InputOf<ValueOf<typeof GetConnectivityParametersResponse>> => {
  const { httpParams } = chip.config;
  const code = refusal(chip, 'getConnectivityParameters', [
    ['breakdown', 127, breaksDown(chip, 'getConnectivityParameters')],
    ['found', 1, httpParams === undefined || !enabledProfile(chip)],
  ]);
  if (code !== undefined || httpParams === undefined) return { connectivityParametersError: code ?? 1 };
  return { connectivityParameters: { httpParams: octetsFrom(httpParams, 'httpParams') } };
};

/** Whether a tag list asks for the EID: `5A` is the only element GetEuiccData knows. */
export const asksForEid = (tagList: Uint8Array): boolean => equal(tagList, Uint8Array.of(0x5a));

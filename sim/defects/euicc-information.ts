/** Seeded defects of an eUICC in what it says about itself, and in which functions it has. SGP.32 3.8.4, 5.9.2, 5.9.10; SGP.22 5.7.7, 5.7.8 */
import { concat, readTlv, tlv } from '#protocol/asn1/tlv.js';
import type { EuiccOverride } from '../roles/euicc/index.js';
import type { Chip } from '../roles/euicc/state.js';
import { profileOf, switchProfile } from '../roles/euicc/switching.js';
import { type Change, contained, contentAt, edit, removed } from './edits.js';
import { deciding, type EuiccDeviation, type EuiccDeviations, overlooking, sending } from './euicc-deviation.js';
import { elementsOf, octets } from './euicc-edits.js';

const IPAE_SUPPORTED = 0x80;
const ENABLED_PROFILE = 0x40;

/** A BIT STRING of the two named bits, without the zero bits at its end. */
const namedBits = (bits: number): Uint8Array => (bits === 0 ? octets('00') : Uint8Array.of((bits & ENABLED_PROFILE) === 0 ? 7 : 6, bits));

/** Template E1 with these bits, behind E0 as it is. */
const showing = (does: string, bits: (shown: number) => number): EuiccDeviation =>
  deciding(does, {
    writesTemplates: templates => {
      const list = elementsOf(templates);
      const shown = contentAt(list.at(-1) ?? octets(''), '80')?.[1] ?? 0;
      return concat(...list.slice(0, -1), tlv(0xe1, tlv(0x80, namedBits(bits(shown)))));
    },
  });
const INFO2 = 'EUICCInfo2';
const SENT_BY_GET = 'GetCertsResponse';

const otherDigit: Change = contained(digits => digits.map((octet, i) => (i === digits.length - 1 ? (octet + 1) & 0x77 : octet)));

/** A member with the whole object under its tag instead of the object's content. */
const doubled: Change = contained(content => tlv(0x30, content));

const repeatsChallenge: EuiccOverride = correct => {
  let first: Uint8Array | undefined;
  return {
    newChallenge: random => {
      first ??= correct.newChallenge(random);
      return first;
    },
  };
};

/** Defects in information. */
export const euiccInformationDefects: EuiccDeviations = {
  claimsEnabledProfile: showing('Its ISD-R always says that a profile is enabled.', shown => shown | ENABLED_PROFILE),
  hidesEnabledProfile: showing('Its ISD-R never says that a profile is enabled.', shown => shown & IPAE_SUPPORTED),
  claimsIpae: showing('Its ISD-R says that there is an IPA inside, whatever there is.', shown => shown | IPAE_SUPPORTED),
  activatesAbsentIpae: overlooking('It says that the IPA inside is active although there is none.', 'ipaeActivation', 'support'),
  hidesItsIpae: {
    ...sending('It says that it has no IPA inside although it has one.', 'IpaeActivationResponse', message =>
      edit(message, '80', () => octets('800101')),
    ),
    config: { supports: { ipae: true } },
    declares: { options: { O_E_IPAE: true } },
  },
  tellsOtherEid: sending('It tells an EID that its certificate does not have.', 'GetEuiccDataResponse', message =>
    edit(message, '5A', otherDigit),
  ),
  omitsIpaMode: sending('Its EUICCInfo2 has no ipaMode.', INFO2, message => edit(message, '90', removed)),
  omitsIotInfo: sending('Its EUICCInfo2 has no iotSpecificInfo.', INFO2, message => edit(message, 'B4', removed)),
  omitsIotVersion: sending('Its iotSpecificInfo names no version.', INFO2, message => edit(message, 'B4 A0', removed)),
  tellsOldIotVersion: sending('It names version 1.0 of SGP.32 as the only one.', INFO2, message =>
    edit(message, 'B4 A0', () => octets('A0050403010000')),
  ),
  contradictsItsInfo: sending('Its EUICCInfo1 names another version of SGP.22 than its EUICCInfo2.', 'EUICCInfo1', message =>
    edit(message, '82', () => octets('8203030000')),
  ),
  losesSigningKeyId: sending('Its EUICCInfo1 names no CI key for signing.', 'EUICCInfo1', message =>
    edit(message, 'AA', () => octets('AA00')),
  ),
  repeatsChallenge: { does: 'Its challenge is always the same.', override: repeatsChallenge },
  shortensChallenge: deciding('Its challenge has eight octets.', { newChallenge: random => random(8) }),
  givesFirstChain: {
    does: 'GetCerts returns the chain of its first CI for every CI that it has.',
    override: correct => ({
      choosesCi: (use, ids, asked) =>
        use === 'certificates' && correct.choosesCi(use, ids, asked) ? ids[0] : correct.choosesCi(use, ids, asked),
    }),
  },
  givesChainOfAnyCi: {
    does: 'GetCerts returns its first chain for a CI that it does not have.',
    override: correct => ({
      choosesCi: (use, ids, asked) => correct.choosesCi(use, ids, asked) ?? (use === 'certificates' ? ids[0] : undefined),
    }),
  },
  givesEuiccCertificateTwice: sending('GetCerts returns its own certificate in place of that of the EUM.', SENT_BY_GET, message => {
    const own = contentAt(message, 'A0 A6');
    return own
      ? edit(
          message,
          'A0 A5',
          contained(() => own),
        )
      : message;
  }),
  wrapsCertificates: sending('It writes certificates in GetCerts with their own tag inside the one given.', SENT_BY_GET, message =>
    edit(edit(message, 'A0 A5', doubled), 'A0 A6', doubled),
  ),
};

const OK = { sw: '9000' } as const;

/** The ICCID in a command of ES10c. SGP.22 5.7.16 to 5.7.18 */
const named = (chip: Chip, command: Uint8Array) => profileOf(chip, contentAt(command, 'A0 5A') ?? contentAt(command, '5A'));

/** Carries out one command of SGP.22 that an IoT eUICC does not have. */
const serving = (does: string, tag: string, perform: (chip: Chip, command: Uint8Array) => void): EuiccDeviation => ({
  does,
  override: correct => ({
    answersUnknown: (chip, command) => {
      if (readTlv(command)?.tag !== Number.parseInt(tag, 16)) return correct.answersUnknown(chip, command);
      perform(chip, command);
      return { ...OK, octets: octets(`${tag}03800100`) };
    },
  }),
});

/** Defects in which functions there are. */
export const euiccFunctionDefects: EuiccDeviations = {
  answersUnknownCommands: deciding('It answers commands that it does not know with success and nothing else.', {
    answersUnknown: () => ({ ...OK, octets: octets('') }),
  }),
  enablesByEs10c: serving('It enables profiles by the command of SGP.22.', 'BF31', (chip, command) => {
    const profile = named(chip, command);
    if (profile) switchProfile(chip, profile);
  }),
  disablesByEs10c: serving('It disables profiles by the command of SGP.22.', 'BF32', (chip, command) => {
    const profile = named(chip, command);
    if (profile?.state === 'enabled') switchProfile(chip, undefined);
  }),
  deletesByEs10c: serving('It deletes profiles by the command of SGP.22.', 'BF33', (chip, command) => {
    const profile = named(chip, command);
    chip.memory.profiles = chip.memory.profiles.filter(p => p !== profile);
  }),
  lacksGetCerts: deciding('It does not have GetCerts.', { serves: request => request !== 'GetCertsRequest' }),
};

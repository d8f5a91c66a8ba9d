/** The ES10 commands of a simulated eUICC: which type each is, and who carries it out. SGP.32 4 (ES10 function map), SGP.22 5.7 */
import { compile } from '#protocol/asn1/compile.js';
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { readHeader, readTlv } from '#protocol/asn1/tlv.js';
import { existsIn, type InputOf, type Raw, raw, type Spec, type Type } from '#protocol/asn1/type.js';
import { AuthenticateServerResponse } from '#protocol/iot/authentication.js';
import { CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import * as eims from '#protocol/iot/eim-configuration.js';
import * as es10b from '#protocol/iot/es10b.js';
import { EUICCInfo2, IpaeActivationRequest, IpaeActivationResponse } from '#protocol/iot/info.js';
import { RetrieveNotificationsListRequest, RetrieveNotificationsListResponse } from '#protocol/iot/notification.js';
import { SetDefaultDpAddressRequest } from '#protocol/iot/package.js';
import { ProfileInfoListResponse } from '#protocol/iot/profile.js';
import { SetDefaultDpAddressResponse } from '#protocol/iot/result.js';
import { AuthenticateServerRequest, GetEuiccChallengeRequest, GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { CancelSessionRequest, PrepareDownloadRequest } from '#protocol/rsp/download.js';
import * as info from '#protocol/rsp/info.js';
import { LoadCRLRequest, LoadCRLResponse } from '#protocol/rsp/local.js';
import * as notifications from '#protocol/rsp/notification.js';
import { ProfileInfoListRequest } from '#protocol/rsp/profile.js';
import { type Answer, refused } from './answer.js';
import { authenticateServer, newChallenge } from './authentication.js';
import { knowsRevocation, loadCrl } from './crl.js';
import { cancelSession, prepareDownload } from './download.js';
import { addInitialEim, eimConfigurationData } from './eims.js';
import * as fallback from './fallback.js';
import { asksForEid, certificatesOf, connectivityParameters, euiccInfo1, euiccInfo2 } from './info.js';
import { activateIpae, isForIpaeToo } from './ipae.js';
import { listNotifications, removeNotification, retrieveNotifications } from './notifications.js';
import { listProfiles, unreadableList } from './profiles.js';
import { setDefaultDpAddress } from './psmo.js';
import { resetMemory } from './reset.js';
import type { Chip } from './state.js';
import * as switching from './switching.js';

/** One function: its command and response types, and what it does. Undefined: the command is refused with 6A80. */
export interface Command {
  readonly request: Type;
  readonly response: Type;
  readonly perform: (chip: Chip, message: Decoded) => unknown;
  /** Answer to a command whose content cannot be read; without one it is refused with 6A80. */
  readonly unreadable?: ((chip: Chip) => unknown) | undefined;
  /** Whether this eUICC has the function; all have it otherwise. */
  readonly isSupported?: ((chip: Chip) => boolean) | undefined;
  /** First version of SGP.32 that has the function. */
  readonly since?: Spec | undefined;
}

interface Further<A> {
  readonly unreadable?: (chip: Chip) => InputOf<A>;
  readonly isSupported?: (chip: Chip) => boolean;
  readonly since?: Spec;
}

const command = <Q, A>(
  request: Type<Q>,
  response: Type<A>,
  perform: (chip: Chip, value: Q, message: Decoded<Q>) => InputOf<A> | Raw | undefined,
  { unreadable, isSupported, since }: Further<A> = {},
): Command => ({
  request,
  response,
  // `answer` decodes with the request type of the same entry.
  perform: (chip, message) => perform(chip, message.value as Q, message as Decoded<Q>),
  unreadable,
  isSupported,
  since,
});

/** Functions that v1.0 does not have. */
const FROM_V11 = { since: '1.1' } as const;

/** Every command but LoadEuiccPackage and LoadBoundProfilePackage, whose octets do not always decode as one value. */
export const COMMANDS: readonly Command[] = [
  command(info.GetEuiccInfo1Request, info.EUICCInfo1, euiccInfo1),
  command(info.GetEuiccInfo2Request, EUICCInfo2, euiccInfo2),
  command(info.GetEuiccDataRequest, info.GetEuiccDataResponse, (chip, { tagList }) =>
    asksForEid(tagList) ? { eidValue: chip.eid } : undefined,
  ),
  command(info.EuiccConfiguredAddressesRequest, info.EuiccConfiguredAddressesResponse, ({ memory }) => ({
    defaultDpAddress: memory.defaultDpAddress,
    rootDsAddress: memory.rootDsAddress,
  })),
  command(info.GetRatRequest, info.GetRatResponse, ({ memory }) => ({ rat: memory.rat })),
  command(
    SetDefaultDpAddressRequest,
    SetDefaultDpAddressResponse,
    (chip, value) => ({
      setDefaultDpAddressResult: setDefaultDpAddress(chip, value.defaultDpAddress),
    }),
    FROM_V11,
  ),
  command(ProfileInfoListRequest, ProfileInfoListResponse, listProfiles, { unreadable: unreadableList }),
  command(es10b.GetCertsRequest, es10b.GetCertsResponse, (chip, { euiccCiPKId }) => certificatesOf(chip, euiccCiPKId)),
  command(es10b.GetConnectivityParametersRequest, es10b.GetConnectivityParametersResponse, connectivityParameters, FROM_V11),
  command(eims.AddInitialEimRequest, eims.AddInitialEimResponse, (chip, value) => addInitialEim(chip, value.eimConfigurationDataList)),
  command(eims.GetEimConfigurationDataRequest, eims.GetEimConfigurationDataResponse, (chip, { searchCriteria }) =>
    eimConfigurationData(chip, searchCriteria?.eimId),
  ),
  command(GetEuiccChallengeRequest, GetEuiccChallengeResponse, chip => ({ euiccChallenge: newChallenge(chip) })),
  command(AuthenticateServerRequest, AuthenticateServerResponse, (chip, _, message) => raw(authenticateServer(chip, message))),
  command(PrepareDownloadRequest, PrepareDownloadResponse, (chip, _, message) => raw(prepareDownload(chip, message))),
  command(CancelSessionRequest, CancelSessionResponse, cancelSession),
  command(notifications.ListNotificationRequest, notifications.ListNotificationResponse, (chip, value) =>
    listNotifications(chip, value.profileManagementOperation),
  ),
  command(RetrieveNotificationsListRequest, RetrieveNotificationsListResponse, (chip, { searchCriteria }) =>
    retrieveNotifications(chip, searchCriteria),
  ),
  command(notifications.NotificationSentRequest, notifications.NotificationSentResponse, (chip, { seqNumber }) => ({
    deleteNotificationStatus: removeNotification(chip, seqNumber),
  })),
  command(es10b.ProfileRollbackRequest, es10b.ProfileRollbackResponse, (chip, { refreshFlag }) => {
    const { cmdResult, result } = switching.rollBack(chip, refreshFlag);
    return { cmdResult, eUICCPackageResult: result && raw(result) };
  }),
  // Without the flag, in v1.0, the device is told to REFRESH as after any other switch.
  command(es10b.ImmediateEnableRequest, es10b.ImmediateEnableResponse, (chip, { refreshFlag = true }) => ({
    immediateEnableResult: switching.immediateEnable(chip, refreshFlag),
  })),
  command(es10b.ConfigureImmediateProfileEnablingRequest, es10b.ConfigureImmediateProfileEnablingResponse, (chip, value) => ({
    configImmediateEnableResult: switching.configureImmediateEnable(chip, value),
  })),
  command(
    es10b.ExecuteFallbackMechanismRequest,
    es10b.ExecuteFallbackMechanismResponse,
    (chip, { refreshFlag }) => ({
      executeFallbackMechanismResult: fallback.executeFallback(chip, refreshFlag),
    }),
    FROM_V11,
  ),
  command(
    es10b.ReturnFromFallbackRequest,
    es10b.ReturnFromFallbackResponse,
    (chip, { refreshFlag }) => ({
      returnFromFallbackResult: fallback.returnFromFallback(chip, refreshFlag),
    }),
    FROM_V11,
  ),
  command(
    es10b.EnableEmergencyProfileRequest,
    es10b.EnableEmergencyProfileResponse,
    (chip, { refreshFlag }) => ({
      enableEmergencyProfileResult: fallback.enableEmergency(chip, refreshFlag),
    }),
    FROM_V11,
  ),
  command(
    es10b.DisableEmergencyProfileRequest,
    es10b.DisableEmergencyProfileResponse,
    (chip, { refreshFlag }) => ({
      disableEmergencyProfileResult: fallback.disableEmergency(chip, refreshFlag),
    }),
    FROM_V11,
  ),
  command(es10b.EuiccMemoryResetRequest, es10b.EuiccMemoryResetResponse, (chip, { resetOptions }) => resetMemory(chip, resetOptions)),
  command(LoadCRLRequest, LoadCRLResponse, (chip, { crl }) => loadCrl(chip, crl), { isSupported: knowsRevocation }),
  command(
    IpaeActivationRequest,
    IpaeActivationResponse,
    (chip, { ipaeOption }) => ({
      ipaeActivationResult: activateIpae(chip, ipaeOption),
    }),
    FROM_V11,
  ),
];

const byTag = new Map<Spec, ReadonlyMap<number, Command>>();
const tagsOf = (spec: Spec): ReadonlyMap<number, Command> => {
  const known = byTag.get(spec);
  if (known) return known;
  const there = COMMANDS.filter(c => existsIn(spec, c.since ? { since: c.since } : {}));
  const made = new Map(there.map(c => [compile(c.request, spec).tag, c]));
  byTag.set(spec, made);
  return made;
};
/** The command whose octets start with this tag in a version. */
export const commandWithTag = (tag: number, spec: Spec): Command | undefined => tagsOf(spec).get(tag);

/** Carries out a command that is one complete TLV of a known function. */
export const answer = (chip: Chip, octets: Uint8Array): Answer => {
  const { decisions, world } = chip;
  const { spec } = world;
  const found = commandWithTag(readHeader(octets)?.tag ?? -1, spec);
  if (!found || found.isSupported?.(chip) === false || !decisions.serves(found.request.name))
    return decisions.answersUnknown(chip, octets) ?? refused(decisions.refuses('unknownFunction'));
  if (chip.memory.isIpaeActive && !isForIpaeToo(found.request.name)) return refused(decisions.refuses('notNow'));
  const message = decode(found.request, octets, { spec });
  // Signed parts are passed on as received, which needs lengths that are known.
  const isReadable = message.ok && !message.diagnostics.some(d => d.code === 'indefiniteLength');
  // A command without an end is no command at all; only its content can be wrong in a way that has a code.
  const isWhole = readTlv(octets)?.end === octets.length;
  const value = isReadable ? found.perform(chip, message) : isWhole ? found.unreadable?.(chip) : undefined;
  if (value === undefined) return refused(decisions.refuses('unreadable'));
  const { response } = found;
  return { sw: '9000', octets: decisions.outgoing(response.name, encodeUntyped(response, value, { spec }), octets) };
};

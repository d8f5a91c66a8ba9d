/** Downloads as they start: from a trigger, from an event of an SM-DS, or because the IPA itself is told to. SGP.32 3.2.3, 3.9.2 */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';
import type { AuthenticateClientResponseEs11 } from '#protocol/rsp/es9plus.js';
import { EuiccConfiguredAddressesRequest, EuiccConfiguredAddressesResponse } from '#protocol/rsp/info.js';
import { ComposeError } from '../../role.js';
import { ask } from './card.js';
import { hasFeature } from './config.js';
import { selectedEim } from './euicc-data.js';
import type { Device, Download, IpaInterface, Task } from './state.js';
import type { Addresses, Source } from './trigger.js';

/** What the eUICC and the IPA's features say about where a download may start. */
export const addressesOf = async ({ config, world }: Device): Promise<Addresses> => {
  const { value } = await ask(config.euicc, world.spec, EuiccConfiguredAddressesRequest, {}, EuiccConfiguredAddressesResponse);
  return {
    defaultDpAddress: value.defaultDpAddress,
    rootDsAddress: value.rootDsAddress,
    eimHoldsData: hasFeature(config, 'eimDownloadDataHandling'),
  };
};

/** Whether the IPA goes to RSP servers itself: when it can do nothing else, or its eIM does not relay. SGP.32 2.11.1.1.1, 3.2.3.1 */
export const isDirect = (device: Device): Promise<boolean> =>
  device.decide.goesDirectly({
    direct: hasFeature(device.config, 'directRspServerCommunication'),
    indirect: hasFeature(device.config, 'indirectRspServerCommunication'),
    // An eIM of v1.0 cannot say so in its data: it relays for whoever asks it to.
    relays: async () => device.world.spec === '1.0' || (await selectedEim(device))?.indirectProfileDownload !== undefined,
  });

/** Whether notifications go to the servers that they name. */
export const notifiesServers = async (device: Device): Promise<boolean> => {
  const { notifies, activationCode, smdpAddress, smdsAddress } = device.config;
  if (notifies !== undefined) return notifies === 'server';
  return [activationCode, smdpAddress, smdsAddress].some(own => own !== undefined) || isDirect(device);
};

const ownInterface = (source: Source): IpaInterface => (source.isSmds ? 'ES11' : 'ES9+');

/** The download that a trigger asks for; undefined when what it needs is missing. */
export const downloadOf = async (
  device: Device,
  octets: Uint8Array,
  task: Task | undefined,
  eimTransactionId: Uint8Array | undefined,
): Promise<Download | undefined> => {
  const trigger = decode(ProfileDownloadTriggerRequest, octets, { spec: device.world.spec }).value;
  const direct = await isDirect(device);
  const addresses = await addressesOf(device);
  const source = device.decide.source(
    trigger,
    direct ? { ...addresses, eimHoldsData: false } : addresses,
    device.decide.readsActivationCode,
  );
  return (
    source && { task, source, via: direct ? ownInterface(source) : 'ESipa', eimTransactionId: trigger.eimTransactionId ?? eimTransactionId }
  );
};

/** The download that the IPA starts by itself: as its configuration says, else from the default SM-DP+. */
export const ownDownload = async (device: Device): Promise<Download> => {
  const { activationCode, smdpAddress, smdsAddress, matchingId } = device.config;
  const coded = activationCode === undefined ? undefined : device.decide.readsActivationCode(activationCode);
  if (activationCode !== undefined && !coded)
    throw new ComposeError(`activationCode: expected 1$address$matchingId, got ${activationCode}`);
  const source: Source = coded ?? {
    smdpAddress: smdsAddress ?? smdpAddress ?? (await addressesOf(device)).defaultDpAddress,
    matchingId,
    ...(smdsAddress !== undefined && { isSmds: true }),
  };
  return { task: undefined, source, via: ownInterface(source), eimTransactionId: undefined };
};

/** Goes on with the trigger that an SM-DS event led to, as part of the same order; without trigger the SM-DS has nothing. SGP.32 3.9.2.2 */
export const continueFromTrigger = async (device: Device, octets: Uint8Array | undefined): Promise<void> => {
  const former = device.download;
  if (!former) return;
  const next = octets && device.decide.followsEvent() ? await downloadOf(device, octets, former.task, former.eimTransactionId) : undefined;
  if (next) {
    device.download = next;
    return;
  }
  former.failure = octets ? 'the trigger of the SM-DS event lacks what it needs' : 'the SM-DS has no event';
  // A session with an SM-DS cannot be cancelled. SGP.22 5.8
  former.isRefused = true;
};

/** Takes the events of an SM-DS: each names a server and the matchingId to come with. SGP.32 3.9.2.1 */
export const takeEvents = (device: Device, message: Decoded<ValueOf<typeof AuthenticateClientResponseEs11>>): void => {
  const { download } = device;
  if (!download) return;
  const { authenticateClientOk: ok, authenticateClientError: code } = message.value;
  const found = (ok?.eventEntries ?? []).map(
    (e): Source => ({ smdpAddress: e.rspServerAddress, matchingId: device.decide.matchingIdOfEvent(e.eventId) }),
  );
  if (code !== undefined || found.length === 0 || !device.decide.followsEvent()) {
    download.failure = code === undefined ? 'the SM-DS has no event' : `AuthenticateClient failed with ${code}`;
    download.isRefused = true;
    return;
  }
  goTo(device, download, [...found, ...(download.events ?? [])]);
};

const goTo = (device: Device, former: Download, [source, ...events]: readonly Source[]): void => {
  const { task, eimTransactionId, installationResult } = former;
  const reported = installationResult ?? former.reported;
  if (source) device.download = { task, source, via: 'ES9+', eimTransactionId, events, ...(reported && { reported }) };
};

/** Goes on to the next server that an SM-DS named, if there is one; whether there is. */
export const continueWithEvents = (device: Device): boolean => {
  const { download } = device;
  if (!download?.events?.length) return false;
  goTo(device, download, download.events);
  return true;
};

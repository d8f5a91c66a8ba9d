/** Seeded defects of an IPA in passing on what is signed, and in compact forms. SGP.32 2.1.3, 3.1, 5.14 */
import { readHeader } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import { AuthenticateClientRequestEsipa } from '#protocol/iot/authentication.js';
import { CancelSessionRequestEsipa, GetBoundProfilePackageRequestEsipa } from '#protocol/iot/download.js';
import { HandleNotificationEsipa, ProvideEimPackageResult } from '#protocol/iot/esipa.js';
import { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import {
  AuthenticateClientRequest,
  CancelSessionRequestEs9,
  GetBoundProfilePackageRequest,
  HandleNotification,
} from '#protocol/rsp/es9plus.js';
import { edit, removed } from './edits.js';
import { type IpaDeviation, type IpaDeviations, reencoded } from './ipa-deviation.js';

/** Takes messages of these types apart and puts them together again on their way out. */
const reencoding = (does: string, ...types: readonly Type[]): IpaDeviation => ({
  does,
  override: correct => ({
    outgoing: (name, octets) => {
      const type = types.find(one => one.name === name);
      const message = correct.outgoing(name, octets);
      return type ? reencoded(type)(message) : message;
    },
  }),
});

const COMMANDS: readonly Type[] = [AuthenticateServerRequest, PrepareDownloadRequest];

/** What the eIM needs of a compact form, by the message that brings it. */
const NEEDED: Readonly<Record<string, string>> = {
  // ctxParams1
  AuthenticateClientRequestEsipa: 'BF38 A2 A0 A2',
  // reason
  CancelSessionRequestEsipa: 'A1 A2 30 80',
  // profileManagementOperation
  HandleNotificationEsipa: 'A0 A1 BF2F 81',
};

/** Uses compact forms, as its supplier declares. */
export const COMPACT = {
  config: { compact: 'announced' },
  features: ['minimizeEsipaBytes'],
  declares: { options: { O_I_COMPACT: true } },
} as const;

/** Defects in passing on. */
export const ipaRelayDefects: IpaDeviations = {
  reencodesServerObjects: {
    does: 'It takes apart what a server signed, and gives the eUICC what it understood of it.',
    override: correct => ({
      command: octets => {
        const type = COMMANDS.find(one => one.tag === readHeader(octets)?.tag);
        return type ? reencoded(type)(correct.command(octets)) : correct.command(octets);
      },
    }),
  },
  reencodesEuiccObjects: reencoding(
    'It takes apart what the eUICC signed in a download, and gives the server what it understood of it.',
    AuthenticateClientRequestEsipa,
    GetBoundProfilePackageRequestEsipa,
    CancelSessionRequestEsipa,
    AuthenticateClientRequest,
    GetBoundProfilePackageRequest,
    CancelSessionRequestEs9,
  ),
  reencodesNotifications: reencoding(
    'It takes notifications apart and puts them together again.',
    HandleNotificationEsipa,
    HandleNotification,
    ProvideEimPackageResult,
  ),
  leavesOutTooMuch: {
    does: 'Its compact forms leave out what the eIM cannot know.',
    ...COMPACT,
    override: correct => ({
      outgoing: (name, octets) => edit(correct.outgoing(name, octets), NEEDED[name] ?? '', NEEDED[name] ? removed : same => same),
    }),
  },
};

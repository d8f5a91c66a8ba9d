/** The eIM as a role: a party that answers ESipa messages and takes orders; no wire, no clock and no random source of its own. */

import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw, type Type } from '#protocol/asn1/type.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { AuthenticateClientRequestEsipa, InitiateAuthenticationRequestEsipa } from '#protocol/iot/authentication.js';
import { CancelSessionRequestEsipa, GetBoundProfilePackageRequestEsipa } from '#protocol/iot/download.js';
import { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { GetEimPackageRequest, HandleNotificationEsipa, ProvideEimPackageResult, TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import { HandleNotification } from '#protocol/rsp/es9plus.js';
import type { Duration } from '../../../adapters/adapter.js';
import type { Composed, World } from '../../role.js';
import type { Parameters } from '../parameters.js';
import { authenticateClient } from './authenticate-client.js';
import { getBoundProfilePackage } from './bound-profile-package.js';
import { cancelSession } from './cancel-session.js';
import type { Answer, EimConfig, EimContext } from './context.js';
import { decisionsWith, type EimDecisions, type EimOverride } from './decisions.js';
import { handleNotification } from './handle-notification.js';
import { initiateAuthentication } from './initiate-authentication.js';
import { composeTransfer, isBusy, type Transfer, takeTransferAnswer } from './injection.js';
import { createNotificationQueue } from './notification-queue.js';

import { type OrderTaken, takeOrder } from './orders.js';
import { provideEimPackageResult } from './provide.js';
import { forgetEuicc, registerEuicc } from './registration.js';
import { getEimPackage } from './retrieval.js';
import { NO_SERVERS, type RspServers } from './rsp-servers.js';
import type { EuiccRecord, Order } from './state.js';

export { OrderError } from '../parameters.js';
export type { Answer, EimConfig } from './context.js';
export type { EimDecisions, EimOverride } from './decisions.js';
export type { RspAnswer, RspInterface, RspServers } from './rsp-servers.js';

/** What an eIM is made of. */
export interface EimOptions {
  readonly config: EimConfig;
  readonly world: World;
  readonly servers?: RspServers;
  /** Runs something later, for retries; without it nothing is retried until the next notification comes. */
  readonly later?: (delay: Duration, run: () => void) => void;
  readonly overrides?: readonly EimOverride[];
}

/** An eIM. */
export interface Eim {
  readonly config: EimConfig;
  readonly decisions: EimDecisions;
  /** Its inside, for what drives it step by step. */
  readonly context: EimContext;
  /** Answers one ESipa request by the name of its type. Never rejects for what an IPA or a server sent. */
  handle(type: string, octets: Uint8Array): Promise<Answer>;
  /** Throws OrderError when the data do not do. */
  register(given: Parameters): EuiccRecord;
  forget(eid: string): boolean;
  euicc(eid: string): EuiccRecord | undefined;
  /** Throws OrderError when the order cannot be carried out as it is written. */
  take(record: EuiccRecord, given: Parameters): OrderTaken;
  order(id: string): Order | undefined;
  /** What goes to the IPA of an eUICC now, where the eIM is the client; undefined: nothing does. SGP.32 3.1.1.2 */
  transfer(record: EuiccRecord, only?: Transfer): Composed | undefined;
  /** Takes the answer to a transfer, of any octets; why it is worth nothing, undefined: it was taken. */
  takeTransferAnswer(record: EuiccRecord, octets: Uint8Array): string | undefined;
  /** EimConfigurationData `30 …` for AddInitialEim. SGP.32 2.11.1.1.1 */
  exportData(record?: EuiccRecord): Uint8Array;
  /** Settles when no notification is on its way. */
  idle(): Promise<void>;
}

type Handler = (eim: EimContext, octets: Uint8Array) => Answer | Promise<Answer>;

/** A message that does not decode is refused, unless only fields are wrong for which the function has an error of its own. */
const handler =
  <V>(type: Type<V>, handle: (eim: EimContext, message: Decoded<V>) => Answer | Promise<Answer>, tolerated?: string): Handler =>
  (eim, octets) => {
    const message = decode(type, octets, { spec: eim.world.spec });
    const fault = message.diagnostics.find(d => d.severity === 'error' && d.path !== tolerated);
    return fault ? { refused: `${fault.path || type.name}: expected ${fault.expected}, got ${fault.found}` } : handle(eim, message);
  };

const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ['GetEimPackageRequest', handler(GetEimPackageRequest, getEimPackage, 'eidValue')],
  ['ProvideEimPackageResult', handler(ProvideEimPackageResult, provideEimPackageResult, 'eidValue')],
  ['HandleNotificationEsipa', handler(HandleNotificationEsipa, handleNotification, 'provideEimPackageResult.eidValue')],
  ['InitiateAuthenticationRequestEsipa', handler(InitiateAuthenticationRequestEsipa, initiateAuthentication)],
  ['AuthenticateClientRequestEsipa', handler(AuthenticateClientRequestEsipa, authenticateClient)],
  ['GetBoundProfilePackageRequestEsipa', handler(GetBoundProfilePackageRequestEsipa, getBoundProfilePackage)],
  ['CancelSessionRequestEsipa', handler(CancelSessionRequestEsipa, cancelSession)],
]);

const exportData = (eim: EimContext, record: EuiccRecord | undefined): Uint8Array => {
  const { eimId, eimFqdn, signingKey, tlsPublicKey, protocols } = eim.config;
  return encode(
    EimConfigurationData,
    {
      eimId,
      eimFqdn,
      eimIdType: eimId === eimFqdn ? 2 : 3,
      counterValue: record?.initialCounter ?? 0,
      eimPublicKeyData: { eimPublicKey: subjectPublicKeyInfo(record?.signingKey ?? signingKey) },
      trustedPublicKeyDataTls: tlsPublicKey && { trustedEimPkTls: tlsPublicKey },
      eimSupportedProtocol: [...protocols],
      ...(eim.world.spec !== '1.0' && { indirectProfileDownload: null }),
    },
    { spec: eim.world.spec },
  );
};

/** Makes an eIM that knows no eUICC yet. */
export const createEim = ({ config, world, servers = NO_SERVERS, later = () => undefined, overrides = [] }: EimOptions): Eim => {
  const decisions = decisionsWith(overrides, world);
  const notifications = createNotificationQueue({
    decisions,
    later,
    deliver: async ({ address, octets }) => {
      const message = encode(HandleNotification, { pendingNotification: raw(octets) }, { spec: world.spec });
      const answer = await servers.call('ES9+', address, 'HandleNotification', decisions.outgoing('HandleNotification', message));
      return 'done' in answer;
    },
  });
  const eim: EimContext = {
    config,
    world,
    decisions,
    servers,
    notifications,
    euiccs: new Map(),
    orders: new Map(),
    sessions: new Map(),
    taken: new Set(),
  };
  return {
    config,
    decisions,
    context: eim,
    handle: async (type, octets) => HANDLERS.get(type)?.(eim, octets) ?? { refused: `${type} is no request to an eIM` },
    register: given => registerEuicc(eim, given),
    forget: eid => forgetEuicc(eim, eid),
    euicc: eid => eim.euiccs.get(eid),
    take: (record, given) => takeOrder(eim, record, given),
    order: id => eim.orders.get(id),
    transfer: (record, only) => composeTransfer(eim, record, only ?? (isBusy(record) ? 'acknowledgements' : undefined)),
    takeTransferAnswer: (record, octets) =>
      takeTransferAnswer(eim, record, decode(TransferEimPackageResponse, octets, { spec: world.spec })),
    exportData: record => exportData(eim, record),
    idle: notifications.idle,
  };
};

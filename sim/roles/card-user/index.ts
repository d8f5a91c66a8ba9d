/**
 * The simulated IPA towards a card that is under test: it composes complete ES10 commands, each built on what the card,
 * the simulated SM-DP+ and the simulated eIM said before. SGP.32 5.9, SGP.22 5.7
 */
import { encodeUntyped } from '#protocol/asn1/encode.js';
import type { Type } from '#protocol/asn1/type.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { es10FunctionNamed, LOAD_PROFILE } from '../../bindings/es10.js';
import { type Actor, type Composed, ComposeError, type Received, type World } from '../../role.js';
import type { CardUserConfig, CardUserSurroundings } from './config.js';
import {
  composeAssociation,
  composePackage,
  noteAssociation,
  noteAssociationRequest,
  noteConfiguration,
  noteSentPackage,
  takePackageResult,
} from './packages.js';
import { composeAuthenticate, composeCancel, composePrepare, composeProfile, noteOffer, rspSession, takeRsp } from './session.js';
import { noteCertsRequest, nothingTold, takeTold } from './told.js';

export type { CardUserConfig } from './config.js';

/** The IPA as an actor. */
export interface CardUser extends Actor {
  readonly role: 'ipa';
}

type Composer = () => Promise<Uint8Array> | Uint8Array;

/** Makes the IPA of a test case for an eUICC. */
export const createCardUser = (config: CardUserConfig, around: CardUserSurroundings, world: World): CardUser => {
  const { spec } = world;
  const session = rspSession(config, around, world);
  const { eims, eid } = around;
  let seqNumber: number | undefined;
  let results = 0;
  const told = nothingTold(around.euiccInfo1, spec);

  const composers: Readonly<Record<string, Composer>> = {
    AddInitialEimRequest: () => composeAssociation(eims, spec),
    EuiccPackageRequest: () => composePackage(eims, eid, spec),
    AuthenticateServerRequest: () => composeAuthenticate(session),
    PrepareDownloadRequest: () => composePrepare(session),
    [LOAD_PROFILE.request.name]: () => composeProfile(session),
    CancelSessionRequest: () => composeCancel(session),
  };
  /** What a request holds whose fields the specification fixes or the card told. */
  const values: Readonly<Record<string, () => unknown>> = {
    GetEuiccDataRequest: () => ({ tagList: Uint8Array.of(0x5a) }),
    NotificationSentRequest: () => ({ seqNumber: seqNumber ?? 1 }),
    EuiccMemoryResetRequest: () => ({ resetOptions: ['deleteOperationalProfiles'] }),
  };

  const composed = async (type: string): Promise<Composed> => {
    const of = type === LOAD_PROFILE.request.name ? LOAD_PROFILE : es10FunctionNamed(type);
    if (!of) throw new ComposeError(`${type} is no command of ES10`);
    const compose = composers[type];
    if (compose) return { type: of.request, octets: await compose() };
    return { type: of.request, octets: plain(of.request, values[type]?.() ?? {}) };
  };
  const plain = (type: Type, value: unknown): Uint8Array => {
    try {
      return encodeUntyped(type, value, { spec });
    } catch (cause) {
      throw new ComposeError(`${type.name} has fields that only the script can state`, { cause });
    }
  };

  const take = async ({ type, message }: Received): Promise<void> => {
    if (!message.ok) return;
    takeTold(told, type.name, message, world);
    if (type.name === 'EuiccPackageResult') {
      seqNumber = takePackageResult(eims, message) ?? seqNumber;
      results++;
    } else seqNumber = takeRsp(session, type.name, message) ?? seqNumber;
    if (type.name === 'AddInitialEimResponse') noteAssociation(eims, message);
    if (type.name === 'GetEimConfigurationDataResponse') noteConfiguration(eims, message);
  };

  return {
    role: 'ipa',
    compose: composed,
    take,
    sent: ({ type, octets }) => {
      if (type.name === 'EuiccPackageRequest') noteSentPackage(eims, octets, spec);
      if (type.name === 'AddInitialEimRequest') noteAssociationRequest(eims, octets, spec);
      if (type.name === PrepareDownloadRequest.name) noteOffer(session, octets);
      if (type.name === 'GetCertsRequest') noteCertsRequest(told, octets, spec);
    },
    react: async ({ type }) => ({ refused: `${type.name} is no request to an IPA` }),
    get state() {
      const { proof, offer, challenge } = session;
      return {
        eid,
        euiccInfo1: around.euiccInfo1,
        challenge,
        transactionId: proof?.transactionId,
        serverAddress: proof?.address,
        ccRequired: offer?.ccRequired,
        seqNumber,
        results,
        chain: told.chain,
        chainsLeft: told.chainsLeft,
        challenges: [...told.challenges],
      };
    },
  };
};

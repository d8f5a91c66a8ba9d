/** A simulated SM-DP+: ES9+ and ES9+' as a correct server answers them, and the orders behind them. SGP.22 3.1, 5.6 */
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { tlv } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import {
  AuthenticateClientRequest,
  AuthenticateClientResponseEs9,
  CancelSessionRequestEs9,
  CancelSessionResponseEs9,
  GetBoundProfilePackageRequest,
  GetBoundProfilePackageResponse,
  HandleNotification,
  InitiateAuthenticationRequest,
  InitiateAuthenticationResponse,
} from '#protocol/rsp/es9plus.js';
import { type Actor, ComposeError, type Received, type World } from '../../role.js';
import { type Answer, decodeProblem, desk, MALFORMED, type Refusal, refusals } from '../rsp-server/answer.js';
import { issuers } from '../rsp-server/identity.js';
import { type InitiationFault, initiateAuthentication } from '../rsp-server/initiate-authentication.js';
import { sessionTable } from '../rsp-server/session-table.js';
import type { ServerSigning } from '../rsp-server/signing.js';
import { authenticateClient } from './authenticate-client.js';
import { cancelSession } from './cancel-session.js';
import { certificateNames } from './certificates.js';
import type { ProfileConfig, SmdpConfig } from './config.js';
import { decisionsWith, type SessionFunction, type SmdpDecisions, type SmdpOverride } from './decisions.js';
import { getBoundProfilePackage } from './get-bound-profile-package.js';
import { handleNotification, type ReceivedNotification, unreadable } from './notifications.js';
import { type Order, orderOf } from './order.js';
import type { Session } from './session.js';
import { stateOf } from './state.js';

export type { SmdpDecisions, SmdpOverride } from './decisions.js';

/** The SM-DP+ as an actor. */
export interface Smdp extends Actor {
  readonly role: 'smdp';
  readonly decisions: SmdpDecisions;
  readonly address: string;
  /** OID in its certificate for authentication; empty when it has none. */
  readonly oid: string;
  /** `take` and `react` see a request once; `compose` gives the answer to the request seen last. */
  react(received: Received): Promise<Answer | undefined>;
  readonly orders: readonly Order[];
  readonly notifications: readonly ReceivedNotification[];
  /** Takes a further order; without a MatchingID it gets one. Throws ComposeError when it cannot be made. */
  add(profile: Omit<ProfileConfig, 'matchingId'> & { readonly matchingId?: string | undefined }): Order;
  /** Forgets an order; false when there is none like it. */
  remove(order: Order): boolean;
  /** For messages that a test case has changed. */
  readonly signing: ServerSigning;
  /** Takes note of the signature, `5F37 …`, of an offer that a test case changed and signed anew: the eUICC signs it with its answer. */
  restate(smdpSignature2: Uint8Array): void;
}

const FAULTS: Readonly<Record<InitiationFault, string>> = {
  address: '8.8.1/3.8',
  svn: '8.8.3/3.1',
  ciKey: '8.8.2/3.1',
  certificate: '8.8.4/3.7',
};

// A stand-alone server must not fill the memory with what anybody may send it.
const MOST_NOTIFICATIONS = 4096;

/** Makes an SM-DP+. Throws ComposeError when the configuration asks for what cannot be. */
export const createSmdp = (config: SmdpConfig, world: World, overrides: readonly SmdpOverride[] = []): Smdp => {
  const { spec } = world;
  const decisions = decisionsWith(overrides, world);
  const { address } = config;
  const names = certificateNames(config, world.pki);
  const orders = (config.profiles ?? []).map(profile => orderOf(profile, spec));
  const trusted = issuers(world.pki, config.curve);
  const sessions = sessionTable<Session>();
  const notifications: ReceivedNotification[] = [];
  let current: Session | undefined;

  const refusing = (type: Type, error: string, by: SessionFunction | 'InitiateAuthentication'): Refusal => {
    const refusal = refusals(type, error, `ES9+.${by}`, spec);
    return (code, message) => refusal(decisions.refusesWith(code, by), message);
  };
  const refuse = {
    initiate: refusing(InitiateAuthenticationResponse, 'initiateAuthenticationError', 'InitiateAuthentication'),
    authenticate: refusing(AuthenticateClientResponseEs9, 'authenticateClientError', 'AuthenticateClient'),
    bind: refusing(GetBoundProfilePackageResponse, 'getBoundProfilePackageError', 'GetBoundProfilePackage'),
    cancel: refusing(CancelSessionResponseEs9, 'cancelSessionError', 'CancelSession'),
  };

  const initiate = (octets: Uint8Array): Answer => {
    const message = decode(InitiateAuthenticationRequest, octets, { spec });
    if (!message.ok) return refuse.initiate(MALFORMED, decodeProblem(message));
    const initiation = initiateAuthentication(message.value, { address, certificate: names.auth, issuers: trusted, decisions }, world);
    if ('fault' in initiation) return refuse.initiate(FAULTS[initiation.fault]);
    current = { ...initiation.session, phase: 'initiated' };
    sessions.add(current);
    return { type: InitiateAuthenticationResponse, octets: initiation.octets };
  };

  /** Answers within a session; the same request again gets the same answer again. */
  const within = (octets: Uint8Array, transactionId: Uint8Array, refusal: Refusal, answer: (session: Session) => Answer): Answer => {
    const session = decisions.findsSession(sessions.find(transactionId), current);
    const same = session?.last && Buffer.compare(session.last.request, octets) === 0;
    if (session?.last && same && decisions.repeatsAnswers()) return session.last.answer;
    if (!session || session.phase === 'ended') return refusal('8.10.1/3.9', session ? 'the session has ended' : undefined);
    current = session;
    const made = answer(session);
    session.last = { request: Uint8Array.from(octets), answer: made };
    return made;
  };

  const authenticate = (octets: Uint8Array): Answer => {
    const message = decode(AuthenticateClientRequest, octets, { spec });
    if (!message.ok) return refuse.authenticate(MALFORMED, decodeProblem(message));
    const server = { address, orders, pbCertificate: names.pb, world, decisions };
    return within(octets, message.value.transactionId, refuse.authenticate, session =>
      authenticateClient(message, session, server, refuse.authenticate),
    );
  };

  const bind = (octets: Uint8Array): Answer => {
    const message = decode(GetBoundProfilePackageRequest, octets, { spec });
    if (!message.ok) return refuse.bind(MALFORMED, decodeProblem(message));
    return within(octets, message.value.transactionId, refuse.bind, session =>
      getBoundProfilePackage(message, session, { world, decisions }, refuse.bind),
    );
  };

  const cancel = (octets: Uint8Array): Answer => {
    const message = decode(CancelSessionRequestEs9, octets, { spec });
    if (!message.ok) return refuse.cancel(MALFORMED, decodeProblem(message));
    return within(octets, message.value.transactionId, refuse.cancel, session =>
      cancelSession(message, session, { spec, decisions }, refuse.cancel),
    );
  };

  const notify = (octets: Uint8Array): undefined => {
    const message = decode(HandleNotification, octets, { spec });
    const receiver = { received: notifications, session: sessions.find, issuers: trusted, now: () => world.now(), decisions };
    notifications.push(message.ok ? handleNotification(message, receiver) : unreadable(message, decodeProblem(message)));
    if (notifications.length > MOST_NOTIFICATIONS) notifications.shift();
  };

  const handlers = new Map<string, (octets: Uint8Array) => Answer | undefined>([
    [InitiateAuthenticationRequest.name, initiate],
    [AuthenticateClientRequest.name, authenticate],
    [GetBoundProfilePackageRequest.name, bind],
    [CancelSessionRequestEs9.name, cancel],
    [HandleNotification.name, notify],
  ]);
  const answers = desk(({ type, message }) => {
    const handle = handlers.get(type.name);
    if (!handle) throw new ComposeError(`${type.name}: expected one of ${[...handlers.keys()].join(', ')}`);
    const answer = handle(message.octets);
    return answer && { ...answer, octets: decisions.outgoing(answer.type.name, answer.octets) };
  });

  return {
    role: 'smdp',
    decisions,
    address,
    oid: names.oid,
    compose: async type => answers.latest(type),
    take: async received => {
      answers.answer(received);
    },
    react: async received => answers.answer(received),
    sent: ({ type, octets }) => {
      if (type.name !== AuthenticateClientResponseEs9.name || !current?.smdpSignature2) return;
      // The eUICC signs over the signature that it gets, whatever a script has made of it.
      const signature = fieldOctets(decode(AuthenticateClientResponseEs9, octets, { spec }), 'authenticateClientOk.smdpSignature2');
      if (signature) current.smdpSignature2 = signature;
    },
    orders,
    notifications,
    add: profile => {
      const order = orderOf({ ...profile, matchingId: decisions.newMatchingId(profile.matchingId, world.random) }, spec);
      orders.push(order);
      return order;
    },
    remove: order => {
      const at = orders.indexOf(order);
      if (at >= 0) orders.splice(at, 1);
      return at >= 0;
    },
    signing: {
      keyFor: signer => (signer === 'serverAuth' ? current?.auth.key : current?.pb?.key),
      context: () => ({
        euiccSignature1: current?.euicc?.euiccSignature1,
        smdpSignature2: current?.smdpSignature2,
        ...(current?.euiccOtpk && { euiccOtpk: tlv(0x5f49, current.euiccOtpk) }),
      }),
    },
    restate: smdpSignature2 => {
      if (current) current.smdpSignature2 = smdpSignature2;
    },
    get state() {
      return stateOf({ address, oid: names.oid, orders, notifications, sessions: sessions.all(), current });
    },
  };
};

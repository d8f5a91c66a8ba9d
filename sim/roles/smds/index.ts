/** A simulated SM-DS: ES11 and ES11' as a correct server answers them, and the events it holds. SGP.22 3.6, 5.8 */
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal, fromHex } from '#protocol/asn1/tlv.js';
import type { Curve } from '#protocol/crypto/ecdsa.js';
import {
  AuthenticateClientRequest,
  AuthenticateClientResponseEs11,
  InitiateAuthenticationRequest,
  InitiateAuthenticationResponse,
} from '#protocol/rsp/es9plus.js';
import { type Actor, ComposeError, type Received, type World } from '../../role.js';
import { type Answer, decodeProblem, desk, MALFORMED, refusals } from '../rsp-server/answer.js';
import { correctServer, type ServerDecisions } from '../rsp-server/decisions.js';
import { issuers } from '../rsp-server/identity.js';
import { type InitiationFault, initiateAuthentication, type OpenedSession } from '../rsp-server/initiate-authentication.js';
import { sessionTable } from '../rsp-server/session-table.js';
import type { ServerSigning } from '../rsp-server/signing.js';
import { type VerifiedEuicc, verifyEuicc } from '../rsp-server/verify-euicc.js';

/** An event: a server has something for an eUICC. SGP.22 3.6 */
export interface EventConfig {
  readonly eventId: string;
  /** 16 octets or 32 digits. */
  readonly eid: string | Uint8Array;
  /** FQDN of an SM-DP+ or of another SM-DS. */
  readonly rspServerAddress: string;
}

/** A simulated SM-DS. */
export interface SmdsConfig {
  /** FQDN, also in serverSigned1. */
  readonly address: string;
  readonly events?: readonly EventConfig[];
  /** Names in the PKI, without `_BRP` for those of both curves; `tls` is for whoever opens the listener. */
  readonly certificates?: { readonly auth?: string; readonly tls?: string };
  /** The only curve it supports; both when absent. */
  readonly curve?: Curve;
}

/** The SM-DS as an actor. */
export interface Smds extends Actor {
  readonly role: 'smds';
  react(received: Received): Promise<Answer | undefined>;
  /** For messages that a test case has changed. */
  readonly signing: ServerSigning;
}

interface Event {
  readonly eventId: string;
  readonly eid: Uint8Array;
  readonly rspServerAddress: string;
}
interface Session extends OpenedSession {
  phase: 'initiated' | 'refused' | 'ended';
  euicc?: VerifiedEuicc;
  last?: { readonly request: Uint8Array; readonly answer: Answer };
}

const FAULTS: Readonly<Record<InitiationFault, string>> = {
  address: '8.9.1/3.8',
  svn: '8.9.3/3.1',
  ciKey: '8.9.2/3.1',
  certificate: '8.9.4/3.7',
};

const eventOf = ({ eventId, eid, rspServerAddress }: EventConfig): Event => {
  const octets = typeof eid === 'string' ? fromHex(eid) : eid;
  if (octets?.length !== 16) throw new ComposeError(`eid of event ${eventId}: expected 32 digits, got ${JSON.stringify(eid)}`);
  return { eventId, eid: octets, rspServerAddress };
};

/** Makes an SM-DS. Throws ComposeError when the configuration asks for what cannot be. */
export const createSmds = (config: SmdsConfig, world: World, overrides: Partial<ServerDecisions> = {}): Smds => {
  const { spec, pki } = world;
  const { address } = config;
  const certificate = config.certificates?.auth ?? 'CERT_S_SM_DSauth';
  if (!pki.certificate(certificate) && !pki.certificate(`${certificate}_BRP`)) {
    throw new ComposeError(`certificates.auth: expected a name in ${pki.name}, got ${certificate}`);
  }
  const events = (config.events ?? []).map(eventOf);
  const trusted = issuers(pki, config.curve);
  const sessions = sessionTable<Session>();
  let current: Session | undefined;
  const decisions: ServerDecisions = { ...correctServer, ...overrides };
  const server = { address, decisions, now: () => world.now() };

  const refuseInitiation = refusals(InitiateAuthenticationResponse, 'initiateAuthenticationError', 'ES11.InitiateAuthentication', spec);
  const refuseClient = refusals(AuthenticateClientResponseEs11, 'authenticateClientError', 'ES11.AuthenticateClient', spec);

  const initiate = (octets: Uint8Array): Answer => {
    const message = decode(InitiateAuthenticationRequest, octets, { spec });
    if (!message.ok) return refuseInitiation(MALFORMED, decodeProblem(message));
    const initiation = initiateAuthentication(message.value, { ...server, certificate, issuers: trusted }, world);
    if ('fault' in initiation) return refuseInitiation(FAULTS[initiation.fault]);
    current = { ...initiation.session, phase: 'initiated' };
    sessions.add(current);
    return { type: InitiateAuthenticationResponse, octets: initiation.octets };
  };

  const entriesFor = ({ eid, matchingId }: VerifiedEuicc): readonly Event[] =>
    events.filter(event => equal(event.eid, eid) && (matchingId === '' || event.eventId === matchingId));

  const authenticate = (octets: Uint8Array): Answer => {
    const message = decode(AuthenticateClientRequest, octets, { spec });
    if (!message.ok) return refuseClient(MALFORMED, decodeProblem(message));
    const session = sessions.find(message.value.transactionId);
    if (session?.last && equal(session.last.request, octets)) return session.last.answer;
    if (session?.phase !== 'initiated') return refuseClient('8.10.1/3.9', session && `the session is ${session.phase}`);
    current = session;
    const answer = eventsOf(session, message);
    session.last = { request: Uint8Array.from(octets), answer };
    return answer;
  };

  const eventsOf = (session: Session, message: Parameters<typeof verifyEuicc>[0]): Answer => {
    const euicc = verifyEuicc(message, session, server);
    session.phase = 'refused';
    if ('code' in euicc) return refuseClient(euicc.code, euicc.message);
    session.euicc = euicc;
    const entries = entriesFor(euicc);
    // Without an EventID the eUICC asks for whatever there is, which may be nothing.
    if (euicc.matchingId !== '' && entries.length === 0) return refuseClient('8.9.5/3.9', `no event ${euicc.matchingId} for this eUICC`);
    session.phase = 'ended';
    const eventEntries = entries.map(({ eventId, rspServerAddress }) => ({ eventId, rspServerAddress }));
    const { transactionId } = session;
    const octets = encode(AuthenticateClientResponseEs11, { authenticateClientOk: { transactionId, eventEntries } }, { spec });
    return { type: AuthenticateClientResponseEs11, octets };
  };

  const answers = desk(({ type, message }) => {
    if (type.name === InitiateAuthenticationRequest.name) return initiate(message.octets);
    if (type.name === AuthenticateClientRequest.name) return authenticate(message.octets);
    throw new ComposeError(`${type.name}: expected InitiateAuthenticationRequest or AuthenticateClientRequest`);
  });

  return {
    role: 'smds',
    compose: async type => answers.latest(type),
    take: async received => {
      answers.answer(received);
    },
    react: async received => answers.answer(received),
    signing: { keyFor: signer => (signer === 'serverAuth' ? current?.auth.key : undefined), context: () => ({}) },
    get state() {
      return {
        address,
        transactionId: current?.transactionId,
        serverChallenge: current?.serverChallenge,
        events: events.map(event => ({ ...event })),
        sessions: sessions
          .all()
          .map(s => ({ transactionId: s.transactionId, phase: s.phase, eid: s.euicc?.eid, matchingId: s.euicc?.matchingId })),
      };
    },
  };
};

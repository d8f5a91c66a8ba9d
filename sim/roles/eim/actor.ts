/** The eIM as a counterpart in a test case: it answers an IPA by itself, or composes what a script lays its values over. SGP.32 5.14 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets, find } from '#protocol/asn1/element.js';
import type { Curve, PrivateKey } from '#protocol/crypto/ecdsa.js';
import { GetEimPackageResponse, TransferEimPackageRequest, TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { type Actor, type Composed, ComposeError, type Received, type Refused, type World } from '../../role.js';
import type { Parameters } from '../parameters.js';
import { adoptDataRequest, adoptPackage, adoptTrigger } from './adopt.js';
import { type Answer, eidText } from './context.js';
import { createEim, type Eim, type EimOverride } from './index.js';
import { takeEuiccPackageResult } from './results.js';
import type { RspServers } from './rsp-servers.js';
import type { EuiccRecord } from './state.js';

/** What a test case says of a simulated eIM. */
export interface EimActorConfig {
  readonly id?: string;
  /** FQDN in the configuration data of the eUICC. */
  readonly fqdn: string;
  /** Curve of the signing key; P-256 when absent. */
  readonly curve?: Curve;
  /** What waits for the eUICC, as an operator would order it: {operations: […]}, {dataRequest: {…}}, {download: {…}}, {event: {…}}. */
  readonly orders?: readonly Parameters[];
  /** Names of the servers that it relays to; none when absent. */
  readonly relay?: string | readonly string[];
}

/** What the eIM needs of its surroundings. */
export interface EimSurroundings {
  readonly servers: RspServers;
  readonly signingKey: PrivateKey;
  readonly otherSigningKeys: readonly PrivateKey[];
  /** SubjectPublicKeyInfo of its TLS certificate. */
  readonly tlsPublicKey: Uint8Array | undefined;
  /** How IPAs reach it: bits of EimSupportedProtocol. */
  readonly protocols: readonly string[];
  /** CI certificates that eUICC certificates have to chain to, DER. */
  readonly anchors: readonly Uint8Array[];
  /** Runs something later, unless the sequence is over by then. */
  readonly later: (delay: { readonly seconds: number }, run: () => void) => void;
}

/** The eIM as an actor. */
export interface EimActor extends Actor {
  readonly role: 'eim';
  readonly eim: Eim;
  /** Whether it relays downloads. SGP.32 3.2.3.2 */
  readonly relays: boolean;
  /** Key that its packages are signed with now. */
  readonly signingKey: PrivateKey;
  /** Token of the association with the eUICC, if there is one. */
  readonly associationToken: number | undefined;
  /** EimConfigurationData `30 …` for AddInitialEim. SGP.32 2.11.1.1.1 */
  configurationData(): Uint8Array;
  /** Its next package has the counter after this one. */
  countsFrom(counterValue: number): void;
  /** The eUICC took the association, with the token that it allocated, if one was asked for. */
  associated(associationToken: number | undefined): void;
  /** Whether something that was ordered waits for the eUICC. */
  hasPackage(): boolean;
  /** The answer to GetEimPackage, with an eUICC package even when none was ordered. */
  packageFor(request: Received): Promise<Composed>;
  /** Takes note of the eUICC package, `BF51 …`, that a script sent in place of its own. */
  sentPackage(octets: Uint8Array): void;
  /** The eimSignatures `5F37 …` that it sent with a counter, the latest last: results of v1.0 cover that of their request. */
  signaturesSent(counterValue: number): readonly Uint8Array[];
  /** Takes a result `BF51 …` that came from the card itself, by no IPA. */
  takesResult(octets: Uint8Array): void;
  /** Makes an eUICC known and takes the orders that wait for it. */
  manage(given: Parameters): EuiccRecord;
}

/** An order whose package has this alternative of GetEimPackageResponse, for a script that states the rest. */
const ORDERS: Readonly<Record<string, Parameters>> = {
  euiccPackageRequest: { operations: [{ listProfileInfo: {} }] },
  ipaEuiccDataRequest: { dataRequest: {} },
  profileDownloadTriggerRequest: { download: { activationCode: '1$testsmdpplus1.example.com$' } },
};

/** Messages in which a package goes to an IPA. */
const CARRYING_PACKAGES: readonly string[] = [GetEimPackageResponse.name, TransferEimPackageRequest.name];

/** The alternative that a message of a CHOICE holds. */
const alternativeOf = ({ type, octets }: Composed, spec: World['spec']): string | undefined =>
  decode(type, octets, { spec }).root.children[0]?.name;

// An IPA that tells nothing of a failed download would begin it again and again, and be judged for what our eIM caused. SGP.32 3.1.1.1
const handsOutDownloadsOnce: EimOverride = correct => ({
  choosesPackage: (waiting, outstanding) =>
    correct.choosesPackage(
      waiting,
      outstanding.filter(({ kind }) => kind !== 'download'),
    ),
});

/** Makes an eIM for a test case; throws OrderError when its orders cannot be read. */
export const createEimActor = (config: EimActorConfig, world: World, around: EimSurroundings): EimActor => {
  const { servers, later, tlsPublicKey, ...keys } = around;
  const own = { eimId: config.id ?? 'testeim1', eimFqdn: config.fqdn, ...(tlsPublicKey ? { tlsPublicKey } : {}), ...keys };
  const eim = createEim({ config: own, world, servers, later, overrides: [handsOutDownloadsOnce] });
  let record: EuiccRecord | undefined;
  let asked: Received | undefined;
  const signatures = new Map<number, Uint8Array[]>();
  let answered: { readonly to: Received; readonly answer: Promise<Answer> } | undefined;

  /** Each request is handled once, whoever asks for the answer. */
  const answer = (to: Received): Promise<Answer> => {
    if (answered?.to !== to) answered = { to, answer: eim.handle(to.type.name, to.message.octets) };
    return answered.answer;
  };
  const reaction = (given: Answer): Composed | Refused | undefined =>
    'message' in given ? given.message : 'refused' in given ? { refused: given.refused } : undefined;

  const noteSignature = (octets: Uint8Array): void => {
    const message = decode(EuiccPackageRequest, octets, { spec: world.spec });
    const counter = find(message.root, 'euiccPackageSigned.counterValue');
    const signature = fieldOctets(message, 'eimSignature');
    if (!('element' in counter) || typeof counter.element.value !== 'number' || !signature) return;
    const { value } = counter.element;
    signatures.set(value, [...(signatures.get(value) ?? []), signature]);
  };

  /** A package of the kind that the script states, when the eIM has another or none waiting. */
  const composeAlternative = async (to: Received, composed: Composed, alternative: string): Promise<Composed> => {
    const order = ORDERS[alternative];
    if (!order || !record?.associated || alternativeOf(composed, world.spec) === alternative) return composed;
    eim.take(record, order);
    const again = reaction(await eim.handle(to.type.name, to.message.octets));
    return again && 'octets' in again ? again : composed;
  };

  /** What the eIM sends of its own accord: what the script states, else what is due. SGP.32 3.1.1.2 */
  const composeTransfer = (alternative: string | undefined): Composed => {
    const only = alternative === 'eimAcknowledgements' ? 'acknowledgements' : alternative === undefined ? undefined : 'package';
    const composed = record && eim.transfer(record, only);
    const order = ORDERS[alternative ?? ''];
    if (!record?.associated || !order || (composed && alternativeOf(composed, world.spec) === alternative)) {
      if (composed) return composed;
      throw new ComposeError('the eIM has nothing to transfer to the IPA');
    }
    eim.take(record, order);
    const again = eim.transfer(record, only);
    if (!again) throw new ComposeError(`the eIM has no ${alternative} to transfer to the IPA`);
    return again;
  };
  /** Goes on as if what a script made of a package had been its own. */
  const adopt = (owner: EuiccRecord, message: Decoded): void => {
    const found = fieldOctets(message, 'euiccPackageRequest');
    const request = fieldOctets(message, 'ipaEuiccDataRequest');
    const trigger = fieldOctets(message, 'profileDownloadTriggerRequest');
    if (found) {
      noteSignature(found);
      adoptPackage(eim.context, owner, found);
    }
    if (request) adoptDataRequest(eim.context, owner, request);
    if (trigger) adoptTrigger(eim.context, owner, trigger);
  };

  return {
    role: 'eim',
    eim,
    relays: [config.relay ?? []].flat().length > 0,
    get signingKey() {
      return record?.signingKey ?? around.signingKey;
    },
    get associationToken() {
      return record?.associationToken;
    },
    manage: given => {
      record = eim.register(given);
      for (const order of config.orders ?? []) eim.take(record, order);
      return record;
    },
    compose: async (type, alternative) => {
      if (type === TransferEimPackageRequest.name) return composeTransfer(alternative);
      if (!asked) throw new ComposeError(`the eIM has no request to answer with ${type}`);
      const composed = reaction(await answer(asked));
      if (!composed || !('octets' in composed) || composed.type.name !== type) {
        const found = !composed ? 'no message' : 'refused' in composed ? `a refusal (${composed.refused})` : composed.type.name;
        throw new ComposeError(`the eIM has no ${type} to send: it answers ${asked.type.name} with ${found}`);
      }
      return alternative === undefined ? composed : composeAlternative(asked, composed, alternative);
    },
    take: async received => {
      if (received.type.name === TransferEimPackageResponse.name) {
        if (record) eim.takeTransferAnswer(record, received.message.octets);
        return;
      }
      asked = received;
      // A relayed function calls its server now; a script may answer for that server before it comes to the eIM.
      void answer(received);
    },
    react: async received => {
      asked = received;
      return reaction(await answer(received));
    },
    sent: ({ type, octets }) => {
      if (!record) return;
      if (CARRYING_PACKAGES.includes(type.name)) adopt(record, decode(type, octets, { spec: world.spec }));
      if (type.name === TransferEimPackageRequest.name)
        record.acknowledging = decode(TransferEimPackageRequest, octets, { spec: world.spec }).value.eimAcknowledgements;
    },
    configurationData: () => eim.exportData(record),
    countsFrom: counterValue => {
      if (record) record.counter = counterValue;
    },
    associated: associationToken => {
      if (!record) return;
      Object.assign(record, { associationToken, associated: true });
      // What was handed out for an association before gets no result any more.
      for (const pack of record.packages) if (pack.phase === 'outstanding') pack.phase = 'closed';
    },
    hasPackage: () => record?.packages.some(p => p.phase === 'waiting') ?? false,
    packageFor: async request => {
      asked = request;
      const composed = reaction(await answer(request));
      if (!composed || 'refused' in composed) throw new ComposeError('the eIM has no package for this eUICC');
      return composeAlternative(request, composed, 'euiccPackageRequest');
    },
    sentPackage: octets => {
      noteSignature(octets);
      if (record) adoptPackage(eim.context, record, octets);
    },
    signaturesSent: counterValue => signatures.get(counterValue) ?? [],
    takesResult: octets => {
      if (record) takeEuiccPackageResult(eim.context, record, octets);
    },
    get state() {
      return viewOf(eim, record);
    },
  };
};

/** What a test case reads as `$eim.…`. */
const viewOf = (eim: Eim, record: EuiccRecord | undefined): Readonly<Record<string, unknown>> => ({
  eimId: eim.config.eimId,
  fqdn: eim.config.eimFqdn,
  counter: record?.counter,
  profiles: record?.view.profiles,
  eims: record?.view.eims,
  isStale: record?.stale,
  staleCause: record?.staleCause,
  isAssociated: record?.associated,
  orders: [...eim.context.orders.values()].map(({ state, cause, operations }) => ({ state, cause, operations })),
  transactionIds: record?.packages.map(p => p.eimTransactionId),
  unacknowledged: record?.unacknowledged,
  promised: record?.packages.filter(p => p.phase === 'outstanding' && p.isReceived).length,
  results: record?.packages.flatMap(p =>
    p.kind === 'euiccPackage' && p.result ? [{ eimTransactionId: p.eimTransactionId, counterValue: p.counterValue }] : [],
  ),
  eid: record && eidText(record.eidValue),
  configurationData: eim.exportData(record),
});

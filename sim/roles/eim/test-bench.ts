/** What the tests of the eIM share: an eIM with a simulated eUICC and IPA before it and simulated RSP servers behind it. */
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, fromHex, hex } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type Spec, type Type, type ValueOf } from '#protocol/asn1/type.js';
import { type Curve, type PrivateKey, sign, subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import {
  GetEimPackageRequest,
  GetEimPackageResponse,
  ProvideEimPackageResult,
  ProvideEimPackageResultResponse,
} from '#protocol/iot/esipa.js';
import {
  EuiccPackageErrorDataSigned,
  EuiccPackageResult,
  EuiccPackageResultDataSigned,
  type EuiccResultData,
} from '#protocol/iot/result.js';
import { typeNamed } from '#protocol/registry.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Duration } from '../../../adapters/adapter.js';
import type { StatusCode } from '../../bindings/status-codes.js';
import { seededRandom } from '../../processes/seeded-random.js';
import type { Actor, Composed, Received, World } from '../../role.js';
import { createEuicc, type Euicc, type EuiccConfig } from '../euicc/index.js';
import { createIpa, type Ipa, type IpaConfig } from '../ipa/index.js';
import { createEim, type Eim, type EimOverride } from './index.js';
import type { RspAnswer, RspInterface, RspServers } from './rsp-servers.js';
import type { EuiccRecord, Order } from './state.js';

export const EID1 = '89049032123451234512345678901235';
export const EID2 = '89049032123451234512345678901332';
export const EID_UNKNOWN = '89049032123451234512345678909965';
export const ICCID1 = '989209012143658709F5';
export const ICCID2 = '989209012143658719F4';
export const SMDP_ADDRESS = 'testsmdpplus1.example.com';
export const SMDS_ADDRESS = 'testrootsmds.example.com';

/** Octets of a hex text that is known to be one. */
export const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const pki = testPki();

/** A world that is the same in every run. */
export const testWorld = (label = 'test', spec: Spec = '1.2'): World => ({
  spec,
  pki,
  now: () => new Date('2026-01-01T00:00:00Z'),
  random: seededRandom('eim tests', label),
});

/** A certificate of the test PKI, which has it. */
export const certificate = (name: string): Uint8Array => pki.certificate(name) ?? new Uint8Array();
/** A key of the test PKI, which has it. */
export const key = (name: string): PrivateKey => {
  const found = pki.privateKey(name);
  if (!found) throw new Error(`no key ${name}`);
  return found;
};

/** A call that reached the servers. */
export interface Call {
  readonly interface: RspInterface;
  readonly address: string;
  readonly type: string;
  readonly octets: Uint8Array;
}
/** A server: an actor whose answers may carry a status code. */
type AnsweringActor = Pick<Actor, 'role'> & {
  react(received: Received): Promise<(Composed & { readonly status?: StatusCode }) | undefined>;
};
/** RSP servers in memory; `answer` stands in for a server, `edit` changes the octets that a server answered. */
export interface TestServers extends RspServers {
  readonly calls: Call[];
  answer: ((call: Call) => RspAnswer | undefined) | undefined;
  edit: ((answer: Uint8Array, call: Call) => Uint8Array) | undefined;
}
export const testServers = (actors: Readonly<Record<string, AnsweringActor>> = {}): TestServers => {
  const calls: Call[] = [];
  const servers: TestServers = {
    calls,
    answer: undefined,
    edit: undefined,
    call: async (rspInterface, address, type, sent) => {
      const call = { interface: rspInterface, address, type, octets: Uint8Array.from(sent) };
      calls.push(call);
      const given = servers.answer?.(call);
      if (given) return given;
      const actor = actors[address];
      const request = typeNamed(type, 'SGP.22');
      if (!actor || !request) return { failure: `no server at ${address}` };
      const composed = await actor.react({ type: request, message: decode(request, call.octets) });
      if (!composed) return { done: true };
      if (composed.status) return { status: composed.status };
      return { type: composed.type.name, octets: servers.edit?.(composed.octets, call) ?? composed.octets };
    },
  };
  return servers;
};

/** An eIM, one eUICC that it manages, and the IPA of that eUICC. */
export interface Bench {
  readonly eim: Eim;
  readonly record: EuiccRecord;
  readonly euicc: Euicc;
  readonly ipa: Ipa;
  readonly servers: TestServers;
  /** Retries that the eIM asked for. */
  readonly later: { readonly delay: Duration; readonly run: () => void }[];
  order(given: Readonly<Record<string, unknown>>): Order;
  /** One exchange; the type of the answer follows from the request. */
  poll(): Promise<ValueOf<typeof GetEimPackageResponse>>;
  /** Hands an answer of the eIM to the IPA. */
  take(message: Composed): Promise<void>;
  /** The IPA's next requests until it has nothing to do or is told that there is no package. */
  run(): Promise<readonly string[]>;
}
export interface BenchOptions {
  readonly spec?: Spec;
  /** Sees every message between IPA and eIM. */
  readonly see?: (from: 'ipa' | 'eim', octets: Uint8Array) => void;
  readonly curve?: Curve;
  readonly euicc?: Partial<EuiccConfig>;
  readonly ipa?: Partial<Omit<IpaConfig, 'euicc'>>;
  readonly register?: Readonly<Record<string, unknown>>;
  readonly servers?: TestServers;
  readonly overrides?: readonly EimOverride[];
  readonly associationToken?: number;
  readonly counter?: number;
}

/** Registers an eUICC of the PKI. */
export const registration = (eid: string, name = 'EUICC', eum = 'EUM') => ({
  eid,
  euiccCertificate: hex(certificate(`CERT_${name}`)),
  eumCertificate: hex(certificate(`CERT_${eum}`)),
});

export const bench = (options: BenchOptions = {}): Bench => {
  const { spec = '1.2', see = () => undefined } = options;
  const world = testWorld('eim', spec);
  const signingKey = key(options.curve === 'brainpoolP256r1' ? 'SK_S_EIMsign_BRP' : 'SK_S_EIMsign');
  const servers = options.servers ?? testServers();
  const later: Bench['later'] = [];
  const eim = createEim({
    config: {
      eimId: 'testeim1',
      eimFqdn: 'eim.example.com',
      signingKey,
      protocols: ['eimRetrieveHttps'],
      anchors: [certificate('CERT_CI'), certificate('CERT_CI_BRP')],
    },
    world,
    servers,
    later: (delay, run) => later.push({ delay, run }),
    overrides: options.overrides ?? [],
  });
  const { associationToken, counter } = options;
  const association = { ...(associationToken === undefined ? {} : { associationToken }), ...(counter === undefined ? {} : { counter }) };
  const euicc = createEuicc(
    { eid: EID1, eims: [{ eimId: 'testeim1', publicKey: subjectPublicKeyInfo(signingKey), ...association }], ...options.euicc },
    testWorld('euicc', spec),
  );
  const ipa = createIpa({ euicc, ...options.ipa }, testWorld('ipa', spec));
  const record = eim.register({ ...registration(EID1), ...association, ...options.register });
  const poll = async () =>
    decode(GetEimPackageResponse, await exchange(eim, GetEimPackageRequest, { eidValue: octets(EID1) }), { spec }).value;
  const take = ({ type, octets: answer }: Composed) => ipa.take({ type, message: decode(type, answer, { spec }) });
  const run = async () => {
    const sent: string[] = [];
    for (let next: string | undefined = (await ipa.next())?.type ?? 'GetEimPackageRequest'; next; next = (await ipa.next())?.type) {
      sent.push(next);
      const composed = await ipa.compose(next);
      see('ipa', composed.octets);
      const answer = await eim.handle(next, composed.octets);
      if ('message' in answer) see('eim', answer.message.octets);
      if ('refused' in answer) throw new Error(`${next}: ${answer.refused}`);
      if ('empty' in answer) await ipa.delivered();
      else await take(answer.message);
      if (sent.length > 40) throw new Error(`the IPA does not come to an end: ${sent.join(' ')}`);
    }
    await eim.idle();
    return sent;
  };
  return { eim, record, euicc, ipa, servers, later, order: given => eim.take(record, given).order, poll, take, run };
};

/** The octets of the answer to a request; throws when it was refused or answered without a message. */
export const exchange = async <V>(eim: Eim, type: Type<V>, value: InputOf<V>): Promise<Uint8Array> => {
  const answer = await eim.handle(type.name, encode(type, value));
  if (!('message' in answer)) throw new Error(JSON.stringify(answer));
  return answer.message.octets;
};

/** The package of an answer to a poll. */
export const packageIn = (answer: ValueOf<typeof GetEimPackageResponse>) => {
  const signed = answer.euiccPackageRequest?.euiccPackageSigned;
  if (!signed) throw new Error('expected an eUICC package');
  return signed;
};

/** What a result is made of; everything else is that of a correct eUICC. */
export interface TestResult {
  readonly counter: number;
  readonly trid?: Uint8Array | undefined;
  readonly seqNumber?: number;
  readonly results?: readonly InputOf<ValueOf<typeof EuiccResultData>>[];
  /** A signed error in place of results. */
  readonly error?: number;
  readonly eimId?: string;
  readonly key?: PrivateKey;
  readonly token?: number;
}
/** A signed result or signed error, `BF51 …`. */
export const resultOf = (given: TestResult): Uint8Array => {
  const by = given.key ?? key('SK_EUICC');
  const common = { eimId: given.eimId ?? 'testeim1', counterValue: given.counter, eimTransactionId: given.trid };
  const signature = (data: Uint8Array) => sign(by, concat(data, associationTokenTlv(given.token)));
  if (given.error !== undefined) {
    const data = encode(EuiccPackageErrorDataSigned, { ...common, euiccPackageErrorCode: given.error });
    return encode(EuiccPackageResult, {
      euiccPackageErrorSigned: { euiccPackageErrorDataSigned: raw(data), euiccSignEPE: signature(data) },
    });
  }
  const value = { ...common, seqNumber: given.seqNumber ?? 7, euiccResult: given.results ?? [{ enableResult: 0 }] };
  const data = encode(EuiccPackageResultDataSigned, value);
  return encode(EuiccPackageResult, {
    euiccPackageResultSigned: { euiccPackageResultDataSigned: raw(data), euiccSignEPR: signature(data) },
  });
};

/** Provides a result and returns the eIM's answer. */
export const provide = async (
  eim: Eim,
  eimPackageResult: InputOf<ValueOf<typeof ProvideEimPackageResult>['eimPackageResult']>,
  eid: string | 'absent' = EID1,
): Promise<ValueOf<typeof ProvideEimPackageResultResponse>> => {
  const value = { eidValue: eid === 'absent' ? undefined : octets(eid), eimPackageResult };
  return decode(ProvideEimPackageResultResponse, await exchange(eim, ProvideEimPackageResult, value)).value;
};

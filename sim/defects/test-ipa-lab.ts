/** A device with its card among an eIM and RSP servers, all in memory, and what passes between them as text; for the tests of the deviations. */
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, Type } from '#protocol/asn1/type.js';
import { TransferEimPackageRequest } from '#protocol/iot/esipa.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import { openDeviceCard } from '../processes/ipa-card.js';
import { createPolling, type Polling } from '../processes/ipa-poll.js';
import type { IpaWire, WireAnswer } from '../processes/ipa-wire.js';
import type { Actor, Composed, World } from '../role.js';
import { createEim } from '../roles/eim/index.js';
import { registration, testServers } from '../roles/eim/test-bench.js';
import { createEuicc, type Euicc, type EuiccConfig, type EuiccOverride } from '../roles/euicc/index.js';
import { EID1, ICCID1, ICCID2, PKI, testEim, testWorld } from '../roles/euicc/test-bench.js';
import { decisionsWith } from '../roles/ipa/decisions.js';
import type { IpaConfig, NextRequest } from '../roles/ipa/index.js';
import type { ProfileConfig } from '../roles/smdp/config.js';
import { createSmdp } from '../roles/smdp/index.js';
import { createSmds, type SmdsConfig } from '../roles/smds/index.js';
import { portOf } from '../uicc/euicc-port.js';
import { createUicc, type UiccOverride } from '../uicc/index.js';
import { combinedIpa, type IpaDeviation } from './ipa-deviation.js';

export const DP = 'testsmdpplus1.example.com';
export const DS = 'testrootsmds.example.com';

/** What a server does in place of a right answer. */
export type Scripted = 'lost' | 'done' | { readonly type: Type; readonly octets: Uint8Array };
/** An answer by value. */
export const answering = <V>(type: Type<V>, value: InputOf<V>): Scripted => ({ type, octets: encode(type, value) });

/** What a deviation is put into; everything left out is as usual. */
export interface Scene {
  readonly euicc?: Partial<EuiccConfig>;
  readonly euiccOverrides?: readonly EuiccOverride[];
  readonly uiccOverrides?: readonly UiccOverride[];
  readonly config?: Partial<IpaConfig>;
  readonly initialEim?: Uint8Array;
  readonly profile?: Partial<ProfileConfig>;
  readonly events?: SmdsConfig['events'];
  /** Orders to the eIM. */
  readonly orders?: readonly Readonly<Record<string, unknown>>[];
  /** `count`: requests of this type so far. Undefined: the right answer. */
  readonly script?: (type: string, count: number, request: Composed) => Scripted | undefined;
  readonly servers?: (composed: Uint8Array, type: string) => Uint8Array;
  /** Time of the device. */
  readonly now?: string;
  /** Between the power-on of the card and the polls. */
  readonly before?: (euicc: Euicc) => void;
  readonly polls?: number;
  /** What the eIM brings after the polls: rounds of TransferEimPackageRequest that arrive at once. */
  readonly brings?: readonly (readonly Uint8Array[])[];
  /** After each poll. */
  readonly after?: (polling: Polling, poll: number, card: { readonly euicc: Euicc }) => Promise<unknown> | unknown;
  /** Whether APDUs are told. */
  readonly withApdus?: boolean;
}

const FEATURES = ['directRspServerCommunication', 'indirectRspServerCommunication', 'eimDownloadDataHandling'];
/** Signatures and one-time keys differ from run to run; everything else that is long is told by its length. */
const LONG = 24;
const shown = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? (value.length > LONG ? value.length : hex(value)) : value;

/** The association of the eIM of the lab. */
export const association = (more: object = {}) => {
  const { eimId, publicKey } = testEim();
  return { eimId, publicKey, fqdn: 'eim.example.com', supportedProtocol: ['eimRetrieveHttps'], indirectProfileDownload: true, ...more };
};

/** Lets a device with deviations act in a scene and tells what passed. */
export const play = async (scene: Scene, deviations: readonly IpaDeviation[]): Promise<string> => {
  const lines: string[] = [];
  const deviation = combinedIpa(deviations);
  const spec = deviation.spec ?? '1.2';
  const world: World = { ...testWorld(spec), ...(scene.now !== undefined && { now: () => new Date(scene.now ?? '') }) };
  const profiles = [{ iccid: ICCID1, state: 'enabled' as const }, { iccid: ICCID2 }];
  const euicc = createEuicc({ eid: EID1, profiles, eims: [association()], ...scene.euicc }, testWorld(spec), scene.euiccOverrides ?? []);
  scene.before?.(euicc);
  const uicc = createUicc({
    port: portOf(euicc),
    overrides: scene.uiccOverrides ?? [],
    onReset: () => lines.push('reset'),
    onApdu: ({ command, response }) =>
      scene.withApdus && lines.push(`${hex(command.subarray(0, 9))} ${command.length} ${hex(response.subarray(-2))}`),
  });
  const smdp = createSmdp(
    { address: DP, profiles: [{ iccid: '989209012143658729F3', matchingId: 'AB-1', ...scene.profile }] },
    testWorld(spec),
  );
  const smds = createSmds({ address: DS, events: scene.events ?? [] }, testWorld(spec));
  const actors: Readonly<Record<string, Actor>> = { [DP]: smdp, [DS]: smds };
  const servers = testServers({ [DP]: smdp, [DS]: smds });
  const { eimId, key } = testEim();
  const anchors = ['CERT_CI'].flatMap(name => PKI.certificate(name) ?? []);
  const eim = createEim({
    config: { eimId, eimFqdn: 'eim.example.com', signingKey: key, protocols: ['eimRetrieveHttps'], anchors },
    world: testWorld(spec),
    servers,
  });
  const record = eim.register({ ...registration(EID1), ipaCapabilities: FEATURES });
  for (const order of scene.orders ?? []) eim.take(record, order);

  const counts = new Map<string, number>();
  const right = async (next: NextRequest, { type, octets }: Composed): Promise<Scripted> => {
    if (next.interface === 'ESipa') {
      const answer = await eim.handle(type.name, octets);
      return 'message' in answer ? answer.message : 'empty' in answer ? 'done' : 'lost';
    }
    const answer = await actors[next.address]?.react({ type, message: decode(type, octets, { spec }) });
    return answer && !('refused' in answer) ? answer : 'done';
  };
  const send = async (next: NextRequest, composed: Composed, address: string): Promise<WireAnswer> => {
    const { type, octets } = composed;
    const count = counts.get(type.name) ?? 0;
    counts.set(type.name, count + 1);
    const message = decode(type, octets, { spec });
    lines.push(
      `${next.interface} ${type.name} ${octets.length} to ${address}: ${message.ok ? JSON.stringify(message.value, shown) : hex(octets)}`,
    );
    const answer = scene.script?.(type.name, count, composed) ?? (await right(next, composed));
    if (answer === 'lost') return { failure: 'lost', again: true };
    if (answer === 'done') return { done: true };
    const given = scene.servers ? scene.servers(answer.octets, answer.type.name) : answer.octets;
    return { received: { type: answer.type, message: decode(answer.type, given, { spec }) } };
  };
  const wire: IpaWire = {
    send: (next, composed, target) => send(next, composed, next.interface === 'ESipa' ? target.address : next.address),
    close: async () => undefined,
  };
  const decide = decisionsWith(deviation.overrides, world);
  const terminal = { ...deviation.terminalOptions, overrides: deviation.terminalOverrides };
  const card = openDeviceCard(memoryReader(uicc), world.spec, { seconds: 20 }, terminal);
  const polling = createPolling({
    card,
    wire,
    world,
    decide,
    config: {
      features: [...FEATURES, ...deviation.features].filter(feature => !deviation.withoutFeatures.includes(feature)),
      immediateEnable: true,
      ...scene.config,
      ...deviation.config,
    },
    initialEim: () => scene.initialEim,
    attempts: 2,
    pause: { seconds: 1 },
    later: async ({ seconds }) => {
      lines.push(`waits ${seconds}`);
    },
    report: text => {
      if (text.startsWith('unexpected')) lines.push(text);
    },
  });
  for (let poll = 0; poll < (scene.polls ?? 1); poll++) {
    const { problem } = await polling.poll();
    if (problem !== undefined) lines.push(`problem: ${problem}`);
    await scene.after?.(polling, poll, { euicc });
  }
  for (const round of scene.brings ?? []) {
    const received = round.map(octets => ({
      type: TransferEimPackageRequest,
      message: decode(TransferEimPackageRequest, octets, { spec }),
    }));
    const answers = await Promise.all(received.map(one => polling.transfer(one, 'https', new AbortController().signal)));
    for (const { type, octets } of answers)
      lines.push(`answers ${type.name}: ${JSON.stringify(decode(type, octets, { spec }).value, shown)}`);
    await polling.idle();
  }
  const { memory } = euicc.chip;
  lines.push(`left: ${[...memory.results, ...memory.notifications].map(kept => kept.seqNumber).join(' ')}`);
  await polling.close();
  await card.close();
  return lines.join('\n');
};

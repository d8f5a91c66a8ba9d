/** The lab of a run: the wires to the IUT, its process, the operator, the keys its signatures are verified with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import type { Pki } from '#protocol/x509/test-pki.js';
import { type CardSlot, type Client, LinkError, OperatorError } from '../../adapters/adapter.js';
import { openStdioSlot } from '../../adapters/apdu-stdio-slot.js';
import { type RunningProcess, startProcess } from '../../adapters/process.js';
import type { Launch } from '../../adapters/process-group.js';
import { openPrompt } from '../../adapters/prompt.js';
import { openVpcd } from '../../adapters/vpcd.js';
import { es10Client } from '../../sim/bindings/es10-card.js';
import { fillIxit, type Known, startOptions } from '../ixit-known.js';
import type { Ixit } from '../ixit-schema.js';
import { pkiOf } from '../lab-material.js';
import type { Diagnostic } from '../language/diagnostics.js';
import type { Catalogue } from '../language/load.js';
import { type IutOperator, operatorFor } from '../operator.js';
import { describeCardState, restoreCardState } from './card-state.js';
import { type CardFacts, type CardUnderTest, openCardUnderTest } from './card-under-test.js';
import { openClientWires } from './client-wires.js';
import { Constants } from './constants.js';
import { createCondition, type IutCondition } from './iut-condition.js';
import { readTrust, trustedKeys } from './iut-keys.js';
import type { NamedKey } from './keyring.js';
import type { LevelOf } from './message-checks.js';
import { type OpenServer, openServer } from './servers.js';
import { askEim, type VersionWatch, watchVersions } from './spoken-version.js';
import { type ClientWire, isCoap } from './stage.js';
import { type LabWeather, labWeather } from './weather.js';

export interface Lab {
  readonly ixit: Ixit;
  readonly catalogue: Catalogue;
  readonly spec: Spec;
  readonly pki: Pki;
  readonly options: ReadonlyMap<string, boolean>;
  readonly constants: ReadonlyMap<string, unknown>;
  readonly levelOf: LevelOf;
  /** Keys that the IUT signs with. */
  readonly iutKeys: readonly NamedKey[];
  readonly responseSeconds: number;
  readonly weather: LabWeather;
  /** Wire to the IUT for a link of a case; the usual one for a case that names none. */
  clientWire(link: string): ClientWire | undefined;
  /** Clients of all the wires on which the IUT is a server before anything runs, the usual one first. */
  readonly called: readonly Client[];
  /** Our servers by interface (es9plus, es11), each on the wire of a link of a case, or on its usual one. */
  serversOver(link: string): ReadonlyMap<string, OpenServer>;
  /** What the eUICC under test said of itself. */
  readonly cardFacts: CardFacts | undefined;
  /** The reader that a device under test holds. */
  readonly slot: CardSlot | undefined;
  readonly operator: IutOperator;
  /** What shows of the IUT's version; undefined when it does not stop anything. */
  readonly versions: VersionWatch | undefined;
  /** What the sequences leave behind. */
  readonly condition: IutCondition;
  /** Puts back on a card under test what a run has changed and can be put back; a line for each thing. */
  restore(): Promise<readonly string[]>;
  iutOutput(): string;
  iutEnded(): string | undefined;
  /** Calls the listener when a process of the IUT ends by itself; returns what ends that. */
  onIutEnd(listener: () => void): () => void;
  close(): Promise<void>;
}

/** The lab for one sequence: our servers are those on its wire. */
export interface SequenceLab extends Lab {
  readonly servers: ReadonlyMap<string, OpenServer>;
}

export interface LabOptions {
  readonly catalogue: Catalogue;
  /** Goes on with an IUT that shows another version than its IXIT file says. */
  readonly anyVersion?: boolean;
  /** More words for the command that starts the IUT, e.g. a defect to seed. */
  readonly startArguments?: readonly string[];
}

/** Opens the lab for one IUT: our servers first, then the IUT's process, then the wires to it. */
export const openLab = async (given: Ixit, { catalogue, startArguments = [] }: LabOptions): Promise<Lab> => {
  const pki = pkiOf(given);
  const weather = labWeather(given.timeouts.response.seconds);
  const disposers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const dispose of disposers.splice(0).reverse()) await dispose();
  };
  try {
    const work = mkdtempSync(join(tmpdir(), 'sgp32-'));
    disposers.push(() => rmSync(work, { recursive: true, force: true }));
    const servers: { readonly name: string; readonly server: OpenServer }[] = [];
    for (const [name, wires] of Object.entries(given.links))
      for (const [wire, link] of Object.entries(wires)) {
        const server =
          link.kind === 'listening' ? await openServer(name, wire, link, given.spec, pki, weather).catch(withoutDtls(wire)) : undefined;
        if (!server) continue;
        disposers.push(() => server.listener.close());
        servers.push({ name, server });
      }
    const reader = await openReader(given);
    if (reader) disposers.push(() => reader.slot.close());
    const before = { work, links: factsOf(servers) };
    const starting = startIut(given, before, startArguments, reader?.attach);
    // What the first exchange needs is loaded while the IUT starts; a card in this process needs none of it.
    const isCalled = Object.values(given.links).some(wires => Object.values(wires).some(({ kind }) => kind === 'called'));
    const http = given.start || isCalled ? import('../../adapters/http-connection.js') : undefined;
    await Promise.all([starting.catch(() => undefined), http]);
    const process = await starting;
    if (process) disposers.push(async () => void (await process.stop()));
    const known: Known = { ...before, ...(process ? { start: process.facts } : {}) };
    const ixit = fillIxit(given, known);
    const readFile = (path: string) => readTrust(path, pki);
    const card = await openCardUnderTest(ixit, startArguments);
    if (card) disposers.push(() => card.client.close());
    const constants = new Constants(pki, [
      ...catalogue.constants,
      ...ixit.settings,
      ...ixit.profiles.map(({ constant, iccid }) => [constant, iccid] as const),
    ]);
    const facts = await card?.facts();
    if (facts?.eid) constants.set('EID1', hex(facts.eid));
    const operator = operatorFor(ixit, {
      ...known,
      ...(reader?.attach ? { attach: reader.attach } : {}),
      ...(card?.at ? { at: card.at } : {}),
      prompt: openPrompt(),
      readFile,
      clock: () => performance.now() / 1000,
    });
    disposers.push(() => operator.close());
    const wires = await openClientWires(ixit, readFile, weather);
    for (const { client } of wires.values()) disposers.push(() => client.close());
    const [usual] = wires.values();
    const toCard = card && { client: card.client, binding: es10Client({ spec: ixit.spec }) };
    let ended: string | undefined;
    const listeners = new Set<() => void>();
    void process?.exited.then(exit => {
      ended = `the IUT's process has ended (${exit.signal ?? `exit code ${exit.code}`})`;
      for (const listener of listeners) listener();
    });
    return {
      ixit,
      catalogue,
      spec: ixit.spec,
      pki,
      options: ixit.options,
      constants,
      levelOf: id => catalogue.requirements.get(id)?.level ?? 'shall',
      iutKeys: trustedKeys(ixit, pki),
      responseSeconds: ixit.timeouts.response.seconds,
      weather,
      clientWire: link => toCard ?? (link === '' ? usual : wires.get(link)),
      // A device may listen only once it has its card: the sequences find out.
      called: ixit.iut === 'ipa' ? [] : [...wires.values()].map(({ client }) => client),
      serversOver: link => serversOver(servers, link),
      slot: reader?.slot,
      cardFacts: facts,
      operator: card ? withCard(operator, card) : operator,
      versions: undefined,
      condition: createCondition(),
      restore: async () => (card && facts ? restoreCardState(facts.state, card.ask, ixit.spec) : []),
      iutOutput: () => [process?.output() ?? '', operator.output()].filter(Boolean).join('\n'),
      iutEnded: () => ended ?? operator.ended(),
      onIutEnd: listener => {
        listeners.add(listener);
        const leave = operator.onEnd(listener);
        return () => {
          listeners.delete(listener);
          leave();
        };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** What a card refuses in an act of the lab is no fault of the harness. */
const asOperatorError =
  (action: string) =>
  (error: unknown): never => {
    if (error instanceof LinkError) throw new OperatorError('refused', `${action}: ${error.message}`, { cause: error });
    throw error;
  };

/** Acts on a card that need no binding; after any other act the card may have to be opened anew. */
const withCard = (operator: IutOperator, { native, client }: CardUnderTest): IutOperator => ({
  ...operator,
  bound: action => operator.bound(action) || native.has(action),
  perform: async (action, parameters, signal) => {
    const own = operator.bound(action) ? undefined : native.get(action);
    if (!own) {
      const performed = await operator.perform(action, parameters, signal);
      await client.disturbed();
      return performed;
    }
    const began = performance.now();
    await own().catch(asOperatorError(action));
    return { values: {}, act: { action, by: 'reader', request: action, answer: 'done', seconds: (performance.now() - began) / 1000 } };
  },
});

/** A machine that cannot speak DTLS does without the wire: its cases then say so. */
const withoutDtls = (wire: string) => (cause: unknown) => {
  if (isCoap(wire) && cause instanceof LinkError && cause.code === 'unreachable') return undefined;
  throw cause;
};

/** The servers on one wire; an interface that is not on it has its first one. */
const serversOver = (
  all: readonly { readonly name: string; readonly server: OpenServer }[],
  link: string,
): ReadonlyMap<string, OpenServer> =>
  new Map([...all.toReversed(), ...all.filter(({ server }) => server.wire === link)].map(({ name, server }) => [name, server]));

/** `${links.esipa.address}` of the usual wire, `${links.esipa.coaps.address}` of each. */
const factsOf = (all: readonly { readonly name: string; readonly server: OpenServer }[]): Known['links'] =>
  Object.fromEntries(
    [...serversOver(all, '')].map(([name, usual]) => [
      name,
      {
        ...linkFacts(usual),
        ...Object.fromEntries(all.flatMap(one => (one.name === name ? [[one.server.wire, linkFacts(one.server)]] : []))),
      },
    ]),
  );

const linkFacts = (server: OpenServer) => {
  const { address } = server.listener;
  return { address, port: address.slice(address.lastIndexOf(':') + 1), host: address.slice(0, address.lastIndexOf(':')) };
};

/** The reader that a device under test holds, and how a program gets at it whose standard streams are the wire. */
interface Reader {
  readonly slot: CardSlot;
  readonly attach?: NonNullable<Launch['attach']>;
}

const openReader = async ({ links }: Ixit): Promise<Reader | undefined> => {
  const link = Object.values(links.es10 ?? {}).find(one => one.kind === 'slot');
  if (link?.kind !== 'slot') return undefined;
  if (link.wire === 'vpcd') return { slot: await openVpcd({ host: link.host, port: Number(link.port) }) };
  const slot = openStdioSlot();
  return { slot, attach: streams => slot.attach(streams) };
};

const startIut = async (
  ixit: Ixit,
  known: Omit<Known, 'start'>,
  more: readonly string[],
  attach: Launch['attach'],
): Promise<RunningProcess | undefined> => {
  if (!ixit.start) return undefined;
  const options = startOptions(ixit, ixit.start, known);
  const command = typeof options.command === 'string' ? options.command : [...options.command, ...more];
  return startProcess({ ...options, command, ...(attach ? { attach } : {}) });
};

/** A lab in which the IUT answers, or one line that says why there is none; `otherVersion` when the IXIT file has to be mended. */
export type Entered =
  | (Lab & { readonly versions: VersionWatch; readonly observed: Readonly<Record<string, string>> })
  | { readonly unreachable: string; readonly otherVersion?: Diagnostic };
export const enterLab = async (ixit: Ixit, options: LabOptions): Promise<Entered> => {
  try {
    const lab = await openLab(ixit, options);
    const versions = watchVersions(ixit, options.anyVersion !== true);
    const found = await preflight(lab, versions);
    const otherVersion = versions.conflict();
    if (!('unreachable' in found) && !otherVersion) return { ...lab, versions, observed: { ...found.observed, ...versions.observed() } };
    await lab.close();
    if ('unreachable' in found) return { unreachable: `the IUT cannot be reached at ${found.unreachable}` };
    return { unreachable: otherVersion?.message ?? '', ...(otherVersion ? { otherVersion } : {}) };
  } catch (error) {
    return { unreachable: `the IUT cannot be started or the lab not be set up: ${error instanceof Error ? error.message : String(error)}` };
  }
};

const observedOf = ({ eid, identities, state }: CardFacts, spec: Spec): Record<string, string> => ({
  EID: eid ? hex(eid) : 'not told',
  Certificates: String(identities.length),
  ...describeCardState(state, spec),
});

/** Connects to the IUT once before anything runs, so that an unreachable one, or one of another version, is told in one line. */
export const preflight = async (
  lab: Lab,
  versions: VersionWatch,
): Promise<{ readonly observed: Readonly<Record<string, string>> } | { readonly unreachable: string }> => {
  if (lab.cardFacts) {
    versions.note(lab.cardFacts.versionSigns);
    return { observed: observedOf(lab.cardFacts, lab.spec) };
  }
  const observed: Record<string, string> = {};
  for (const client of lab.called) {
    if (!client.handshake) continue;
    try {
      const { tls, remote } = await client.handshake({ signal: AbortSignal.timeout(lab.responseSeconds * 1000) });
      const facts = { Address: remote, ...(tls ? { TLS: `${tls.version} ${tls.cipher}` } : {}) };
      for (const [name, fact] of Object.entries(facts)) observed[name] = name in observed ? `${observed[name]}, ${fact}` : fact;
    } catch (error) {
      if (error instanceof LinkError) return { unreachable: `${client.address}: ${error.message}` };
      throw error;
    }
  }
  const usual = lab.ixit.iut === 'eim' ? lab.clientWire('') : undefined;
  return { observed: { ...observed, ...(usual ? await askEim(usual, versions) : {}) } };
};

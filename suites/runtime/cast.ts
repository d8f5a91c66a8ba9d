/** The simulated counterparts of one sequence: made from its `actors`, joined to their wires, with the keys they know. */
import { createHash } from 'node:crypto';
import { typeNamed } from '#protocol/registry.js';
import type { Check, Phase } from '../../reports/record.js';
import { parseCode } from '../../sim/bindings/status-codes.js';
import type { World } from '../../sim/role.js';
import type { RspServers } from '../../sim/roles/eim/rsp-servers.js';
import type { ActorSpec } from '../language/ast.js';
import { buildValue } from '../language/build.js';
import { makeScope, type Scope } from '../language/scope.js';
import { isObject } from '../language/values.js';
import { INJECTION, injects, isOfInjection, type PlannedSequence } from '../plan.js';
import { HarnessError, Inconclusive } from '../verdict.js';
import { certificateAt, ENTRANCE, type Making, makeActor, numberOf, placeOf } from './actors.js';
import { plain } from './config.js';
import type { Context } from './context.js';
import { relayTo, serve } from './converse.js';
import type { ExchangeLog } from './exchange-log.js';
import { iutKeySource, publicKeyFrom } from './iut-keys.js';
import { checkSignatures, joinKeySources, type KeySource } from './keyring.js';
import type { Lab, SequenceLab } from './lab.js';
import { signatureChecks } from './message-checks.js';
import { type Arrival, createParty, type Party, partyState } from './party.js';
import type { Script } from './script.js';
import { serverBehaviour } from './server-behaviour.js';
import { createSignal, type Signal } from './signal.js';
import { insertCard } from './slot.js';
import type { Stage } from './stage.js';

export interface Cast {
  readonly parties: ReadonlyMap<string, Party>;
  readonly scope: Scope;
  /** Wakes at anything that any party receives. */
  readonly news: Signal;
  context(phase: Phase, scope: Scope, began: number): Context;
  /** Takes the parties off their wires. */
  close(): Promise<void>;
}

/** What happens to a sequence from outside its steps. */
export interface SequenceState {
  readonly over: AbortController;
  readonly faults: unknown[];
}

type Config = Readonly<Record<string, unknown>>;

/** Random octets from a seed: SHA-256 in counter mode. */
const randomFrom = (seed: string): ((count: number) => Uint8Array) => {
  let block = 0;
  return count => {
    const octets = new Uint8Array(count);
    for (let at = 0; at < count; at += 32)
      octets.set(
        createHash('sha256')
          .update(`${seed}/${block++}`)
          .digest()
          .subarray(0, count - at),
        at,
      );
    return octets;
  };
};

export const createCast = async (
  planned: PlannedSequence,
  given: Lab,
  log: ExchangeLog,
  script: Script,
  state: SequenceState,
): Promise<Cast> => {
  const { over } = planned.entry;
  const lab: SequenceLab = { ...given, servers: given.serversOver(over) };
  const kinds = Object.entries(lab.ixit.links).flatMap(([name, wires]) => (name === INJECTION ? [] : (wires[over]?.kind ?? [])));
  if (kinds.includes('called') && !lab.clientWire(over)) throw new Inconclusive(`the IUT told no address for its wire ${over}`);
  if (kinds.includes('listening') && ![...lab.servers.values()].some(({ wire }) => wire === over))
    throw new Inconclusive(`this machine cannot listen on the wire ${over}`);
  const world: World = { spec: lab.spec, pki: lab.pki, now: () => new Date(), random: randomFrom(planned.seed) };
  const parties = new Map<string, Party>();
  const states = new Map<string, Config>();
  const news = createSignal();
  const closers: (() => Promise<void> | void)[] = [];
  const row = planned.entry.row && planned.case.table?.[planned.entry.row.number - 1]?.cells;
  const scope = makeScope({
    constants: lab.constants,
    options: lab.options,
    spec: lab.spec,
    random: world.random,
    ...(row ? { row } : {}),
    actor: name => {
      const party = parties.get(name);
      return party && { ...partyState(party), ...states.get(name) };
    },
  });
  const sources: KeySource[] = [iutKeySource(lab.ixit, lab.iutKeys, lab.cardFacts)];
  const stage: Stage = {
    spec: lab.spec,
    log,
    keys: joinKeySources(sources),
    levelOf: lab.levelOf,
    versions: lab.versions,
    weather: lab.weather,
    sent: lab.ixit.iut === 'ipa' ? [] : undefined,
    over: state.over.signal,
    scriptAnswers: (party, typeName) => script.answers(party, typeName),
    fault: error => {
      state.faults.push(error);
      for (const party of parties.values()) party.news.notify();
      news.notify();
    },
    faulted: () => state.faults.length > 0,
  };

  const making: Making = {
    lab,
    world,
    parties,
    injects: injects(planned.case, lab.catalogue.procedures),
    serversFor: (name, relay) => relayServers(stage, name, relay, parties),
    later: ({ seconds }, run) => {
      const timer = setTimeout(run, seconds * 1000);
      closers.push(() => clearTimeout(timer));
    },
  };
  // What the device did and what was done to it, in order.
  const happened: string[] = [];
  const enter = async (spec: ActorSpec): Promise<void> => {
    const config = configOf(spec, scope);
    const { link, auto, card, ...own } = config;
    const made = makeActor(spec.name, spec.role === 'ipa' ? { ...own, card } : own, making);
    sources.push(made.keys);
    const party = createParty(spec.name, made.actor, made.keys, made.signing, auto !== false, news);
    parties.set(spec.name, party);
    if (made.more) states.set(spec.name, made.more);
    const place = placeOf(spec.name, spec.role, lab);
    if (place) closers.push(await join(stage, party, place, wordsOf(link, own), happened));
    if (made.euicc && lab.slot) {
      const inserted = await insertCard(stage, party, made.euicc, lab.slot, isObject(card) ? card : {}, what => happened.push(what));
      states.set(spec.name, { ...made.more, device: inserted.device });
      closers.push(inserted.remove);
    }
  };
  closers.push(
    lab.onIutEnd(() => {
      for (const party of parties.values()) party.news.notify();
    }),
  );
  const leave = async (): Promise<void> => {
    for (const close of closers.splice(0)) await close();
  };
  const entrance = ENTRANCE.flatMap(role => planned.case.actors.filter(spec => spec.role === role));
  try {
    for (const spec of entrance) await enter(spec);
  } catch (error) {
    // Who entered before would answer the IUT in the next sequence.
    await leave();
    throw error;
  }

  const ends = (action: string) => lab.catalogue.actions.get(action)?.ends === true;
  // The eIM calls where it brings its packages by itself; everything else is asked for by the IPA.
  const clientWire = (party: Party, typeNames: readonly string[]) => {
    const isInjection = typeNames.some(isOfInjection);
    if (party.role !== (isInjection ? 'eim' : 'ipa')) return undefined;
    const wire = lab.clientWire(over);
    if (!wire && isInjection) throw new Inconclusive(`the IUT told no address for packages on its wire ${over}`);
    return wire;
  };
  return {
    parties,
    scope,
    news,
    context: (phase, inner, began): Context => ({
      stage,
      spec: lab.spec,
      scope: inner,
      phase,
      parties,
      clientWire,
      verifyWith: (arrival, key) => verifyWith(stage, arrival, key),
      operator: async (action, parameters, signal) => {
        lab.condition.touched();
        // What an act ends may go on as before until the act is over.
        if (!ends(action)) happened.push(action);
        const performed = await lab.operator.perform(action, { ...operatorValues(parameters), over }, signal);
        if (ends(action)) happened.push(action);
        return performed;
      },
      ends,
      responseSeconds: lab.responseSeconds,
      news,
      phaseBegan: began,
      iutEnded: lab.iutEnded,
    }),
    close: leave,
  };
};

const configOf = (spec: ActorSpec, scope: Scope): Config => {
  const config = plain(spec.config ? buildValue(spec.config, undefined, scope) : {});
  return isObject(config) ? config : {};
};

/** What a case says of the wire; the TLS certificate may also stand among the certificates of the actor. */
const wordsOf = (link: unknown, { certificates }: Config): Config => ({
  ...(isObject(certificates) ? { certificate: certificates.tls } : {}),
  ...(isObject(link) ? link : {}),
});

/** Puts a party on its wire, with another TLS certificate or offer when the case says so. */
const join = async (
  stage: Stage,
  party: Party,
  { server, own }: NonNullable<ReturnType<typeof placeOf>>,
  link: Config,
  happened: readonly string[],
): Promise<() => Promise<void>> => {
  const behaviour = serverBehaviour(link, happened);
  const usual = certificateAt(server, numberOf(party.name));
  const { certificate = usual, tls } = behaviour;
  const isSpecial = certificate !== usual || tls !== undefined;
  if (isSpecial) await server.listener.present(own, server.identity(certificate), tls);
  const leave = server.route(own, serve(stage, party, server, behaviour));
  return async () => {
    leave();
    if (isSpecial) await server.listener.present(own, server.identity(usual));
  };
};

/** The way of a simulated eIM to simulated servers: from party to party, without a wire. */
const relayServers = (stage: Stage, from: string, relay: unknown, parties: ReadonlyMap<string, Party>): RspServers => ({
  call: async (rspInterface, address, typeName, octets) => {
    const names = [relay].flat();
    const isAt = (party: Party) => names.includes(party.name) && String(party.actor.state.address).toLowerCase() === address.toLowerCase();
    const to = [...parties.values()].find(isAt);
    const type = typeNamed(typeName);
    if (!to || !type) return { failure: `${from} relays to no server at ${address}` };
    const response = await relayTo(stage, from, to, rspInterface, type, octets);
    if (!('out' in response)) return { failure: 'refused' in response ? response.refused : `${to.name} did not answer` };
    const { out, link } = response;
    const code = typeof link.code === 'string' ? parseCode(link.code) : out?.status;
    if (code) return { status: code };
    return out ? { type: out.type.name, octets: out.octets } : { done: true };
  },
});

const verifyWith = (stage: Stage, arrival: Arrival, given: unknown): readonly Check[] => {
  const key = publicKeyFrom(given);
  const message = arrival.received?.message;
  if (!key) throw new HarnessError('verify: expected a public key (SubjectPublicKeyInfo, hex) or a certificate');
  if (!message) return [];
  const only: KeySource = { ...stage.keys, keys: () => [{ id: 'the key stated', key }] };
  const checks = signatureChecks(checkSignatures(message, only), arrival.exchange, stage.levelOf);
  if (checks.length === 0) throw new Inconclusive(`no signature of ${message.type.name} could be verified with the key stated`);
  return checks;
};

/** Parameters as plain values; the operator spells octets and certificates as the IXIT file asks. */
const operatorValues = (parameters: Config): Config =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, plain(value)]));

/** The simulated counterparts of one sequence: made from its `actors`, joined to their wires, with the keys they know. */
import { createHash } from 'node:crypto';
import { type Decoded, elements } from '#protocol/asn1/element.js';
import { hex } from '#protocol/asn1/tlv.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import type { Check, Phase } from '../../reports/record.js';
import type { Actor, World } from '../../sim/role.js';
import { createEuicc, type Euicc, type EuiccConfig, signerOf } from '../../sim/roles/euicc/index.js';
import { createIpa, type IpaConfig } from '../../sim/roles/ipa/index.js';
import type { SmdpConfig } from '../../sim/roles/smdp/config.js';
import { createSmdp, type Smdp } from '../../sim/roles/smdp/index.js';
import { createSmds, type Smds, type SmdsConfig } from '../../sim/roles/smds/index.js';
import type { ActorSpec } from '../language/ast.js';
import { buildValue } from '../language/build.js';
import { makeScope, type Scope } from '../language/scope.js';
import { ABSENT, isObject } from '../language/values.js';
import type { PlannedSequence } from '../plan.js';
import { HarnessError, Inconclusive } from '../verdict.js';
import { plain } from './config.js';
import { certificateName } from './constants.js';
import type { Context } from './context.js';
import { serve } from './converse.js';
import type { ExchangeLog } from './exchange-log.js';
import { iutKeySource, publicKeyFrom } from './iut-keys.js';
import { checkSignatures, joinKeySources, type KeySource, type NamedKey } from './keyring.js';
import type { Lab } from './lab.js';
import { signatureChecks } from './message-checks.js';
import { type Arrival, createParty, type Party, partyState, type SigningKeys } from './party.js';
import type { Script } from './script.js';
import { interfaceOf, type OpenServer } from './servers.js';
import { createSignal, type Signal } from './signal.js';
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
interface Made {
  readonly actor: Actor;
  readonly keys: KeySource;
  readonly signing: SigningKeys;
  /** State of the runner's own, besides the role's. */
  readonly more?: Config;
}

const NO_KEYS: KeySource = { keys: () => [], context: () => ({}) };

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
  lab: Lab,
  log: ExchangeLog,
  script: Script,
  state: SequenceState,
): Promise<Cast> => {
  const world: World = { spec: lab.spec, pki: lab.pki, now: () => new Date(), random: randomFrom(planned.seed) };
  const parties = new Map<string, Party>();
  const states = new Map<string, Config>();
  const news = createSignal();
  const closers: (() => Promise<void> | void)[] = [];
  const row = planned.entry.row && planned.case.table?.[planned.entry.row.number - 1]?.cells;
  const scope = makeScope({
    constants: lab.constants,
    options: lab.options,
    random: world.random,
    ...(row ? { row } : {}),
    actor: name => {
      const party = parties.get(name);
      return party && { ...partyState(party), ...states.get(name) };
    },
  });
  const sources: KeySource[] = [iutKeySource(lab.ixit, lab.iutKeys)];
  const stage: Stage = {
    spec: lab.spec,
    log,
    keys: joinKeySources(sources),
    levelOf: lab.levelOf,
    over: state.over.signal,
    scriptAnswers: (party, typeName) => script.answers(party, typeName),
    fault: error => {
      state.faults.push(error);
      news.notify();
    },
  };

  const enter = async (spec: (typeof planned.case.actors)[number]): Promise<void> => {
    const config = configOf(spec, scope);
    const { link, auto, ...own } = config;
    const made = make(spec.name, own, { lab, world, parties });
    sources.push(made.keys);
    const party = createParty(spec.name, made.actor, made.keys, made.signing, auto !== false, news);
    parties.set(spec.name, party);
    if (made.more) states.set(spec.name, made.more);
    const server = serverOf(made.actor, lab);
    if (server) closers.push(await join(stage, party, server, isObject(link) ? link : {}, own));
  };
  const leave = async (): Promise<void> => {
    for (const close of closers.splice(0)) await close();
  };
  try {
    for (const spec of planned.case.actors) await enter(spec);
  } catch (error) {
    // Who entered before would answer the IUT in the next sequence.
    await leave();
    throw error;
  }

  const isCaller = (party: Party) => party.role === 'ipa';
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
      clientWire: party => (isCaller(party) ? lab.clientWire(planned.entry.over) : undefined),
      verifyWith: (arrival, key) => verifyWith(stage, arrival, key),
      operator: (action, parameters, signal) => lab.operator.perform(action, operatorValues(parameters), signal),
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

interface Making {
  readonly lab: Lab;
  readonly world: World;
  readonly parties: ReadonlyMap<string, Party>;
}

const make = (name: string, config: Config, making: Making): Made => {
  const role = name.replace(/\d+$/, '');
  switch (role) {
    case 'euicc':
      return makeEuicc(config, making);
    case 'ipa':
      return makeIpa(config, making);
    case 'smdp':
    case 'smds':
      return makeRspServer(name, role, config, making);
    default:
      throw new HarnessError(`no simulated ${role} against an IUT of this kind`);
  }
};

/** `iut`, or a map with `of: iut`: the association with the eIM under test. */
const association = (item: unknown, lab: Lab): Config => {
  if (item !== 'iut' && !(isObject(item) && item.of === 'iut')) return isObject(item) ? item : {};
  const { of: _, curve, ...more } = isObject(item) ? item : { of: 'iut', curve: undefined };
  const key = lab.iutKeys.find(k => curve === undefined || k.key.curve === curve)?.key;
  if (!key) throw new Inconclusive(`the IXIT file names no key of the eIM${curve === undefined ? '' : ` on ${String(curve)}`} (trust.eim)`);
  return {
    eimId: lab.ixit.settings.get('IUT_EIM_ID') ?? '',
    publicKey: subjectPublicKeyInfo(key),
    ...(lab.ixit.settings.has('IUT_EIM_ADDRESS') ? { fqdn: lab.ixit.settings.get('IUT_EIM_ADDRESS') } : {}),
    ...more,
  };
};

const makeEuicc = (config: Config, { lab, world }: Making): Made => {
  const eims = (Array.isArray(config.eims) ? config.eims : []).map(item => association(item, lab));
  const euicc = createEuicc({ ...config, eims } as unknown as EuiccConfig, world);
  const signer = signerOf(euicc);
  const eid = hex(euicc.chip.eid);
  const own: NamedKey[] = euicc.chip.credentials.map(c => ({ id: `eUICC ${eid}`, key: c.key }));
  const concerns = (message: Decoded) => {
    const stated = eidIn(message);
    return stated === undefined || stated === eid;
  };
  const iut = eims.find(e => e.eimId === lab.ixit.settings.get('IUT_EIM_ID'));
  return {
    actor: euicc,
    keys: { keys: s => (s === 'euicc' ? own : []), context: message => (concerns(message) ? signer.context(message) : {}) },
    signing: { privateKey: (site, message) => signer.key(message, site), context: message => signer.context(message) },
    more: { associationToken: iut?.associationToken ?? ABSENT, eimCounter: iut?.counter ?? 0 },
  };
};

/** The EID that a message or package names. */
const eidIn = (message: Decoded): string | undefined => {
  for (const { element } of elements(message.root))
    if (element.name === 'eidValue' && element.value instanceof Uint8Array) return hex(element.value);
  return undefined;
};

const makeIpa = (config: Config, { world, parties }: Making): Made => {
  const { card, ...more } = config;
  const party = parties.get(typeof card === 'string' ? card : 'euicc');
  if (party?.role !== 'euicc') throw new HarnessError('ipa: card names no eUICC actor before it');
  const actor = createIpa({ ...more, euicc: party.actor as Euicc } as unknown as IpaConfig, world);
  return { actor, keys: NO_KEYS, signing: party.signing };
};

const makeRspServer = (name: string, role: 'smdp' | 'smds', config: Config, { lab, world }: Making): Made => {
  const server = lab.servers.get(role === 'smdp' ? 'es9plus' : 'es11');
  const own = server?.names[Number(/\d+$/.exec(name)?.[0] ?? 1) - 1];
  if (!server || !own) throw new HarnessError(`the IXIT file describes no ${role === 'smdp' ? 'links.es9plus' : 'links.es11'} for ${name}`);
  const certificates = name === 'smdp2' ? { auth: 'CERT_S_SM_DPauth2', pb: 'CERT_S_SM_DPpb2' } : undefined;
  const full = { address: server.addressOf(own), ...(certificates ? { certificates } : {}), ...config };
  const actor: Smdp | Smds =
    role === 'smdp' ? createSmdp(full as unknown as SmdpConfig, world) : createSmds(full as unknown as SmdsConfig, world);
  const keys = (signer: string): NamedKey[] => {
    if (signer !== 'serverAuth' && signer !== 'dpPb') return [];
    const key = actor.signing.keyFor(signer);
    return key ? [{ id: `${name} ${signer}`, key }] : [];
  };
  return {
    actor,
    keys: { keys, context: () => actor.signing.context() },
    signing: {
      privateKey: site =>
        site.rule.signer === 'serverAuth' || site.rule.signer === 'dpPb' ? actor.signing.keyFor(site.rule.signer) : undefined,
      context: () => actor.signing.context(),
    },
    more: { serverName: own },
  };
};

const serverOf = ({ role }: Actor, lab: Lab): OpenServer | undefined => lab.servers.get(interfaceOf(role) ?? '');

/** Puts a party on its wire, with another TLS certificate when the case says so. */
const join = async (stage: Stage, party: Party, server: OpenServer, link: Config, config: Config): Promise<() => Promise<void>> => {
  const number = Number(/\d+$/.exec(party.name)?.[0] ?? 1) - 1;
  const serverName = server.names[number] ?? server.names[0] ?? 'localhost';
  const stated = link.certificate ?? (isObject(config.certificates) ? config.certificates.tls : undefined);
  const certificate = stated instanceof Uint8Array ? certificateName(stated) : stated;
  if (typeof certificate === 'string') await server.listener.present(serverName, server.identity(certificate));
  const leave = server.route(serverName, serve(stage, party, server));
  return async () => {
    leave();
    if (typeof certificate !== 'string') return;
    const usual = number === 0 ? server.certificate : `${server.certificate}${number + 1}`;
    await server.listener.present(serverName, server.identity(usual));
  };
};

const verifyWith = (stage: Stage, arrival: Arrival, given: unknown): readonly Check[] => {
  const key = publicKeyFrom(given);
  const message = arrival.received?.message;
  if (!key) throw new HarnessError('verify: expected a public key (SubjectPublicKeyInfo, hex) or a certificate');
  if (!message) return [];
  const only: KeySource = { keys: () => [{ id: 'the key stated', key }], context: (m, site) => stage.keys.context(m, site) };
  const checks = signatureChecks(checkSignatures(message, only), arrival.exchange, stage.levelOf);
  if (checks.length === 0) throw new Inconclusive(`no signature of ${message.type} could be verified with the key stated`);
  return checks;
};

/** Parameters as plain values; the operator spells octets and certificates as the IXIT file asks. */
const operatorValues = (parameters: Config): Config =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, plain(value)]));

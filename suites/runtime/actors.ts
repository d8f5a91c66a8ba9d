/** The simulated counterparts themselves: each made from what a case says of it, with the keys it signs and is verified with. */
import { type Decoded, type Element, firstElement } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { EUICCInfo1 } from '#protocol/rsp/info.js';
import type { SigningContext } from '#protocol/signatures.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { injectionUrl } from '../../sim/bindings/injection.js';
import type { Actor, World } from '../../sim/role.js';
import { type CardUserConfig, createCardUser } from '../../sim/roles/card-user/index.js';
import { createEimActor, type EimActor, type EimActorConfig } from '../../sim/roles/eim/actor.js';
import { identityOf, learnIdentity } from '../../sim/roles/eim/identity.js';
import type { RspServers } from '../../sim/roles/eim/rsp-servers.js';
import { createEuicc, type Euicc, type EuiccConfig, signerOf } from '../../sim/roles/euicc/index.js';
import { euiccInfo1, euiccInfo2 } from '../../sim/roles/euicc/info.js';
import { createIpa, type IpaConfig } from '../../sim/roles/ipa/index.js';
import type { SmdpConfig } from '../../sim/roles/smdp/config.js';
import { createSmdp, type Smdp } from '../../sim/roles/smdp/index.js';
import { createSmds, type Smds, type SmdsConfig } from '../../sim/roles/smds/index.js';
import type { LabProfile } from '../ixit-schema.js';
import { uppOf } from '../lab-material.js';
import { ABSENT, isObject } from '../language/values.js';
import { HarnessError, Inconclusive } from '../verdict.js';
import type { CardFacts } from './card-under-test.js';
import type { KeySource, NamedKey } from './keyring.js';
import type { Lab, SequenceLab } from './lab.js';
import type { Party, SigningKeys } from './party.js';
import { interfaceOf, type OpenServer, SERVED } from './servers.js';
import { isCoap } from './stage.js';

type Config = Readonly<Record<string, unknown>>;

/** An actor with what the runner has to know of it. */
export interface Made {
  readonly actor: Actor;
  readonly keys: KeySource;
  readonly signing: SigningKeys;
  /** State of the runner's own, besides the role's. */
  readonly more?: Config;
  /** Present for an eUICC, for the card around it. */
  readonly euicc?: Euicc;
}

/** What actors are made from. */
export interface Making {
  readonly lab: SequenceLab;
  readonly world: World;
  readonly parties: ReadonlyMap<string, Party>;
  /** Whether the eIM brings packages by itself in this sequence. */
  readonly injects: boolean;
  /** The way of a simulated eIM to the servers named in its `relay`. */
  serversFor(name: string, relay: unknown): RspServers;
  later(delay: { readonly seconds: number }, run: () => void): void;
}

const NO_KEYS: KeySource = { keys: () => [], context: () => ({}) };

/** The order in which actors are made, whatever their order in the file: an eUICC is associated with eIMs that are there. */
export const ENTRANCE = ['smdp', 'smds', 'eim', 'euicc', 'ipa'] as const;

/** Makes the actor of a name; throws HarnessError when it has no place here. */
export const makeActor = (name: string, config: Config, making: Making): Made => {
  switch (name.replace(/\d+$/, '')) {
    case 'euicc':
      return makeEuicc(config, making);
    case 'ipa':
      return makeIpa(name, config, making);
    case 'eim':
      return makeEim(name, config, making);
    case 'smdp':
    case 'smds':
      return makeRspServer(name, config, making);
    default:
      throw new HarnessError(`no simulated ${name}`);
  }
};

/** 0 for `smdp`, 1 for `smdp2`. */
export const numberOf = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 1) - 1;

/** The server at which the IUT finds an actor, and the name it has there; undefined: the IUT does not call it. */
export const placeOf = (
  name: string,
  role: Actor['role'],
  lab: SequenceLab,
): { readonly server: OpenServer; readonly own: string } | undefined => {
  const server = lab.servers.get(interfaceOf(role) ?? '');
  const own = server?.names[numberOf(name)];
  return server && own ? { server, own } : undefined;
};

const certificateNamed = (name: string, lab: Lab): Uint8Array => {
  const der = lab.pki.certificate(name);
  if (!der) throw new Inconclusive(`no certificate ${name} in ${lab.pki.name}`);
  return der;
};
const publicKeyIn = (certificate: string, lab: Lab): Uint8Array => {
  const parsed = parseCertificate(certificateNamed(certificate, lab));
  if (isProblem(parsed)) throw new HarnessError(`${certificate}: ${parsed.problem}`);
  return parsed.spki;
};

/** How the card is told whom to trust as TLS server of an eIM. SGP.32 2.11.1.1.1 */
const anchorOf = (trust: unknown, certificate: string, lab: Lab): Config => {
  switch (trust) {
    case undefined:
    case 'key':
      return { trustedPublicKeyTls: publicKeyIn(certificate, lab) };
    case 'certificate':
      return { trustedCertificateTls: certificateNamed(certificate, lab) };
    case 'ca':
      return { trustedCertificateTls: certificateNamed(certificate.endsWith('_BRP') ? 'CERT_CI_BRP' : 'CERT_CI', lab) };
    case 'none':
      return {};
    default:
      throw new HarnessError(`trust: expected key, certificate, ca or none, got ${String(trust)}`);
  }
};

/** How an IPA fetches packages at a place, and how the eIM brings them. SGP.32 2.11.1.1.1 */
const protocolsAt = (place: ReturnType<typeof placeOf>, injects: boolean): readonly string[] => {
  const suffix = place && isCoap(place.server.wire) ? 'Coaps' : 'Https';
  return [`eimRetrieve${suffix}`, ...(injects ? [`eimInject${suffix}`] : [])];
};

/** The association with a simulated eIM. */
const associationWith = (party: Party, more: Config, { lab, injects }: Making): Config => {
  const actor = party.actor as EimActor;
  const { eim } = actor;
  const { trust, curve, ...rest } = more;
  const { signingKey, otherSigningKeys = [] } = eim.config;
  const key = [signingKey, ...otherSigningKeys].find(k => curve === undefined || k.curve === curve);
  if (!key) throw new HarnessError(`${party.name} has no key on ${String(curve)}`);
  const place = placeOf(party.name, 'eim', lab);
  return {
    eimId: eim.config.eimId,
    fqdn: eim.config.eimFqdn,
    publicKey: subjectPublicKeyInfo(key),
    supportedProtocol: protocolsAt(place, injects),
    indirectProfileDownload: actor.relays,
    ...(place ? anchorOf(trust, certificateAt(place.server, numberOf(party.name)), lab) : {}),
    ...rest,
  };
};

/** Name of the certificate that a server shows for an actor when a case says nothing. */
export const certificateAt = (server: OpenServer, number: number): string =>
  number === 0 ? server.certificate : `${server.certificate}${number + 1}`;

/** `iut` or the name of a simulated eIM, or a map with `of`: the association with it. */
const association = (item: unknown, making: Making): Config => {
  const { of, ...more }: Config = isObject(item) ? item : { of: item };
  if (of === undefined) return more;
  const party = typeof of === 'string' ? making.parties.get(of) : undefined;
  if (party?.role === 'eim') return associationWith(party, more, making);
  if (of !== 'iut') throw new HarnessError(`eims: ${String(of)} is no eIM of this case`);
  const { lab } = making;
  const { curve, ...rest } = more;
  const key = lab.iutKeys.find(k => curve === undefined || k.key.curve === curve)?.key;
  if (!key) throw new Inconclusive(`the IXIT file names no key of the eIM${curve === undefined ? '' : ` on ${String(curve)}`} (trust.eim)`);
  return {
    eimId: lab.ixit.settings.get('IUT_EIM_ID') ?? '',
    publicKey: subjectPublicKeyInfo(key),
    ...(lab.ixit.settings.has('IUT_EIM_ADDRESS') ? { fqdn: lab.ixit.settings.get('IUT_EIM_ADDRESS') } : {}),
    ...rest,
  };
};

const makeEuicc = (config: Config, making: Making): Made => {
  const { lab, world, parties } = making;
  const eims = (Array.isArray(config.eims) ? config.eims : []).map(item => association(item, making));
  const euicc = createEuicc({ ...config, eims } as unknown as EuiccConfig, world);
  const signer = signerOf(euicc);
  const eid = hex(euicc.chip.eid);
  const own: NamedKey[] = euicc.chip.credentials.map(c => ({ id: `eUICC ${eid}`, key: c.key }));
  const concerns = (message: Decoded) => {
    const stated = eidIn(message);
    return stated === undefined || stated === eid;
  };
  for (const party of parties.values()) if (party.role === 'eim') introduce(euicc, party.actor as EimActor);
  const iut = eims.find(e => e.eimId === lab.ixit.settings.get('IUT_EIM_ID'));
  return {
    actor: euicc,
    euicc,
    keys: { keys: s => (s === 'euicc' ? own : []), context: message => (concerns(message) ? signer.context(message) : {}) },
    signing: { privateKey: (site, message) => signer.key(message, site), context: message => signer.context(message) },
    more: { associationToken: iut?.associationToken ?? ABSENT, eimCounter: iut?.counter ?? 0 },
  };
};

/** Makes the eUICC known to a simulated eIM, as it is when the sequence begins; an IPA may leave out what the eIM knows of it. */
const introduce = (euicc: Euicc, actor: EimActor): void => {
  const { eid, memory, credentials } = euicc.chip;
  const eim = memory.eims.find(e => e.eimId === actor.eim.config.eimId);
  const credential = credentials.find(c => eim && Buffer.compare(c.ciPKId, eim.euiccCiPKId) === 0) ?? credentials[0];
  if (!credential) return;
  const { spec } = euicc.chip.world;
  actor.manage({
    eid: hex(eid),
    euiccCertificate: hex(credential.euiccCertificate),
    eumCertificate: hex(credential.eumCertificate),
    euiccInfo1: hex(encode(EUICCInfo1, euiccInfo1(euicc.chip), { spec })),
    euiccInfo2: hex(encode(EUICCInfo2, euiccInfo2(euicc.chip), { spec })),
    associationToken: eim?.associationToken,
    counter: eim?.counterValue ?? 0,
    signingCurve: eim?.key?.curve,
    eims: memory.eims.map(({ eimId, associationToken }) => ({ eimId, associationToken })),
  });
};

/** The EID that a message or package names. */
const eidIn = (message: Decoded): string | undefined => {
  const found = firstElement(message.root, ({ name, value }) => name === 'eidValue' && value instanceof Uint8Array);
  return found?.value instanceof Uint8Array ? hex(found.value) : undefined;
};

/** The EID that the card tells, or else the one that the cases know. */
const eidOf = ({ constants }: Lab, { eid }: CardFacts): Uint8Array => eid ?? fromHex(String(constants.get('EID1'))) ?? new Uint8Array(16);

/** The IPA towards a card under test: it works with the eIMs and the server of the case. */
const makeCardUser = (config: Config, { lab, world, parties }: Making): Made => {
  const facts = lab.cardFacts;
  if (!facts) throw new HarnessError('an IPA without a card: the lab has no eUICC under test');
  const others = [...parties.values()];
  const { card: _, ...own } = config;
  const eims = others.flatMap(({ actor }) => (actor.role === 'eim' ? [actor as EimActor] : []));
  const server = others.find(({ role }) => role === 'smdp' || role === 'smds')?.actor as Smdp | Smds | undefined;
  const eid = eidOf(lab, facts);
  const actor = createCardUser(own as CardUserConfig, { eid, euiccInfo1: facts.euiccInfo1, eims, server }, world);
  return {
    actor,
    keys: NO_KEYS,
    signing: {
      privateKey: (site, message) => others.map(party => party.signing.privateKey(site, message)).find(Boolean),
      context: message => Object.assign({}, ...others.map(party => defined(party.signing.context(message)))),
    },
  };
};
const defined = (given: SigningContext): SigningContext => Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined));

const INJECTION_WIRES = ['https', 'json', 'coaps'] as const;

const makeIpa = (name: string, config: Config, making: Making): Made => {
  const { lab, world, parties } = making;
  if (lab.ixit.iut === 'euicc') return makeCardUser(config, making);
  const { card, ...more } = config;
  const party = parties.get(typeof card === 'string' ? card : 'euicc');
  if (party?.role !== 'euicc') throw new HarnessError('ipa: card names no eUICC actor before it');
  const actor = createIpa({ ...more, euicc: party.actor as Euicc } as unknown as IpaConfig, world);
  const place = placeOf(name, 'ipa', lab);
  const wire = INJECTION_WIRES.find(one => one === place?.server.wire);
  return {
    actor,
    keys: NO_KEYS,
    signing: party.signing,
    ...(place && wire ? { more: { url: injectionUrl(wire, place.server.reachedAt), serverName: place.own } } : {}),
  };
};

/** Names of signing keys: a second eIM has keys of its own. */
const EIM_KEYS = { 'P-256': '', brainpoolP256r1: '_BRP' } as const;

const makeEim = (name: string, config: Config, { lab, world, parties, injects, serversFor, later }: Making): Made => {
  const place = placeOf(name, 'eim', lab);
  const number = numberOf(name) === 0 ? '' : String(numberOf(name) + 1);
  const { relay } = config;
  // A card without P-256 gets an eIM whose key it can verify with.
  const preferred = lab.options.get('O_E_NIST') === false ? 'brainpoolP256r1' : 'P-256';
  const curve = config.curve === 'brainpoolP256r1' || config.curve === 'P-256' ? config.curve : preferred;
  const other = curve === 'P-256' ? 'brainpoolP256r1' : 'P-256';
  const key = (one: keyof typeof EIM_KEYS) => lab.pki.privateKey(`SK_S_EIMsign${number}${EIM_KEYS[one]}`);
  const signingKey = key(curve);
  if (!signingKey) throw new Inconclusive(`no signing key for ${name} in ${lab.pki.name}`);
  const actor = createEimActor(
    {
      id: `testeim${number || 1}`,
      fqdn: place?.server.addressOf(place.own) ?? 'eim.example.com',
      ...config,
    } as unknown as EimActorConfig,
    world,
    {
      servers: serversFor(name, relay),
      signingKey,
      otherSigningKeys: [key(other)].flatMap(one => one ?? []),
      tlsPublicKey: place && publicKeyIn(certificateAt(place.server, numberOf(name)), lab),
      protocols: protocolsAt(place, injects),
      anchors: ['CERT_CI', 'CERT_CI_BRP'].flatMap(one => lab.pki.certificate(one) ?? []),
      later,
    },
  );
  if (lab.cardFacts) introduceCard(actor, lab, lab.cardFacts);
  const keys = [signingKey, ...(actor.eim.config.otherSigningKeys ?? [])].map(one => ({ id: `${name} ${one.curve}`, key: one }));
  const relays = [relay].flat().flatMap(one => (typeof one === 'string' ? [parties.get(one)] : []));
  return {
    actor,
    keys: {
      keys: signer => (signer === 'eim' ? keys : []),
      context: message => (isFor(actor, message) ? { associationToken: actor.associationToken } : {}),
      requests: (message, { container }) => (isFor(actor, message) ? actor.signaturesSent(counterIn(container)) : []),
    },
    signing: {
      privateKey: (site, message) =>
        site.rule.signer === 'eim' && isFor(actor, message)
          ? actor.signingKey
          : relays.map(party => party?.signing.privateKey(site, message)).find(Boolean),
      context: message => ({
        ...Object.assign({}, ...relays.map(party => party?.signing.context(message))),
        ...(isFor(actor, message) ? { associationToken: actor.associationToken } : {}),
      }),
    },
    ...(place ? { more: { serverName: place.own } } : {}),
  };
};

/** Whether a package or result in a message names this eIM; one that names none concerns every eIM. */
const isFor = (actor: EimActor, message: Decoded): boolean => {
  const named = firstElement(message.root, ({ name, value }) => name === 'eimId' && typeof value === 'string');
  return named === undefined || named.value === actor.eim.config.eimId;
};

const NO_COUNTER = -1;
/** The counter of the package that a signed result or error is of. SGP.32 2.11.2.1 */
const counterIn = (container: Element): number => {
  const data = container.children.find(child => /^euiccPackage(?:Result|Error)DataSigned$/.test(child.name));
  const counter = data?.children.find(child => child.name === 'counterValue')?.value;
  return typeof counter === 'number' ? counter : NO_COUNTER;
};

/** Makes the card under test known to an eIM, with its key on every curve; what its certificates are worth, the cases judge. */
const introduceCard = (actor: EimActor, lab: Lab, facts: CardFacts): void => {
  const [identity, ...others] = facts.identities;
  const eid = eidOf(lab, facts);
  if (!identity) throw new Inconclusive('the eUICC tells no certificates (GetCerts), so that no eIM can be told of it');
  try {
    const names = { eid: hex(eid), euiccCertificate: hex(identity.euiccCertificate), eumCertificate: hex(identity.eumCertificate) };
    const record = actor.manage(names);
    for (const other of others) {
      const known = identityOf(actor.eim.context, other, names.eid);
      if (!('fault' in known)) learnIdentity(record, known);
    }
  } catch (cause) {
    throw new Inconclusive(`the eUICC's certificates do for no eIM: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
};

/** A profile with the package that the lab brought for its ICCID; one that a case makes itself stays as it is. */
const withPackage = (profile: unknown, brought: readonly LabProfile[]): unknown => {
  if (!isObject(profile) || profile.upp !== undefined) return profile;
  const found = brought.find(({ iccid }) => String(profile.iccid).toUpperCase() === iccid.toUpperCase());
  return found ? { ...profile, upp: uppOf(found.upp) } : profile;
};

const makeRspServer = (name: string, config: Config, { lab, world }: Making): Made => {
  const role = name.startsWith('smdp') ? 'smdp' : 'smds';
  const place = placeOf(name, role, lab);
  if (!place && lab.ixit.iut === 'eim') throw new HarnessError(`the IXIT file describes no links.${interfaceOf(role)} for ${name}`);
  const own = place?.own ?? SERVED.get(interfaceOf(role) ?? '')?.names[numberOf(name)] ?? '';
  const certificates = name === 'smdp2' ? { auth: 'CERT_S_SM_DPauth2', pb: 'CERT_S_SM_DPpb2' } : undefined;
  const full = {
    address: place?.server.addressOf(own) ?? own,
    ...(certificates ? { certificates } : {}),
    ...config,
    ...(Array.isArray(config.profiles) ? { profiles: config.profiles.map(profile => withPackage(profile, lab.ixit.profiles)) } : {}),
  };
  // What an eUICC under test can do is for the cases to say, not for its version.
  const leniency = lab.ixit.iut === 'euicc' ? { acceptsSvn: () => true } : {};
  const actor: Smdp | Smds =
    role === 'smdp'
      ? createSmdp(full as unknown as SmdpConfig, world, [() => leniency])
      : createSmds(full as unknown as SmdsConfig, world, leniency);
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

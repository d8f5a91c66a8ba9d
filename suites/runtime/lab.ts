/** The lab of a run: the wires to the IUT, its process, the operator, the keys its signatures are verified with. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { type PublicKey, pem, publicKeyFromSpki } from '#protocol/crypto/ecdsa.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { type Pki, testPki } from '#protocol/x509/test-pki.js';
import { type Client, type Inbound, LinkError, type Listener, type Outbound, type TlsIdentity } from '../../adapters/adapter.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import { type RunningProcess, startProcess } from '../../adapters/process.js';
import { openPrompt } from '../../adapters/prompt.js';
import type { ServerBinding } from '../../sim/bindings/binding.js';
import { es9plusServer } from '../../sim/bindings/es9plus-http.js';
import { es11Server } from '../../sim/bindings/es11-http.js';
import { esipaHttpClient } from '../../sim/bindings/esipa-http.js';
import { fillIxit, type Known, startOptions } from '../ixit-known.js';
import type { CalledLink, Ixit, ListeningLink } from '../ixit-schema.js';
import type { Catalogue } from '../language/load.js';
import { type IutOperator, operatorFor } from '../operator.js';
import { Inconclusive } from '../verdict.js';
import { Constants } from './constants.js';
import type { NamedKey } from './keyring.js';
import type { LevelOf } from './message-checks.js';
import type { ClientWire, ServerHandler, ServerWire } from './stage.js';

/** A server of ours that the IUT calls, with the names it answers to. */
export interface OpenServer extends ServerWire {
  readonly listener: Listener;
  /** Server names in the order of the IXIT: the first belongs to `smdp`, the second to `smdp2`. */
  readonly names: readonly string[];
  /** Address by which the IUT finds a name. */
  addressOf(name: string): string;
  identity(certificate: string): TlsIdentity;
  /** Certificate shown when a case says nothing. */
  readonly certificate: string;
}

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
  /** Wire to the IUT for a link of a case. */
  clientWire(link: string): ClientWire | undefined;
  /** Our servers by interface: es9plus, es11. */
  readonly servers: ReadonlyMap<string, OpenServer>;
  readonly operator: IutOperator;
  iutOutput(): string;
  iutEnded(): string | undefined;
  close(): Promise<void>;
}

export interface LabOptions {
  readonly catalogue: Catalogue;
  /** More words for the command that starts the IUT, e.g. a defect to seed. */
  readonly startArguments?: readonly string[];
}

/** Server names when the IXIT says none: those of SGP.26. */
const DEFAULT_NAMES: Readonly<Record<string, readonly string[]>> = {
  es9plus: ['testsmdpplus1.example.com', 'testsmdpplus2.example.com'],
  es11: ['testrootsmds.example.com'],
};

/** Opens the lab for one IUT: our servers first, then the IUT's process, then the wires to it. */
export const openLab = async (given: Ixit, { catalogue, startArguments = [] }: LabOptions): Promise<Lab> => {
  const pki = testPki();
  const disposers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const dispose of disposers.splice(0).reverse()) await dispose();
  };
  try {
    const work = mkdtempSync(join(tmpdir(), 'sgp32-'));
    disposers.push(() => rmSync(work, { recursive: true, force: true }));
    const servers = new Map<string, OpenServer>();
    for (const [name, binding] of [
      ['es9plus', es9plusServer({ spec: given.spec })],
      ['es11', es11Server({ spec: given.spec })],
    ] as const) {
      const link = given.links[name]?.https;
      if (link?.kind !== 'listening') continue;
      const server = await openServer(name, link, binding, pki);
      disposers.push(() => server.listener.close());
      servers.set(name, server);
    }
    const before = { work, links: Object.fromEntries([...servers].map(([name, s]) => [name, linkFacts(s)])) };
    const starting = startIut(given, before, startArguments);
    // What the first exchange needs is loaded while the IUT starts.
    await Promise.all([starting.catch(() => undefined), import('undici'), import('../../adapters/http-connection.js')]);
    const process = await starting;
    if (process) disposers.push(async () => void (await process.stop()));
    const known: Known = { ...before, ...(process ? { start: process.facts } : {}) };
    const ixit = fillIxit(given, known);
    const readFile = (path: string) => readTrust(path, pki);
    const operator = operatorFor(ixit, { ...known, prompt: openPrompt(), readFile, clock: () => performance.now() / 1000 });
    disposers.push(() => operator.close());
    const client = openEsipa(ixit, readFile);
    if (client) disposers.push(() => client.client.close());
    let ended: string | undefined;
    void process?.exited.then(exit => {
      ended = `the IUT's process has ended (${exit.signal ?? `exit code ${exit.code}`})`;
    });
    return {
      ixit,
      catalogue,
      spec: ixit.spec,
      pki,
      options: ixit.options,
      constants: new Constants(pki, [...catalogue.constants, ...ixit.settings]),
      levelOf: id => catalogue.requirements.get(id)?.level ?? 'shall',
      iutKeys: trustedKeys(ixit, pki),
      responseSeconds: ixit.timeouts.response.seconds,
      clientWire: link => (link === 'https' || link === '' ? client : undefined),
      servers,
      operator,
      iutOutput: () => process?.output() ?? '',
      iutEnded: () => ended,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const linkFacts = (server: OpenServer) => {
  const { address } = server.listener;
  return { address, port: address.slice(address.lastIndexOf(':') + 1), host: address.slice(0, address.lastIndexOf(':')) };
};

const startIut = async (ixit: Ixit, known: Omit<Known, 'start'>, more: readonly string[]): Promise<RunningProcess | undefined> => {
  if (!ixit.start) return undefined;
  const options = startOptions(ixit, ixit.start, known);
  const command = typeof options.command === 'string' ? options.command : [...options.command, ...more];
  return startProcess({ ...options, command });
};

/** PEM texts of a file, or of the certificate of that name in the PKI. */
const readTrust = (path: string, pki: Pki): string => {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const name = basename(path);
  return [name, `${name}_BRP`]
    .flatMap(n => pki.certificate(n) ?? [])
    .map(der => pem('CERTIFICATE', der))
    .join('');
};

const openEsipa = (ixit: Ixit, readFile: (path: string) => string): ClientWire | undefined => {
  const link = ixit.links.esipa?.https;
  if (link?.kind !== 'called') return undefined;
  const { url, serverName, trust }: CalledLink = link;
  const client = openHttpsClient({
    url,
    ...(serverName ? { serverName } : {}),
    trust: trust.map(readFile),
    responseTimeout: ixit.timeouts.response,
  });
  return { client, binding: esipaHttpClient({ spec: ixit.spec }) };
};

/** Every key in a PEM text, or of a certificate in the PKI, by which the IUT's signatures are verified. */
const trustedKeys = (ixit: Ixit, pki: Pki): NamedKey[] => {
  const path = ixit.trust.eim;
  if (!path) return [];
  const id = basename(path);
  return [...readTrust(path, pki).matchAll(/-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([^-]*)-----END/g)].flatMap(([, label, base64]) => {
    const der = new Uint8Array(Buffer.from(base64 ?? '', 'base64'));
    const key = label === 'CERTIFICATE' ? keyOfCertificate(der) : publicKeyFromSpki(der);
    return key ? [{ id: `${id}${key.curve === 'P-256' ? '' : ` ${key.curve}`}`, key }] : [];
  });
};
const keyOfCertificate = (der: Uint8Array): PublicKey | undefined => {
  const parsed = parseCertificate(der);
  return isProblem(parsed) ? undefined : parsed.publicKey;
};
/** A public key given as SubjectPublicKeyInfo or certificate, octets or hex. */
export const publicKeyFrom = (given: unknown): PublicKey | undefined => {
  const octets = typeof given === 'string' ? fromHex(given) : given;
  return octets instanceof Uint8Array ? (publicKeyFromSpki(octets) ?? keyOfCertificate(octets)) : undefined;
};

const openServer = async (name: string, link: ListeningLink, binding: ServerBinding, pki: Pki): Promise<OpenServer> => {
  const names = link.names.length > 0 ? link.names : (DEFAULT_NAMES[name] ?? ['localhost']);
  const identity = (certificate: string): TlsIdentity => {
    const privateKey = pki.privateKeyPem(certificate);
    if (!privateKey) throw new Inconclusive(`no certificate ${certificate} in ${pki.name}`);
    return {
      certificateChain: pki
        .chain(certificate)
        .map(der => pem('CERTIFICATE', der))
        .join(''),
      privateKey,
    };
  };
  // The second name is the second server of SGP.26, with a certificate of its own.
  const certificateFor = (n: number) => (n === 0 ? link.certificate : `${link.certificate}${n + 1}`);
  const identities = new Map(
    names.map(
      (serverName, n) => [serverName, identity(pki.certificate(certificateFor(n)) ? certificateFor(n) : link.certificate)] as const,
    ),
  );
  const listener = await openHttpsListener({
    listen: link.listen,
    identities: new Map([...identities, ['*', identity(link.certificate)]]),
  });
  const handlers = new Map<string, ServerHandler>();
  const find = (serverName: string) =>
    handlers.get(serverName.toLowerCase()) ?? (handlers.size === 1 ? [...handlers.values()][0] : undefined);
  listener.onFrame(async (frame: Inbound): Promise<Outbound> => {
    const host = (frame.meta.host ?? '').replace(/:\d+$/, '');
    const handler = find(handlers.has(host.toLowerCase()) ? host : (frame.connection.tls?.serverName ?? host));
    // Nobody plays here now: a delivery left over from an earlier sequence is put off, not lost.
    return handler ? handler.frame(frame) : { meta: { ':status': '503' }, body: new Uint8Array() };
  });
  listener.onHandshakeFailure(why => find(why.serverName)?.handshakeFailure({ ...why }));
  return {
    binding,
    listener,
    names,
    certificate: link.certificate,
    identity,
    addressOf: serverName => link.address ?? serverName,
    route: (serverName, handler) => {
      handlers.set(serverName.toLowerCase(), handler);
      return () => handlers.delete(serverName.toLowerCase());
    },
  };
};

/** A lab in which the IUT answers, or one line that says why there is none. */
export type Entered = (Lab & { readonly observed: Readonly<Record<string, string>> }) | { readonly unreachable: string };
export const enterLab = async (ixit: Ixit, options: LabOptions): Promise<Entered> => {
  try {
    const lab = await openLab(ixit, options);
    const found = await preflight(lab);
    if (!('unreachable' in found)) return { ...lab, observed: found.observed };
    await lab.close();
    return { unreachable: `the IUT cannot be reached at ${found.unreachable}` };
  } catch (error) {
    return { unreachable: `the IUT cannot be started or the lab not be set up: ${error instanceof Error ? error.message : String(error)}` };
  }
};

/** Connects to the IUT once before anything runs, so that an unreachable one is told in one line. */
export const preflight = async (
  lab: Lab,
): Promise<{ readonly observed: Readonly<Record<string, string>> } | { readonly unreachable: string }> => {
  const client: Client | undefined = lab.clientWire('https')?.client;
  if (!client?.handshake) return { observed: {} };
  try {
    const { tls, remote } = await client.handshake({ signal: AbortSignal.timeout(lab.responseSeconds * 1000) });
    return { observed: { address: remote, ...(tls ? { tls: `${tls.version} ${tls.cipher}` } : {}) } };
  } catch (error) {
    if (error instanceof LinkError) return { unreachable: `${client.address}: ${error.message}` };
    throw error;
  }
};

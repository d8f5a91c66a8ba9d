/** The reference eIM as a process: ESipa over HTTPS and CoAPs, a control API, and the way to its RSP servers. */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { hex } from '#protocol/asn1/tlv.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { type Pki, testPki } from '#protocol/x509/test-pki.js';
import { type Inbound, LinkError, type Listener, type Outbound, type TlsIdentity } from '../../adapters/adapter.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import type { ServerBinding } from '../bindings/binding.js';
import { esipaCoapsServer, esipaHttpsServer } from '../bindings/esipa-both.js';
import { ESIPA_PATH } from '../bindings/esipa-http.js';
import { ESIPA_JSON_FOLDER } from '../bindings/esipa-json-functions.js';
import { type CoapFaults, combinedEim } from '../defects/deviation.js';
import { createEim, type Eim } from '../roles/eim/index.js';
import { openEimControl } from './eim-control.js';
import { openEimInjection } from './eim-injection.js';
import type { EimProcessOptions } from './eim-options.js';
import { type ProcessSurroundings, runUntilSignal, tlsIdentity, trusted } from './process.js';
import { OptionError } from './process-options.js';
import { openRspHttps } from './rsp-https.js';
import { seededRandom } from './seeded-random.js';
import { serverCertificateFault } from './server-certificate.js';

export { EIM_OPTIONS, type EimProcessOptions, readEimOptions } from './eim-options.js';
export { OptionError } from './process-options.js';

/** A reference eIM that listens. */
export interface RunningEim {
  readonly eim: Eim;
  /** URL of ESipa over HTTPS with ASN.1. */
  readonly esipa: string;
  /** URL under which the functions of the JSON binding are. */
  readonly json: string;
  /** URL of ESipa over CoAPs, when it is served. */
  readonly coaps?: string;
  /** URL of the control API. */
  readonly control: string;
  /** Settles when nothing is on its way to an IPA that listens. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const tlsPublicKey = (pki: Pki, name: string): Uint8Array => {
  const parsed = parseCertificate(pki.certificate(name) ?? new Uint8Array());
  if (isProblem(parsed)) throw new OptionError(`the test PKI has no certificate ${name}: ${parsed.problem}`);
  return parsed.spki;
};

/** Answers one frame; whatever it holds, there is an answer. */
const answerFrame = async (
  eim: Eim,
  binding: ServerBinding,
  frame: Inbound,
  framed: 'frame' | 'coapFrame',
  report: (problem: string) => void,
): Promise<Outbound> => {
  const out = (answer: Outbound): Outbound => eim.decisions[framed](answer, frame);
  const carried = binding.read(frame);
  const refuse = (reason: string): Outbound => {
    report(`refused: ${reason}`);
    return out(binding.refuse(frame, { nothing: 'unreadable', reason, checks: carried.checks }));
  };
  if ('nothing' in carried) return refuse(carried.reason);
  const failed = carried.checks.filter(check => !check.ok);
  if (!eim.decisions.servesRequest(failed.map(check => check.requirement)))
    return refuse(failed.map(({ what, expected, actual }) => `${what}: expected ${expected}, got ${actual}`).join('; '));
  const answer = await eim.handle(carried.type.name, carried.octets);
  if ('refused' in answer) return refuse(answer.refused);
  return out(binding.write(frame, 'message' in answer ? answer.message : undefined));
};

interface Closing {
  close(): Promise<void>;
}

/** Undefined, and told, where there is nothing that DTLS needs: the eIM then serves HTTPS alone. */
const openCoap = async (
  listen: string,
  identities: ReadonlyMap<string, TlsIdentity>,
  { offer = {}, faults = {} }: CoapFaults,
  report: (problem: string) => void,
): Promise<Listener | undefined> => {
  const { openCoapListener } = await import('../../adapters/coap-listener.js');
  try {
    return await openCoapListener({ listen, identities, tls: offer, faults, onProblem: problem => report(`coaps: ${problem.message}`) });
  } catch (cause) {
    if (!(cause instanceof LinkError) || cause.code !== 'unreachable') throw cause;
    report(`coaps: ${cause.message}`);
    return undefined;
  }
};

/** Starts a reference eIM; resolves when it listens. */
export const startEim = async (options: EimProcessOptions, { report = () => undefined }: ProcessSurroundings = {}): Promise<RunningEim> => {
  const deviation = combinedEim([...options.variant, ...options.defect]);
  const spec = deviation.spec ?? options.spec;
  const pki = testPki();
  const names = options.curve === 'P-256' ? ['SK_S_EIMsign', 'SK_S_EIMsign_BRP'] : ['SK_S_EIMsign_BRP', 'SK_S_EIMsign'];
  const [signingKey, ...otherSigningKeys] = names.flatMap(name => pki.privateKey(name) ?? []);
  if (!signingKey) throw new OptionError(`the test PKI has no signing key on ${options.curve}`);
  const anchors = trusted(pki, options.trust);
  const furtherTrust = deviation.trusts.flatMap(name => pki.certificate(name) ?? []).map(der => pem('CERTIFICATE', der));
  const servers = openRspHttps({
    spec,
    resolve: options.resolve,
    trust: [...anchors.pems, ...furtherTrust],
    inspect: (rspInterface, chain) => {
      const found = serverCertificateFault(rspInterface, chain);
      return eim.decisions.acceptsServerCertificate(found?.code) ? undefined : (found?.message ?? 'its certificate was refused');
    },
    offer: deviation.clientOffer,
    edit: request => deviation.edits.reduce((edited, edit) => edit(edited), request),
    report,
  });
  const eim = createEim({
    config: {
      eimId: options.eimId,
      eimFqdn: options.fqdn,
      signingKey,
      otherSigningKeys,
      tlsPublicKey: tlsPublicKey(pki, deviation.registersKeyOf),
      protocols: ['eimRetrieveHttps', 'eimInjectHttps', ...(options.coap === '' ? [] : ['eimRetrieveCoaps', 'eimInjectCoaps'])],
      anchors: anchors.ders,
    },
    world: { spec, pki, now: () => new Date(), random: seededRandom(options.seed || hex(randomBytes(16)), 'eim') },
    servers,
    later: ({ seconds }, run) => void setTimeout(seconds * 1000, undefined, { ref: false }).then(run),
    overrides: deviation.overrides,
  });
  const identity = tlsIdentity(pki, deviation.certificate ?? 'CERT_EIM_TLS');
  const identities = new Map([
    ['*', identity],
    [options.serverName.toLowerCase(), identity],
  ]);
  const listener = await openHttpsListener({
    ...(deviation.inFront ? { listen: '127.0.0.1:0' } : { listen: options.listen, identities, tls: deviation.offer }),
    onProblem: problem => report(`esipa: ${problem.message}`),
  });
  const front = await deviation.inFront?.(options.listen, identity, listener.address);
  const injection = openEimInjection({ eim, spec, trust: anchors.pems, report });
  const serve = (binding: ServerBinding, framed: 'frame' | 'coapFrame') => async (frame: Inbound) => {
    const answer = await answerFrame(eim, binding, frame, framed, report);
    // The result that an IPA was busy with may have come.
    injection.pushAll();
    if (deviation.pause) await setTimeout(deviation.pause.seconds * 1000);
    return answer;
  };
  listener.onFrame(serve(esipaHttpsServer({ spec }), 'frame'));
  const opened: Closing[] = [listener, servers, injection, ...(front ? [front] : [])];
  const closeAll = async () => void (await Promise.all(opened.map(one => one.close())));
  try {
    const coap = options.coap === '' ? undefined : await openCoap(options.coap, identities, deviation.coap, report);
    if (coap) opened.push(coap);
    coap?.onFrame(serve(esipaCoapsServer(spec), 'coapFrame'));
    const control = await openEimControl(eim, options.control, report, record => void injection.push(record));
    opened.push(control);
    const https = `https://${front?.address ?? listener.address}`;
    return {
      eim,
      esipa: `${https}${ESIPA_PATH}`,
      json: `${https}${ESIPA_JSON_FOLDER}`,
      ...(coap ? { coaps: `coaps://${coap.address}${ESIPA_PATH}` } : {}),
      control: `http://${control.address}`,
      idle: injection.idle,
      close: closeAll,
    };
  } catch (cause) {
    await closeAll();
    throw cause;
  }
};

/** Runs a reference eIM until SIGTERM or SIGINT. */
export const runEim = (options: EimProcessOptions): Promise<void> =>
  runUntilSignal(
    surroundings => startEim(options, surroundings),
    ({ esipa, json, coaps, control }) => ({ esipa, json, ...(coaps ? { coaps } : {}), control, serverName: options.serverName }),
  );

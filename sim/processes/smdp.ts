/** The reference SM-DP+ as a process: ES9+ over HTTPS, and a control API for its orders. */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { DEFAULT_SPEC } from '#protocol/asn1/type.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Inbound, Outbound } from '../../adapters/adapter.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import { es9plusServer } from '../bindings/es9plus-http.js';
import type { RspNotCarried, RspServerBinding } from '../bindings/rsp-server.js';
import { combined } from '../defects/deviation.js';
import { createSmdp, type Smdp } from '../roles/smdp/index.js';
import { type ProcessSurroundings, runUntilSignal, tlsIdentity } from './process.js';
import { seededRandom } from './seeded-random.js';
import { openSmdpControl } from './smdp-control.js';
import type { SmdpProcessOptions } from './smdp-options.js';

export { OptionError } from './process-options.js';
export { readSmdpOptions, SMDP_OPTIONS, type SmdpProcessOptions } from './smdp-options.js';

/** A reference SM-DP+ that listens. */
export interface RunningSmdp {
  readonly smdp: Smdp;
  /** URL of ES9+, without the path of a function. */
  readonly es9plus: string;
  /** URL of the control API. */
  readonly control: string;
  close(): Promise<void>;
}

/** Answers one frame; whatever it holds, there is an answer. */
export const answerFrame = async (
  smdp: Smdp,
  binding: RspServerBinding,
  frame: Inbound,
  report: (problem: string) => void,
): Promise<Outbound> => {
  const out = (answer: Outbound): Outbound => smdp.decisions.frame(answer, frame);
  const refuse = (why: RspNotCarried): Outbound => {
    report(`refused: ${why.reason}`);
    return out(binding.refuse(frame, why));
  };
  const carried = binding.read(frame);
  if ('nothing' in carried) return refuse(carried);
  const failed = carried.checks.filter(check => !check.ok);
  if (!smdp.decisions.servesRequest(failed.map(check => check.requirement))) {
    const reason = failed.map(({ what, expected, actual }) => `${what}: expected ${expected}, got ${actual}`).join('; ');
    return refuse({ nothing: 'unreadable', reason, checks: carried.checks });
  }
  const message = decode(carried.type, carried.octets, { spec: DEFAULT_SPEC });
  return out(binding.write(frame, await smdp.react({ type: carried.type, message })));
};

/** Starts a reference SM-DP+; resolves when it listens. */
export const startSmdp = async (
  options: SmdpProcessOptions,
  { report = () => undefined }: ProcessSurroundings = {},
): Promise<RunningSmdp> => {
  const pki = testPki();
  const deviation = combined([...options.variant, ...options.defect]);
  const world = { spec: DEFAULT_SPEC, pki, now: () => new Date(), random: seededRandom(options.seed || hex(randomBytes(16)), 'smdp') };
  const { address } = options;
  const smdp = createSmdp({ address, ...(options.curve && { curve: options.curve }) }, world, deviation.overrides);
  const identity = tlsIdentity(pki, deviation.certificate ?? 'CERT_S_SM_DP_TLS');
  const identities = new Map([
    ['*', identity],
    [address.toLowerCase(), identity],
  ]);
  const listener = await openHttpsListener({
    ...(deviation.inFront ? { listen: '127.0.0.1:0' } : { listen: options.listen, identities, tls: deviation.offer }),
    onProblem: problem => report(`es9plus: ${problem.message}`),
  });
  const front = await deviation.inFront?.(options.listen, identity, listener.address);
  const binding = es9plusServer({ spec: DEFAULT_SPEC });
  listener.onFrame(async frame => {
    const answer = await answerFrame(smdp, binding, frame, report);
    if (deviation.pause) await setTimeout(deviation.pause.seconds * 1000);
    return answer;
  });
  const control = await openSmdpControl(smdp, options.control, report).catch(async (cause: unknown) => {
    await Promise.all([front?.close(), listener.close()]);
    throw cause;
  });
  return {
    smdp,
    es9plus: `https://${front?.address ?? listener.address}`,
    control: `http://${control.address}`,
    close: async () => {
      await Promise.all([front?.close(), listener.close(), control.close()]);
    },
  };
};

/** Runs a reference SM-DP+ until SIGTERM or SIGINT. */
export const runSmdp = (options: SmdpProcessOptions): Promise<void> =>
  runUntilSignal(
    surroundings => startSmdp(options, surroundings),
    ({ es9plus, control }) => ({ es9plus, control, address: options.address }),
  );

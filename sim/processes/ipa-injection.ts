/** Where the reference IPA listens: eIMs bring their packages over HTTPS, in both bindings, and over CoAPs. SGP.32 3.1.1.2 */
import { decode } from '#protocol/asn1/decode.js';
import type { Spec } from '#protocol/asn1/type.js';
import { type Inbound, LinkError, type Listener, type Outbound, type TlsIdentity } from '../../adapters/adapter.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import type { ServerBinding } from '../bindings/binding.js';
import { isJsonPath } from '../bindings/esipa-json-frame.js';
import { injectionCoapServer, injectionHttpsServer, injectionUrl } from '../bindings/injection.js';
import type { IpaDecisions } from '../roles/ipa/index.js';
import type { Polling } from './ipa-poll.js';
import type { EsipaWire } from './ipa-wire.js';

/** Where it listens, and for whom. */
export interface IpaInjectionOptions {
  /** host:port for HTTPS and for CoAPs; empty: not there. */
  readonly listen: string;
  readonly coap: string;
  readonly identities: ReadonlyMap<string, TlsIdentity>;
  readonly spec: Spec;
  readonly decide: IpaDecisions;
  readonly polling: Pick<Polling, 'transfer'>;
  readonly report: (problem: string) => void;
}

/** An IPA that listens. */
export interface IpaInjection {
  /** URLs by binding and wire, of those that there are. */
  readonly urls: { readonly injection?: string; readonly injectionJson?: string; readonly injectionCoaps?: string };
  close(): Promise<void>;
}

/** Without these a request has no meaning at all; missing headers alone are no reason to refuse it. */
const VITAL: readonly string[] = ['SGP32-6.1-73', 'SGP32-6.1-76', 'SGP32-6.2-73', 'SGP32-6.4-72'];

/** Answers one frame; whatever it holds, there is an answer. */
const answerFrame = async (options: IpaInjectionOptions, binding: ServerBinding, over: EsipaWire, frame: Inbound): Promise<Outbound> => {
  const { spec, polling, report } = options;
  const carried = binding.read(frame);
  const broken = carried.checks.find(check => !check.ok && VITAL.includes(check.requirement));
  const reason = 'nothing' in carried ? carried.reason : broken && `${broken.what}: expected ${broken.expected}, got ${broken.actual}`;
  if ('nothing' in carried || reason !== undefined) {
    report(`injection: refused: ${reason}`);
    return binding.refuse(frame, { nothing: 'unreadable', reason: reason ?? '', checks: carried.checks });
  }
  const received = { type: carried.type, message: decode(carried.type, carried.octets, { spec }) };
  return binding.write(frame, await polling.transfer(received, over, frame.signal));
};

/** Undefined, and told, where there is nothing that DTLS needs: the IPA then listens on HTTPS alone. */
const openCoap = async ({ coap, identities, report }: IpaInjectionOptions): Promise<Listener | undefined> => {
  const { openCoapListener } = await import('../../adapters/coap-listener.js');
  try {
    return await openCoapListener({ listen: coap, identities, onProblem: problem => report(`injection: ${problem.message}`) });
  } catch (cause) {
    if (!(cause instanceof LinkError) || cause.code !== 'unreachable') throw cause;
    report(`injection: ${cause.message}`);
    return undefined;
  }
};

/** Opens the listeners that are asked for. */
export const openIpaInjection = async (options: IpaInjectionOptions): Promise<IpaInjection> => {
  const { listen, coap, identities, spec, decide, report } = options;
  const https =
    listen === ''
      ? undefined
      : await openHttpsListener({ listen, identities, onProblem: problem => report(`injection: ${problem.message}`) });
  const close = async () => void (await Promise.all([https, coaps].map(one => one?.close())));
  let coaps: Listener | undefined;
  try {
    coaps = coap === '' ? undefined : await openCoap(options);
  } catch (cause) {
    await close();
    throw cause;
  }
  const overHttps = injectionHttpsServer({ spec });
  https?.onFrame(async frame => decide.transferAnswer(await answerFrame(options, overHttps, isJsonPath(frame) ? 'json' : 'https', frame)));
  const overCoap = injectionCoapServer();
  coaps?.onFrame(async frame => decide.transferAnswer(await answerFrame(options, overCoap, 'coaps', frame)));
  return {
    urls: {
      ...(https && { injection: injectionUrl('https', https.address), injectionJson: injectionUrl('json', https.address) }),
      ...(coaps && { injectionCoaps: injectionUrl('coaps', coaps.address) }),
    },
    close,
  };
};

/** How the reference eIM brings packages to IPAs that listen, over HTTPS in both bindings and over CoAPs. SGP.32 3.1.1.2 */
import type { Spec } from '#protocol/asn1/type.js';
import { type Client, LinkError } from '../../adapters/adapter.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import type { ClientBinding } from '../bindings/binding.js';
import { ESIPA_JSON_FOLDER } from '../bindings/esipa-json-functions.js';
import { injectionCoapClient, injectionHttpClient, injectionJsonClient } from '../bindings/injection.js';
import type { Eim } from '../roles/eim/index.js';
import type { EuiccRecord, IpaPlace } from '../roles/eim/state.js';

/** What it takes to reach an IPA. */
export interface EimInjectionOptions {
  readonly eim: Eim;
  readonly spec: Spec;
  /** PEM texts of the CI certificates that certificates of IPAs chain to. */
  readonly trust: readonly string[];
  readonly report: (problem: string) => void;
}

/** Brings packages to IPAs. */
export interface EimInjection {
  /** Something may be due for the IPA of an eUICC: brings it there, one transfer after the other. Never rejects. */
  push(record: EuiccRecord): Promise<void>;
  /** The same for every eUICC whose IPA listens. */
  pushAll(): void;
  /** Settles when nothing is on its way. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const RESPONSE_TIME = { seconds: 20 };

/** The path tells the binding, on this side as on the other. SGP.32 6.3, 6.4 */
const bindingFor = (url: URL, spec: Spec): ClientBinding => {
  if (url.pathname.startsWith(ESIPA_JSON_FOLDER)) return injectionJsonClient({ spec });
  const options = { spec, ...(url.pathname === '/' ? {} : { path: url.pathname }) };
  return url.protocol.startsWith('coap') ? injectionCoapClient(options) : injectionHttpClient(options);
};

const openClient = async ({ url, name }: IpaPlace, trust: readonly string[]): Promise<Client> => {
  const options = { url, trust, responseTimeout: RESPONSE_TIME, ...(name === undefined ? {} : { serverName: name }) };
  if (!url.startsWith('coap')) return openHttpsClient(options);
  const { openCoapClient } = await import('../../adapters/coap-client.js');
  return openCoapClient(options);
};

/** Makes the way to IPAs. */
export const openEimInjection = ({ eim, spec, trust, report }: EimInjectionOptions): EimInjection => {
  const closing = new AbortController();
  /** One conversation with an IPA at a time. */
  const running = new Map<EuiccRecord, Promise<void>>();

  /** One transfer; whether another may follow. */
  const transfer = async (record: EuiccRecord, client: Client, binding: ClientBinding): Promise<boolean> => {
    const composed = eim.euicc(record.eid) === record ? eim.transfer(record) : undefined;
    if (!composed) return false;
    const frame = eim.decisions.transferFrame(binding.write(composed.type, composed.octets));
    const read = binding.read(await client.exchange(frame, { signal: closing.signal }), composed.type.name);
    const problem = 'octets' in read ? eim.takeTransferAnswer(record, read.octets) : read.reason;
    if (problem !== undefined) report(`injection: the answer of ${client.address}: ${problem}`);
    return problem === undefined;
  };

  const converse = async (record: EuiccRecord, place: IpaPlace): Promise<void> => {
    try {
      const client = await openClient(place, trust);
      try {
        const binding = bindingFor(new URL(place.url), spec);
        while (await transfer(record, client, binding));
      } finally {
        await client.close();
      }
    } catch (cause) {
      if (!(cause instanceof LinkError)) throw cause;
      report(`injection: ${place.url}: ${cause.message}`);
    }
  };

  const push = (record: EuiccRecord): Promise<void> => {
    const { ipa } = record;
    if (!ipa || closing.signal.aborted) return Promise.resolve();
    const before = running.get(record) ?? Promise.resolve();
    const pushed = before
      .then(() => converse(record, ipa))
      .catch((cause: unknown) => report(`injection: unexpected: ${cause instanceof Error ? cause.stack : String(cause)}`));
    running.set(record, pushed);
    return pushed.finally(() => {
      if (running.get(record) === pushed) running.delete(record);
    });
  };

  return {
    push,
    pushAll: () => {
      for (const record of eim.context.euiccs.values()) void push(record);
    },
    idle: async () => void (await Promise.all(running.values())),
    close: async () => {
      closing.abort(new LinkError('closed', 'the eIM is shut down'));
      await Promise.all(running.values());
    },
  };
};

/** The reference IPA as a process: a device with its card, ESipa to the eIMs of the card, ES9+ and ES11, a control API. docs/reference-ipa.md */
import { setTimeout } from 'node:timers/promises';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Card, Duration } from '../../adapters/adapter.js';
import { combinedIpa } from '../defects/ipa-deviation.js';
import { decisionsWith } from '../roles/ipa/decisions.js';
import { openDeviceCard } from './ipa-card.js';
import { openIpaControl } from './ipa-control.js';
import { type IpaInjection, openIpaInjection } from './ipa-injection.js';
import type { IpaProcessOptions } from './ipa-options.js';
import { createPolling, type PollReport } from './ipa-poll.js';
import { openReader } from './ipa-reader.js';
import { openIpaWire } from './ipa-wire.js';
import { type ProcessSurroundings, runUntilSignal, tlsIdentity, trusted } from './process.js';

export { IPA_OPTIONS, type IpaProcessOptions, readIpaOptions } from './ipa-options.js';

/** A reference IPA that runs. */
export interface RunningIpa {
  /** URL of the control API. */
  readonly control: string;
  /** URLs where eIMs may bring packages. */
  readonly injection: IpaInjection['urls'];
  poll(): Promise<PollReport>;
  /** Settles when nothing is left to do of what was asked for. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** What it may use besides its options. */
export interface IpaSurroundings extends ProcessSurroundings {
  /** In place of the card that the options name. */
  readonly card?: Card;
  /** Ends the program, for implementations that do not survive an answer. */
  readonly die?: (why: string) => void;
}

interface Closing {
  close(): Promise<void>;
}

const LONGEST_BACK_OFF = 8;
const hasFailed = ({ problem, conversations }: PollReport): boolean =>
  problem !== undefined || conversations.some(c => c.problems.length > 0);

/** Polls of its own accord; after polls that failed it waits longer. */
const pollAtIntervals = async ({ seconds }: Duration, poll: () => Promise<PollReport>, signal: AbortSignal): Promise<void> => {
  for (let factor = 1; !signal.aborted; ) {
    factor = hasFailed(await poll()) ? Math.min(factor * 2, LONGEST_BACK_OFF) : 1;
    await setTimeout(seconds * factor * 1000, undefined, { signal }).catch(() => undefined);
  }
};

/** Starts a reference IPA; resolves when its control API listens. */
export const startIpa = async (options: IpaProcessOptions, surroundings: IpaSurroundings = {}): Promise<RunningIpa> => {
  const { report = () => undefined } = surroundings;
  const deviation = combinedIpa([...options.variant, ...options.defect]);
  const spec = deviation.spec ?? options.spec;
  const pki = testPki();
  const anchors = trusted(pki, options.trust).ders;
  const world = { spec, pki, now: () => new Date(), random: (count: number) => crypto.getRandomValues(new Uint8Array(count)) };
  const decide = decisionsWith(deviation.overrides, world);
  const terminal = { ...deviation.terminalOptions, overrides: deviation.terminalOverrides };
  const card = openDeviceCard(
    surroundings.card ?? (await openReader(options.card, options.cardTimeout)),
    spec,
    options.cardTimeout,
    terminal,
  );
  let { esipa: encoding } = options;
  const wire = openIpaWire({
    spec,
    decide,
    encoding: () => encoding,
    resolve: options.resolve,
    anchors,
    responseTimeout: options.responseTimeout,
    coap: { ...deviation.coap, ackTimeout: options.ackTimeout },
    report,
    die: surroundings.die ?? (() => undefined),
  });
  const { features, notifies, immediateEnable, attempts, pause, listen, coap } = options;
  let { initialEim } = options;
  const confirmationCode = [...options.confirmationCode];
  const polling = createPolling({
    card,
    wire,
    world,
    decide,
    config: {
      features: [...features, ...deviation.features].filter(feature => !deviation.withoutFeatures.includes(feature)),
      confirmationCode,
      protocols: ['ipaRetrieveHttps', ...(listen === '' ? [] : ['ipaInjectHttps']), ...(coap === '' ? [] : ['ipaInjectCoaps'])],
      immediateEnable,
      ...(notifies && { notifies }),
      ...deviation.config,
    },
    initialEim: () => initialEim,
    attempts,
    pause,
    later: async ({ seconds }, signal) => setTimeout(seconds * 1000, undefined, { signal }).catch(() => undefined),
    report,
  });
  // Nobody asks for anything more; then a poll that goes on ends, as its wires and its card go away.
  const opened: Closing[] = [];
  const release = async () => {
    await Promise.all(opened.map(one => one.close()));
    await Promise.all([polling.close(), wire.close(), card.close()]);
  };
  const memorize = (codes: readonly string[]): void => {
    confirmationCode.splice(0, confirmationCode.length, ...codes);
  };
  const provision = (eimConfigurationData: Uint8Array | undefined): void => {
    initialEim = eimConfigurationData;
  };
  const failing = async (cause: unknown): Promise<never> => {
    await release();
    throw cause;
  };
  const identity = tlsIdentity(pki, 'CERT_IPA_TLS');
  const identities = new Map([
    ['*', identity],
    [options.serverName.toLowerCase(), identity],
  ]);
  const injection = await openIpaInjection({ listen, coap, identities, spec, decide, polling, report }).catch(failing);
  opened.push(injection);
  const control = await openIpaControl({
    card,
    polling,
    decide,
    provision,
    speak: now => {
      encoding = now;
    },
    memorize,
    spec,
    listen: options.control,
    report,
  }).catch(failing);
  opened.push(control);
  const ending = new AbortController();
  const background = options.interval.seconds > 0 ? pollAtIntervals(options.interval, polling.poll, ending.signal) : Promise.resolve();
  return {
    control: `http://${control.address}`,
    injection: injection.urls,
    poll: polling.poll,
    idle: polling.idle,
    close: async () => {
      ending.abort();
      await release();
      await background;
    },
  };
};

const die = (why: string): void => {
  process.stderr.write(`fatal: ${why}\n`);
  process.exit(70);
};

/** Runs a reference IPA until SIGTERM or SIGINT, or until it has polled once. */
export const runIpa = async (options: IpaProcessOptions): Promise<void> => {
  if (!options.once)
    return runUntilSignal(
      surroundings => startIpa(options, { ...surroundings, die }),
      ({ control, injection }) => ({ control, ...injection }),
    );
  const running = await startIpa(options, { report: problem => process.stderr.write(`${problem}\n`), die });
  await running.poll();
  await running.close();
};

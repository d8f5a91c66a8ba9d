/** The options of `sgp32 sim ipa`, as data: the command line prints them, the process reads them. */
import { readFileSync } from 'node:fs';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Duration } from '../../adapters/adapter.js';
import { ipaDefects } from '../defects/ipa.js';
import { ipaVariants } from '../defects/ipa-variants.js';
import { asIs, deviations, list, OptionError, option, optionReader, resolve, specOption, trust } from './process-options.js';

const yesNo =
  (name: string) =>
  (text: string): boolean => {
    if (text !== 'yes' && text !== 'no') throw new OptionError(`--${name}: expected yes or no, got ${text}`);
    return text === 'yes';
  };
const whole =
  (name: string, least: number) =>
  (text: string): number => {
    if (!/^\d{1,6}$/.test(text) || Number(text) < least)
      throw new OptionError(`--${name}: expected a whole number of at least ${least}, got ${text}`);
    return Number(text);
  };
const seconds =
  (name: string) =>
  (text: string): Duration => {
    if (!/^\d{1,6}(\.\d{1,3})?$/.test(text)) throw new OptionError(`--${name}: expected seconds, got ${text}`);
    return { seconds: Number(text) };
  };
/** Hex, or the name of a file with hex or octets in it. */
const octets =
  (name: string) =>
  (text: string): Uint8Array | undefined => {
    if (text === '') return undefined;
    const given = fromHex(text);
    if (given) return given;
    try {
      const content = readFileSync(text);
      return fromHex(content.toString('latin1').trim()) ?? new Uint8Array(content);
    } catch (cause) {
      throw new OptionError(`--${name}: expected hex or the name of a file, got ${text}`, { cause });
    }
  };
const card = (text: string): string => {
  if (!/^(stdio$|pcsc(:|$)|modem:.)/.test(text))
    throw new OptionError(`--card: expected stdio, pcsc:<reader> or modem:<port>, got ${text}`);
  return text;
};
const encoding = (text: string): 'asn1' | 'json' => {
  if (text === 'asn1' || text === 'json') return text;
  throw new OptionError(`--esipa: expected asn1 or json, got ${text}`);
};
const notifies = (text: string): 'eim' | 'server' | undefined => {
  if (text === '' || text === 'eim' || text === 'server') return text === '' ? undefined : text;
  throw new OptionError(`--notifies: expected eim or server, got ${text}`);
};

/** Every option of the reference IPA. */
export const IPA_OPTIONS = {
  card: option('card', 'where its eUICC is: stdio, pcsc:<reader> (part of its name) or modem:<port>', 'stdio', card),
  control: option('control', 'host:port of the control API over plain HTTP; port 0 takes a free one', '127.0.0.1:0', asIs),
  spec: specOption('it'),
  listen: option(
    'listen',
    'host:port where eIMs may bring packages over HTTPS; port 0 takes a free one, and without it the IPA only polls',
    '',
    asIs,
  ),
  coap: option('coap', 'host:port where eIMs may bring packages over CoAPs', '', asIs),
  serverName: option('server-name', 'name in the TLS certificate that it shows there, from the test PKI', 'ipa.example.com', asIs),
  resolve: option('resolve', 'where names of servers lead: name=host:port, separated by commas', '', resolve),
  trust: option('trust', 'PEM files of trusted CI certificates, separated by commas; the CIs of the test PKI when empty', '', trust),
  esipa: option(
    'esipa',
    'binding of ESipa over HTTPS: asn1 or json; an eIM that offers CoAPs alone is polled over CoAPs',
    'asn1',
    encoding,
  ),
  initialEim: option('initial-eim', 'EimConfigurationData for a card without eIM: hex, or a file', '', octets('initial-eim')),
  once: option('once', 'yes: polls until no package is left, then ends', 'no', yesNo('once')),
  interval: option('interval', 'seconds between polls of its own accord; 0: on command only', '0', seconds('interval')),
  features: option(
    'features',
    'ipaFeatures that it announces and behaves by, separated by commas',
    'directRspServerCommunication,indirectRspServerCommunication,eimDownloadDataHandling',
    list,
  ),
  notifies: option('notifies', 'where notifications go: eim or server; as downloads go when empty', '', notifies),
  confirmationCode: option('confirmation-code', 'confirmation codes that its user would type, separated by commas', '', list),
  immediateEnable: option('immediate-enable', 'yes: tries to enable a profile right after its download', 'yes', yesNo('immediate-enable')),
  attempts: option('attempts', 'times a request is sent that gets no answer', '2', whole('attempts', 1)),
  pause: option('pause', 'seconds before a request is sent again; doubles each time', '0.2', seconds('pause')),
  responseTimeout: option('response-timeout', 'seconds that a server may take for an answer', '5', seconds('response-timeout')),
  ackTimeout: option(
    'ack-timeout',
    'seconds before a CoAP message is sent again; doubles each time (RFC 7252 4.8)',
    '2',
    seconds('ack-timeout'),
  ),
  defect: option('defect', 'seeded defects, separated by commas', '', deviations('defect', ipaDefects)),
  variant: option('variant', 'conformant variants, separated by commas', '', deviations('variant', ipaVariants)),
  cardTimeout: option('card-timeout', 'seconds that the card may take for an answer', '20', seconds('card-timeout')),
} as const;

/** Names of the options as members of IpaProcessOptions. */
export type IpaOptionName = keyof typeof IPA_OPTIONS;
/** What the options of a process mean. */
export type IpaProcessOptions = { readonly [K in IpaOptionName]: ReturnType<(typeof IPA_OPTIONS)[K]['parse']> };

/** Reads the texts given on a command line by option name; defaults for the rest. Throws OptionError. */
export const readIpaOptions = (given: Readonly<Record<string, string>>): IpaProcessOptions => {
  const value = optionReader(IPA_OPTIONS, given);
  return {
    card: value(IPA_OPTIONS.card),
    control: value(IPA_OPTIONS.control),
    spec: value(IPA_OPTIONS.spec),
    listen: value(IPA_OPTIONS.listen),
    coap: value(IPA_OPTIONS.coap),
    serverName: value(IPA_OPTIONS.serverName),
    resolve: value(IPA_OPTIONS.resolve),
    trust: value(IPA_OPTIONS.trust),
    esipa: value(IPA_OPTIONS.esipa),
    initialEim: value(IPA_OPTIONS.initialEim),
    once: value(IPA_OPTIONS.once),
    interval: value(IPA_OPTIONS.interval),
    features: value(IPA_OPTIONS.features),
    notifies: value(IPA_OPTIONS.notifies),
    confirmationCode: value(IPA_OPTIONS.confirmationCode),
    immediateEnable: value(IPA_OPTIONS.immediateEnable),
    attempts: value(IPA_OPTIONS.attempts),
    pause: value(IPA_OPTIONS.pause),
    responseTimeout: value(IPA_OPTIONS.responseTimeout),
    ackTimeout: value(IPA_OPTIONS.ackTimeout),
    defect: value(IPA_OPTIONS.defect),
    variant: value(IPA_OPTIONS.variant),
    cardTimeout: value(IPA_OPTIONS.cardTimeout),
  };
};

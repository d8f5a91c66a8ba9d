/** The options of `sgp32 sim eim`, as data: the command line prints them, the process reads them. */
import { eimDefects } from '../defects/eim.js';
import { eimVariants } from '../defects/eim-variants.js';
import { asIs, curve, deviations, option, optionReader, resolve, specOption, trust } from './process-options.js';

/** Every option of the reference eIM. */
export const EIM_OPTIONS = {
  listen: option('listen', 'host:port of ESipa over HTTPS; port 0 takes a free one', '127.0.0.1:0', asIs),
  coap: option('coap', 'host:port of ESipa over CoAPs; port 0 takes a free one, and without it there is none', '', asIs),
  control: option('control', 'host:port of the control API over plain HTTP', '127.0.0.1:0', asIs),
  serverName: option('server-name', 'name in the TLS certificate, from the test PKI', 'eim.example.com', asIs),
  eimId: option('eim-id', 'eimId in packages and configuration data', 'testeim1', asIs),
  curve: option('curve', 'curve of the signing key: P-256 or brainpoolP256r1', 'P-256', curve),
  fqdn: option('fqdn', 'eimFqdn in the configuration data', 'eim.example.com', asIs),
  spec: specOption('it'),
  resolve: option('resolve', 'where names of RSP servers lead: name=host:port, separated by commas', '', resolve),
  trust: option('trust', 'PEM files of trusted CI certificates, separated by commas; the CIs of the test PKI when empty', '', trust),
  defect: option('defect', 'seeded defects, separated by commas', '', deviations('defect', eimDefects)),
  variant: option('variant', 'conformant variants, separated by commas', '', deviations('variant', eimVariants)),
  seed: option('seed', 'repeats all random choices; random when empty', '', asIs),
} as const;

/** Names of the options as members of EimProcessOptions. */
export type EimOptionName = keyof typeof EIM_OPTIONS;
/** What the options of a process mean. */
export type EimProcessOptions = { readonly [K in EimOptionName]: ReturnType<(typeof EIM_OPTIONS)[K]['parse']> };

/** Reads the texts given on a command line by option name; defaults for the rest. Throws OptionError. */
export const readEimOptions = (given: Readonly<Record<string, string>>): EimProcessOptions => {
  const value = optionReader(EIM_OPTIONS, given);
  return {
    listen: value(EIM_OPTIONS.listen),
    coap: value(EIM_OPTIONS.coap),
    control: value(EIM_OPTIONS.control),
    serverName: value(EIM_OPTIONS.serverName),
    eimId: value(EIM_OPTIONS.eimId),
    curve: value(EIM_OPTIONS.curve),
    fqdn: value(EIM_OPTIONS.fqdn),
    spec: value(EIM_OPTIONS.spec),
    resolve: value(EIM_OPTIONS.resolve),
    trust: value(EIM_OPTIONS.trust),
    defect: value(EIM_OPTIONS.defect),
    variant: value(EIM_OPTIONS.variant),
    seed: value(EIM_OPTIONS.seed),
  };
};

/** The options of `sgp32 sim smdp`, as data: the command line prints them, the process reads them. */
import type { Curve } from '#protocol/crypto/ecdsa.js';
import { smdpDefects } from '../defects/smdp.js';
import { smdpVariants } from '../defects/smdp-variants.js';
import { asIs, curve, deviations, option, optionReader } from './process-options.js';

/** Every option of the reference SM-DP+. */
export const SMDP_OPTIONS = {
  listen: option('listen', 'host:port of ES9+ over HTTPS; port 0 takes a free one', '127.0.0.1:0', asIs),
  control: option('control', 'host:port of the control API over plain HTTP', '127.0.0.1:0', asIs),
  address: option('address', 'FQDN: callers have to name it, and the TLS certificate carries it', 'testsmdpplus1.example.com', asIs),
  curve: option(
    'curve',
    'the only curve it signs on, P-256 or brainpoolP256r1; that of the eUICC when empty',
    '',
    (text): Curve | undefined => (text === '' ? undefined : curve(text)),
  ),
  defect: option('defect', 'seeded defects, separated by commas', '', deviations('defect', smdpDefects)),
  variant: option('variant', 'conformant variants, separated by commas', '', deviations('variant', smdpVariants)),
  seed: option('seed', 'repeats all random choices; random when empty', '', asIs),
} as const;

/** What the options of a process mean. */
export type SmdpProcessOptions = { readonly [K in keyof typeof SMDP_OPTIONS]: ReturnType<(typeof SMDP_OPTIONS)[K]['parse']> };

/** Reads the texts given on a command line by option name; defaults for the rest. Throws OptionError. */
export const readSmdpOptions = (given: Readonly<Record<string, string>>): SmdpProcessOptions => {
  const value = optionReader(SMDP_OPTIONS, given);
  return {
    listen: value(SMDP_OPTIONS.listen),
    control: value(SMDP_OPTIONS.control),
    address: value(SMDP_OPTIONS.address),
    curve: value(SMDP_OPTIONS.curve),
    defect: value(SMDP_OPTIONS.defect),
    variant: value(SMDP_OPTIONS.variant),
    seed: value(SMDP_OPTIONS.seed),
  };
};

/** Download orders of an SM-DP+: what the configuration says, and where they stand. SGP.22 3.1.6 */
import { decode } from '#protocol/asn1/decode.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { fromJson } from '#protocol/asn1/json.js';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import type { Spec, ValueOf } from '#protocol/asn1/type.js';
import { PROTECTED_COMMANDS, type ProtectedCommand } from '#protocol/bpp/bind.js';
import { makeTestProfile } from '#protocol/bpp/test-profile.js';
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import type { BspKeys } from '#protocol/crypto/kdf.js';
import { StoreMetadataRequest } from '#protocol/iot/profile.js';
import { ComposeError } from '../../role.js';
import { type OrderState, type ProfileConfig, says } from './config.js';

/** What binds a package to one eUICC, kept for a repeated download. SGP.22 3.1.3.3 */
export interface KeptBinding {
  readonly euiccOtpk: Uint8Array;
  readonly smdpOtKey: PrivateKey;
  readonly hostId: Uint8Array;
  readonly ppk?: BspKeys;
}

/** A download order as it stands. */
export interface Order {
  readonly iccid: Uint8Array;
  readonly matchingId: string;
  readonly confirmationCode?: string;
  readonly ppk: boolean;
  /** Complete StoreMetadataRequest, BF25: shown by AuthenticateClient, and inside of the package. */
  readonly metadata: Uint8Array;
  readonly packageMetadata: Uint8Array;
  /** Members of `metadata`. */
  readonly described: ValueOf<typeof StoreMetadataRequest>;
  readonly upp: Uint8Array;
  /** Commands of the package in place of the right ones. */
  readonly commands?: readonly ProtectedCommand[];
  readonly requires: readonly string[];
  /** Profile Policy Rules of the Profile. */
  readonly policyRules: readonly string[];
  readonly isTestProfile: boolean;
  readonly reuse: boolean;
  readonly rebinding: boolean;
  readonly codeRetries: number;
  readonly downloadRetries: number;
  state: OrderState;
  /** Function that says that the order has expired; undefined: it has not. */
  expiredAt: 'authenticateClient' | 'getBoundProfilePackage' | undefined;
  eid: Uint8Array | undefined;
  /** Times AuthenticateClient went well. */
  downloads: number;
  codeFailures: number;
  binding: KeptBinding | undefined;
}

const octets = (given: string | Uint8Array, length: number | undefined, what: string): Uint8Array => {
  const read = typeof given === 'string' ? fromHex(given) : given;
  if (!read || (length !== undefined && read.length !== length)) {
    throw new ComposeError(
      `${what}: expected ${length === undefined ? 'octets in hex' : `${length} octets in hex`}, got ${JSON.stringify(given)}`,
    );
  }
  return read;
};

/** JSON form of a value in which octets may stand as such. */
const jsonForm = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(jsonForm);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonForm(inner)]));
};

const metadataOf = (iccid: Uint8Array, given: Readonly<Record<string, unknown>>, spec: Spec): Uint8Array => {
  const members = { iccid: hex(iccid), serviceProviderName: 'SP Name 1', profileName: 'Operational Profile 1', ...given };
  try {
    return encodeUntyped(StoreMetadataRequest, fromJson(StoreMetadataRequest, jsonForm(members), spec), { spec });
  } catch (cause) {
    throw new ComposeError(`metadata of ${hex(iccid)}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
};

const packageMetadataOf = (iccid: Uint8Array, { metadata, packageMetadata }: ProfileConfig, shown: Uint8Array, spec: Spec): Uint8Array => {
  if (packageMetadata === undefined) return shown;
  if (typeof packageMetadata === 'string' || packageMetadata instanceof Uint8Array)
    return octets(packageMetadata, undefined, 'packageMetadata');
  return metadataOf(iccid, { ...metadata, ...packageMetadata }, spec);
};

const retriesOf = ({ retries, confirmationCode }: ProfileConfig): { readonly code: number; readonly download: number } => {
  const [code, download] = [3, Number.POSITIVE_INFINITY];
  if (typeof retries !== 'number') return { code: retries?.confirmationCode ?? code, download: retries?.download ?? download };
  return confirmationCode === undefined ? { code, download: retries } : { code: retries, download };
};

const expiredAt = ({ expired }: ProfileConfig): Order['expiredAt'] =>
  expired === 'authenticateClient' || expired === 'getBoundProfilePackage'
    ? expired
    : says(expired, false)
      ? 'authenticateClient'
      : undefined;

const commandNamed = (name: string): ProtectedCommand => {
  const command = PROTECTED_COMMANDS.find(one => one === name);
  if (!command) throw new ComposeError(`commands: expected ${PROTECTED_COMMANDS.join(', ')}, got "${name}"`);
  return command;
};

const DEFAULT_SIZE = 4096;

// Every sequence has an SM-DP+ of its own, and almost all offer the same few profiles.
const madeProfiles = new Map<string, Uint8Array>();
const MOST_PROFILES = 64;
const madeProfile = (iccid: Uint8Array, size: number): Uint8Array => {
  const id = `${hex(iccid)}/${size}`;
  const made = madeProfiles.get(id) ?? makeTestProfile({ iccid, name: 'Test Profile', size });
  if (!made) throw new ComposeError(`uppSize: expected at least 100 octets, got ${size}`);
  if (madeProfiles.size >= MOST_PROFILES) madeProfiles.clear();
  madeProfiles.set(id, made);
  return made;
};

/** ProfileClass test. SGP.22 Annex H */
const TEST_CLASS = 0;

/** The order that a Profile of the configuration stands for. Throws ComposeError when it cannot be made. */
export const orderOf = (config: ProfileConfig, spec: Spec): Order => {
  const iccid = octets(config.iccid, 10, 'iccid');
  const shown = metadataOf(iccid, config.metadata ?? {}, spec);
  const inside = packageMetadataOf(iccid, config, shown, spec);
  const described = decode(StoreMetadataRequest, shown, { spec }).value;
  const { profilePolicyRules, profileClass } = described;
  const upp = config.upp === undefined ? madeProfile(iccid, config.uppSize ?? DEFAULT_SIZE) : octets(config.upp, undefined, 'upp');
  const retries = retriesOf(config);
  return {
    iccid,
    matchingId: config.matchingId,
    ...(config.confirmationCode !== undefined && { confirmationCode: config.confirmationCode }),
    ppk: says(config.ppk, false),
    metadata: shown,
    packageMetadata: inside,
    described,
    upp,
    ...(config.commands && { commands: config.commands.map(commandNamed) }),
    requires: config.requires ?? [],
    policyRules: profilePolicyRules ?? [],
    isTestProfile: profileClass === TEST_CLASS,
    reuse: says(config.reuse, true),
    rebinding: says(config.rebinding, true),
    codeRetries: retries.code,
    downloadRetries: retries.download,
    state: config.state ?? 'released',
    expiredAt: expiredAt(config),
    eid: config.eid === undefined ? undefined : octets(config.eid, 16, 'eid'),
    downloads: 0,
    codeFailures: 0,
    binding: undefined,
  };
};

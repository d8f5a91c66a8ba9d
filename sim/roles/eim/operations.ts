/** Operations as an operator orders them, in the form that eUICC Packages carry. SGP.32 2.11.1.1.2, 2.11.1.1.3 */
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import { type PrivateKey, publicKeyFromSpki, subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import type { Eco, Psmo } from '#protocol/iot/package.js';
import { booleanParameter, integerParameter, OrderError, octetsParameter, type Parameters, textParameter } from '../parameters.js';

interface About {
  /** Field name in Psmo or Eco. */
  readonly name: string;
  /** What it is about: ICCID in upper-case hex, eimId, or address. */
  readonly subject: string | undefined;
}
/** One operation of an eUICC Package. */
export type Operation =
  | (About & { readonly kind: 'psmo'; readonly value: InputOf<ValueOf<typeof Psmo>> })
  | (About & { readonly kind: 'eco'; readonly value: InputOf<ValueOf<typeof Eco>>; readonly newKey?: PrivateKey });

const missing = (name: string): never => {
  throw new OrderError(`expected "${name}", got nothing`);
};
const iccid = (given: Parameters) => ({ iccid: octetsParameter(given, 'iccid', 10) ?? missing('iccid') });
const flag = (present: boolean): null | undefined => (present ? null : undefined);
const publicKey = (given: Parameters) => {
  const eimPublicKey = octetsParameter(given, 'publicKey');
  if (eimPublicKey && !publicKeyFromSpki(eimPublicKey))
    throw new OrderError('expected a SubjectPublicKeyInfo on P-256 or brainpoolP256r1 as "publicKey"');
  return eimPublicKey && { eimPublicKey };
};
const eimData = (given: Parameters) => ({
  eimId: textParameter(given, 'eimId') ?? missing('eimId'),
  eimFqdn: textParameter(given, 'eimFqdn'),
  counterValue: integerParameter(given, 'counter'),
  eimPublicKeyData: publicKey(given),
});

const PSMO: Readonly<Record<string, (given: Parameters) => InputOf<ValueOf<typeof Psmo>>>> = {
  enable: given => ({ enable: { ...iccid(given), rollbackFlag: flag(booleanParameter(given, 'rollback')) } }),
  disable: given => ({ disable: iccid(given) }),
  delete: given => ({ delete: iccid(given) }),
  listProfileInfo: given => ({ listProfileInfo: { tagList: octetsParameter(given, 'tagList') } }),
  getRAT: () => ({ getRAT: {} }),
  configureImmediateEnable: given => ({
    configureImmediateEnable: {
      immediateEnableFlag: flag(booleanParameter(given, 'enable')),
      defaultSmdpOid: textParameter(given, 'smdpOid'),
      defaultSmdpAddress: textParameter(given, 'smdpAddress'),
    },
  }),
  setFallbackAttribute: given => ({ setFallbackAttribute: iccid(given) }),
  unsetFallbackAttribute: () => ({ unsetFallbackAttribute: {} }),
  // An empty address is meaningful: it removes the one in the eUICC. SGP.32 5.9.25
  setDefaultDpAddress: given => ({ setDefaultDpAddress: { defaultDpAddress: textParameter(given, 'address') ?? '' } }),
};
const ECO: Readonly<Record<string, (given: Parameters) => InputOf<ValueOf<typeof Eco>>>> = {
  addEim: given => {
    const data = eimData(given);
    const associationToken = booleanParameter(given, 'requestToken') ? -1 : undefined;
    return {
      addEim: {
        ...data,
        counterValue: data.counterValue ?? missing('counter'),
        associationToken,
        eimPublicKeyData: data.eimPublicKeyData ?? missing('publicKey'),
      },
    };
  },
  updateEim: given => ({ updateEim: eimData(given) }),
  deleteEim: given => ({ deleteEim: { eimId: textParameter(given, 'eimId') ?? missing('eimId') } }),
  listEim: () => ({ listEim: {} }),
};

const subjectOf = (given: Parameters): string | undefined =>
  textParameter(given, 'iccid')?.replace(/\s+/g, '').toUpperCase() ?? textParameter(given, 'eimId') ?? textParameter(given, 'address');

/** Names that an order may use. */
export const OPERATION_NAMES: readonly string[] = [...Object.keys(PSMO), ...Object.keys(ECO), 'updateOwnKey'];

/** What the eIM itself has to add to an operation. */
export interface OwnData {
  readonly eimId: string;
  /** A fresh key pair, for an update of the eIM's own key. */
  newKey(): PrivateKey;
}

/** Reads one operation, a map of its name to its parameters, e.g. `{enable: {iccid: "98…"}}`. Throws OrderError. */
export const readOperation = (item: unknown, own: OwnData): Operation => {
  const entries = typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.entries(item) : [];
  const [entry] = entries;
  if (!entry || entries.length !== 1) throw new OrderError(`expected {operation: {…}}, got ${JSON.stringify(item)?.slice(0, 60)}`);
  const [name, parameters] = entry;
  const given: Parameters = typeof parameters === 'object' && parameters !== null ? { ...parameters } : {};
  const psmo = PSMO[name];
  const subject = subjectOf(given);
  if (psmo) return { kind: 'psmo', name, subject, value: psmo(given) };
  const eco = ECO[name];
  if (eco) return { kind: 'eco', name, subject, value: eco(given) };
  if (name !== 'updateOwnKey') throw new OrderError(`expected one of ${OPERATION_NAMES.join(', ')}, got ${name}`);
  const newKey = own.newKey();
  const value = { updateEim: { eimId: own.eimId, eimPublicKeyData: { eimPublicKey: subjectPublicKeyInfo(newKey) } } };
  return { kind: 'eco', name: 'updateEim', subject: own.eimId, value, newKey };
};

const endsListing = (o: Operation): boolean => o.name === 'enable' || o.name === 'disable' || o.name === 'delete';
const fits = (pack: readonly Operation[], next: Operation): boolean =>
  pack[0]?.kind === next.kind &&
  !((next.name === 'enable' || next.name === 'disable') && pack.some(o => o.name === next.name)) &&
  !(next.name === 'listProfileInfo' && pack.some(endsListing));

/**
 * Spreads operations over packages in their order: one kind per package, at most one enable and one disable, and no
 * listProfileInfo after a change of Profiles. SGP.32 2.11.1.1.3
 */
export const splitOperations = (operations: readonly Operation[]): readonly (readonly Operation[])[] => {
  const packs: Operation[][] = [];
  for (const operation of operations) {
    const last = packs.at(-1);
    if (last && fits(last, operation)) last.push(operation);
    else packs.push([operation]);
  }
  return packs;
};

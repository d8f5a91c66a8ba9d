/** Download orders as an operator of the reference SM-DP+ writes them. docs/reference-smdp.md */
import { booleanParameter, integerParameter, OrderError, octetsParameter, type Parameters, textParameter } from '../roles/parameters.js';
import { ORDER_STATES, type OrderState, type ProfileConfig } from '../roles/smdp/config.js';

/** A Profile with its order; without a MatchingID the SM-DP+ makes one. */
export type NewOrder = Omit<ProfileConfig, 'matchingId'> & { readonly matchingId?: string | undefined };

const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

const stateParameter = (given: Parameters): OrderState | undefined => {
  const text = textParameter(given, 'state');
  const found = ORDER_STATES.find(state => state === text);
  if (text !== undefined && !found) throw new OrderError(`expected one of ${ORDER_STATES.join(', ')} as "state", got ${text}`);
  return found;
};
const membersParameter = (given: Parameters, name: string): Parameters | undefined => {
  const value = given[name];
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'object' || Array.isArray(value))
    throw new OrderError(`expected an object as "${name}", got ${JSON.stringify(value)}`);
  return { ...value };
};
const namesParameter = (given: Parameters, name: string): readonly string[] | undefined => {
  const value = given[name];
  if (isAbsent(value)) return undefined;
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map(item => {
    if (typeof item !== 'string') throw new OrderError(`expected a list of names as "${name}", got ${JSON.stringify(value)}`);
    return item;
  });
};
/** A statement that leaves the choice to the SM-DP+ when it is not made. */
const choiceParameter = (given: Parameters, name: string): boolean | undefined =>
  isAbsent(given[name]) ? undefined : booleanParameter(given, name);
// Two blocks of ES8+; no picture that anybody would look at.
const ICON = { iconType: 'png', icon: '5A'.repeat(1024) };
const metadataParameter = (given: Parameters): Parameters => ({
  ...membersParameter(given, 'metadata'),
  ...(booleanParameter(given, 'longMetadata') && ICON),
  ...(booleanParameter(given, 'fallbackAllowed') && { fallbackAllowed: true }),
});
const expiredParameter = (given: Parameters): ProfileConfig['expired'] => {
  const { expired } = given;
  return expired === 'authenticateClient' || expired === 'getBoundProfilePackage' ? expired : choiceParameter(given, 'expired');
};

const NAMES: readonly string[] = [
  'iccid',
  'matchingId',
  'state',
  'released',
  'eid',
  'metadata',
  'packageMetadata',
  'longMetadata',
  'fallbackAllowed',
  'confirmationCode',
  'randomKeys',
  'uppSize',
  'expired',
  'confirmationCodeRetries',
  'downloadRetries',
  'requires',
  'reuse',
  'rebinding',
];

/** Reads a new order. Throws OrderError. */
export const newOrder = (given: Parameters): NewOrder => {
  const surplus = Object.keys(given).find(name => !NAMES.includes(name));
  if (surplus !== undefined) throw new OrderError(`expected only ${NAMES.join(', ')}, got "${surplus}"`);
  const iccid = octetsParameter(given, 'iccid', 10);
  if (!iccid) throw new OrderError('expected "iccid", got nothing');
  return {
    iccid,
    // Empty: the order is found by EID; absent: the SM-DP+ makes one.
    matchingId: given.matchingId === '' ? '' : textParameter(given, 'matchingId'),
    state: stateParameter(given) ?? (choiceParameter(given, 'released') === false ? 'confirmed' : undefined),
    eid: octetsParameter(given, 'eid', 16),
    metadata: metadataParameter(given),
    packageMetadata: membersParameter(given, 'packageMetadata'),
    confirmationCode: textParameter(given, 'confirmationCode'),
    ppk: choiceParameter(given, 'randomKeys'),
    uppSize: integerParameter(given, 'uppSize'),
    expired: expiredParameter(given),
    retries: {
      confirmationCode: integerParameter(given, 'confirmationCodeRetries'),
      download: integerParameter(given, 'downloadRetries'),
    },
    requires: namesParameter(given, 'requires'),
    reuse: choiceParameter(given, 'reuse'),
    rebinding: choiceParameter(given, 'rebinding'),
  };
};

/** Reads what becomes of an order: another state, or that its time is over. Throws OrderError. */
export const orderChange = (given: Parameters): { readonly state: OrderState | undefined; readonly expired: boolean | undefined } => {
  const surplus = Object.keys(given).find(name => name !== 'state' && name !== 'expired');
  if (surplus !== undefined) throw new OrderError(`expected only state, expired, got "${surplus}"`);
  return { state: stateParameter(given), expired: choiceParameter(given, 'expired') };
};

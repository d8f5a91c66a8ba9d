/** A simulated eUICC, at the level of complete ES10 commands. SGP.32 5.9, SGP.22 5.7 */
import { readHeader } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { type Actor, type Composed, ComposeError, type Received, type Refused, type World } from '../../role.js';
import { type Answer, refused } from './answer.js';
import { answer, COMMANDS } from './commands.js';
import { type EuiccConfig, sizedOctets, someOf } from './config.js';
import { credentialsOf } from './credentials.js';
import { SIGNED_OBJECTS } from './decision-names.js';
import { decisionsWith, type EuiccOverride } from './decisions.js';
import { isProfileSegment, loadProfile } from './installation.js';
import { isdrTemplates } from './ipae.js';
import { memoryFrom } from './memory.js';
import { storeNotifications } from './notifications.js';
import { loadEuiccPackage } from './package.js';
import { settle } from './refresh.js';
import { restart } from './restart.js';
import type { Chip } from './state.js';
import { configIn } from './versions.js';
import { viewOf } from './view.js';

export type { Answer } from './answer.js';
export type { EuiccConfig } from './config.js';
export type { EuiccDecisions, EuiccOverride } from './decisions.js';
export { type EuiccSigner, signerOf } from './signer.js';

/** When a change of profiles that needs a REFRESH takes effect. */
export type Effect = 'atOnce' | 'afterRefresh';

/** A simulated eUICC: an actor of a test case, and a card for a simulated or real IPA. */
export interface Euicc extends Actor {
  readonly role: 'euicc';
  /**
   * Carries out one ES10 command: a complete TLV, or one segment of a bound profile package. Never throws. A change of
   * profiles that needs a REFRESH takes effect at once; with `afterRefresh` it waits, and `refreshPending` says so.
   */
  execute(command: Uint8Array, effect?: Effect): Answer;
  /** Whether the device has to carry out a REFRESH: it is proactive command time (91xx) until `settle` or a reset. */
  readonly refreshPending: boolean;
  /** The device carried out the REFRESH (a successful TERMINAL RESPONSE), or reported that it could not. SGP.32 5.9.16 */
  settle(outcome: 'commit' | 'abandon'): void;
  /** A warm reset, or the end and return of power: ends the RSP session and commits what waits for REFRESH. */
  reset(): void;
  powerLoss(): void;
  /** Templates E0 and E1, one after the other, for the FCI that SELECT of the ISD-R returns. SGP.32 3.8.4 */
  readonly isdrTemplates: Uint8Array;
  /** Its inside, for the signer and for tests. */
  readonly chip: Chip;
}

const PACKAGE_TAG = 0xbf51;

const serve = (chip: Chip, command: Uint8Array): Answer => {
  const { decisions } = chip;
  const isSegment = isProfileSegment(chip, command);
  if (!isSegment && readHeader(command)?.tag !== PACKAGE_TAG) return answer(chip, command);
  if (chip.memory.isIpaeActive) return refused(decisions.refuses('notNow'));
  const octets = isSegment ? loadProfile(chip, command) : loadEuiccPackage(chip, command);
  if (!octets) return refused(decisions.refuses(isSegment ? 'notNow' : 'unreadable'));
  const { name } = isSegment ? ProfileInstallationResult : EuiccPackageResult;
  return { sw: '9000', octets: octets.length > 0 ? decisions.outgoing(name, octets, command) : octets };
};

const execute = (chip: Chip, command: Uint8Array, effect: Effect = 'atOnce'): Answer => {
  const answered = serve(chip, command);
  if (effect === 'atOnce') settle(chip, 'commit');
  return answered;
};

const RESPONSES: ReadonlyMap<string, Type> = new Map([
  ...COMMANDS.map(c => [c.request.name, c.response] as const),
  [EuiccPackageRequest.name, EuiccPackageResult],
  [BoundProfilePackage.name, ProfileInstallationResult],
]);

/** Makes a simulated eUICC; throws ComposeError when the configuration or the PKI does not allow for one. */
export const createEuicc = (given: EuiccConfig, world: World, overrides: readonly EuiccOverride[] = []): Euicc => {
  const config = configIn(world.spec, given);
  const decisions = decisionsWith(overrides, world);
  const eid = sizedOctets(config.eid, 16, 'eid');
  someOf(config.futureElements, SIGNED_OBJECTS, 'futureElements');
  const [first, ...others] = credentialsOf(config, eid, world.pki);
  if (!first) throw new ComposeError('expected at least one curve');
  const credentials = [first, ...others] as const;
  const chip: Chip = {
    config,
    world,
    decisions,
    eid,
    credentials: [...credentials],
    memory: memoryFrom(config, [...credentials], decisions, world.spec),
  };
  storeNotifications(chip);
  let asked: Received | undefined;
  let answered: Composed | undefined;

  const respond = (received: Received): Composed | Refused | undefined => {
    const type = RESPONSES.get(received.type.name);
    const { sw, octets } = execute(chip, received.message.octets);
    asked = undefined;
    answered = type && sw === '9000' && octets.length > 0 ? { type, octets } : undefined;
    return answered ?? (sw === '9000' ? undefined : { refused: sw });
  };

  return {
    role: 'euicc',
    chip,
    execute: (command, effect) => execute(chip, command, effect),
    get refreshPending() {
      return chip.memory.pending !== undefined;
    },
    settle: outcome => settle(chip, outcome),
    reset: () => restart(chip, 'reset'),
    powerLoss: () => restart(chip, 'powerLoss'),
    get isdrTemplates() {
      return isdrTemplates(chip);
    },
    compose: async type => {
      if (asked) respond(asked);
      if (answered?.type.name !== type)
        throw new ComposeError(
          `the eUICC has no ${type} to send: ${answered ? `its last answer was ${answered.type.name}` : 'no command led to one'}`,
        );
      return answered;
    },
    take: async received => {
      asked = received;
    },
    react: async received => respond(received),
    get state() {
      return viewOf(chip);
    },
  };
};

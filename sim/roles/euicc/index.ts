/** A simulated eUICC, at the level of complete ES10 commands. SGP.32 5.9, SGP.22 5.7 */
import { readHeader } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { type Actor, type Composed, ComposeError, type Received, type World } from '../../role.js';
import { type Answer, answer, COMMANDS, refused } from './commands.js';
import { type EuiccConfig, sizedOctets } from './config.js';
import { credentialsOf } from './credentials.js';
import { isProfileSegment, loadProfile } from './installation.js';
import { memoryFrom } from './memory.js';
import { loadEuiccPackage } from './package.js';
import type { Chip } from './state.js';
import { viewOf } from './view.js';

export type { Answer } from './commands.js';
export type { EuiccConfig } from './config.js';
export { type EuiccSigner, signerOf } from './signer.js';

/** A simulated eUICC: an actor of a test case, and a card for a simulated or real IPA. */
export interface Euicc extends Actor {
  readonly role: 'euicc';
  /** Carries out one ES10 command: a complete TLV, or one segment of a bound profile package. Never throws. */
  execute(command: Uint8Array): Answer;
  /** Its inside, for the signer and for tests. */
  readonly chip: Chip;
}

const PACKAGE_TAG = 0xbf51;

const execute = (chip: Chip, command: Uint8Array): Answer => {
  if (isProfileSegment(chip, command)) {
    const octets = loadProfile(chip, command);
    return octets ? { sw: '9000', octets } : refused('6985');
  }
  if (readHeader(command)?.tag !== PACKAGE_TAG) return answer(chip, command);
  const octets = loadEuiccPackage(chip, command);
  return octets ? { sw: '9000', octets } : refused('6A80');
};

const RESPONSES: ReadonlyMap<string, Type> = new Map([
  ...COMMANDS.map(c => [c.request.name, c.response] as const),
  [EuiccPackageRequest.name, EuiccPackageResult],
  [BoundProfilePackage.name, ProfileInstallationResult],
]);

/** Makes a simulated eUICC; throws ComposeError when the configuration or the PKI does not allow for one. */
export const createEuicc = (config: EuiccConfig, world: World): Euicc => {
  const eid = sizedOctets(config.eid, 16, 'eid');
  const [first, ...others] = credentialsOf(config, eid, world.pki);
  if (!first) throw new ComposeError('expected at least one curve');
  const credentials = [first, ...others] as const;
  const chip: Chip = { config, world, eid, credentials: [...credentials], memory: memoryFrom(config, [...credentials]) };
  let asked: Received | undefined;
  let answered: Composed | undefined;

  const respond = (received: Received): Composed | undefined => {
    const type = RESPONSES.get(received.type.name);
    const { sw, octets } = execute(chip, received.message.octets);
    asked = undefined;
    answered = type && sw === '9000' && octets.length > 0 ? { type, octets } : undefined;
    return answered;
  };

  return {
    role: 'euicc',
    chip,
    execute: command => execute(chip, command),
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

/** What a reset or the loss of power does to an eUICC: the session ends, everything else was written before. SGP.22 3.0.1 */
import type { Lasting } from './decision-names.js';
import { interruptInstallation } from './installation.js';
import { settle } from './refresh.js';
import type { Chip } from './state.js';

const FORGET: Readonly<Record<Lasting, (chip: Chip) => void>> = {
  results: ({ memory }) => {
    memory.results = [];
  },
  notifications: ({ memory }) => {
    memory.notifications = [];
  },
  seqNumber: ({ memory }) => {
    memory.seqNumber = 0;
  },
  counters: ({ memory }) => {
    for (const eim of memory.eims) eim.counterValue = 0;
  },
  profileStates: ({ memory }) => {
    for (const profile of memory.profiles) profile.state = 'disabled';
  },
  rollback: ({ memory }) => {
    memory.rollback = undefined;
  },
  emergencyReturn: ({ memory }) => {
    memory.emergencyReturn = undefined;
  },
  defaultDpAddress: ({ memory }) => {
    memory.defaultDpAddress = undefined;
  },
  session: ({ memory }) => {
    memory.session = undefined;
  },
};
const LASTING: readonly Lasting[] = [
  'results',
  'notifications',
  'seqNumber',
  'counters',
  'profileStates',
  'rollback',
  'emergencyReturn',
  'defaultDpAddress',
  'session',
];

/** Starts the eUICC anew. A change that waited for REFRESH takes effect with it. SGP.32 5.9.16 */
export const restart = (chip: Chip, cause: 'reset' | 'powerLoss'): void => {
  settle(chip, 'commit');
  interruptInstallation(chip);
  for (const what of LASTING) if (!chip.decisions.survives(what, cause)) FORGET[what](chip);
  chip.memory.isIpaeActive = false;
};

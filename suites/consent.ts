/** Before anything is changed on a card that is not ours: what will happen, and somebody's yes. */
import { createInterface } from 'node:readline/promises';
import { cardEffects } from './card-effects.js';
import type { Ixit } from './ixit-schema.js';
import type { Catalogue } from './language/load.js';
import type { PlannedSequence } from './plan.js';

/** Where the question is asked. */
export interface Questioning {
  readonly isTerminal: boolean;
  write(text: string): void;
  /** The line that a person types. */
  ask(question: string): Promise<string>;
}

/** The terminal of this process. */
export const terminal = (): Questioning => ({
  isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
  write: text => void process.stderr.write(text),
  ask: async question => {
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await reader.question(question);
    } finally {
      reader.close();
    }
  },
});

/** Tells what the run changes on the card, and asks whether it may; undefined: it may, else the reason why not. */
export const consentTo = async (
  plan: readonly PlannedSequence[],
  ixit: Ixit,
  catalogue: Catalogue,
  hasYes: boolean,
  at: Questioning,
): Promise<string | undefined> => {
  const cases = [...new Set(plan.filter(p => p.entry.state === 'run').map(p => p.case))];
  const effects = cardEffects(cases, catalogue.procedures, ixit);
  if (effects.length === 0) return undefined;
  const list = effects.map(effect => `  - ${effect}\n`).join('');
  at.write(
    `On the card of ${ixit.name} this run\n${list}eIMs and the default SM-DP+ address that are on it now are put back at the end; deleted profiles are not.\n`,
  );
  if (hasYes) return undefined;
  if (!at.isTerminal) return 'the card would be changed as listed above; run again with --yes';
  const answer = await at.ask('Type yes to go on: ');
  return answer.trim().toLowerCase() === 'yes' ? undefined : 'the card was not to be changed';
};

/** `sgp32 plan`: every sequence with its state and the reason for it. */
import pc from 'picocolors';
import { wantsColour } from '../../reports/console.js';
import { weatherWarnings } from '../ixit-weather.js';
import { planFor, prepareIxits, prepareSelection } from '../prepare.js';

export interface PlanCommandOptions {
  readonly ixit?: readonly string[];
  readonly only?: readonly string[];
  readonly cases?: string;
  readonly json?: boolean;
}

const WORDS = { run: 'runs', notApplicable: 'not applicable', cannotRun: 'cannot run' } as const;

export const planCommand = async (options: PlanCommandOptions): Promise<number> => {
  const only = options.only ?? [];
  const catalogue = prepareSelection(options.cases, only, options.ixit);
  const ixits = prepareIxits(options.ixit, catalogue, options.cases);
  for (const warning of ixits.flatMap(weatherWarnings)) process.stderr.write(`${warning}\n`);
  const entries = ixits.flatMap(ixit => planFor(ixit, catalogue, '', only).map(p => p.entry));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
    return 0;
  }
  const colours = pc.createColors(wantsColour(process.env, process.stdout));
  const paint = { run: colours.green, notApplicable: colours.dim, cannotRun: colours.yellow } as const;
  const width = Math.max(...entries.map(e => e.key.length));
  for (const e of entries)
    process.stdout.write(
      `${e.key.padEnd(width)}  ${paint[e.state](WORDS[e.state])}${e.reason ? `: ${e.reason}` : ''}  ${colours.dim(e.title)}\n`,
    );
  const count = (state: keyof typeof WORDS) => entries.filter(e => e.state === state).length;
  process.stdout.write(
    `\n${entries.length} sequences: ${count('run')} run, ${count('notApplicable')} not applicable, ${count('cannotRun')} cannot run\n`,
  );
  return 0;
};

/** `sgp32 run`: the catalogue against an IUT, with reports. */

import { consentTo, terminal } from '../consent.js';
import type { Ixit } from '../ixit-schema.js';
import { readWeatherOption, underWeather, weatherWarnings } from '../ixit-weather.js';
import { InputError, isForeignCard, planFor, prepareIxits, prepareSelection } from '../prepare.js';
import { enterLab } from '../runtime/lab.js';
import { UsageError } from './input.js';

export interface RunCommandOptions {
  readonly ixit?: readonly string[];
  readonly only?: readonly string[];
  readonly cases?: string;
  readonly out?: string;
  readonly seed?: string;
  readonly json?: boolean;
  readonly lab?: string;
  readonly operator?: string;
  readonly knownIssues?: string;
  readonly allureHtml: boolean;
  readonly yes?: boolean;
  readonly destructive?: boolean;
  readonly weather?: string;
  readonly anyVersion?: boolean;
}

/** The IUTs with the weather of the command line; throws InputError when it cannot be read. */
const inWeather = (ixits: readonly Ixit[], text: string): readonly Ixit[] => {
  const { weather, diagnostics } = readWeatherOption(text);
  if (diagnostics.length > 0) throw new InputError(diagnostics, new Map([['--weather', text]]));
  const under = ixits.map(ixit => underWeather(ixit, weather));
  if (Object.keys(weather).length > 0 && under.every((ixit, n) => ixit === ixits[n]))
    throw new UsageError(`--weather ${text}: none of the links that are described takes it (loss is for CoAPs, rate and cut for HTTPS)`);
  return under;
};

export const runCommand = async (options: RunCommandOptions): Promise<number> => {
  if (options.seed !== undefined && !/^[0-9a-f]{1,64}$/i.test(options.seed))
    throw new UsageError(`--seed ${options.seed}: expected hex digits`);
  const only = options.only ?? [];
  const catalogue = prepareSelection(options.cases, only, options.ixit);
  const { applyKnownIssues, readKnownIssues } = await import('../known-issues.js');
  const known = options.knownIssues === undefined ? undefined : readKnownIssues(options.knownIssues);
  const described = prepareIxits(options.ixit, catalogue, options.cases);
  const ixits = options.weather === undefined ? described : inWeather(described, options.weather);
  for (const warning of ixits.flatMap(weatherWarnings)) process.stderr.write(`${warning}\n`);
  for (const ixit of ixits) {
    if (!isForeignCard(ixit)) continue;
    const plan = planFor(ixit, catalogue, '', only, options.destructive === true);
    const refusal = await consentTo(plan, ixit, catalogue, options.yes === true, terminal());
    if (refusal !== undefined) throw new UsageError(refusal);
  }
  // The IUT starts while mocha, Allure and the reports are loaded.
  const [first] = ixits;
  const runsFirst = first !== undefined && planFor(first, catalogue, '', only).some(p => p.entry.state === 'run');
  const anyVersion = options.anyVersion === true;
  const entered = runsFirst ? enterLab(first, { catalogue, anyVersion }) : undefined;
  const { run } = await import('../run.js');
  const result = await run({
    ...(entered ? { entered } : {}),
    ixits,
    catalogue,
    only,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.out === undefined ? {} : { out: options.out }),
    mayDestroy: options.destructive === true,
    anyVersion,
    command: ['sgp32', ...process.argv.slice(2)],
    allureHtml: options.allureHtml,
    ...(options.lab === undefined ? {} : { lab: options.lab }),
    ...(options.operator === undefined ? {} : { operatorName: options.operator }),
    screen: process.stderr,
  });
  if (options.json) process.stdout.write(`${JSON.stringify(result.summary)}\n`);
  return known ? applyKnownIssues(result, known, text => process.stderr.write(`${text}\n`)) : result.exitCode;
};

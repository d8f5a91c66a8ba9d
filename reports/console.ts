import pc from 'picocolors';
import { failing, failureLines, requirementLines, saying } from './failure.js';
import { oneLine } from './markup.js';
import { addressOf, anchorOf, count, duration, marks, type Outcome, words } from './names.js';
import type { PlanEntry, Requirement, SequenceRecord, Summary, Verdict } from './record.js';

/** Where the progress goes: `process.stderr` or `process.stdout` fit. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What the console writer needs to know of the run. */
export interface ConsoleOptions {
  readonly screen: Screen;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Number of sequences that will run. */
  readonly planned: number;
  readonly requirements: readonly Requirement[];
  /** Directory of the run, as the reader can type it. */
  readonly resultsDir: string;
}

/** Follows a run on a terminal or in a log. */
export interface Progress {
  started(entry: PlanEntry): void;
  finished(sequence: SequenceRecord): void;
  /** A line between sequences, e.g. what was put back on a card. */
  note(text: string): void;
  /** The closing block; `files` are the reports to look at. */
  summary(summary: Summary, files: readonly string[]): void;
}

type Colours = ReturnType<typeof pc.createColors>;

/** Whether to colour: NO_COLOR and FORCE_COLOR decide, else whether a terminal is there. */
export function wantsColour({ NO_COLOR, FORCE_COLOR, TERM }: ConsoleOptions['environment'], screen: Screen): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return screen.isTTY === true && TERM !== 'dumb';
}

const painter = (colours: Colours, outcome: Outcome) =>
  ({
    pass: colours.green,
    fail: colours.red,
    inconclusive: colours.yellow,
    error: colours.magenta,
    cannotRun: colours.yellow,
    notRecorded: colours.magenta,
    notApplicable: colours.dim,
  })[outcome];

/** A sequence that did not pass, as a block of lines: address, requirement, source line with caret, octets, where to read on. */
export function failureBlock(
  sequence: SequenceRecord,
  options: Pick<ConsoleOptions, 'requirements' | 'resultsDir'>,
  colours: Colours,
): string {
  const paint = painter(colours, sequence.verdict);
  const [requirement = '', ...others] = requirementLines(sequence, options.requirements);
  const head = `${paint(colours.bold(sequence.verdict.toUpperCase()))} ${colours.bold(oneLine(addressOf(sequence)))}   ${requirement}`;
  const lines = failureLines(sequence).map(line => (line.includes('^ ') ? paint(line) : line));
  const found = failing(sequence);
  // For preambles, crashes and errors the reason of the verdict says more than the step that stumbled.
  const reason = found && !sequence.reason.includes(saying(found)) ? [`  ${oneLine(sequence.reason)}`] : [];
  const link = `${options.resultsDir}/summary.html#${anchorOf(sequence.key)}`;
  return [head.trimEnd(), ...others.map(line => `  ${line}`), ...lines, ...reason, `  ${colours.dim(link)}`, ''].join('\n');
}

/** Result of a run in one line: `182 applicable · 171 pass · 6 fail · …`. */
export function resultLine(summary: Summary, colours: Colours): string {
  const part = (outcome: Outcome, number: number) => {
    const text = `${number} ${words[outcome]}`;
    return number > 0 ? painter(colours, outcome)(text) : text;
  };
  return [
    `${summary.planned + summary.cannotRun} applicable`,
    part('pass', summary.pass),
    part('fail', summary.fail),
    part('inconclusive', summary.inconclusive),
    part('error', summary.error),
    part('cannotRun', summary.cannotRun),
    `${summary.notApplicable} not applicable`,
  ].join(' · ');
}

/** Whether everything that was planned was recorded, in words. */
export const completeness = ({ planned, recorded }: Summary): string =>
  planned === recorded ? `Complete: planned ${planned} = recorded ${recorded}` : `INCOMPLETE: planned ${planned}, recorded ${recorded}`;

const clearLine = '\r\u001b[2K';

/** Live progress: one updating line on a terminal, a line per sequence elsewhere (CI, pipes); failures are printed as they occur. */
export function liveConsole(options: ConsoleOptions): Progress {
  const { screen, environment, planned } = options;
  const live = screen.isTTY === true && !environment.CI && environment.TERM !== 'dumb';
  const colours = pc.createColors(wantsColour(environment, screen));
  const counts: Record<Verdict, number> = { pass: 0, fail: 0, inconclusive: 0, error: 0 };
  const running = new Map<string, PlanEntry>();
  let drawn = false;
  let told: SequenceRecord | undefined;

  // One IUT that cannot be reached stops every sequence: its reason is worth reading once.
  const block = (sequence: SequenceRecord): string => {
    const again = told && sequence.steps.length === 0 && told.verdict === sequence.verdict && told.reason === sequence.reason;
    told = sequence;
    const paint = painter(colours, sequence.verdict);
    return again
      ? `${paint(sequence.verdict.toUpperCase())} ${oneLine(addressOf(sequence))}  for the same reason`
      : failureBlock(sequence, options, colours);
  };

  const clear = () => {
    if (drawn) screen.write(clearLine);
    drawn = false;
  };
  const draw = () => {
    if (!live) return;
    const verdicts: readonly Verdict[] = ['pass', 'fail', 'inconclusive', 'error'];
    const finished = verdicts.reduce((sum, verdict) => sum + counts[verdict], 0);
    const shown = verdicts.filter(verdict => verdict === 'pass' || counts[verdict] > 0);
    const plain = `${finished}/${planned}  ${shown.map(verdict => `${marks[verdict]} ${counts[verdict]}`).join('  ')}  `;
    const painted = `${finished}/${planned}  ${shown.map(verdict => painter(colours, verdict)(`${marks[verdict]} ${counts[verdict]}`)).join('  ')}  `;
    const current = [...running.values()].map(entry => oneLine(addressOf(entry))).join(', ');
    // One column stays free: a full line would wrap, and could not be taken back.
    const room = Math.max(0, (screen.columns ?? 80) - plain.length - 1);
    screen.write(`${clearLine}${painted}${colours.dim(current.length > room ? `${current.slice(0, Math.max(0, room - 1))}…` : current)}`);
    drawn = true;
  };

  return {
    started(entry) {
      running.set(entry.key, entry);
      draw();
    },
    finished(sequence) {
      running.delete(sequence.key);
      counts[sequence.verdict]++;
      clear();
      if (sequence.verdict !== 'pass') screen.write(`${block(sequence)}\n`);
      else if (!live) screen.write(`${colours.green(marks.pass)} ${oneLine(addressOf(sequence))}  ${duration(sequence.seconds)}\n`);
      for (const finding of sequence.findings) screen.write(`${colours.yellow('finding')} ${sequence.key}  ${oneLine(finding)}\n`);
      draw();
    },
    note(text) {
      clear();
      screen.write(`${oneLine(text)}\n`);
      draw();
    },
    summary(summary, files) {
      clear();
      const complete = summary.planned === summary.recorded ? completeness(summary) : colours.bold(colours.magenta(completeness(summary)));
      const lines = [resultLine(summary, colours), `${complete}   ${count(summary.recorded, 'sequence')} in ${duration(summary.seconds)}`];
      screen.write(`\n${[...lines, ...files.map(file => `  ${file}`)].join('\n')}\n`);
    },
  };
}

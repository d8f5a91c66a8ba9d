import { diagram } from './diagram.js';
import { dump, dumpText, type FailedChecks, failedChecks, hexText } from './dump.js';
import { failing, failureLines, positionText } from './failure.js';
import { addressOf, offset, partyName, roleName } from './names.js';
import type { Check, Exchange, Phase, PlanEntry, SequenceRecord, StepRecord } from './record.js';

/** Status as Allure knows it. */
export type AllureStatus = 'passed' | 'failed' | 'broken' | 'skipped';

/** A file that stands in the report; `type` is its media type, `extension` that of the file. */
export interface AllureFile {
  readonly name: string;
  readonly type: 'text/plain' | 'image/svg+xml' | 'text/x-yaml';
  readonly extension: '.txt' | '.svg' | '.yaml';
  /** Makes the content: only who writes the file needs it. */
  content(): string;
}

/** A step of an Allure result; `start` and `stop` in milliseconds since 1970. */
export interface AllureStep {
  readonly name: string;
  readonly status: AllureStatus;
  readonly message?: string;
  readonly start: number;
  readonly stop: number;
  readonly steps: readonly AllureStep[];
  readonly files: readonly AllureFile[];
}

/** A named value: label or parameter. */
export interface NameValue {
  readonly name: string;
  readonly value: string;
}

/** What an Allure result says of a sequence. */
export interface AllureCase {
  readonly name: string;
  readonly fullName: string;
  readonly titlePath: readonly string[];
  readonly testCaseId: string;
  readonly historyId: string;
  readonly description: string;
  readonly labels: readonly NameValue[];
  readonly parameters: readonly NameValue[];
  readonly links: readonly { readonly name: string; readonly url: string; readonly type: string }[];
  readonly status: AllureStatus;
  readonly message?: string;
  readonly trace?: string;
  readonly start: number;
  readonly stop: number;
  readonly steps: readonly AllureStep[];
  readonly files: readonly AllureFile[];
}

const statuses = { pass: 'passed', fail: 'failed', inconclusive: 'broken', error: 'broken', skipped: 'skipped' } as const;

/** Beginning of the message of each result that did not pass; the categories of the report go by it. */
export const prefixes = {
  fail: 'Violated requirement',
  inconclusive: 'Inconclusive',
  error: 'Harness error',
  cannotRun: 'Cannot run',
  notApplicable: 'Not applicable',
} as const;

// The GSMA publishes each version of a document on a page of its own, `…/sgp-32-v1-2/`.
const publications = 'https://www.gsma.com/solutions-and-impact/technologies/esim/gsma_resources';

function specificationLinks(source: string): AllureCase['links'] {
  const versions = [...source.matchAll(/\bSGP\.(\d+) v(\d+)\.(\d+)/g)];
  return versions.map(([name, document, major, minor]) => ({
    name,
    url: `${publications}/sgp-${document}-v${major}-${minor}/`,
    type: 'spec',
  }));
}

const area = (id: string): string => id.split('.').slice(1, -1).join('.') || id;

/** Labels of a sequence: epic is the role, feature the area of its id, one story per requirement. */
export function allureLabels(entry: Pick<PlanEntry, 'id' | 'iut' | 'over' | 'covers'>): readonly NameValue[] {
  return [
    { name: 'epic', value: roleName(entry.iut) },
    { name: 'feature', value: area(entry.id) },
    ...entry.covers.map(value => ({ name: 'story', value })),
    { name: 'tag', value: entry.over },
  ];
}

const text = (name: string, content: () => string): AllureFile => ({ name, type: 'text/plain', extension: '.txt', content });

function signatureText({ signatures }: Exchange): string {
  return signatures
    .map(({ field, verdict, reason, signedRange, signedOctets, signature, keyId, curve }) =>
      [
        `${field}: ${verdict}${reason === '' ? '' : ` (${reason})`}`,
        `  signed octets ${signedRange}: ${signedOctets}`,
        `  signature ${signature}`,
        `  key ${keyId}, ${curve}`,
      ].join('\n'),
    )
    .join('\n');
}

const section = (title: string, content: string): string => (content === '' ? '' : `\n== ${title} ==\n${content}\n`);

/** All that is known of a message. */
function messageText(exchange: Exchange, checks: FailedChecks): string {
  const transport = Object.entries(exchange.transport).map(([key, value]) => `${key}: ${value}`);
  const failed = checks.get(exchange.no) ?? [];
  const lines = dump(exchange, failed);
  // The decoded text has the octets beside it; alone they say more only where they were edited, are no message, or were cut.
  const saysMore = exchange.edits.length > 0 || exchange.tree.length === 0 || lines.some(({ cut }) => cut);
  const bare = exchange.octets !== '' && saysMore;
  return [
    dumpText(lines, failed),
    section('octets', bare ? hexText(exchange) : ''),
    section('transport', transport.join('\n')),
    section('signatures', signatureText(exchange)),
  ].join('');
}

const messageName = ({ no, message }: Exchange): string => `${no} ${message}`;

// One file for all that is known of a message: four of them cost a run seconds of opening files, and the reader the overview.
const messageFile = (exchange: Exchange, checks: FailedChecks): AllureFile =>
  text(`${messageName(exchange)}.txt`, () => messageText(exchange, checks));

function checkStep(check: Check, start: number): AllureStep {
  const wrong = check.level === 'shall' ? 'failed' : 'broken';
  const name = `${check.level === 'should' ? 'should: ' : ''}${check.what} — got ${check.actual}`;
  const message = `${check.covers.join(', ')} expected ${check.expected}, got ${check.actual}`.trim();
  return { name, status: check.ok ? 'passed' : wrong, ...(!check.ok && { message }), start, stop: start, steps: [], files: [] };
}

function operatorFile({ operator }: StepRecord): readonly AllureFile[] {
  if (!operator) return [];
  const { action, by, request, answer, seconds } = operator;
  return [text('operator.txt', () => `${action}, by ${by}, ${seconds.toFixed(1)} s\n\nrequest\n${request}\n\nanswer\n${answer}\n`)];
}

/** A step of the script, or a message outside of it, before its message becomes a file. */
interface Item {
  readonly step: AllureStep;
  readonly phase: Phase;
  readonly exchange: Exchange | undefined;
}

function scriptItem(step: StepRecord, exchange: Exchange | undefined, from: number): Item {
  const start = from + step.started * 1000;
  const stop = start + step.seconds * 1000;
  const phase = step.phase === 'steps' ? '' : `${step.phase}: `;
  return {
    phase: step.phase,
    exchange,
    step: {
      name: `${step.no}  ${phase}${step.text}${step.note ? ` — ${step.note}` : ''}`,
      status: statuses[step.verdict],
      ...(step.reason !== undefined && { message: `${positionText(step.at)} ${step.reason}` }),
      start,
      stop,
      steps: step.checks.map(check => checkStep(check, stop)),
      files: operatorFile(step),
    },
  };
}

// Messages that an actor exchanged by itself have no step of the script; the reader still wants them in their place.
function actorItem(sequence: SequenceRecord, exchange: Exchange, phase: Phase, from: number): Item {
  const at = from + exchange.at * 1000;
  const parties = `${partyName(exchange.from, sequence)} → ${partyName(exchange.to, sequence)}`;
  const name = `–  ${parties}  ${exchange.message} (outside the script)`;
  return { phase, exchange, step: { name, status: 'passed', start: at, stop: at, steps: [], files: [] } };
}

function itemsOf(sequence: SequenceRecord, from: number): readonly Item[] {
  const scripted = new Set(sequence.steps.map(step => step.exchange));
  const exchanges = new Map(sequence.exchanges.map(exchange => [exchange.no, exchange]));
  const items = sequence.steps.map(step => scriptItem(step, step.exchange === undefined ? undefined : exchanges.get(step.exchange), from));
  for (const exchange of sequence.exchanges.filter(({ no }) => !scripted.has(no))) {
    const at = from + exchange.at * 1000;
    const later = items.findIndex(({ step }) => step.start > at);
    const place = later < 0 ? items.length : later;
    items.splice(place, 0, actorItem(sequence, exchange, items[place - 1]?.phase ?? 'steps', from));
  }
  return items;
}

// What leads there and tidies up is most of a sequence and, as long as it goes well, of little interest: one step with one file.
function phaseStep(items: readonly Item[], checks: FailedChecks): AllureStep {
  const [first] = items;
  const messages = items.flatMap(({ exchange }) => (exchange ? [exchange] : []));
  const content = () => messages.map(exchange => `#### ${messageName(exchange)}\n${messageText(exchange, checks)}`).join('\n\n');
  return {
    name: `${first?.phase}, ${items.length} steps`,
    status: 'passed',
    start: first?.step.start ?? 0,
    stop: items.at(-1)?.step.stop ?? 0,
    steps: items.map(({ step }) => step),
    files: messages.length > 0 ? [text(`messages of ${first?.phase}.txt`, content)] : [],
  };
}

const wentWell = ({ step: { status } }: Item): boolean => status === 'passed' || status === 'skipped';

const phases: readonly Phase[] = ['before', 'steps', 'after'];

function stepsOf(sequence: SequenceRecord, from: number): readonly AllureStep[] {
  const items = itemsOf(sequence, from);
  const checks = failedChecks(sequence);
  const inPhase = (phase: Phase): readonly AllureStep[] => {
    const own = items.filter(item => item.phase === phase);
    if (phase !== 'steps' && own.length > 1 && own.every(wentWell)) return [phaseStep(own, checks)];
    return own.map(({ step, exchange }) => (exchange ? { ...step, files: [messageFile(exchange, checks), ...step.files] } : step));
  };
  return phases.flatMap(inPhase);
}

const caseOf = (of: Omit<PlanEntry, 'state' | 'reason'> & Pick<SequenceRecord, 'interpretations'>) => ({
  name: `${addressOf(of)}  ${of.title}`,
  fullName: of.key,
  titlePath: of.file.split('/'),
  testCaseId: of.id,
  historyId: of.key,
  labels: [...allureLabels(of), ...(of.interpretations ?? []).map(value => ({ name: 'interpretation', value }))],
  parameters: [{ name: 'over', value: of.over }, ...(of.row ? [{ name: 'row', value: `${of.row.number} ${of.row.name}` }] : [])],
  links: specificationLinks(of.source),
});

function messageOf({ verdict, violated, reason }: SequenceRecord): string | undefined {
  if (verdict === 'pass') return undefined;
  return verdict === 'fail' && violated.length > 0
    ? `${prefixes.fail}: ${violated.join(', ')}\n${reason}`
    : `${prefixes[verdict]}: ${reason}`;
}

// Markdown of the report: a text from a record must not become a heading, a link or HTML.
const literal = (line: string): string => line.replace(/[\\`*_{}[\]()#+\-.!|<>&~]/g, character => `&#${character.charCodeAt(0)};`);

function descriptionOf(sequence: SequenceRecord): string {
  const found = failing(sequence);
  return [
    `Source: ${literal(sequence.source)}`,
    `Seed: ${literal(sequence.seed)}`,
    ...(sequence.verdict === 'pass' ? [] : [`Verdict: **${sequence.verdict}** — ${literal(sequence.reason)}`]),
    ...(found ? [`Step ${literal(found.step.no)} at ${offset(found.step.started)}: ${literal(found.step.text)}`] : []),
    ...sequence.findings.map(finding => `Finding: ${literal(finding)}`),
    ...Object.entries(sequence.weather ?? {}).map(([link, what]) => `Weather around ${literal(link)}: ${literal(what)}`),
  ].join('\n\n');
}

/** What Allure shows of a recorded sequence. */
export function describeSequence(sequence: SequenceRecord): AllureCase {
  const start = Date.parse(sequence.started);
  const message = messageOf(sequence);
  const { iutOutput } = sequence;
  return {
    ...caseOf(sequence),
    description: descriptionOf(sequence),
    status: statuses[sequence.verdict],
    ...(message !== undefined && { message, trace: failureLines(sequence).join('\n') }),
    start,
    stop: start + sequence.seconds * 1000,
    steps: stepsOf(sequence, start),
    files: [
      { name: 'sequence.svg', type: 'image/svg+xml', extension: '.svg', content: () => diagram(sequence) },
      { name: sequence.file, type: 'text/x-yaml', extension: '.yaml', content: () => sequence.yaml },
      ...(iutOutput === undefined ? [] : [text('iut-output.txt', () => iutOutput)]),
    ],
  };
}

/** What Allure shows of a sequence that does not run: skipped if not applicable, broken if it cannot run or was not recorded. */
export function describeUnrun(entry: PlanEntry, at: number): AllureCase {
  const skipped = entry.state === 'notApplicable';
  const message = entry.state === 'run' ? `${prefixes.error}: planned, but not recorded` : `${prefixes[entry.state]}: ${entry.reason}`;
  return {
    ...caseOf(entry),
    description: literal(message),
    status: skipped ? 'skipped' : 'broken',
    message,
    start: at,
    stop: at,
    steps: [],
    files: [],
  };
}

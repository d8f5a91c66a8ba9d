/** What an IUT's own interface answered, and what that means by the `expect` and `result` of a binding. */
import { OperatorError } from '../adapters/adapter.js';
import type { CommandResult } from '../adapters/command.js';
import type { RestAnswer } from '../adapters/rest.js';
import type { AtBinding, CommandBinding, RestBinding, ResultSource } from './ixit-schema.js';
import { brief, type Look, mismatch, patternText } from './pattern.js';
import { valueAt } from './template.js';

/** An answer in the words that bindings use for it. */
export interface Answer {
  readonly by: 'rest' | 'command' | 'at';
  readonly request: string;
  /** As the record shows it. */
  readonly text: string;
  readonly parts: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly exitCode?: number;
    readonly stdout?: string;
    readonly stderr?: string;
    /** The body or the output, as JSON when it is JSON. */
    readonly body: unknown;
  };
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** The answer to a request. */
export const restAnswer = (request: string, { status, headers, text, json }: RestAnswer): Answer => {
  const location = headers.location === undefined ? '' : `\nlocation: ${headers.location}`;
  return { by: 'rest', request, text: `${status}${location}${text ? `\n\n${text}` : ''}`, parts: { status, headers, body: json ?? text } };
};

/** What a command printed. */
export const commandAnswer = (request: string, { exitCode, stdout, stderr }: CommandResult): Answer => ({
  by: 'command',
  request,
  text: `exit code ${exitCode}${stdout ? `\n${stdout}` : ''}${stderr ? `\nstandard error:\n${stderr}` : ''}`,
  parts: { exitCode, stdout: stdout.trimEnd(), stderr: stderr.trimEnd(), body: parsed(stdout) },
});

/** What came back as lines of text. */
export const textAnswer = (by: 'at', request: string, text: string): Answer => ({ by, request, text, parts: { stdout: text, body: text } });

const part = (answer: Answer, root: string, path: string): unknown => {
  // An output has fields when it is JSON.
  if (root === 'stdout' && path !== '') return valueAt(answer.parts.body, path);
  // Names of HTTP fields have no case.
  if (root === 'headers') return valueAt(answer.parts.headers, path.toLowerCase());
  return valueAt(Reflect.get(answer.parts, root), path);
};

const lookInto =
  (answer: Answer): Look =>
  path => {
    if (!path.startsWith('$')) return valueAt(answer.parts.body, path);
    const [root = '', ...rest] = path.slice(1).split('.');
    return part(answer, root, rest.join('.'));
  };

type Answering = RestBinding | CommandBinding | AtBinding;

const accept = (binding: Answering, answer: Answer): void => {
  const { status, exitCode } = answer.parts;
  const wrong = binding.expect && mismatch(binding.expect, lookInto(answer));
  const refuse = (what: string) => {
    throw new OperatorError(
      'refused',
      `${binding.action} was refused: ${what}; ${answer.request.split('\n')[0]} answered ${brief(answer.text)}`,
    );
  };
  if (wrong) refuse(`expected ${wrong.path.replace('$', '')} ${wrong.expected}, got ${wrong.actual}`);
  // What the supplier does not state is what HTTP and the shell themselves call success.
  if (binding.expect === undefined && status !== undefined && status >= 400) refuse(`expected a status below 400, got ${status}`);
  if (binding.expect === undefined && exitCode !== undefined && exitCode !== 0) refuse(`expected exit code 0, got ${exitCode}`);
};

const resultOf = (binding: Answering, name: string, source: ResultSource, answer: Answer): unknown => {
  if (source.kind === 'literal') return source.text;
  if (source.kind === 'path') return part(answer, source.root, source.path);
  const look = lookInto(answer);
  const found = source.words.find(({ pattern }) => mismatch(pattern, look) === undefined);
  if (found) return found.word;
  const tried = source.words.map(({ word, pattern }) => `${word} ${patternText(pattern)}`).join('; ');
  throw new OperatorError('unexpected', `${binding.action}: no word of "${name}" fits the answer ${brief(answer.text)}; tried: ${tried}`);
};

/** Decides whether an act was accepted and takes the values that it gives; throws OperatorError `refused` or `unexpected`. */
export const judge = (binding: Answering, answer: Answer) => {
  accept(binding, answer);
  const values: Record<string, unknown> = {};
  for (const [name, source] of binding.result) {
    const value = resultOf(binding, name, source, answer);
    if (value !== undefined && value !== '') values[name] = value;
    else if (!binding.optional.has(name))
      throw new OperatorError(
        'unexpected',
        `${binding.action}: the answer has no "${name}" where the IXIT file says it stands; it was ${brief(answer.text)}`,
      );
  }
  return { by: answer.by, request: answer.request, answer: answer.text, values };
};

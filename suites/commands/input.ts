/** What a command was given: hex or JSON on the command line, a file, or lines of standard input. */
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SPECS, type Spec } from '#protocol/asn1/type.js';
import { didYouMean } from '../language/spelling.js';

/** The user's input is wrong: the command prints the message and ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** A version as users write it; 1.0.1 has the wire format of 1.0. */
export const parseSpec = (text: string): Spec => {
  const spec = SPECS.find(s => s === (text === '1.0.1' ? '1.0' : text));
  if (!spec) throw new UsageError(`--spec ${text}: expected one of 1.0.1, ${SPECS.join(', ')}`);
  return spec;
};

/** The text of a FILE argument, or undefined when no such file exists. */
export const fileText = (argument: string): Buffer | undefined =>
  argument.length < 1024 && existsSync(argument) ? readFileSync(argument) : undefined;

/** Non-empty lines of standard input, as they come. */
export async function* standardInputLines(): AsyncGenerator<string> {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }))
    if (line.trim() !== '') yield line.trim();
}

/** "no X - did you mean Y?" for a name that is not in a list. */
export const unknownName = (what: string, name: string, names: readonly string[]): UsageError => {
  const hint = didYouMean(name, names);
  return new UsageError(`no ${what} "${name}"${hint ? ` - ${hint}` : ''}`);
};

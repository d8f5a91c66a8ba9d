import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { type Duration, OperatorError } from './adapter.js';
import { errorText } from './tls.js';

export interface Prompt {
  /** What a person is asked to do. */
  readonly text: string;
  /** Names of the values to ask for; Enter alone confirms when there are none. */
  readonly ask: readonly string[];
  readonly timeout: Duration;
  readonly signal: AbortSignal;
}

/** Who did it, and what was typed in. */
export interface PromptAnswer {
  readonly by: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Where the person sits; standard input and error output unless told otherwise. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  /** Name that the record gives to the person; the user of the system when absent. */
  readonly person?: string;
}

const user = (): string => {
  try {
    return userInfo().username;
  } catch {
    return 'operator';
  }
};

/** Asks people at one terminal, one question at a time. Rejects with `needsOperator` at once when nobody can be there. */
export const openPrompt = (terminal: Terminal = { input: process.stdin, output: process.stderr }) => {
  let last: Promise<unknown> = Promise.resolve();

  const askNow = async ({ text, ask, timeout, signal }: Prompt): Promise<PromptAnswer> => {
    const over = new AbortController();
    const follow = () => over.abort(new OperatorError('timeout', `"${text}" was given up: ${errorText(signal.reason)}`));
    if (signal.aborted) follow();
    else signal.addEventListener('abort', follow);
    const timer = setTimeout(
      () => over.abort(new OperatorError('timeout', `nobody answered "${text}" within ${timeout.seconds} s`)),
      timeout.seconds * 1000,
    );
    const lines = createInterface({ input: terminal.input, output: terminal.output });
    // Ctrl-D: nobody will answer any more.
    lines.once('close', () => over.abort(new OperatorError('needsOperator', `"${text}" needs an operator, and the terminal was closed`)));
    try {
      const values: Record<string, string> = {};
      if (ask.length === 0) await lines.question(`\n${text} `, { signal: over.signal });
      else terminal.output.write(`\n${text}\n`);
      for (const name of ask) values[name] = (await lines.question(`  ${name}: `, { signal: over.signal })).trim();
      return { by: terminal.person ?? user(), values };
    } catch (cause) {
      throw over.signal.reason instanceof OperatorError ? over.signal.reason : cause;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
      lines.removeAllListeners('close');
      lines.close();
    }
  };

  return {
    ask: (prompt: Prompt): Promise<PromptAnswer> => {
      if (terminal.input.isTTY !== true)
        return Promise.reject(new OperatorError('needsOperator', `"${prompt.text}" needs an operator, and there is no terminal`));
      const answer = last.then(() => askNow(prompt));
      last = answer.catch(() => {});
      return answer;
    },
  };
};

import { LinkError } from './adapter.js';
import { errorText } from './tls.js';

/** The LinkError for a signal that was aborted: its reason if that is one, else `timeout`. */
export const givenUp = (signal: AbortSignal, what: string): LinkError =>
  signal.reason instanceof LinkError ? signal.reason : new LinkError('timeout', `${what} was given up: ${errorText(signal.reason)}`);

/** Waits for the promise, but not beyond the signal: then rejects with the LinkError of `givenUp`. What the promise does later is nobody's concern. */
export const until = <T>(promise: Promise<T>, signal: AbortSignal, what: string): Promise<T> =>
  new Promise((resolve, reject) => {
    const end = () => reject(givenUp(signal, what));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });

import { type Duration, LinkError } from './adapter.js';

const tooLong = ({ seconds }: Duration, what: string): LinkError => new LinkError('timeout', `${what} did not end within ${seconds} s`);

/** A signal that is aborted with a LinkError when the time is up or the caller gives up. */
export const limited = (caller: AbortSignal, timeout: Duration, what: string) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooLong(timeout, what)), timeout.seconds * 1000);
  const follow = () => controller.abort(caller.reason);
  if (caller.aborted) follow();
  else caller.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      caller.removeEventListener('abort', follow);
    },
  };
};

/**
 * A limit that begins anew with each call, for what is done one after the other: a timer for each of thousands of commands costs more
 * than the commands.
 */
export const renewableLimit = (timeout: Duration, what: string): (() => AbortSignal) => {
  let controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return () => {
    if (controller.signal.aborted) controller = new AbortController();
    timer = timer?.refresh() ?? setTimeout(() => controller.abort(tooLong(timeout, what)), timeout.seconds * 1000).unref();
    return controller.signal;
  };
};

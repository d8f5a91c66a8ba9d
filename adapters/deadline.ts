import { type Duration, LinkError } from './adapter.js';

/** A signal that is aborted with a LinkError when the time is up or the caller gives up. */
export const limited = (caller: AbortSignal, timeout: Duration, what: string) => {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new LinkError('timeout', `${what} did not end within ${timeout.seconds} s`)),
    timeout.seconds * 1000,
  );
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

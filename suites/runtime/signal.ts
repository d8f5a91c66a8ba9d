/** Waiting for events: a signal that wakes every waiter, and waiting with a deadline. No polling, no fixed sleeps. */

export interface Signal {
  /** Wakes everyone who waits now. */
  notify(): void;
  /** Resolves at the next notify, or when the abort signal fires. */
  next(abort: AbortSignal): Promise<void>;
}

export const createSignal = (): Signal => {
  let waiters: (() => void)[] = [];
  return {
    notify: () => {
      const woken = waiters;
      waiters = [];
      for (const wake of woken) wake();
    },
    next: abort =>
      new Promise(resolve => {
        if (abort.aborted) return resolve();
        const wake = () => {
          abort.removeEventListener('abort', wake);
          resolve();
        };
        abort.addEventListener('abort', wake, { once: true });
        waiters.push(wake);
      }),
  };
};

/**
 * Waits until `look` finds something; looks again whenever the signal says that something happened.
 * Resolves with undefined when the time (in seconds) is over or `abort` fires.
 */
export const waitFor = async <T>(
  look: () => T | undefined,
  signal: Signal,
  seconds: number,
  abort: AbortSignal,
): Promise<T | undefined> => {
  const found = look();
  if (found !== undefined || seconds <= 0 || abort.aborted) return found;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), seconds * 1000);
  const forward = () => over.abort();
  abort.addEventListener('abort', forward, { once: true });
  try {
    while (!over.signal.aborted) {
      await signal.next(over.signal);
      const hit = look();
      if (hit !== undefined) return hit;
    }
    return undefined;
  } finally {
    clearTimeout(timer);
    abort.removeEventListener('abort', forward);
  }
};

/** Rejects when work does not end in time, so that nothing that hangs can hold up what comes after it. */
export const within = async <T>(work: Promise<T>, seconds: number, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // Whatever becomes of it later has no listener any more.
    work.catch(() => undefined);
  }
};

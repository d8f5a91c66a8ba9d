/** Waiting for events: a signal that wakes every waiter, and waiting with a deadline. No polling, no fixed sleeps. */

export interface Signal {
  /** Wakes everyone who waits now. */
  notify(): void;
  /** Calls `wake` at each notify until the function returned is called. */
  listen(wake: () => void): () => void;
}

export const createSignal = (): Signal => {
  const waiting = new Set<() => void>();
  return {
    notify: () => {
      for (const wake of [...waiting]) wake();
    },
    listen: wake => {
      waiting.add(wake);
      return () => waiting.delete(wake);
    },
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
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      leave();
      abort.removeEventListener('abort', giveUp);
    };
    const giveUp = (): void => {
      over();
      resolve(undefined);
    };
    const leave = signal.listen(() => {
      try {
        const hit = look();
        if (hit === undefined) return;
        over();
        resolve(hit);
      } catch (error) {
        over();
        reject(error);
      }
    });
    const timer = setTimeout(giveUp, seconds * 1000);
    abort.addEventListener('abort', giveUp);
  });
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

/** Names that an author probably meant. */

const distance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
};

// An unfinished or overlong word ("okay" for "ok") is near, but less so than a slip of one letter.
const PREFIX = 1.5;
const nearness = (word: string, candidate: string, limit: number): number => {
  const [a, b] = [word.toLowerCase(), candidate.toLowerCase()];
  if (a === b) return 0.5;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length > 1 && long.startsWith(short) && long.length > short.length + 1) return PREFIX;
  // Words of very different length cannot be near: skipping them keeps this cheap over all type names.
  return long.length - short.length < limit ? distance(word, candidate) : limit;
};

/** The candidate a mistyped word most probably stands for, or undefined when none is near. */
export const nearest = (word: string, candidates: Iterable<string>): string | undefined => {
  let best: string | undefined;
  // A word must share something with what it stands for: "c" is not a slip for "a".
  let least = Math.min(Math.max(1, Math.floor(word.length / 3)) + 1, word.length);
  for (const candidate of candidates) {
    const d = nearness(word, candidate, least);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
};

/** The hint `did you mean "x"?`, or undefined when no candidate is near. */
export const didYouMean = (word: string, candidates: Iterable<string>): string | undefined => {
  const near = nearest(word, candidates);
  return near === undefined ? undefined : `did you mean "${near}"?`;
};

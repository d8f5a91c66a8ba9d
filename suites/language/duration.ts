const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** How durations are written, for messages. */
export const DURATION_FORM = 'a duration such as 300ms, 10s, 2m or 1h';

/** Reads `300ms`, `10s`, `2m`, `1h` as seconds; undefined when the text is no duration. */
export const readDuration = (text: string): number | undefined => {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  return amount === undefined || unit === undefined ? undefined : Number(amount) * (SECONDS[unit] ?? 1);
};

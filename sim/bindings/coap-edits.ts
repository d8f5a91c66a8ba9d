/** What a script changes around a message on CoAP, as the meta that the CoAP adapter reads. */
import type { LinkEdits } from './binding.js';
import { editedValues, textOf } from './link-edits.js';

/** Words that take a value, and words that are said or not; both become `:kebab-case` keys. */
const VALUES = ['type', 'blockSize', 'skipBlock', 'malformed'] as const;
const FLAGS = ['twice'] as const;
const REQUEST = { values: VALUES, flags: [...FLAGS, 'unacknowledged'] } as const;
const RESPONSE = {
  values: [...VALUES, 'lose', 'loseBlock', 'etag'],
  flags: [...FLAGS, 'separate', 'wrongToken', 'wrongMessageId', 'wrongBlockNumber'],
} as const;

const key = (word: string): string => `:${word.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
const isSaid = (value: unknown): boolean => value === true || value === 'true' || value === 'yes';

/** Wishes of a frame that we send: `blockSize`, `type`, `separate`, and the faults. */
export const wishesOf = (link: LinkEdits, direction: 'request' | 'response'): Record<string, string> => {
  const { values, flags } = direction === 'request' ? REQUEST : RESPONSE;
  return Object.fromEntries([
    ...values.flatMap((word): [string, string][] => {
      const text = textOf(link[word]);
      return text === undefined ? [] : [[key(word), text]];
    }),
    ...flags.flatMap((word): [string, string][] => (isSaid(link[word]) ? [[key(word), 'true']] : [])),
  ]);
};

/** Options after `options`, `contentFormat` and `accept` were applied; names as the CoAP adapter knows them. */
export const editedOptions = (options: Readonly<Record<string, string>>, link: LinkEdits): Record<string, string> => {
  const edits = new Map<string, unknown>();
  if (typeof link.options === 'object' && link.options !== null)
    for (const [name, value] of Object.entries(link.options)) edits.set(name.toLowerCase(), value);
  if (link.contentFormat !== undefined) edits.set('content-format', link.contentFormat);
  if (link.accept !== undefined) edits.set('accept', link.accept);
  return editedValues(options, edits);
};

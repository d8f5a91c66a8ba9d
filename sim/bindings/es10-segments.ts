/** Which segments of a bound profile package go to the card, and in which order, when a script has its own mind about it. SGP.22 5.7.6 */
import { splitAnyhow } from '#protocol/bpp/segments.js';
import type { TerminalOverride } from '../terminal/index.js';

const ITEM = /^(\d{1,4})(\.\.)?$/;

/**
 * The segments that a list names, e.g. `0,1,0,1..`: by their numbers from 0, and with two dots that one and all behind it.
 * Throws TypeError when it is no such list, or when there is no segment of this number.
 */
export const chooseSegments = (segments: readonly Uint8Array[], wanted: string): readonly Uint8Array[] =>
  wanted.split(',').flatMap(item => {
    const [, number = '', andAll] = ITEM.exec(item.trim()) ?? [];
    if (number === '') throw new TypeError(`link segments: expected numbers such as 3, or 3.. for all from there, got "${item}"`);
    const at = Number(number);
    const found = andAll ? segments.slice(at) : segments.slice(at, at + 1);
    if (found.length === 0) throw new TypeError(`link segments: expected 0 to ${segments.length - 1}, got ${at}`);
    return found;
  });

/** Sends the segments that `wanted` names at that moment; undefined: all of them. Wrong packages are cut like right ones. */
export const withSegments =
  (wanted: () => string | undefined): TerminalOverride =>
  correct => ({
    cuts: boundProfilePackage => {
      const segments = correct.cuts(boundProfilePackage) ?? splitAnyhow(boundProfilePackage);
      const choice = wanted();
      return segments && choice !== undefined ? chooseSegments(segments, choice) : segments;
    },
  });

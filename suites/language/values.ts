/** What expressions yield besides plain values. */
import type { Node } from './source.js';

/** A missing optional field, carried as a value: put into a message the field is left out, expected it must be missing. */
export const ABSENT: unique symbol = Symbol('absent');
/** "What a correct role put there": the value a message had before the script's edits. */
export const AUTO: unique symbol = Symbol('auto');

const UNREAD: unique symbol = Symbol('unread');
/** A piece of YAML not read yet, because only the type of the place where it is used says what it means. */
export interface Unread {
  readonly [UNREAD]: Node;
}
export const unread = (node: Node): Unread => ({ [UNREAD]: node });
export const unreadNode = (value: unknown): Node | undefined =>
  typeof value === 'object' && value !== null && UNREAD in value ? (value as Unread)[UNREAD] : undefined;

/** A value that does not exist in this run, e.g. a message an actor has not sent; the step that needs it fails with this reason. */
export class MissingValue extends Error {
  readonly code = 'missing-value';
  constructor(message: string) {
    super(message);
    this.name = 'MissingValue';
  }
}

/**
 * `$auto` where a correct counterpart puts nothing. What it puts follows from what the IUT asked for before, so this is neither a
 * fault of the harness nor, by itself, one of the IUT.
 */
export class NoAutoValue extends MissingValue {}

/** A SEQUENCE, a CHOICE or a map of an operator act: an object that is no octets, list, node or symbol. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array) && unreadNode(value) === undefined;

/**
 * DER/BER decoder driven by the type language. It never throws and never reads out of bounds; what is wrong becomes a
 * diagnostic with path and offset, and the value is as complete as the octets allow.
 */
import { accepts, alternativeOf, type Compiled, type CompiledField, compile, identifiers, typeWord } from './compile.js';
import type { Decoded, Element } from './element.js';
import { leafValue } from './leaf.js';
import { gaveUp, header, type Reader, readerOf, report, snippet, view } from './reader.js';
import { isConstructed, tagHex } from './tlv.js';
import { DEFAULT_SPEC, open, type Spec, type Type } from './type.js';

export interface DecodeOptions {
  readonly spec?: Spec;
}

/** Deeper nesting than any message of the specifications; protects the stack. */
const MAX_DEPTH = 40;
const NONE: readonly Element[] = [];
const OPEN = open();

const element = (
  name: string,
  type: Type,
  tag: number,
  start: number,
  content: number,
  end: number,
  value: unknown,
  children: readonly Element[],
): Element => ({ name, type, tag, start, content, end, value, children });

/** Decodes the element whose header is in the reader; the caller has seen that `c` accepts its tag. */
const body = (r: Reader, c: Compiled, name: string, start: number): Element => {
  switch (c.kind) {
    case 'sequence':
    case 'sequenceOf':
    case 'choice':
    case 'explicit':
      return structure(r, c, name, start);
    default:
      return element(name, c.type, r.tag, start, r.content, r.next, leafValue(r, c, start), NONE);
  }
};

const structure = (r: Reader, c: Compiled, name: string, start: number): Element => {
  const { tag, content, end, next } = r;
  if (r.path.length > MAX_DEPTH) {
    report(r, 'error', 'depth', start, `at most ${MAX_DEPTH} levels`, 'deeper nesting');
    return element(name, c.type, tag, start, content, next, undefined, NONE);
  }
  switch (c.kind) {
    case 'sequence':
      return c.tag === -1 ? pick(r, c, name, start) : members(r, c, name, tag, start, content, end, next);
    case 'sequenceOf':
      return list(r, c, name, tag, start, content, end, next);
    case 'explicit':
      return wrapped(r, c, name, tag, start, content, end, next);
    default:
      // An untagged CHOICE adds no octets: its header is that of the alternative.
      return c.tag === -1 ? pick(r, c, name, start) : alternative(r, c, name, tag, start, content, end, next);
  }
};

const unknownElement = (r: Reader, start: number): Element =>
  element('$unknown', OPEN, r.tag, start, r.content, r.next, view(r, start, r.next), NONE);

const members = (r: Reader, c: Compiled, name: string, tag: number, start: number, content: number, end: number, next: number): Element => {
  const { fields } = c;
  const value: Record<string, unknown> = {};
  const children: Element[] = [];
  let unknown: Uint8Array[] | undefined;
  // Unknown elements are extensions if no known one follows.
  let extensions: Element[] | undefined;
  let index = 0;
  for (let at = content; at < end; at = r.next) {
    if (!header(r, at, end)) break;
    let f = index;
    while (f < fields.length && !accepts(fields[f] as CompiledField, r.tag)) f++;
    if (f === fields.length) {
      const extra = unknownElement(r, at);
      children.push(extra);
      unknown ??= [];
      unknown.push(view(r, at, r.next));
      const earlier = fields.findIndex(known => known.starts.size > 0 && accepts(known, r.tag));
      if (earlier >= 0)
        report(r, 'error', 'order', at, expectedHere(fields, index), `${fields[earlier]?.name} (${tagHex(r.tag)}) again or out of order`);
      else {
        extensions ??= [];
        extensions.push(extra);
      }
      continue;
    }
    if (extensions) {
      for (const extra of extensions) report(r, 'error', 'unexpected', extra.start, expectedHere(fields, index), tagHex(extra.tag));
      extensions = undefined;
    }
    for (; index < f; index++)
      if (!(fields[index] as CompiledField).optional) missing(r, fields[index] as CompiledField, at, tagHex(r.tag));
    index = f + 1;
    const field = fields[f] as CompiledField;
    const after = r.next;
    r.path.push(field.name);
    const member = body(r, field.compiled, field.name, at);
    if (field.default !== undefined && member.value === field.default)
      report(r, 'der', 'defaultEncoded', at, 'a DEFAULT value left out', String(member.value));
    r.path.pop();
    if (member.value !== undefined) value[field.name] = member.value;
    children.push(member);
    r.next = after;
  }
  for (; index < fields.length; index++)
    if (!(fields[index] as CompiledField).optional) missing(r, fields[index] as CompiledField, end, 'end of the structure');
  if (extensions)
    for (const extra of extensions)
      report(r, 'note', 'extension', extra.start, 'no further element', `unknown element ${tagHex(extra.tag)}`);
  if (unknown) value.$unknown = unknown;
  return element(name, c.type, tag, start, content, next, value, children);
};

const missing = (r: Reader, field: CompiledField, offset: number, found: string): void => {
  if (gaveUp(r)) return;
  r.path.push(field.name);
  report(r, 'error', 'missing', offset, `${field.name} (${identifiers(field.starts)})`, found);
  r.path.pop();
};

const expectedHere = (fields: readonly CompiledField[], index: number): string => {
  const rest = fields.slice(index, index + 5).map(f => f.name);
  return rest.length === 0 ? 'no further element' : rest.length > 4 ? `${rest.slice(0, 4).join(', ')} …` : rest.join(', ');
};

const list = (r: Reader, c: Compiled, name: string, tag: number, start: number, content: number, end: number, next: number): Element => {
  const each = c.element as Compiled;
  const value: unknown[] = [];
  const children: Element[] = [];
  for (let at = content; at < end; at = r.next) {
    if (!header(r, at, end)) break;
    if (!accepts(each, r.tag)) {
      report(r, 'error', 'unexpected', at, `${typeWord(each.type)} (${identifiers(each.starts)})`, tagHex(r.tag));
      children.push(unknownElement(r, at));
      continue;
    }
    const after = r.next;
    const position = String(value.length);
    r.path.push(position);
    const item = body(r, each, position, at);
    r.path.pop();
    value.push(item.value);
    children.push(item);
    r.next = after;
  }
  return element(name, c.type, tag, start, content, next, value, children);
};

/** A CHOICE under a tag of its own: its content is exactly one alternative. */
const alternative = (
  r: Reader,
  c: Compiled,
  name: string,
  tag: number,
  start: number,
  content: number,
  end: number,
  next: number,
): Element => {
  const { whenEmpty } = c.type;
  if (content >= end && whenEmpty !== undefined) return noOctets(c, name, tag, start, content, next, whenEmpty);
  if (content >= end || !header(r, content, end)) {
    if (content >= end) report(r, 'error', 'missing', content, `one of ${fieldNames(c)}`, 'nothing');
    return element(name, c.type, tag, start, content, next, {}, NONE);
  }
  const inner = pick(r, c, name, content);
  if (inner.end < end) report(r, 'error', 'unexpected', inner.end, 'exactly one alternative', snippet(r, inner.end, end));
  return element(name, c.type, tag, start, content, next, inner.value, inner.children);
};

/** The alternative of a tagged CHOICE that is no octets. */
const noOctets = (c: Compiled, name: string, tag: number, start: number, content: number, next: number, alternative: string): Element => {
  const { type } = (c.named.get(alternative) as CompiledField).compiled;
  const inner = element(alternative, type, -1, content, content, content, {}, NONE);
  return element(name, c.type, tag, start, content, next, { [alternative]: inner.value }, [inner]);
};

/** Chooses the alternative by the tag of the header in the reader. */
const pick = (r: Reader, c: Compiled, name: string, start: number): Element => {
  const { tag, content, next } = r;
  const field = alternativeOf(c, tag);
  if (!field) {
    report(r, 'error', 'alternative', start, `one of ${fieldNames(c)}`, `unknown alternative ${tagHex(tag)}`);
    return element(name, c.type, tag, start, content, next, { $unknown: [view(r, start, next)] }, [unknownElement(r, start)]);
  }
  r.path.push(field.name);
  const chosen = body(r, field.compiled, field.name, start);
  r.path.pop();
  // Not a literal with a computed key: that takes four times as long.
  const value: Record<string, unknown> = {};
  value[field.name] = chosen.value;
  return element(name, c.type, tag, start, content, next, value, [chosen]);
};

const fieldNames = (c: Compiled): string => c.fields.map(f => f.name).join(', ');

const wrapped = (r: Reader, c: Compiled, name: string, tag: number, start: number, content: number, end: number, next: number): Element => {
  const each = c.element as Compiled;
  if (content >= end || !header(r, content, end)) {
    if (content >= end) report(r, 'error', 'missing', content, `${typeWord(each.type)} (${identifiers(each.starts)})`, 'nothing');
    return element(name, c.type, tag, start, content, next, undefined, NONE);
  }
  if (!accepts(each, r.tag)) {
    const other = c.alternatives.get(r.tag);
    if (other) {
      r.path.push(other.name);
      const inner = body(r, other.compiled, other.name, content);
      r.path.pop();
      if (inner.end < end) report(r, 'error', 'unexpected', inner.end, 'the end of the EXPLICIT tag', snippet(r, inner.end, end));
      return element(name, c.type, tag, start, content, next, { [other.name]: inner.value }, [inner]);
    }
    report(r, 'error', 'unexpected', content, `${typeWord(each.type)} (${identifiers(each.starts)})`, tagHex(r.tag));
    return element(name, c.type, tag, start, content, next, undefined, [unknownElement(r, content)]);
  }
  const inner = body(r, each, name, content);
  if (inner.end < end) report(r, 'error', 'unexpected', inner.end, 'the end of the EXPLICIT tag', snippet(r, inner.end, end));
  // The wrapper is the same field: paths skip it, offsets cover it.
  return element(name, each.type, tag, start, content, next, inner.value, inner.children);
};

/** Decodes one message. `value` is complete when `ok`; otherwise the diagnostics say what is missing or wrong, where. */
export const decode = <V>(type: Type<V>, octets: Uint8Array, options: DecodeOptions = {}): Decoded<V> => {
  const spec = options.spec ?? DEFAULT_SPEC;
  const r = readerOf(octets);
  const root = message(r, compile(type, spec));
  return { type, spec, octets, value: root.value as V, root, diagnostics: r.diagnostics, ok: r.reported.error === 0 };
};

const EMPTY: Readonly<Partial<Record<Compiled['kind'], () => unknown>>> = {
  sequence: () => ({}),
  choice: () => ({}),
  sequenceOf: () => [],
};

const message = (r: Reader, c: Compiled): Element => {
  const { length } = r.octets;
  const { name } = c.type;
  const nothing = (): Element => element(name, c.type, -1, 0, 0, length, EMPTY[c.kind]?.(), NONE);
  if (length === 0) {
    report(r, 'error', 'missing', 0, `${typeWord(c.type)} (${identifiers(c.starts)})`, 'no octets');
    return nothing();
  }
  if (!header(r, 0, length)) return nothing();
  if (!accepts(c, r.tag)) {
    const found = `${tagHex(r.tag)}${isConstructed(r.tag) ? '' : ' (primitive)'}`;
    report(r, 'error', 'unexpected', 0, `${typeWord(c.type)} (${identifiers(c.starts)})`, found);
    return nothing();
  }
  const root = body(r, c, name, 0);
  if (root.end < length) report(r, 'error', 'trailing', root.end, 'the end of the message', snippet(r, root.end, length));
  return root;
};

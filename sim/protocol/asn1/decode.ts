/**
 * DER/BER decoder driven by the type language. It never throws and never reads out of bounds; what is wrong becomes a
 * diagnostic with path and offset, and the value is as complete as the octets allow.
 */
import { accepts, type Compiled, type CompiledField, compile, typeWord } from './compile.js';
import type { DecodeDiagnostic, Decoded, Element, Severity } from './element.js';
import { readBits, readInteger, readOid, readText } from './primitives.js';
import { hex, isConstructed, tagHex } from './tlv.js';
import { DEFAULT_SPEC, open, type Spec, type Type } from './type.js';

export interface DecodeOptions {
  readonly spec?: Spec;
}

/** Deeper nesting than any message of the specifications; protects the stack. */
const MAX_DEPTH = 40;
/** A hostile message must not fill the memory with complaints. */
const MAX_DIAGNOSTICS = 100;
const NONE: readonly Element[] = [];
const OPEN = open();

interface Run {
  readonly octets: Buffer;
  readonly diagnostics: DecodeDiagnostic[];
  readonly path: string[];
  // The header read last; kept here so that reading one allocates nothing.
  tag: number;
  content: number;
  end: number;
  next: number;
}

const report = (run: Run, severity: Severity, code: string, offset: number, expected: string, found: string): void => {
  if (run.diagnostics.length < MAX_DIAGNOSTICS) run.diagnostics.push({ severity, code, path: run.path.join('.'), offset, expected, found });
};
const snippet = (run: Run, start: number, end: number): string =>
  end - start > 16 ? `${hex(run.octets.subarray(start, start + 16))}… (${end - start} octets)` : hex(run.octets.subarray(start, end));

/** Reads identifier and length at an offset into the run; false when there is no element to go on with. */
const header = (run: Run, start: number, limit: number): boolean => {
  const { octets } = run;
  let at = start;
  const first = octets[at++] as number;
  let tag = first;
  if ((first & 0x1f) === 0x1f) {
    let octet = 0x80;
    for (let n = 0; octet >= 0x80; n++) {
      if (at >= limit || n === 3) {
        report(run, 'error', 'tag', start, 'identifier octets', at >= limit ? 'end of data' : 'a tag of more than four octets');
        return false;
      }
      octet = octets[at++] as number;
      if (n === 0 && (octet === 0x80 || octet < 0x1f))
        report(run, 'der', 'tagForm', start, 'the shortest identifier', hex(octets.subarray(start, at)));
      tag = tag * 256 + octet;
    }
  }
  if (at >= limit) {
    report(run, 'error', 'length', at, 'a length octet', 'end of data');
    return false;
  }
  let length = octets[at++] as number;
  run.tag = tag;
  if (length === 0x80) return indefinite(run, start, at, limit, (first & 0x20) !== 0);
  if (length > 0x80) {
    const count = length & 0x7f;
    if (at + count > limit) {
      report(run, 'error', 'length', at - 1, `${count} length octets`, `${limit - at}`);
      return false;
    }
    const lengthStart = at;
    length = 0;
    for (let n = 0; n < count; n++) length = length * 256 + (octets[at++] as number);
    if (length < 0x80 || octets[lengthStart] === 0)
      report(run, 'der', 'lengthForm', lengthStart - 1, 'the shortest length', hex(octets.subarray(lengthStart - 1, at)));
  }
  run.content = at;
  run.end = at + length;
  if (run.end > limit) {
    report(run, 'error', 'truncated', at, `${length} octets of content`, `${limit - at}`);
    run.end = limit;
  }
  run.next = run.end;
  return true;
};

const indefinite = (run: Run, start: number, content: number, limit: number, constructed: boolean): boolean => {
  report(run, 'der', 'indefiniteLength', content - 1, 'a definite length', '80');
  run.content = content;
  const end = constructed ? endOfContents(run.octets, content, limit) : -1;
  run.end = end < 0 ? limit : end;
  run.next = end < 0 ? limit : end + 2;
  if (end < 0) report(run, 'error', 'truncated', start, 'end-of-contents octets 00 00', 'end of data');
  return true;
};

/** Offset of the 00 00 that ends an indefinite length; -1 when there is none. Iterative: nesting costs no stack. */
const endOfContents = (octets: Uint8Array, from: number, limit: number): number => {
  let depth = 1;
  for (let at = from; at + 1 < limit; ) {
    if (octets[at] === 0 && octets[at + 1] === 0) {
      if (--depth === 0) return at;
      at += 2;
      continue;
    }
    if (((octets[at++] as number) & 0x1f) === 0x1f) while (at < limit && (octets[at++] as number) >= 0x80);
    if (at >= limit) return -1;
    let length = octets[at++] as number;
    if (length === 0x80) {
      depth++;
      continue;
    }
    if (length > 0x80) {
      const count = length & 0x7f;
      if (count > 4) return -1;
      length = 0;
      for (let n = 0; n < count && at < limit; n++) length = length * 256 + (octets[at++] as number);
    }
    at += length;
  }
  return -1;
};

const element = (
  name: string,
  type: Type,
  tag: number,
  start: number,
  content: number,
  end: number,
  value: unknown,
  children: readonly Element[],
): Element => ({
  name,
  type,
  tag,
  start,
  content,
  end,
  value,
  children,
});

/** Decodes the element whose header is in the run; the caller has seen that `c` accepts its tag. */
const body = (run: Run, c: Compiled, name: string, start: number): Element => {
  const { tag, content, end, next } = run;
  if (run.path.length > MAX_DEPTH) {
    report(run, 'error', 'depth', start, `at most ${MAX_DEPTH} levels`, 'deeper nesting');
    return element(name, c.type, tag, start, content, next, undefined, NONE);
  }
  const { octets } = run;
  switch (c.kind) {
    case 'sequence':
      return members(run, c, name, tag, start, content, end, next);
    case 'sequenceOf':
      return list(run, c, name, tag, start, content, end, next);
    case 'choice':
      return alternative(run, c, name, tag, start, content, end, next);
    case 'explicit':
      return wrapped(run, c, name, tag, start, content, end, next);
    case 'octets': {
      const size = c.type.size;
      if (size && (end - content < size[0] || end - content > size[1]))
        report(run, 'error', 'size', content, `${size[0] === size[1] ? size[0] : `${size[0]}..${size[1]}`} octets`, `${end - content}`);
      return element(name, c.type, tag, start, content, next, octets.subarray(content, end), NONE);
    }
    case 'integer': {
      const value = readInteger(octets, content, end);
      if (typeof value === 'string') report(run, 'error', 'integer', content, 'an INTEGER of 1 to 16 octets', value);
      else if (end - content > 1 && redundant(octets[content] as number, octets[content + 1] as number))
        report(run, 'der', 'integerForm', content, 'the shortest INTEGER', snippet(run, content, end));
      return element(name, c.type, tag, start, content, next, value, NONE);
    }
    case 'utf8': {
      const text = readText(octets, content, end);
      if (text === undefined) report(run, 'error', 'utf8', content, 'UTF-8 text', snippet(run, content, end));
      else if (c.type.size && (text.length < c.type.size[0] || text.length > c.type.size[1]))
        report(run, 'error', 'size', content, `${c.type.size.join('..')} characters`, `${text.length}`);
      return element(name, c.type, tag, start, content, next, text ?? octets.toString('latin1', content, end), NONE);
    }
    case 'null':
      if (end !== content) report(run, 'error', 'null', content, 'no content', snippet(run, content, end));
      return element(name, c.type, tag, start, content, next, null, NONE);
    case 'boolean': {
      if (end - content !== 1) report(run, 'error', 'boolean', content, 'one octet', `${end - content}`);
      const octet = content < end ? octets[content] : 0;
      if (octet !== 0 && octet !== 0xff) report(run, 'der', 'booleanForm', content, '00 or FF', snippet(run, content, end));
      return element(name, c.type, tag, start, content, next, octet !== 0, NONE);
    }
    case 'bits': {
      const { value, problem, form } = readBits(octets, content, end, c);
      if (problem) report(run, 'error', 'bits', content, 'a BIT STRING', problem);
      else if (form) report(run, 'der', 'bitsForm', content, 'trailing zero bits removed', form);
      return element(name, c.type, tag, start, content, next, value, NONE);
    }
    case 'oid': {
      const value = readOid(octets, content, end);
      if (value === undefined) report(run, 'error', 'oid', content, 'an OBJECT IDENTIFIER', snippet(run, content, end));
      return element(name, c.type, tag, start, content, next, value ?? '', NONE);
    }
    case 'der': {
      // X.509 objects lose their tag 30 under an implicit tag; readers of certificates want it back.
      const value = tag === 0x30 ? octets.subarray(start, next) : withSequenceTag(octets, tag, start, next);
      return element(name, c.type, tag, start, content, next, value, NONE);
    }
    case 'open':
      return element(name, c.type, tag, start, content, next, octets.subarray(start, next), NONE);
  }
};

const redundant = (first: number, second: number): boolean => (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
const withSequenceTag = (octets: Buffer, tag: number, start: number, next: number): Uint8Array => {
  const tagLength = tag > 0xffffff ? 4 : tag > 0xffff ? 3 : tag > 0xff ? 2 : 1;
  const copy = new Uint8Array(next - start - tagLength + 1);
  copy[0] = 0x30;
  copy.set(octets.subarray(start + tagLength, next), 1);
  return copy;
};

const unknownElement = (run: Run, start: number): Element =>
  element('$unknown', OPEN, run.tag, start, run.content, run.next, run.octets.subarray(start, run.next), NONE);

const members = (run: Run, c: Compiled, name: string, tag: number, start: number, content: number, end: number, next: number): Element => {
  const { fields } = c;
  const value: Record<string, unknown> = {};
  const children: Element[] = [];
  let unknown: Element[] | undefined;
  let index = 0;
  for (let at = content; at < end; at = run.next) {
    if (!header(run, at, end)) break;
    let f = index;
    while (f < fields.length && !accepts(fields[f] as CompiledField, run.tag)) f++;
    if (f === fields.length) {
      misplaced(run, fields, index, at);
      const extra = unknownElement(run, at);
      unknown ??= [];
      unknown.push(extra);
      children.push(extra);
      continue;
    }
    if (unknown) report(run, 'error', 'unexpected', unknown[0]?.start ?? at, expectedHere(fields, index), tagHex(unknown[0]?.tag ?? 0));
    for (; index < f; index++) missing(run, fields[index] as CompiledField, at, tagHex(run.tag));
    index = f + 1;
    const field = fields[f] as CompiledField;
    const after = run.next;
    run.path.push(field.name);
    const member = inside(run, field.compiled, field.name, at, run.end);
    if (field.default !== undefined && member.value === field.default)
      report(run, 'der', 'defaultEncoded', at, 'a DEFAULT value left out', String(member.value));
    run.path.pop();
    value[field.name] = member.value;
    children.push(member);
    run.next = after;
  }
  for (; index < fields.length; index++) missing(run, fields[index] as CompiledField, end, 'end of the structure');
  if (unknown) value.$unknown = unknown.map(u => u.value);
  return element(name, c.type, tag, start, content, next, value, children);
};

/** The header is read; an untagged CHOICE only names which alternative stands there. */
const inside = (run: Run, c: Compiled, name: string, start: number, end: number): Element =>
  c.kind === 'choice' && c.tag === -1 ? pick(run, c, name, start, run.content, end, run.next, run.tag) : body(run, c, name, start);

const missing = (run: Run, field: CompiledField, offset: number, found: string): void => {
  if (field.optional) return;
  run.path.push(field.name);
  report(run, 'error', 'missing', offset, `${field.name} (${[...field.starts].map(tagHex).join(' or ')})`, found);
  run.path.pop();
};

const misplaced = (run: Run, fields: readonly CompiledField[], index: number, at: number): void => {
  const earlier = fields.findIndex(f => f.starts.size > 0 && accepts(f, run.tag));
  if (earlier >= 0 && earlier < index)
    report(run, 'error', 'order', at, expectedHere(fields, index), `${fields[earlier]?.name} (${tagHex(run.tag)}) again or out of order`);
  else report(run, 'note', 'extension', at, expectedHere(fields, index), `unknown element ${tagHex(run.tag)}`);
};
const expectedHere = (fields: readonly CompiledField[], index: number): string => {
  const rest = fields.slice(index).map(f => f.name);
  return rest.length === 0 ? 'no further element' : rest.length > 4 ? `${rest.slice(0, 4).join(', ')} …` : rest.join(', ');
};

const list = (run: Run, c: Compiled, name: string, tag: number, start: number, content: number, end: number, next: number): Element => {
  const each = c.element as Compiled;
  const value: unknown[] = [];
  const children: Element[] = [];
  for (let at = content, n = 0; at < end; at = run.next, n++) {
    if (!header(run, at, end)) break;
    const after = run.next;
    run.path.push(String(n));
    if (each.starts.size > 0 && !each.starts.has(run.tag)) {
      report(run, 'error', 'unexpected', at, `${typeWord(each.type)} (${[...each.starts].map(tagHex).join(' or ')})`, tagHex(run.tag));
      children.push(unknownElement(run, at));
    } else {
      const item = inside(run, each, String(n), at, run.end);
      value.push(item.value);
      children.push(item);
    }
    run.path.pop();
    run.next = after;
  }
  return element(name, c.type, tag, start, content, next, value, children);
};

/** A CHOICE under a tag of its own: its content is exactly one alternative. */
const alternative = (
  run: Run,
  c: Compiled,
  name: string,
  tag: number,
  start: number,
  content: number,
  end: number,
  next: number,
): Element => {
  if (content >= end || !header(run, content, end)) {
    if (content >= end) report(run, 'error', 'missing', content, `one of ${c.fields.map(f => f.name).join(', ')}`, 'nothing');
    return element(name, c.type, tag, start, content, next, {}, NONE);
  }
  const inner = pick(run, c, name, content, run.content, run.end, run.next, run.tag);
  if (inner.end < end) report(run, 'error', 'unexpected', inner.end, 'exactly one alternative', snippet(run, inner.end, end));
  return element(name, c.type, tag, start, content, next, inner.value, inner.children);
};

/** Chooses the alternative by the tag of the header given; the CHOICE itself adds no octets. */
const pick = (run: Run, c: Compiled, name: string, start: number, content: number, end: number, next: number, tag: number): Element => {
  run.tag = tag;
  run.content = content;
  run.end = end;
  run.next = next;
  const field = c.fields.find(f => accepts(f, tag));
  if (!field) {
    report(run, 'error', 'alternative', start, `one of ${c.fields.map(f => f.name).join(', ')}`, `unknown alternative ${tagHex(tag)}`);
    const extra = unknownElement(run, start);
    return element(name, c.type, tag, start, content, next, { $unknown: [extra.value] }, [extra]);
  }
  run.path.push(field.name);
  const chosen = inside(run, field.compiled, field.name, start, end);
  run.path.pop();
  return element(name, c.type, tag, start, content, next, { [field.name]: chosen.value }, [chosen]);
};

const wrapped = (run: Run, c: Compiled, name: string, tag: number, start: number, content: number, end: number, next: number): Element => {
  const each = c.element as Compiled;
  if (content >= end || !header(run, content, end)) {
    if (content >= end) report(run, 'error', 'missing', content, typeWord(each.type), 'nothing');
    return element(name, c.type, tag, start, content, next, undefined, NONE);
  }
  if (each.starts.size > 0 && !each.starts.has(run.tag)) {
    report(run, 'error', 'unexpected', content, `${typeWord(each.type)} (${[...each.starts].map(tagHex).join(' or ')})`, tagHex(run.tag));
    return element(name, c.type, tag, start, content, next, undefined, [unknownElement(run, content)]);
  }
  const inner = inside(run, each, name, content, run.end);
  if (inner.end < end) report(run, 'error', 'unexpected', inner.end, 'the end of the EXPLICIT tag', snippet(run, inner.end, end));
  // The wrapper is the same field: paths skip it, offsets cover it.
  return element(name, each.type, tag, start, content, next, inner.value, inner.children);
};

/** Decodes one message. `value` is complete when `ok`; otherwise the diagnostics say what is missing or wrong, where. */
export const decode = <V>(type: Type<V>, octets: Uint8Array, options: DecodeOptions = {}): Decoded<V> => {
  const spec = options.spec ?? DEFAULT_SPEC;
  const c = compile(type, spec);
  const run: Run = {
    octets: Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength),
    diagnostics: [],
    path: [],
    tag: 0,
    content: 0,
    end: 0,
    next: 0,
  };
  const root = message(run, c);
  const value = root.value as V;
  return { type, spec, octets, value, root, diagnostics: run.diagnostics, ok: !run.diagnostics.some(d => d.severity === 'error') };
};

const message = (run: Run, c: Compiled): Element => {
  const { length } = run.octets;
  const nothing = () => element(c.type.name, c.type, -1, 0, 0, length, c.kind === 'sequenceOf' ? [] : {}, NONE);
  if (length === 0) {
    report(run, 'error', 'missing', 0, typeWord(c.type), 'no octets');
    return nothing();
  }
  if (!header(run, 0, length)) return nothing();
  if (c.starts.size > 0 && !c.starts.has(run.tag)) {
    report(
      run,
      'error',
      'unexpected',
      0,
      `${typeWord(c.type)} (${[...c.starts].map(tagHex).join(' or ')})`,
      `${tagHex(run.tag)}${isConstructed(run.tag) ? '' : ' (primitive)'}`,
    );
    return nothing();
  }
  const root = inside(run, c, c.type.name, 0, run.end);
  if (root.end < length) report(run, 'error', 'trailing', root.end, 'the end of the message', snippet(run, root.end, length));
  return root;
};

/** A decoded message as a tree of named lines, one per element. */
import type { DecodeDiagnostic, Decoded, Element } from './element.js';
import { hex, isConstructed, readTlv, tagHex, tlvContent } from './tlv.js';
import type { Type } from './type.js';

/** One line of the tree: an untagged CHOICE and its alternative share a line, since they share their octets. */
export interface TreeEntry {
  readonly depth: number;
  readonly tag: string;
  /** Content length in octets. */
  readonly length: number;
  readonly name: string;
  /** Text of a primitive value; empty for a constructed one. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly problem?: string;
}

/** A value for reading: named numbers and bits by name, text quoted, octets in hex. */
export const valueText = (type: Type, value: unknown): string => {
  if (value === undefined) return '';
  if (value === null) return '';
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number' || typeof value === 'bigint') {
    for (const [name, code] of type.names ?? []) if (code === value) return `${name}(${value})`;
    return String(value);
  }
  if (type.kind === 'bits') return Array.isArray(value) ? `{${value.join(', ')}}` : `'${value}'B`;
  return type.kind === 'oid' ? String(value) : JSON.stringify(value);
};

/** The lines of a message, parents first. A diagnostic stands at the line of the element it is about; what is missing, at the structure. */
export const tree = (message: Decoded): TreeEntry[] => {
  const lines: TreeEntry[] = [];
  const wrong = message.diagnostics.filter(d => d.severity !== 'note');
  // Where nothing is wrong nobody asks for a place.
  const places = wrong.length > 0 ? createPlaces() : undefined;
  const add = (element: Element, parent: number, path: string): void => {
    const line = lines[parent];
    const value = leafText(message, element);
    let own = parent;
    if (line && sharesOctets(line, element)) {
      // The alternative of an untagged CHOICE, or a list item that is one.
      lines[parent] = { ...line, name: line.name ? `${line.name}: ${element.name}` : element.name, value };
    } else {
      own = lines.length;
      lines.push({
        depth: line ? line.depth + 1 : 0,
        tag: element.tag < 0 ? '' : tagHex(element.tag),
        length: element.end - element.content,
        name: /^\d/.test(element.name) ? `[${element.name}]` : element.name,
        value,
        start: element.start,
        end: element.end,
      });
    }
    places?.add(element, path, own);
    for (const child of element.children) add(child, own, places ? (path ? `${path}.${child.name}` : child.name) : '');
  };
  add(message.root, -1, '');
  if (!places) return lines;
  const problems = new Map<number, string>();
  for (const d of wrong) {
    const at = places.find(d);
    const before = problems.get(at);
    problems.set(at, `${before ? `${before}; ` : ''}expected ${d.expected}, found ${d.found}`);
  }
  return lines.map((line, n): TreeEntry => {
    const problem = problems.get(n);
    return problem === undefined ? line : { ...line, problem };
  });
};

/** Lines by the path of their elements; of several unknown elements the first has the path, and each its offset. */
const createPlaces = () => {
  const byPath = new Map<string, number>();
  const unknownAt = new Map<number, number>();
  const above = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));
  // Without a line of its own, a path means the innermost structure around it that is there.
  const nearest = (path: string): number => byPath.get(path) ?? (path === '' ? 0 : nearest(above(path)));
  return {
    add: (element: Element, path: string, line: number): void => {
      if (!byPath.has(path)) byPath.set(path, line);
      if (element.name === '$unknown') unknownAt.set(element.start, line);
    },
    find: ({ offset, path }: DecodeDiagnostic): number => unknownAt.get(offset) ?? nearest(path),
  };
};

const sharesOctets = (line: TreeEntry, element: Element): boolean =>
  line.start === element.start && line.end === element.end && line.tag === tagHex(element.tag);

const STRUCTURES: ReadonlySet<string> = new Set(['sequence', 'sequenceOf', 'choice']);
/** Text of an element without children; of one that could not be read, its content octets. */
const leafText = (message: Decoded, element: Element): string =>
  element.children.length > 0 || STRUCTURES.has(element.type.kind)
    ? ''
    : element.value === undefined
      ? hex(message.octets.subarray(element.content, element.end))
      : valueText(element.type, element.value);

/** The tree as text: tag, content length, name and value; `BF4F 18  getEimPackageRequest`. */
export const printTree = (message: Decoded): string =>
  tree(message)
    .map(l => {
      const value = l.value === '' ? '' : ` = ${l.value}`;
      return `${'  '.repeat(l.depth)}${l.tag} ${l.length}  ${l.name}${value}${l.problem ? `   <-- ${l.problem}` : ''}`;
    })
    .join('\n');

/** A tree of octets without a type: nested as far as they are TLVs. */
export const printTlv = (octets: Uint8Array, depth = 0): string => {
  const lines: string[] = [];
  for (let at = 0; at < octets.length; ) {
    const t = readTlv(octets, at);
    if (!t) {
      lines.push(`${'  '.repeat(depth)}${hex(octets.subarray(at))}   <-- not a TLV`);
      break;
    }
    const content = tlvContent(octets, t);
    const head = `${'  '.repeat(depth)}${tagHex(t.tag)} ${content.length}`;
    lines.push(
      isConstructed(t.tag) && depth < 40
        ? [head, ...(content.length > 0 ? [printTlv(content, depth + 1)] : [])].join('\n')
        : `${head}  ${hex(content)}`,
    );
    at = t.end;
  }
  return lines.join('\n');
};

/** A decoded message as a tree of named lines, one per element. */
import { type Decoded, type Element, elements } from './element.js';
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
  readonly path: string;
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

/** The lines of a message, parents first; diagnostics stand at the element they are about. */
export const tree = (message: Decoded): TreeEntry[] => {
  const lines: TreeEntry[] = [];
  const depthAt: number[] = [];
  for (const { element, path } of elements(message.root)) {
    const steps = path === '' ? 0 : path.split('.').length;
    const parentLine = steps === 0 ? -1 : (depthAt[steps - 1] ?? -1);
    const above = lines[parentLine];
    const last = element.name;
    if (above && sharesOctets(above, element) && steps > 0) {
      // The alternative of an untagged CHOICE, or a list item that is one: same octets, same line.
      lines[parentLine] = { ...above, name: above.name ? `${above.name}: ${last}` : last, value: leafText(element), path };
      depthAt[steps] = parentLine;
      continue;
    }
    depthAt[steps] = lines.length;
    lines.push({
      depth: above ? above.depth + 1 : 0,
      tag: element.tag < 0 ? '' : tagHex(element.tag),
      length: element.end - element.content,
      name: /^\d+$/.test(last) ? `[${last}]` : last,
      value: leafText(element),
      start: element.start,
      end: element.end,
      path,
    });
  }
  return lines.map((line): TreeEntry => {
    const problems = message.diagnostics.filter(d => d.path === line.path && d.severity !== 'note');
    return problems.length === 0 ? line : { ...line, problem: problems.map(d => `expected ${d.expected}, found ${d.found}`).join('; ') };
  });
};

const sharesOctets = (line: TreeEntry, element: Element): boolean =>
  line.start === element.start && line.end === element.end && line.tag === tagHex(element.tag);

const leafText = (element: Element): string =>
  element.children.length > 0 || ['sequence', 'sequenceOf', 'choice'].includes(element.type.kind)
    ? ''
    : valueText(element.type, element.value);

/** The tree as text: tag, content length, name and value; `BF4F 18  getEimPackageRequest`. */
export const printTree = (message: Decoded): string => {
  const lines = tree(message).map(l => {
    const value = l.value === '' ? '' : ` = ${l.value}`;
    return `${'  '.repeat(l.depth)}${l.tag} ${l.length}  ${l.name}${value}${l.problem ? `   <-- ${l.problem}` : ''}`;
  });
  const elsewhere = message.diagnostics.filter(d => d.severity !== 'note' && !tree(message).some(l => l.path === d.path));
  return [
    ...lines,
    ...elsewhere.map(d => `<-- ${d.path || 'message'} at octet ${d.offset}: expected ${d.expected}, found ${d.found}`),
  ].join('\n');
};

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

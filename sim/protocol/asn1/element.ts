/** A decoded message in place: every TLV with its field name, type, offsets and value. */
import { tlv } from './tlv.js';
import type { Spec, Type } from './type.js';

export interface Element {
  /** Field name, position in a list ("0"), or "$unknown" for an element that no definition knows. */
  readonly name: string;
  readonly type: Type;
  readonly tag: number;
  /** Offsets into the message: identifier, content, first octet after. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
  readonly value: unknown;
  readonly children: readonly Element[];
}

/** `error`: not a value of the type; `der`: readable but not DER; `note`: unknown extension kept. */
export type Severity = 'error' | 'der' | 'note';
export interface DecodeDiagnostic {
  readonly severity: Severity;
  readonly code: string;
  /** Field path, e.g. `euiccPackageRequest.euiccPackageSigned.counterValue`. */
  readonly path: string;
  /** Offset of the octet it is about. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

export interface Decoded<V = unknown> {
  readonly type: Type<V>;
  readonly spec: Spec;
  /** The octets as received. */
  readonly octets: Uint8Array;
  /** As far as it could be read; complete when `ok`. */
  readonly value: V;
  readonly root: Element;
  readonly diagnostics: readonly DecodeDiagnostic[];
  /** No diagnostic of severity error: the octets are a value of the type. */
  readonly ok: boolean;
}

/** An element of a message, and where it is. */
export interface Located {
  readonly element: Element;
  readonly path: string;
}

export type Found = Located | { readonly problem: 'none' | 'ambiguous'; readonly candidates: readonly string[] };

const child = (element: Element, name: string): Element | undefined => element.children.find(c => c.name === name);

/**
 * Finds a field: `a.b.0.c` from the root, `..name` for the only field so named anywhere, `.` for the message itself.
 * An untagged CHOICE and its alternative are two steps of a path over the same octets.
 */
export const find = (root: Element, path: string): Found => {
  if (path === '.' || path === '') return { element: root, path: '' };
  if (path.startsWith('..')) {
    const [name = '', ...rest] = path.slice(2).split('.');
    const hits = everywhere(root, name);
    const [hit] = hits;
    if (!hit) return { problem: 'none', candidates: names(root) };
    if (hits.length > 1) return { problem: 'ambiguous', candidates: hits.map(h => h.path) };
    return rest.length === 0 ? hit : below(hit.element, rest, hit.path);
  }
  return below(root, path.split('.'), '');
};

const below = (from: Element, steps: readonly string[], prefix: string): Found => {
  let element = from;
  let path = prefix;
  for (const step of steps) {
    const next = child(element, step);
    if (!next) return { problem: 'none', candidates: element.children.map(c => c.name) };
    element = next;
    path = path ? `${path}.${step}` : step;
  }
  return { element, path };
};

const everywhere = (element: Element, name: string, prefix = ''): { element: Element; path: string }[] =>
  element.children.flatMap(c => {
    const path = prefix ? `${prefix}.${c.name}` : c.name;
    return [...(c.name === name ? [{ element: c, path }] : []), ...everywhere(c, name, path)];
  });
const names = (element: Element): string[] => [...new Set(element.children.flatMap(c => [c.name, ...names(c)]))];

const list = (element: Element, path: string, found: Located[]): Located[] => {
  found.push({ element, path });
  for (const c of element.children) list(c, path ? `${path}.${c.name}` : c.name, found);
  return found;
};
/** Every element of a message with its path, parents first. */
export const elements = (root: Element): readonly Located[] => list(root, '', []);

/** The first element of this kind, parents first. */
export const firstElement = (from: Element, is: (element: Element) => boolean): Element | undefined => {
  if (is(from)) return from;
  for (const c of from.children) {
    const found = firstElement(c, is);
    if (found) return found;
  }
  return undefined;
};

/** The complete TLV of an element as it arrived. */
export const octetsOf = (message: { readonly octets: Uint8Array }, element: Element): Uint8Array =>
  message.octets.subarray(element.start, element.end);
/** The TLV of a field of a message, or undefined when it is absent. */
export const fieldOctets = (message: Decoded, path: string): Uint8Array | undefined => {
  const found = find(message.root, path);
  return 'element' in found ? octetsOf(message, found.element) : undefined;
};
/** The TLV of a field under another identifier, e.g. a SEQUENCE under its own tag 30 although it travelled under A0. */
export const retagged = (message: { readonly octets: Uint8Array }, element: Element, tag: number): Uint8Array =>
  element.tag === tag ? octetsOf(message, element) : tlv(tag, message.octets.subarray(element.content, element.end));

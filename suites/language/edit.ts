/** Edits of encoded messages: what `mutate` does before signing and `corrupt` after it. */
import { decode } from '#protocol/asn1/decode.js';
import { type Element, find } from '#protocol/asn1/element.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import { concat, hex, readTlv, type Tlv, tagHex, tagOctets } from '#protocol/asn1/tlv.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { editProblem, type ResolvedEdit, type Target } from './edit-values.js';
import { below, edition, fieldsOf, layout, word } from './layout.js';
import { show } from './show.js';
import { didYouMean, type Position } from './source.js';
import { flipBit, lengthenLength, replaceContent, replaceElement } from './surgery.js';
import { ABSENT } from './values.js';

export { type ResolvedEdit, resolveEdits } from './edit-values.js';

/** The type at a path below a type, with the tags that stand around it there. */
const typeAt = (type: Type, steps: readonly string[], spec: Spec): Type | undefined =>
  steps.reduce<Type | undefined>((at, one) => at && below(at, one, spec), type);
const stepsOf = (path: string): readonly string[] => (path === '' ? [] : path.split('.'));

interface Subject {
  readonly type: Type;
  readonly octets: Uint8Array;
  readonly spec: Spec;
}
const locate = ({ type, octets, spec }: Subject, { path, at }: Target) => {
  const found = find(decode(type, octets, { spec }).root, path);
  if ('element' in found) return found;
  const name = path.split('.').at(-1) ?? path;
  if (found.problem === 'ambiguous')
    return editProblem(at, `"${name}" stands more than once in this message: ${found.candidates.join(', ')}`, 'give the whole path');
  return editProblem(
    at,
    `no field "${path}" in this message; there: ${found.candidates.join(', ') || 'nothing'}`,
    didYouMean(name, found.candidates),
  );
};

/** The TLV whose content is the field's own: inside the EXPLICIT tags that its type puts around it. */
const innermost = ({ octets, spec, type }: Subject, element: Element, steps: readonly string[]): Tlv | undefined => {
  let t = readTlv(octets, element.start);
  for (let at = typeAt(type, steps, spec); at; ) {
    if (at.kind === 'versions') at = edition(at, spec);
    else if (at.kind === 'explicit' && at.element) {
      t = t && readTlv(octets, t.content, t.end);
      at = at.element;
    } else at = undefined;
  }
  return t;
};
interface Edited {
  readonly octets: Uint8Array;
  readonly description: string;
}

const set = (subject: Subject, edit: ResolvedEdit & { edit: 'set' }): Edited => {
  const { type, octets, spec } = subject;
  const path = edit.path.startsWith('..') ? locate(subject, edit).path : edit.path;
  if (path === '.') return editProblem(edit.at, '"set" needs a field; "." is the whole message');
  const steps = stepsOf(path);
  const name = steps.at(-1) ?? '';
  const parentSteps = steps.slice(0, -1);
  const parentType = typeAt(type, parentSteps, spec);
  const fieldType = parentType && below(parentType, name, spec);
  if (!parentType || !fieldType) return editProblem(edit.at, `no field "${path}" in ${type.name || 'this message'}`);
  const parent = locate(subject, { path: parentSteps.join('.') || '.', at: edit.at }).element;
  const value = edit.to(fieldType);
  if (value === ABSENT) return { octets: drop(subject, edit), description: `${path} left out` };
  const description = `${path} set to ${show(value, fieldType)}`;
  const container = layout(parentType, spec);
  if (container.kind === 'choice') {
    const whole = encodeUntyped(parentType, { [name]: value }, { spec });
    return { octets: replaceElement(octets, parent.start, parent.end, whole), description };
  }
  const made = encodeUntyped(fieldType, value, { spec });
  const old = parent.children.find(child => child.name === name);
  if (old) return { octets: replaceElement(octets, old.start, old.end, made), description };
  const t = innermost(subject, parent, parentSteps);
  if (!t) return editProblem(edit.at, `"${parentSteps.join('.')}" has no content to put a field into`);
  const where = placeOf(parent, container, name, t, spec, edit.at);
  return { octets: replaceContent(octets, t, concat(octets.subarray(t.content, where), made, octets.subarray(where, t.end))), description };
};

/** Where an absent member belongs: before the first one that the definition names later, and before unknown extensions. */
const placeOf = (parent: Element, container: Type, name: string, t: Tlv, spec: Spec, at: Position): number => {
  if (container.kind === 'sequenceOf')
    return Number(name) === parent.children.length
      ? t.end
      : editProblem(at, `there is no item ${name} in this list of ${parent.children.length}`);
  const order = fieldsOf(container, spec).map(field => field.name);
  const own = order.indexOf(name);
  return parent.children.find(child => child.name === '$unknown' || order.indexOf(child.name) > own)?.start ?? t.end;
};

const drop = (subject: Subject, target: Target): Uint8Array => {
  const { element } = locate(subject, target);
  return element.end - element.start === subject.octets.length && element.start === 0
    ? editProblem(target.at, 'the whole message cannot be left out')
    : replaceElement(subject.octets, element.start, element.end, new Uint8Array());
};

/** Edits of the message as a row of octets; nothing inside is corrected. */
const whole = (subject: Subject, edit: ResolvedEdit): Edited | undefined => {
  const { octets } = subject;
  if (edit.path !== '.') return undefined;
  if (edit.edit === 'flip') return { octets: flip(octets, edit.bit, edit), description: `bit ${edit.bit} of the message flipped` };
  if (edit.edit === 'truncate')
    return edit.bytes < octets.length
      ? { octets: octets.slice(0, octets.length - edit.bytes), description: `message cut off by ${edit.bytes} octets` }
      : editProblem(edit.at, `cannot cut ${edit.bytes} octets off ${octets.length}`);
  if (edit.edit === 'append') return { octets: concat(octets, edit.bytes), description: `${hex(edit.bytes)} behind the message` };
  return undefined;
};
const flip = (octets: Uint8Array, bit: number, { at }: Target): Uint8Array =>
  bit < octets.length * 8 ? flipBit(octets, bit) : editProblem(at, `there is no bit ${bit} in ${octets.length} octets`);

const applyEdit = (subject: Subject, edit: ResolvedEdit): Edited => {
  if (edit.edit === 'set') return set(subject, edit);
  const direct = whole(subject, edit);
  if (direct) return direct;
  const { octets } = subject;
  const { element, path } = locate(subject, edit);
  const name = path || 'the message';
  const { start, end } = element;
  const outer = readTlv(octets, start);
  const t = innermost(subject, element, stepsOf(path));
  if (!outer || !t) return editProblem(edit.at, `"${name}" is no complete element`);
  const content = octets.subarray(t.content, t.end);
  switch (edit.edit) {
    case 'drop':
      return { octets: drop(subject, edit), description: `${name} left out` };
    case 'duplicate':
      return {
        octets: replaceElement(octets, start, end, concat(octets.subarray(start, end), octets.subarray(start, end))),
        description: `${name} stands twice`,
      };
    case 'longLength':
      return { octets: lengthenLength(octets, outer), description: `length of ${name} written with one octet too many` };
    case 'flip':
      return { octets: replaceContent(octets, t, flip(content, edit.bit, edit)), description: `bit ${edit.bit} of ${name} flipped` };
    case 'truncate':
      if (edit.bytes > content.length) return editProblem(edit.at, `cannot cut ${edit.bytes} octets off ${content.length}`);
      return {
        octets: replaceContent(octets, t, content.subarray(0, content.length - edit.bytes)),
        description: `${name} shortened by ${edit.bytes} octets`,
      };
    case 'append':
    case 'insert':
      if (edit.edit === 'insert' && !t.constructed)
        return editProblem(edit.at, `"${name}" is no structure: nothing can be put into this ${word(element.type)}`);
      return {
        octets: replaceContent(octets, t, concat(content, edit.bytes)),
        description: `${hex(edit.bytes)} added at the end of ${name}`,
      };
    case 'retag': {
      const made = concat(tagOctets(edit.tag), octets.subarray(start + tagOctets(outer.tag).length, end));
      return {
        octets: replaceElement(octets, start, end, made),
        description: `tag ${tagHex(outer.tag)} of ${name} replaced by ${tagHex(edit.tag)}`,
      };
    }
  }
};

/**
 * Applies edits one after the other to an encoded message. Every edit finds its field in what the edits before it left,
 * so one that breaks the encoding comes last. Throws CaseError when a field is not there or its name is ambiguous.
 */
export const applyEdits = (
  type: Type,
  octets: Uint8Array,
  edits: readonly ResolvedEdit[],
  spec: Spec,
): { readonly octets: Uint8Array; readonly descriptions: readonly string[] } => {
  let now = octets;
  const descriptions: string[] = [];
  for (const edit of edits) {
    const edited = applyEdit({ type, octets: now, spec }, edit);
    now = edited.octets;
    descriptions.push(edited.description);
  }
  return { octets: now, descriptions };
};

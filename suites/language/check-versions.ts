/**
 * Whether content fits every version to which it applies: fields and named values come and go. What fits no version at all
 * is found elsewhere; here it is passed over.
 */
import type { Spec, Type } from '#protocol/asn1/type.js';
import { versionsOf } from './condition.js';
import { readEdits } from './edit-syntax.js';
import { inside } from './evaluate.js';
import { type Expression, isConstantName, parseScalar } from './expression.js';
import { below, layout, typesAt, varies } from './layout.js';
import type { Names } from './names.js';
import { readBit, readScalar } from './reading.js';
import type { Entry, ListNode, MapNode, Node, Position, ScalarNode } from './source.js';

/** What a version does not have. */
interface Misfit {
  readonly what: string;
  readonly at: Position;
}
interface Place {
  readonly names: Names;
  readonly spec: Spec;
  readonly type: Type | undefined;
}

const first = <T>(items: readonly T[], look: (item: T) => Misfit | undefined): Misfit | undefined => {
  for (const item of items) {
    const found = look(item);
    if (found) return found;
  }
  return undefined;
};

/** Cells of a column in the rows that apply in a version; undefined for a row that leaves it out. */
const cellsOf = ({ names, spec }: Pick<Place, 'names' | 'spec'>, column: string | undefined): readonly (Node | undefined)[] =>
  names.rows.filter(row => versionsOf(row.when).includes(spec)).map(row => row.cells.entries.find(entry => entry.key === column)?.value);

/** The branch of `a if condition else b` that a version can take; the first where the options decide. */
const branches = (e: Extract<Expression, { kind: 'if' }>, spec: Spec): readonly Expression[] => [
  ...(versionsOf(e.condition).includes(spec) ? [e.then] : []),
  ...(versionsOf({ kind: 'not', of: e.condition }).includes(spec) ? [e.otherwise] : []),
];

const inText = (text: string, at: Position, { type, spec }: Place): Misfit | undefined =>
  type && 'value' in readScalar(text, type) && 'problem' in readScalar(text, type, spec) ? { what: `"${text}"`, at } : undefined;

const inExpression = (e: Expression, place: Place): Misfit | undefined => {
  if (e.kind === 'text') return inText(e.value, e.at, place);
  if (e.kind === 'if') return first(branches(e, place.spec), branch => inExpression(branch, place));
  if (e.kind === 'call') return (e.name === 'not' || e.name === 'optional') && e.argument ? inExpression(e.argument, place) : undefined;
  if (e.kind !== 'name') return undefined;
  const [name = '', column] = e.path;
  const { names } = place;
  if (name === 'row' && !names.inCell)
    return first(cellsOf(place, column), cell => cell && inNode(cell, { ...place, names: { ...names, inCell: true } }));
  const text = isConstantName(name) && e.path.length === 1 ? names.known.constants.get(name) : undefined;
  return text === undefined ? undefined : inText(text, e.at, place);
};

const inScalar = (node: ScalarNode, place: Place): Misfit | undefined => {
  const scalar = parseScalar(node.text, inside(node));
  if ('code' in scalar) return undefined;
  return scalar.kind === 'literal' ? inText(scalar.text, node.at, place) : inExpression(scalar.value, place);
};

const inBits = ({ items }: ListNode, { type, spec }: Place): Misfit | undefined =>
  first(items, item => {
    if (item.kind !== 'scalar' || !type || 'problem' in readBit(item.text, type)) return undefined;
    return 'problem' in readBit(item.text, type, spec) ? { what: `"${item.text}"`, at: item.at } : undefined;
  });

const inList = (node: ListNode, place: Place): Misfit | undefined => {
  const one = place.type && layout(place.type, place.spec);
  if (one?.kind === 'bits') return inBits(node, { ...place, type: place.type });
  return first(node.items, item => inNode(item, { ...place, type: one?.element }));
};

/** Whether it can stand for a field that is not there. */
const mayBeAbsent = (node: Node, place: Place): boolean => {
  if (node.kind !== 'scalar') return false;
  const scalar = parseScalar(node.text, inside(node));
  if ('code' in scalar || scalar.kind === 'literal') return false;
  const can = (e: Expression): boolean => {
    if (e.kind === 'call') return e.name === 'absent' || e.name === 'optional';
    if (e.kind === 'if') return branches(e, place.spec).every(can);
    if (e.kind !== 'name' || isConstantName(e.path[0] ?? '')) return false;
    if (e.path[0] !== 'row') return true;
    return cellsOf(place, e.path[1]).every(cell => !cell || mayBeAbsent(cell, place));
  };
  return can(scalar.value);
};

const inEntry = ({ key, at, value }: Entry, place: Place): Misfit | undefined => {
  let type = place.type;
  for (const step of key.split('.')) {
    const next = type && below(type, step, place.spec);
    if (type && !next && below(type, step)) return mayBeAbsent(value, place) ? undefined : { what: `field "${step}"`, at };
    type = next;
  }
  return type ? inNode(value, { ...place, type }) : undefined;
};

const inMap = (node: MapNode, place: Place): Misfit | undefined => {
  const [only] = node.entries;
  if (!only?.key.startsWith('$')) return first(node.entries, entry => inEntry(entry, place));
  const element = place.type && layout(place.type, place.spec).element;
  if (only.key === '$each') return inNode(only.value, { ...place, type: element });
  if (only.value.kind !== 'list') return undefined;
  if (only.key === '$contains') return first(only.value.items, item => inNode(item, { ...place, type: element }));
  const found = only.value.items.map(item => inNode(item, place));
  // One alternative that the version has is enough.
  return found.every(misfit => misfit !== undefined) ? found[0] : undefined;
};

const inNode = (node: Node, place: Place): Misfit | undefined => {
  if (!place.type || !varies(place.type)) return undefined;
  if (node.kind === 'scalar') return inScalar(node, place);
  return node.kind === 'list' ? inList(node, place) : inMap(node, place);
};

const report = (names: Names, look: (spec: Spec) => Misfit | undefined): void => {
  const found = new Map<string, { readonly misfit: Misfit; readonly specs: Spec[] }>();
  for (const spec of names.versions) {
    const misfit = look(spec);
    if (!misfit) continue;
    const key = `${misfit.at.line}:${misfit.at.column}:${misfit.what}`;
    const known = found.get(key);
    if (known) known.specs.push(spec);
    else found.set(key, { misfit, specs: [spec] });
  }
  for (const { misfit, specs } of found.values())
    names.report(
      'version',
      misfit.at,
      `SGP.32 v${specs.join(', v')} has no ${misfit.what} here`,
      'say from or until when it applies ("since 1.1" in "when" or "if"), or a value for each ($a if since 1.1 else $b)',
    );
};

/** Reports what versions to which it applies do not have in a value or pattern of a type. */
export const checkVersions = (node: Node, type: Type, names: Names): void => report(names, spec => inNode(node, { names, spec, type }));

/** Reports what versions do not have in the paths of edits. */
export const checkEditVersions = (node: Node, type: Type, names: Names): void => {
  if (!varies(type)) return;
  const column = node.kind === 'scalar' ? /^\$row\.([A-Za-z][A-Za-z0-9]*)$/.exec(node.text)?.[1] : undefined;
  const inEdits = (edits: Node | undefined, spec: Spec): Misfit | undefined =>
    edits &&
    first(readEdits(edits, []), ({ subject }) => {
      if (subject.kind !== 'scalar' || subject.text.startsWith('$') || !typesAt(type, subject.text)) return undefined;
      return typesAt(type, subject.text, spec) ? undefined : { what: `field "${subject.text}"`, at: subject.at };
    });
  report(names, spec =>
    column === undefined ? inEdits(node, spec) : first(cellsOf({ names, spec }, column), cell => inEdits(cell, spec)),
  );
};

/** Steps read: the verb is found first, then the step is checked against the definition of that verb alone. */
import type { Step, StepBase, Wait } from './ast.js';
import { checkScalar } from './check-expression.js';
import type { Code } from './codes.js';
import { conditionText, optionsOf, versionsOf } from './condition.js';
import { readDuration } from './duration.js';
import { bindName, inVersions, type Names } from './names.js';
import { readCondition } from './read-condition.js';
import { readVerb } from './read-verb.js';
import { VERBS, type VerbDefinition } from './schema.js';
import { entryAt, kindOf, scalarAt, scalarsAt, textAt, validate } from './shape.js';
import { didYouMean, type Entry, type MapNode, type Node } from './source.js';

/** What reading the steps of one file needs and finds. */
export interface Reading {
  readonly names: Names;
  /** Lines of the file. */
  readonly lines: readonly string[];
  /** The role under test; undefined in a procedure, which does not know it. */
  readonly iut: string | undefined;
  /** Actors that have sent or expected something so far. */
  readonly sent: Set<string>;
  readonly expected: Set<string>;
  /** Notes what a procedure uses, for its callers. */
  readonly uses: { readonly actors: Set<string>; readonly roles: Set<string>; readonly calls: Set<string> };
}

const named = (verbs: readonly VerbDefinition[]): ReadonlyMap<string, VerbDefinition> => new Map(verbs.map(one => [one.verb, one]));
const ACTOR_VERBS = named(VERBS.filter(one => one.actor));
const OTHER_VERBS = named(VERBS.filter(one => !one.actor));
/** The definition of a key that is a verb. */
const verbOf = (key: string): VerbDefinition | undefined => {
  const ofActor = /^[A-Za-z0-9]+\.([A-Za-z]+)$/.exec(key)?.[1];
  return ofActor === undefined ? OTHER_VERBS.get(key) : ACTOR_VERBS.get(ofActor);
};

const noVerb = (node: MapNode, { names }: Reading): undefined => {
  const actors = [...(names.actors ?? ['eim', 'ipa', 'euicc', 'smdp', 'smds'])];
  const candidates = VERBS.flatMap(one => (one.actor ? actors.map(actor => `${actor}.${one.verb}`) : [one.verb]));
  const near = node.entries.map(entry => didYouMean(entry.key, candidates)).find(hint => hint !== undefined);
  const verbs = `verbs: ${VERBS.map(one => (one.actor ? `<actor>.${one.verb}` : one.verb)).join(', ')}`;
  names.report('no-verb', node.entries[0]?.at ?? node.at, 'no verb in this step', [near, verbs].filter(Boolean).join('; '));
};

/** Requirement ids of a step or header, each checked. */
export const readCovers = (node: MapNode, names: Names): readonly string[] => {
  const { requirements } = names.known;
  return scalarsAt(node, 'covers').map(({ text, at }) => {
    if (!requirements.has(text)) names.report('unknown-requirement', at, `no requirement "${text}"`, didYouMean(text, requirements));
    return text;
  });
};

/** A `within`: seconds, or an expression for the run to evaluate. */
export const readWait = (node: MapNode, names: Names): { readonly within?: Wait } => {
  const scalar = scalarAt(node, 'within');
  if (!scalar) return {};
  if (!scalar.text.startsWith('$')) return { within: readDuration(scalar.text) ?? 0 };
  checkScalar(scalar, { names, use: 'build', type: undefined });
  return { within: scalar };
};

const readBase = (node: MapNode, { names, lines }: Reading): StepBase => {
  const condition = readCondition(scalarAt(node, 'if'), undefined, names);
  const note = textAt(node, 'note');
  const meaning = textAt(node, 'else');
  return {
    ...(note === undefined ? {} : { note }),
    ...(condition === undefined ? {} : { if: condition }),
    covers: readCovers(node, names),
    ...(meaning === 'fail' || meaning === 'inconclusive' ? { else: meaning } : {}),
    at: node.at,
    text: (lines[node.at.line - 1] ?? '').trim().replace(/^- /, ''),
  };
};

const readOne = (node: Node, reading: Reading): Step | undefined => {
  const { names } = reading;
  if (node.kind !== 'map') {
    names.report('shape', node.at, `expected a step, got ${kindOf(node)}`, 'a step begins with a verb, e.g. "ipa.send: Type"');
    return undefined;
  }
  const found = node.entries.filter(entry => verbOf(entry.key));
  const [entry, second] = found;
  const definition = entry && verbOf(entry.key);
  if (!entry || !definition) return noVerb(node, reading);
  if (second) names.report('two-verbs', second.at, `two verbs in one step: "${entry.key}" and "${second.key}"`, 'one step, one verb');
  const words: MapNode = { ...node, entries: node.entries.filter(one => !found.includes(one)) };
  validate(definition.words, words, names.report);
  const base = readBase(words, reading);
  const { condition: outer, isDoubtful } = names;
  const reason = [base.if && `if ${conditionText(base.if)}`, textAt(words, 'optional') === 'true' && 'it is optional']
    .filter(Boolean)
    .join(', ');
  // A step without a condition of its own keeps that of the steps around it.
  if (reason) names.condition = reason;
  names.isDoubtful ||= textAt(words, 'optional') === 'true' || (base.if !== undefined && optionsOf(base.if).length > 0);
  const step = inVersions(names, versionsOf(base.if), () => readVerb(definition.verb, entry, words, base, reading));
  Object.assign(names, { condition: outer, isDoubtful });
  return step;
};

/** Reads a list of steps in their order; what cannot be read is reported and left out. */
export const readSteps = (nodes: readonly Node[], reading: Reading): readonly Step[] => nodes.flatMap(node => readOne(node, reading) ?? []);

/** Checks the names of a map against those that are known, and that nothing needed is missing. */
export const checkKeys = (
  node: Node | undefined,
  entry: Entry,
  known: readonly { readonly name: string; readonly optional: boolean }[],
  names: Names,
  what: { readonly unknown: Code; readonly of: string; readonly noun: string; readonly complete: boolean },
): void => {
  const all = known.map(one => one.name);
  const listed = all.length > 0 ? `${what.noun}s: ${all.join(', ')}` : `it has no ${what.noun}s`;
  if (node && node.kind !== 'map') return names.report('shape', node.at, `expected a map of ${what.noun}s, got ${kindOf(node)}`);
  for (const { key, at } of node?.entries ?? [])
    if (!all.includes(key.split('.')[0] ?? ''))
      names.report(what.unknown, at, `no ${what.noun} "${key}" in ${what.of}`, didYouMean(key, all) ?? listed);
  if (!what.complete) return;
  const missing = known.filter(one => !one.optional && !(node && entryAt(node, one.name))).map(one => one.name);
  if (missing.length > 0)
    names.report('missing-parameter', entry.value.at, `${what.of} needs ${missing.map(name => `"${name}"`).join(', ')}`, listed);
};

/** Binds names of a `set` step and keys alike. */
export const bindEntries = (entries: readonly Entry[], names: Names): void => {
  for (const { key, at } of entries)
    if (/^[a-z][A-Za-z0-9]*$/.test(key)) bindName(names, key, at);
    else names.report('shape', at, `expected a name in lowerCamel, got "${key}"`);
};

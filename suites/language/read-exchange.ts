/** The two verbs that exchange messages with the IUT: send and expect. */
import type { Type } from '#protocol/asn1/type.js';
import { EVENTS, type ExpectStep, type SendStep, type StepBase } from './ast.js';
import { checkContent, checkEdits } from './check-content.js';
import { checkScalar } from './check-expression.js';
import { checkEditVersions, checkVersions } from './check-versions.js';
import { isActor, type Names } from './names.js';
import { given, subject, untyped } from './read-parts.js';
import { type Reading, readWait } from './read-step.js';
import { kindOf, nodeAt, scalarAt, textAt } from './shape.js';
import { didYouMean, type Entry, type MapNode, type Node, type ScalarNode } from './source.js';

const actorOf = (entry: Entry, { names, uses }: Reading): string => {
  const actor = entry.key.split('.')[0] ?? '';
  uses.actors.add(actor);
  if (isActor(names, actor)) return actor;
  const all = [...(names.actors ?? [])];
  if (names.actors)
    names.report(
      'unknown-actor',
      entry.at,
      `no actor "${actor}" in this case; actors: ${all.join(', ') || 'none'}`,
      didYouMean(actor, all),
    );
  else names.report('unknown-actor', entry.at, `"${actor}" is no actor; a role (eim, ipa, euicc, smdp, smds), or a role and a digit`);
  return actor;
};

const typeAt = (node: ScalarNode, events: readonly string[], names: Names): Type | undefined => {
  const { types } = names.known;
  const type = types.typeNamed(node.text);
  if (!type && !events.includes(node.text))
    names.report('unknown-type', node.at, `no ASN.1 type "${node.text}"`, didYouMean(node.text, [...events, ...types.typeNames()]));
  return type;
};

/** Answers, by the naming of the specifications. */
const isAnswer = (typeName: string): boolean => /Response(Esipa|Es9|Es11)?$/.test(typeName);

/** Reads `<actor>.send: Type`. */
export const readSend = (entry: Entry, words: MapNode, base: StepBase, reading: Reading): SendStep | undefined => {
  const { names, sent, expected } = reading;
  const actor = actorOf(entry, reading);
  const name = subject(entry, 'a type', names);
  if (!name) return undefined;
  const type = typeAt(name, ['nothing'], names);
  if (isAnswer(name.text) && names.actors && !expected.has(actor))
    names.report(
      'follows-nothing',
      entry.at,
      `${actor} answers with ${name.text}, but no step before expects a request`,
      `"${actor}.expect: …" comes first`,
    );
  sent.add(actor);
  const content = nodeAt(words, 'with');
  if (content && type) {
    checkContent(content, { names, use: 'build', type });
    checkVersions(content, type, names);
  }
  const [mutate, corrupt, link] = [nodeAt(words, 'mutate'), nodeAt(words, 'corrupt'), nodeAt(words, 'link')];
  for (const edits of [mutate, corrupt])
    if (edits && type) {
      checkEdits(edits, type, names);
      checkEditVersions(edits, type, names);
    }
  const signWith = scalarAt(words, 'signWith');
  if (signWith && !/^\$(row\.|SK_)/.test(signWith.text))
    names.report('shape', signWith.at, `expected a private key such as $SK_S_EIMsign, got "${signWith.text}"`);
  else if (signWith) checkScalar(signWith, { names, use: 'build', type: undefined });
  untyped(link, 'build', names);
  return {
    verb: 'send',
    actor,
    typeName: name.text,
    ...given('type', type),
    ...given('with', content),
    ...given('mutate', mutate),
    ...given('signWith', signWith),
    ...given('corrupt', corrupt),
    ...given('link', link),
    ...base,
  };
};

const checkMatch = (node: Node, types: readonly Type[], hasEvent: boolean, names: Names): void => {
  for (const type of types) checkVersions(node, type, names);
  if (types.length === 0 || hasEvent) return untyped(node, 'match', names);
  for (const type of types) checkContent(node, { names, use: 'match', type });
};

const readVerify = (words: MapNode, names: Names): ScalarNode | undefined => {
  const verify = scalarAt(words, 'verify');
  if (verify?.text.startsWith('$')) checkScalar(verify, { names, use: 'build', type: undefined });
  else if (verify && verify.text !== 'all' && verify.text !== 'none')
    names.report('shape', verify.at, `expected all, none or a key such as $PK_S_EIMsign, got "${verify.text}"`);
  return verify;
};

/** Reads `<actor>.expect: Type`. */
export const readExpect = (entry: Entry, words: MapNode, base: StepBase, reading: Reading): ExpectStep | undefined => {
  const { names, sent, expected } = reading;
  const actor = actorOf(entry, reading);
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const accepted = items.filter(item => item.kind === 'scalar');
  if (accepted.length === 0 || accepted.length < items.length) {
    names.report('shape', entry.value.at, `expected a type or event, or a list of them, got ${kindOf(entry.value)}`);
    return undefined;
  }
  const types = accepted.flatMap(item => typeAt(item, EVENTS, names) ?? []);
  const accepts = accepted.map(item => item.text);
  if (accepts.every(isAnswer) && names.actors && !sent.has(actor))
    names.report(
      'follows-nothing',
      entry.at,
      `${actor} expects ${accepts.join(' or ')}, but no step before sends a request`,
      `"${actor}.send: …" comes first`,
    );
  expected.add(actor);
  const wait = readWait(words, names);
  const match = nodeAt(words, 'match');
  if (accepts.includes('nothing')) {
    if (wait.within === undefined) names.report('missing-key', entry.value.at, '"nothing" needs "within": how long to listen');
    if (match) names.report('wrong-place', match.at, 'there is nothing to match in "nothing"');
  } else if (match) checkMatch(match, types, types.length < accepts.length, names);
  const verify = readVerify(words, names);
  const link = nodeAt(words, 'link');
  untyped(link, 'match', names);
  const optional = textAt(words, 'optional') === 'true';
  return {
    verb: 'expect',
    actor,
    accepts,
    types,
    ...given('match', match),
    ...wait,
    ...(optional ? { optional } : {}),
    ...given('verify', verify),
    ...given('link', link),
    ...base,
  };
};

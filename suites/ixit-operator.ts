/** The operator part of an IXIT file: which act of the contract is done how. */

import { kindOf, type Reader } from './ixit-reader.js';
import { type ActionContract, type Binding, givenBy, type IutRole, type IxitCatalogue, type ResultSource } from './ixit-schema.js';
import type { Diagnostic, Entry, Position } from './language/source.js';
import { didYouMean } from './language/source.js';
import { type Pattern, readPattern } from './pattern.js';

const VERBS = ['rest', 'command', 'at', 'stop', 'prompt'] as const;
const WORDS: Readonly<Record<(typeof VERBS)[number], readonly string[]>> = {
  rest: ['rest', 'headers', 'json', 'body', 'trust', 'expect', 'result', 'within'],
  command: ['command', 'cwd', 'env', 'background', 'expect', 'result', 'within'],
  at: ['at', 'expect', 'result', 'within'],
  stop: ['stop', 'within'],
  prompt: ['prompt', 'within'],
};
const EXPECT = ['status', 'headers', 'body', 'exitCode', 'stdout', 'stderr'];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const ROOTS = ['body', 'headers', 'status', 'stdout', 'stderr', 'exitCode'] as const;
/** What an order can be, in the words of the contract. */
export const STATES = ['pending', 'succeeded', 'failed'];

const patternOf = (reader: Reader, entry: Entry): Pattern =>
  readPattern(entry.value, ({ code, at, message, hint }: Diagnostic) => reader.report(code, at, message, hint));

const readExpect = (reader: Reader, entry: Entry | undefined): { expect?: Pattern } => {
  const fields = entry && reader.fields(entry.value, 'expect', EXPECT);
  if (fields === undefined) return {};
  const entries = [...fields.values()].map(one => ({ path: `$${one.key}`, pattern: patternOf(reader, one) }));
  return { expect: { kind: 'map', entries } };
};

const readSource = (reader: Reader, name: string, entry: Entry): ResultSource | undefined => {
  const { value } = entry;
  if (value.kind === 'map') {
    if (name === 'state')
      for (const { key, at } of value.entries)
        if (!STATES.includes(key))
          reader.report('unknown-word', at, `"${key}" is not a state; known: ${STATES.join(', ')}`, didYouMean(key, STATES));
    return { kind: 'words', words: value.entries.map(one => ({ word: one.key, pattern: patternOf(reader, one) })) };
  }
  if (value.kind === 'list') {
    reader.report(
      'wrong-shape',
      value.at,
      `expected $body.…, $headers.…, $stdout or words with patterns for "${name}", got ${kindOf(value)}`,
    );
    return undefined;
  }
  if (!value.text.startsWith('$') || value.text.startsWith('$$')) return { kind: 'literal', text: value.text.replace(/^\$\$/, '$') };
  const [written = '', ...path] = value.text.slice(1).split('.');
  const root = ROOTS.find(one => one === written);
  if (root !== undefined) return { kind: 'path', root, path: path.join('.') };
  const known = ROOTS.map(one => `$${one}`);
  reader.report(
    'unknown-source',
    value.at,
    `"$${written}" is no part of an answer; known: ${known.join(', ')}`,
    didYouMean(`$${written}`, known),
  );
  return undefined;
};

const readResult = (reader: Reader, fields: ReadonlyMap<string, Entry>, action: string, contract: ActionContract, at: Position) => {
  const entry = fields.get('result');
  const gives = givenBy(contract);
  const names = gives.map(one => one.name);
  const result = new Map<string, ResultSource>();
  for (const one of entry === undefined ? [] : reader.entries(entry.value, 'result')) {
    if (!names.includes(one.key)) {
      const known = names.length > 0 ? `it gives: ${names.join(', ')}` : 'it gives nothing';
      reader.report('unknown-result', one.at, `${action} does not give "${one.key}"; ${known}`, didYouMean(one.key, names));
    }
    const source = readSource(reader, one.key, one);
    if (source) result.set(one.key, source);
  }
  const written = entry?.value.kind === 'map' ? entry.value.entries.map(one => one.key) : [];
  for (const { name, optional } of gives)
    if (!optional && !written.includes(name))
      reader.report('missing-result', entry?.at ?? at, `${action} must give "${name}"; "result" has to say where it stands in the answer`);
  return result;
};

const readCommand = (reader: Reader, entry: Entry | undefined): string | readonly string[] =>
  entry?.value.kind === 'list' ? reader.texts(entry) : (reader.text(entry) ?? '');

const readRest = (reader: Reader, entry: Entry | undefined): { method: string; url: string } => {
  const text = reader.text(entry) ?? '';
  const [method = '', ...rest] = text.trim().split(/\s+/);
  const url = rest.join(' ');
  if (entry && (!METHODS.includes(method) || !/^(https?:\/\/|\$\{)\S*$/.test(url)))
    reader.report(
      'no-request',
      entry.value.at,
      `expected a method and a URL, e.g. POST http://127.0.0.1:8080/orders, got "${text}"`,
      didYouMean(method, METHODS),
    );
  return { method, url };
};

const isYes = (reader: Reader, entry: Entry | undefined): boolean =>
  reader.oneOf(entry, ['true', 'false', 'yes', 'no', 'on', 'off'])?.match(/^(true|yes|on)$/) != null;

const readBinding = (reader: Reader, entry: Entry, contract: ActionContract): Binding | undefined => {
  const { key: action, at, value } = entry;
  const verbs = value.kind === 'map' ? VERBS.filter(verb => value.entries.some(one => one.key === verb)) : [];
  const [verb] = verbs;
  if (value.kind === 'map' && (verb === undefined || verbs.length > 1)) {
    const got = verb === undefined ? value.entries.map(one => one.key).join(', ') || 'nothing' : verbs.join(' and ');
    const near = value.entries.map(one => didYouMean(one.key, VERBS)).find(hint => hint !== undefined);
    reader.report(
      'no-verb',
      at,
      `${action} is bound by exactly one of ${VERBS.join(', ')}; got ${got}`,
      verb === undefined ? near : undefined,
    );
    return undefined;
  }
  const fields = reader.fields(value, `operator.${action}`, verb === undefined ? VERBS : WORDS[verb]);
  if (fields === undefined || verb === undefined) return undefined;
  const within = reader.duration(fields.get('within'));
  const common = { action, at, ...(within === undefined ? {} : { within }) };
  const answering = () => ({
    ...common,
    ...readExpect(reader, fields.get('expect')),
    result: readResult(reader, fields, action, contract, at),
    optional: new Set(givenBy(contract).flatMap(one => (one.optional ? [one.name] : []))),
  });
  switch (verb) {
    case 'rest': {
      if (fields.has('json') && fields.has('body'))
        reader.report('wrong-shape', fields.get('body')?.at ?? at, 'a request has "json" or "body", not both');
      const trusted = fields.get('trust')?.value;
      const trust = (trusted === undefined ? [] : trusted.kind === 'list' ? trusted.items : [trusted]).flatMap(
        file => reader.fileAt(file) ?? [],
      );
      const json = fields.get('json')?.value;
      const body = reader.text(fields.get('body'));
      return {
        kind: 'rest',
        ...answering(),
        ...readRest(reader, fields.get('rest')),
        headers: reader.textMap(fields.get('headers')),
        ...(json === undefined ? {} : { json }),
        ...(body === undefined ? {} : { body }),
        trust,
      };
    }
    case 'command': {
      const background = isYes(reader, fields.get('background'));
      if (background && fields.has('result'))
        reader.report('wrong-shape', fields.get('result')?.at ?? at, 'a command in the background gives no result');
      const cwd = reader.folder(fields.get('cwd'));
      return {
        kind: 'command',
        ...answering(),
        command: readCommand(reader, fields.get('command')),
        cwd,
        env: reader.textMap(fields.get('env')),
        background,
      };
    }
    case 'at':
      return { kind: 'at', ...answering(), commands: reader.texts(fields.get('at')) };
    case 'stop':
      return { kind: 'stop', ...common, started: reader.text(fields.get('stop')) ?? '' };
    case 'prompt':
      return { kind: 'prompt', ...common, text: reader.text(fields.get('prompt')) ?? '', ask: givenBy(contract).map(one => one.name) };
  }
};

const ROLE_NAMES: Readonly<Record<IutRole, string>> = { eim: 'an eIM', ipa: 'an IPA', euicc: 'a eUICC', smdp: 'an SM-DP+' };

/** Reads `operator`; each action must be one of the role's in the contract. */
export const readOperator = (
  reader: Reader,
  entry: Entry | undefined,
  iut: IutRole,
  { actions }: IxitCatalogue,
): ReadonlyMap<string, Binding> => {
  const bindings = new Map<string, Binding>();
  const own = [...actions].filter(([, contract]) => contract.of === iut).map(([name]) => name);
  for (const one of entry === undefined ? [] : reader.entries(entry.value, 'operator')) {
    const contract = actions.get(one.key);
    if (contract === undefined)
      reader.report(
        'unknown-action',
        one.at,
        `there is no operator action "${one.key}"; those of ${ROLE_NAMES[iut]}: ${own.join(', ')}`,
        didYouMean(one.key, own),
      );
    else if (contract.of !== iut)
      reader.report(
        'unknown-action',
        one.at,
        `"${one.key}" is an action of another kind of IUT (${contract.of}); this file describes ${ROLE_NAMES[iut]}`,
      );
    const binding = readBinding(reader, one, contract ?? { of: iut, with: [], gives: [] });
    if (binding && contract) bindings.set(one.key, binding);
  }
  for (const binding of bindings.values()) {
    if (binding.kind !== 'stop') continue;
    const started = bindings.get(binding.started);
    if (started?.kind === 'command' && started.background) continue;
    const known = [...bindings.values()].filter(b => b.kind === 'command' && b.background).map(b => b.action);
    const have = known.length > 0 ? `in the background run: ${known.join(', ')}` : 'no action has a command with "background: true"';
    reader.report(
      'no-background',
      binding.at,
      `"${binding.started}" is not started in the background, so it cannot be stopped; ${have}`,
      didYouMean(binding.started, known),
    );
  }
  return bindings;
};

/** What a `${…}` of a binding may name besides what the whole file knows: the parameters of its action. */
export const parametersOf = (catalogue: IxitCatalogue, action: string): readonly string[] =>
  catalogue.actions.get(action)?.with.map(one => one.name) ?? [];

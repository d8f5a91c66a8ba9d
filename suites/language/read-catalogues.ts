/** The small files of the catalogue: constants, options, settings, operator actions, requirements. */
import type { Requirement } from '../../reports/record.js';
import { type Action, type ActionValue, IUT_ROLES, type Option } from './ast.js';
import type { Definition } from './definition.js';
import { ACTION, DECLARATION, REQUIREMENT } from './schema.js';
import { kindOf, type Report, scalarsAt, textAt, validate } from './shape.js';
import type { Entry, MapNode } from './source.js';

const named = <T>(
  root: MapNode | undefined,
  form: RegExp,
  what: string,
  report: Report,
  read: (entry: Entry) => T | undefined,
): ReadonlyMap<string, T> => {
  const found = new Map<string, T>();
  for (const entry of root?.entries ?? []) {
    if (!form.test(entry.key)) report('shape', entry.at, `expected ${what}, got "${entry.key}"`);
    const value = read(entry);
    if (value !== undefined) found.set(entry.key, value);
  }
  return found;
};

const checked = (schema: Definition, { key, value }: Entry, report: Report): MapNode | undefined => {
  if (value.kind !== 'map') {
    report('shape', value.at, `expected a map for "${key}", got ${kindOf(value)}`);
    return undefined;
  }
  validate(schema, value, report);
  return value;
};

/** constants.yaml: name → text, read by the type of the place where it is used. */
export const readConstants = (root: MapNode | undefined, report: Report): ReadonlyMap<string, string> =>
  named(root, /^[A-Z][A-Za-z0-9_]*$/, 'a constant in UPPER_SNAKE', report, ({ key, value }) => {
    if (value.kind === 'scalar') return value.text;
    report('shape', value.at, `expected a text for "${key}", got ${kindOf(value)}`);
    return undefined;
  });

/** options.yaml and settings.yaml: what suppliers declare. */
export const readDeclarations = (root: MapNode | undefined, form: RegExp, what: string, report: Report): ReadonlyMap<string, Option> =>
  named(root, form, what, report, entry => {
    const map = checked(DECLARATION, entry, report);
    return map && { role: textAt(map, 'role') ?? '', question: textAt(map, 'question') ?? '', source: textAt(map, 'source') ?? '' };
  });

const values = (map: MapNode, key: string): readonly ActionValue[] =>
  scalarsAt(map, key).map(({ text }) => ({ name: text.replace(/\?$/, ''), optional: text.endsWith('?') }));

/** operator-actions.yaml: the contract between cases and IXIT files. */
export const readActions = (root: MapNode | undefined, report: Report): ReadonlyMap<string, Action> =>
  named(root, /^[a-z][A-Za-z0-9]*$/, 'an action in lowerCamel', report, entry => {
    const map = checked(ACTION, entry, report);
    const of = IUT_ROLES.find(role => map && role === textAt(map, 'of'));
    const ends = map && textAt(map, 'ends') === 'true' ? { ends: true } : {};
    return map && of && { of, with: values(map, 'with'), gives: values(map, 'gives'), ...ends, does: textAt(map, 'does') ?? '' };
  });

/** requirements/*.yaml: one file after the other into one map; an id in two files is a mistake. */
export const readRequirements = (roots: readonly MapNode[], report: Report): ReadonlyMap<string, Requirement> => {
  const all = new Map<string, Requirement>();
  for (const root of roots)
    named(root, /^SGP\d\d-[0-9A-Z][0-9A-Za-z.]*-\d\d$/, 'a requirement id such as SGP32-3.3.1-01', report, entry => {
      const map = checked(REQUIREMENT, entry, report);
      if (all.has(entry.key)) report('duplicate-id', entry.at, `requirement "${entry.key}" is in two files`);
      else if (map)
        all.set(entry.key, {
          id: entry.key,
          section: textAt(map, 'section') ?? '',
          level: textAt(map, 'level') === 'should' ? 'should' : 'shall',
          text: textAt(map, 'text') ?? '',
        });
      return undefined;
    });
  return all;
};

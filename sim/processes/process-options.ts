/** Options of the reference implementations, as data: the command line prints them, the processes read them. */
import { readFileSync } from 'node:fs';
import { DEFAULT_SPEC, SPECS, type Spec } from '#protocol/asn1/type.js';
import type { Curve } from '#protocol/crypto/ecdsa.js';
import { CURVE_NAMES } from '#protocol/crypto/key.js';

/** A value of an option that cannot be used. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code = 'option';
}

/** One option with one value, `--name value`; V is what it means. */
export interface ProcessOption<V> {
  readonly name: string;
  readonly text: string;
  readonly default: string;
  parse(text: string): V;
}

/** Makes an option. */
export const option = <V>(name: string, text: string, fallback: string, parse: (text: string) => V): ProcessOption<V> => ({
  name,
  text,
  default: fallback,
  parse,
});
/** A text that means itself. */
export const asIs = (text: string): string => text;
/** Items separated by commas. */
export const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');

/** A curve by its name. */
export const curve = (text: string): Curve => {
  const found = CURVE_NAMES.find(name => name === text);
  if (!found) throw new OptionError(`--curve: expected ${CURVE_NAMES.join(' or ')}, got ${text}`);
  return found;
};
/** `--spec`: the version of SGP.32 that a simulated party speaks; 1.0.1 has the messages of 1.0. */
export const specOption = (who: string): ProcessOption<Spec> =>
  option('spec', `version of SGP.32 that ${who} speaks: 1.0.1, ${SPECS.join(', ')}`, DEFAULT_SPEC, text => {
    const found = SPECS.find(spec => spec === (text === '1.0.1' ? '1.0' : text));
    if (!found) throw new OptionError(`--spec: expected one of 1.0.1, ${SPECS.join(', ')}, got ${text}`);
    return found;
  });

/** Where names lead, that are in no DNS. */
export const resolve = (text: string): ReadonlyMap<string, string> =>
  new Map(
    list(text).map(item => {
      const [name, target, ...more] = item.split('=');
      if (!name || !target || more.length > 0) throw new OptionError(`--resolve: expected name=host:port, got ${item}`);
      return [name.toLowerCase(), target];
    }),
  );
/** Texts of the PEM files of trusted CI certificates. */
export const trust = (text: string): readonly string[] =>
  list(text).map(file => {
    try {
      return readFileSync(file, 'utf8');
    } catch (cause) {
      throw new OptionError(`--trust: cannot read ${file}`, { cause });
    }
  });
/** Deviations by their names, separated by commas. */
export const deviations =
  <D>(name: string, known: Readonly<Record<string, D>>) =>
  (text: string): readonly D[] =>
    list(text).map(item => {
      const found = Object.hasOwn(known, item) ? known[item] : undefined;
      if (!found) throw new OptionError(`--${name}: expected one of ${Object.keys(known).join(', ')}, got ${item}`);
      return found;
    });

/** Reads single options from the texts given on a command line by option name; defaults for the rest. Throws OptionError for a name that is none of `known`. */
export const optionReader = (
  known: Readonly<Record<string, { readonly name: string }>>,
  given: Readonly<Record<string, string>>,
): (<V>(option: ProcessOption<V>) => V) => {
  const names = Object.values(known).map(o => o.name);
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new OptionError(`expected one of ${names.map(n => `--${n}`).join(', ')}, got --${name}`);
  return o => o.parse(given[o.name] ?? o.default);
};

/** Secrets of an IXIT file: `${env.NAME}` is replaced when the file is read, and its value masked wherever it could show up. */

import { placeIn, type Reader } from './ixit-reader.js';
import type { Node } from './language/source.js';
import { mapTexts, references, resolveTemplate } from './template.js';

/** Values of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'env.';

// A secret also leaves in the forms that URLs, JSON and HTTP authentication give it.
const forms = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];

/** Replaces the secrets of a text by `***`. */
export const masking = (secrets: Iterable<string>): ((text: string) => string) => {
  // The longest first: one secret may be part of another.
  const all = [...new Set([...secrets].flatMap(forms))].filter(one => one !== '').sort((a, b) => b.length - a.length);
  return text => all.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
};

/** Fills in the environment; variables that are missing or empty are reported. */
export const fillEnvironment = (
  root: Node,
  environment: Environment,
  reader: Reader,
): { readonly root: Node; readonly secrets: readonly string[] } => {
  const secrets: string[] = [];
  const told = new Set<string>();
  const filled = mapTexts(root, ({ text, at, quoted }) => {
    const wanted = references(text).filter(({ path }) => path.startsWith(PREFIX));
    if (wanted.length === 0) return text;
    for (const { path, offset } of wanted) {
      const name = path.slice(PREFIX.length);
      // One missing variable is one mistake, however often it is used.
      if (told.has(name)) continue;
      told.add(name);
      const value = environment[name];
      const where = placeIn(at, quoted, offset);
      if (value === undefined)
        reader.report(
          'missing-variable',
          where,
          `the environment variable ${name} is not set`,
          'set it before the run; secrets do not stand in this file',
        );
      else if (value === '') reader.report('missing-variable', where, `the environment variable ${name} is empty`);
      else if (value.includes('${'))
        reader.report('missing-variable', where, `the environment variable ${name} contains "\${", which stands for something else here`);
      else secrets.push(value);
    }
    // An escaped ${ stays escaped: the text is filled in a second time when the run knows the rest.
    return resolveTemplate(
      text.replaceAll('$${', () => '$$${'),
      path => (path.startsWith(PREFIX) ? environment[path.slice(PREFIX.length)] : `\${${path}}`),
    );
  });
  return { root: filled, secrets };
};

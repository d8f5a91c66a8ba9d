/** Files that are made from the definitions of the language. */
import { join } from 'node:path';
import { typeNamed, typeNames } from '#protocol/registry.js';
import { packageRoot } from '../root.js';
import { ACTOR_KEYS } from '../runtime/actor-keys.js';
import { caseSchema } from './json-schema.js';
import { reference } from './reference.js';

/** The generated files with their contents as they should be. */
export const generated = (): readonly { readonly path: string; readonly text: string }[] => [
  {
    path: join(packageRoot, 'test-cases', 'schema.json'),
    text: `${JSON.stringify(caseSchema({ typeNamed, typeNames }, ACTOR_KEYS), null, 1)}\n`,
  },
  { path: join(packageRoot, 'docs', 'language.md'), text: reference() },
];

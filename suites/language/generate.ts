/** Writes test-cases/schema.json and docs/language.md: `node dist/suites/language/generate.js`. */
import { writeFileSync } from 'node:fs';
import { generated } from './generated.js';

for (const { path, text } of generated()) writeFileSync(path, text);

/** Runs all suites, or those named on the command line: `npm run bench`, `npm run bench -- codec`. */
import { codec } from './codec.js';
import { download } from './download.js';
import { modem } from './modem.js';
import { sequences } from './sequences.js';
import type { Suite } from './suite.js';

const SUITES: readonly Suite[] = [codec, sequences, modem, download];

const wanted = process.argv.slice(2);
const unknown = wanted.filter(name => !SUITES.some(suite => suite.name === name));
if (unknown.length > 0) {
  console.error(`expected suites out of ${SUITES.map(suite => suite.name).join(', ')}, got ${unknown.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const suite of SUITES.filter(s => wanted.length === 0 || wanted.includes(s.name))) {
    console.log(`${suite.name}: Node ${process.version}, ${process.arch}`);
    for (const line of await suite.run()) console.log(line);
  }
}

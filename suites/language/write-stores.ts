/** Keeps the trees of the built-in catalogue for later starts, as part of the build: `node dist/suites/language/write-stores.js`. */
import { builtInCases, builtInTrees } from '../root.js';
import { writeStores } from './stores.js';

writeStores(builtInCases, builtInTrees);

/** For tests that need an eUICC under test without a modem. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtInCases } from './root.js';

/** IXIT file of the reference eUICC in the memory of the harness. */
export const cardInMemory = (): string => {
  const [described] = readFileSync(join(builtInCases, 'ixit', 'reference-euicc.ixit.yaml'), 'utf8').split(/^start:/m);
  return `${described}\nlinks: { es10: { simulated: {} } }\n`;
};

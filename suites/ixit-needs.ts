/** What a run needs of an IXIT file beyond its form: without it every sequence would end in the same error. */
import { basename } from 'node:path';
import { canonicalName } from '#protocol/x509/pki.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Ixit } from './ixit-schema.js';
import { materialProblems } from './lab-material.js';
import type { Diagnostic, Position } from './language/source.js';

/** Whether a path of an IXIT file ends in the name of a certificate of the test PKI, e.g. `CERT_S_EIMsign`. */
export const isPkiName = (path: string): boolean => {
  const name = basename(path);
  const isCalledSo = (one: string) => canonicalName(one) === canonicalName(name);
  return /^CERT_\w+$/.test(name) && testPki().names().some(isCalledSo);
};

/** What is missing, and what of the lab's own material cannot be used. */
export const needsOf = (ixit: Ixit): readonly Diagnostic[] => {
  const at: Position = { file: ixit.file, line: 1, column: 1 };
  const found: Diagnostic[] = [];
  if (ixit.iut === 'eim' && !ixit.settings.has('IUT_EIM_ID'))
    found.push({
      code: 'missing-key',
      at: ixit.places.settings,
      message: 'setting IUT_EIM_ID is missing: which eimId does the eIM use?',
      hint: 'the simulated eUICC takes packages of this eIM only',
    });
  if (ixit.iut === 'eim' && ixit.trust.eim === undefined)
    found.push({
      code: 'missing-key',
      at,
      message: '"trust.eim" is missing: without it no signature of the eIM can be verified',
      hint: 'a PEM file with its certificate or public key, or the name of a certificate of the test PKI',
    });
  found.push(...materialProblems(ixit));
  return found;
};

/** What a lab brings along in place of ours: GSMA's SGP.26 files, and profile packages for the simulated SM-DP+. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readTlv } from '#protocol/asn1/tlv.js';
import { type FolderPki, folderPki } from '#protocol/x509/folder-pki.js';
import { type Pki, testPki } from '#protocol/x509/test-pki.js';
import type { Ixit, LabProfile } from './ixit-schema.js';
import type { Diagnostic } from './language/source.js';

/** More than any set of test certificates; a folder that holds the home directory is not read to its end. */
const MOST_FILES = 10_000;

const readFolder = (folder: string): FolderPki => {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).slice(0, MOST_FILES)) {
    if (!entry.isFile() || !/^(CERT|SK|PK)_/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(folder, path), new Uint8Array(readFileSync(path)));
  }
  return folderPki(files, `SGP.26 files in ${folder}`);
};

const folders = new Map<string, FolderPki>();
/** The certificates and keys of a run: those of the folder that the IXIT file names, else the built-in test PKI. */
export const pkiOf = ({ pki }: Pick<Ixit, 'pki'>): Pki => {
  if (pki === undefined) return testPki();
  const known = folders.get(pki) ?? readFolder(pki);
  folders.set(pki, known);
  return known;
};

/** What of a lab's material cannot be used: a run with it would only end in errors. */
export const materialProblems = ({ pki, profiles, file }: Pick<Ixit, 'pki' | 'profiles' | 'file'>): readonly Diagnostic[] => [
  ...(pki === undefined
    ? []
    : pkiProblems(pki).map(message => ({ code: 'pki', at: { file, line: 1, column: 1 }, message: `pki: ${message}` }))),
  ...profiles.flatMap(profile => profileProblem(profile) ?? []),
];

const pkiProblems = (folder: string): readonly string[] => {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    return [`${folder} is no folder; expected one with the files of SGP.26 (CERT_…, SK_…)`];
  const pki = pkiOf({ pki: folder });
  if ((pki as FolderPki).problems.length > 0) return (pki as FolderPki).problems;
  return pki.certificate('CERT_CI') || pki.certificate('CERT_CI_BRP') ? [] : [`${folder} has no certificate of a CI (CERT_CI_…)`];
};

const profileProblem = ({ upp, at }: LabProfile): Diagnostic | undefined => {
  const octets = uppOf(upp);
  return octets[0] === 0xa0 && readTlv(octets)
    ? undefined
    : {
        code: 'upp',
        at,
        message: `expected a profile package that begins with a header (A0), got ${octets.length} octets that do not`,
        hint: 'an unprotected profile package as DER, without wrapping',
      };
};

/** A profile package of the lab. TCA interoperable profile 8.1 */
export const uppOf = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

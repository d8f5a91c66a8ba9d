/** From files to a plan: catalogue and IXIT files loaded and checked. Any mistake in them ends here, before anything runs. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { typeNamed, typeNames } from '#protocol/registry.js';
import type { IutInfo } from '../reports/record.js';
import { UsageError, unknownName } from './commands/input.js';
import { loadIxit } from './ixit.js';
import { isPkiName, needsOf } from './ixit-needs.js';
import type { IutRole, Ixit, Link } from './ixit-schema.js';
import { weatherOf, weatherText } from './ixit-weather.js';
import { CaseError, type Diagnostic, formatDiagnostics, type Position } from './language/diagnostics.js';
import { type Catalogue, loadCatalogue } from './language/load.js';
import { catalogueFiles } from './language/stores.js';
import { cardLink, nativeActions } from './native-actions.js';
import { INJECTION, isSelected, makePlan, type PlannedSequence } from './plan.js';
import { builtInCases, builtInTrees } from './root.js';
import { ACTOR_KEYS } from './runtime/actor-keys.js';

/** Mistakes in cases, catalogues or IXIT files, formatted with excerpts; the command ends with exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code = 'input';
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>) {
    super(
      `${formatDiagnostics(diagnostics, texts)}\n${diagnostics.length} ${diagnostics.length === 1 ? 'mistake' : 'mistakes'}; nothing was run`,
    );
    this.diagnostics = diagnostics;
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Loads the whole catalogue, or its procedures and catalogues with the case files given; throws InputError with all mistakes of all files. */
export const prepareCatalogue = (root = builtInCases, files?: readonly string[]): Catalogue => {
  if (!isDirectory(root)) throw new UsageError(`${root}: no such directory; expected one like test-cases/`);
  for (const file of files ?? [])
    if (!existsSync(file) || isDirectory(file)) throw new UsageError(`${file}: no such file; expected a case file (.yaml)`);
  const catalogue = loadCatalogue({
    root,
    ...(files ? { files } : {}),
    stores: builtInTrees,
    types: { typeNamed, typeNames },
    actorKeys: ACTOR_KEYS,
  });
  if (catalogue.diagnostics.length > 0) throw new InputError(catalogue.diagnostics, catalogue.texts);
  return catalogue;
};

/** Files of the cases by id: by the rule that `eim/enable/01-what-happens.yaml` holds `eim.enable.01`. */
const filesById = (root: string): readonly { readonly id: string; readonly file: string }[] =>
  catalogueFiles(root).flatMap(path => {
    const [, folder, number] = /^(.+)\/(\d+)-[^/]*\.yaml$/.exec(path) ?? [];
    return folder && number ? [{ id: `${folder.replaceAll('/', '.')}.${number}`, file: join(root, path) }] : [];
  });

/** The kinds of IUT that IXIT files name, as prefixes of case ids; undefined when one of them does not say, which is told later. */
const kindsOf = (ixits: readonly string[]): readonly string[] | undefined => {
  const kinds = ixits.map(file =>
    existsSync(file) && !isDirectory(file) ? /^iut:\s*(\w+)\s*(?:#.*)?$/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined,
  );
  return kinds.every(kind => kind !== undefined) ? kinds : undefined;
};

/**
 * As prepareCatalogue, but reads only the cases that prefixes select, or else those for the IUTs that IXIT files describe;
 * all of them when a prefix selects none, so that it can be told.
 */
export const prepareSelection = (root = builtInCases, only: readonly string[], ixits: readonly string[] = []): Catalogue => {
  const prefixes = only.length > 0 ? only : (kindsOf(ixits) ?? []);
  const files = prefixes.length === 0 || !isDirectory(root) ? [] : filesById(root);
  const complete = prefixes.length === 0 || prefixes.some(prefix => !files.some(({ id }) => isSelected(id, [prefix])));
  const selected = files.filter(({ id }) => isSelected(id, prefixes)).map(({ file }) => file);
  const catalogue = prepareCatalogue(root, complete ? undefined : selected);
  checkSelection(only, catalogue);
  return catalogue;
};

/** The IXIT files of the reference IUTs of a catalogue, seen from here. */
export const builtInIxits = (root = builtInCases): string[] => {
  const folder = join(root, 'ixit');
  const files = (isDirectory(folder) ? readdirSync(folder) : []).filter(name => /^reference-.*\.ixit\.yaml$/.test(name)).sort();
  if (files.length === 0) throw new UsageError(`${folder} has no reference-*.ixit.yaml; say with --ixit what is tested`);
  return files.map(name => relative(process.cwd(), join(folder, name)));
};

/** Loads an IXIT file; throws InputError with everything that is wrong with it or missing for a run. */
export const prepareIxit = (file: string, catalogue: Catalogue): Ixit => {
  if (!existsSync(file)) throw new CaseError([{ code: 'no-file', at: { file, line: 1, column: 1 }, message: 'no such IXIT file' }]);
  const text = readFileSync(file, 'utf8');
  const { ixit, iut, diagnostics } = loadIxit(file, text, catalogue, process.env, path => existsSync(path) || isPkiName(path));
  const kinds = new Set(catalogue.cases.map(c => c.iut));
  if (iut !== undefined && !kinds.has(iut))
    throw new UsageError(
      `${file} describes an IUT of the kind "${iut}", and none of the cases tests one; there are cases for: ${[...kinds].join(', ')}`,
    );
  const found = ixit ? needsOf(ixit) : diagnostics;
  if (!ixit || found.length > 0) throw new InputError(found, new Map([[file, text]]));
  return ixit;
};

/** The IUTs that a command line names; without a name, the reference IUTs that cases of the catalogue test. */
export const prepareIxits = (files: readonly string[] | undefined, catalogue: Catalogue, root?: string): readonly Ixit[] => {
  if (files) return files.map(file => prepareIxit(file, catalogue));
  const kinds = new Set<string>(catalogue.cases.map(c => c.iut));
  return builtInIxits(root).flatMap(file => (kinds.has(kindIn(file)) ? [prepareIxit(file, catalogue)] : []));
};

/** `reference-<kind>.ixit.yaml` */
const kindIn = (file: string): string => /reference-(\w+)\.ixit\.yaml$/.exec(file)?.[1] ?? '';

/** Whether somebody else's card is in the reader: one that the run itself brings along may be treated in any way. */
export const isForeignCard = (ixit: Ixit): boolean => {
  const link = cardLink(ixit);
  return link !== undefined && link.wire !== 'simulated' && !isReference(ixit.file);
};

const isReference = (file: string): boolean => dirname(resolve(file)) === join(builtInCases, 'ixit') && kindIn(file) !== '';

const lineOf = ({ file, line }: Position): string => `${file}:${line}`;

/** The interface whose wires the `over` of a case means. */
const MAIN_INTERFACE: Readonly<Record<IutRole, string>> = { eim: 'esipa', ipa: 'esipa', euicc: 'es10', smdp: 'es9plus' };

/** The plan for one IUT; `only` are prefixes of case ids. */
export const planFor = (
  ixit: Ixit,
  catalogue: Catalogue,
  seed: string,
  only: readonly string[] = [],
  mayDestroy = !isForeignCard(ixit),
): PlannedSequence[] =>
  makePlan(
    catalogue.cases.filter(c => isSelected(c.id, only)),
    catalogue.procedures,
    {
      iut: ixit.iut,
      options: ixit.options,
      spec: ixit.spec,
      links: new Set(Object.keys(ixit.links[MAIN_INTERFACE[ixit.iut]] ?? {})),
      servers: new Set(
        Object.entries(ixit.links).flatMap(([name, wires]) =>
          Object.values(wires).some(({ kind }) => kind === 'listening' || kind === 'slot') ? [name] : [],
        ),
      ),
      injection: new Set(
        Object.entries(ixit.links[INJECTION] ?? {}).flatMap(([wire, { kind }]) =>
          kind === (ixit.iut === 'ipa' ? 'called' : 'listening') ? [wire] : [],
        ),
      ),
      isBound: action => ixit.operator.has(action) || nativeActions(ixit).includes(action),
      mayDestroy,
      bindingPlace: lineOf(ixit.places.operator),
      linkPlace: lineOf(ixit.places.links),
      settings: {
        known: [...catalogue.settings.keys()],
        given: new Set(ixit.settings.keys()),
        place: lineOf(ixit.places.settings),
      },
    },
    seed,
    catalogue.texts,
  );

/** Refuses a prefix that selects nothing: a typing mistake must not look like success. */
export const checkSelection = (only: readonly string[], catalogue: Catalogue): void => {
  for (const prefix of only)
    if (!catalogue.cases.some(c => isSelected(c.id, [prefix])))
      throw unknownName('case whose id begins with', prefix, [
        ...new Set(catalogue.cases.flatMap(c => [c.id, c.id.split('.').slice(0, 2).join('.')])),
      ]);
};

const linkText = (link: Link): string => {
  switch (link.kind) {
    case 'called':
      return link.url;
    case 'listening':
      return link.listen;
    case 'slot':
      return link.wire === 'vpcd' ? `${link.host}:${link.port}` : 'standard streams of the IUT';
    case 'card':
      return String(link.settings.port ?? link.settings.reader ?? 'in this process');
  }
};

export const iutInfo = (ixit: Ixit, observed: Readonly<Record<string, string>>): IutInfo => ({
  role: ixit.iut,
  name: ixit.name,
  version: ixit.version,
  supplier: ixit.supplier,
  ixit: ixit.file,
  settings: Object.fromEntries([...ixit.settings].map(([name, value]) => [name, ixit.mask(value)])),
  options: Object.fromEntries(ixit.options),
  links: Object.fromEntries(
    Object.entries(ixit.links).flatMap(([name, wires]) => Object.entries(wires).map(([wire, link]) => [`${name}.${wire}`, linkText(link)])),
  ),
  ...weatherInfo(ixit),
  observed,
});

const weatherInfo = (ixit: Ixit): Pick<IutInfo, 'weather'> => {
  const links = weatherOf(ixit);
  if (links.length === 0) return {};
  return { weather: Object.fromEntries(links.map(({ name, wire, weather }) => [`${name}.${wire}`, weatherText(weather)])) };
};

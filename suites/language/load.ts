/** Loads everything that is data: cases, procedures and catalogues. All mistakes of all files are found before anything runs. */
import { readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { canonicalName } from '#protocol/x509/pki.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Requirement } from '../../reports/record.js';
import type { Action, Case, Option, Procedure } from './ast.js';
import type { TypeSource } from './layout.js';
import type { KeyNames, Known, ProcedureUse } from './names.js';
import { readCase, type SourceFile } from './read-case.js';
import { readActions, readConstants, readDeclarations, readRequirements } from './read-catalogues.js';
import { checkCycles, readProcedure, readSignature } from './read-procedure.js';
import { kindOf, reportInto, scalarAt } from './shape.js';
import { type Diagnostic, type MapNode, type Node, parseYaml } from './source.js';
import { catalogueFiles, isCase, openStores } from './stores.js';

export interface Catalogue {
  readonly cases: readonly Case[];
  readonly procedures: ReadonlyMap<string, Procedure>;
  readonly constants: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, Option>;
  readonly options: ReadonlyMap<string, Option>;
  readonly actions: ReadonlyMap<string, Action>;
  readonly requirements: ReadonlyMap<string, Requirement>;
  /** Everything wrong in any file; with one entry or more nothing may run. */
  readonly diagnostics: readonly Diagnostic[];
  /** Contents of all files by their name in messages. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface LoadRules {
  readonly types: TypeSource;
  /** Permitted configuration keys of actors by role; a role without an entry is not checked. */
  readonly actorKeys?: Readonly<Record<string, readonly string[]>>;
  /** Links that `over` may name; not checked when left out. */
  readonly links?: readonly string[];
  /** Certificates and keys by name; those of the test PKI when left out. */
  readonly keys?: KeyNames;
  /** Trees of files that need not be read again. */
  readonly treeOf?: (source: SourceFile) => Node | undefined;
}
export interface LoadInput extends LoadRules {
  /** The directory `test-cases`. */
  readonly root: string;
  /** Case files to load instead of all cases of the directory; catalogues and procedures are always its own. */
  readonly files?: readonly string[];
  /** Where the build keeps trees of files; without it, all YAML is read. */
  readonly stores?: string;
}

const testKeys = (): KeyNames => {
  const names = testPki().names();
  const known = new Set(names.map(canonicalName));
  return {
    has: name => /^(CERT|SK|PK)_/.test(name) && known.has(canonicalName(name)),
    names: () => names.flatMap(name => [name, name.replace(/^CERT/, 'SK'), name.replace(/^CERT/, 'PK')]),
  };
};

/** Reads what stands in files already in memory; `path` decides what a file is. */
export const readCatalogue = (files: readonly SourceFile[], rules: LoadRules): Catalogue => {
  const diagnostics: Diagnostic[] = [];
  const report = reportInto(diagnostics);
  const roots = new Map<SourceFile, MapNode>();
  for (const source of files) {
    const known = rules.treeOf?.(source);
    const parsed = known ? { root: known, diagnostics: [] } : parseYaml(source.file, source.text);
    diagnostics.push(...parsed.diagnostics);
    // Behind a syntax error the rest of a file means something else than its author wrote.
    if (parsed.diagnostics.some(one => one.code === 'yaml-syntax')) continue;
    if (parsed.root?.kind === 'map') roots.set(source, parsed.root);
    else
      report(
        'shape',
        parsed.root?.at ?? { file: source.file, line: 1, column: 1 },
        `expected a map, got ${parsed.root ? kindOf(parsed.root) : 'an empty file'}`,
      );
  }
  const read = [...roots];
  const at = (path: string) => read.find(([source]) => source.path === path)?.[1];
  const below = (folder: string) => read.filter(([source]) => source.path?.startsWith(`${folder}/`));
  const constants = readConstants(at('constants.yaml'), report);
  const settings = readDeclarations(at('settings.yaml'), /^[A-Z][A-Z0-9_]*$/, 'a setting in UPPER_SNAKE', report);
  const options = readDeclarations(at('options.yaml'), /^O_[A-Z0-9_]+$/, 'an option O_…', report);
  const actions = readActions(at('operator-actions.yaml'), report);
  const requirements = readRequirements(
    below('requirements').map(([, root]) => root),
    report,
  );

  const uses = new Map<string, ProcedureUse>();
  const signed: { readonly source: SourceFile; readonly root: MapNode; readonly use: ProcedureUse }[] = [];
  for (const [source, root] of below('procedures')) {
    const use = readSignature(root);
    if (!use) report('missing-key', root.at, '"procedure" is missing', 'Its name, in lowerCamel.');
    else if (uses.has(use.name))
      report('duplicate-id', scalarAt(root, 'procedure')?.at ?? root.at, `two files define the procedure "${use.name}"`);
    else {
      uses.set(use.name, use);
      signed.push({ source, root, use });
    }
  }
  const known: Known = {
    types: rules.types,
    constants,
    settings,
    options,
    actions,
    requirements: new Set(requirements.keys()),
    procedures: uses,
    keys: rules.keys ?? testKeys(),
    actorKeys: rules.actorKeys ?? {},
    links: rules.links,
  };
  const procedures = new Map(signed.map(({ source, root, use }) => [use.name, readProcedure(source, root, use, known, diagnostics)]));
  checkCycles(uses, name => signed.find(one => one.use.name === name)?.root, diagnostics);

  const cases: Case[] = [];
  const places = new Map<string, string>();
  for (const [source, root] of roots) {
    if (source.path !== undefined && !isCase(source.path)) continue;
    const one = readCase(source, root, known, diagnostics);
    if (!one) continue;
    const elsewhere = places.get(one.id);
    if (elsewhere !== undefined)
      report(
        'duplicate-id',
        scalarAt(root, 'id')?.at ?? root.at,
        `the id "${one.id}" is also that of ${elsewhere}`,
        'ids are never used twice',
      );
    places.set(one.id, source.file);
    cases.push(one);
  }
  return {
    cases,
    procedures,
    constants,
    settings,
    options,
    actions,
    requirements,
    diagnostics,
    texts: new Map(files.map(source => [source.file, source.text])),
  };
};

/** How files are named in messages: below the current directory from there. */
const display = (): ((path: string) => string) => {
  const here = process.cwd().endsWith(sep) ? process.cwd() : process.cwd() + sep;
  return path => (path.startsWith(here) ? path.slice(here.length) : path).split(sep).join('/');
};

/** Loads a catalogue from its directory. Mistakes are in `diagnostics`; only files that cannot be read throw. */
export const loadCatalogue = ({ root, files, stores, ...rules }: LoadInput): Catalogue => {
  const own = catalogueFiles(root).filter(path => !(files && isCase(path)));
  const [top, named] = [resolve(root), display()];
  const source = (full: string, path: string | undefined): SourceFile => ({ path, file: named(full), text: readFileSync(full, 'utf8') });
  const given = (files ?? []).map(file => {
    const path = relative(top, resolve(file)).split(sep).join('/');
    return source(resolve(file), path.startsWith('..') ? undefined : path);
  });
  return readCatalogue([...own.map(path => source(join(top, path), path)), ...given], {
    ...(stores === undefined ? {} : { treeOf: openStores(stores) }),
    ...rules,
  });
};

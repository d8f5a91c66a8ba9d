/** Case files read: headers, actors, table and steps, with everything checked that can be checked before a run. */
import type { Spec } from '#protocol/asn1/type.js';
import { ACTOR_ROLES, type ActorRole, type ActorSpec, type Case, IUT_ROLES, type Over, type Row, type Step } from './ast.js';
import { checkContent } from './check-content.js';
import { versionsOf } from './condition.js';
import type { Diagnostic } from './diagnostics.js';
import { readDuration } from './duration.js';
import { columnsOf, type Known, makeNames, type Names, roleOf } from './names.js';
import { readCondition } from './read-condition.js';
import { type Reading, readCovers, readSteps } from './read-step.js';
import { CASE } from './schema.js';
import { kindOf, listAt, mapAt, nodeAt, reportInto, scalarAt, scalarsAt, textAt, validate } from './shape.js';
import { didYouMean, type MapNode, type Position, type ScalarNode } from './source.js';

/** A file of the catalogue. */
export interface SourceFile {
  /** Path below the catalogue's directory, with `/`; undefined for a file given by itself. */
  readonly path: string | undefined;
  /** Name in messages. */
  readonly file: string;
  readonly text: string;
}

const DEFAULT_LIMIT = 120;
/** A sentence: begins with a capital or a name, at least three words, no full stop. */
export const isSentence = (title: string): boolean =>
  /^\S/.test(title) && title.split(/\s+/).length >= 3 && !title.endsWith('.') && title.length <= 160 && !/^[a-z]+ /.test(title);
export const checkTitle = (node: MapNode, names: Names): void => {
  const title = scalarAt(node, 'title');
  if (title && !isSentence(title.text.trimEnd()))
    names.report(
      'title',
      title.at,
      `expected one sentence with a capital first and no full stop, got "${title.text.trimEnd()}"`,
      'a title says what must happen',
    );
};

const readOver = (node: MapNode, iut: string | undefined, names: Names): readonly Over[] =>
  (mapAt(node, 'over')?.entries ?? []).flatMap(({ key, at, value }) => {
    const { links } = names.known;
    if (links && !links.includes(key))
      names.report('unknown-link', at, `no link "${key}"`, didYouMean(key, links) ?? `links: ${links.join(', ')}`);
    const when = value.kind === 'scalar' ? readCondition(value, iut, names) : undefined;
    return when ? [{ link: key, when }] : [];
  });

const readActors = (node: MapNode, names: Names): readonly ActorSpec[] =>
  (mapAt(node, 'actors')?.entries ?? []).flatMap(({ key, at, value }) => {
    const role = ACTOR_ROLES.find((one): one is ActorRole => one === roleOf(key));
    if (!role) {
      names.report(
        'unknown-actor',
        at,
        `"${key}" is no actor; a role (${ACTOR_ROLES.join(', ')}), or a role and a digit`,
        didYouMean(key, ACTOR_ROLES),
      );
      return [];
    }
    if (value.kind !== 'map') {
      names.report('shape', value.at, `expected how ${key} starts, got ${kindOf(value)}`, `nothing special is written ${key}: {}`);
      return [];
    }
    const known = names.known.actorKeys[role];
    for (const entry of known ? value.entries : [])
      if (known && !known.includes(entry.key))
        names.report(
          'unknown-key',
          entry.at,
          `unknown key "${entry.key}" for ${role}`,
          didYouMean(entry.key, known) ?? `known: ${known.join(', ')}`,
        );
    checkContent(value, { names, use: 'build', type: undefined });
    return [{ name: key, role, config: value, at }];
  });

const readTable = (node: MapNode, iut: string | undefined, names: Names): readonly Row[] => {
  const seen = new Set<string>();
  return listAt(node, 'table').flatMap(row => {
    if (row.kind !== 'map') {
      names.report('shape', row.at, `expected a row, got ${kindOf(row)}`);
      return [];
    }
    const name = textAt(row, 'name');
    if (name === undefined) names.report('missing-key', row.at, 'a row needs "name": what is special in it');
    else if (seen.has(name)) names.report('duplicate-row', row.at, `two rows are named "${name}"`);
    seen.add(name ?? '');
    const when = readCondition(scalarAt(row, 'when'), iut, names);
    return [{ name: name ?? '', ...(when ? { when } : {}), cells: row, at: row.at }];
  });
};

/** Columns with a meaning of their own. */
const ROW_WORDS: readonly string[] = ['name', 'when'];

const checkColumns = ({ rows, used, report }: Names): void => {
  const entries = rows.flatMap(row => row.cells.entries);
  for (const column of columnsOf(rows)) {
    const first = entries.find(entry => entry.key === column);
    if (!ROW_WORDS.includes(column) && first && !used.has(`row.${column}`))
      report('unused-name', first.at, `nothing uses the column "${column}"`, `a cell is used as $row.${column}`);
  }
};

const canFail = (steps: readonly Step[], spec: Spec): boolean =>
  steps.some(step => {
    if (!versionsOf(step.if).includes(spec)) return false;
    if (step.verb === 'unordered' || step.verb === 'repeat') return canFail(step.steps, spec);
    if (step.verb === 'expect' || step.verb === 'operator')
      return step.verb === 'expect' ? step.optional !== true || step.match !== undefined : step.match !== undefined;
    return step.verb === 'check' || step.verb === 'call';
  });

const FILE = /^\d\d-[a-z0-9]+(?:-[a-z0-9]+)*\.yaml$/;
const checkPlace = ({ path }: SourceFile, iut: string | undefined, id: ScalarNode | undefined, names: Names, top: Position): void => {
  if (iut !== undefined && id && IUT_ROLES.some(role => id.text.startsWith(`${role}.`)) && !id.text.startsWith(`${iut}.`))
    names.report('shape', id.at, `expected an id that begins with "${iut}.", got "${id.text}"`);
  if (path === undefined) return;
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  if (!FILE.test(name)) names.report('file-name', top, `expected a file name such as 01-what-happens.yaml, got "${name}"`);
  if (iut !== undefined && parts[0] !== iut)
    names.report(
      'file-name',
      top,
      `expected this file below "${iut}/", found it below "${parts[0]}/"`,
      'the folder is that of the role under test',
    );
  if (parts.length !== 3) names.report('file-name', top, `expected <role>/<area>/<file>, got "${path}"`);
};

/** Reads a case; undefined when its headers do not allow it. Mistakes go into `found`. */
export const readCase = (source: SourceFile, root: MapNode, known: Known, found: Diagnostic[]): Case | undefined => {
  const report = reportInto(found);
  const before = found.length;
  validate(CASE, root, report);
  const iutText = textAt(root, 'iut');
  const iut = IUT_ROLES.find(role => role === iutText);
  const actorNames = new Set((mapAt(root, 'actors')?.entries ?? []).map(entry => entry.key));
  const headers = makeNames(known, report, actorNames);
  checkTitle(root, headers);
  checkPlace(source, iut, scalarAt(root, 'id'), headers, root.at);
  const when = readCondition(scalarAt(root, 'when'), iut, headers);
  const versions = versionsOf(when);
  if (versions.length > 0) headers.versions = versions;
  const over = readOver(root, iut, headers);
  const covers = readCovers(root, headers);
  if (nodeAt(root, 'covers')?.kind === 'list' && scalarsAt(root, 'covers').length === 0)
    report('missing-key', nodeAt(root, 'covers')?.at ?? root.at, '"covers" names no requirement', 'a case shows at least one');
  const table = readTable(root, iut, headers);
  if (nodeAt(root, 'table') && table.length === 0) report('missing-key', nodeAt(root, 'table')?.at ?? root.at, '"table" has no rows');
  const names = makeNames(known, report, actorNames, table, headers.versions);
  const actors = readActors(root, names);
  const reading: Reading = {
    names,
    lines: source.text.split(/\r?\n/),
    iut,
    sent: new Set(),
    expected: new Set(),
    uses: { actors: new Set(), roles: new Set(), calls: new Set() },
  };
  const [preamble, body, cleanUp] = [
    readSteps(listAt(root, 'before'), reading),
    readSteps(listAt(root, 'steps'), reading),
    readSteps(listAt(root, 'after'), reading),
  ];
  checkColumns(names);
  const steps = nodeAt(root, 'steps');
  const idle = names.versions.filter(spec => !canFail(body, spec));
  if (steps && found.length === before && idle.length > 0)
    report(
      'checks-nothing',
      steps.at,
      idle.length === names.versions.length
        ? 'this case cannot fail: no step in "steps" expects or checks anything'
        : `this case cannot fail in ${idle.join(', ')}: no step in "steps" that applies there expects or checks anything`,
    );
  const [id, title, origin] = [textAt(root, 'id'), textAt(root, 'title'), textAt(root, 'source')];
  if (!iut || id === undefined || title === undefined || origin === undefined) return undefined;
  return {
    id,
    title,
    source: origin,
    iut,
    ...(when ? { when } : {}),
    over,
    covers,
    limit: readDuration(textAt(root, 'limit') ?? '') ?? DEFAULT_LIMIT,
    actors,
    ...(table.length > 0 ? { table } : {}),
    before: preamble,
    steps: body,
    after: cleanUp,
    once: textAt(root, 'once') === 'true',
    destructive: textAt(root, 'destructive') === 'true',
    file: source.file,
    at: root.at,
  };
};

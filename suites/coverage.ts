/** docs/coverage.md: which check of the catalogue has which case, and why some have none. */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Case, IUT_ROLES, type IutRole } from './language/ast.js';
import type { Catalogue } from './language/load.js';
import { type MapNode, type Node, parseYaml } from './language/source.js';
import { packageRoot } from './root.js';

export interface Ideas {
  readonly ids: readonly string[];
  /** Reason by id. */
  readonly leftOut: ReadonlyMap<string, string>;
}

const entry = (node: MapNode | undefined, key: string): Node | undefined => node?.entries.find(e => e.key === key)?.value;
const text = (node: Node | undefined): string => (node?.kind === 'scalar' ? node.text : '');
const asMap = (node: Node | undefined): MapNode | undefined => (node?.kind === 'map' ? node : undefined);

/** Reads the ids of the checks for one kind of IUT: `["001..017", "020"]` under a prefix. */
export const readIdeas = (yaml: string): Ideas => {
  const section = asMap(parseYaml('ideas', yaml).root);
  const prefix = text(entry(section, 'prefix'));
  const numbers = entry(section, 'numbers');
  const ranges = numbers?.kind === 'list' ? numbers.items.map(text) : [];
  const ids = ranges.flatMap(range => {
    const [from = '', to = from] = range.split('..');
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, n) => `${prefix}-${String(Number(from) + n).padStart(3, '0')}`);
  });
  const leftOut = asMap(entry(section, 'leftOut'))?.entries.map(e => [e.key, text(e.value)] as const) ?? [];
  return { ids, leftOut: new Map(leftOut) };
};

/** What a case checks, by id: the case itself, or `case#row`. */
const placesOf = (c: Case): (readonly [id: string, place: string])[] => {
  const found = (where: string) => [...new Set(where.match(/\b[A-Z]{3}-\d{3}\b/g) ?? [])];
  const rows = c.table ?? [];
  return [
    ...found(`${c.source} ${c.title}`).map(id => [id, c.id] as const),
    ...rows.flatMap((row, n) => found(row.name).map(id => [id, `${c.id}#${n + 1}`] as const)),
  ];
};

export interface Coverage {
  readonly rows: readonly { readonly id: string; readonly places: readonly string[]; readonly reason: string }[];
  /** Neither case nor reason. */
  readonly missing: readonly string[];
  /** Named by a case, but in no catalogue; or left out and nevertheless covered. */
  readonly wrong: readonly string[];
}

export const coverageOf = (cases: readonly Case[], ideas: Ideas): Coverage => {
  const places = new Map<string, string[]>();
  for (const c of cases) for (const [id, place] of placesOf(c)) places.set(id, [...(places.get(id) ?? []), place]);
  const rows = ideas.ids.map(id => ({ id, places: places.get(id) ?? [], reason: ideas.leftOut.get(id) ?? '' }));
  const known = new Set(ideas.ids);
  return {
    rows,
    missing: rows.filter(r => r.places.length === 0 && r.reason === '').map(r => r.id),
    wrong: [...[...places.keys()].filter(id => !known.has(id)), ...rows.filter(r => r.places.length > 0 && r.reason !== '').map(r => r.id)],
  };
};

const TITLES: Readonly<Record<IutRole, string>> = {
  eim: 'An eIM under test',
  ipa: 'An IPA under test',
  euicc: 'An eUICC under test',
  smdp: 'An SM-DP+ under test',
};
const ideasFile = (role: IutRole): string => join(packageRoot, 'test-cases', 'ideas', `${role}.yaml`);

/** The kinds of IUT with a catalogue of checks, each with its checks. */
export const allIdeas = (): ReadonlyMap<IutRole, Ideas> =>
  new Map(
    IUT_ROLES.filter(role => existsSync(ideasFile(role))).map(role => [role, readIdeas(readFileSync(ideasFile(role), 'utf8'))] as const),
  );

/** The page, from the catalogue as it stands. */
export const coveragePage = (catalogue: Pick<Catalogue, 'cases'>, ideas = allIdeas()): string => `# Coverage

Generated from \`test-cases/\` by \`npm run docs\`; do not edit.
${[...ideas].map(([role, list]) => section(catalogue, role, list)).join('')}`;

const section = (catalogue: Pick<Catalogue, 'cases'>, role: IutRole, ideas: Ideas): string => {
  const cases = catalogue.cases.filter(c => c.iut === role);
  const { rows } = coverageOf(cases, ideas);
  const titles = new Map(cases.map(c => [c.id, c.title]));
  const files = new Map(cases.map(c => [c.id, relative(join(packageRoot, 'docs'), join(packageRoot, c.file)).split('\\').join('/')]));
  const covered = rows.filter(r => r.places.length > 0);
  const sequences = cases.reduce((sum, c) => sum + (c.table?.length ?? 1) * Math.max(1, c.over.length), 0);
  const place = (p: string) => {
    const [id = ''] = p.split('#');
    return `[${p}](${files.get(id) ?? ''})`;
  };
  const line = (r: (typeof rows)[number]) => {
    const [first = ''] = r.places[0]?.split('#') ?? [];
    return r.places.length > 0
      ? `| ${r.id} | ${r.places.map(place).join(', ')} | ${titles.get(first) ?? ''} |`
      : `| ${r.id} | – | *left out:* ${r.reason} |`;
  };
  return `
## ${TITLES[role]}

${covered.length} of ${rows.length} checks of the catalogue have a case, ${rows.length - covered.length} are left out with a reason; ${cases.length} cases, ${sequences} sequences.

| Check | Case | What must happen |
|---|---|---|
${rows.map(line).join('\n')}
`;
};

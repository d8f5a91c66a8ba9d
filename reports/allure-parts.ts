/** Allure results in parts that a page of one file can hold: a string of Node.js, and so a page, ends at 512 MB. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { escapeMarkup } from './markup.js';

/** Octets of results that one page takes: it holds them in base64, a third more. One of 267 MB shows its tree after 6 s in headless Chromium. */
export const PAGE_OCTETS = 250_000_000;

/** Results for one page. */
export interface Part {
  /** `eIM`, or `eIM, part 2`. */
  readonly name: string;
  /** Name of its directory: `eim`, `eim-2`. */
  readonly slug: string;
  /** Paths of results and of the files that they name. */
  readonly files: readonly string[];
  readonly results: number;
}

interface Result {
  readonly files: readonly string[];
  readonly octets: number;
  readonly epic: string;
  readonly name: string;
}

const readResult = (dir: string, name: string): Result => {
  const path = join(dir, name);
  const text = readFileSync(path, 'utf8');
  // The file is our own; it has the type that it was written with.
  const { labels = [], fullName = '' } = JSON.parse(text) as {
    readonly labels?: readonly { readonly name: string; readonly value: string }[];
    readonly fullName?: string;
  };
  const attached = [...text.matchAll(/"source":"([^"\\]+)"/g)].map(([, source = '']) => join(dir, source));
  const octets = attached.reduce((sum, file) => sum + statSync(file).size, text.length);
  return { files: [path, ...attached], octets, epic: labels.find(label => label.name === 'epic')?.value ?? 'other', name: fullName };
};

/** Deals results into parts by what was tested, and in the order of the cases, none of them larger than `most` octets unless one result is. */
export function partsOf(dir: string, most = PAGE_OCTETS): readonly Part[] {
  const results = readdirSync(dir)
    .filter(name => name.endsWith('-result.json'))
    .map(name => readResult(dir, name))
    .sort((a, b) => (a.epic === b.epic ? a.name.localeCompare(b.name, 'en') : a.epic.localeCompare(b.epic, 'en')));
  const parts: { epic: string; number: number; octets: number; files: string[]; results: number }[] = [];
  for (const { files, octets, epic } of results) {
    const last = parts.at(-1);
    const isSame = last?.epic === epic;
    const part =
      last && isSame && last.octets + octets <= most
        ? last
        : { epic, number: isSame ? last.number + 1 : 1, octets: 0, files: [], results: 0 };
    if (part !== last) parts.push(part);
    part.octets += octets;
    part.files.push(...files);
    part.results++;
  }
  return parts.map(({ epic, number, files, results: count }) => ({
    name: number === 1 ? epic : `${epic}, part ${number}`,
    slug: `${
      epic
        .toLowerCase()
        .match(/[a-z0-9]+/g)
        ?.join('-') ?? 'other'
    }${number === 1 ? '' : `-${number}`}`,
    files,
    results: count,
  }));
}

/** Octets of everything in a directory of results. */
export const sizeOf = (dir: string): number => readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);

/** The page that leads to the pages of the parts. */
export const indexPage = (title: string, parts: readonly Part[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeMarkup(title)}</title>
<style>body { font: 16px/1.5 sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; } li { margin: 0.5em 0; }</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
<p>These results are too many for one page:</p>
<ul>
${parts.map(({ name, slug, results }) => `<li><a href="${slug}/index.html">${escapeMarkup(name)}</a> – ${results} results</li>`).join('\n')}
</ul>
</body>
</html>
`;

import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { indexPage, PAGE_OCTETS, partsOf, sizeOf } from './allure-parts.js';
import { allureCategories } from './allure-results.js';
import { externalLoads, sealed, withoutAnalytics } from './offline.js';

/** Directory of the Allure report of a run, inside the directory of the run. */
export const allureReportName = 'allure-report';

/** The Allure report cannot be made, or would not be readable offline; the message says why. */
export class AllureHtmlError extends Error {
  readonly code = 'ALLURE_REPORT';
}

// The generator is half a second of modules: only a run that wants the report pays for them.
const generator = async () => {
  const [{ AllureReport, FileSystemReportFiles }, { default: AwesomePlugin }] = await Promise.all([
    import('@allurereport/core'),
    import('@allurereport/plugin-awesome'),
  ]);
  return { AllureReport, FileSystemReportFiles, AwesomePlugin };
};

/** Loads the generator ahead of its use, about half a second of work that can pass while a run waits for its IUT. */
export async function preloadAllureHtml(): Promise<void> {
  await generator();
}

async function filesOf(dir: string, endings: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile() && endings.some(ending => entry.name.endsWith(ending)))
    .map(entry => join(entry.parentPath, entry.name));
}

async function seal(outDir: string): Promise<void> {
  for (const file of await filesOf(outDir, ['.html', '.js', '.css'])) {
    const generated = await readFile(file, 'utf8');
    const offline = file.endsWith('.html') ? sealed(withoutAnalytics(generated)) : generated;
    const external = externalLoads(offline);
    if (external.length > 0) {
      throw new AllureHtmlError(
        `${file}: expected a report that loads nothing from outside, got ${external.join(', ')}; this version of Allure is not supported`,
      );
    }
    if (offline !== generated) await writeFile(file, offline);
  }
}

/** One page of results, each read from its directory or, of a part, file by file. */
async function generatePage(
  outDir: string,
  title: string,
  expected: number,
  read: (report: { readDirectory(dir: string): Promise<void>; readFile(file: string): Promise<void> }) => Promise<void>,
): Promise<void> {
  const { AllureReport, FileSystemReportFiles, AwesomePlugin } = await generator();
  const options = { singleFile: true, reportName: title, reportLanguage: 'en', groupBy: ['epic', 'feature', 'story'] };
  const report = new AllureReport({
    name: title,
    output: outDir,
    open: false,
    port: undefined,
    reportFiles: new FileSystemReportFiles(outDir),
    plugins: [{ id: 'awesome', enabled: true, options, plugin: new AwesomePlugin(options) }],
    categories: {
      rules: allureCategories.map(({ name, message, status }) => ({
        name,
        matchers: { statuses: [status], message: new RegExp(`^${message}`) },
      })),
    },
  });
  await report.start();
  await read(report);
  // The generator writes unreadable results to the console and goes on; a report must not lose any.
  const count = (await report.store.allTestResults({ includeRetries: true })).length;
  await report.done();
  if (count !== expected) throw new AllureHtmlError(`${outDir}: expected ${expected} results in the report, got ${count}`);
  await seal(outDir);
}

/**
 * Makes a report of Allure results: one `index.html` that opens from the disk and loads nothing from any network; of more results than
 * `most` octets, one such page for each kind of IUT, and an `index.html` that leads to them.
 */
export async function generateAllureHtml(
  resultsDir: string,
  outDir: string,
  { title, most = PAGE_OCTETS }: { readonly title: string; readonly most?: number },
): Promise<void> {
  // The generator only adds files; what an earlier report left must not stand beside this one.
  await rm(outDir, { recursive: true, force: true });
  if (sizeOf(resultsDir) <= most) {
    const expected = (await filesOf(resultsDir, ['-result.json'])).length;
    await generatePage(outDir, title, expected, report => report.readDirectory(resultsDir));
    return;
  }
  const parts = partsOf(resultsDir, most);
  const shared = ['environment.properties', 'categories.json'].map(name => join(resultsDir, name)).filter(existsSync);
  for (const { name, slug, files, results } of parts)
    await generatePage(join(outDir, slug), `${title} – ${name}`, results, async report => {
      for (const file of [...shared, ...files]) await report.readFile(file);
    });
  await writeFile(join(outDir, 'index.html'), indexPage(title, parts));
}

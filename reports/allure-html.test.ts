import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type Browser, chromium, type Page } from 'playwright-core';
import { generateAllureHtml } from './allure-html.js';
import { partsOf, sizeOf } from './allure-parts.js';
import { directory } from './fixtures/directory.js';
import { goldenRecord } from './fixtures/record.js';
import { writeReports } from './index.js';
import { externalLoads } from './offline.js';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

interface Opened {
  readonly page: Page;
  /** Everything the page asked for that is not a file or part of the page. */
  readonly outside: readonly string[];
  readonly problems: readonly string[];
}

async function open(browser: Browser, file: string): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1600 }, reducedMotion: 'reduce' });
  const outside: string[] = [];
  const problems: string[] = [];
  page.on('pageerror', error => problems.push(error.message));
  page.on('console', message => message.type() === 'error' && problems.push(message.text()));
  await page.route(/^(?!file:|data:|blob:)/, async route => {
    outside.push(route.request().url());
    await route.abort();
  });
  await page.goto(pathToFileURL(file).href);
  return { page, outside, problems };
}

describe('Allure report', () => {
  it('is one file that loads nothing from outside', async () => {
    await using dir = await directory();
    await writeReports(goldenRecord, dir.path, { only: ['allure-results', 'allure-report'] });
    const page = await readFile(join(dir.path, 'allure-report', 'index.html'), 'utf8');
    expect(externalLoads(page)).to.deep.equal([]);
    expect(page).to.contain('Content-Security-Policy').and.not.contain('googletagmanager');
  });

  it('fails rather than lose a result', async () => {
    await using dir = await directory();
    await writeReports(goldenRecord, dir.path, { only: ['allure-results'] });
    await writeFile(join(dir.path, 'allure-results', 'x-result.json'), '[]');
    const error = await generateAllureHtml(join(dir.path, 'allure-results'), join(dir.path, 'report'), { title: 'x' }).catch(
      (caught: unknown) => caught,
    );
    expect(error).to.have.property('message').that.contains('expected 9 results in the report, got 8');
  });
});

describe('an Allure report that one page cannot hold', () => {
  it('has a page for each kind of IUT, none of them over the limit, and loses nothing', async () => {
    await using dir = await directory();
    await writeReports(goldenRecord, dir.path, { only: ['allure-results'] });
    const results = join(dir.path, 'allure-results');
    const parts = partsOf(results, 1);
    expect(parts.map(({ slug }) => slug)).to.deep.equal(['eim', 'eim-2', 'eim-3', 'eim-4', 'eim-5', 'eim-6', 'eim-7', 'ipa']);
    expect(partsOf(results).map(({ slug, results: count }) => [slug, count])).to.deep.equal([
      ['eim', 7],
      ['ipa', 1],
    ]);
    const octets = (part: { readonly files: readonly string[] }) => part.files.reduce((sum, file) => sum + statSync(file).size, 0);
    const most = Math.max(...parts.map(octets)) * 2;
    const larger = partsOf(results, most);
    expect(larger.length).to.be.within(2, parts.length - 1);
    for (const part of larger) expect(octets(part), part.slug).to.be.at.most(most);
    const files = parts.flatMap(part => part.files).map(file => basename(file));
    const others = ['environment.properties', 'categories.json'];
    expect([...files, ...others].sort()).to.deep.equal((await readdir(results)).sort());
  });

  it('leads to its pages, which open by themselves', async () => {
    await using dir = await directory();
    await writeReports(goldenRecord, dir.path, { only: ['allure-results'] });
    const report = join(dir.path, 'report');
    const most = sizeOf(join(dir.path, 'allure-results')) - 1;
    await generateAllureHtml(join(dir.path, 'allure-results'), report, { title: 'a <b>', most });
    const page = await readFile(join(report, 'index.html'), 'utf8');
    expect(page).to.include('<h1>a &lt;b&gt;</h1>').and.include('<a href="eim/index.html">eIM</a> – 7 results');
    for (const slug of ['eim', 'ipa']) expect(externalLoads(await readFile(join(report, slug, 'index.html'), 'utf8'))).to.deep.equal([]);
  });
});

describe('reports in a browser, from the disk', () => {
  it('open offline and show the failing case', async function body() {
    if (!existsSync(executablePath)) {
      if (this.test) this.test.title += ` (skipped: no Chromium at ${executablePath}; CHROMIUM names another)`;
      this.skip();
    }
    await using dir = await directory();
    await writeReports(goldenRecord, dir.path);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const summary = await open(browser, join(dir.path, 'summary.html'));
      await summary.page.getByText('NOT CONFORMANT — 2 violated requirements').waitFor();
      expect(
        await summary.page.locator('#case-eim\\.enable\\.11-https-1').getByText('expected absent, got [1]').first().isVisible(),
      ).to.equal(true);
      expect(await summary.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'the page scrolls sideways').to.equal(true);

      const allure = await open(browser, join(dir.path, 'allure-report', 'index.html'));
      await allure.page.getByText('eim.enable.11[https]#1').first().click();
      await allure.page.getByText('Violated requirement: SGP32-3.3.1-11').first().waitFor();
      await allure.page.getByText('ProvideEimPackageResultResponse').first().waitFor();
      for (const { outside, problems } of [summary, allure]) {
        expect(outside, 'requests that leave the file').to.deep.equal([]);
        expect(problems, 'errors on the page').to.deep.equal([]);
      }
    } finally {
      await browser.close();
    }
  });
});

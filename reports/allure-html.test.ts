import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type Browser, chromium, type Page } from 'playwright-core';
import { generateAllureHtml } from './allure-html.js';
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
    const error = await generateAllureHtml([join(dir.path, 'allure-results')], join(dir.path, 'report'), { title: 'x' }).catch(
      (caught: unknown) => caught,
    );
    expect(error).to.have.property('message').that.contains('expected 9 results in the report, got 8');
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

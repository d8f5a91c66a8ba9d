import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from './root.js';

const pages = ['README.md', 'bench/README.md', ...readdirSync(join(packageRoot, 'docs')).map(name => `docs/${name}`)].filter(p =>
  p.endsWith('.md'),
);

/** Headings as their anchors. */
const anchors = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Links of a page to files and headings that are not there. */
const broken = (page: string, text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^https?:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? join(packageRoot, page) : join(packageRoot, dirname(page), path);
    if (!existsSync(file)) return [`${page}: ${link}`];
    const isThere = anchor === undefined || anchors(path === '' ? text : readFileSync(file, 'utf8')).includes(anchor);
    return isThere ? [] : [`${page}: ${link}`];
  });

describe('the pages of documentation', () => {
  for (const page of pages)
    it(`${page} has links that lead somewhere`, () => {
      expect(broken(page, readFileSync(join(packageRoot, page), 'utf8'))).to.deep.equal([]);
    });

  it('are noticed when a file or a heading is not there', () => {
    expect(broken('docs/x.md', '[a](absent.md) [b](errors.md#classes) [c](errors.md#clases) [d](https://x.example)')).to.deep.equal([
      'docs/x.md: absent.md',
      'docs/x.md: errors.md#clases',
    ]);
  });

  it('are all named in the README', () => {
    const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
    expect(pages.filter(page => page !== 'README.md' && !readme.includes(`(${page})`))).to.deep.equal([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { allIdeas, coverageOf, coveragePage, readIdeas } from './coverage.js';
import type { Case } from './language/ast.js';
import { prepareCatalogue } from './prepare.js';
import { packageRoot } from './root.js';

const some = (source: string, ...rows: string[]) =>
  ({ id: 'eim.x.01', source, title: '', over: [], table: rows.map(name => ({ name })) }) as unknown as Case;

describe('coverage', () => {
  it('finds a case or a reason for every check of the catalogue', () => {
    const { cases } = prepareCatalogue();
    const gaps = [...allIdeas()].map(([role, ideas]) => {
      const { missing, wrong } = coverageOf(
        cases.filter(c => c.iut === role),
        ideas,
      );
      return { role, missing, wrong };
    });
    expect(gaps).to.have.length.above(0);
    expect(gaps.filter(gap => gap.missing.length + gap.wrong.length > 0)).to.deep.equal([]);
  });

  it('has no requirement that neither a case nor a check of every message looks at', () => {
    const { requirements, texts } = prepareCatalogue();
    const sources = ['sim', 'suites'].flatMap(folder =>
      readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
        .filter(name => /(?<!\.test|\.d)\.ts$/.test(name))
        .map(name => readFileSync(join(packageRoot, folder, name), 'utf8')),
    );
    const scripts = [...texts].filter(([file]) => !file.includes('/requirements/')).map(([, text]) => text);
    const named = new Set([...scripts, ...sources].join('\n').match(/\bSGP\d\d-[\w.]+-\d+\b/g));
    expect(requirements.size).to.be.above(600);
    expect([...requirements.keys()].filter(id => !named.has(id))).to.deep.equal([]);
  });

  it('tests an eIM or IPA that has JSON or CoAPs alone by all that is not about HTTPS with ASN.1', () => {
    const { cases } = prepareCatalogue();
    const alone = cases.filter(c => (c.iut === 'eim' || c.iut === 'ipa') && c.over.map(({ link }) => link).join() === 'https');
    expect([...new Set(alone.map(({ id }) => id.split('.').slice(0, 2).join('.')))]).to.deep.equal(['eim.http', 'ipa.http']);
  });

  it('has a page that is up to date', () => {
    const page = readFileSync(join(packageRoot, 'docs', 'coverage.md'), 'utf8');
    expect(page, 'run `npm run docs`').to.equal(coveragePage(prepareCatalogue()));
  });

  it('notices a check without case and reason, one that does not exist, and a reason that no longer holds', () => {
    const ideas = readIdeas('prefix: EIM\nnumbers: ["001..003", "005"]\nleftOut: { EIM-003: later }');
    expect(ideas.ids).to.deep.equal(['EIM-001', 'EIM-002', 'EIM-003', 'EIM-005']);
    const found = coverageOf([some('SGP.32, 1 (EIM-001, EIM-003)', 'a row (EIM-009)')], ideas);
    expect(found.missing).to.deep.equal(['EIM-002', 'EIM-005']);
    expect(found.wrong).to.deep.equal(['EIM-009', 'EIM-003']);
    expect(found.rows[0]).to.deep.equal({ id: 'EIM-001', places: ['eim.x.01'], reason: '' });
  });
});

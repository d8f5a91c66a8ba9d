import { expect } from 'chai';
import { expectGolden } from './fixtures/golden.js';
import { goldenRecord } from './fixtures/record.js';
import { type Element, elements, parseXml } from './fixtures/xml.js';
import { junit } from './junit.js';

const root = parseXml(junit(goldenRecord));
const cases = elements(root, 'testcase');
const outcomeOf = (element: Element | undefined) => element?.children.find(({ name }) => ['failure', 'error', 'skipped'].includes(name));
const named = (start: string) => cases.find(({ attributes }) => attributes.name?.startsWith(start));

describe('junit.xml', () => {
  it('is the golden file', () => expectGolden('junit.xml', junit(goldenRecord)));

  it('holds every planned sequence once, under the section it covers first', () => {
    expect(cases).to.have.length(8);
    expect(elements(root, 'testsuite').map(({ attributes }) => attributes.name)).to.deep.equal([
      'no section',
      'SGP.32 3.2.3',
      'SGP.32 3.3.1',
      'SGP.32 3.5.1',
      'SGP.32 6.1.2',
    ]);
  });

  it('tells fail, inconclusive, error, cannot run and not applicable apart', () => {
    const outcome = (start: string) => {
      const found = outcomeOf(named(start));
      return [found?.name, found?.attributes.type];
    };
    expect(outcome('eim.enable.01')).to.deep.equal([undefined, undefined]);
    expect(outcome('eim.enable.11[https]#1')).to.deep.equal(['failure', 'fail']);
    expect(outcome('eim.hostile.01')).to.deep.equal(['error', 'inconclusive']);
    expect(outcome('ipa.poll.02')).to.deep.equal(['error', 'error']);
    expect(outcome('eim.disable.04')).to.deep.equal(['error', 'cannotRun']);
    expect(outcome('eim.indirect.01')).to.deep.equal(['skipped', undefined]);
  });

  it('counts what it holds', () => {
    expect(root.attributes).to.include({ tests: '8', failures: '2', errors: '3', skipped: '1' });
    const sum = (name: string) => elements(root, 'testsuite').reduce((total, { attributes }) => total + Number(attributes[name]), 0);
    expect([sum('tests'), sum('failures'), sum('errors'), sum('skipped')]).to.deep.equal([8, 2, 3, 1]);
  });

  it('says where and why, with the last words of a crashed IUT', () => {
    expect(outcomeOf(named('eim.enable.11[https]#1'))?.text)
      .to.contain('11-wrong-signature.yaml:15:28')
      .and.contain('^ expected absent, got [1]');
    expect(elements(root, 'system-out').map(({ text }) => text)).to.include('coap: block2 szx 6\nSegmentation fault (core dumped)\n');
  });

  it('reports a planned sequence that was not recorded as an error', () => {
    const parsed = parseXml(junit({ ...goldenRecord, sequences: goldenRecord.sequences.slice(1) }));
    expect(elements(parsed, 'error').map(({ attributes }) => attributes.type)).to.include('notRecorded');
  });
});

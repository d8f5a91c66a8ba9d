import { expect } from 'chai';
import { diagram } from './diagram.js';
import { expectGolden } from './fixtures/golden.js';
import { goldenRecord } from './fixtures/record.js';
import { hostile } from './fixtures/sequences.js';
import { elements, parseXml } from './fixtures/xml.js';
import type { SequenceRecord } from './record.js';

const sequence = (key: string): SequenceRecord => {
  const found = goldenRecord.sequences.find(one => one.key === key);
  if (!found) throw new Error(`the fixture has ${key}`);
  return found;
};

const textOf = (svg: string) =>
  elements(parseXml(svg), 'text').map(({ text, children }) => text + children.map(child => child.text).join(''));

describe('sequence diagram', () => {
  it('is the golden drawing', () => expectGolden('sequence.svg', diagram(sequence('eim.enable.11[https]#1'))));

  it('marks edited messages and failed checks', () => {
    const texts = textOf(diagram(sequence('eim.enable.11[https]#1')));
    expect(texts).to.include('1  ProvideEimPackageResult ✎');
    expect(texts).to.include('2  ProvideEimPackageResultResponse ✗');
  });

  it('draws what the operator did', () => {
    const texts = textOf(diagram(sequence('eim.enable.01[https]')));
    expect(texts).to.include.members(['Operator', 'queueEnable', 'by prompt: A. Tester', 'eIM (IUT)', 'S_IPA']);
  });

  it('says why a sequence ended when no message shows it', () => {
    expect(textOf(diagram(sequence('eim.package.03[coaps]'))).join(' ')).to.contain(
      '✗ no GetEimPackageResponse: the process of the IUT ended',
    );
    expect(textOf(diagram(sequence('ipa.poll.02[https]'))).join(' ')).to.contain('! HARNESS_ROLE_THREW');
  });

  it('is well-formed with hostile text', () => {
    const texts = textOf(diagram(sequence('eim.hostile.01[https]#1')));
    expect(texts.join(' ')).to.contain(hostile.slice(0, 30));
  });
});

import { expect } from 'chai';
import { eimDefects } from './eim.js';
import { eimCounterDefects, eimOperationDefects, eimPackagingDefects } from './eim-package.js';
import { eimVariantGroups, eimVariants } from './eim-variants.js';

describe('deviations of an eIM', () => {
  it('each say in one sentence what such an eIM does', () => {
    for (const [name, { does }] of [...Object.entries(eimDefects), ...Object.entries(eimVariants)]) {
      expect(name).to.match(/^[a-z][A-Za-z0-9]+$/);
      expect(does, name).to.match(/^\S[^.]*(\.\d[^.]*)*\.$/);
    }
  });

  it('each differ from the reference in something', () => {
    for (const [name, deviation] of [...Object.entries(eimDefects), ...Object.entries(eimVariants)])
      expect(Object.keys(deviation), name).to.have.length.above(1);
  });

  it('have one name each, also across files', () => {
    const names = [eimOperationDefects, eimPackagingDefects, eimCounterDefects].flatMap(Object.keys);
    expect(new Set(names).size).to.equal(names.length);
    expect(Object.keys(eimVariants).filter(name => Object.hasOwn(eimDefects, name))).to.deep.equal([]);
  });

  it('are tried all: every variant is in one group', () => {
    expect(eimVariantGroups.flat().toSorted()).to.deep.equal(Object.keys(eimVariants).toSorted());
  });

  it('do not get in the way of each other within a group', () => {
    for (const group of eimVariantGroups)
      for (const part of ['certificate', 'offer'] as const)
        expect(group.filter(name => eimVariants[name]?.tls?.[part] !== undefined)).to.have.length.below(2);
  });
});

import { expect } from 'chai';
import { SPECS, type Type } from '#protocol/asn1/type.js';
import { typeNamed, typeNames } from '#protocol/registry.js';
import { fieldNamed, fieldsOf, layout, varies } from './layout.js';

const named = (name: string): Type => {
  const type = typeNamed(name);
  if (!type) throw new Error(name);
  return type;
};

/** What a type looks like in a version, down to its leaves. */
const shape = (type: Type, spec: (typeof SPECS)[number], above: readonly Type[] = []): unknown => {
  const one = layout(type, spec);
  if (above.includes(one)) return 'as above';
  const inner = (next: Type): unknown => shape(next, spec, [...above, one]);
  return [
    one.kind,
    [...(one.names ?? [])],
    one.element ? inner(one.element) : [],
    fieldsOf(one, spec).map(field => [field.name, inner(field.type)]),
  ];
};

describe('the layout of types', () => {
  it('is the same in all versions for a type of which it is said so', () => {
    const [varying, same] = [true, false].map(wanted => typeNames().filter(name => varies(named(name)) === wanted));
    expect(varying).to.include('EuiccPackageResult');
    expect(same).to.include.members(['EnableProfileRequest', 'Octet8']);
    for (const name of same ?? []) {
      const [first, ...others] = SPECS.map(spec => JSON.stringify(shape(named(name), spec)));
      expect(
        others.filter(one => one !== first),
        name,
      ).to.deep.equal([]);
    }
  });

  it('has the fields of the version that is asked for, whichever was asked for before', () => {
    const type: Type = {
      kind: 'sequence',
      name: 'T',
      section: '',
      tag: 0x30,
      fields: [
        { name: 'old', type: named('Octet8'), optional: false, until: '1.1' },
        { name: 'new', type: named('Octet8'), optional: false, since: '1.2' },
      ],
    };
    const names = (spec?: '1.0' | '1.3') => fieldsOf(type, spec).map(field => field.name);
    expect([names(), names('1.0'), names('1.3'), names()]).to.deep.equal([['old', 'new'], ['old'], ['new'], ['old', 'new']]);
    expect([fieldNamed(type, 'old', '1.3'), fieldNamed(type, 'old')?.name]).to.deep.equal([undefined, 'old']);
    expect(varies(type)).to.equal(true);
  });
});

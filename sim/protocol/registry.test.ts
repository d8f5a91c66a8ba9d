import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Compiled, compile } from './asn1/compile.js';
import { fromHex, tagHex } from './asn1/tlv.js';
import { choice, nil, optional, SPECS, sequence } from './asn1/type.js';
import { recognise } from './recognise.js';
import { allTypes, guessTypes, type Module, moduleOf, typeNamed, typeNames } from './registry.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? expect.fail(`not hex: ${text}`);
const names = (text: string): readonly string[] => guessTypes(octets(text)).map(type => type.name);
const reading = (text: string): string | undefined => {
  const message = recognise(octets(text));
  return message?.ok ? `${moduleOf(message.type)} ${message.type.name}` : undefined;
};

/** Fields among which a decoder must choose by the tag, as lists: all alternatives, or a run of members up to a mandatory one. */
const decisions = (c: Compiled): readonly (readonly Compiled['fields'][number][])[] => {
  if (c.kind === 'choice') return [c.fields];
  if (c.kind !== 'sequence') return [];
  return c.fields.map((_, from) => {
    const stop = c.fields.findIndex((field, at) => at >= from && !field.optional);
    return c.fields.slice(from, stop < 0 ? undefined : stop + 1);
  });
};
const clashes = (c: Compiled, seen = new Set<Compiled>()): readonly string[] => {
  if (seen.has(c)) return [];
  seen.add(c);
  const own = decisions(c).flatMap(fields => {
    const tags = fields.flatMap(field => [...field.starts]);
    return tags.filter((tag, at) => tags.indexOf(tag) !== at).map(tag => `${c.type.name} has ${tagHex(tag)} twice`);
  });
  const inner = [...c.fields.map(field => field.compiled), ...(c.element ? [c.element] : [])];
  return [...own, ...inner.flatMap(i => clashes(i, seen))];
};

describe('type registry', () => {
  it('knows all types of both documents', () => {
    expect(allTypes().length).to.be.at.least(250);
    expect(typeNames()).to.include.members(['GetEimPackageRequest', 'EuiccPackageResult', 'BoundProfilePackage', 'EUICCInfo1']);
  });

  it('finds every type by its name and module', () => {
    for (const type of allTypes()) expect(typeNamed(type.name, moduleOf(type)), type.name).to.equal(type);
  });

  it('gives the section of the specification for every type', () => {
    for (const type of allTypes()) expect(type.section, type.name).to.match(/^SGP\.(32|22) (\d+(\.\d+)*|Annex [A-Z])$/);
  });

  it('finds the SGP.32 flavour of a shared name unless SGP.22 is asked for', () => {
    const found = ['SGP.32', 'SGP.22'].map(module => typeNamed('EUICCInfo2', module as Module));
    expect(found.map(type => type?.section)).to.deep.equal(['SGP.32 5.9.2', 'SGP.22 5.7.8']);
    expect(typeNamed('EUICCInfo2')).to.equal(found[0]);
  });

  it('finds no SGP.32 type when SGP.22 is asked for', () => {
    expect(typeNamed('GetEimPackageRequest', 'SGP.22')).to.equal(undefined);
  });

  it('has no type of an unknown name', () => {
    expect(typeNamed('GetEimPackage')).to.equal(undefined);
  });

  it('would notice two members with the same tag', () => {
    const both = { a: optional(nil('80')), b: nil('80') };
    expect(clashes(compile(choice('A0', both), '1.2'))).to.deep.equal([' has 80 twice']);
    expect(clashes(compile(sequence('30', both), '1.2'))).to.deep.equal([' has 80 twice']);
    expect(clashes(compile(sequence('30', { ...both, a: nil('80') }), '1.2'))).to.deep.equal([]);
  });

  for (const spec of SPECS) {
    it(`lets a tag decide everywhere in v${spec}: no alternative or optional member shares one`, () => {
      expect(allTypes().flatMap(type => clashes(compile(type, spec)))).to.deep.equal([]);
    });
  }
});

describe('guessing the type of a message', () => {
  it('offers request and response of a tag', () => {
    expect(names('BF4F00')).to.deep.equal([
      'GetEimPackageResponse',
      'GetEimPackageRequest',
      'EsipaMessageFromEimToIpa',
      'EsipaMessageFromIpaToEim',
    ]);
  });

  it('puts SGP.32 before SGP.22', () => {
    const modules = guessTypes(octets('BF3B00')).map(moduleOf);
    expect(modules.indexOf('SGP.22')).to.be.greaterThan(0);
    expect(names('BF3B00')[0]).to.match(/Esipa$/);
  });

  it('offers the tag that a type had in an older version', () => {
    expect(names('BF3400').slice(0, 2)).to.deep.equal(['EuiccMemoryResetResponse', 'EuiccMemoryResetRequest']);
    expect(guessTypes(octets('BF3400')).map(moduleOf)).to.include('SGP.32');
  });

  it('offers nothing for an unknown tag, a primitive and no octets at all', () => {
    for (const text of ['BF7F00', '020100', '']) expect(guessTypes(octets(text)), text).to.deep.equal([]);
  });
});

describe('recognising a message', () => {
  it('reads a response where the request has the same tag and would accept it', () => {
    expect(reading('BF54053003800168')).to.equal('SGP.32 ProfileDownloadTriggerResult');
    expect(reading('BF5400')).to.equal('SGP.32 ProfileDownloadTriggerRequest');
  });

  it('tells a flag from a result code', () => {
    expect(reading('BF5D038001FF')).to.equal('SGP.32 ExecuteFallbackMechanismRequest');
    expect(reading('BF5D03800106')).to.equal('SGP.32 ExecuteFallbackMechanismResponse');
  });

  it('tells an address from a result code', () => {
    expect(reading('BF65128010736D64702E6578616D706C652E636F6D')).to.equal('SGP.32 SetDefaultDpAddressRequest');
    expect(reading('BF6503800100')).to.equal('SGP.32 SetDefaultDpAddressResponse');
  });

  it('reads an ES9+ body by its wrapper', () => {
    expect(reading('A206BF4103810101')).to.equal('SGP.22 RemoteProfileProvisioningResponse');
    expect(reading('BF4103810101')).to.equal('SGP.32 CancelSessionResponseEsipa');
  });

  it('reads the worked examples as what they are', () => {
    const file = new URL('../../../sim/protocol/fixtures/messages.ndjson', import.meta.url);
    const rows: readonly (readonly [string, string, string, string, string, string, object | null])[] = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    const wrong = rows
      .filter(row => row[4] === 'example')
      .filter(([, type, , , , text, value]) => {
        const found = recognise(octets(text));
        const [alternative = ''] = Object.keys(value ?? {});
        return !found?.ok || ![type, alternative].some(name => name.toLowerCase() === found.type.name.toLowerCase());
      });
    // refreshFlag FALSE and the result ok have the same octets.
    expect(wrong.map(([name]) => name)).to.deep.equal(['ImmediateEnableRequest']);
  });

  it('keeps the best attempt of a damaged message', () => {
    const message = recognise(octets('BF4F155A1089049032123451234512345678901235800100'));
    expect(message?.ok).to.equal(false);
    expect(message?.type.name).to.equal('GetEimPackageRequest');
    expect(message?.diagnostics.map(d => d.path)).to.deep.equal(['notifyStateChange']);
  });

  it('recognises nothing in an unknown tag', () => {
    expect(recognise(octets('BF7F00'))).to.equal(undefined);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { typeNamed, typeNames } from '#protocol/registry.js';
import { packageRoot } from '../root.js';
import { isValid } from './fixtures/json-schema-validator.js';
import { CASE as CORRECT } from './fixtures/lint.js';
import { generated } from './generated.js';
import { caseSchema } from './json-schema.js';

describe('generated files', () => {
  for (const { path, text } of generated())
    it(`${relative(packageRoot, path)} is up to date (node dist/suites/language/generate.js)`, () => {
      expect(existsSync(path) && readFileSync(path, 'utf8') === text).to.equal(true);
    });
});

describe('the editor schema', () => {
  const schema = caseSchema({ typeNamed, typeNames }, { euicc: ['eid', 'eims'], ipa: ['card'] });
  const open = caseSchema({ typeNamed, typeNames });
  const examples = join(packageRoot, 'suites', 'language', 'fixtures', 'examples');
  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter(path =>
    /(eim|ipa|euicc|procedures)\/.*\.yaml$/.test(path),
  );

  for (const file of files)
    it(`accepts the example ${file}`, () => {
      expect(isValid(open, parse(readFileSync(join(examples, file), 'utf8')))).to.equal(true);
    });

  it('accepts the case that all mistakes are made from', () => {
    expect(isValid(schema, parse(CORRECT))).to.equal(true);
  });

  const refused: Readonly<Record<string, readonly [old: string, replacement: string]>> = {
    'a header that does not exist': ['when:', 'wehn:'],
    'a missing header': ['covers: [SGP32-3.3.1-01]\n', ''],
    'a verb that does not exist': ['ipa.expect:', 'ipa.expcet:'],
    'a type that does not exist': ['GetEimPackageResponse', 'GetEimPackageResponze'],
    'a word of another verb': ['    with: { eidValue: $EID1 }', '    optional: true'],
    'a configuration key that does not exist': ['card: euicc', 'crad: euicc'],
    'an actor that does not exist': ['  ipa: {', '  lpa: {'],
    'an edit that does not exist': ['    with: { eidValue: $EID1 }', '    corrupt: [{ dorp: eidValue }]'],
    'an edit without its word': ['    with: { eidValue: $EID1 }', '    corrupt: [{ flip: eidValue }]'],
  };
  for (const [what, [old, replacement]] of Object.entries(refused))
    it(`refuses ${what}`, () => {
      expect(CORRECT).to.contain(old);
      expect(isValid(schema, parse(CORRECT.replace(old, replacement)))).to.equal(false);
    });

  it('offers the fields of a message below its type', () => {
    const text = JSON.stringify(open);
    expect(text).to.contain(
      '{"if":{"patternProperties":{"^(eim|ipa|euicc|smdp|smds)[0-9]?\\\\.expect$":{"const":"GetEimPackageResponse"}}},"then":{"properties":{"match":{"$ref":"#/$defs/type.GetEimPackageResponse"}}}}',
    );
  });
});

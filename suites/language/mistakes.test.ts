import { expect } from 'chai';
import { CODES } from './codes.js';
import { formatDiagnostics } from './diagnostics.js';
import { CASE, lint, type Mistake, PATH } from './fixtures/lint.js';
import { MISTAKES as IN_FILES } from './fixtures/mistakes-in-files.js';
import { MISTAKES as IN_SHAPES } from './fixtures/mistakes-in-shapes.js';
import { MISTAKES as IN_STEPS } from './fixtures/mistakes-in-steps.js';
import { MISTAKES as IN_VALUES } from './fixtures/mistakes-in-values.js';

const GROUPS: Readonly<Record<string, readonly Mistake[]>> = {
  'in files and headers': IN_FILES,
  'in the shape of YAML': IN_SHAPES,
  'in steps': IN_STEPS,
  'in values': IN_VALUES,
};

describe('mistakes in test cases', () => {
  it('are none in the case that all others are made from', () => {
    const { diagnostics, texts } = lint({});
    expect(formatDiagnostics(diagnostics, texts)).to.equal('');
  });

  it('are none in a case with a step of its own for every version', () => {
    const step = (when: string) =>
      `  - ipa.expect: GetEimPackageResponse\n    if: ${when}\n    match: { $oneOf: [{ eimPackageError: $any as error }, { eimPackageError: $any as error }] }\n`;
    const { diagnostics, texts } = lint({
      [PATH]: CASE.replace(
        'steps:\n',
        `steps:\n  - ipa.send: GetEimPackageRequest\n${step('since 1.2')}${step('until 1.1')}  - check: $error\n    match: 1\n`,
      ),
    });
    expect(formatDiagnostics(diagnostics, texts)).to.equal('');
  });

  for (const [where, mistakes] of Object.entries(GROUPS))
    describe(where, () => {
      for (const [found, ...expected] of mistakes)
        it(expected[0] ?? '', () => {
          expect(found()).to.deep.equal(expected);
        });
    });

  it('are printed with the line and a mark, all of one file together', () => {
    const broken = CASE.replace('- ipa.expect: Get', '- ipa.expcet: Get')
      .replace('send: GetEimPackageRequest', 'send: GetEimPackageRequst')
      .replace('$ICCID }', '#ICCID\n    }')
      .replace('match: { state: succeeded }', 'mach: { state: succeeded }');
    const { diagnostics, texts } = lint({ [PATH]: broken });
    expect(formatDiagnostics(diagnostics, texts)).to.equal(
      [
        `${PATH}:13:32: null is never a value here (YAML reads " #NAME" as a comment; constants are written $NAME)`,
        '   13 |     with: { eid: $EID1, iccid: #ICCID',
        '      |                                ^',
        `${PATH}:17:15: no ASN.1 type "GetEimPackageRequst" - did you mean "GetEimPackageRequest"?`,
        '   17 |   - ipa.send: GetEimPackageRequst',
        '      |               ^',
        `${PATH}:19:5: no verb in this step - did you mean "ipa.expect"?; verbs: <actor>.send, <actor>.expect, operator, call, check, set, unordered, repeat, wait`,
        '   19 |   - ipa.expcet: GetEimPackageResponse',
        '      |     ^',
        `${PATH}:26:5: unknown key "mach" - did you mean "match"?`,
        '   26 |     mach: { state: succeeded }',
        '      |     ^',
      ].join('\n'),
    );
  });

  it('are shown of every kind', () => {
    const shown = Object.values(GROUPS)
      .flat()
      .flatMap(([, ...expected]) => expected.map(line => / ([a-z-]+): /.exec(line)?.[1]));
    expect(Object.keys(CODES).filter(code => !shown.includes(code))).to.deep.equal([]);
  });
});

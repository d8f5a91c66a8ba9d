import { expect } from 'chai';
import { typeNamed, typeNames } from '#protocol/registry.js';
import { CODES, type Code } from './codes.js';
import { formatDiagnostics } from './diagnostics.js';
import { type LoadRules, readCatalogue } from './load.js';

const CATALOGUE: Readonly<Record<string, string>> = {
  'constants.yaml': 'EID1: 89049032123451234512345678901235\nICCID: 989209012143658709F5\n',
  'settings.yaml': 'IUT_EIM_ID: { role: eim, question: Which eimId is used?, source: own }\n',
  'options.yaml':
    'O_S_PKG: { role: eim, question: Does it?, source: own }\nO_S_TRID: { role: eim, question: Does it?, source: own }\nO_E_NIST: { role: euicc, question: Does it?, source: own }\n',
  'operator-actions.yaml':
    'queueEnable: { of: eim, with: [eid, iccid, rollback?], gives: [order], does: queue an enable }\norderState: { of: eim, with: [order], gives: [state], does: tell the state }\nresetCard: { of: euicc, does: reset the card }\n',
  'requirements/all.yaml': 'SGP32-3.3.1-01: { section: 3.3.1, level: shall, text: An eIM does it. }\n',
  'procedures/fetch-package.yaml':
    'procedure: fetchPackage\ntitle: Fetch a package as the IPA\nparams: [eid, wait?]\nreturns: [counter]\nsteps:\n  - ipa.send: GetEimPackageRequest\n    with: { eidValue: $eid }\n  - ipa.expect: GetEimPackageResponse\n    match: { euiccPackageRequest.euiccPackageSigned.counterValue: $any as counter }\n  - set: { seconds: $wait }\n',
};
const CASE = `id: eim.enable.01
title: Enable a profile and look at the result
source: SGP.33-3 v1.2
iut: eim
when: O_S_PKG
over: { https: O_S_PKG }
covers: [SGP32-3.3.1-01]
actors:
  euicc: { eid: $EID1, eims: [iut] }
  ipa: { card: euicc }
before:
  - operator: queueEnable
    with: { eid: $EID1, iccid: $ICCID }
    match: { order: $any as order }
steps:
  - ipa.send: GetEimPackageRequest
    with: { eidValue: $EID1 }
  - ipa.expect: GetEimPackageResponse
    match:
      euiccPackageRequest.euiccPackageSigned:
        counterValue: $range(1..65535) as counter
        eimTransactionId: $bytes(1..16) if O_S_TRID else $absent
  - operator: orderState
    with: { order: $order }
    match: { state: succeeded }
`;
const RULES: LoadRules = {
  types: { typeNamed, typeNames },
  actorKeys: { euicc: ['eid', 'eims'], ipa: ['card', 'link'] },
  links: ['https', 'coaps'],
};
const PATH = 'eim/enable/01-result.yaml';

const lint = (changes: Readonly<Record<string, string>>, rules: LoadRules = RULES) => {
  const files = { ...CATALOGUE, [PATH]: CASE, ...changes };
  return readCatalogue(
    Object.entries(files).map(([path, text]) => ({ path, file: path, text })),
    rules,
  );
};
const seen = new Set<string>();
/** What is reported when one piece of the case (or of another file) is replaced by another. */
const report = (old: string, replacement: string, path = PATH): string[] => {
  const text = path === PATH ? CASE : (CATALOGUE[path] ?? '');
  if (!text.includes(old)) throw new Error(`${path} does not contain ${old}`);
  const { diagnostics } = lint({ [path]: text.replace(old, replacement) });
  for (const one of diagnostics) seen.add(one.code);
  return diagnostics.map(
    d => `${d.at.file === PATH ? '' : `${d.at.file}:`}${d.at.line}:${d.at.column} ${d.code}: ${d.message}${d.hint ? ` - ${d.hint}` : ''}`,
  );
};

/** Steps put in place of the body. */
const body = (steps: string): string[] => report(CASE.slice(CASE.indexOf('steps:')), `steps:\n${steps}`);
/** A table put before the preamble, and a body that uses it. */
const table = (rows: string, steps: string): string[] => report(CASE.slice(CASE.indexOf('before:')), `table:\n${rows}steps:\n${steps}`);

/** The case under another path. */
const place = (path: string): string[] =>
  lint({ [PATH]: '# moved', [path]: CASE }).diagnostics.flatMap(d =>
    d.at.file === PATH ? [] : [`${d.at.line}:${d.at.column} ${d.code}: ${d.message}${d.hint ? ` - ${d.hint}` : ''}`],
  );
/** One more file. */
const again = (path: string, text: string): string[] =>
  lint({ [path]: text }).diagnostics.map(d => `${d.at.line}:${d.at.column} ${d.code}: ${d.message}${d.hint ? ` - ${d.hint}` : ''}`);
const withoutIpa = (): string[] =>
  report(CASE.slice(CASE.indexOf('  ipa: {')), 'steps:\n  - call: fetchPackage\n    with: { eid: $EID1 }\n');
const twice = (): string[] => again('eim/enable/02-again.yaml', CASE);

const ASK = '  - ipa.send: GetEimPackageRequest\n';
const SEND = '  - ipa.send: GetEimPackageRequest\n    with: { eidValue: $EID1 }\n';
const EXPECT = '  - ipa.expect: GetEimPackageResponse\n';

interface Mistake {
  readonly code: Code;
  readonly found: () => string[];
  readonly expected: readonly string[];
}
const MISTAKES: readonly Mistake[] = [
  {
    code: 'yaml-syntax',
    found: () => report('iut: eim', 'iut: eim: x'),
    expected: ['4:6 yaml-syntax: YAML: Nested mappings are not allowed in compact mappings'],
  },
  {
    code: 'yaml-key',
    found: () => report('iut: eim', 'iut: eim\n? [a]\n: b'),
    expected: ['5:3 yaml-key: a key is a plain text here, not a list or a map'],
  },
  {
    code: 'yaml-alias',
    found: () => report('source: SGP.33-3 v1.2', 'source: *x'),
    expected: ['3:9 yaml-alias: aliases (*name) are not part of the language - write the value again, or name it with "set"'],
  },
  {
    code: 'yaml-anchor',
    found: () => report('source: SGP', 'source: &x SGP'),
    expected: ['3:12 yaml-anchor: anchors (&name) are not part of the language - write a procedure'],
  },
  {
    code: 'yaml-tag',
    found: () => report('source: SGP', 'source: !x SGP'),
    expected: ['3:12 yaml-tag: tags (!x) are not part of the language - the ASN.1 type decides what a value means'],
  },
  {
    code: 'duplicate-key',
    found: () => report('iut: eim', 'iut: eim\niut: eim'),
    expected: ['5:1 duplicate-key: key "iut" stands twice; first in line 4'],
  },
  {
    code: 'null-value',
    found: () => report('eidValue: $EID1 }', 'eidValue: #EID1\n      }'),
    expected: ['17:23 null-value: null is never a value here (YAML reads " #NAME" as a comment; constants are written $NAME)'],
  },
  {
    code: 'shape',
    found: () => report('over: { https: O_S_PKG }', 'over: https'),
    expected: ['6:7 shape: expected a map of links and options, got "https"'],
  },
  {
    code: 'shape',
    found: () => report('id: eim.enable.01', 'id: enable-1'),
    expected: ['1:5 shape: expected an id such as eim.enable.01, got "enable-1"'],
  },
  {
    code: 'shape',
    found: () => report('id: eim.enable.01', 'id: ipa.enable.01'),
    expected: ['1:5 shape: expected an id that begins with "eim.", got "ipa.enable.01"'],
  },
  {
    code: 'shape',
    found: () => report('iut: eim', 'iut: emi'),
    expected: ['4:6 shape: expected eim, ipa, euicc or smdp, got "emi"'],
  },
  {
    code: 'shape',
    found: () => report('covers: [SGP32-3.3.1-01]', 'covers: SGP32-3.3.1-01'),
    expected: ['7:9 shape: expected a list, got "SGP32-3.3.1-01"'],
  },
  {
    code: 'shape',
    found: () => report('ipa: { card: euicc }', 'ipa: present'),
    expected: ['10:8 shape: expected how ipa starts, got "present" - nothing special is written ipa: {}'],
  },
  {
    code: 'shape',
    found: () => report('steps:\n', 'limit: soon\nsteps:\n'),
    expected: ['15:8 shape: expected a duration such as 300ms, 10s, 2m or 1h, got "soon"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}    optional: yes\n`),
    expected: ['19:15 shape: expected true or false, got "yes"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}    else: skip\n`),
    expected: ['19:11 shape: expected fail or inconclusive, got "skip"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}    within: soon\n`),
    expected: ['19:13 shape: expected a duration such as 300ms, 10s, 2m or 1h, got "soon"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}    verify: most\n`),
    expected: ['19:13 shape: expected all, none or a key such as $PK_S_EIMsign, got "most"'],
  },
  {
    code: 'shape',
    found: () => body('  - nothing\n'),
    expected: ['16:5 shape: expected a step, got "nothing" - a step begins with a verb, e.g. "ipa.send: Type"'],
  },
  {
    code: 'shape',
    found: () => body('  - check: state\n    match: x\n'),
    expected: ['16:12 shape: "check" looks at a value such as $ipa.link, got "state"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}  - set: [a]\n`),
    expected: ['19:10 shape: expected a map of names and values, got a list'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}  - set: { Name: $order }\n`),
    expected: ['19:12 shape: expected a name in lowerCamel, got "Name"'],
  },
  {
    code: 'shape',
    found: () => body(`  - unordered: all\n${SEND}${EXPECT}`),
    expected: ['16:16 shape: expected a list of steps, got "all"'],
  },
  {
    code: 'shape',
    found: () => body(`  - repeat: often\n    steps: []\n${SEND}${EXPECT}`),
    expected: ['16:13 shape: expected a count from 1 to 9999, got "often"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}  - repeat: 2\n    steps: []\n    until: x\n`),
    expected: ['21:12 shape: expected a map of names and patterns, got "x"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}    signWith: SK_S_EIMsign\n${EXPECT}`),
    expected: ['18:15 shape: expected a private key such as $SK_S_EIMsign, got "SK_S_EIMsign"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}    corrupt: { drop: eidValue }\n${EXPECT}`),
    expected: ['18:14 shape: expected a list of edits - e.g. [{ set: euiccPackageSigned.counterValue, to: 0 }]'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}    corrupt: [{ drop: [eidValue] }]\n${EXPECT}`),
    expected: ['18:23 shape: expected a field path, got a list'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}    corrupt: [{ flip: eidValue, bit: [1] }]\n${EXPECT}`),
    expected: ['18:38 shape: expected one value, got a list'],
  },
  {
    code: 'shape',
    found: () => body('  - ipa.send: [GetEimPackageRequest]\n  - operator: [x]\n  - call: {}\n  - ipa.expect: {}\n  - wait: []\n'),
    expected: [
      '16:15 shape: expected a type, got a list',
      '17:15 shape: expected an action, got a list',
      '18:11 shape: expected a procedure, got a map',
      '19:17 shape: expected a type or event, or a list of them, got a map',
      '20:11 shape: expected a duration such as 300ms, 10s, 2m or 1h, got a list',
    ],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}    match: { euiccPackageRequest: { $oneOf: x } }\n`),
    expected: ['19:45 shape: $oneOf takes a list of patterns, got "x"'],
  },
  {
    code: 'shape',
    found: () => body(`${SEND}${EXPECT}  - operator: orderState\n    with: [order]\n`),
    expected: ['20:11 shape: expected a map of parameters, got a list'],
  },
  {
    code: 'shape',
    found: () => table('  - one\n  - { name: b }\n', `${SEND}${EXPECT}`),
    expected: ['12:5 shape: expected a row, got "one"'],
  },
  {
    code: 'shape',
    found: () => report('EID1: 89049032123451234512345678901235', 'eid-1: 8904', 'constants.yaml'),
    expected: [
      'constants.yaml:1:1 shape: expected a constant in UPPER_SNAKE, got "eid-1"',
      '9:18 unknown-constant: no constant, setting, certificate or key "EID1"',
      '13:19 unknown-constant: no constant, setting, certificate or key "EID1"',
      '17:24 unknown-constant: no constant, setting, certificate or key "EID1"',
    ],
  },
  {
    code: 'shape',
    found: () => report('EID1: 89049032123451234512345678901235', 'EID1: [8904]', 'constants.yaml'),
    expected: [
      'constants.yaml:1:7 shape: expected a text for "EID1", got a list',
      '9:18 unknown-constant: no constant, setting, certificate or key "EID1"',
      '13:19 unknown-constant: no constant, setting, certificate or key "EID1"',
      '17:24 unknown-constant: no constant, setting, certificate or key "EID1"',
    ],
  },
  {
    code: 'shape',
    found: () => report('O_S_TRID: {', 'S_TRID: {', 'options.yaml'),
    expected: [
      'options.yaml:2:1 shape: expected an option O_…, got "S_TRID"',
      '22:44 unknown-option: no option "O_S_TRID" - did you mean "S_TRID"?',
    ],
  },
  {
    code: 'shape',
    found: () => report('{ role: eim, question: Which eimId is used?, source: own }', 'eim', 'settings.yaml'),
    expected: ['settings.yaml:1:13 shape: expected a map for "IUT_EIM_ID", got "eim"'],
  },
  {
    code: 'shape',
    found: () => report('orderState: { of: eim', 'orderState: { of: emi', 'operator-actions.yaml'),
    expected: [
      'operator-actions.yaml:2:19 shape: expected eim, ipa, euicc or smdp, got "emi"',
      '23:15 unknown-action: no operator action "orderState"',
    ],
  },
  {
    code: 'shape',
    found: () => report('level: shall', 'level: must', 'requirements/all.yaml'),
    expected: ['requirements/all.yaml:1:42 shape: expected shall or should, got "must"'],
  },
  {
    code: 'shape',
    found: () => report('SGP32-3.3.1-01: {', 'RQ1: {', 'requirements/all.yaml'),
    expected: [
      'requirements/all.yaml:1:1 shape: expected a requirement id such as SGP32-3.3.1-01, got "RQ1"',
      '7:10 unknown-requirement: no requirement "SGP32-3.3.1-01"',
    ],
  },
  {
    code: 'shape',
    found: () => report(CATALOGUE['constants.yaml'] ?? '', '- a\n', 'constants.yaml').slice(0, 1),
    expected: ['constants.yaml:1:1 shape: expected a map, got a list'],
  },
  {
    code: 'unknown-key',
    found: () => report('when: O_S_PKG', 'wehn: O_S_PKG'),
    expected: ['5:1 unknown-key: unknown key "wehn" - did you mean "when"?'],
  },
  {
    code: 'unknown-key',
    found: () => report('    match:\n      euicc', '    mach:\n      euicc'),
    expected: ['19:5 unknown-key: unknown key "mach" - did you mean "match"?'],
  },
  {
    code: 'unknown-key',
    found: () => report('{ card: euicc }', '{ crad: euicc }'),
    expected: ['10:10 unknown-key: unknown key "crad" for ipa - did you mean "card"?'],
  },
  {
    code: 'unknown-key',
    found: () => report('{ card: euicc }', '{ wire: euicc }'),
    expected: ['10:10 unknown-key: unknown key "wire" for ipa - known: card, link'],
  },
  {
    code: 'unknown-key',
    found: () => body(`${SEND}    corrupt: [{ flip: eidValue, bits: 1 }]\n${EXPECT}`),
    expected: [
      '18:33 unknown-key: unknown key "bits" - did you mean "bit"?',
      '18:17 missing-key: "flip" needs "bit": bit 0 is the most significant bit of the first content octet',
    ],
  },
  {
    code: 'unknown-key',
    found: () => body(`${SEND}    corrupt: [{ drop: eidValue, to: 1 }]\n${EXPECT}`),
    expected: ['18:33 unknown-key: unknown key "to" - "drop" takes nothing else'],
  },
  {
    code: 'unknown-key',
    found: () => body(`${SEND}${EXPECT}    match: { $oneof: [{ eimPackageError: $any }] }\n`),
    expected: ['19:14 unknown-key: unknown key "$oneof"; known: $oneOf, $contains, $each - did you mean "$oneOf"?'],
  },
  {
    code: 'unknown-key',
    found: () => report('gives: [state]', 'give: [state]', 'operator-actions.yaml'),
    expected: [
      'operator-actions.yaml:2:39 unknown-key: unknown key "give" - did you mean "gives"?',
      '25:14 unknown-parameter: no result "state" in "orderState" - it has no results',
    ],
  },
  {
    code: 'missing-key',
    found: () => report('source: SGP.33-3 v1.2\n', ''),
    expected: ['1:1 missing-key: "source" is missing - Document, version, section and test id it comes from.'],
  },
  {
    code: 'missing-key',
    found: () => report('covers: [SGP32-3.3.1-01]\n', ''),
    expected: ['1:1 missing-key: "covers" is missing - Requirement ids that the sequence shows.'],
  },
  {
    code: 'missing-key',
    found: () => report('covers: [SGP32-3.3.1-01]', 'covers: []'),
    expected: ['7:9 missing-key: "covers" names no requirement - a case shows at least one'],
  },
  {
    code: 'missing-key',
    found: () => body(`${SEND}${EXPECT}  - check: $order\n`),
    expected: ['19:5 missing-key: "match" is missing - What it must be like.'],
  },
  {
    code: 'missing-key',
    found: () => body(`${SEND}${EXPECT}  - wait: 5s\n`),
    expected: ['19:5 missing-key: "wait" needs "note": why to wait'],
  },
  {
    code: 'missing-key',
    found: () => body(`${SEND}  - ipa.expect: nothing\n`),
    expected: ['18:17 missing-key: "nothing" needs "within": how long to listen'],
  },
  {
    code: 'missing-key',
    found: () => table('  - { back: 1 }\n', `${ASK}    with: { stateChangeCause: $row.back }\n${EXPECT}`),
    expected: ['12:5 missing-key: a row needs "name": what is special in it'],
  },
  {
    code: 'missing-key',
    found: () => report('steps:\n', 'table: []\nsteps:\n'),
    expected: ['15:8 missing-key: "table" has no rows'],
  },
  {
    code: 'missing-key',
    found: () => report('level: shall, ', '', 'requirements/all.yaml'),
    expected: ['requirements/all.yaml:1:17 missing-key: "level" is missing - shall or should: a violated should is a finding, not a fail.'],
  },
  {
    code: 'missing-key',
    found: () => report('procedure: fetchPackage\n', '', 'procedures/fetch-package.yaml'),
    expected: ['procedures/fetch-package.yaml:1:1 missing-key: "procedure" is missing - Its name, in lowerCamel.'],
  },
  {
    code: 'file-name',
    found: () => place('eim/enable/result.yaml'),
    expected: ['1:1 file-name: expected a file name such as 01-what-happens.yaml, got "result.yaml"'],
  },
  {
    code: 'file-name',
    found: () => place('ipa/enable/01-result.yaml'),
    expected: ['1:1 file-name: expected this file below "eim/", found it below "ipa/" - the folder is that of the role under test'],
  },
  {
    code: 'file-name',
    found: () => place('eim/01-result.yaml'),
    expected: ['1:1 file-name: expected <role>/<area>/<file>, got "eim/01-result.yaml"'],
  },
  {
    code: 'file-name',
    found: () => report('procedure: fetchPackage', 'procedure: fetchEnable', 'procedures/fetch-package.yaml'),
    expected: [
      'procedures/fetch-package.yaml:1:1 file-name: expected the file name fetch-enable.yaml for "fetchEnable", got "fetch-package.yaml"',
    ],
  },
  {
    code: 'title',
    found: () => report('title: Enable a profile and look at the result', 'title: enable'),
    expected: ['2:8 title: expected one sentence with a capital first and no full stop, got "enable" - a title says what must happen'],
  },
  {
    code: 'title',
    found: () => report('look at the result', 'look at the result.'),
    expected: [
      '2:8 title: expected one sentence with a capital first and no full stop, got "Enable a profile and look at the result." - a title says what must happen',
    ],
  },
  {
    code: 'duration',
    found: () => body(`${SEND}${EXPECT}  - wait: 5\n    note: It needs time.\n`),
    expected: ['19:11 duration: expected a duration such as 300ms, 10s, 2m or 1h, got "5"'],
  },
  {
    code: 'condition',
    found: () => report('when: O_S_PKG', 'when: O_S_PKG and'),
    expected: ['5:18 condition: expected an option O_…, "not" or "(", got the end'],
  },
  {
    code: 'condition',
    found: () => report('https: O_S_PKG', 'https: yes'),
    expected: ['6:16 condition: expected an option O_…, "not" or "(", got "yes"'],
  },
  {
    code: 'expression',
    found: () => report('$EID1, eims', '$EID1+1, eims'),
    expected: ['9:22 expression: expected the end of the expression, got "+1"'],
  },
  {
    code: 'expression',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: $not(undefinedError) }\n`),
    expected: [
      `19:36 expression: expected a number, 'text', $name or $function, got "undefinedError)" - write $undefinedError or 'undefinedError'`,
    ],
  },
  {
    code: 'duplicate-id',
    found: () => twice(),
    expected: ['1:5 duplicate-id: the id "eim.enable.01" is also that of eim/enable/01-result.yaml - ids are never used twice'],
  },
  {
    code: 'duplicate-id',
    found: () => again('requirements/more.yaml', 'SGP32-3.3.1-01: { section: 3.3.1, level: shall, text: Again. }\n'),
    expected: ['1:1 duplicate-id: requirement "SGP32-3.3.1-01" is in two files'],
  },
  {
    code: 'duplicate-id',
    found: () => again('procedures/more.yaml', CATALOGUE['procedures/fetch-package.yaml'] ?? ''),
    expected: ['1:12 duplicate-id: two files define the procedure "fetchPackage"'],
  },
  {
    code: 'duplicate-row',
    found: () => table('  - { name: a }\n  - { name: a }\n', `${SEND}${EXPECT}`),
    expected: ['13:5 duplicate-row: two rows are named "a"'],
  },
  {
    code: 'unknown-requirement',
    found: () => report('covers: [SGP32-3.3.1-01]', 'covers: [SGP32-3.3.1-10]'),
    expected: ['7:10 unknown-requirement: no requirement "SGP32-3.3.1-10" - did you mean "SGP32-3.3.1-01"?'],
  },
  {
    code: 'unknown-requirement',
    found: () => body(`${SEND}${EXPECT}    covers: [X]\n`),
    expected: ['19:14 unknown-requirement: no requirement "X"'],
  },
  {
    code: 'unknown-option',
    found: () => report('when: O_S_PKG', 'when: O_S_PGK'),
    expected: ['5:7 unknown-option: no option "O_S_PGK" - did you mean "O_S_PKG"?'],
  },
  {
    code: 'unknown-option',
    found: () => report('when: O_S_PKG', 'when: not O_E_NIST'),
    expected: ['5:11 unknown-option: O_E_NIST is an option of the euicc; this case tests the eim'],
  },
  {
    code: 'unknown-option',
    found: () => report('if O_S_TRID', 'if O_S_TRDI'),
    expected: ['22:44 unknown-option: no option "O_S_TRDI" - did you mean "O_S_TRID"?'],
  },
  {
    code: 'unknown-option',
    found: () => body(`${SEND}${EXPECT}    if: O_X\n`),
    expected: ['19:9 unknown-option: no option "O_X"'],
  },
  {
    code: 'unknown-link',
    found: () => report('over: { https', 'over: { http'),
    expected: ['6:9 unknown-link: no link "http" - did you mean "https"?'],
  },
  {
    code: 'unknown-action',
    found: () => report('operator: queueEnable', 'operator: queueEnabel'),
    expected: ['12:15 unknown-action: no operator action "queueEnabel" - did you mean "queueEnable"?'],
  },
  {
    code: 'unknown-action',
    found: () => body(`${SEND}${EXPECT}  - operator: resetCard\n`),
    expected: ['19:15 unknown-action: "resetCard" operates the euicc; this case tests the eim'],
  },
  {
    code: 'unknown-parameter',
    found: () => report('iccid: $ICCID }', 'icid: $ICCID }'),
    expected: [
      '13:25 unknown-parameter: no parameter "icid" in "queueEnable" - did you mean "iccid"?',
      '12:15 missing-parameter: "queueEnable" needs "iccid" - parameters: eid, iccid, rollback',
    ],
  },
  {
    code: 'unknown-parameter',
    found: () => report('match: { state: succeeded }', 'match: { stat: succeeded }'),
    expected: ['25:14 unknown-parameter: no result "stat" in "orderState" - did you mean "state"?'],
  },
  {
    code: 'unknown-parameter',
    found: () => body('  - call: fetchPackage\n    with: { eid: $EID1, time: 1 }\n    match: { countr: $any }\n'),
    expected: [
      '17:25 unknown-parameter: no parameter "time" in "fetchPackage" - parameters: eid, wait',
      '18:14 unknown-parameter: no result "countr" in "fetchPackage" - did you mean "counter"?',
    ],
  },
  {
    code: 'unknown-parameter',
    found: () => body(`${SEND}${EXPECT}  - operator: queueEnable\n    with: { eid: $EID1, iccid: $ICCID }\n    match: { xyz: $any }\n`),
    expected: ['21:14 unknown-parameter: no result "xyz" in "queueEnable" - results: order'],
  },
  {
    code: 'missing-parameter',
    found: () => report('eid: $EID1, iccid: $ICCID', 'rollback: true'),
    expected: ['12:15 missing-parameter: "queueEnable" needs "eid", "iccid" - parameters: eid, iccid, rollback'],
  },
  {
    code: 'missing-parameter',
    found: () => body('  - call: fetchPackage\n'),
    expected: ['16:11 missing-parameter: "fetchPackage" needs "eid" - parameters: eid, wait'],
  },
  {
    code: 'unknown-procedure',
    found: () => body('  - call: fetchPackges\n'),
    expected: ['16:11 unknown-procedure: no procedure "fetchPackges" - did you mean "fetchPackage"?'],
  },
  {
    code: 'procedure-cycle',
    found: () =>
      report(
        '  - set: { seconds: $wait }',
        '  - set: { seconds: $wait }\n  - call: fetchPackage\n    with: { eid: $eid }',
        'procedures/fetch-package.yaml',
      ),
    expected: ['procedures/fetch-package.yaml:1:12 procedure-cycle: procedures call each other without end: fetchPackage → fetchPackage'],
  },
  {
    code: 'unknown-actor',
    found: () => body('  - smdp.send: InitiateAuthenticationRequest\n  - eim.expect: GetEimPackageRequest\n'),
    expected: [
      '16:5 unknown-actor: no actor "smdp" in this case; actors: euicc, ipa',
      '17:5 unknown-actor: no actor "eim" in this case; actors: euicc, ipa',
    ],
  },
  {
    code: 'unknown-actor',
    found: () => report('ipa: { card', 'ipad: { card').slice(0, 1),
    expected: ['10:3 unknown-actor: "ipad" is no actor; a role (eim, ipa, euicc, smdp, smds), or a role and a digit - did you mean "ipa"?'],
  },
  {
    code: 'unknown-actor',
    found: () => withoutIpa(),
    expected: ['11:11 unknown-actor: "fetchPackage" uses ipa, which this case does not declare in "actors"'],
  },
  {
    code: 'unknown-actor',
    found: () => report('ipa.send', 'lpa.send', 'procedures/fetch-package.yaml'),
    expected: [
      'procedures/fetch-package.yaml:6:5 unknown-actor: "lpa" is no actor; a role (eim, ipa, euicc, smdp, smds), or a role and a digit',
    ],
  },
  {
    code: 'no-verb',
    found: () => report('- ipa.expect: GetEimPackageResponse', '- ipa.expcet: GetEimPackageResponse'),
    expected: [
      '18:5 no-verb: no verb in this step - did you mean "ipa.expect"?; verbs: <actor>.send, <actor>.expect, operator, call, check, set, unordered, repeat, wait',
    ],
  },
  {
    code: 'no-verb',
    found: () => body('  - {}\n'),
    expected: [
      '16:5 no-verb: no verb in this step - verbs: <actor>.send, <actor>.expect, operator, call, check, set, unordered, repeat, wait',
    ],
  },
  {
    code: 'two-verbs',
    found: () => body(`${SEND}    ipa.expect: GetEimPackageResponse\n${EXPECT}`),
    expected: ['18:5 two-verbs: two verbs in one step: "ipa.send" and "ipa.expect" - one step, one verb'],
  },
  {
    code: 'unknown-type',
    found: () => report('send: GetEimPackageRequest', 'send: GetEimPackageRequst'),
    expected: ['16:15 unknown-type: no ASN.1 type "GetEimPackageRequst" - did you mean "GetEimPackageRequest"?'],
  },
  {
    code: 'unknown-type',
    found: () => body(`${SEND}  - ipa.expect: [GetEimPackageResponse, closed]\n`),
    expected: ['18:41 unknown-type: no ASN.1 type "closed" - did you mean "close"?'],
  },
  {
    code: 'unknown-type',
    found: () => body(`${SEND}${EXPECT}  - check: $ipa.sent.GetEimPackageReqest\n    match: $any\n`),
    expected: ['19:13 unknown-type: no ASN.1 type "GetEimPackageReqest" - did you mean "GetEimPackageRequest"?'],
  },
  {
    code: 'unknown-field',
    found: () => report('counterValue: $range', 'counterValu: $range'),
    expected: [
      '21:9 unknown-field: no field "counterValu" in this SEQUENCE; fields: eimId, eidValue, counterValue, transactionId, eimTransactionId, euiccPackage - did you mean "counterValue"?',
    ],
  },
  {
    code: 'unknown-field',
    found: () => report('euiccPackageRequest.euiccPackageSigned:', 'euiccPackageRequest.euicPackageSigned:'),
    expected: [
      '20:27 unknown-field: no field "euicPackageSigned" in this SEQUENCE; fields: euiccPackageSigned, eimSignature - did you mean "euiccPackageSigned"?',
    ],
  },
  {
    code: 'unknown-field',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError.code: 1 }\n`),
    expected: ['19:30 unknown-field: this INTEGER has no fields, got "code"'],
  },
  {
    code: 'unknown-field',
    found: () => body(`${SEND}${EXPECT}    match: { euiccPackageRequest.euiccPackageSigned.euiccPackage.psmoList.first: $any }\n`),
    expected: ['19:75 unknown-field: "first" is no position in this list - positions are counted from 0'],
  },
  {
    code: 'unknown-field',
    found: () => body(`${SEND}    corrupt: [{ drop: ..eidValu }]\n${EXPECT}`),
    expected: ['18:23 unknown-field: no field "..eidValu" in GetEimPackageRequest - did you mean "eidValue"?'],
  },
  {
    code: 'bad-value',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: okay }\n`),
    expected: [
      '19:31 bad-value: "okay" is not a value of this INTEGER; known: noEimPackageAvailable, undefinedError, eidNotFound, invalidEid, missingEid',
    ],
  },
  {
    code: 'bad-value',
    found: () => body(`${ASK}    with: { eidValue: 8904 }\n${EXPECT}`),
    expected: ['17:23 bad-value: expected 16 octets, got 2 - a wrong size is set by "mutate"'],
  },
  {
    code: 'bad-value',
    found: () => body(`${ASK}    with: { eidValue: $ICCID }\n${EXPECT}`),
    expected: ['17:24 bad-value: $ICCID: expected 16 octets, got 10 - a wrong size is set by "mutate"'],
  },
  {
    code: 'bad-value',
    found: () => body(`${ASK}    with: { eidValue: { a: b }, rPLMN: [a], notifyStateChange: true }\n${EXPECT}`),
    expected: [
      '17:23 bad-value: expected a value for this OCTET STRING, got a map',
      '17:40 bad-value: expected a value for this OCTET STRING, got a list',
      '17:64 bad-value: "true" is not a value of this NULL; known: present - left out is written $absent',
    ],
  },
  {
    code: 'bad-value',
    found: () =>
      body(`${SEND}    corrupt: [{ flip: eidValue, bit: x }, { append: eidValue, bytes: x }, { set: ., to: x }, { insert: x }]\n${EXPECT}`),
    expected: [
      '18:38 bad-value: expected a whole number, got "x"',
      '18:70 bad-value: expected octets in hex, got "x"',
      '18:77 bad-value: "set" needs a field; "." is the whole message',
      '18:104 bad-value: expected octets in hex, got "x"',
    ],
  },
  {
    code: 'bad-value',
    found: () =>
      body(
        `  - ipa.send: IpaEuiccDataResponse\n    with: { ipaEuiccData.ipaCapabilities.ipaFeatures: [directRspServerCommunicaton, { a: b }] }\n${SEND}${EXPECT}`,
      ),
    expected: [
      '16:5 follows-nothing: ipa answers with IpaEuiccDataResponse, but no step before expects a request - "ipa.expect: …" comes first',
      '17:56 bad-value: "directRspServerCommunicaton" is not a value of this BIT STRING; known: directRspServerCommunication, indirectRspServerCommunication, eimDownloadDataHandling, eimCtxParams1Generation, eimProfileMetadataVerification, minimizeEsipaBytes - did you mean "directRspServerCommunication"?',
      '17:85 bad-value: expected the name of a bit, got a map',
    ],
  },
  {
    code: 'alternative',
    found: () =>
      body(`${SEND}${EXPECT}    match: { eimPackageError: $absent, euiccPackageRequest: {}, profileDownloadTriggerRequest: {} }\n`),
    expected: ['19:12 alternative: a CHOICE has one alternative, got euiccPackageRequest and profileDownloadTriggerRequest'],
  },
  {
    code: 'alternative',
    found: () => body(`  - ipa.send: ProvideEimPackageResult\n    with: { eimPackageResult: {} }\n${SEND}${EXPECT}`),
    expected: [
      '17:31 alternative: expected an alternative of this CHOICE: euiccPackageResult, ePRAndNotifications, ipaEuiccDataResponse, profileDownloadTriggerResult, eimPackageResultResponseError, eimPackageError',
    ],
  },
  {
    code: 'unknown-function',
    found: () => report('$bytes(1..16) if', '$byte(16) if'),
    expected: [
      '22:28 unknown-function: unknown function $byte; known: $any $present $absent $range $above $bytes $length $matches $optional $not $trustedBy $auto $random $text - did you mean "$bytes"?',
    ],
  },
  {
    code: 'argument',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: $range, euiccPackageRequest: $any(1) }\n`),
    expected: ['19:32 argument: $range needs an argument: $range(1..65535)', '19:61 argument: $any takes nothing'],
  },
  {
    code: 'argument',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: $range(5), euiccPackageRequest: $not(1..2) }\n`),
    expected: [
      '19:32 argument: $range takes a range, got 5: $range(1..65535)',
      "19:64 argument: $not takes a value, got 1..2: $not('succeeded')",
    ],
  },
  {
    code: 'argument',
    found: () =>
      body(
        `${ASK}    with: { eidValue: $random('x') }\n${EXPECT}    match: { euiccPackageRequest.euiccPackageSigned: { eimId: $matches('('), eidValue: $bytes('x') } }\n`,
      ),
    expected: [
      "17:24 argument: $random takes a number, got 'x': $random(16)",
      "19:64 argument: $matches takes a regular expression, got '(': $matches('[A-Z0-9-]+')",
      "19:89 argument: $bytes takes a number or a range, got 'x': $bytes(1..16)",
    ],
  },
  {
    code: 'argument',
    found: () => body(`${SEND}${EXPECT}    match: { euiccPackageRequest.euiccPackageSigned.eimId: $matches(5) }\n`),
    expected: ["19:61 argument: $matches takes a quoted pattern, got 5: $matches('[A-Z0-9-]+')"],
  },
  {
    code: 'wrong-place',
    found: () => body(`${ASK}    with: { eidValue: $bytes(16) }\n${EXPECT}    match: { eimPackageError: $random(1) }\n`),
    expected: [
      '17:24 wrong-place: $bytes says what a value must be like; it has none of its own - it belongs into "match"',
      '19:32 wrong-place: $random makes a value; it says nothing about one - it belongs into "with"',
    ],
  },
  {
    code: 'wrong-place',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: $bytes(1) }\n`),
    expected: ['19:32 wrong-place: $bytes says nothing about a value of this INTEGER'],
  },
  {
    code: 'wrong-place',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: $1..2, euiccPackageRequest.euiccPackageSigned.eimId: $order + 1 }\n`),
    expected: [
      '19:32 wrong-place: the range 1..2 stands in $range(…), $bytes(…) or $length(…) only',
      '19:85 wrong-place: a sum is no value of this UTF8String',
    ],
  },
  {
    code: 'wrong-place',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: $order + $any }\n`),
    expected: ['19:41 wrong-place: expected a number, got $any'],
  },
  {
    code: 'wrong-place',
    found: () => body(`${ASK}    with: { $oneOf: [{ eidValue: $EID1 }] }\n${EXPECT}`),
    expected: ['17:13 wrong-place: $oneOf says what a value must be like - it belongs into "match"'],
  },
  {
    code: 'wrong-place',
    found: () => body(`${SEND}${EXPECT}    match: { ..counterValue: 1 }\n`),
    expected: ['19:14 wrong-place: ".." belongs into edits - write the path of the field'],
  },
  {
    code: 'wrong-place',
    found: () => body(`${SEND}${EXPECT}    match: { eimPackageError: { $each: 1 }, $oneOf: [] }\n`),
    expected: [
      '19:12 alternative: a CHOICE has one alternative, got eimPackageError and $oneOf',
      '19:33 wrong-place: $each is for lists, not for this INTEGER',
      '19:45 wrong-place: $oneOf stands alone in its map',
    ],
  },
  {
    code: 'wrong-place',
    found: () => body(`${SEND}  - ipa.expect: nothing\n    within: 1s\n    match: { a: b }\n`),
    expected: ['20:12 wrong-place: there is nothing to match in "nothing"'],
  },
  {
    code: 'unknown-constant',
    found: () => report('eimTransactionId: $bytes', 'eimId: $IUT_EIM_DI\n        eimTransactionId: $bytes'),
    expected: ['22:17 unknown-constant: no constant, setting, certificate or key "IUT_EIM_DI" - did you mean "IUT_EIM_ID"?'],
  },
  {
    code: 'unknown-constant',
    found: () => body(`${SEND}    signWith: $SK_S_EIMsing\n${EXPECT}`),
    expected: ['18:16 unknown-constant: no constant, setting, certificate or key "SK_S_EIMsing" - did you mean "SK_S_EIMsign"?'],
  },
  {
    code: 'unknown-column',
    found: () =>
      table(
        '  - { name: a, cause: 1 }\n',
        `${ASK}    with: { stateChangeCause: $row.case }\n${EXPECT}    match: { eimPackageError: $row }\n`,
      ),
    expected: [
      '15:32 unknown-column: no column "case" in the table - did you mean "cause"?',
      '17:32 unknown-column: $row needs a column - columns: name, cause',
      '12:16 unused-name: nothing uses the column "cause" - a cell is used as $row.cause',
    ],
  },
  {
    code: 'unused-name',
    found: () => table('  - { name: a, cause: 1 }\n', `${SEND}${EXPECT}`),
    expected: ['12:16 unused-name: nothing uses the column "cause" - a cell is used as $row.cause'],
  },
  {
    code: 'unused-name',
    found: () => report('  - set: { seconds: $wait }\n', '', 'procedures/fetch-package.yaml'),
    expected: ['procedures/fetch-package.yaml:3:15 unused-name: nothing uses the parameter "wait"'],
  },
  {
    code: 'unbound',
    found: () => report('$range(1..65535) as counter', '$countr + 1'),
    expected: ['21:24 unbound: "countr" has no value yet; bound so far: euicc, ipa, order'],
  },
  {
    code: 'unbound',
    found: () => body(`${ASK}    with: { stateChangeCause: $row.cause }\n${EXPECT}`),
    expected: ['17:32 unbound: "row" has no value here: there is no table'],
  },
  {
    code: 'unbound',
    found: () => table('  - { name: a, cause: $row.name }\n', `${ASK}    with: { stateChangeCause: $row.cause }\n${EXPECT}`),
    expected: ['12:24 unbound: a table cell cannot refer to "row"'],
  },
  {
    code: 'unbound',
    found: () => body(`${SEND}${EXPECT}  - repeat: 3\n    steps: []\n    until: { state: x }\n`),
    expected: ['21:14 unbound: "state" has no value yet; bound so far: order'],
  },
  {
    code: 'unbound',
    found: () =>
      body(
        `${SEND}  - unordered:\n      - ipa.expect: GetEimPackageResponse\n        match: { eimPackageError: $any as error }\n      - check: $error\n        match: 1\n`,
      ),
    expected: ['21:17 unbound: "error" has no value yet; bound so far: euicc, ipa, order'],
  },
  {
    code: 'maybe-unbound',
    found: () =>
      body(`${SEND}${EXPECT}    optional: true\n    match: { eimPackageError: $any as error }\n  - check: $error\n    match: 1\n`),
    expected: ['21:13 maybe-unbound: "error" may have no value here: line 20 binds it only in some runs (it is optional)'],
  },
  {
    code: 'maybe-unbound',
    found: () =>
      body(
        `${SEND}${EXPECT}    if: O_S_TRID\n    match: { eimPackageError: $any as error }\n  - check: $error\n    if: O_S_PKG\n    match: 1\n`,
      ),
    expected: ['21:13 maybe-unbound: "error" may have no value here: line 20 binds it only in some runs (if O_S_TRID)'],
  },
  {
    code: 'maybe-unbound',
    found: () =>
      body(
        `${SEND}${EXPECT}    match: { $oneOf: [{ eimPackageError: $any as error }, { euiccPackageRequest: {} }] }\n  - check: $error\n    match: 1\n`,
      ),
    expected: ['20:13 maybe-unbound: "error" may have no value here: line 19 binds it only in some runs (one alternative of $oneOf)'],
  },
  {
    code: 'reserved-name',
    found: () => report('as counter', 'as ipa'),
    expected: ['21:43 reserved-name: "ipa" is an actor and cannot be bound'],
  },
  {
    code: 'reserved-name',
    found: () => report('as counter', 'as row'),
    expected: ['21:43 reserved-name: "row" is the table row and cannot be bound'],
  },
  {
    code: 'reserved-name',
    found: () => body(`${SEND}${EXPECT}  - set: { random: 1 }\n`),
    expected: ['19:12 reserved-name: "random" is a function and cannot be bound'],
  },
  {
    code: 'not-returned',
    found: () => report('returns: [counter]', 'returns: [counter, trid]', 'procedures/fetch-package.yaml'),
    expected: ['procedures/fetch-package.yaml:4:20 not-returned: no step of "fetchPackage" binds "trid"'],
  },
  {
    code: 'not-returned',
    found: () => report('GetEimPackageResponse\n', 'GetEimPackageResponse\n    optional: true\n', 'procedures/fetch-package.yaml'),
    expected: [
      'procedures/fetch-package.yaml:4:11 not-returned: "counter" may have no value at the end: line 10 binds it only in some runs (it is optional)',
    ],
  },
  {
    code: 'no-edit',
    found: () => body(`${SEND}    mutate: [{ dorp: eidValue }]\n${EXPECT}`),
    expected: [
      '18:16 no-edit: no edit in this map - did you mean "drop"?; edits: set, drop, flip, truncate, append, retag, duplicate, longLength, insert',
    ],
  },
  {
    code: 'follows-nothing',
    found: () => body(EXPECT),
    expected: ['16:5 follows-nothing: ipa expects GetEimPackageResponse, but no step before sends a request - "ipa.send: …" comes first'],
  },
  {
    code: 'follows-nothing',
    found: () => body(`  - ipa.send: TransferEimPackageResponse\n${SEND}${EXPECT}`),
    expected: [
      '16:5 follows-nothing: ipa answers with TransferEimPackageResponse, but no step before expects a request - "ipa.expect: …" comes first',
    ],
  },
  {
    code: 'checks-nothing',
    found: () => body(SEND),
    expected: ['16:3 checks-nothing: this case cannot fail: no step in "steps" expects or checks anything'],
  },
];

describe('mistakes in test cases', () => {
  it('finds none in the case that all others are made from', () => {
    expect(formatDiagnostics(lint({}).diagnostics, new Map())).to.equal('');
  });

  for (const { code, found, expected } of MISTAKES)
    it(`${code}: ${expected[0]}`, () => {
      expect(found()).to.deep.equal(expected);
      expect(expected.some(line => line.includes(` ${code}: `))).to.equal(true);
    });

  it('shows every kind of mistake at least once', () => {
    expect(Object.keys(CODES).filter(code => !MISTAKES.some(one => one.code === code))).to.deep.equal([]);
  });
});

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { type Environment, fillEnvironment, masking } from './ixit-environment.js';
import { readLinks } from './ixit-links.js';
import { parametersOf, readOperator } from './ixit-operator.js';
import { createReader, placeIn, type Reader } from './ixit-reader.js';
import { IUT_ROLES, type IutRole, type IutStart, type Ixit, type IxitCatalogue, type LabProfile } from './ixit-schema.js';
import { type Diagnostic, didYouMean, type Entry, type Node, type Position, parseYaml } from './language/source.js';
import { references, scalarsOf } from './template.js';

export type { Ixit, IxitCatalogue } from './ixit-schema.js';

export interface LoadedIxit {
  /** Present when there is no diagnostic. */
  readonly ixit?: Ixit;
  /** Present when the file tells it, whatever else is wrong. */
  readonly iut?: IutRole;
  readonly diagnostics: readonly Diagnostic[];
}

const KEYS = [
  'iut',
  'name',
  'version',
  'supplier',
  'spec',
  'settings',
  'options',
  'links',
  'trust',
  'pki',
  'profiles',
  'start',
  'reset',
  'operator',
  'timeouts',
];
const SPECS: Readonly<Record<string, Spec>> = { '1.0': '1.0', '1.0.1': '1.0', '1.1': '1.1', '1.2': '1.2', '1.3': '1.3' };
const TIMEOUTS = { response: { seconds: 30 }, operator: { seconds: 60 }, start: { seconds: 30 } };

const readOptions = (
  reader: Reader,
  entry: Entry | undefined,
  iut: IutRole,
  { options }: IxitCatalogue,
  top: Position,
): Map<string, boolean> => {
  const own = [...options].filter(([, option]) => option.role === iut);
  const answers = new Map<string, boolean>();
  const seen = new Set<string>();
  for (const { key, at, value } of entry === undefined ? [] : reader.entries(entry.value, 'options')) {
    const option = options.get(key);
    if (option === undefined)
      reader.report(
        'unknown-option',
        at,
        `there is no option ${key}`,
        didYouMean(
          key,
          own.map(([name]) => name),
        ),
      );
    else if (option.role !== iut)
      reader.report('unknown-option', at, `${key} is an option of another kind of IUT (${option.role}); this file describes: ${iut}`);
    seen.add(key);
    const answer = reader.oneOf({ key, at, value }, ['yes', 'no']);
    if (answer !== undefined) answers.set(key, answer === 'yes');
  }
  for (const [name, { question }] of own)
    if (!seen.has(name))
      reader.report(
        'missing-option',
        entry?.at ?? top,
        `option ${name} is not answered${question ? `: ${question}` : ''}`,
        `write "${name}: yes" or "${name}: no"`,
      );
  return answers;
};

/** A setting that no case can use is a typing mistake, or one of another kind of IUT. */
const checkSettings = (reader: Reader, entry: Entry | undefined, iut: IutRole, { settings }: IxitCatalogue): void => {
  if (settings === undefined || entry === undefined) return;
  const own = [...settings].filter(([, { role }]) => role === iut).map(([name]) => name);
  for (const { key, at } of reader.entries(entry.value, 'settings'))
    if (!own.includes(key))
      reader.report('unknown-setting', at, `there is no setting ${key} of an ${iut}; known: ${own.join(', ')}`, didYouMean(key, own));
};

/** `profiles: { ICCID_OP_PROF1: { iccid: 98…, upp: operator-1.der } }` */
const readProfiles = (reader: Reader, entry: Entry | undefined): LabProfile[] =>
  (entry === undefined ? [] : reader.entries(entry.value, 'profiles')).flatMap(({ key, at, value }) => {
    const names = ['ICCID_OP_PROF1', 'ICCID_OP_PROF2', 'ICCID_OP_PROF3'];
    if (!names.includes(key))
      reader.report('unknown-key', at, `"${key}" is no profile of the cases; known: ${names.join(', ')}`, didYouMean(key, names));
    const fields = reader.fields(value, `profiles.${key}`, ['iccid', 'upp']);
    if (fields === undefined) return [];
    const iccid = reader.needed(fields, 'iccid', at, 'the ICCID in the package, 20 hex digits as on the card') ?? '';
    if (iccid && fromHex(iccid)?.length !== 10)
      reader.report('wrong-shape', fields.get('iccid')?.value.at ?? at, `expected 10 octets in hex for "iccid", got "${iccid}"`);
    const upp = fields.get('upp');
    const file = upp && reader.fileAt(upp.value);
    if (!upp) reader.report('missing-key', at, '"upp" is missing: the file with the unprotected profile package');
    return file ? [{ constant: key, iccid, upp: file, at }] : [];
  });

const readStart = (reader: Reader, { at, value }: Entry, within: Ixit['timeouts']['start']): IutStart | undefined => {
  const fields = reader.fields(value, 'start', ['command', 'cwd', 'env', 'ready']);
  if (fields === undefined) return undefined;
  const command = fields.get('command');
  if (command === undefined) reader.report('missing-key', at, '"command" is missing: how the IUT is started');
  const ready = fields.get('ready');
  const when = ready && reader.fields(ready.value, 'ready', ['tcp', 'stdout', 'within']);
  const tcp = reader.text(when?.get('tcp'));
  const stdout = reader.text(when?.get('stdout'));
  if (ready && when && (tcp === undefined) === (stdout === undefined))
    reader.report(
      'wrong-shape',
      ready.at,
      'the IUT is ready when something listens ("tcp: host:port") or when it prints a line ("stdout: text"); exactly one of them',
    );
  return {
    command: command?.value.kind === 'list' ? reader.texts(command) : (reader.text(command) ?? ''),
    cwd: reader.folder(fields.get('cwd')),
    env: reader.textMap(fields.get('env')),
    ...(tcp !== undefined ? { ready: { tcp } } : stdout !== undefined ? { ready: { stdout } } : {}),
    within: reader.duration(when?.get('within')) ?? within,
    at,
  };
};

/** What `${…}` may name: `settings.X`, `links.es9plus.port`, `start.x` and `work`, and in a binding the parameters of its action and `over`. */
const checkReferences = (reader: Reader, root: Node, ixit: Ixit, catalogue: IxitCatalogue) => {
  const check = (node: Node, parameters: readonly string[], where: string, hasStart: boolean) => {
    const known = [...parameters, 'settings', 'links', 'work', ...(hasStart ? ['start'] : [])];
    for (const { text, at, quoted } of scalarsOf(node))
      for (const { path, offset } of references(text)) {
        const [first = '', second = ''] = path.split('.');
        const place = placeIn(at, quoted, offset);
        const dollar = `\${${path}}`;
        if (first === 'start' && !hasStart) reader.report('unknown-name', place, `${dollar}: this file has no "start" that could tell it`);
        else if (!known.includes(first))
          reader.report(
            'unknown-name',
            place,
            `${dollar} is not known in ${where}; known: ${[...known, 'env'].join(', ')}`,
            didYouMean(first, known),
          );
        else if (first === 'settings' && !ixit.settings.has(second))
          reader.report('unknown-name', place, `${dollar}: there is no setting "${second}"`, didYouMean(second, ixit.settings.keys()));
        else if (first === 'links' && !(second in ixit.links))
          reader.report('unknown-name', place, `${dollar}: there is no link "${second}"`, didYouMean(second, Object.keys(ixit.links)));
      }
  };
  for (const { key, value } of root.kind === 'map' ? root.entries : []) {
    if (key !== 'operator') check(value, [], `"${key}"`, key !== 'start' && ixit.start !== undefined);
    else if (value.kind === 'map')
      for (const act of value.entries) check(act.value, [...parametersOf(catalogue, act.key), 'over'], act.key, ixit.start !== undefined);
  }
};

/**
 * Reads and checks an IXIT file. All mistakes are found at once; `exists` tells whether a file is there.
 * Options, actions and their parameters are checked against the catalogue.
 */
export const loadIxit = (
  file: string,
  text: string,
  catalogue: IxitCatalogue,
  environment: Environment,
  exists: (path: string) => boolean = existsSync,
): LoadedIxit => {
  const parsed = parseYaml(file, text);
  const reader = createReader(file, exists);
  const top: Position = { file, line: 1, column: 1 };
  reader.diagnostics.push(...parsed.diagnostics);
  if (parsed.root === undefined) {
    if (parsed.diagnostics.length === 0)
      reader.report('empty-file', top, 'the file is empty; it must describe an implementation under test');
    return { diagnostics: reader.diagnostics };
  }
  const { root, secrets } = fillEnvironment(parsed.root, environment, reader);
  const fields = reader.fields(root, 'an IXIT file', KEYS);
  if (fields === undefined) return { diagnostics: reader.diagnostics };
  if (!fields.has('iut')) reader.report('missing-key', top, `"iut" is missing: the kind of IUT (${IUT_ROLES.join(', ')})`);
  const iut = reader.oneOf(fields.get('iut'), IUT_ROLES);
  // Without the role nothing below can be judged.
  if (iut === undefined) return { diagnostics: reader.diagnostics };

  const times = fields.get('timeouts');
  const stated = times && reader.fields(times.value, 'timeouts', Object.keys(TIMEOUTS));
  const timeouts = {
    response: reader.duration(stated?.get('response')) ?? TIMEOUTS.response,
    operator: reader.duration(stated?.get('operator')) ?? TIMEOUTS.operator,
    start: reader.duration(stated?.get('start')) ?? TIMEOUTS.start,
  };
  const trusted = fields.get('trust');
  const trustEim = trusted && reader.fields(trusted.value, 'trust', ['eim'])?.get('eim');
  const eim = trustEim && reader.fileAt(trustEim.value);
  const pkiEntry = fields.get('pki');
  const pki = pkiEntry && reader.fileAt(pkiEntry.value);
  const startEntry = fields.get('start');
  const start = startEntry && readStart(reader, startEntry, timeouts.start);
  const operator = readOperator(reader, fields.get('operator'), iut, catalogue);
  const reset = reader.text(fields.get('reset'));
  if (reset !== undefined && !operator.has(reset))
    reader.report(
      'unknown-action',
      fields.get('reset')?.value.at ?? top,
      `"${reset}" has no binding in "operator", so it cannot bring the IUT back`,
      didYouMean(reset, operator.keys()),
    );
  const settings = fields.get('settings');
  checkSettings(reader, settings, iut, catalogue);
  const ixit: Ixit = {
    file,
    digest: createHash('sha256').update(text).digest('hex'),
    iut,
    name: reader.needed(fields, 'name', top, 'the name of the product') ?? '',
    version: reader.needed(fields, 'version', top, 'the version of the product that is tested') ?? '',
    supplier: reader.needed(fields, 'supplier', top, 'who makes the product') ?? '',
    spec: SPECS[reader.oneOf(fields.get('spec'), Object.keys(SPECS)) ?? '1.2'] ?? '1.2',
    settings: reader.textMap(settings),
    options: readOptions(reader, fields.get('options'), iut, catalogue, top),
    links: readLinks(reader, fields.get('links'), iut),
    trust: eim === undefined ? {} : { eim },
    ...(pki === undefined ? {} : { pki }),
    profiles: readProfiles(reader, fields.get('profiles')),
    ...(start === undefined ? {} : { start }),
    ...(reset === undefined ? {} : { reset }),
    operator,
    places: {
      spec: fields.get('spec')?.at ?? top,
      settings: settings?.at ?? top,
      links: fields.get('links')?.at ?? top,
      operator: fields.get('operator')?.at ?? top,
    },
    timeouts,
    mask: masking(secrets),
  };
  checkReferences(reader, root, ixit, catalogue);
  return reader.diagnostics.length > 0 ? { iut, diagnostics: reader.diagnostics } : { iut, ixit, diagnostics: [] };
};

/** Procedure files: their signatures first, so that calls can be checked in any order, then their steps. */
import type { Procedure } from './ast.js';
import type { Diagnostic } from './diagnostics.js';
import { bindName, isBound, type Known, makeNames, type ProcedureUse } from './names.js';
import { checkTitle, type SourceFile } from './read-case.js';
import { type Reading, readSteps } from './read-step.js';
import { PROCEDURE } from './schema.js';
import { listAt, reportInto, scalarAt, scalarsAt, textAt, validate } from './shape.js';
import type { MapNode } from './source.js';

/** The signature of a procedure; what it uses is noted when its steps are read. */
export const readSignature = (root: MapNode): ProcedureUse | undefined => {
  const name = textAt(root, 'procedure');
  if (name === undefined) return undefined;
  return {
    name,
    params: scalarsAt(root, 'params').map(({ text }) => ({ name: text.replace(/\?$/, ''), optional: text.endsWith('?') })),
    returns: scalarsAt(root, 'returns').map(({ text }) => text),
    calls: new Set(),
    actors: new Set(),
    roles: new Set(),
  };
};

const kebab = (name: string): string => name.replace(/[A-Z]/g, capital => `-${capital.toLowerCase()}`);

/** Reads a procedure. Mistakes go into `found`. */
export const readProcedure = (source: SourceFile, root: MapNode, use: ProcedureUse, known: Known, found: Diagnostic[]): Procedure => {
  const report = reportInto(found);
  validate(PROCEDURE, root, report);
  const names = makeNames(known, report, undefined);
  checkTitle(root, names);
  const fileName = source.path?.split('/').at(-1);
  const wanted = `${kebab(use.name)}.yaml`;
  if (fileName !== undefined && fileName !== wanted)
    report('file-name', root.at, `expected the file name ${wanted} for "${use.name}", got "${fileName}"`);
  const params = scalarsAt(root, 'params');
  for (const { text, at } of params) bindName(names, text.replace(/\?$/, ''), at);
  const reading: Reading = { names, lines: source.text.split(/\r?\n/), iut: undefined, sent: new Set(), expected: new Set(), uses: use };
  const steps = readSteps(listAt(root, 'steps'), reading);
  for (const { text, at } of params)
    if (!names.used.has(text.replace(/\?$/, ''))) report('unused-name', at, `nothing uses the parameter "${text.replace(/\?$/, '')}"`);
  for (const { text, at } of scalarsAt(root, 'returns')) {
    const binding = names.bound.get(text);
    if (!binding) report('not-returned', at, `no step of "${use.name}" binds "${text}"`);
    else if (!isBound(names, binding))
      report(
        'not-returned',
        at,
        `"${text}" may have no value at the end: line ${binding.line} binds it only in some runs (${binding.only})`,
      );
  }
  const idempotent = scalarAt(root, 'idempotent');
  const isIdempotent = idempotent?.text === 'true';
  if (isIdempotent && (params.length > 0 || use.returns.length > 0))
    report('shape', idempotent.at, `an idempotent procedure may be skipped: "${use.name}" can have neither params nor returns`);
  return {
    name: use.name,
    title: textAt(root, 'title') ?? '',
    params: use.params.map(one => one.name),
    optionalParams: use.params.filter(one => one.optional).map(one => one.name),
    returns: use.returns,
    idempotent: isIdempotent,
    steps,
    file: source.file,
    at: root.at,
  };
};

/** Reports procedures that call each other in a circle: they would never end. */
export const checkCycles = (
  procedures: ReadonlyMap<string, ProcedureUse>,
  placeOf: (name: string) => MapNode | undefined,
  found: Diagnostic[],
): void => {
  const report = reportInto(found);
  const path: string[] = [];
  const done = new Set<string>();
  const visit = (name: string): void => {
    const start = path.indexOf(name);
    if (start >= 0) {
      const root = placeOf(name);
      const at = root && (scalarAt(root, 'procedure')?.at ?? root.at);
      if (at) report('procedure-cycle', at, `procedures call each other without end: ${[...path.slice(start), name].join(' → ')}`);
      return;
    }
    if (done.has(name)) return;
    path.push(name);
    for (const called of procedures.get(name)?.calls ?? []) visit(called);
    path.pop();
    done.add(name);
  };
  for (const name of procedures.keys()) visit(name);
};

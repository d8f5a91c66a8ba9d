/** The plan: every case × link × table row, with its state and the reason for it, before anything starts. */
import { createHash } from 'node:crypto';
import type { PlanEntry, PlanState } from '../reports/record.js';
import type { Case, Procedure, Row, Step } from './language/ast.js';
import { type Condition, type Declared, decide, holds } from './language/condition.js';

/** A sequence that the plan holds, with what its execution needs. */
export interface PlannedSequence {
  readonly entry: PlanEntry;
  readonly case: Case;
  /** Seed of the sequence's random values: from the run's seed and the key. */
  readonly seed: string;
  /** Source of the case, for the report. */
  readonly yaml: string;
}

/** What the plan has to know of the IUT. */
export interface PlanInput extends Declared {
  readonly iut: string;
  /** Links over which the IUT is reached, e.g. https. */
  readonly links: ReadonlySet<string>;
  readonly isBound: (action: string) => boolean;
  /** Whether cases may run that change the IUT in a way that cannot be undone. */
  readonly mayDestroy: boolean;
  /** Where the description would have to bind an action: `acme.ixit.yaml:41`. */
  readonly bindingPlace: string;
  /** Interfaces on which the IUT calls us, e.g. es9plus; es10 when our card is in its reader. */
  readonly servers: ReadonlySet<string>;
  /** Wires on which an eIM brings packages to an IPA. */
  readonly injection: ReadonlySet<string>;
  /** Where it would have to describe a link: `acme.ixit.yaml:20`. */
  readonly linkPlace: string;
  /** Settings that cases may use, those of them that have a value, and where the others would get theirs. */
  readonly settings: { readonly known: readonly string[]; readonly given: ReadonlySet<string>; readonly place: string };
}

/** The interface on which an IUT of a kind calls an actor of a role; the others play for us alone. */
const CALLED_ON: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  eim: { smdp: 'es9plus', smds: 'es11' },
  ipa: { eim: 'esipa', smdp: 'es9plus', smds: 'es11', euicc: 'es10' },
};

/** Actors that a simulated eIM relays to: the IUT reaches them through it. */
const relayedIn = ({ actors }: Case): ReadonlySet<string> =>
  new Set(
    actors.flatMap(({ config }) => {
      const relay = config.entries.find(({ key }) => key === 'relay')?.value;
      const items = relay?.kind === 'list' ? relay.items : relay ? [relay] : [];
      return items.flatMap(item => (item.kind === 'scalar' ? [item.text] : []));
    }),
  );

/** Interfaces without which the IUT cannot reach the actors of a case. */
const interfacesFor = (c: Case): readonly string[] => {
  const relayed = relayedIn(c);
  const called = c.actors.filter(({ name }) => !relayed.has(name)).flatMap(({ role }) => CALLED_ON[c.iut]?.[role] ?? []);
  return [...new Set(called)];
};

/** The interface on which the eIM calls, in IXIT files. SGP.32 3.1.1.2 */
export const INJECTION = 'injection';
/** Whether messages of a type go where the eIM calls. */
export const isOfInjection = (typeName: string): boolean => typeName.startsWith('TransferEimPackage');

const namesInjection = (steps: readonly Step[], procedures: ReadonlyMap<string, Procedure>): boolean =>
  steps.some(step => {
    if (step.verb === 'send') return isOfInjection(step.typeName);
    if (step.verb === 'expect') return step.accepts.some(isOfInjection);
    if (step.verb === 'unordered' || step.verb === 'repeat') return namesInjection(step.steps, procedures);
    return step.verb === 'call' && namesInjection(procedures.get(step.procedure)?.steps ?? [], procedures);
  });
/** Whether the eIM brings packages by itself in a case. */
export const injects = ({ before, steps, after }: Case, procedures: ReadonlyMap<string, Procedure>): boolean =>
  namesInjection([...before, ...steps, ...after], procedures);

interface State {
  readonly state: PlanState;
  readonly reason: string;
}
const RUNS: State = { state: 'run', reason: '' };

/** Whether a case id is selected by prefixes: whole id, or up to a dot. */
export const isSelected = (id: string, prefixes: readonly string[]): boolean =>
  prefixes.length === 0 || prefixes.some(p => id === p || id.startsWith(p.endsWith('.') ? p : `${p}.`) || id.startsWith(p));

/** JSON over CoAPs, the least used of the wires: no case names it. SGP.32 6.2 */
export const JSON_OVER_COAP = 'coaps-json';
/**
 * What a case says of JSON and of CoAPs holds for both together; one for JSON alone is left to HTTPS when it is about its
 * statuses and headers (6.1). Nobody brings packages so.
 */
const withJsonOverCoap = (c: Case, procedures: ReadonlyMap<string, Procedure>, links: PlanInput['links']): Case['over'] => {
  const json = c.over.find(({ link }) => link === 'json');
  if (!json || !links.has(JSON_OVER_COAP) || injects(c, procedures)) return c.over;
  const isOverCoap = c.over.some(({ link }) => link === 'coaps');
  const isAboutHttp = c.over.some(({ link }) => link === 'https') || c.covers.some(id => id.startsWith('SGP32-6.1-'));
  return isOverCoap || !isAboutHttp ? [...c.over, { ...json, link: JSON_OVER_COAP }] : c.over;
};

export const makePlan = (
  cases: readonly Case[],
  procedures: ReadonlyMap<string, Procedure>,
  input: PlanInput,
  seed: string,
  texts: ReadonlyMap<string, string>,
): PlannedSequence[] => {
  const namesIn = namesByFile(texts);
  return cases
    .filter(c => c.iut === input.iut)
    .flatMap(c => {
      const links = c.over.length > 0 ? withJsonOverCoap(c, procedures, input.links) : [{ link: '', when: undefined }];
      const rows = c.table ?? [undefined];
      const wires = links.map(({ link, when }) => ({ link, state: stateOf(c, procedures, input, link, when, namesIn) }));
      const one =
        wires.find(({ state }) => state.state === 'run') ?? wires.find(({ state }) => state.state !== 'notApplicable') ?? wires[0];
      return (c.once && one ? [one] : wires).flatMap(({ link, state }) => {
        const stateOfRow = (row: Row | undefined): State =>
          state.state === 'notApplicable' ? state : (notApplicable([row?.when], input) ?? state);
        return rows.map((row, n): PlannedSequence => {
          const key = `${c.id}${link ? `[${link}]` : ''}${row ? `#${n + 1}` : ''}`;
          const entry: PlanEntry = {
            key,
            id: c.id,
            over: link,
            ...(row ? { row: { number: n + 1, name: row.name } } : {}),
            title: row ? `${c.title} - ${row.name}` : c.title,
            iut: c.iut,
            source: c.source,
            covers: c.covers,
            file: c.file,
            ...stateOfRow(row),
          };
          return {
            entry,
            case: c,
            seed: createHash('sha256').update(`${seed}/${key}`).digest('hex').slice(0, 16),
            yaml: texts.get(c.file) ?? '',
          };
        });
      });
    });
};

/** Names behind a `$` in each file, read when first asked for. */
const namesByFile = (texts: ReadonlyMap<string, string>): ((file: string) => ReadonlySet<string>) => {
  const known = new Map<string, ReadonlySet<string>>();
  return file => {
    const names = known.get(file) ?? new Set([...(texts.get(file) ?? '').matchAll(/\$(\w+)/g)].map(([, name = '']) => name));
    known.set(file, names);
    return names;
  };
};

const notApplicable = (conditions: readonly (Condition | undefined)[], declared: Declared): State | undefined => {
  for (const condition of conditions) {
    const decision = condition && decide(condition, declared);
    if (decision && !decision.value) return { state: 'notApplicable', reason: decision.decidedBy.join(', ') };
  }
  return undefined;
};

const stateOf = (
  c: Case,
  procedures: ReadonlyMap<string, Procedure>,
  input: PlanInput,
  link: string,
  over: Condition | undefined,
  namesIn: (file: string) => ReadonlySet<string>,
): State => {
  const excluded = notApplicable([c.when, over], input);
  if (excluded) return excluded;
  if (c.destructive && !input.mayDestroy)
    return { state: 'notApplicable', reason: 'what it changes cannot be undone; it runs with --destructive only' };
  if (link && !input.links.has(link)) return { state: 'cannotRun', reason: `links.*.${link} is not described (${input.linkPlace})` };
  if (injects(c, procedures) && !input.injection.has(link))
    return { state: 'cannotRun', reason: `links.${INJECTION}.${link} is not described (${input.linkPlace})` };
  const missing = interfacesFor(c).filter(name => !input.servers.has(name));
  if (missing.length > 0)
    return {
      state: 'cannotRun',
      reason: `${missing.map(name => (name === 'es10' ? 'links.es10' : `links.${name}.https`)).join(', ')} is not described (${input.linkPlace})`,
    };
  const unbound = [...actionsOf([...c.before, ...c.steps, ...c.after], procedures, input)].filter(action => !input.isBound(action));
  if (unbound.length > 0) return { state: 'cannotRun', reason: `no binding for ${unbound.join(', ')} (${input.bindingPlace})` };
  const { known, given, place } = input.settings;
  const files = procedureFiles([...c.before, ...c.steps, ...c.after], procedures, new Set([c.file]));
  const unset = known.filter(name => !given.has(name) && [...files].some(file => namesIn(file).has(name)));
  if (unset.length > 0) return { state: 'cannotRun', reason: `no value for ${unset.join(', ')} (${place})` };
  return RUNS;
};

/** Files of the procedures that steps call, those that these call included. */
const procedureFiles = (steps: readonly Step[], procedures: ReadonlyMap<string, Procedure>, into: Set<string>): ReadonlySet<string> => {
  for (const step of steps) {
    if (step.verb === 'unordered' || step.verb === 'repeat') procedureFiles(step.steps, procedures, into);
    const procedure = step.verb === 'call' ? procedures.get(step.procedure) : undefined;
    if (!procedure || into.has(procedure.file)) continue;
    into.add(procedure.file);
    procedureFiles(procedure.steps, procedures, into);
  }
  return into;
};

/** Operator actions that steps use by what is declared, procedures included. */
export const actionsOf = (
  steps: readonly Step[],
  procedures: ReadonlyMap<string, Procedure>,
  declared: Declared,
  into = new Set<string>(),
): ReadonlySet<string> => {
  for (const step of steps) {
    if (step.if !== undefined && !holds(step.if, declared)) continue;
    if (step.verb === 'operator') into.add(step.action);
    if (step.verb === 'call') actionsOf(procedures.get(step.procedure)?.steps ?? [], procedures, declared, into);
    if (step.verb === 'unordered' || step.verb === 'repeat') actionsOf(step.steps, procedures, declared, into);
  }
  return into;
};

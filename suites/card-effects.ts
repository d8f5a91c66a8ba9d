/** What a run does to a card, told before it starts: from the commands that its cases send. SGP.32 5.9 */
import type { Case, Procedure, SendStep, Step } from './language/ast.js';
import { type Declared, holds } from './language/condition.js';
import type { Node } from './language/source.js';

/** Commands that change something on a card, and what; a function looks at what the script states. */
const CHANGES: Readonly<Record<string, (stated: string) => readonly string[]>> = {
  EuiccMemoryResetRequest: stated => [
    ...(/deleteOperationalProfiles|^$/.test(stated) ? ['deletes all operational profiles'] : []),
    ...(/deleteFieldLoadedTestProfiles/.test(stated) ? ['deletes test profiles that were loaded in the field'] : []),
    ...(/deletePreLoadedTestProfiles/.test(stated) ? ['deletes preloaded test profiles'] : []),
    ...(/deleteProvisioningProfiles/.test(stated) ? ['deletes provisioning profiles'] : []),
    ...(/resetDefaultSmdpAddress/.test(stated) ? ['clears the default SM-DP+ address'] : []),
    ...(/resetEimConfigData/.test(stated) ? ['removes all eIMs'] : []),
    ...(/resetImmediateEnableConfig/.test(stated) ? ['clears the configuration of immediate enabling'] : []),
  ],
  AddInitialEimRequest: () => ['associates eIMs of the test'],
  BoundProfilePackage: () => ['installs test profiles'],
  NotificationSentRequest: () => ['removes notifications and results that wait to be delivered'],
  SetDefaultDpAddressRequest: () => ['changes the default SM-DP+ address'],
  ConfigureImmediateProfileEnablingRequest: () => ['changes the configuration of immediate enabling'],
  EuiccPackageRequest: stated => [
    ...(/\b(enable|disable)\b/.test(stated) ? ['enables and disables profiles'] : []),
    ...(/\bdelete\b/.test(stated) ? ['deletes test profiles'] : []),
    ...(/FallbackAttribute/.test(stated) ? ['moves the fallback attribute'] : []),
    ...(/setDefaultDpAddress/.test(stated) ? ['changes the default SM-DP+ address'] : []),
    ...(/\b(addEim|deleteEim|updateEim)\b/.test(stated) ? ['adds, changes and removes eIMs of the test'] : []),
    'uses up counters of eIM packages',
  ],
  ExecuteFallbackMechanismRequest: () => ['enables and disables profiles'],
  EnableEmergencyProfileRequest: () => ['enables and disables profiles'],
  ImmediateEnableRequest: () => ['enables and disables profiles'],
  ProfileRollbackRequest: () => ['enables and disables profiles'],
  IpaeActivationRequest: () => ['activates the IPA inside the eUICC'],
  LoadCRLRequest: () => ['loads revocation lists'],
};

/** All keys and texts of a piece of YAML, to be searched. */
const wordsOf = (node: Node | undefined): string => {
  if (!node) return '';
  if (node.kind === 'scalar') return node.text;
  return node.kind === 'list' ? node.items.map(wordsOf).join(' ') : node.entries.map(e => `${e.key} ${wordsOf(e.value)}`).join(' ');
};

const statedIn = (step: SendStep): string => [step.with, step.mutate].map(wordsOf).join(' ').trim();

/** The sends of a case that apply; what a call states for a procedure counts for the sends in it. */
function* sends(
  steps: readonly Step[],
  procedures: ReadonlyMap<string, Procedure>,
  declared: Declared,
  given = '',
): Generator<{ readonly type: string; readonly stated: string }> {
  for (const step of steps) {
    if (step.if !== undefined && !holds(step.if, declared)) continue;
    if (step.verb === 'send') yield { type: step.typeName, stated: `${statedIn(step)} ${given}`.trim() };
    if (step.verb === 'call')
      yield* sends(procedures.get(step.procedure)?.steps ?? [], procedures, declared, `${wordsOf(step.with)} ${given}`);
    if (step.verb === 'unordered' || step.verb === 'repeat') yield* sends(step.steps, procedures, declared, given);
  }
}

/** What cases do to the card of a supplier who declares this, each thing once, in the order of the table above. */
export const cardEffects = (cases: readonly Case[], procedures: ReadonlyMap<string, Procedure>, declared: Declared): readonly string[] => {
  const found = new Set<string>();
  for (const c of cases)
    for (const { type, stated } of sends([...c.before, ...c.steps, ...c.after], procedures, declared))
      for (const effect of CHANGES[type]?.(stated) ?? []) found.add(effect);
  const order = [...new Set(Object.values(CHANGES).flatMap(change => change(EVERYTHING)))];
  return [...found].sort((a, b) => order.indexOf(a) - order.indexOf(b));
};

const EVERYTHING =
  'deleteOperationalProfiles deleteFieldLoadedTestProfiles deletePreLoadedTestProfiles deleteProvisioningProfiles resetDefaultSmdpAddress resetEimConfigData resetImmediateEnableConfig enable delete setFallbackAttribute setDefaultDpAddress addEim';

/** What follows from a verified eUICC Package Result: outcomes of the operations, view, association, own key. SGP.32 3.3.1, 3.4, 3.5 */
import { type Decoded, find } from '#protocol/asn1/element.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import type { EuiccPackageResult, EuiccResultData } from '#protocol/iot/result.js';
import type { EimContext } from './context.js';
import type { Operation } from './operations.js';
import { type Outcome, outcomesIn } from './outcome.js';
import { type EuiccPackage, type EuiccRecord, failOrder, type OperationOutcome, reviveOrder } from './state.js';
import { afterOperation } from './view.js';

/** Applies the results to the operations they belong to: one each, in order, ending with the first that failed. SGP.32 3.3.1 */
export const applyResult = (
  eim: EimContext,
  record: EuiccRecord,
  pack: EuiccPackage,
  message: Decoded<ValueOf<typeof EuiccPackageResult>>,
): void => {
  const path = 'euiccPackageResultSigned.euiccPackageResultDataSigned.euiccResult';
  const found = find(message.root, path);
  const outcomes = 'element' in found ? outcomesIn(found.element, message.spec) : [];
  const values = message.value.euiccPackageResultSigned?.euiccPackageResultDataSigned.euiccResult ?? [];
  if (pack.isDoubtful) reviveOrder(pack.order);
  pack.isDoubtful = false;
  pack.before ??= record.view;
  let done = 0;
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.name === 'processingTerminated') failOrder(pack.order, outcome.result);
    else if (outcome.name === 'rollbackResult') applyRollback(eim, record, pack, outcome);
    else applyOutcome(eim, record, pack, done++, outcome, values[index] ?? {});
  }
  applyRest(eim, pack, done);
};

const applyOutcome = (
  eim: EimContext,
  record: EuiccRecord,
  pack: EuiccPackage,
  index: number,
  outcome: Outcome,
  value: Partial<ValueOf<typeof EuiccResultData>>,
): void => {
  const operation = pack.operations[index];
  const known = pack.outcomes[index];
  if (!operation || !known || outcome.name !== `${operation.name}Result`) return failOrder(pack.order, `unexpected ${outcome.name}`);
  noteOutcome(known, outcome);
  if (!eim.decisions.isSuccess(operation.name, outcome.result)) return failOrder(pack.order, outcome.result);
  applySuccess(eim, record, operation, outcome, value);
};

/** Operations without a result were not executed. SGP.32 3.3.1 */
const applyRest = (eim: EimContext, pack: EuiccPackage, done: number): void => {
  const rest = pack.outcomes.slice(done);
  if (rest.length === 0) return;
  if (eim.decisions.noticesUnexecuted()) failOrder(pack.order, 'not all operations were executed');
  else for (const outcome of rest) Object.assign(outcome, { executed: true, result: 'ok' });
};

const noteOutcome = (known: OperationOutcome, outcome: Outcome): void => {
  known.executed = true;
  known.result = outcome.result;
  if (outcome.content !== undefined) known.content = outcome.content;
};

const applyRollback = (eim: EimContext, record: EuiccRecord, pack: EuiccPackage, outcome: Outcome): void => {
  failOrder(pack.order, outcome.result === 'ok' ? 'rolled back' : `rollback: ${outcome.result}`);
  if (outcome.result === 'ok' && pack.before && eim.decisions.appliesRollback()) record.view = pack.before;
};

const applySuccess = (
  eim: EimContext,
  record: EuiccRecord,
  operation: Operation,
  outcome: Outcome,
  value: Partial<ValueOf<typeof EuiccResultData>>,
): void => {
  const { decisions, config } = eim;
  const given = value.addEimResult?.associationToken;
  const token = given === undefined ? undefined : decisions.remembersToken(given);
  if (decisions.appliesView(operation.name)) record.view = afterOperation(record.view, operation, value, token);
  if (operation.name === 'listProfileInfo') record.stale = false;
  if (operation.kind === 'eco' && operation.newKey && decisions.switchesOwnKey(outcome.result)) record.signingKey = operation.newKey;
  const leaves = operation.name === 'deleteEim' && (operation.subject === config.eimId || outcome.result === 'lastEimDeleted');
  if (leaves && decisions.stopsManaging(outcome.result)) record.associated = false;
};

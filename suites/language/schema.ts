/**
 * The one definition of headers, steps and catalogue files: files are validated against it, and the editor schema and
 * the reference are generated from it. All scalars are texts here, as they stand in the file.
 */
import { ACTOR_ROLES, IUT_ROLES, type Verb } from './ast.js';
import {
  content,
  type Definition,
  flag,
  isA,
  list,
  names,
  oneOf,
  optional,
  readable,
  text,
  texts,
  type Value,
  word,
} from './definition.js';
import { DURATION_FORM, readDuration } from './duration.js';

const steps = (says: string): Value => list(says, 'a list of steps', { $ref: '#/$defs/step' });
const duration = (says: string): Value =>
  readable(says, DURATION_FORM, found => found.startsWith('$') || readDuration(found) !== undefined);

const CASE_ID = /^(eim|ipa|euicc|smdp)(\.[a-z0-9]+)+\.\d\d$/;

/** Headers of a case file, in the order in which they are written. */
export const CASE: Definition = {
  id: word('Stable address, never used again for another case.', CASE_ID, 'an id such as eim.enable.01'),
  title: text('One sentence saying what must happen.'),
  source: text('Document, version, section and test id it comes from.'),
  iut: oneOf(IUT_ROLES, 'The role under test.'),
  when: optional(text('Options and versions that make it applicable: `O_A and (O_B or not O_C) and since 1.1`.')),
  over: optional(texts('Link → option. The sequence runs once per link the IUT declares.', 'a map of links and options', 'an option')),
  once: optional(flag('What it shows does not depend on the link: it runs over the first of `over` that applies.')),
  covers: names('Requirement ids that the sequence shows.'),
  limit: optional(duration('Guard time of one sequence; 2m when left out.')),
  destructive: optional(flag('It changes the IUT in a way that `after` cannot undo.')),
  actors: optional(content('The simulated counterparts and how they start.', 'actors', isA('map', 'a map of actors'))),
  table: optional(
    content(
      'Rows; the sequence runs once per row, cells are `$row.<column>`, the column `name` goes into the title, `when` holds options and versions that the row alone needs.',
      'table',
      isA('list', 'a list of rows'),
    ),
  ),
  before: optional(steps('Preamble; what fails here is inconclusive.')),
  steps: steps('The test body.'),
  after: optional(steps('Clean-up, always run; what fails here does not change the verdict.')),
};

/** Headers of a procedure file. */
export const PROCEDURE: Definition = {
  procedure: word('Its name, in lowerCamel.', /^[a-z][A-Za-z0-9]*$/, 'a name in lowerCamel'),
  title: text('One sentence saying what it does.'),
  params: optional(names('Names that a call gives values to; with a question mark the value may be left out.')),
  returns: optional(names('Names bound in the steps that a call can match.')),
  idempotent: optional(
    flag('Right after itself it would change nothing: a call is skipped while nothing has been sent or done since it passed.'),
  ),
  steps: steps('The steps.'),
};

const common = {
  note: optional(text('Why the step is there; shown in the report.')),
  if: optional(text('The step runs only under these options and versions, e.g. `not O_A`, `since 1.1`.')),
  covers: optional(names('Requirement ids that this step shows; those of a call stand for its steps that name none.')),
  else: optional(
    oneOf(['fail', 'inconclusive'], 'What a failure of this step means; that of a call stands for its steps that say nothing themselves.'),
  ),
};
const within = optional(duration('How long it may take.'));

export interface VerbDefinition {
  readonly verb: Verb;
  /** How the key is written, for messages and the reference. */
  readonly key: string;
  readonly actor: boolean;
  readonly says: string;
  readonly words: Definition;
}
const verb = (name: Verb, subject: string, actor: boolean, says: string, words: Definition): VerbDefinition => ({
  verb: name,
  key: `${actor ? `<actor>.${name}` : name}: ${subject}`,
  actor,
  says,
  words: { ...words, ...common },
});

/** One definition per verb: a step is validated against that of its verb alone. */
export const VERBS: readonly VerbDefinition[] = [
  verb('send', 'Type', true, 'Sends a message, or answers the request received last; `nothing` answers without a message.', {
    with: optional(content('Laid over what a correct counterpart would send.')),
    mutate: optional(content('Edits before signing: wrong content, valid signature.', 'edits')),
    signWith: optional(text('The private key that signs instead of the right one.')),
    corrupt: optional(content('Edits after signing and encoding.', 'edits')),
    link: optional(content('What is around the message: status, headers, delay, cut, certificate.')),
  }),
  verb(
    'expect',
    'Type',
    true,
    'Receives a message of the type (or one of a list of types), or sees `handshakeFailure`, `close` or `nothing`.',
    {
      match: optional(content('What the message must be like.')),
      within,
      optional: optional(flag('It need not come.')),
      verify: optional(text('`none` turns the signature checks of this message off; a key demands that all signatures verify with it.')),
      link: optional(content('What must be around the message: status, headers, code.')),
    },
  ),
  verb('operator', 'action', false, 'Someone or something operates the IUT.', {
    with: optional(content('Parameters of the action.')),
    match: optional(content('What the action must give.')),
    within,
  }),
  verb('call', 'procedure', false, 'Runs a procedure.', {
    with: optional(content('Its parameters.')),
    match: optional(content('Takes its results.')),
  }),
  verb('check', '$value', false, 'Compares a value or the state of an actor.', { match: content('What it must be like.'), within }),
  verb('set', '{name: $value}', false, 'Names values.', {}),
  verb('unordered', '[steps]', false, 'All of these steps, in any order.', {}),
  verb(
    'repeat',
    'count',
    false,
    'Repeats steps that many times, or at most that many times until names match: not at all where they match before.',
    {
      steps: steps('What is repeated.'),
      until: optional(content('Names bound in the steps, and what they must be like.')),
    },
  ),
  verb('wait', 'duration', false, 'Waits; `note` must say why.', {}),
];

const CATALOGUE_ROLE = oneOf(ACTOR_ROLES, 'The role it is asked of.');
/** One entry of options.yaml and of settings.yaml. */
export const DECLARATION: Definition = {
  role: CATALOGUE_ROLE,
  question: text('What the supplier is asked.'),
  source: text('Where it comes from; `own` for our own.'),
};
/** One entry of operator-actions.yaml. */
export const ACTION: Definition = {
  of: oneOf(IUT_ROLES, 'The role under test that is operated.'),
  with: optional(names('Parameters; with a question mark optional.')),
  gives: optional(names('What the binding has to hand back.')),
  ends: optional(flag('What the IUT is in the middle of is over when this is done: nothing that came before is expected any more.')),
  does: text('What it does, as an order to a person.'),
};
/** One entry of a requirements file. */
export const REQUIREMENT: Definition = {
  section: text('Section of the specification.'),
  level: oneOf(['shall', 'should'], 'shall or should: a violated should is a finding, not a fail.'),
  text: text('The requirement in one sentence of our own.'),
};

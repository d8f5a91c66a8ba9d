/**
 * The one definition of headers, steps and catalogue files: files are validated against it, and the editor schema and
 * the reference are generated from it. All scalars are texts here, as they stand in the file.
 */
import { z } from 'zod';
import { ACTOR_ROLES, IUT_ROLES, type Verb } from './ast.js';
import { DURATION_FORM, readDuration } from './duration.js';

/** What an editor is told instead of "text": YAML shows it numbers and booleans. */
const editor = (schema: Readonly<Record<string, unknown>>) => ({ editor: schema });
const SCALAR = { type: ['string', 'number', 'boolean'] };

const text = (says: string) => z.string({ error: 'expected a text' }).meta({ description: says, ...editor(SCALAR) });
const word = (says: string, pattern: RegExp, form: string) =>
  z
    .string({ error: `expected ${form}` })
    .regex(pattern, { error: `expected ${form}` })
    .meta({ description: says });
const flag = (says: string) =>
  z.enum(['true', 'false'], { error: 'expected true or false' }).meta({ description: says, ...editor({ type: 'boolean' }) });
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, says: string) =>
  z
    .enum(values, { error: `expected ${values.slice(0, -1).join(', ')}${values.length > 1 ? ' or ' : ''}${values.at(-1)}` })
    .meta({ description: says });
/** Values, patterns and configurations: checked against types, not here. */
const content = (says: string) => z.unknown().meta({ description: says, ...editor({ $ref: '#/$defs/content' }) });
const namesList = (says: string) =>
  z.array(z.string({ error: 'expected a name' }), { error: 'expected a list' }).meta({ description: says });
const steps = (says: string) =>
  z
    .array(z.unknown(), { error: 'expected a list of steps' })
    .meta({ description: says, ...editor({ type: 'array', items: { $ref: '#/$defs/step' } }) });
const duration = (says: string) =>
  z
    .string({ error: `expected ${DURATION_FORM}` })
    .refine(t => t.startsWith('$') || readDuration(t) !== undefined, { error: `expected ${DURATION_FORM}` })
    .meta({ description: says });

const CASE_ID = /^(eim|ipa|euicc|smdp)(\.[a-z0-9]+)+\.\d\d$/;

/** Headers of a case file, in the order in which they are written. */
export const CASE = z.strictObject({
  id: word('Stable address, never used again for another case.', CASE_ID, 'an id such as eim.enable.01'),
  title: text('One sentence saying what must happen.'),
  source: text('Document, version, section and test id it comes from.'),
  iut: oneOf(IUT_ROLES, 'The role under test.'),
  when: text('Options and versions that make it applicable: `O_A and (O_B or not O_C) and since 1.1`.').optional(),
  over: z
    .record(z.string(), z.string({ error: 'expected an option' }), { error: 'expected a map of links and options' })
    .meta({ description: 'Link → option. The sequence runs once per link the IUT declares.' })
    .optional(),
  once: flag('What it shows does not depend on the link: it runs over the first of `over` that applies.').optional(),
  covers: namesList('Requirement ids that the sequence shows.'),
  limit: duration('Guard time of one sequence; 2m when left out.').optional(),
  destructive: flag('It changes the IUT in a way that `after` cannot undo.').optional(),
  actors: z
    .record(z.string(), z.unknown(), { error: 'expected a map of actors' })
    .meta({ description: 'The simulated counterparts and how they start.', ...editor({ $ref: '#/$defs/actors' }) })
    .optional(),
  table: z
    .array(z.unknown(), { error: 'expected a list of rows' })
    .meta({
      description:
        'Rows; the sequence runs once per row, cells are `$row.<column>`, the column `name` goes into the title, `when` holds options and versions that the row alone needs.',
      ...editor({ $ref: '#/$defs/table' }),
    })
    .optional(),
  before: steps('Preamble; what fails here is inconclusive.').optional(),
  steps: steps('The test body.'),
  after: steps('Clean-up, always run; what fails here does not change the verdict.').optional(),
});

/** Headers of a procedure file. */
export const PROCEDURE = z.strictObject({
  procedure: word('Its name, in lowerCamel.', /^[a-z][A-Za-z0-9]*$/, 'a name in lowerCamel'),
  title: text('One sentence saying what it does.'),
  params: namesList('Names that a call gives values to; with a question mark the value may be left out.').optional(),
  returns: namesList('Names bound in the steps that a call can match.').optional(),
  idempotent: flag(
    'Right after itself it would change nothing: a call is skipped while nothing has been sent or done since it passed.',
  ).optional(),
  steps: steps('The steps.'),
});

const common = {
  note: text('Why the step is there; shown in the report.').optional(),
  if: text('The step runs only under these options and versions, e.g. `not O_A`, `since 1.1`.').optional(),
  covers: namesList('Requirement ids that this step shows; those of a call stand for its steps that name none.').optional(),
  else: oneOf(
    ['fail', 'inconclusive'],
    'What a failure of this step means; that of a call stands for its steps that say nothing themselves.',
  ).optional(),
};
const within = duration('How long it may take.').optional();

export interface VerbDefinition {
  readonly verb: Verb;
  /** How the key is written, for messages and the reference. */
  readonly key: string;
  readonly actor: boolean;
  readonly says: string;
  readonly words: z.ZodObject;
}
const verb = (name: Verb, subject: string, actor: boolean, says: string, words: Readonly<Record<string, z.ZodType>>): VerbDefinition => ({
  verb: name,
  key: `${actor ? `<actor>.${name}` : name}: ${subject}`,
  actor,
  says,
  words: z.strictObject({ ...words, ...common }),
});

/** One definition per verb: a step is validated against that of its verb alone. */
export const VERBS: readonly VerbDefinition[] = [
  verb('send', 'Type', true, 'Sends a message, or answers the request received last; `nothing` answers without a message.', {
    with: content('Laid over what a correct counterpart would send.').optional(),
    mutate: content('Edits before signing: wrong content, valid signature.')
      .meta(editor({ $ref: '#/$defs/edits' }))
      .optional(),
    signWith: text('The private key that signs instead of the right one.').optional(),
    corrupt: content('Edits after signing and encoding.')
      .meta(editor({ $ref: '#/$defs/edits' }))
      .optional(),
    link: content('What is around the message: status, headers, delay, cut, certificate.').optional(),
  }),
  verb(
    'expect',
    'Type',
    true,
    'Receives a message of the type (or one of a list of types), or sees `handshakeFailure`, `close` or `nothing`.',
    {
      match: content('What the message must be like.').optional(),
      within,
      optional: flag('It need not come.').optional(),
      verify: text('`none` turns the signature checks of this message off; a key demands that all signatures verify with it.').optional(),
      link: content('What must be around the message: status, headers, code.').optional(),
    },
  ),
  verb('operator', 'action', false, 'Someone or something operates the IUT.', {
    with: content('Parameters of the action.').optional(),
    match: content('What the action must give.').optional(),
    within,
  }),
  verb('call', 'procedure', false, 'Runs a procedure.', {
    with: content('Its parameters.').optional(),
    match: content('Takes its results.').optional(),
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
      until: content('Names bound in the steps, and what they must be like.').optional(),
    },
  ),
  verb('wait', 'duration', false, 'Waits; `note` must say why.', {}),
];

const CATALOGUE_ROLE = oneOf(ACTOR_ROLES, 'The role it is asked of.');
/** One entry of options.yaml and of settings.yaml. */
export const DECLARATION = z.strictObject({
  role: CATALOGUE_ROLE,
  question: text('What the supplier is asked.'),
  source: text('Where it comes from; `own` for our own.'),
});
/** One entry of operator-actions.yaml. */
export const ACTION = z.strictObject({
  of: oneOf(IUT_ROLES, 'The role under test that is operated.'),
  with: namesList('Parameters; with a question mark optional.').optional(),
  gives: namesList('What the binding has to hand back.').optional(),
  ends: flag('What the IUT is in the middle of is over when this is done: nothing that came before is expected any more.').optional(),
  does: text('What it does, as an order to a person.'),
});
/** One entry of a requirements file. */
export const REQUIREMENT = z.strictObject({
  section: text('Section of the specification.'),
  level: oneOf(['shall', 'should'], 'shall or should: a violated should is a finding, not a fail.'),
  text: text('The requirement in one sentence of our own.'),
});

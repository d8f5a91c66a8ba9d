/** How edits are written in `mutate` and `corrupt`: one map per edit, its first word with a field path. */
import type { Code } from './codes.js';
import type { Diagnostic } from './diagnostics.js';
import { didYouMean, type MapNode, type Node, type Position } from './source.js';

/** A mistake in the way an edit is written. */
export type EditProblem = Diagnostic & { readonly code: Code };

export interface EditDefinition {
  readonly name: string;
  /** What stands behind the name: a field path, or octets. */
  readonly subject: 'path' | 'octets';
  /** Words that stand beside it. */
  readonly words: readonly { readonly name: string; readonly says: string; readonly optional?: true }[];
  readonly says: string;
  readonly example: string;
}

export const EDITS: readonly EditDefinition[] = [
  {
    name: 'set',
    subject: 'path',
    words: [{ name: 'to', says: 'the new value, read by the type of the field' }],
    says: 'Gives a field another value; an absent optional field is put in at its place.',
    example: '{ set: euiccPackageSigned.counterValue, to: 0 }',
  },
  { name: 'drop', subject: 'path', words: [], says: 'Leaves a field out.', example: '{ drop: ..euiccSignEPR }' },
  {
    name: 'flip',
    subject: 'path',
    words: [{ name: 'bit', says: 'bit 0 is the most significant bit of the first content octet' }],
    says: 'Flips one bit of the content; of `.`, one bit of the message with tag and length.',
    example: '{ flip: ..eimSignature, bit: 7 }',
  },
  {
    name: 'truncate',
    subject: 'path',
    words: [{ name: 'bytes', says: 'how many octets' }],
    says: 'Cuts octets off the end of the content and corrects all lengths; of `.`, cuts the message off, lengths left as they were.',
    example: '{ truncate: ., bytes: 1 }',
  },
  {
    name: 'append',
    subject: 'path',
    words: [{ name: 'bytes', says: 'the octets in hex' }],
    says: 'Adds octets at the end of the content and corrects all lengths; to `.`, behind the complete message.',
    example: '{ append: ..eimSignature, bytes: 00 }',
  },
  {
    name: 'retag',
    subject: 'path',
    words: [{ name: 'tag', says: 'the new identifier octets in hex' }],
    says: 'Exchanges the tag of a field.',
    example: '{ retag: ..eimSignature, tag: 5F38 }',
  },
  {
    name: 'duplicate',
    subject: 'path',
    words: [],
    says: 'Repeats an element directly behind itself.',
    example: '{ duplicate: ..counterValue }',
  },
  {
    name: 'longLength',
    subject: 'path',
    words: [],
    says: 'Writes the length of an element with one octet more than DER allows.',
    example: '{ longLength: ..counterValue }',
  },
  {
    name: 'insert',
    subject: 'octets',
    words: [{ name: 'into', says: 'the path of the structure; the message when left out', optional: true }],
    says: 'Puts a complete TLV, given in hex, at the end of a structure.',
    example: '{ insert: 9F7F0100, into: euiccPackageSigned }',
  },
];

/** One edit as written, its shape checked. */
export interface WrittenEdit {
  readonly definition: EditDefinition;
  readonly subject: Node;
  readonly words: ReadonlyMap<string, Node>;
  readonly at: Position;
}

const readEdit = (node: MapNode, problems: EditProblem[]): WrittenEdit | undefined => {
  const names = EDITS.map(edit => edit.name);
  const verb = node.entries.find(entry => names.includes(entry.key));
  const definition = EDITS.find(edit => edit.name === verb?.key);
  if (!verb || !definition) {
    const near = node.entries.map(entry => didYouMean(entry.key, names)).find(hint => hint !== undefined);
    problems.push({
      code: 'no-edit',
      at: node.entries[0]?.at ?? node.at,
      message: 'no edit in this map',
      hint: [near, `edits: ${names.join(', ')}`].filter(Boolean).join('; '),
    });
    return undefined;
  }
  const words = new Map<string, Node>();
  for (const { key, at, value } of node.entries) {
    if (key === verb.key) continue;
    if (definition.words.some(word => word.name === key)) words.set(key, value);
    else {
      const known = definition.words.map(word => word.name);
      const hint =
        didYouMean(key, known) ??
        (known.length > 0 ? `"${definition.name}" takes: ${known.join(', ')}` : `"${definition.name}" takes nothing else`);
      problems.push({ code: 'unknown-key', at, message: `unknown key "${key}"`, hint });
    }
  }
  for (const { name, says, optional } of definition.words)
    if (!optional && !words.has(name))
      problems.push({ code: 'missing-key', at: verb.at, message: `"${definition.name}" needs "${name}": ${says}` });
  return { definition, subject: verb.value, words, at: verb.at };
};

/** Reads a list of edits; what is wrong with its shape goes into `problems`. */
export const readEdits = (node: Node, problems: EditProblem[]): readonly WrittenEdit[] => {
  if (node.kind !== 'list') {
    problems.push({ code: 'shape', at: node.at, message: 'expected a list of edits', hint: `e.g. [${EDITS[0]?.example}]` });
    return [];
  }
  return node.items.flatMap(item => {
    if (item.kind === 'map') return readEdit(item, problems) ?? [];
    problems.push({ code: 'shape', at: item.at, message: 'expected an edit', hint: `e.g. ${EDITS[0]?.example}` });
    return [];
  });
};

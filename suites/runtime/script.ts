/** Where the script stands, and whether it is going to answer a message itself. */
import type { Case, Procedure, Step } from '../language/ast.js';
import { isOpen, type Party } from './party.js';

interface Frame {
  readonly steps: readonly Step[];
  index: number;
}

export interface Script {
  /** Steps that run now, from one of them on; -1: they are still to come. */
  enter(steps: readonly Step[], index?: number): void;
  at(index: number): void;
  leave(): void;
  /**
   * The rule of who answers: the script does, when the party's next step expects the message and its step after that sends.
   * Messages in the queue that the script has not come to yet use up their own steps first.
   */
  answers(party: Party, typeName: string): boolean;
}

interface Turn {
  /** An operator's act stands for all that follows: what comes before it is answered without a look at what is behind it. */
  readonly step: Extract<Step, { verb: 'send' | 'expect' | 'operator' }>;
  /** Steps of one `unordered` share a group. */
  readonly group: Step | undefined;
}

/** `ends` tells of an operator's act whether what the IUT is in the middle of is over with it. */
export const createScript = (
  procedures: ReadonlyMap<string, Procedure>,
  applies: (condition: NonNullable<Step['if']>) => boolean,
  ends: (action: string) => boolean = () => false,
): Script => {
  const frames: Frame[] = [];

  function* turns(actor: string, steps: readonly Step[], from: number, group?: Step): Generator<Turn> {
    for (let n = from; n < steps.length; n++) {
      const step = steps[n] as Step;
      if (step.if !== undefined && !applies(step.if)) continue;
      if (step.verb === 'operator' && ends(step.action)) yield { step, group };
      if ((step.verb === 'send' || step.verb === 'expect') && step.actor === actor) yield { step, group };
      if (step.verb === 'call') yield* turns(actor, procedures.get(step.procedure)?.steps ?? [], 0);
      if (step.verb === 'unordered') yield* turns(actor, step.steps, 0, step);
      if (step.verb === 'repeat') yield* turns(actor, step.steps, 0);
    }
  }
  const upcoming = (actor: string): Turn[] => {
    const list: Turn[] = [];
    for (let f = frames.length - 1; f >= 0; f--) {
      const { steps, index } = frames[f] as Frame;
      const inner = f === frames.length - 1;
      // The step that runs right now still counts when it waits for a message; the frames around it go on behind their call.
      const current = steps[index];
      const isNow = inner && (current?.verb === 'expect' || current?.verb === 'operator');
      list.push(...turns(actor, steps, isNow ? index : index + 1, undefined));
    }
    return list;
  };
  const use = (list: readonly Turn[], typeName: string): { readonly rest: readonly Turn[]; readonly answered: boolean } | undefined => {
    const [first] = list;
    if (!first) return undefined;
    const isOptional = (turn: Turn | undefined) => turn?.step.verb === 'expect' && turn.step.optional === true;
    // What answers a message that need not come is left out with it.
    const skippable = (n: number) => isOptional(list[n]) || (list[n]?.step.verb === 'send' && isOptional(list[n - 1]));
    for (let n = 0; n < list.length; n++) {
      const turn = list[n] as Turn;
      const inGroup = first.group !== undefined && turn.group === first.group;
      if (turn.step.verb === 'expect' && turn.step.accepts.includes(typeName)) {
        const answered = list[n + 1]?.step.verb === 'send';
        return { rest: list.toSpliced(n, answered ? 2 : 1), answered };
      }
      if (!inGroup && !skippable(n)) return undefined;
    }
    return undefined;
  };

  return {
    enter: (steps, index = 0) => {
      frames.push({ steps, index });
    },
    at: index => {
      const frame = frames.at(-1);
      if (frame) frame.index = index;
    },
    leave: () => {
      frames.pop();
    },
    answers: (party, typeName) => {
      let list: readonly Turn[] = upcoming(party.name);
      for (const waiting of party.inbox.filter(isOpen)) list = use(list, waiting.name)?.rest ?? list;
      return use(list, typeName)?.answered ?? false;
    },
  };
};

/** The three phases of a case in order, each with what follows it. */
export const phasesOf = (c: Case) => [
  { phase: 'before', steps: c.before, next: c.steps } as const,
  { phase: 'steps', steps: c.steps, next: [] } as const,
  { phase: 'after', steps: c.after, next: [] } as const,
];

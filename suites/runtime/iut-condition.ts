/** How the sequences leave the IUT, as far as the next one may rely on it. */
export interface IutCondition {
  /** After a clean-up that failed nobody knows how the IUT stands. */
  isUnknown: boolean;
  /** Something was sent to the IUT, came from it or was done to it. */
  touched(): void;
  /** An idempotent procedure passed in a sequence, and the IUT is now as it leaves it. */
  left(procedure: string, sequence: string): void;
  /** The sequence whose call of the procedure the IUT still stands as, if any. */
  leftBy(procedure: string): string | undefined;
}

export const createCondition = (): IutCondition => {
  let last: { readonly procedure: string; readonly sequence: string } | undefined;
  return {
    isUnknown: false,
    touched: () => {
      last = undefined;
    },
    left: (procedure, sequence) => {
      last = { procedure, sequence };
    },
    leftBy: procedure => (last?.procedure === procedure ? last.sequence : undefined),
  };
};

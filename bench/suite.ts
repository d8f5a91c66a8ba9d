/** A family of measurements that belong into one table. */
export interface Suite {
  readonly name: string;
  /** Measures and returns the lines to print; everything that is compared runs in this one process. */
  readonly run: () => Promise<readonly string[]>;
}

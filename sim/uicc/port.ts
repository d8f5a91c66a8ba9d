/** What lies behind the APDUs: complete ES10 commands, and what the card must know to show itself. */
import type { Subscription } from './files.js';

/** The answer to one ES10 command or segment, whoever gives it. */
export interface Es10Answer {
  /** `9000`, or what refuses the command. */
  readonly sw: string;
  readonly octets: Uint8Array;
  /** The command changed the enabled profile: with REFRESH, or at once. SGP.32 5.9.15, 5.9.16 */
  readonly switched?: 'refresh' | 'atOnce';
}

/** The eUICC inside the card. */
export interface Es10Port {
  /** Carries out a complete command, or one segment of a bound profile package, that came on a logical channel. */
  es10(command: Uint8Array, channel: number): Promise<Es10Answer>;
  /** Templates E0 and E1 of the FCI of the ISD-R, one after the other, as they are now. SGP.22 5.7.2, SGP.32 3.8.4 */
  isdrTemplates(): Uint8Array;
  /** The subscription of the enabled profile, now; undefined: no profile is enabled. */
  subscription(): Subscription | undefined;
  /** The power came back, or the reset line moved: whatever is volatile is gone. */
  restarted?(): void;
  /** A change that waited for REFRESH took effect; or the terminal refused it, and the profile before is enabled. */
  settled?(isCommitted: boolean): void;
}

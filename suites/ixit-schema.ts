/** What an IXIT file says: the implementation under test, how it is reached and how it is operated. */
import type { Spec } from '#protocol/asn1/type.js';
import type { Duration } from '../adapters/adapter.js';
import type { Conditions } from '../adapters/weather.js';
import type { Node, Position } from './language/source.js';
import type { Pattern } from './pattern.js';

/** A parameter of an action, or a value that it gives. */
export interface ActionValue {
  readonly name: string;
  readonly optional: boolean;
}
/** One entry of operator-actions.yaml. */
export interface ActionContract {
  readonly of: string;
  readonly with: readonly ActionValue[];
  /** Names, or names with their optionality; a name that ends in `?` may be absent. */
  readonly gives: readonly (string | ActionValue)[];
}
/** One entry of options.yaml. */
export interface OptionContract {
  readonly role: string;
  readonly question?: string;
}
/** What IXIT files are checked against. */
export interface IxitCatalogue {
  readonly options: ReadonlyMap<string, OptionContract>;
  readonly actions: ReadonlyMap<string, ActionContract>;
  /** Settings that cases use; names are not checked when absent. */
  readonly settings?: ReadonlyMap<string, OptionContract>;
}

/** Values that an action gives, with their optionality. */
export const givenBy = (action: ActionContract): readonly ActionValue[] =>
  action.gives.map(one =>
    typeof one === 'string' ? { name: one.replace(/\?$/, ''), optional: one.endsWith('?') } : { name: one.name, optional: one.optional },
  );

export const IUT_ROLES = ['eim', 'ipa', 'euicc', 'smdp'] as const;
export type IutRole = (typeof IUT_ROLES)[number];
export type Encoding = 'asn1' | 'json';

/** We call the IUT over HTTPS or CoAPs. */
export interface CalledLink {
  readonly kind: 'called';
  readonly url: string;
  readonly serverName?: string;
  readonly encoding: Encoding;
  /** Absolute paths of PEM files. */
  readonly trust: readonly string[];
  /** Network conditions around it. */
  readonly weather?: Conditions;
  readonly at: Position;
}
/** The IUT calls us over HTTPS or CoAPs. */
export interface ListeningLink {
  readonly kind: 'listening';
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  /** Server names to answer to, besides that of the certificate. */
  readonly names: readonly string[];
  /** Name in the test PKI. */
  readonly certificate: string;
  readonly encoding: Encoding;
  /** Host (and port) by which the IUT finds us, when it is not the one we listen on. */
  readonly address?: string;
  /** Network conditions around it. */
  readonly weather?: Conditions;
  readonly at: Position;
}
/** The IUT holds a reader, and our card is in it. */
export interface SlotLink {
  readonly kind: 'slot';
  readonly wire: 'vpcd' | 'apdu-stdio';
  /** Where vpcd listens. */
  readonly host: string;
  readonly port: string;
  /** Answer to reset in hex, when the IUT expects a certain one. */
  readonly atr?: string;
  readonly at: Position;
}
/** We hold the reader or modem, and the eUICC in it is under test. */
export interface CardLink {
  readonly kind: 'card';
  readonly wire: 'modem' | 'pcsc' | 'simulated';
  /** What the adapter is opened with, by its own names. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly at: Position;
}
export type Link = CalledLink | ListeningLink | SlotLink | CardLink;

/** Where a result value comes from. */
export type ResultSource =
  /** `$body.a.0`, `$headers.location`, `$stdout.a`: root without the sigil, and the path in it. */
  | { readonly kind: 'path'; readonly root: 'body' | 'headers' | 'status' | 'stdout' | 'stderr' | 'exitCode'; readonly path: string }
  | { readonly kind: 'literal'; readonly text: string }
  /** The first word whose pattern matches. */
  | { readonly kind: 'words'; readonly words: readonly { readonly word: string; readonly pattern: Pattern }[] };

interface Common {
  readonly action: string;
  readonly at: Position;
  /** Time for the act; `timeouts.operator` when absent. */
  readonly within?: Duration;
}
interface Answering extends Common {
  readonly expect?: Pattern;
  readonly result: ReadonlyMap<string, ResultSource>;
  /** Results that an answer may lack. */
  readonly optional: ReadonlySet<string>;
}
export interface RestBinding extends Answering {
  readonly kind: 'rest';
  readonly method: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly json?: Node;
  readonly body?: string;
  /** Absolute paths of PEM files for an https: URL. */
  readonly trust: readonly string[];
}
export interface CommandBinding extends Answering {
  readonly kind: 'command';
  /** A text runs in the shell, a list as it is. */
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: ReadonlyMap<string, string>;
  readonly background: boolean;
}
export interface AtBinding extends Answering {
  readonly kind: 'at';
  readonly commands: readonly string[];
}
export interface StopBinding extends Common {
  readonly kind: 'stop';
  /** The action whose background command ends. */
  readonly started: string;
}
export interface PromptBinding extends Common {
  readonly kind: 'prompt';
  readonly text: string;
  /** Names of the values that the person types in. */
  readonly ask: readonly string[];
}
export type Binding = RestBinding | CommandBinding | AtBinding | StopBinding | PromptBinding;

/** A profile that the simulated SM-DP+ has in place of a generated one. */
export interface LabProfile {
  /** Name of the constant whose ICCID it takes the place of, e.g. ICCID_OP_PROF1. */
  readonly constant: string;
  /** Its own ICCID, 10 octets in hex as on the card. */
  readonly iccid: string;
  /** Absolute path of the unprotected profile package, DER. */
  readonly upp: string;
  readonly at: Position;
}

/** How the IUT is started for a run. */
export interface IutStart {
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: ReadonlyMap<string, string>;
  readonly ready?: { readonly tcp: string } | { readonly stdout: string };
  readonly within: Duration;
  readonly at: Position;
}

/** A checked IXIT file. Texts may hold `${start.x}`, `${links.x.y}`, `${work}` and `${settings.X}` until `fillIxit`. */
export interface Ixit {
  readonly file: string;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
  readonly iut: IutRole;
  readonly name: string;
  readonly version: string;
  readonly supplier: string;
  readonly spec: Spec;
  /** SGP.33 Annex F. */
  readonly settings: ReadonlyMap<string, string>;
  readonly options: ReadonlyMap<string, boolean>;
  /** By interface (`esipa`), then by wire (`https`, `json`, `coaps`): HTTPS with JSON on ESipa is `json`, however the file writes it. */
  readonly links: Readonly<Record<string, Readonly<Record<string, Link>>>>;
  /** Absolute paths of PEM files with which signatures of the IUT are verified. */
  readonly trust: { readonly eim?: string };
  /** Absolute path of a folder with SGP.26 certificates, in place of the built-in test PKI. */
  readonly pki?: string;
  /** Profile packages of the lab for the simulated SM-DP+. */
  readonly profiles: readonly LabProfile[];
  readonly start?: IutStart;
  /** Action that brings the IUT back into a known state. */
  readonly reset?: string;
  readonly operator: ReadonlyMap<string, Binding>;
  /** Where what is missing would stand: the line of its part of the file, the first line of a file without this part. */
  readonly places: { readonly spec: Position; readonly settings: Position; readonly links: Position; readonly operator: Position };
  readonly timeouts: { readonly response: Duration; readonly operator: Duration; readonly start: Duration };
  /** The text with every secret from the environment replaced by `***`. */
  readonly mask: (text: string) => string;
}

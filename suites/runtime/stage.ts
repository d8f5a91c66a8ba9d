/** What the steps of one running sequence share. */
import type { Spec } from '#protocol/asn1/type.js';
import type { Client, Frame, Inbound, Outbound } from '../../adapters/adapter.js';
import type { Sky } from '../../adapters/sky.js';
import type { ClientBinding, LinkEdits, ServerBinding } from '../../sim/bindings/binding.js';
import type { ExchangeLog } from './exchange-log.js';
import type { KeySource } from './keyring.js';
import type { LevelOf } from './message-checks.js';
import type { Party } from './party.js';
import type { Sent } from './relay.js';
import type { VersionWatch } from './spoken-version.js';
import type { LabWeather } from './weather.js';

/** A wire on which a party calls the IUT. */
export interface ClientWire {
  readonly client: Client;
  readonly binding: ClientBinding;
  /** The weather around it. */
  readonly sky?: Sky;
}

/** A wire on which the IUT calls a party. */
export interface ServerWire {
  readonly binding: ServerBinding;
  /** What makes an answer without a message say that there is no service just now. */
  readonly unavailable: LinkEdits;
  /** The weather around it. */
  readonly sky?: Sky;
  /** Takes the requests to one server name until the returned function is called. */
  route(serverName: string, handler: ServerHandler): () => void;
}
export interface ServerHandler {
  frame(frame: Inbound): Promise<Outbound>;
  handshakeFailure(facts: Readonly<Record<string, unknown>>): void;
}

export interface Stage {
  readonly spec: Spec;
  readonly log: ExchangeLog;
  readonly keys: KeySource;
  readonly levelOf: LevelOf;
  /** Where signs of the IUT's version are noted; undefined when nobody asks. */
  readonly versions: VersionWatch | undefined;
  readonly weather: LabWeather;
  /** What our parties sent so far, when the IUT passes it on. */
  readonly sent: Sent[] | undefined;
  /** Aborted when the sequence is over. */
  readonly over: AbortSignal;
  /** Whether the script is going to answer a message of this type to a party. */
  scriptAnswers(party: Party, typeName: string): boolean;
  /** A fault of a role or of the harness: the verdict becomes error, never blamed on the IUT. */
  fault(error: unknown): void;
  /** Whether there was one that no step has taken up yet: then nothing more needs to be waited for. */
  faulted(): boolean;
}

/** Whether a wire of an IXIT file is CoAP, in whichever binding. */
export const isCoap = (wire: string): boolean => wire === 'coaps' || wire === 'coaps-json';

/** What the weather on a wire did up to now, for the record. */
export const skyFacts = (sky: Sky | undefined): Record<string, string> => {
  const weather = sky?.told();
  return weather === undefined ? {} : { weather };
};

export const frameFacts = (frame: Frame): Record<string, string> => ({ ...frame.meta, octets: String(frame.body.length) });

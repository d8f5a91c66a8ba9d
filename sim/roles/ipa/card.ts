/** The eUICC as an IPA reaches it: complete ES10 commands, whatever lies in between. */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { InputOf, Spec, Type } from '#protocol/asn1/type.js';
import { ComposeError } from '../../role.js';

/** A simulated eUICC, or one behind a reader. */
export interface Card {
  execute(command: Uint8Array): CardAnswer | Promise<CardAnswer>;
  /** Loads a bound profile package, where the device cuts it; undefined: it cannot be cut. */
  installProfile?(boundProfilePackage: Uint8Array): Promise<CardAnswer | undefined>;
}
/** Status word (`9000` is success) and response data. */
export interface CardAnswer {
  readonly sw: string;
  readonly octets: Uint8Array;
}

/** Sends octets as they are; a status word other than 9000 is a ComposeError, for an IPA cannot go on without its card. */
export const transmit = async (card: Card, what: string, command: Uint8Array): Promise<Uint8Array> => {
  const { sw, octets } = await card.execute(command);
  if (sw !== '9000') throw new ComposeError(`the eUICC refused ${what} with status word ${sw}`);
  return octets;
};

/** Calls one function and decodes its answer; throws ComposeError when the answer cannot be read. */
export const ask = async <Q, A>(card: Card, spec: Spec, request: Type<Q>, value: InputOf<Q>, response: Type<A>): Promise<Decoded<A>> => {
  const octets = await transmit(card, request.name, encode(request, value, { spec }));
  const message = decode(response, octets, { spec });
  const [problem] = message.diagnostics.filter(d => d.severity === 'error');
  if (problem)
    throw new ComposeError(`${response.name} of the eUICC: expected ${problem.expected} in ${problem.path}, got ${problem.found}`);
  return message;
};

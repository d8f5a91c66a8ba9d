/** Answers of an RSP server as an actor: made once for each request, then the same whoever asks for them. */

import type { Decoded } from '#protocol/asn1/element.js';
import { encodeUntyped } from '#protocol/asn1/encode.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { integerOf, type RspFunction, type StatusCode, statusOf } from '../../bindings/status-codes.js';
import { type Composed, ComposeError, type Received } from '../../role.js';

/** An answer; a failure keeps the status code for the JSON binding. */
export interface Answer extends Composed {
  readonly status?: StatusCode;
}

/** Makes the failure answers of one function. */
export type Refusal = (code: string, message?: string) => Answer;

/** The failure answers of a function: `error` is the alternative of the response type that carries the integer. */
export const refusals =
  (type: Type, error: string, of: RspFunction, spec: Spec): Refusal =>
  (code, message) => {
    const status = { ...statusOf(of, code), ...(message !== undefined && { message }) };
    return { type, octets: encodeUntyped(type, { [error]: integerOf(of, status, spec) }, { spec }), status };
  };

/** A request that is no value of its type: generic format error. SGP.22 5.2.6.1 */
export const MALFORMED = '1.3.1/2.1';

/** What is wrong with a request that does not decode. */
export const decodeProblem = (message: Decoded): string => {
  const first = message.diagnostics.find(d => d.severity === 'error');
  return first ? `${first.path || message.type.name}: expected ${first.expected}, got ${first.found}` : '';
};

/** Remembers what was answered to which request. */
export interface Desk {
  /** The answer to a request: worked out when it is seen for the first time. */
  answer(received: Received): Answer | undefined;
  /** The answer to the request received last; throws ComposeError when its type is another one. */
  latest(type: string): Answer;
}

/** A desk that works out answers by `handle`; undefined is a function without output. */
export const desk = (handle: (received: Received) => Answer | undefined): Desk => {
  const answers = new WeakMap<object, { readonly answer: Answer | undefined }>();
  let last: { readonly request: string; readonly answer: Answer | undefined } | undefined;
  return {
    answer: received => {
      const known = answers.get(received.message);
      const answer = known ? known.answer : handle(received);
      answers.set(received.message, { answer });
      last = { request: received.type.name, answer };
      return answer;
    },
    latest: type => {
      if (last?.answer?.type.name === type) return last.answer;
      const got = last
        ? `the last request was ${last.request}, answered by ${last.answer?.type.name ?? 'no message'}`
        : 'no request so far';
      throw new ComposeError(`${type}: expected a request that it answers, got none; ${got}`);
    },
  };
};

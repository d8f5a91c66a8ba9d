/** What deviations do to the HTTP answers of a server. */
import { hex } from '#protocol/asn1/tlv.js';
import type { Frame, Inbound, Outbound } from '../../adapters/adapter.js';

/** The judgement of a role on the frames that answer its callers. */
export interface Framing {
  frame(frame: Outbound, request: Inbound): Outbound;
}

/** Changes answers that go out; connections that are cut stay cut. */
export const answering =
  (change: (answer: Frame, request: Inbound) => Outbound) =>
  (correct: Framing): Framing => ({
    frame: (answer, request) => {
      const before = correct.frame(answer, request);
      return 'fault' in before ? before : change(before, request);
    },
  });

/** HTTP status of an answer, 0 of none. */
export const statusOf = (answer: Outbound): number => ('fault' in answer ? 0 : Number(answer.meta[':status']));

/** The answer with further or other headers. */
export const withMeta = (answer: Frame, meta: Readonly<Record<string, string>>): Frame => ({
  ...answer,
  meta: { ...answer.meta, ...meta },
});

/** An answer with a status and nothing else. */
export const refusal = (status: number): Frame => ({ meta: { ':status': String(status) }, body: new Uint8Array() });

/** Whether the body of a frame starts with a tag, given in hex. */
export const startsWith = (frame: Frame, tag: string): boolean => hex(frame.body.subarray(0, tag.length / 2)) === tag;

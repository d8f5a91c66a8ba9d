/** One request and its response, in as many blocks as they take: the side that asks. RFC 7959 2, 3 */
import { LinkError } from './adapter.js';
import type { Answered, CoapEndpoint, RequestManner } from './coap-endpoint.js';
import type { CoapContent } from './coap-incoming.js';
import { type CoapMessage, type CoapOption, NO_OCTETS } from './coap-message.js';
import {
  BLOCK1,
  BLOCK2,
  type Block,
  blockOf,
  blockOption,
  ETAG,
  LAST_BLOCK,
  optionOf,
  SIZE1,
  uintOctets,
  unacceptable,
} from './coap-options.js';

export interface TransferOptions {
  readonly manner: RequestManner;
  /** Octets of a block, for the request and for the response; the peer may ask for smaller ones. */
  readonly blockSize: number;
  /** Tells the peer with the request that blocks of the response should not be larger. */
  readonly announceBlockSize: boolean;
  /** Octets of a response. */
  readonly limit: number;
  /** A fault to commit: leaves this block of the request out. */
  readonly skipBlock?: number;
  /** Stops once so many octets of the body are sent, or all of it for Infinity, and waits for no answer. */
  readonly stopAfter?: number;
  readonly faults?: TransferFaults;
  readonly signal: AbortSignal;
}

/** Faults of a client that does not look at what it puts together. */
export interface TransferFaults {
  /** Puts blocks together whose ETags differ. */
  readonly anyEtag?: boolean;
  /** Takes whichever block comes for the one it asked for. */
  readonly anyBlock?: boolean;
  /** Takes a response in spite of a critical option that it does not understand. */
  readonly anyOption?: boolean;
  /** Takes the first block for the whole response. */
  readonly firstBlock?: boolean;
  /** Takes the blocks that came for the whole response when another one does not come. */
  readonly incomplete?: boolean;
}

/** A whole response. */
export interface Transferred {
  readonly message: CoapMessage;
  readonly body: Uint8Array;
  /** Blocks that the request and the response took, 1 where they fitted into one message. */
  readonly sent: number;
  readonly received: number;
  /** Size of the blocks of the request and of the response; undefined where there was one message. */
  readonly sentSize?: number;
  readonly receivedSize?: number;
  readonly repeated: number;
}

/** The request was cut off on purpose. */
export const STOPPED = Symbol('stopped after the octets asked for');

const isSuccess = (message: CoapMessage): boolean => message.code.startsWith('2.');
const wrong = (remote: string, text: string): LinkError => new LinkError('protocol', `${remote} ${text} (RFC 7959)`);
const reserved = (remote: string) => wrong(remote, 'used the reserved block size exponent 7');

/** A response with a critical option that nobody here understands must be rejected. RFC 7252 5.4.1 */
const ask = async (endpoint: CoapEndpoint, remote: string, content: CoapContent, options: TransferOptions): Promise<Answered> => {
  const answered = await endpoint.request(content, options.manner, options.signal);
  const refused = unacceptable(answered.message.options).map(({ number }) => number);
  if (refused.length === 0 || options.faults?.anyOption) return answered;
  throw new LinkError(
    'protocol',
    `${remote} answered with the critical option ${refused.join(', ')} that cannot be understood (RFC 7252 5.4)`,
  );
};

interface Uploaded {
  readonly answered: Answered;
  readonly sent: number;
  readonly size?: number;
  readonly repeated: number;
}

/** Sends the request; resolves with the response to its last block, or to the one that was refused. */
const upload = async (
  endpoint: CoapEndpoint,
  remote: string,
  request: CoapContent,
  options: TransferOptions,
): Promise<Uploaded | typeof STOPPED> => {
  const { stopAfter } = options;
  const { payload } = request;
  let size = options.blockSize;
  const wanted = options.announceBlockSize ? [blockOption(BLOCK2, { num: 0, more: false, size })] : [];
  if (payload.length <= size && stopAfter === undefined) {
    const answered = await ask(endpoint, remote, { ...request, options: [...request.options, ...wanted] }, options);
    const hint = blockOf(answered.message.options, BLOCK1);
    const isSmaller = answered.message.code === '4.13' && hint !== undefined && hint !== 'reserved' && hint.size < payload.length;
    if (!isSmaller) return { answered, sent: 1, repeated: answered.repeated };
    size = hint.size;
  }
  let sent = 0;
  let repeated = 0;
  for (let offset = 0; ; ) {
    const num = offset / size;
    const more = offset + size < payload.length;
    if (num > LAST_BLOCK) throw new LinkError('tooLarge', `a body of ${payload.length} octets has too many blocks of ${size} octets`);
    if (stopAfter === 0) return STOPPED;
    if (num === options.skipBlock && more) {
      offset += size;
      continue;
    }
    const content: CoapContent = {
      code: request.code,
      options: [
        ...request.options,
        // Only the last block is answered with the response. RFC 7959 3.3
        ...(more ? [] : wanted),
        ...(payload.length > size ? [blockOption(BLOCK1, { num, more, size })] : []),
        ...(offset === 0 && more ? [{ number: SIZE1, value: uintOctets(payload.length) }] : []),
      ],
      payload: payload.subarray(offset, offset + size),
    };
    const waiting = ask(endpoint, remote, content, options);
    if (stopAfter !== undefined && (!more || offset + size >= stopAfter)) {
      // Nobody waits for it any more.
      waiting.catch(() => {});
      return STOPPED;
    }
    const answered = await waiting;
    sent++;
    repeated += answered.repeated;
    const { message } = answered;
    const told = blockOf(message.options, BLOCK1);
    if (told === 'reserved') throw reserved(remote);
    if (message.code === '4.13' && offset === 0 && told !== undefined && told.size < size) {
      size = told.size;
      continue;
    }
    if (!more && message.code === '2.31') throw wrong(remote, `asked for more (2.31) after the last block ${num} of the request`);
    if (!more || !isSuccess(message)) return { answered, sent, size, repeated };
    if (told === undefined && message.code !== '2.31')
      throw wrong(remote, `answered block ${num} of the request with ${message.code} and no Block1, although more was to come`);
    if (told !== undefined && told.num !== num && told.num * told.size !== offset)
      throw wrong(remote, `acknowledged block ${told.num} of the request where block ${num} was sent`);
    offset += size;
    if (told !== undefined && told.size < size) size = told.size;
  }
};

/** The block that a response holds, or why it cannot be the one asked for. */
const checkBlock = (remote: string, message: CoapMessage, expected: number, faults: TransferFaults = {}): Block | undefined => {
  const block = blockOf(message.options, BLOCK2);
  if (block === 'reserved') throw reserved(remote);
  if (block === undefined || faults.anyBlock) return block;
  const { num, more, size } = block;
  if (num * size !== expected) throw wrong(remote, `sent block ${num} of ${size} octets where the response goes on at octet ${expected}`);
  if (more && message.payload.length !== size)
    throw wrong(remote, `sent ${message.payload.length} octets in block ${num}, which is not the last one and has ${size}`);
  if (message.payload.length > size) throw wrong(remote, `sent ${message.payload.length} octets in block ${num} of ${size}`);
  return block;
};

// Options of the request's body and of its blocks do not belong to the requests for further blocks of the response. RFC 7959 3.3
const asksForBody = ({ number }: CoapOption): boolean => number !== BLOCK1 && number !== BLOCK2 && number !== SIZE1;

/** Sends a request in blocks and collects the blocks of its response. Rejects with LinkError only. */
export const transfer = async (
  endpoint: CoapEndpoint,
  remote: string,
  request: CoapContent,
  options: TransferOptions,
): Promise<Transferred | typeof STOPPED> => {
  const done = await upload(endpoint, remote, request, options);
  if (done === STOPPED) return STOPPED;
  const first = done.answered.message;
  const parts = [first.payload];
  let length = first.payload.length;
  let { repeated } = done;
  let message = first;
  const { faults } = options;
  const firstBlock = checkBlock(remote, first, 0, faults);
  let block = faults?.firstBlock ? undefined : firstBlock;
  let size = Math.min(block?.size ?? options.blockSize, options.blockSize);
  while (block?.more) {
    if (length > options.limit)
      throw new LinkError('tooLarge', `the response of ${remote} is longer than ${options.limit} octets`, {
        partial: Buffer.concat(parts),
      });
    if (length % size !== 0) size = block.size;
    const next: CoapContent = {
      code: request.code,
      options: [...request.options.filter(asksForBody), blockOption(BLOCK2, { num: length / size, more: false, size })],
      payload: NO_OCTETS,
    };
    const answered = await ask(endpoint, remote, next, options).catch((error: unknown) => {
      if (faults?.incomplete) return undefined;
      throw error;
    });
    if (answered === undefined) break;
    repeated += answered.repeated;
    message = answered.message;
    // A refusal of a block is the answer of the peer, as any other refusal.
    if (!isSuccess(message)) return { message, body: message.payload, sent: done.sent, received: parts.length, repeated };
    block = checkBlock(remote, message, length, faults);
    if (block === undefined) throw wrong(remote, `answered the request for octet ${length} of its response without Block2`);
    const [before, now] = [first, message].map(one => Buffer.from(optionOf(one.options, ETAG) ?? NO_OCTETS).toString('hex'));
    // A block without an ETag says nothing of the others.
    if (before && now && before !== now && !options.faults?.anyEtag)
      throw wrong(remote, `changed the ETag between the blocks of one response: ${before}, then ${now}`);
    size = Math.min(size, block.size);
    parts.push(message.payload);
    length += message.payload.length;
  }
  if (length > options.limit)
    throw new LinkError('tooLarge', `the response of ${remote} is longer than ${options.limit} octets`, { partial: Buffer.concat(parts) });
  return {
    message: first,
    body: parts.length === 1 ? first.payload : new Uint8Array(Buffer.concat(parts)),
    sent: done.sent,
    received: parts.length,
    ...(done.size === undefined ? {} : { sentSize: done.size }),
    ...(firstBlock === undefined ? {} : { receivedSize: firstBlock.size }),
    repeated,
  };
};

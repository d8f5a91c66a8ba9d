/** Block-wise requests put together and responses handed out in blocks: the side that is asked, for one peer. RFC 7959, RFC 9175 3 */
import { createHash } from 'node:crypto';
import type { CoapContent } from './coap-incoming.js';
import { type CoapMessage, type CoapOption, NO_OCTETS } from './coap-message.js';
import {
  BLOCK1,
  BLOCK2,
  type Block,
  blockOf,
  blockOption,
  CONTENT_FORMAT,
  ETAG,
  optionOf,
  REQUEST_TAG,
  SIZE1,
  SIZE2,
  URI_PATH,
  URI_QUERY,
  uintOctets,
  uintOf,
} from './coap-options.js';

/** A whole request. */
export interface WholeRequest {
  readonly message: CoapMessage;
  readonly body: Uint8Array;
  /** Blocks it came in, and their size; 1 and undefined for a single message. */
  readonly blocks: number;
  readonly blockSize?: number;
}

/** Faults to commit with the blocks of a response. */
export interface BlockFaults {
  /** Octets of a block at most, where it is less than usual; no fault. */
  readonly blockSize?: number;
  readonly etag?: 'changing' | 'absent';
  /** Tells of each block but the first that it is the next one. */
  readonly wrongBlockNumber?: boolean;
  /** Leaves this block out and sends the next one in its place. */
  readonly skipBlock?: number;
  /** Never answers the request for this block. */
  readonly loseBlock?: number;
}

/** What to do with a request: answer it at once, carry it out, or be silent. */
export type Step =
  | { readonly kind: 'answer'; readonly content: CoapContent }
  | { readonly kind: 'whole'; readonly request: WholeRequest }
  | { readonly kind: 'silence' };

export interface BlockServerOptions {
  readonly limit: number;
  readonly blockSize: number;
  /** Transfers under way per peer, in each direction. */
  readonly transfers: number;
  /** Octets that the requests under way of all peers may take together. */
  readonly budget: { left: number };
  /** Seconds that a half transfer is kept. */
  readonly lifetime: number;
  readonly now: () => number;
  /** A fault to commit: takes blocks that leave a gap. */
  readonly gaps?: boolean;
}

export interface BlockServer {
  /** Looks at a request of the peer. */
  take(message: CoapMessage): Step;
  /** The first message of a response; the rest is kept until it is asked for. */
  answer(request: CoapMessage, content: CoapContent, faults?: BlockFaults): CoapContent;
  /** Forgets everything. */
  close(): void;
}

interface Assembly {
  readonly parts: Uint8Array[];
  readonly format: string;
  length: number;
  blocks: number;
  at: number;
}
interface Retained {
  readonly content: CoapContent;
  readonly faults: BlockFaults;
  readonly etag: Uint8Array;
  at: number;
}

const hex = (octets: Uint8Array | undefined): string => Buffer.from(octets ?? NO_OCTETS).toString('hex');

/** What makes two messages parts of one operation: method, path, query and Request-Tag, never the token. RFC 7959 2.2, RFC 9175 3.3 */
const operation = (message: CoapMessage): string =>
  [
    message.code,
    ...message.options
      .filter(({ number }) => number === URI_PATH || number === URI_QUERY || number === REQUEST_TAG)
      .map(({ number, value }) => `${number}=${hex(value)}`),
  ].join('&');

const plain = (code: string, options: readonly CoapOption[] = [], diagnostic = ''): Step => ({
  kind: 'answer',
  content: { code, options, payload: new Uint8Array(Buffer.from(diagnostic)) },
});

/** Entries that have to go so that one more finds room: those older than `oldest`, then the first ones. */
const surplus = <T extends { at: number }>(map: Map<string, T>, most: number, oldest: number): string[] => {
  const kept = [...map].filter(([, { at }]) => at >= oldest);
  const keep = new Set(kept.slice(Math.max(0, kept.length - most + 1)).map(([key]) => key));
  return [...map.keys()].filter(key => !keep.has(key));
};

/** Block-wise state for one peer. */
export const blockServer = (options: BlockServerOptions): BlockServer => {
  const assemblies = new Map<string, Assembly>();
  const retained = new Map<string, Retained>();

  const incomplete = (text: string) => plain('4.08', [], text);
  const forget = (key: string): void => {
    options.budget.left += assemblies.get(key)?.length ?? 0;
    assemblies.delete(key);
  };
  const oldest = () => options.now() - options.lifetime;

  const assemble = (message: CoapMessage, { num, more, size }: Block): Step => {
    const key = operation(message);
    const { payload } = message;
    const offset = num * size;
    const format = hex(optionOf(message.options, CONTENT_FORMAT));
    const announced = optionOf(message.options, SIZE1);
    const echo = (block: Block) => blockOption(BLOCK1, block);
    if (more ? payload.length !== size : payload.length > size)
      return plain('4.00', [], `block ${num} of ${size} octets holds ${payload.length}`);
    const tooLarge = () => {
      forget(key);
      return plain('4.13', [{ number: SIZE1, value: uintOctets(options.limit) }], `at most ${options.limit} octets`);
    };
    const isHuge = announced !== undefined && uintOf(announced) > options.limit;
    if (isHuge || offset + payload.length > options.limit) return tooLarge();
    if (num === 0) {
      forget(key);
      for (const old of surplus(assemblies, options.transfers, oldest())) forget(old);
      assemblies.set(key, { parts: [], format, length: 0, blocks: 0, at: options.now() });
    }
    const assembly = assemblies.get(key);
    if (assembly === undefined && !options.gaps) return incomplete(`block ${num} without those before it`);
    const one = assembly ?? { parts: [], format, length: 0, blocks: 0, at: 0 };
    if (assembly === undefined) assemblies.set(key, one);
    if (offset !== one.length && !options.gaps) {
      // A block that was taken already is acknowledged again: its acknowledgement went lost, and the peer made a new message of it.
      if (more && offset + payload.length <= one.length) return plain('2.31', [echo({ num, more, size })]);
      return incomplete(`block ${num} of ${size} octets where octet ${one.length} comes next`);
    }
    if (format !== one.format) return incomplete('another Content-Format than in the first block');
    if (payload.length > options.budget.left) {
      forget(key);
      return plain('5.03', [], 'no room for another request in blocks');
    }
    options.budget.left -= payload.length;
    one.parts.push(payload);
    one.length += payload.length;
    one.blocks++;
    one.at = options.now();
    if (more) return plain('2.31', [echo({ num, more, size: Math.min(size, options.blockSize) })]);
    forget(key);
    return { kind: 'whole', request: { message, body: new Uint8Array(Buffer.concat(one.parts)), blocks: one.blocks, blockSize: size } };
  };

  /** A later block of a response that is kept. */
  const handOut = (message: CoapMessage, { num, size }: Block): Step => {
    const one = retained.get(operation(message));
    if (one === undefined) return incomplete('no response is kept whose blocks could be asked for');
    one.at = options.now();
    if (num === one.faults.loseBlock) return { kind: 'silence' };
    const content = blockAt(one, num, Math.min(size, options.blockSize), size);
    return content === undefined ? plain('4.00', [], `block ${num} lies behind the end of the response`) : { kind: 'answer', content };
  };

  const blockAt = ({ content, faults, etag }: Retained, num: number, size: number, asked = size): CoapContent | undefined => {
    const offset = num * asked;
    const { payload } = content;
    if (offset >= payload.length) return undefined;
    const skipped = faults.skipBlock !== undefined && num >= faults.skipBlock ? size : 0;
    const start = offset + skipped;
    const more = start + size < payload.length;
    const told = offset / size + (faults.wrongBlockNumber && num > 0 ? 1 : 0);
    const tag = faults.etag === 'changing' ? Uint8Array.of((etag[0] ?? 0) ^ num, ...etag.subarray(1)) : etag;
    return {
      code: content.code,
      options: [
        ...content.options,
        ...(faults.etag === 'absent' ? [] : [{ number: ETAG, value: tag }]),
        blockOption(BLOCK2, { num: told, more, size }),
        ...(num === 0 ? [{ number: SIZE2, value: uintOctets(payload.length) }] : []),
      ],
      payload: payload.subarray(start, start + size),
    };
  };

  return {
    take: message => {
      const block1 = blockOf(message.options, BLOCK1);
      const block2 = blockOf(message.options, BLOCK2);
      if (block1 === 'reserved' || block2 === 'reserved') return plain('4.00', [], 'the block size exponent 7 is reserved');
      if (block1 !== undefined) return assemble(message, block1);
      if (block2 !== undefined && block2.num > 0) return handOut(message, block2);
      if (message.payload.length > options.limit)
        return plain('4.13', [{ number: SIZE1, value: uintOctets(options.limit) }], `at most ${options.limit} octets`);
      return { kind: 'whole', request: { message, body: message.payload, blocks: 1 } };
    },
    answer: (request, content, faults = {}) => {
      const key = operation(request);
      const asked = blockOf(request.options, BLOCK2);
      const size = Math.min(asked === undefined || asked === 'reserved' ? 1024 : asked.size, options.blockSize, faults.blockSize ?? 1024);
      const block1 = blockOf(request.options, BLOCK1);
      const echoed = block1 === undefined || block1 === 'reserved' ? [] : [blockOption(BLOCK1, block1)];
      retained.delete(key);
      if (content.payload.length <= size) return { ...content, options: [...content.options, ...echoed] };
      for (const old of surplus(retained, options.transfers, oldest())) retained.delete(old);
      const etag = optionOf(content.options, ETAG) ?? createHash('sha256').update(content.payload).digest().subarray(0, 8);
      const rest = content.options.filter(({ number }) => number !== ETAG);
      const one: Retained = { content: { ...content, options: rest }, faults, etag, at: options.now() };
      retained.set(key, one);
      const first = blockAt(one, 0, size) ?? content;
      return { ...first, options: [...first.options, ...echoed] };
    },
    close: () => {
      for (const key of [...assemblies.keys()]) forget(key);
      retained.clear();
    },
  };
};

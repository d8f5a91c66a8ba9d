import { expect } from 'chai';
import fc from 'fast-check';
import { type BlockServer, type BlockServerOptions, blockServer, type Step } from './coap-blocks.js';
import type { CoapContent } from './coap-incoming.js';
import type { CoapMessage, CoapOption } from './coap-message.js';
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
  uintOctets,
  uintOf,
} from './coap-options.js';

const none = new Uint8Array();
const octets = (length: number, from = 0) => Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);
const message = (options: readonly CoapOption[], payload: Uint8Array = none, token = 1): CoapMessage => ({
  type: 'CON',
  code: '0.02',
  messageId: 1,
  token: Uint8Array.of(token),
  options,
  payload,
});
const up = (num: number, more: boolean, payload: Uint8Array, size = 16, others: readonly CoapOption[] = []) =>
  message([blockOption(BLOCK1, { num, more, size }), ...others], payload, num);
const down = (num: number, size = 16) => message([blockOption(BLOCK2, { num, more: false, size })], none, num);
const option = (number: number, value: number | Uint8Array): CoapOption => ({
  number,
  value: typeof value === 'number' ? uintOctets(value) : value,
});

const server = (options: Partial<BlockServerOptions> = {}): BlockServer & { budget: { left: number } } => {
  const budget = options.budget ?? { left: 10_000 };
  const made = blockServer({ limit: 1000, blockSize: 1024, transfers: 2, budget, lifetime: 10, now: () => 0, ...options });
  return { ...made, budget };
};
const code = (step: Step): string => (step.kind === 'answer' ? step.content.code : step.kind);
const whole = (step: Step) => {
  if (step.kind !== 'whole') throw new Error(`expected a whole request, got ${code(step)}`);
  return step.request;
};
const block = (content: CoapContent): Block => {
  const found = blockOf(content.options, BLOCK2);
  if (found === undefined || found === 'reserved') throw new Error('no Block2');
  return found;
};
const answered = (step: Step): CoapContent => {
  if (step.kind !== 'answer') throw new Error(`expected an answer, got ${step.kind}`);
  return step.content;
};

describe('coap blocks: requests', () => {
  it('are put together whatever their tokens, each block but the last being continued', () => {
    const blocks = server();
    const first = answered(blocks.take(up(0, true, octets(16))));
    expect([first.code, blockOf(first.options, BLOCK1)]).to.deep.equal(['2.31', { num: 0, more: true, size: 16 }]);
    expect(code(blocks.take(up(1, true, octets(16, 16))))).to.equal('2.31');
    const { body, blocks: count, blockSize } = whole(blocks.take(up(2, false, octets(3, 32))));
    expect([Buffer.compare(body, octets(35)), count, blockSize]).to.deep.equal([0, 3, 16]);
    expect(blocks.budget.left).to.equal(10_000);
  });

  it('go on at the octet reached when the server asks for smaller blocks. RFC 7959 figure 8', () => {
    const blocks = server({ blockSize: 16 });
    const first = answered(blocks.take(up(0, true, octets(64), 64)));
    expect(blockOf(first.options, BLOCK1)).to.deep.equal({ num: 0, more: true, size: 16 });
    expect(Buffer.compare(whole(blocks.take(up(4, false, octets(2, 64)))).body, octets(66))).to.equal(0);
  });

  it('are refused with 4.08 when a block is missing, when the first one is, and when the format changes', () => {
    const blocks = server();
    expect(code(blocks.take(up(1, true, octets(16))))).to.equal('4.08');
    expect(code(blocks.take(up(0, true, octets(16))))).to.equal('2.31');
    expect(code(blocks.take(up(2, true, octets(16))))).to.equal('4.08');
    expect(code(blocks.take(up(1, false, octets(1), 16, [option(CONTENT_FORMAT, 50)])))).to.equal('4.08');
  });

  it('may repeat a block whose acknowledgement was lost', () => {
    const blocks = server();
    for (const num of [0, 1, 0, 1]) expect(code(blocks.take(up(num, true, octets(16, 16 * num))))).to.equal('2.31');
    // Block 0 began the request anew, so that it holds two blocks still.
    expect(whole(blocks.take(up(2, false, octets(1)))).body).to.have.length(33);
    blocks.take(up(0, true, octets(16)));
    blocks.take(up(1, true, octets(16)));
    expect(code(blocks.take(up(1, true, octets(16))))).to.equal('2.31');
    expect(whole(blocks.take(up(2, false, octets(1)))).body).to.have.length(33);
  });

  it('are refused with 4.00 when a block does not have the size that it tells, or the reserved one', () => {
    const blocks = server();
    expect(code(blocks.take(up(0, true, octets(15))))).to.equal('4.00');
    expect(code(blocks.take(up(0, false, octets(17))))).to.equal('4.00');
    expect(code(blocks.take(message([option(BLOCK1, 0x0f)], octets(16))))).to.equal('4.00');
    expect(code(blocks.take(message([option(BLOCK2, 0x07)])))).to.equal('4.00');
  });

  it('are refused with 4.13 and the limit when they are too large, as soon as that is known', () => {
    const blocks = server({ limit: 40 });
    const early = answered(blocks.take(up(0, true, octets(16), 16, [option(SIZE1, 41)])));
    expect([early.code, uintOf(optionOf(early.options, SIZE1) ?? none)]).to.deep.equal(['4.13', 40]);
    for (const num of [0, 1]) expect(code(blocks.take(up(num, true, octets(16))))).to.equal('2.31');
    expect(code(blocks.take(up(2, true, octets(16))))).to.equal('4.13');
    expect(blocks.budget.left).to.equal(10_000);
    expect(code(blocks.take(message([], octets(41))))).to.equal('4.13');
  });

  it('are told apart by path, query, method and Request-Tag', () => {
    const blocks = server({ transfers: 4 });
    const path = (value: string) => option(11, new Uint8Array(Buffer.from(value)));
    const kinds: readonly CoapOption[][] = [[path('a')], [path('b')], [path('a'), option(REQUEST_TAG, octets(1))]];
    for (const [index, options] of kinds.entries()) blocks.take(up(0, true, octets(16, 16 * index), 16, options));
    for (const [index, options] of kinds.entries())
      expect(whole(blocks.take(up(1, false, none, 16, options))).body[0]).to.equal(16 * index);
    blocks.take(up(0, true, octets(16)));
    expect(code(blocks.take({ ...up(1, false, none), code: '0.03' }))).to.equal('4.08');
  });

  it('take no more room than there is, for one peer and for all', () => {
    const blocks = server({ transfers: 2, budget: { left: 40 } });
    const path = (value: string) => [option(11, new Uint8Array(Buffer.from(value)))];
    for (const one of ['a', 'b', 'c']) expect(code(blocks.take(up(0, true, octets(16), 16, path(one))))).to.equal('2.31');
    expect(blocks.budget.left).to.equal(8);
    expect(code(blocks.take(up(1, false, octets(1), 16, path('a')))), 'given up for c').to.equal('4.08');
    expect(code(blocks.take(up(1, true, octets(16), 16, path('b'))))).to.equal('5.03');
    expect(code(blocks.take(up(1, false, octets(8), 16, path('c'))))).to.equal('whole');
    blocks.take(up(0, true, octets(16)));
    blocks.close();
    expect(blocks.budget.left).to.equal(40);
  });

  it('are forgotten after their lifetime', () => {
    let now = 0;
    const blocks = server({ now: () => now });
    blocks.take(up(0, true, octets(16)));
    now = 11;
    blocks.take(up(0, true, octets(16), 16, [option(11, octets(1))]));
    expect(code(blocks.take(up(1, false, none)))).to.equal('4.08');
  });

  it('may leave gaps where the server does not look, which is a fault', () => {
    const blocks = server({ gaps: true });
    blocks.take(up(0, true, octets(16)));
    expect(whole(blocks.take(up(2, false, octets(1)))).body).to.have.length(17);
    expect(whole(blocks.take(up(5, false, octets(1)))).body).to.have.length(1);
  });
});

describe('coap blocks: responses', () => {
  const content = (length: number, options: readonly CoapOption[] = []): CoapContent => ({
    code: '2.04',
    options,
    payload: octets(length),
  });
  const collect = (blocks: BlockServer, first: CoapContent, size: number): { body: Uint8Array; contents: CoapContent[] } => {
    const contents = [first];
    for (
      let offset = first.payload.length;
      block(contents.at(-1) ?? first).more;
      offset = contents.reduce((sum, c) => sum + c.payload.length, 0)
    )
      contents.push(answered(blocks.take(down(offset / size, size))));
    return { body: Buffer.concat(contents.map(({ payload }) => payload)), contents };
  };

  it('that fit are sent as they are, with the Block1 of the request', () => {
    expect(server().answer(message([]), content(1024))).to.deep.equal(content(1024));
    const last = server().answer(up(2, false, none), content(5));
    expect(blockOf(last.options, BLOCK1)).to.deep.equal({ num: 2, more: false, size: 16 });
  });

  it('are handed out block by block, with size, ETag and options of the whole', () => {
    const blocks = server({ blockSize: 64 });
    const first = blocks.answer(message([]), content(200, [option(CONTENT_FORMAT, 42)]));
    expect([block(first), uintOf(optionOf(first.options, SIZE2) ?? none)]).to.deep.equal([{ num: 0, more: true, size: 64 }, 200]);
    const { body, contents } = collect(blocks, first, 64);
    expect(Buffer.compare(body, octets(200))).to.equal(0);
    expect(new Set(contents.map(({ options }) => Buffer.from(optionOf(options, ETAG) ?? none).toString('hex'))).size).to.equal(1);
    for (const { options } of contents) expect(optionOf(options, CONTENT_FORMAT)).to.deep.equal(Uint8Array.of(42));
  });

  it('come in the size that the peer asks for, at first or later on', () => {
    const blocks = server();
    const first = blocks.answer(down(0, 32), content(100));
    expect(block(first)).to.deep.equal({ num: 0, more: true, size: 32 });
    const later = answered(blocks.take(down(2, 16)));
    expect([block(later), later.payload[0]]).to.deep.equal([{ num: 2, more: true, size: 16 }, 32]);
    const larger = answered(server({ blockSize: 16 }).take(down(1, 64)));
    expect(larger.code).to.equal('4.08');
  });

  it('refuse blocks of nothing and blocks behind their end', () => {
    const blocks = server();
    expect(code(blocks.take(down(3)))).to.equal('4.08');
    blocks.answer(down(0, 32), content(100));
    expect(code(blocks.take(down(4, 32)))).to.equal('4.00');
    blocks.answer(message([]), content(5));
    expect(code(blocks.take(down(1, 32))), 'a newer response').to.equal('4.08');
  });

  it('are spoilt as asked for', () => {
    const spoilt = (faults: Parameters<BlockServer['answer']>[2]) => {
      const blocks = server();
      const first = blocks.answer(down(0, 16), content(64), faults);
      return { first, next: blocks.take(down(1, 16)) };
    };
    const tag = (one: CoapContent) => Buffer.from(optionOf(one.options, ETAG) ?? none).toString('hex');
    const changing = spoilt({ etag: 'changing' });
    expect(tag(changing.first)).to.not.equal(tag(answered(changing.next)));
    expect(tag(spoilt({ etag: 'absent' }).first)).to.equal('');
    expect(block(answered(spoilt({ wrongBlockNumber: true }).next)).num).to.equal(2);
    expect(answered(spoilt({ skipBlock: 1 }).next).payload[0]).to.equal(32);
    expect(code(spoilt({ loseBlock: 1 }).next)).to.equal('silence');
    expect(block(server().answer(message([]), content(200), { blockSize: 128 })).size).to.equal(128);
  });
});

describe('coap blocks: anything', () => {
  const any = fc.record({
    num: fc.nat(5),
    more: fc.boolean(),
    size: fc.constantFrom(16, 32),
    length: fc.nat(40),
    which: fc.constantFrom<typeof BLOCK1 | typeof BLOCK2>(BLOCK1, BLOCK2),
  });
  it('ends in an answer and gives its room back', () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), steps => {
        const blocks = server({ budget: { left: 100 } });
        for (const { num, more, size, length, which } of steps) {
          const one = message([blockOption(which, { num, more, size })], octets(length));
          const step = blocks.take(one);
          if (step.kind === 'whole') blocks.answer(one, { code: '2.04', options: [], payload: octets(70) });
          expect(blocks.budget.left).to.be.within(0, 100);
        }
        blocks.close();
        expect(blocks.budget.left).to.equal(100);
      }),
      { numRuns: 300 },
    );
  });
});

import { expect } from 'chai';
import { linkError } from './client-contract.js';
import type { CoapEndpoint } from './coap-endpoint.js';
import type { CoapContent } from './coap-incoming.js';
import type { CoapMessage, CoapOption } from './coap-message.js';
import { BLOCK1, BLOCK2, blockOf, blockOption, ETAG, optionOf, SIZE1, uintOctets } from './coap-options.js';
import { STOPPED, type TransferFaults, type TransferOptions, transfer } from './coap-transfer.js';

const none = new Uint8Array();
const octets = (length: number, from = 0) => Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);
const content = (length: number): CoapContent => ({ code: '0.02', options: [{ number: 11, value: octets(1) }], payload: octets(length) });
const block2 = (num: number, more: boolean, size = 16): CoapOption => blockOption(BLOCK2, { num, more, size });
const block1 = (num: number, more: boolean, size = 16): CoapOption => blockOption(BLOCK1, { num, more, size });
const etag = (value: number): CoapOption => ({ number: ETAG, value: Uint8Array.of(value) });
const answer = (code: string, options: readonly CoapOption[] = [], payload = none): CoapMessage => ({
  type: 'ACK',
  code,
  messageId: 1,
  token: none,
  options,
  payload,
});

/** Runs a transfer against answers that are given in their order; what was asked is kept. */
const against = (answers: readonly CoapMessage[], length: number, options: Partial<TransferOptions> = {}) => {
  const asked: CoapContent[] = [];
  const endpoint: CoapEndpoint = {
    close: () => {},
    ping: async () => true,
    request: async request => {
      asked.push(request);
      const message = answers[asked.length - 1];
      if (message === undefined) throw new Error(`no answer to request ${asked.length}`);
      return { message, repeated: 1 };
    },
  };
  const done = transfer(endpoint, 'the server', content(length), {
    manner: { type: 'CON' },
    blockSize: 16,
    announceBlockSize: false,
    limit: 1000,
    signal: new AbortController().signal,
    ...options,
  });
  return { asked, done };
};
const blocks = (asked: readonly CoapContent[], number: typeof BLOCK1 | typeof BLOCK2) =>
  asked.map(({ options }) => {
    const block = blockOf(options, number);
    return block === undefined || block === 'reserved' ? '-' : `${block.num}/${block.more ? 1 : 0}/${block.size}`;
  });
const finished = async (run: ReturnType<typeof against>) => {
  const done = await run.done;
  if (done === STOPPED) throw new Error('stopped');
  return done;
};

describe('coap transfer: requests in blocks', () => {
  it('sends a body that fits in one message without any option of blocks', async () => {
    const run = against([answer('2.04')], 16);
    expect(await finished(run)).to.include({ sent: 1, received: 1, repeated: 1 });
    expect(run.asked[0]?.options).to.deep.equal(content(16).options);
  });

  it('sends block after block, announcing the size with the first one', async () => {
    const run = against([answer('2.31', [block1(0, true)]), answer('2.31', [block1(1, true)]), answer('2.04', [block1(2, false)])], 40);
    expect(await finished(run)).to.include({ sent: 3, sentSize: 16, received: 1, repeated: 3 });
    expect(blocks(run.asked, BLOCK1)).to.deep.equal(['0/1/16', '1/1/16', '2/0/16']);
    expect(run.asked.map(({ options }) => optionOf(options, SIZE1))).to.deep.equal([uintOctets(40), undefined, undefined]);
    expect(Buffer.concat(run.asked.map(({ payload }) => payload)).equals(octets(40))).to.equal(true);
  });

  it('makes the blocks smaller when the server wants that, after the first one or with 4.13', async () => {
    const later = against(
      [
        answer('2.31', [block1(0, true, 16)]),
        ...[2, 3].map(num => answer('2.31', [block1(num, true)])),
        answer('2.04', [block1(4, false)]),
      ],
      66,
      { blockSize: 32 },
    );
    await finished(later);
    expect(blocks(later.asked, BLOCK1)).to.deep.equal(['0/1/32', '2/1/16', '3/1/16', '4/0/16']);
    const anew = against(
      [answer('4.13', [block1(0, false, 16)]), answer('2.31', [block1(0, true)]), answer('2.04', [block1(1, false)])],
      30,
      { blockSize: 32 },
    );
    expect((await finished(anew)).message.code).to.equal('2.04');
    expect(blocks(anew.asked, BLOCK1)).to.deep.equal(['-', '0/1/16', '1/0/16']);
    const midway = against([answer('4.13', [block1(0, false, 16)]), answer('4.13', [])], 40, { blockSize: 32 });
    expect((await finished(midway)).message.code, 'no end of trying').to.equal('4.13');
  });

  it('ends with the answer that refuses a block', async () => {
    const run = against([answer('2.31', [block1(0, true)]), answer('4.08')], 40);
    expect((await finished(run)).message.code).to.equal('4.08');
  });

  it('goes on where a server takes each block by itself', async () => {
    const run = against([answer('2.04', [block1(0, false)]), answer('2.04', [block1(1, false)])], 20);
    expect(await finished(run)).to.include({ sent: 2 });
  });

  for (const [what, answers, reason] of [
    ['continues after the last block', [answer('2.31', [block1(0, true)]), answer('2.31', [block1(1, false)])], 'asked for more'],
    ['answers before it has all blocks', [answer('2.05', [], octets(3))], 'more was to come'],
    ['acknowledges another block', [answer('2.31', [block1(1, true)])], 'acknowledged block 1'],
    ['uses the reserved size', [answer('2.31', [{ number: BLOCK1, value: Uint8Array.of(0x0f) }])], 'reserved'],
  ] as const)
    it(`fails when the server ${what}`, async () => {
      expect((await linkError(against(answers, 20).done, 'protocol')).message).to.contain(reason);
    });

  it('leaves a block out and stops early when asked for', async () => {
    const skipping = against([answer('2.31', [block1(0, true)]), answer('4.08')], 40, { skipBlock: 1 });
    await finished(skipping);
    expect(blocks(skipping.asked, BLOCK1)).to.deep.equal(['0/1/16', '2/0/16']);
    const stopping = against([answer('2.31', [block1(0, true)]), answer('2.31')], 40, { stopAfter: 20 });
    expect(await stopping.done).to.equal(STOPPED);
    expect(stopping.asked).to.have.length(2);
    const unsent = against([], 40, { stopAfter: 0 });
    expect(await unsent.done).to.equal(STOPPED);
    const small = against([answer('2.04')], 5, { stopAfter: Number.POSITIVE_INFINITY });
    expect([await small.done, small.asked.length]).to.deep.equal([STOPPED, 1]);
  });
});

describe('coap transfer: responses in blocks', () => {
  const first = answer('2.05', [block2(0, true), etag(1)], octets(16));
  const second = answer('2.05', [block2(1, true), etag(1)], octets(16, 16));
  const last = answer('2.05', [block2(2, false), etag(1)], octets(3, 32));

  it('collects them with requests that have no body of their own', async () => {
    const run = against([first, second, last], 5);
    const done = await finished(run);
    expect(Buffer.compare(done.body, octets(35))).to.equal(0);
    expect(done).to.include({ received: 3, receivedSize: 16 });
    expect(blocks(run.asked, BLOCK2)).to.deep.equal(['-', '1/0/16', '2/0/16']);
    expect(run.asked.slice(1).map(({ payload }) => payload.length)).to.deep.equal([0, 0]);
    expect(blocks(run.asked, BLOCK1)).to.deep.equal(['-', '-', '-']);
  });

  it('announces the size wanted with the message that is answered by the response', async () => {
    const run = against([answer('2.31', [block1(0, true)]), first, second, last], 20, { announceBlockSize: true });
    await finished(run);
    expect(blocks(run.asked, BLOCK2)).to.deep.equal(['-', '0/0/16', '1/0/16', '2/0/16']);
  });

  it('goes on at the octet reached when the blocks become smaller', async () => {
    const run = against([answer('2.05', [block2(0, true, 32)], octets(32)), answer('2.05', [block2(2, false)], octets(4))], 5, {
      blockSize: 32,
    });
    expect((await finished(run)).body).to.have.length(36);
    const smaller = against(
      [
        answer('2.05', [block2(0, true, 32)], octets(32)),
        answer('2.05', [block2(2, true)], octets(16)),
        answer('2.05', [block2(3, false)], octets(4)),
      ],
      5,
      { blockSize: 32 },
    );
    expect((await finished(smaller)).body).to.have.length(52);
    expect(blocks(smaller.asked, BLOCK2)).to.deep.equal(['-', '1/0/32', '3/0/16']);
  });

  it('ends with the answer that refuses a block', async () => {
    const done = await finished(against([first, answer('4.08', [], octets(2))], 5));
    expect([done.message.code, done.body.length]).to.deep.equal(['4.08', 2]);
  });

  for (const [what, answers, reason] of [
    ['begins with another block than the first', [second], 'sent block 1'],
    ['sends another block than the one asked for', [first, last], 'goes on at octet 16'],
    ['sends a block again', [first, first], 'sent block 0'],
    ['sends a short block that is not the last', [answer('2.05', [block2(0, true)], octets(15))], '15 octets in block 0'],
    ['sends too long a block', [answer('2.05', [block2(0, false)], octets(17))], '17 octets in block 0'],
    ['forgets the option', [first, answer('2.05', [], octets(3))], 'without Block2'],
    ['uses the reserved size', [answer('2.05', [{ number: BLOCK2, value: Uint8Array.of(7) }])], 'reserved'],
    ['sends a critical option that nobody knows', [answer('2.05', [{ number: 9, value: none }], octets(3))], 'critical option 9'],
    ['changes the ETag', [first, answer('2.05', [block2(1, false), etag(2)], octets(1))], 'changed the ETag'],
  ] as const)
    it(`fails when the server ${what}`, async () => {
      expect((await linkError(against(answers, 5).done, 'protocol')).message).to.contain(reason);
    });

  it('takes blocks of which not all have an ETag, and 2.31 without Block1', async () => {
    expect((await finished(against([first, answer('2.05', [block2(1, false)], octets(1))], 5))).body).to.have.length(17);
    expect((await finished(against([answer('2.31'), answer('2.04')], 20))).message.code).to.equal('2.04');
  });

  it('overlooks the ETag where that is the fault asked for', async () => {
    const done = await finished(against([first, answer('2.05', [block2(1, false), etag(2)], octets(1))], 5, { faults: { anyEtag: true } }));
    expect(done.body).to.have.length(17);
  });

  it('overlooks numbers, options and what is missing where these are the faults asked for', async () => {
    const misnumbered = answer('2.05', [block2(7, false)], octets(1));
    const lengthWith = async (answers: readonly CoapMessage[], faults: TransferFaults) =>
      (await finished(against(answers, 5, { faults }))).body.length;
    expect(await lengthWith([first, misnumbered], { anyBlock: true })).to.equal(17);
    expect(await lengthWith([answer('2.05', [{ number: 9, value: none }], octets(3))], { anyOption: true })).to.equal(3);
    expect(await lengthWith([first], { firstBlock: true })).to.equal(16);
    expect(await lengthWith([first, answer('2.05', [{ number: 9, value: none }])], { incomplete: true })).to.equal(16);
  });

  it('fails when the response is longer than the limit, in one message or without an end', async () => {
    expect((await linkError(against([answer('2.05', [], octets(1001))], 5).done, 'tooLarge')).partial).to.have.length(1001);
    const endless = Array.from({ length: 100 }, (_, num) => answer('2.05', [block2(num, true)], octets(16)));
    await linkError(against(endless, 5).done, 'tooLarge');
  });
});

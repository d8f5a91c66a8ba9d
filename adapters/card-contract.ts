/** What every card and every reader with our card in it must do, whatever the wire; the tests of each adapter run it. */
import { expect } from 'chai';
import { type Card, type CardSlot, type EmulatedCard, LinkError, type LinkErrorCode } from './adapter.js';

/** Direct convention, T=0 and T=1 offered, historical octets of a UICC. ISO 7816-3 8 */
export const ATR = Uint8Array.from(Buffer.from('3B9F96801FC78031A073BE21136743200718000001A5', 'hex'));

/** A card that does what the test says, and remembers what it was asked. */
export interface TestCard extends EmulatedCard {
  readonly heard: string[];
  /** Resolves when the card has been asked so many commands. */
  readonly hasHeard: (count: number) => Promise<void>;
  /** Answers 9000 when absent. */
  respond: (apdu: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
export const octetsOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** A card for tests: `on` and `off` stand for its power, all else for commands. */
export const testCard = (atr: Uint8Array = ATR): TestCard => {
  const heard: string[] = [];
  const listeners = new Set<() => void>();
  const hear = (what: string) => {
    heard.push(what);
    for (const listener of listeners) listener();
  };
  const commands = () => heard.filter(what => what !== 'on' && what !== 'off').length;
  const card: TestCard = {
    heard,
    hasHeard: count =>
      new Promise(resolve => {
        const look = () => {
          if (commands() < count) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
    respond: () => Uint8Array.of(0x90, 0x00),
    powerOn: () => {
      hear('on');
      return atr;
    },
    powerOff: () => hear('off'),
    transmit: async apdu => {
      hear(hexOf(apdu));
      return card.respond(apdu);
    },
  };
  return card;
};

/** The LinkError that a promise rejects with; fails the test when it does not. */
export const linkError = async (promise: Promise<unknown>, code: LinkErrorCode): Promise<LinkError> => {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    expect(error.code, error.message).to.equal(code);
    return error;
  }
  throw new Error(`expected LinkError ${code}, got an answer`);
};

const never = (): AbortSignal => new AbortController().signal;
/** A command with so many octets of data, each of another value than its neighbours. */
const command = (length: number, le?: number): Uint8Array =>
  Uint8Array.of(0x80, 0xe2, 0x91, 0x00, length, ...Array.from({ length }, (_, i) => (i * 7) % 256), ...(le === undefined ? [] : [le]));

/** A card that was opened for one test. */
export interface OpenedCard {
  readonly card: Card;
  readonly close: () => Promise<void>;
}

/** Declares the tests that hold for every card; `open` gives access to the emulated one over the wire under test. */
export const cardContract = (name: string, open: (emulated: EmulatedCard) => Promise<OpenedCard>, tellsAtr = true): void => {
  describe(`${name}: contract of cards`, () => {
    let emulated: TestCard;
    let opened: OpenedCard;
    beforeEach(async () => {
      emulated = testCard();
      opened = await open(emulated);
    });
    afterEach(() => opened.close());
    const transmit = (apdu: Uint8Array | string, signal = never()) =>
      opened.card.transmit(typeof apdu === 'string' ? octetsOf(apdu) : apdu, { signal });
    const commandsHeard = () => emulated.heard.filter(what => what !== 'on' && what !== 'off');

    it('carries the octets of a command there and those of its response back', async () => {
      emulated.respond = apdu => Uint8Array.of(...apdu.subarray(5), 0x91, 0x0b);
      for (const length of [1, 2, 16, 255]) {
        const response = await transmit(command(length));
        expect(hexOf(response)).to.equal(`${hexOf(command(length).subarray(5))}910b`);
      }
      expect(commandsHeard()).to.deep.equal([1, 2, 16, 255].map(length => hexOf(command(length))));
    });
    it('carries commands without data, and a response of 256 octets', async () => {
      const full = Uint8Array.from({ length: 258 }, (_, i) => 255 - (i % 256));
      emulated.respond = () => full;
      for (const apdu of ['00c0000000', '00a40004023f00', '8010000001ff']) expect(hexOf(await transmit(apdu))).to.equal(hexOf(full));
      expect(commandsHeard()).to.deep.equal(['00c0000000', '00a40004023f00', '8010000001ff']);
    });
    it('gives the status words of the card as they are', async () => {
      for (const status of ['6a82', '6110', '6c05', '9f10', '6985', '6f00']) {
        emulated.respond = () => octetsOf(status);
        expect(hexOf(await transmit('80e2910003bf3e00'))).to.equal(status);
      }
    });
    it('asks one command after the other, in the order in which they were given', async () => {
      let running = 0;
      emulated.respond = async apdu => {
        expect(++running).to.equal(1);
        await new Promise(resolve => setImmediate(resolve));
        running--;
        return Uint8Array.of(apdu[5] ?? 0, 0x90, 0x00);
      };
      const responses = await Promise.all(['01', '02', '03', '04'].map(n => transmit(`80e2910001${n}`)));
      expect(responses.map(hexOf)).to.deep.equal(['019000', '029000', '039000', '049000']);
    });
    it('powers the card anew with a reset, and tells its ATR', async () => {
      await transmit('00a40004023f00');
      emulated.heard.length = 0;
      const atr = await opened.card.reset({ signal: never() });
      expect(emulated.heard.at(-1)).to.equal('on');
      expect(hexOf(atr)).to.equal(tellsAtr ? hexOf(ATR) : '');
      expect(hexOf(await transmit('00a40004023f00'))).to.equal('9000');
    });
    it('sends nothing for a caller who has given up', async () => {
      const over = AbortSignal.abort(new Error('the step is over'));
      expect((await linkError(transmit('00a40004023f00', over), 'timeout')).message).to.contain('the step is over');
      await linkError(opened.card.reset({ signal: over }), 'timeout');
      await transmit('00a40004027fff');
      expect(commandsHeard()).to.deep.equal(['00a40004027fff']);
    });
    it('fails with "timeout" when the card does not answer and the caller gives up', async () => {
      const caller = new AbortController();
      let answer = (_: Uint8Array): void => {};
      emulated.respond = () => {
        caller.abort(new Error('the step is over'));
        return new Promise(resolve => {
          answer = resolve;
        });
      };
      const error = await linkError(transmit('00a40004023f00', caller.signal), 'timeout');
      expect(error.message).to.contain('the step is over');
      answer(Uint8Array.of(0x90, 0x00));
    });
    it('does not take the late response to a command for that to the next', async () => {
      const caller = new AbortController();
      let answer = (_: Uint8Array): void => {};
      emulated.respond = () =>
        new Promise(resolve => {
          answer = resolve;
          caller.abort(new Error('over'));
        });
      await linkError(transmit('00a40004023f00', caller.signal), 'timeout');
      emulated.respond = () => octetsOf('6a82');
      const next = transmit('00a40004027fff');
      answer(octetsOf('9000'));
      expect(hexOf(await next)).to.equal('6a82');
    });
    it('refuses everything after it was closed', async () => {
      await opened.card.close();
      await linkError(transmit('00a40004023f00'), 'closed');
      await linkError(opened.card.reset({ signal: never() }), 'closed');
      await opened.card.close();
    });
  });
};

/** A reader of ours that was opened for one test, and how the IUT reads the card in it. */
export interface OpenedSlot {
  readonly slot: CardSlot;
  /** The card as the IUT sees it; a fresh access with every call. */
  readonly reader: () => Promise<Card>;
  /** What the slot told. */
  readonly power: readonly string[];
  readonly problems: readonly string[];
  readonly close: () => Promise<void>;
}

/** Declares the tests that hold for every reader with our card in it. */
export const slotContract = (name: string, open: () => Promise<OpenedSlot>): void => {
  describe(`${name}: contract of readers`, () => {
    let opened: OpenedSlot;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());
    const ask = async (card: Card, apdu = '00a40004023f00') => hexOf(await card.transmit(octetsOf(apdu), { signal: never() }));

    it('gives power before the first command, and says so', async () => {
      const card = testCard();
      await opened.slot.insert(card);
      expect(await ask(await opened.reader())).to.equal('9000');
      expect(card.heard.slice(-2)).to.deep.equal(['on', '00a40004023f00']);
      expect(opened.power).to.include('on');
    });
    it('takes the power away with the card', async () => {
      const card = testCard();
      await opened.slot.insert(card);
      const reader = await opened.reader();
      await ask(reader);
      await opened.slot.remove();
      expect(card.heard.at(-1)).to.equal('off');
      await linkError(ask(reader), 'closed');
      expect(card.heard.at(-1)).to.equal('off');
    });
    it('puts a card in the place of another', async () => {
      const [first, second] = [testCard(), testCard()];
      await opened.slot.insert(first);
      const before = await opened.reader();
      await ask(before);
      await opened.slot.insert(second);
      await linkError(ask(before), 'closed');
      expect(await ask(await opened.reader(), '00a40004027fff')).to.equal('9000');
      expect(first.heard.slice(-2)).to.deep.equal(['00a40004023f00', 'off']);
      expect(second.heard.slice(-2)).to.deep.equal(['on', '00a40004027fff']);
    });
    it('takes a card in again after it was out', async () => {
      const card = testCard();
      await opened.slot.insert(card);
      await opened.slot.remove();
      await opened.slot.insert(card);
      expect(await ask(await opened.reader())).to.equal('9000');
    });
    it('drops the response of a card that was taken out while it worked', async () => {
      const card = testCard();
      card.respond = () => new Promise(() => {});
      await opened.slot.insert(card);
      const reader = await opened.reader();
      const response = linkError(ask(reader), 'closed');
      await card.hasHeard(1);
      await opened.slot.remove();
      await response;
    });
    it('answers 6F00 in place of a card that fails, and reports it', async () => {
      const card = testCard();
      await opened.slot.insert(card);
      const reader = await opened.reader();
      card.respond = () => Promise.reject(new Error('no such file'));
      expect(await ask(reader)).to.equal('6f00');
      card.respond = () => Uint8Array.of(0x90);
      expect(await ask(reader)).to.equal('6f00');
      expect(opened.problems).to.deep.equal(['card', 'card']);
    });
    it('is empty at first, and can be emptied again', async () => {
      await opened.slot.remove();
      await opened.slot.remove();
    });
    it('takes no card after it was closed', async () => {
      const card = testCard();
      await opened.slot.insert(card);
      await opened.slot.close();
      await linkError(opened.slot.insert(card), 'closed');
      await opened.slot.close();
    });
  });
};

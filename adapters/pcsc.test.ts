import { expect } from 'chai';
import type { Card, EmulatedCard } from './adapter.js';
import { ATR, cardContract, hexOf, linkError, octetsOf, type TestCard, testCard } from './card-contract.js';
import { openPcsc, type PcscOptions } from './pcsc.js';
import { type Called, type Pcsc, type Protocol, RESULT } from './pcsc-library.js';
import { startProcess } from './process.js';
import { type TestPcscd, testPcscdOrSkip } from './testing-pcscd.js';
import { openVpcd, type VpcdSlot } from './vpcd.js';

const signal = new AbortController().signal;
const SELECT = octetsOf('00a40004023f00');

/** A PC/SC service that does what the test says. */
const service = () => {
  const log: string[] = [];
  let wake = (_: Called<number>): void => {};
  const state = {
    log,
    establish: RESULT.success as number,
    readers: ['Acme Reader 00 00', 'Acme Reader 01 00', 'Other Reader 00 00'] as readonly string[],
    /** What connecting answers: the first code to the first call, the last to all that follow. */
    connect: [RESULT.success] as number[],
    offers: ['T=0', 'T=1'] as readonly Protocol[],
    transmit: async (_: Uint8Array): Promise<Called<Uint8Array>> => ({ code: RESULT.success, value: octetsOf('9000') }),
    powerCycle: RESULT.success as number,
    atr: RESULT.success as number,
    /** Resolves when somebody waits for a change of the reader. */
    waits: (): Promise<void> =>
      new Promise(resolve => {
        waiting = resolve;
      }),
    changes: (code: number = RESULT.success) => wake({ code, value: 1 }),
  };
  let waiting = (): void => {};
  const pcsc: Pcsc = {
    establish: async () => ({
      code: state.establish,
      value: {
        readers: async () => ({ code: state.readers.length > 0 ? RESULT.success : RESULT.noReaders, value: state.readers }),
        connect: async (reader, protocol) => {
          log.push(`connect ${reader} ${protocol}`);
          const code = state.connect.length > 1 ? state.connect.shift() : state.connect[0];
          const handle = {
            transmit: async (apdu: Uint8Array) => {
              log.push(hexOf(apdu));
              return state.transmit(apdu);
            },
            powerCycle: async () => {
              log.push('power');
              return { code: state.powerCycle, value: undefined };
            },
            atr: async () => ({ code: state.atr, value: ATR }),
            disconnect: async () => void log.push('disconnect'),
          };
          return { code: state.offers.includes(protocol) ? (code ?? RESULT.success) : RESULT.protocolMismatch, value: handle };
        },
        stateAfter: (_reader, known) => {
          if (known === 0) return Promise.resolve({ code: RESULT.success, value: 0x12 });
          waiting();
          return new Promise(resolve => {
            wake = resolve;
          });
        },
        cancel: () => wake({ code: RESULT.cancelled, value: 0 }),
        release: async () => void log.push('release'),
      },
    }),
  };
  return { ...state, state, pcsc };
};

describe('pcsc', () => {
  let world: ReturnType<typeof service>;
  beforeEach(() => {
    world = service();
  });
  const open = (options: Partial<PcscOptions> = {}): Promise<Card> =>
    openPcsc({ reader: 'Other', load: async () => world.pcsc, ...options });

  it('finds a reader by its name, a part of it or its number', async () => {
    for (const [wanted, found] of [
      ['Acme Reader 01 00', 'Acme Reader 01 00'],
      ['other', 'Other Reader 00 00'],
      ['1', 'Acme Reader 01 00'],
      ['01 00', 'Acme Reader 01 00'],
    ] as const)
      expect((await open({ reader: wanted })).address).to.equal(found);
  });
  it('lists the readers when none is meant, or more than one', async () => {
    const list = '0 "Acme Reader 00 00", 1 "Acme Reader 01 00", 2 "Other Reader 00 00"';
    const none = await linkError(open({ reader: 'Omnikey' }), 'unreachable');
    expect(none.message).to.equal(`no PC/SC reader is called "Omnikey"; did you mean one of these? ${list}`);
    const many = await linkError(open({ reader: 'acme' }), 'unreachable');
    expect(many.message).to.equal(`more than one PC/SC reader is called "acme"; which one? ${list}`);
    await linkError(open({ reader: '3' }), 'unreachable');
  });
  it('says what to do without library, service or reader', async () => {
    const without = await linkError(open({ load: async () => 'the PC/SC library cannot be loaded' }), 'unreachable');
    expect(without.message).to.equal('PC/SC cannot be used: the PC/SC library cannot be loaded');
    world.state.readers = [];
    expect((await linkError(open(), 'unreachable')).message).to.equal('no PC/SC reader is connected');
    world.state.establish = RESULT.noService;
    expect((await linkError(open(), 'unreachable')).message).to.contain('systemctl start pcscd');
  });
  it('takes T=0 where the card offers it, and leaves the Le of a command with data out', async () => {
    const card = await open();
    for (const apdu of ['80e2910003bf3e0000', '80e2910003bf3e00', '00c0000000', '00700000', '0070000001'])
      await card.transmit(octetsOf(apdu), { signal });
    expect(world.log).to.deep.equal([
      'connect Other Reader 00 00 T=0',
      '80e2910003bf3e00',
      '80e2910003bf3e00',
      '00c0000000',
      '00700000',
      '0070000001',
    ]);
  });
  it('takes T=1 where it has to, and sends commands as they are', async () => {
    world.state.offers = ['T=1'];
    const card = await open();
    await card.transmit(octetsOf('80e2910003bf3e0000'), { signal });
    expect(world.log.slice(1)).to.deep.equal(['connect Other Reader 00 00 T=1', '80e2910003bf3e0000']);
    world.state.offers = [];
    await linkError(open(), 'protocol');
  });
  for (const [code, what, told] of [
    [RESULT.sharingViolation, 'another program lets go of the card', RESULT.success],
    [RESULT.sharingViolation, 'another program lets go of the card and nobody says so', RESULT.timeout],
    [RESULT.noSmartcard, 'a card is put in', RESULT.success],
  ] as const)
    it(`waits until ${what}`, async () => {
      world.state.connect = [code, code, RESULT.success];
      let waits = world.waits();
      const opened = open();
      await waits;
      waits = world.waits();
      world.changes(told);
      await waits;
      world.changes(told);
      await opened;
      expect(world.log.filter(line => line.startsWith('connect'))).to.have.length(3);
    });
  it('does not wait for ever, and says for what', async () => {
    world.state.connect = [RESULT.sharingViolation];
    expect((await linkError(open({ within: { seconds: 0.01 } }), 'refused')).message).to.contain('another program uses the card');
    world.state.connect = [RESULT.noSmartcard];
    expect((await linkError(open({ within: { seconds: 0.01 } }), 'unreachable')).message).to.contain('no card is in the reader');
    await new Promise(resolve => setImmediate(resolve));
    expect(world.log.filter(line => line === 'release')).to.have.length(2);
  });
  it('does not wait for a reader that is disconnected meanwhile', async () => {
    world.state.connect = [RESULT.noSmartcard];
    const waits = world.waits();
    const opened = linkError(open(), 'unreachable');
    await waits;
    world.changes(RESULT.unknownReader);
    expect((await opened).message).to.contain('the reader was disconnected');
  });
  it('stops waiting with its caller, and lets go', async () => {
    world.state.connect = [RESULT.noSmartcard];
    const caller = new AbortController();
    const waits = world.waits();
    const opened = linkError(open({ signal: caller.signal }), 'timeout');
    await waits;
    caller.abort(new Error('the run is over'));
    expect((await opened).message).to.contain('the run is over');
    await new Promise(resolve => setImmediate(resolve));
    expect(world.log.at(-1)).to.equal('release');
  });
  for (const [name, code] of [
    ['was taken out', RESULT.removedCard],
    ['was reset by another program', RESULT.resetCard],
    ['is in a reader that was disconnected', RESULT.readerUnavailable],
    ['was forgotten by a service that was restarted', RESULT.invalidHandle],
    ['failed in an unknown way', 0x8010ffff],
  ] as const)
    it(`is closed when the card ${name}, until it is reset`, async () => {
      const card = await open();
      world.state.transmit = async () => ({ code, value: new Uint8Array() });
      await linkError(card.transmit(SELECT, { signal }), 'closed');
      world.state.transmit = async () => ({ code: RESULT.success, value: octetsOf('9000') });
      expect((await linkError(card.transmit(SELECT, { signal }), 'closed')).message).to.contain('after a reset');
      expect(hexOf(await card.reset({ signal }))).to.equal(hexOf(ATR));
      expect(hexOf(await card.transmit(SELECT, { signal }))).to.equal('9000');
      expect(world.log.slice(-5)).to.deep.equal([hexOf(SELECT), 'disconnect', 'release', 'connect Other Reader 00 00 T=0', hexOf(SELECT)]);
    });
  it('takes no response at all for a card that was taken out, and half a status word for an error', async () => {
    const card = await open();
    world.state.transmit = async () => ({ code: RESULT.success, value: octetsOf('90') });
    await linkError(card.transmit(SELECT, { signal }), 'protocol');
    world.state.transmit = async () => ({ code: RESULT.success, value: new Uint8Array() });
    await linkError(card.transmit(SELECT, { signal }), 'closed');
  });
  it('connects anew when the card cannot be powered by a reset', async () => {
    const card = await open();
    world.state.powerCycle = RESULT.removedCard;
    await card.reset({ signal });
    expect(world.log.slice(-4)).to.deep.equal(['power', 'disconnect', 'release', 'connect Other Reader 00 00 T=0']);
  });
  it('does not wait for a card that still works when it is closed, and lets go afterwards', async () => {
    const card = await open();
    let answer = (_: Called<Uint8Array>): void => {};
    world.state.transmit = () =>
      new Promise(resolve => {
        answer = resolve;
      });
    const pending = card.transmit(SELECT, { signal });
    await new Promise(resolve => setImmediate(resolve));
    await card.close();
    expect(world.log).not.to.include('release');
    answer({ code: RESULT.success, value: octetsOf('9000') });
    await pending;
    await new Promise(resolve => setImmediate(resolve));
    expect(world.log.slice(-2)).to.deep.equal(['disconnect', 'release']);
  });
});

describe('PC/SC with a virtual reader', () => {
  let pcscd: TestPcscd | undefined;
  before(async function () {
    pcscd = await testPcscdOrSkip(this);
  });
  after(() => pcscd?.stop());

  describe('with a card that stays in', () => {
    let slot: VpcdSlot;
    let current: EmulatedCard = testCard();
    before(async () => {
      if (pcscd === undefined) throw new Error('no pcscd');
      slot = await openVpcd({ port: pcscd.ports[0] });
      // Taking cards out and putting them in takes pcscd a second; what matters here is what it does with one.
      await slot.insert({
        powerOn: () => current.powerOn(),
        powerOff: () => current.powerOff(),
        transmit: apdu => current.transmit(apdu),
      });
    });
    after(() => slot.close());
    cardContract('pcsc', async emulated => {
      current = emulated;
      const card = await openPcsc({ reader: pcscd?.readers[0] ?? '' });
      return { card, close: () => card.close() };
    });
  });

  it('takes a few milliseconds for a command', async function () {
    if (process.platform !== 'linux') this.skip();
    if (pcscd === undefined) throw new Error('no pcscd');
    const slot = await openVpcd({ port: pcscd.ports[1] });
    await slot.insert(testCard());
    const card = await openPcsc({ reader: pcscd.readers[1] });
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const before = performance.now();
      await card.transmit(SELECT, { signal });
      times.push(performance.now() - before);
    }
    await card.close();
    await slot.close();
    // The median, because pcscd looks after its readers in between; 40 ms is the delayed acknowledgement.
    expect(times.sort((a, b) => a - b)[7]).to.be.lessThan(30);
  });
  it('follows cards that are changed, taken out and put in', async () => {
    if (pcscd === undefined) throw new Error('no pcscd');
    const power: string[] = [];
    const [first, second]: TestCard[] = [testCard(), testCard(octetsOf('3b00'))];
    if (first === undefined || second === undefined) throw new Error('no cards');
    const slot = await openVpcd({ port: pcscd.ports[1], onPower: event => power.push(event) });
    const opening = openPcsc({ reader: pcscd.readers[1] });
    await slot.insert(first);
    const card = await opening;
    await card.transmit(SELECT, { signal });
    await linkError(openPcsc({ reader: pcscd.readers[1], within: { seconds: 0.01 } }), 'refused');

    await slot.insert(second);
    expect(first.heard.slice(-2)).to.deep.equal([hexOf(SELECT), 'off']);
    await linkError(card.transmit(SELECT, { signal }), 'closed');
    expect(hexOf(await card.reset({ signal }))).to.equal('3b00');

    second.respond = () => new Promise(() => {});
    const pending = linkError(card.transmit(SELECT, { signal }), 'closed');
    await second.hasHeard(1);
    await slot.remove();
    await pending;
    expect(second.heard.at(-1)).to.equal('off');
    await card.close();
    await slot.close();
    expect(power).to.include('on');
  });

  it('gives the next card to the next program when one has died with the card before', async () => {
    if (pcscd === undefined) throw new Error('no pcscd');
    const slot = await openVpcd({ port: pcscd.ports[1] });
    await slot.insert(testCard());
    const holds = `import(${JSON.stringify(new URL('./pcsc.js', import.meta.url).href)}).then(async ({ openPcsc }) => {
      await openPcsc({ reader: ${JSON.stringify(pcscd.readers[1])} });
      console.log('held');
      setInterval(() => {}, 1000);
    })`;
    const program = await startProcess({
      command: [process.execPath, '--input-type=module', '-e', holds],
      ready: { stdout: 'held' },
      within: { seconds: 10 },
    });
    process.kill(program.pid, 'SIGKILL');
    await program.exited;
    await slot.remove();
    await slot.insert(testCard());
    const card = await openPcsc({ reader: pcscd.readers[1] });
    expect(hexOf(await card.transmit(SELECT, { signal })).slice(-4)).to.match(/^(9000|61)/);
    await card.close();
    await slot.close();
  });
});

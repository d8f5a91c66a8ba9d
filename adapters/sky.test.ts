import { expect } from 'chai';
import type { Endpoint } from './address.js';
import type { DatagramSocket } from './datagram.js';
import { openSky, type Sky, tollText } from './sky.js';
import { skyOf, standingClock } from './testing-datagrams.js';
import { type Conditions, underWeather } from './weather.js';

const PEER: Endpoint = { host: '192.0.2.1', port: 1 };
const OTHER: Endpoint = { host: '192.0.2.2', port: 2 };
const NB_IOT: Conditions = { loss: 0.2, duplicate: 0.1 };
/** A record of DTLS with application data, and one with an alert. */
const DATA = Uint8Array.of(23, 1);
const ALERT = Uint8Array.of(21, 1);

/** A socket under a sky; what passed, as the numbers of the peers. */
const socketUnder = (sky: Sky) => {
  const passed: string[] = [];
  let arrive = (_octets: Uint8Array, _from: Endpoint) => {};
  const raw: DatagramSocket = {
    local: PEER,
    send: (octets, to) => void passed.push(`${to.port}:${octets[1]}`),
    receive: handlers => {
      arrive = handlers.datagram;
    },
    close: async () => {},
  };
  const socket = underWeather(raw, sky, standingClock());
  socket.receive({ datagram: (octets, from) => void passed.push(`${from.port}<${octets[1]}`), failed: () => {} });
  return { socket, passed, arrive: (octets: Uint8Array, from = PEER) => arrive(octets, from) };
};

/** What passes of fifty datagrams to each of two peers. */
const fifty = (sky: Sky): readonly string[] => {
  const { socket, passed } = socketUnder(sky);
  for (let i = 0; i < 50; i++) for (const to of [PEER, OTHER]) socket.send(Uint8Array.of(23, i), to);
  return passed;
};

describe('the weather over a link', () => {
  it('is fine before the first sequence and after the last', () => {
    const sky = openSky({ loss: 1 });
    expect(fifty(sky)).to.have.length(100);
    sky.begin('a');
    expect(fifty(sky)).to.have.length(0);
    sky.clear();
    expect(fifty(sky)).to.have.length(100);
  });

  it('is the same in every sequence of the same seed, whatever there was before', () => {
    const [sky, another] = [openSky(NB_IOT), openSky(NB_IOT)];
    sky.begin('a');
    const first = fifty(sky);
    sky.begin('b');
    expect(fifty(sky)).to.not.deep.equal(first);
    sky.begin('a');
    expect(fifty(sky)).to.deep.equal(first);
    another.begin('a');
    expect(fifty(another)).to.deep.equal(first);
  });

  it('counts anew in a new sequence, also for a socket that was open before', () => {
    const sky = openSky({ loss: 0.5 });
    const { socket, passed } = socketUnder(sky);
    const sent = () => {
      passed.splice(0);
      for (let i = 0; i < 50; i++) socket.send(Uint8Array.of(23, i), PEER);
      return [...passed];
    };
    sky.begin('a');
    const first = sent();
    sky.begin('a');
    expect(sent()).to.deep.equal(first);
  });

  it('keeps an account of the sequence, and tells what went through since it was asked last', () => {
    const sky = skyOf({ seed: 'a', loss: 0.5, duplicate: 1 });
    const passed = fifty(sky);
    const { datagrams, lost, doubled } = sky.toll;
    expect({ datagrams, doubled, passed: 2 * (datagrams - lost) }).to.deep.equal({
      datagrams: 100,
      doubled: 100 - lost,
      passed: passed.length,
    });
    expect(lost).to.be.within(30, 70);
    expect(sky.told()).to.equal(`100 datagrams: ${lost} lost, ${100 - lost} twice`);
    expect(sky.told()).to.equal(undefined);
    sky.cut('stream 1 cut');
    sky.piece(0.25);
    expect(sky.told()).to.equal('1 piece: held up for 0.3 s in all, stream 1 cut');
    sky.clear();
    expect(sky.toll.lost, 'the account is kept when it clears up').to.equal(lost);
    sky.begin('b');
    expect(tollText(sky.toll)).to.equal('0 datagrams');
  });

  it('knows whether the last word of a peer was lost, a farewell aside', () => {
    const sky = openSky({ loss: 1 });
    const { arrive } = socketUnder(sky);
    sky.begin('a');
    arrive(ALERT);
    expect(sky.hides()).to.equal(false);
    arrive(DATA);
    arrive(ALERT);
    expect(sky.hides()).to.equal(true);
    const fine = openSky({});
    const heard = socketUnder(fine);
    let arrivals = 0;
    const leave = fine.onArrival(() => arrivals++);
    heard.arrive(DATA);
    leave();
    heard.arrive(DATA);
    expect([fine.hides(), arrivals]).to.deep.equal([false, 1]);
  });

  it('counts how many were lost before something went both ways again', () => {
    const sky = openSky({});
    sky.begin('a');
    const fate = { copies: 1, isOvertaken: false, delay: { seconds: 0 }, isFarewell: false, at: 0, peer: 0 } as const;
    const out = (isLost: boolean) => sky.datagram({ ...fate, direction: 'out', isLost });
    const back = (isLost: boolean) => sky.datagram({ ...fate, direction: 'in', isLost });
    out(true);
    out(false);
    back(true);
    out(true);
    expect(sky.toll.streak).to.equal(3);
    out(false);
    back(false);
    out(true);
    expect(sky.toll.streak).to.equal(3);
  });
});

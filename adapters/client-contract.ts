/** What every client and listener must do, whatever its wire; the tests of each adapter run it. */
import { expect } from 'chai';
import { type Client, type Frame, type Inbound, LinkError, type LinkErrorCode, type Listener, type Outbound } from './adapter.js';
import { identity } from './fixtures/certificates.js';

/** A pair made for one test: the client calls the listener. */
export interface Pair {
  readonly client: Client;
  readonly listener: Listener;
  readonly close: () => Promise<void>;
}

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
const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Declares the tests that hold for every client with its listener; `success` is the meta of a good answer on its wire. */
export const clientContract = (name: string, open: () => Promise<Pair>, success: Frame['meta'] = { ':status': '200' }): void => {
  const echo = async (frame: Inbound): Promise<Outbound> => ({ meta: success, body: frame.body });
  describe(`${name}: contract of clients and listeners`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await open();
      pair.listener.onFrame(echo);
    });
    afterEach(() => pair.close());
    const exchange = (text = 'ping', options: Partial<Parameters<Client['exchange']>[1]> = {}) =>
      pair.client.exchange({ meta: {}, body: octets(text) }, { signal: never(), ...options });

    it('carries the octets of a frame there and those of its answer back', async () => {
      const body = Uint8Array.from({ length: 3000 }, (_, i) => i % 256);
      const reply = await pair.client.exchange({ meta: {}, body }, { signal: never() });
      expect(Buffer.from(reply.body).equals(body)).to.equal(true);
    });
    it('uses one connection for exchanges that follow each other', async () => {
      const first = await exchange();
      const second = await exchange();
      expect(second.connection.id).to.equal(first.connection.id);
      expect(second.connection.exchanges).to.equal(2);
    });
    it('opens a connection of its own when told so', async () => {
      const first = await exchange();
      const second = await exchange('ping', { connection: 'new' });
      expect(second.connection.id).not.to.equal(first.connection.id);
    });
    it('carries several exchanges at a time without mixing them up', async () => {
      const replies = await Promise.all(['a', 'b', 'c', 'd'].map(text => exchange(text)));
      expect(replies.map(reply => Buffer.from(reply.body).toString())).to.deep.equal(['a', 'b', 'c', 'd']);
    });
    it('tells the listener the connection of a frame', async () => {
      const ids: number[] = [];
      pair.listener.onConnection(facts => ids.push(facts.id));
      pair.listener.onFrame(async frame => {
        expect(frame.connection.id).to.equal(ids[0]);
        return { meta: success, body: frame.body };
      });
      await exchange();
      expect(ids).to.have.length(1);
    });
    it('fails with "closed" when the listener cuts the connection', async () => {
      pair.listener.onFrame(async () => ({ fault: 'cut' }));
      await linkError(exchange(), 'closed');
    });
    it('fails with "timeout" when nobody answers and the caller gives up', async () => {
      const caller = new AbortController();
      pair.listener.onFrame(async () => {
        caller.abort(new Error('the step is over'));
        return { fault: 'silence' };
      });
      const error = await linkError(exchange('ping', { signal: caller.signal }), 'timeout');
      expect(error.message).to.contain('the step is over');
    });
    it('does not even connect for a caller who has given up', async () => {
      let connections = 0;
      pair.listener.onConnection(() => connections++);
      await linkError(exchange('ping', { signal: AbortSignal.abort(new Error('over')) }), 'timeout');
      expect(connections).to.equal(0);
    });
    it('tells the handler that the caller went away', async () => {
      const caller = new AbortController();
      const gone = new Promise<void>(resolve =>
        pair.listener.onFrame(frame => {
          frame.signal.addEventListener('abort', () => resolve());
          caller.abort(new Error('over'));
          return new Promise(() => {});
        }),
      );
      await linkError(exchange('ping', { signal: caller.signal }), 'timeout');
      await gone;
    });
    it('cuts its own connection after the request with "cut"', async () => {
      const arrived = new Promise<string>(resolve =>
        pair.listener.onFrame(async frame => {
          resolve(Buffer.from(frame.body).toString());
          return { fault: 'silence' };
        }),
      );
      await linkError(exchange('ping', { cut: 'afterRequest' }), 'cut');
      expect(await arrived).to.equal('ping');
    });
    it('goes on after a failure', async () => {
      pair.listener.onFrame(async () => ({ fault: 'cut' }));
      await linkError(exchange(), 'closed');
      pair.listener.onFrame(echo);
      expect((await exchange()).meta).to.include(success);
    });
    it('refuses exchanges after it was closed', async () => {
      await pair.client.close();
      await linkError(exchange(), 'closed');
    });
    it('fails with "refused" when the listener is closed', async () => {
      await pair.listener.close();
      await linkError(exchange(), 'refused');
    });
    it('changes what is presented and drops the open connections', async () => {
      const first = await exchange();
      await pair.listener.present('*', identity('other'));
      const second = await exchange();
      expect(second.connection.id).not.to.equal(first.connection.id);
    });
  });
};

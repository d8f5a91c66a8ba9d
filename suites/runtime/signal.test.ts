import { expect } from 'chai';
import { createSignal, waitFor, within } from './signal.js';

describe('waiting', () => {
  const never = new AbortController().signal;

  it('looks again at every notification, and no more often', async () => {
    const signal = createSignal();
    let looks = 0;
    let there = false;
    const look = () => {
      looks++;
      return there ? 'it' : undefined;
    };
    const found = waitFor(look, signal, 60, never);
    signal.notify();
    await Promise.resolve();
    there = true;
    signal.notify();
    expect(await found).to.equal('it');
    expect(looks).to.equal(3);
  });

  it('ends with nothing when it is aborted, and at once when there is no time', async () => {
    const abort = new AbortController();
    const waiting = waitFor(() => undefined, createSignal(), 60, abort.signal);
    abort.abort();
    expect(await waiting).to.equal(undefined);
    expect(await waitFor(() => undefined, createSignal(), 0, never)).to.equal(undefined);
  });

  it('fails when looking fails, and leaves nothing behind', async () => {
    const signal = createSignal();
    let looks = 0;
    const waiting = waitFor(
      () => {
        if (looks++ > 0) throw new Error('it broke');
        return undefined;
      },
      signal,
      60,
      never,
    );
    signal.notify();
    signal.notify();
    expect(await waiting.catch((error: Error) => error.message)).to.equal('it broke');
    expect(looks).to.equal(2);
  });

  it('gives up work that does not end, by name', async () => {
    const error = await within(new Promise<Error>(() => undefined), 0.01, 'the sequence').catch((e: Error) => e);
    expect(error.message).to.equal('the sequence did not end within 0.01 s');
    expect(await within(Promise.resolve(7), 60, 'x')).to.equal(7);
  });
});

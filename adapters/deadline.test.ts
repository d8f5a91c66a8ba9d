import { once } from 'node:events';
import { expect } from 'chai';
import { LinkError } from './adapter.js';
import { renewableLimit } from './deadline.js';

describe('a limit that begins anew', () => {
  // Its timer keeps no process alive; this one does, for as long as the limit may take.
  const guarded = async <T>(work: Promise<T>): Promise<T> => {
    const alive = setInterval(() => undefined, 1000);
    return work.finally(() => clearInterval(alive));
  };

  it('has one signal for all that ends in time', () => {
    const limit = renewableLimit({ seconds: 60 }, 'the card');
    expect(limit()).to.equal(limit());
    expect(limit().aborted).to.equal(false);
  });

  it('says what took too long, and has a fresh signal for what comes next', async () => {
    const limit = renewableLimit({ seconds: 0.01 }, 'the card');
    const first = limit();
    await guarded(once(first, 'abort'));
    expect(first.reason).to.be.instanceOf(LinkError).with.property('code', 'timeout');
    expect(first.reason.message).to.equal('the card did not end within 0.01 s');
    const second = limit();
    expect(second.aborted).to.equal(false);
    await guarded(once(second, 'abort'));
    expect(second.aborted).to.equal(true);
  });
});

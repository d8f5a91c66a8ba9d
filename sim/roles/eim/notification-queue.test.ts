import { expect } from 'chai';
import { createNotificationQueue, type Forwarding } from './notification-queue.js';
import { correctRelay } from './relay-decisions.js';

const forwarding = (seqNumber: number): Forwarding => ({ eid: 'eid', seqNumber, address: 'smdp.example', octets: new Uint8Array() });

describe('eIM: queue of notifications', () => {
  it('keeps later notifications back after a retry that was due when its queue had already ended', async () => {
    const timers: (() => void)[] = [];
    const tried: number[] = [];
    const refused = new Set([1, 3]);
    const queue = createNotificationQueue({
      decisions: correctRelay,
      deliver: async ({ seqNumber }) => {
        tried.push(seqNumber);
        return !refused.has(seqNumber);
      },
      later: (_, run) => timers.push(run),
    });
    const settled = () => new Promise(resolve => setImmediate(resolve));
    queue.add(forwarding(1));
    await settled();
    queue.forget('eid');
    queue.add(forwarding(2));
    await settled();
    queue.add(forwarding(3));
    await settled();
    timers[0]?.();
    await settled();
    queue.add(forwarding(4));
    await settled();
    expect(tried).to.deep.equal([1, 2, 3, 3]);
    expect(queue.waiting.map(({ seqNumber }) => seqNumber)).to.deep.equal([3, 4]);
  });
});

import { expect } from 'chai';
import { cardContract, hexOf, linkError, octetsOf, testCard } from './card-contract.js';
import { memoryReader } from './memory-reader.js';

cardContract('reader in memory', async emulated => {
  const card = memoryReader(emulated);
  return { card, close: () => card.close() };
});

describe('reader in memory', () => {
  const { signal } = new AbortController();
  const command = octetsOf('00a40004023f00');

  it('says closed after it was closed', async () => {
    const card = testCard();
    const reader = memoryReader(card);
    await reader.close();
    await linkError(reader.transmit(command, { signal }), 'closed');
    await linkError(reader.reset({ signal }), 'closed');
    expect(card.heard).to.deep.equal(['on', 'off']);
  });

  it('resets a card that is still busy, and sends commands to it again', async () => {
    const card = testCard();
    const reader = memoryReader(card);
    card.respond = () => new Promise(() => {});
    const caller = new AbortController();
    const unanswered = linkError(reader.transmit(command, { signal: caller.signal }), 'timeout');
    await card.hasHeard(1);
    await reader.reset({ signal });
    card.respond = () => octetsOf('9000');
    expect(hexOf(await reader.transmit(command, { signal }))).to.equal('9000');
    caller.abort();
    await unanswered;
  });
});

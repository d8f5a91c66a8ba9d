import { expect } from 'chai';
import { bench, ICCID1, octets, testWorld } from './test-bench.js';
import { ordered } from './test-download.js';

/** Mutants of a message: one octet changed, or the end cut off; the same ones in every run. */
const mutants = (message: Uint8Array, count: number): readonly Uint8Array[] => {
  const random = testWorld('mutants').random;
  const number = () => random(4).reduce((sum, octet) => sum * 256 + octet, 0);
  return Array.from({ length: count }, (_, n) => {
    const at = number() % message.length;
    if (n % 5 === 0) return message.slice(0, at);
    const changed = Uint8Array.from(message);
    changed[at] = number() & 0xff;
    return changed;
  });
};

describe('eIM: hostile input', () => {
  it('answers or refuses every mutant of every message of a download, and never rejects', async () => {
    const b = ordered({ ipa: { compact: true, installationResultBy: 'notification' } });
    b.eim.take(b.record, { dataRequest: {} });
    b.record.packages.reverse();
    let tried = 0;
    for (let next: string | undefined = 'GetEimPackageRequest'; next; next = (await b.ipa.next())?.type) {
      const composed = await b.ipa.compose(next);
      for (const mutant of mutants(composed.octets, 40)) {
        const answer = await b.eim.handle(next, mutant);
        expect(Object.keys(answer)).to.have.length(1);
        tried++;
      }
      const answer = await b.eim.handle(next, composed.octets);
      if ('message' in answer) await b.take(answer.message);
      else break;
    }
    await b.eim.idle();
    expect(tried).to.be.greaterThan(150);
  });

  it('refuses a type that is no request to an eIM', async () => {
    expect(await bench().eim.handle('GetEimPackageResponse', octets('BF4F03020101'))).to.have.property('refused');
    expect(await bench().eim.handle('constructor', new Uint8Array())).to.have.property('refused');
  });

  it('never lets a mutant of a result change anything', async () => {
    const b = bench({ euicc: { profiles: [{ iccid: ICCID1 }] } });
    b.order({ operations: [{ enable: { iccid: ICCID1 } }] });
    const poll = await b.ipa.compose('GetEimPackageRequest');
    const answer = await b.eim.handle('GetEimPackageRequest', poll.octets);
    if (!('message' in answer)) throw new Error('expected a package');
    await b.take(answer.message);
    const result = await b.ipa.compose('ProvideEimPackageResult');
    for (const mutant of mutants(result.octets.slice(0, -70), 200)) {
      await b.eim.handle('ProvideEimPackageResult', new Uint8Array([...mutant, ...result.octets.slice(-70)]));
      expect(b.record.view.profiles).to.deep.equal([]);
    }
  });
});

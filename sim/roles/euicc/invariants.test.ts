import { expect } from 'chai';
import fc from 'fast-check';
import { hex } from '#protocol/asn1/tlv.js';
import type { Euicc } from './index.js';
import { ICCID1, ICCID2, ICCID3, octets, signedPackage, testEim, testEuicc } from './test-bench.js';

const eim = testEim();
const notify = [{ address: 'a.example.com', events: ['enable', 'disable', 'delete'] as const }];
const profiles = [
  { iccid: ICCID1, state: 'enabled' as const, notify },
  { iccid: ICCID2, notify, fallbackAllowed: true, fallbackAttribute: true },
  { iccid: ICCID3, notify, ecall: true },
];

type Act = (euicc: Euicc, counter: number) => void;
const command =
  (text: string): Act =>
  euicc =>
    void euicc.execute(octets(text), 'afterRefresh');
const ICCIDS = [ICCID1, ICCID2, ICCID3].map(iccid => ({ iccid: octets(iccid) }));
const operation = fc
  .tuple(fc.constantFrom('enable', 'disable', 'delete'), fc.constantFrom(...ICCIDS), fc.boolean())
  .map(([name, iccid, rollback]) => {
    if (name === 'enable') return { enable: rollback ? { ...iccid, rollbackFlag: null } : iccid };
    return name === 'disable' ? { disable: iccid } : { delete: iccid };
  });
const package_ = fc.array(operation, { minLength: 1, maxLength: 3 }).map(
  (psmo): Act =>
    (euicc, counter) =>
      void euicc.execute(signedPackage(eim, { counter, psmo }), 'afterRefresh'),
);
const flagged = fc
  .tuple(fc.constantFrom('58', '5A', '5B', '5C', '5D', '5E'), fc.constantFrom('FF', '00'))
  .map(([tag, flag]) => command(`BF${tag}038001${flag}`));
const act: fc.Arbitrary<Act> = fc.oneof(
  package_,
  flagged,
  fc.constantFrom<Act>(
    euicc => euicc.settle('commit'),
    euicc => euicc.settle('abandon'),
    euicc => euicc.reset(),
    euicc => euicc.powerLoss(),
    command('BF3003800101'),
    command('BF2E00'),
  ),
);

/** What must hold whatever a device and an eIM do. */
const watch = (euicc: Euicc) => {
  const { profiles: held, results, notifications, seqNumber, eims } = euicc.chip.memory;
  const numbers = [...results, ...notifications].map(kept => kept.seqNumber).toSorted((a, b) => a - b);
  return {
    enabled: held.filter(p => p.state === 'enabled').length,
    carriers: held.filter(p => p.fallbackAttribute).length,
    isUnique: new Set(numbers).size === numbers.length,
    last: numbers.at(-1) ?? 0,
    seqNumber,
    counter: eims[0]?.counterValue ?? 0,
  };
};

describe('whatever packages, commands, REFRESHes and resets come', () => {
  it('at most one profile is enabled, numbers are never used twice, counters and numbers never fall', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 25 }), acts => {
        const euicc = testEuicc({ profiles, immediateEnable: { flag: true, smdpAddress: 'a' } });
        let before = watch(euicc);
        for (const [n, perform] of acts.entries()) {
          perform(euicc, n + 1);
          const now = watch(euicc);
          expect(now.enabled).to.be.at.most(1);
          expect(now.carriers).to.be.at.most(1);
          expect(now.isUnique).equals(true);
          expect(now.last).to.be.at.most(now.seqNumber);
          expect(now.seqNumber).to.be.at.least(before.seqNumber);
          expect(now.counter).to.be.at.least(before.counter);
          before = now;
        }
      }),
      { numRuns: 150, seed: 20260101 },
    );
  });

  it('a reset changes nothing but what waited for it', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 15 }), acts => {
        const euicc = testEuicc({ profiles });
        for (const [n, perform] of acts.entries()) perform(euicc, n + 1);
        euicc.settle('commit');
        const kept = () =>
          JSON.stringify(
            [euicc.chip.memory.profiles, euicc.chip.memory.results, euicc.chip.memory.notifications].map(list =>
              list.map(entry => ('octets' in entry ? hex(entry.octets) : [hex(entry.iccid), entry.state])),
            ),
          );
        const before = kept();
        euicc.reset();
        expect(kept()).equals(before);
        expect(euicc.refreshPending).equals(false);
      }),
      { numRuns: 100, seed: 20260101 },
    );
  });
});

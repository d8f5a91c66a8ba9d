import { expect } from 'chai';
import { usualDecisions } from '../../sim/uicc/decisions.js';
import { HarnessError } from '../verdict.js';
import { CARD_WORDS, cardOverride, fixedAnswers, pauseOf } from './card-behaviour.js';

const judged = (behaviour: Readonly<Record<string, unknown>>) => ({
  ...usualDecisions,
  ...cardOverride(behaviour, '1.2')(usualDecisions),
});
const PACKAGE = Uint8Array.of(0xbf, 0x51, 0x00);
const BPP = Uint8Array.of(0xbf, 0x36, 0x00);
const EID = Uint8Array.of(0xbf, 0x3e, 0x03, 0x5c, 0x01, 0x5a);

describe('how a case has our card behave', () => {
  it('announces a change of profiles or leaves the device to find out', () => {
    expect(judged({ refresh: 'silent' }).announcesRefresh()).to.equal('silent');
    const { servesEs10 } = judged({ serves: 'pending' });
    expect([servesEs10('pending'), servesEs10('silent')]).to.deep.equal([true, false]);
  });

  it('bounds answers and channels', () => {
    expect(judged({ response: '7' }).responseBlock()).to.equal(7);
    expect(judged({ channels: '1' }).channels()).to.equal(1);
  });

  it('takes its time for every command, when it is told how long', () => {
    expect([pauseOf({ pause: '30ms' }), pauseOf({ pause: '2s' }), pauseOf({})]).to.deep.equal([0.03, 2, 0]);
    expect(judged({ pause: '30ms' }).channels()).to.equal(usualDecisions.channels());
    for (const pause of ['long', 3]) expect(() => pauseOf({ pause })).to.throw(HarnessError, 'card.pause: expected a duration, e.g. 20ms');
  });

  it('refuses the second block of a command once', () => {
    const { refusesBlock } = judged({ refuseBlock: '6a80' });
    const blocks = [0, 1, 1].map(number => refusesBlock({ number, isLast: false, received: 1 }));
    expect(blocks).to.deep.equal([undefined, '6A80', undefined]);
  });

  it('withholds the answers to one command, and nothing else of them', () => {
    const { writesAnswer } = judged({ withholds: 'EuiccPackageRequest' });
    const answer = { sw: '9000', octets: Uint8Array.of(1), switched: 'refresh' as const };
    expect(writesAnswer(PACKAGE, answer)).to.deep.equal({ ...answer, octets: new Uint8Array() });
    expect(writesAnswer(EID, answer)).to.equal(answer);
  });

  it('refuses one segment of every bound profile package', () => {
    const { writesAnswer } = judged({ refuseSegment: { number: '2', sw: '6985' } });
    const ok = { sw: '9000', octets: Uint8Array.of(1) };
    const commands = [EID, BPP, EID, EID, BPP, EID];
    expect(commands.map(command => writesAnswer(command, ok).sw)).to.deep.equal(['9000', '9000', '6985', '9000', '9000', '6985']);
  });

  it('answers commands with given octets in place of the eUICC', () => {
    const answers = fixedAnswers({ answers: { ProfileRollbackRequest: 'BF5803020101' } });
    expect([...answers]).to.deep.equal([['ProfileRollbackRequest', Uint8Array.of(0xbf, 0x58, 0x03, 0x02, 0x01, 0x01)]]);
    expect(fixedAnswers({}).size).to.equal(0);
    for (const wrong of ['all', { ProfileRollback: '00' }, { ProfileRollbackRequest: 'no' }])
      expect(() => fixedAnswers({ answers: wrong })).to.throw(HarnessError);
    expect(judged({ answers: {} })).to.deep.include({ channels: usualDecisions.channels });
  });

  it('refuses words and values that there are not', () => {
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { colour: 'red' },
      { refresh: 'loud' },
      { serves: 'all' },
      { response: 'much' },
      { refuseBlock: 'no' },
      { withholds: 'EuiccPackageResult' },
      { refuseSegment: '3' },
      { refuseSegment: { number: 3, sw: 'no' } },
      { refuseSegment: { number: 'third', sw: '6985' } },
    ];
    for (const behaviour of wrong) expect(() => judged(behaviour), JSON.stringify(behaviour)).to.throw(HarnessError);
    expect(CARD_WORDS).to.include('withholds');
  });
});

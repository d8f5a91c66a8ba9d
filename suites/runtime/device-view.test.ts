import { expect } from 'chai';
import { usualDecisions } from '../../sim/uicc/decisions.js';
import { watchDevice } from './device-view.js';

describe('what a device does with its card', () => {
  it('is kept in order, and counted', () => {
    const told: string[] = [];
    const { view, ...watch } = watchDevice(what => told.push(what));
    watch.happened('reset');
    watch.commanded('GetEuiccDataRequest');
    watch.commanded('GetEuiccDataRequest');
    expect(view.events).to.deep.equal(['reset', 'GetEuiccDataRequest', 'GetEuiccDataRequest']);
    expect(view.counts).to.deep.equal({ reset: 1, GetEuiccDataRequest: 2 });
    expect(told).to.deep.equal(view.events);
  });

  it('tells what came between the latest reset and the first command', () => {
    const { view, ...watch } = watchDevice();
    watch.happened('reset');
    watch.happened('terminalCapability');
    watch.commanded('GetEuiccDataRequest');
    watch.happened('channelClosed');
    expect(view.opening).to.deep.equal(['reset', 'terminalCapability']);
    watch.happened('reset');
    watch.loaded({ isFirst: true, isOver: false });
    watch.happened('isdrSelected');
    expect(view.opening).to.deep.equal(['reset']);
  });

  it('tells how it declared itself', () => {
    const watch = watchDevice();
    expect(watch.view.capability).to.equal(undefined);
    watch.declared(Uint8Array.of(0xa9, 0x03, 0x84, 0x01, 0x01));
    expect(watch.view.capability).to.equal('A903840101');
  });

  it('counts segments of a profile, and those behind its end', () => {
    const watch = watchDevice();
    watch.loaded({ isFirst: true, isOver: false });
    watch.loaded({ isFirst: false, isOver: true });
    expect(watch.view).to.include({ segments: 2, segmentsAfterEnd: 1 });
    watch.loaded({ isFirst: true, isOver: false });
    expect(watch.view).to.include({ segments: 1, segmentsAfterEnd: 0 });
  });

  it('counts blocks and refusals, and leaves the judgements as they were', () => {
    const watch = watchDevice();
    const judged = { ...usualDecisions, refusesBlock: ({ number }: { number: number }) => (number === 3 ? '6A80' : undefined) };
    const { answers, refusesBlock } = watch.override(judged);
    expect(refusesBlock?.({ number: 1, isLast: false, received: 10 })).to.equal(undefined);
    expect(watch.view.mostBlocks).to.equal(2);
    expect(refusesBlock?.({ number: 3, isLast: true, received: 20 })).to.equal('6A80');
    expect(answers?.('wrongBlock')).to.equal(usualDecisions.answers('wrongBlock'));
    expect(watch.view.refusals).to.deep.equal({ block: 1, wrongBlock: 1 });
    expect(watch.view.events).to.deep.equal(['refused block', 'refused wrongBlock']);
  });
});

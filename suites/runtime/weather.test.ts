import { expect } from 'chai';
import type { DatagramFate } from '../../adapters/sky.js';
import type { Judged } from '../verdict.js';
import { labWeather } from './weather.js';

const PASS: Judged = { verdict: 'pass', reason: '', findings: [], violated: [] };
const FAIL: Judged = { verdict: 'fail', reason: 'step 2: expected a, got b', findings: [], violated: ['SGP32-1-01'] };
const ERROR: Judged = { verdict: 'error', reason: 'ours', findings: [], violated: [] };
const FATE: DatagramFate = {
  isLost: false,
  copies: 1,
  isOvertaken: false,
  delay: { seconds: 0 },
  direction: 'in',
  peer: 0,
  isFarewell: false,
  at: 0,
};

/** A lab with weather around one link. */
const under = (conditions = {}, responseSeconds = 30, wire = 'coaps') => {
  const weather = labWeather(responseSeconds);
  const sky = weather.over('esipa', wire, conditions);
  if (!sky) throw new Error('no sky');
  weather.begin('a');
  return { weather, sky };
};

describe('what weather means for a verdict', () => {
  it('is nothing where there is none', () => {
    const weather = labWeather(1);
    expect(weather.over('esipa', 'coaps', undefined)).to.equal(undefined);
    expect([weather.exchangeSeconds, weather.lagSeconds, weather.excuse(0)]).to.deep.equal([0, 0, undefined]);
    expect([weather.judged(FAIL), weather.judged(PASS), weather.told()]).to.deep.equal([FAIL, PASS, {}]);
  });

  it('leaves standing what it had no part in', () => {
    const { weather, sky } = under({ loss: 0.05 });
    sky.datagram(FATE);
    expect([weather.judged(FAIL), weather.judged(PASS), weather.judged(ERROR)]).to.deep.equal([FAIL, PASS, ERROR]);
    expect(weather.excuse()).to.equal(undefined);
    expect(weather.told()).to.deep.equal({ 'esipa.coaps': '1 datagram' });
  });

  it('is inconclusive where a stream was cut, neither a pass nor a fail', () => {
    const { weather, sky } = under({}, 30, 'https');
    sky.cut('stream 1 cut after 7 octets to the server');
    const { verdict, reason, violated } = weather.judged(FAIL);
    expect({ verdict, violated }).to.deep.equal({ verdict: 'inconclusive', violated: [] });
    expect(reason).to.equal(
      'the weather broke it off (esipa.https: stream 1 cut after 7 octets to the server): what the IUT said there is not known; step 2: expected a, got b',
    );
    expect(weather.judged(PASS).verdict).to.equal('inconclusive');
    expect(weather.judged(ERROR)).to.equal(ERROR);
    weather.begin('b');
    expect(weather.judged(FAIL), 'the next sequence').to.equal(FAIL);
  });

  it('excuses silence after a loss, but not what was said', () => {
    const { weather, sky } = under({ loss: 0.05 });
    sky.datagram({ ...FATE, direction: 'out', isLost: true });
    expect(weather.excuse(60)).to.equal('the weather lost 1 datagram');
    expect(weather.judged(FAIL)).to.equal(FAIL);
  });

  it('excuses silence that was shorter than the weather may take', () => {
    const { weather } = under({ delay: { min: { seconds: 1 }, max: { seconds: 1 } } }, 5);
    expect(weather.excuse()).to.match(/^the weather alone may take \d+ s for an exchange$/);
    expect(weather.excuse(1000)).to.equal(undefined);
  });

  it('excuses anything once so many were lost in a row that a message may have been given up', () => {
    const { weather, sky } = under({ loss: 0.9 });
    for (let i = 0; i < 4; i++) sky.datagram({ ...FATE, direction: 'out', isLost: true });
    expect(weather.judged(FAIL)).to.equal(FAIL);
    sky.datagram({ ...FATE, direction: 'out', isLost: true });
    expect(weather.judged(FAIL).verdict).to.equal('inconclusive');
  });

  it('lets nothing pass whose last word was lost, before and after it clears up', async () => {
    const { weather, sky } = under({ loss: 0.9 });
    sky.datagram({ ...FATE, isLost: true });
    expect(weather.judged(PASS).reason).to.match(/lost the last datagram of the IUT/);
    weather.clear();
    expect(weather.judged(PASS).verdict).to.equal('inconclusive');
  });

  it('waits until what was lost comes again', async () => {
    const { weather, sky } = under({ loss: 0.9 });
    sky.datagram({ ...FATE, isLost: true });
    const revealed = weather.revealed(new AbortController().signal);
    sky.datagram(FATE);
    await revealed;
    expect(weather.judged(PASS)).to.equal(PASS);
    sky.datagram({ ...FATE, isLost: true });
    const over = new AbortController();
    const given = weather.revealed(over.signal);
    over.abort();
    await given;
    expect(weather.judged(PASS).verdict).to.equal('inconclusive');
  });
});

import { expect } from 'chai';
import { createReader } from './ixit-reader.js';
import type { Ixit, Link } from './ixit-schema.js';
import {
  exchangeSeconds,
  lagSeconds,
  readWeather,
  readWeatherOption,
  underWeather,
  weatherOf,
  weatherText,
  weatherWarnings,
} from './ixit-weather.js';
import { parseYaml } from './language/source.js';

const seconds = (min: number, max: number) => ({ min: { seconds: min }, max: { seconds: max } });

/** Reads the value of `weather` on a wire; the mistakes with their places. */
const read = (text: string, wire = 'coaps') => {
  const { root, diagnostics } = parseYaml('x.yaml', `weather: ${text}`);
  const reader = createReader('x.yaml', () => true);
  const entry = root?.kind === 'map' ? root.entries[0] : undefined;
  const { weather } = readWeather(reader, entry, wire);
  const mistakes = [...diagnostics, ...reader.diagnostics].map(
    ({ at, message, hint }) => `${at.line}:${at.column}: ${message}${hint ? ` - ${hint}` : ''}`,
  );
  return { weather, mistakes };
};

const at = { file: 'x.ixit.yaml', line: 7, column: 5 };
const called: Link = { kind: 'called', url: 'coaps://127.0.0.1', encoding: 'asn1', trust: [], at };
const ixitWith = (links: Ixit['links'], response: number): Ixit => ({
  file: 'x.ixit.yaml',
  digest: '',
  iut: 'eim',
  name: '',
  version: '',
  supplier: '',
  spec: '1.2',
  settings: new Map(),
  options: new Map(),
  links,
  trust: {},
  profiles: [],
  operator: new Map(),
  places: { spec: at, settings: at, links: at, operator: at },
  timeouts: { response: { seconds: response }, operator: { seconds: 1 }, start: { seconds: 1 } },
  mask: text => text,
});

describe('weather in an IXIT file', () => {
  it('reads the conditions of datagrams', () => {
    const { weather, mistakes } = read('{ loss: 5%, delay: 200ms..800ms, duplicate: 2%, reorder: 3 %, patience: 1s }');
    expect(mistakes).to.deep.equal([]);
    expect(weather).to.deep.equal({
      loss: 0.05,
      delay: seconds(0.2, 0.8),
      duplicate: 0.02,
      reorder: 0.03,
      patience: { seconds: 1 },
    });
  });

  it('reads the conditions of streams', () => {
    const { weather, mistakes } = read('{ delay: 1s, rate: 20kbit/s, cut: 0.5%, cutAfter: 100..2000 }', 'https');
    expect(mistakes).to.deep.equal([]);
    expect(weather).to.deep.equal({ delay: seconds(1, 1), rate: 2500, cut: 0.005, cutAfter: { min: 100, max: 2000 } });
    expect(read('{ rate: 2.5kB/s }', 'json').weather).to.deep.equal({ rate: 2500 });
  });

  it('writes conditions as they are read', () => {
    for (const [text, wire] of [
      ['{ loss: 5%, delay: 200ms..1.5s, duplicate: 2%, reorder: 3%, patience: 1s }', 'coaps'],
      ['{ delay: 1s..1s, rate: 20kbit/s, cut: 0.5%, cutAfter: 100..2000 }', 'https'],
    ] as const)
      expect(`{ ${weatherText(read(text, wire).weather ?? {})} }`).to.equal(text);
  });

  const mistakes: readonly (readonly [text: string, wire: string, mistake: RegExp])[] = [
    ['rain', 'coaps', /1:10: expected a map of weather of datagrams \(coaps\), got "rain"/],
    ['{ los: 5% }', 'coaps', /1:12: unknown key "los" in weather of datagrams \(coaps\); known: loss, .* - did you mean "loss"\?/],
    ['{ rate: 20kbit/s }', 'coaps', /1:12: unknown key "rate" in weather of datagrams/],
    ['{ loss: 5% }', 'https', /1:12: unknown key "loss" in weather of streams \(https\); known: delay, rate, cut, cutAfter/],
    ['{ loss: 0.05 }', 'coaps', /1:18: expected a share from 0% to 100% for "loss", got "0.05" - did you mean 5%\?/],
    ['{ loss: 101% }', 'coaps', /expected a share from 0% to 100%/],
    ['{ loss: [5%] }', 'coaps', /1:18: expected a text for "loss", got a list/],
    ['{ delay: 200 }', 'coaps', /1:19: expected a duration .*, or a range such as 200ms\.\.800ms for "delay".* - with the unit/],
    ['{ delay: 800ms..200ms }', 'coaps', /did you mean 200ms\.\.800ms\?/],
    ['{ delay: 200ms-800ms }', 'coaps', /did you mean 200ms\.\.800ms\?/],
    ['{ delay: 1s..2s..3s }', 'coaps', /expected a duration/],
    ['{ rate: 20kbps }', 'https', /expected a rate such as 20kbit\/s \(bit\/s, .*\) for "rate", got "20kbps" - did you mean 20kbit\/s\?/],
    ['{ rate: 0bit/s }', 'https', /expected a rate/],
    ['{ cutAfter: 0 }', 'https', /expected a number of octets from 1/],
    ['{ patience: soon }', 'coaps', /expected a duration such as .* for "patience", got "soon"/],
  ];
  for (const [text, wire, mistake] of mistakes)
    it(`refuses ${text} on ${wire}`, () => {
      const found = read(text, wire);
      expect(found.mistakes).to.have.length(1);
      expect(found.mistakes[0]).to.match(mistake);
    });
});

describe('weather on the command line', () => {
  it('is read with and without braces, and mistakes have their place in what was typed', () => {
    for (const text of ['loss: 5%, rate: 20kbit/s', '{ loss: 5%, rate: 20kbit/s }'])
      expect(readWeatherOption(text)).to.deep.equal({ weather: { loss: 0.05, rate: 2500 }, diagnostics: [] });
    const [mistake] = readWeatherOption('loss: 5').diagnostics;
    expect(mistake?.at).to.deep.equal({ file: '--weather', line: 1, column: 7 });
    expect(readWeatherOption('{ loss: 5 }').diagnostics[0]?.at.column).to.equal(9);
    expect(readWeatherOption('}{').diagnostics).to.not.deep.equal([]);
  });

  it('goes around every network link that has none of its own, as far as it fits', () => {
    const own: Link = { ...called, weather: { loss: 0.5 } };
    const card: Link = { kind: 'card', wire: 'simulated', settings: {}, at };
    const ixit = ixitWith({ esipa: { coaps: own, https: called, json: called }, es10: { simulated: card } }, 60);
    expect(weatherOf(underWeather(ixit, { loss: 0.05, rate: 2500 }))).to.deep.equal([
      { name: 'esipa', wire: 'coaps', weather: { loss: 0.5 } },
      { name: 'esipa', wire: 'https', weather: { rate: 2500 } },
      { name: 'esipa', wire: 'json', weather: { rate: 2500 } },
    ]);
    expect(weatherOf(underWeather(ixitWith({ esipa: { https: called } }, 60), { loss: 0.05 }))).to.deep.equal([]);
  });
});

describe('weather and timeouts', () => {
  it('reckons what an exchange may take', () => {
    expect(exchangeSeconds({}, 'datagrams')).to.equal(0);
    expect(exchangeSeconds({ loss: 0.05 }, 'datagrams'), 'a pause for each of 7 to 15 datagrams').to.be.within(21, 45);
    expect(exchangeSeconds({ rate: 2500 }, 'streams')).to.be.within(26, 27);
    expect(exchangeSeconds({ delay: seconds(1, 1) }, 'streams')).to.equal(8);
    expect(lagSeconds({ delay: seconds(0.1, 0.2) })).to.be.closeTo(1.4, 0.01);
    expect(lagSeconds({ loss: 0.5 })).to.equal(0);
  });

  const warnings = (weather: NonNullable<Extract<Link, { kind: 'called' }>['weather']>, response: number, wire = 'coaps') =>
    weatherWarnings(ixitWith({ esipa: { [wire]: { ...called, weather } } }, response));

  it('warns of timeouts that cannot hold, with the place and the time that could', () => {
    const [warning, ...more] = warnings({ loss: 0.05, delay: seconds(0.1, 0.3) }, 5);
    expect(warning).to.match(
      /^x\.ixit\.yaml:7:5: warning: the weather of esipa\.coaps \(loss: 5%, delay: 100ms\.\.300ms\) may take (\d+) s for an exchange, and timeouts\.response is 5 s: .* - set it to \1s$/,
    );
    expect(more).to.deep.equal([]);
    expect(warnings({ loss: 0.05, delay: seconds(0.1, 0.3) }, 90)).to.deep.equal([]);
    expect(warnings({ rate: 100 }, 60, 'https')).to.have.length(1);
  });

  it('warns of losses that CoAP cannot make good', () => {
    expect(warnings({ loss: 0.5 }, 3600)[0]).to.match(/loses all 5 transmissions of 23\.73% of the messages \(RFC 7252 4\.8\)/);
    expect(warnings({ loss: 0.1 }, 3600)).to.deep.equal([]);
  });
});

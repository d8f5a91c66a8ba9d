/** The weather around the links of a lab: a new one for each sequence, and what it means for the verdict. */
import { openSky, type Sky, tollText } from '../../adapters/sky.js';
import type { Conditions } from '../../adapters/weather.js';
import { carrierOf, exchangeSeconds, lagSeconds } from '../ixit-weather.js';
import type { Judged } from '../verdict.js';

/** Transmissions of a message under CoAP's own times: who loses as many in a row may give it up. RFC 7252 4.8 */
const TRANSMISSIONS = 5;
/** Seconds in which a peer repeats what was lost: CoAP's first pause at the longest. RFC 7252 4.8.1 */
const REPETITION = 3;

export interface LabWeather {
  /** The sky over a link whose IXIT asks for weather. */
  over(name: string, wire: string, conditions: Conditions | undefined): Sky | undefined;
  /** New weather on every link, from the seed of a sequence. */
  begin(seed: string): void;
  /** Fine weather from now on: what the sequence did is put back undisturbed. */
  clear(): void;
  /** Seconds that the weather may add to an exchange, on top of what a product needs by itself. */
  readonly exchangeSeconds: number;
  /** Seconds after which nothing that was sent before is still to come. */
  readonly lagSeconds: number;
  /** Why nothing is proved by a message that did not come in time; undefined: the weather had no part in it. */
  excuse(seconds?: number): string | undefined;
  /** Waits until the IUT has repeated what the weather hid, as far as it does. */
  revealed(over: AbortSignal): Promise<void>;
  /** A verdict as far as the weather leaves it standing. */
  judged(judged: Judged): Judged;
  /** What it did in this sequence, by link. */
  told(): Readonly<Record<string, string>>;
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

/** The weather of a lab whose IUT has so many seconds for an answer; fine on every link that asks for none. */
export const labWeather = (responseSeconds: number): LabWeather => {
  const skies = new Map<string, { readonly sky: Sky; readonly exchange: number; readonly steady: number; readonly lag: number }>();
  const all = (): readonly Sky[] => [...skies.values()].map(({ sky }) => sky);
  const lost = (): number => all().reduce((sum, { toll }) => sum + toll.lost, 0);
  const cuts = (): readonly string[] => [...skies].flatMap(([name, { sky }]) => sky.toll.cuts.map(cut => `${name}: ${cut}`));
  /** What was hidden when the weather cleared up: what comes to light afterwards is no part of the sequence. */
  let wasHidden = false;
  const hides = (): boolean => wasHidden || all().some(sky => sky.hides());
  const longest = (of: 'exchange' | 'steady' | 'lag'): number => Math.max(0, ...[...skies.values()].map(one => one[of]));

  return {
    over: (name, wire, conditions) => {
      if (conditions === undefined) return undefined;
      const sky = openSky(conditions);
      const carrier = carrierOf(wire);
      skies.set(`${name}.${wire}`, {
        sky,
        exchange: exchangeSeconds(conditions, carrier),
        // Where nothing is lost only delay and rate take their time.
        steady: exchangeSeconds({ ...conditions, loss: 0 }, carrier),
        lag: lagSeconds(conditions),
      });
      return sky;
    },
    begin: seed => {
      wasHidden = false;
      for (const [name, { sky }] of skies) sky.begin(`${seed}/${name}`);
    },
    clear: () => {
      wasHidden = hides();
      for (const sky of all()) sky.clear();
    },
    get exchangeSeconds() {
      return longest('exchange');
    },
    get lagSeconds() {
      return longest('lag');
    },
    excuse: (seconds = responseSeconds) => {
      const [cut] = cuts();
      if (cut !== undefined) return `the weather broke it off (${cut})`;
      if (lost() > 0) return `the weather lost ${counted(lost(), 'datagram')}`;
      if (longest('steady') > seconds) return `the weather alone may take ${Math.ceil(longest('steady'))} s for an exchange`;
      return undefined;
    },
    revealed: async over => {
      if (!hides() || over.aborted) return;
      await new Promise<void>(resolve => {
        const leave = all().map(sky => sky.onArrival(() => !hides() && done()));
        const done = () => {
          clearTimeout(timer);
          for (const one of leave) one();
          over.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, (REPETITION + longest('lag')) * 1000);
        over.addEventListener('abort', done);
      });
    },
    judged: judged => {
      const because = (why: string): Judged => ({
        ...judged,
        verdict: 'inconclusive',
        reason: judged.verdict === 'pass' ? why : `${why}; ${judged.reason}`,
        violated: [],
      });
      const [cut, ...more] = cuts();
      const isOurs = judged.verdict === 'error' || judged.verdict === 'inconclusive';
      if (isOurs) return judged;
      if (cut !== undefined)
        return because(
          `the weather broke it off (${cut}${more.length > 0 ? ` and ${more.length} more` : ''}): what the IUT said there is not known`,
        );
      if (judged.verdict === 'fail' && all().some(({ toll }) => toll.streak >= TRANSMISSIONS))
        return because(`the weather lost ${TRANSMISSIONS} datagrams in a row, so that a message may have been given up`);
      if (judged.verdict === 'pass' && hides()) return because('the weather lost the last datagram of the IUT: what it said is not known');
      return judged;
    },
    told: () =>
      Object.fromEntries(
        [...skies].flatMap(([name, { sky }]) => (sky.toll.datagrams + sky.toll.pieces > 0 ? [[name, tollText(sky.toll)]] : [])),
      ),
  };
};

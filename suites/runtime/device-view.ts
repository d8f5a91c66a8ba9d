/** What a device under test did with our card, as `$euicc.device` shows it. */
import { hex } from '#protocol/asn1/tlv.js';
import type { Refusal, UiccOverride } from '../../sim/uicc/decisions.js';

/** What has happened so far. */
export interface DeviceView {
  /** ES10 commands and what happened around them, in order: type names, `terminalCapability`, `isdrSelected`, `reset`, `refused block` … */
  readonly events: readonly string[];
  /** How often each of them happened; what never did is absent. */
  readonly counts: Readonly<Record<string, number>>;
  /** Events since the latest reset that came before the first ES10 command. */
  readonly opening: readonly string[];
  /** Data of the latest TERMINAL CAPABILITY in hex. SGP.32 3.8.2 */
  readonly capability?: string;
  /** Blocks of STORE DATA of the longest ES10 command. SGP.22 5.7.2 */
  readonly mostBlocks: number;
  /** How often the card refused something, by what was wrong with it: `wrongBlock`, `noFirstBlock` …; `block` when it was told to. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Segments of the current bound profile package, and those that came although the card had ended it. */
  readonly segments: number;
  readonly segmentsAfterEnd: number;
}

/** Takes note of what a device does. */
export interface DeviceWatch {
  readonly view: DeviceView;
  /** Something around the commands: `reset`, `channelOpened` … */
  happened(what: string): void;
  /** It declared itself by TERMINAL CAPABILITY. */
  declared(capability: Uint8Array): void;
  /** An ES10 command reached the eUICC. */
  commanded(typeName: string): void;
  /** A segment of a bound profile package reached it; `isFirst` of a new one, `isOver`: the card had ended it. */
  loaded(segment: { readonly isFirst: boolean; readonly isOver: boolean }): void;
  /** Watches blocks and refusals; changes nothing. */
  readonly override: UiccOverride;
}

const more = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

/** Makes a watch; `tell` hears of everything that goes among the events. */
export const watchDevice = (tell: (what: string) => void = () => undefined): DeviceWatch => {
  const events: string[] = [];
  const counts: Record<string, number> = {};
  const opening: string[] = [];
  const refusals: Record<string, number> = {};
  const view = { events, counts, opening, refusals, mostBlocks: 0, segments: 0, segmentsAfterEnd: 0 };
  let isOpening = true;

  const note = (what: string): void => {
    events.push(what);
    more(counts, what);
    tell(what);
  };
  const refused = (why: string): void => {
    more(refusals, why);
    note(`refused ${why}`);
  };
  return {
    view,
    happened: what => {
      if (what === 'reset') {
        opening.length = 0;
        isOpening = true;
      }
      if (isOpening) opening.push(what);
      note(what);
    },
    declared: capability => void Object.assign(view, { capability: hex(capability) }),
    commanded: typeName => {
      isOpening = false;
      note(typeName);
    },
    loaded: ({ isFirst, isOver }) => {
      isOpening = false;
      if (isFirst) Object.assign(view, { segments: 0, segmentsAfterEnd: 0 });
      view.segments++;
      if (isOver) view.segmentsAfterEnd++;
    },
    override: usual => ({
      answers: (refusal: Refusal) => {
        refused(refusal);
        return usual.answers(refusal);
      },
      refusesBlock: block => {
        view.mostBlocks = Math.max(view.mostBlocks, block.number + 1);
        const sw = usual.refusesBlock(block);
        if (sw) refused('block');
        return sw;
      },
    }),
  };
};

/** Puts the simulated eUICC into the reader of a device under test, and tells what the device does with it. */
import { setTimeout } from 'node:timers/promises';
import type { ApduExchange } from '#protocol/apdu/command.js';
import type { CardSlot } from '../../adapters/adapter.js';
import type { Euicc } from '../../sim/roles/euicc/index.js';
import { portOf } from '../../sim/uicc/euicc-port.js';
import { createUicc, type UiccEvent } from '../../sim/uicc/index.js';
import { serveCard } from './card.js';
import { cardOverride, fixedAnswers, pauseOf } from './card-behaviour.js';
import { type DeviceView, watchDevice } from './device-view.js';
import type { Party } from './party.js';
import type { Stage } from './stage.js';

/** A card in the reader. */
export interface Inserted {
  readonly device: DeviceView;
  remove(): Promise<void>;
}

/** Commands that have a message of their own in the record. */
const STORE_DATA = 0xe2;
const GET_RESPONSE = 0xc0;

const textOf = (event: UiccEvent): string => (event.kind === 'refresh' ? `refresh ${event.phase}` : event.kind);

/** Puts the card in; what the device does with it goes into the record and wakes those who wait. Rejects with LinkError. */
export const insertCard = async (
  stage: Stage,
  party: Party,
  euicc: Euicc,
  slot: CardSlot,
  behaviour: Readonly<Record<string, unknown>>,
  happened: (what: string) => void,
): Promise<Inserted> => {
  const watch = watchDevice(what => {
    happened(what);
    party.news.notify();
  });
  const logApdu = ({ command, response }: ApduExchange): void => {
    const instruction = command[1];
    if (instruction === STORE_DATA || instruction === GET_RESPONSE) return;
    const about = { interface: 'UICC', transport: {} };
    const no = stage.log.add({ ...about, from: 'iut', to: party.name, message: 'command APDU', octets: command });
    stage.log.add({ ...about, from: party.name, to: 'iut', message: 'response APDU', octets: response, answers: no });
  };
  const uicc = createUicc({
    port: portOf(euicc, serveCard(stage, party, euicc, watch, fixedAnswers(behaviour))),
    overrides: [cardOverride(behaviour, stage.spec), watch.override],
    onApdu: logApdu,
    onReset: () => watch.happened('reset'),
    onEvent: event => {
      if (event.kind === 'fault') return stage.fault(event.error);
      if (event.kind === 'terminalCapability') watch.declared(event.octets);
      watch.happened(textOf(event));
    },
  });
  const pause = pauseOf(behaviour);
  // While a command takes its time, a step may wait for one of its blocks.
  const slow = async (apdu: Uint8Array): Promise<Uint8Array> => {
    await setTimeout(pause * 1000);
    const response = await uicc.transmit(apdu);
    party.news.notify();
    return response;
  };
  await slot.insert(pause > 0 ? { ...uicc, transmit: slow } : uicc);
  return { device: watch.view, remove: () => slot.remove() };
};

/** Wires on which we hold the reader and the card is under test: `links.es10.modem`, `.pcsc`, `.simulated`. */
import { MODEM_SETTINGS, type ModemSetting } from '../adapters/modem-options.js';
import type { Reader } from './ixit-reader.js';
import type { CardLink } from './ixit-schema.js';
import type { Entry } from './language/source.js';

/** Their names. */
export const CARD_WIRES = ['modem', 'pcsc', 'simulated'] as const;

const PCSC_SETTINGS: Readonly<Record<string, ModemSetting>> = {
  reader: { type: 'text', text: 'Name of the reader, a part of it that no other has, or its number in the list.' },
};
const SETTINGS: Readonly<Record<CardLink['wire'], Readonly<Record<string, ModemSetting>>>> = {
  modem: MODEM_SETTINGS,
  pcsc: PCSC_SETTINGS,
  simulated: {},
};
const NEEDED: Readonly<Record<CardLink['wire'], readonly string[]>> = { modem: ['port'], pcsc: ['reader'], simulated: [] };

const integer = (reader: Reader, entry: Entry, { least = 0 }: ModemSetting): number | undefined => {
  const text = reader.text(entry);
  if (text !== undefined && /^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  if (text !== undefined)
    reader.report('wrong-shape', entry.value.at, `expected a whole number of at least ${least} for "${entry.key}", got "${text}"`);
  return undefined;
};

const readSetting = (reader: Reader, entry: Entry, setting: ModemSetting): unknown => {
  switch (setting.type) {
    case 'text':
      return reader.text(entry);
    case 'texts':
      return reader.texts(entry);
    case 'integer':
      return integer(reader, entry, setting);
    case 'duration':
      return reader.duration(entry);
    case 'word':
      return reader.oneOf(entry, setting.words ?? []);
  }
};

/** Reads one wire to a card. */
export const readCardLink = (reader: Reader, name: string, wire: CardLink['wire'], { key, at, value }: Entry): CardLink | undefined => {
  const settings = SETTINGS[wire];
  const fields = reader.fields(value, `links.${name}.${key}`, Object.keys(settings));
  if (fields === undefined) return undefined;
  for (const needed of NEEDED[wire]) reader.needed(fields, needed, at, settings[needed]?.text ?? '');
  const stated = [...fields.values()].flatMap(entry => {
    const setting = settings[entry.key];
    const read = setting && readSetting(reader, entry, setting);
    return read === undefined ? [] : [[entry.key, read] as const];
  });
  return { kind: 'card', wire, settings: Object.fromEntries(stated), at };
};

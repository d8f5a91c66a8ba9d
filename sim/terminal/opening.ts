/** What a device does before it can send ES10 commands: declare itself, open a channel, select the ISD-R. SGP.32 3.8, SGP.22 5.7.1 */
import { ISDR_AID } from '#protocol/apdu/aid.js';
import { classOn } from '#protocol/apdu/command.js';
import { decode } from '#protocol/asn1/decode.js';
import { children, readTlv, tlvOctets } from '#protocol/asn1/tlv.js';
import { ISDRProprietaryApplicationTemplateIoT } from '#protocol/iot/info.js';
import { type Card, LinkError } from '../../adapters/adapter.js';
import { type Answer, exchange, type Line } from './line.js';

const NOTHING = new Uint8Array();

/** The ISD-R is selected, or the step that the card refused. */
export type Opening =
  | { readonly ok: true; readonly channel: number; readonly fci: Uint8Array }
  | { readonly ok: false; readonly step: 'select'; readonly sw: string };

const open = async (line: Line, number: number) =>
  exchange(line, { cla: 0x00, ins: 0x70, p1: 0x00, p2: number, data: NOTHING, le: number === 0 ? 1 : 256 });

/** A channel of the card's choice or the wanted one, else number 1, else the basic one. */
const openChannel = async (line: Line): Promise<number> => {
  const wanted = line.decide.channel();
  if (wanted > 0 && (await open(line, wanted)).sw === '9000') return wanted;
  const assigned = await open(line, 0);
  const [number] = assigned.octets;
  if (assigned.sw === '9000' && number !== undefined && number > 0 && number < 20) return number;
  return (await open(line, 1)).sw === '9000' ? 1 : 0;
};

/** Closes a channel, whatever the card says to it. */
export const closeChannel = async (line: Line, channel: number): Promise<void> => {
  if (line.card.closeChannel) await line.card.closeChannel(channel, { signal: line.signal() });
  else if (channel > 0) await exchange(line, { cla: 0x00, ins: 0x70, p1: 0x80, p2: channel, data: NOTHING, le: 256 });
};

const select = (line: Line, channel: number): Promise<Answer> =>
  exchange(line, { cla: classOn(channel, 0x00), ins: 0xa4, p1: 0x04, p2: line.decide.selectControl(), data: ISDR_AID, le: line.le });

/** A modem selects with its own command, which gives no FCI; it may refuse to select again. 3GPP TS 27.007 8.43, 8.45 */
const openByWire = async (line: Line, open: NonNullable<Card['openChannel']>): Promise<Opening> => {
  const channel = await open(ISDR_AID, { signal: line.signal() });
  const fci = await select(line, channel).then(
    ({ octets }) => octets,
    (error: unknown) => {
      if (!(error instanceof LinkError) || error.code !== 'refused') throw error;
      return NOTHING;
    },
  );
  return { ok: true, channel, fci };
};

const declare = async (line: Line): Promise<void> => {
  // A wire that keeps the basic channel to itself is the device, and declares itself.
  if (line.card.basicChannel === false) return;
  const capability = line.decide.capability();
  const profile = line.decide.terminalProfile();
  const onBasic = { cla: 0x80, p1: 0, p2: 0, le: undefined };
  if (capability) await exchange(line, { ...onBasic, ins: 0xaa, data: capability });
  if (profile) await exchange(line, { ...onBasic, ins: 0x10, data: profile });
};

/** Declares the device and selects the ISD-R; a card that refuses a declaration is asked all the same. */
export const openIsdr = async (line: Line): Promise<Opening> => {
  await declare(line);
  if (line.card.openChannel) return openByWire(line, line.card.openChannel);
  const channel = await openChannel(line);
  const { sw, first, octets: fci } = await select(line, channel);
  // One card refuses to hand out the FCI, and serves ES10 all the same.
  if (sw === '9000' || first.startsWith('61')) return { ok: true, channel, fci };
  await closeChannel(line, channel);
  return { ok: false, step: 'select', sw };
};

/** euiccConfiguration in the FCI, beside A5 or in it; undefined: there is no template E1. SGP.32 3.8.4 */
export const configurationIn = (fci: Uint8Array): readonly string[] | undefined => {
  const inside = children(fci);
  const a5 = inside.find(field => field.tag === 0xa5);
  const template = [...inside, ...(a5 ? children(fci, a5) : [])].find(field => field.tag === 0xe1);
  if (readTlv(fci)?.tag !== 0x6f || !template) return undefined;
  const message = decode(ISDRProprietaryApplicationTemplateIoT, tlvOctets(fci, template));
  return message.ok ? message.value.euiccConfiguration : undefined;
};

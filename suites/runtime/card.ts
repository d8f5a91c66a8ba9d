/** The simulated eUICC as the card of a device under test: its ES10 commands arrive like any message, the script may answer them. */
import { concat, readTlv } from '#protocol/asn1/tlv.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import type { LinkEdits } from '../../sim/bindings/binding.js';
import { es10Function, startsProfile } from '../../sim/bindings/es10.js';
import type { Euicc } from '../../sim/roles/euicc/index.js';
import { isProfileSegment } from '../../sim/roles/euicc/installation.js';
import { admit, noteSent, type Response, respond } from './converse.js';
import type { DeviceWatch } from './device-view.js';
import { type Arrival, deliver, type Party } from './party.js';
import { segmentChecks } from './segments.js';
import type { Stage } from './stage.js';

/** What a card answers to one ES10 command. */
export interface CardAnswer {
  readonly sw: string;
  readonly octets: Uint8Array;
}

const NOTHING = new Uint8Array();
/** Long enough for any bound profile package of a test. */
const LONGEST_PROFILE = 4 * 1024 * 1024;

/** Collects the segments of a bound profile package, so that a script sees it as the one message it is. SGP.22 5.7.6 */
interface Segments {
  readonly parts: Uint8Array[];
  size: number;
  isOver: boolean;
}

/** Carries out complete ES10 commands, and segments of a bound profile package, for one party. */
export const serveCard = (
  stage: Stage,
  party: Party,
  euicc: Euicc,
  watch: DeviceWatch,
  fixed: ReadonlyMap<string, Uint8Array> = new Map(),
): ((command: Uint8Array, channel: number) => Promise<CardAnswer>) => {
  let segments: Segments | undefined;

  const about = (channel: number) => ({ interface: 'ES10', transport: { channel: String(channel) } });
  const inbound = { from: 'iut', to: party.name, interface: 'ES10', toEdited: false };

  const write = (response: Response, channel: number, answers: number): CardAnswer => {
    const sw = 'refused' in response ? response.refused : 'out' in response ? statusWord(response.link) : '6F00';
    const out = 'out' in response ? response.out : undefined;
    noteSent(stage, party, out, { ...about(channel), to: 'iut', instead: `status word ${sw}`, answers });
    return { sw, octets: out?.octets ?? NOTHING };
  };

  /** What the card did not want in full is no value of the type, and is judged by its segments alone. */
  const admitPackage = (parts: readonly Uint8Array[], whole: Uint8Array, transport: Readonly<Record<string, string>>): Arrival => {
    const { arrival } = admit(stage, party, { type: BoundProfilePackage, octets: whole, checks: [] }, transport, {}, inbound);
    const isComplete = readTlv(whole)?.end === whole.length;
    const cuts = segmentChecks(parts, stage.sent ?? [], arrival.exchange, stage.levelOf, !isComplete);
    return { ...arrival, checks: isComplete ? [...arrival.checks, ...cuts] : cuts };
  };

  const segment = (command: Uint8Array, channel: number): CardAnswer => {
    const isFirst = startsProfile(command);
    if (isFirst) segments = { parts: [], size: 0, isOver: false };
    watch.loaded({ isFirst, isOver: segments?.isOver === true });
    if (segments && !segments.isOver && segments.size < LONGEST_PROFILE) {
      segments.parts.push(command);
      segments.size += command.length;
    }
    const no = stage.log.add({
      ...about(channel),
      from: 'iut',
      to: party.name,
      message: `BoundProfilePackage, segment ${watch.view.segments}`,
      octets: command,
    });
    const { sw, octets } = euicc.execute(command);
    const ended = sw !== '9000' || octets.length > 0;
    if (!ended) return { sw, octets };
    const whole = segments && !segments.isOver ? concat(...segments.parts) : undefined;
    if (segments) segments.isOver = true;
    const { transport } = about(channel);
    const arrival = whole && admitPackage(segments?.parts ?? [], whole, transport);
    const out = octets.length > 0 ? { type: ProfileInstallationResult, octets, intended: octets, edits: [] } : undefined;
    noteSent(stage, party, out, { ...about(channel), to: 'iut', instead: `status word ${sw}`, answers: arrival?.exchange ?? no });
    if (arrival) deliver(party, arrival);
    return { sw, octets };
  };

  return async (command, channel) => {
    if (startsProfile(command) || isProfileSegment(euicc.chip, command)) return segment(command, channel);
    const of = es10Function(command, stage.spec);
    if (!of && segments && !segments.isOver) return segment(command, channel);
    if (!of) {
      const no = stage.log.add({ ...about(channel), from: 'iut', to: party.name, message: 'unknown ES10 command', octets: command });
      watch.commanded('unknown');
      return write({ refused: euicc.execute(command).sw }, channel, no);
    }
    watch.commanded(of.request.name);
    const carried = { type: of.request, octets: command, checks: [] };
    const { arrival } = admit(stage, party, carried, about(channel).transport, {}, inbound);
    const octets = fixed.get(of.request.name);
    if (octets) {
      deliver(party, arrival);
      const edits = ['answered by the script in place of the eUICC'];
      return write({ out: { type: of.response, octets, intended: octets, edits }, link: {} }, channel, arrival.exchange);
    }
    const response = arrival.received ? await respond(stage, party, arrival, arrival.received) : { unanswered: true as const };
    return write(response, channel, arrival.exchange);
  };
};

/** The status word that a script asks for with its answer. */
const statusWord = ({ sw }: LinkEdits): string => (typeof sw === 'string' && /^[0-9A-F]{4}$/i.test(sw) ? sw.toUpperCase() : '9000');

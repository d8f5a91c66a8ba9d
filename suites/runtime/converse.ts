/** Messages to and from the IUT: what is sent is recorded as sent, what arrives is decoded, verified, checked and queued. */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, find } from '#protocol/asn1/element.js';
import type { Type } from '#protocol/asn1/type.js';
import { type ExchangeOptions, type Frame, type Inbound, LinkError, type Outbound, type TlsOffer } from '../../adapters/adapter.js';
import type { Check, SignatureCheck } from '../../reports/record.js';
import type { Carried, LinkEdits, NotCarried } from '../../sim/bindings/binding.js';
import { codeText } from '../../sim/bindings/status-codes.js';
import type { Received } from '../../sim/role.js';
import { Inconclusive } from '../verdict.js';
import { plain } from './config.js';
import type { ExchangeLog } from './exchange-log.js';
import { checkSignatures } from './keyring.js';
import { decodeChecks, signatureChecks, transportChecks } from './message-checks.js';
import { type Arrival, deliver, linkFacts, type Outgoing, type Party } from './party.js';
import { isPassedOn, relayChecks } from './relay.js';
import type { ServerBehaviour } from './server-behaviour.js';
import { noteSigns } from './spoken-version.js';
import { type ClientWire, frameFacts, type ServerHandler, type ServerWire, type Stage, skyFacts } from './stage.js';

/** Decoding and signatures of a message from the IUT, as checks; with those on what it had to pass on. */
const messageChecks = (stage: Stage, message: Decoded, signatures: readonly SignatureCheck[], exchange: number): readonly Check[] => {
  const { sent, levelOf } = stage;
  if (!sent) return [...decodeChecks(message, exchange, levelOf), ...signatureChecks(signatures, exchange, levelOf)];
  const own = message.diagnostics.filter(d => !isPassedOn(message, d.offset, sent));
  const genuine = signatures.filter(s => s.verdict !== 'invalid' || !isPassedOn(message, offsetOf(message, s.field), sent));
  return [
    ...decodeChecks({ ...message, diagnostics: own }, exchange, levelOf),
    ...signatureChecks(genuine, exchange, levelOf),
    ...relayChecks(message, sent, exchange, levelOf),
  ];
};

const offsetOf = (message: Decoded, path: string): number => {
  const found = find(message.root, path);
  return 'element' in found ? found.element.start : -1;
};

const noteReceived = (party: Party, { type, value }: Decoded): void => {
  party.received[type.name] = value;
  party.counts[type.name] = (party.counts[type.name] ?? 0) + 1;
};

/** Takes what a frame carried into the record and makes the checks; the arrival still has to be delivered. */
export const admit = (
  stage: Stage,
  party: Party,
  carried: Carried,
  transport: Readonly<Record<string, string>>,
  facts: Record<string, unknown>,
  about: { from: string; to: string; interface: string; answers?: number; toEdited: boolean },
): { arrival: Arrival; message: Decoded } => {
  const message = decode(carried.type, carried.octets, { spec: stage.spec });
  const signatures = checkSignatures(message, stage.keys);
  const { toEdited, ...route } = about;
  // The spread stands last: members added to a copy cost eight times as much, and this is done for every message.
  const exchange = stage.log.add({
    message: carried.type.name,
    octets: carried.octets,
    decoded: message,
    transport,
    signatures,
    ...route,
  });
  noteReceived(party, message);
  const checks = [...transportChecks(carried.checks, exchange, stage.levelOf), ...messageChecks(stage, message, signatures, exchange)];
  return {
    message,
    arrival: {
      kind: 'message',
      name: carried.type.name,
      received: { type: carried.type, message },
      facts,
      exchange,
      at: stage.log.elapsed(),
      checks,
      toEdited,
      isAnswer: about.answers !== undefined,
      taken: false,
    },
  };
};

/** What is no message, as an arrival; `isAnswer`: in place of an answer. */
export const event = (
  stage: Stage,
  kind: Exclude<Arrival['kind'], 'message'>,
  facts: Record<string, unknown>,
  exchange: number,
  { toEdited = false, isAnswer = false }: { readonly toEdited?: boolean; readonly isAnswer?: boolean } = {},
  checks: Arrival['checks'] = [],
): Arrival => ({
  kind,
  name: kind,
  facts,
  exchange,
  at: stage.log.elapsed(),
  checks,
  toEdited,
  isAnswer,
  taken: false,
});

/** Octets kept of what is no answer: enough to see what it was. */
const KEPT = 4096;

const exchangeOptions = (link: LinkEdits, signal: AbortSignal): ExchangeOptions => ({
  signal,
  ...(link.connection === 'new' ? { connection: 'new' } : {}),
  ...(link.cut === 'afterRequest' ? { cut: 'afterRequest' } : link.cut === undefined ? {} : { cut: Number(link.cut) }),
  ...(typeof link.tls === 'object' && link.tls !== null ? { tls: plain(link.tls) as TlsOffer, connection: 'new' } : {}),
});

/** Sends a request to the IUT; its answer arrives in the party's queue. */
export const request = (stage: Stage, party: Party, wire: ClientWire, out: Outgoing, link: LinkEdits): number => {
  const frame = wire.binding.write(out.type, out.octets, link);
  const decoded = decode(out.type, out.octets, { spec: stage.spec });
  const exchange = stage.log.add({
    from: party.name,
    to: 'iut',
    interface: wire.binding.interface,
    message: out.type.name,
    octets: out.octets,
    intended: out.intended,
    edits: out.edits,
    decoded,
    transport: frameFacts(frame),
  });
  party.sent[out.type.name] = decoded.value;
  stage.sent?.push({ octets: out.octets, isEdited: out.edits.length > 0 });
  party.outstanding++;
  void answered(stage, party, wire, frame, out, link, exchange)
    .catch(error => stage.fault(error))
    .finally(() => {
      party.outstanding--;
      party.news.notify();
    });
  return exchange;
};

const answered = async (
  stage: Stage,
  party: Party,
  wire: ClientWire,
  frame: Frame,
  out: Outgoing,
  link: LinkEdits,
  exchange: number,
): Promise<void> => {
  const toEdited = out.edits.length > 0;
  const about = { from: 'iut', to: party.name, interface: wire.binding.interface, answers: exchange };
  try {
    const reply = await wire.client.exchange(frame, exchangeOptions(link, stage.over));
    party.link = linkFacts(reply.connection);
    const facts = replyFacts(reply, party.link);
    const transport = { ...frameFacts(reply), ...skyFacts(wire.sky) };
    const { binding } = wire;
    const carried = binding.read(reply, out.type.name);
    if ('octets' in carried) {
      if (binding.interface === 'ESipa') noteSigns(stage.versions, carried.octets, reply, 'eim');
      const code = carried.status && codeText(carried.status);
      const { arrival } = admit(stage, party, carried, transport, { ...facts, ...(code && { code }) }, { toEdited, ...about });
      if (arrival.received) await party.actor.take(arrival.received);
      return deliver(party, arrival);
    }
    const no = stage.log.add({ ...about, message: carried.reason, octets: reply.body, transport });
    const kind = carried.nothing === 'empty' ? 'empty' : 'refusal';
    if (kind === 'empty') await party.actor.delivered?.(out.type.name);
    deliver(
      party,
      event(
        stage,
        kind,
        { ...facts, reason: carried.reason },
        no,
        { toEdited, isAnswer: true },
        transportChecks(carried.checks, no, stage.levelOf),
      ),
    );
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    if (stage.over.aborted) return;
    const no = stage.log.add({
      ...about,
      message: error.message,
      octets: error.partial.subarray(0, KEPT),
      transport: { code: error.code, octets: String(error.partial.length), ...skyFacts(wire.sky) },
    });
    const excuse = error.code === 'timeout' ? stage.weather.excuse() : undefined;
    if (excuse) return stage.fault(new Inconclusive(`${error.message}; ${excuse}`));
    const by = /alert|reset|ended|closed/i.test(error.message) ? 'iut' : 'harness';
    const kind = error.code === 'handshake' ? 'handshakeFailure' : 'close';
    const inPlace = { toEdited: toEdited || link.cut !== undefined, isAnswer: true };
    deliver(party, event(stage, kind, { code: error.code, by, reason: error.message }, no, inPlace));
  }
};

/** Outcome of the wire; a code of CoAP reads as the status that it resembles: 4.04 as 404. RFC 7252 12.1.2 */
const outcomeFacts = ({ meta }: Frame): Record<string, unknown> => {
  const { ':status': status, ':code': code } = meta;
  if (code !== undefined) return { code, status: Number(code.replace('.', '')), ...blockFacts(meta) };
  return status === undefined ? {} : { status: Number(status) };
};

/** Blocks of the answer and of the request, and the size of those of the answer where there were several. RFC 7959 */
const blockFacts = (meta: Frame['meta']): Record<string, unknown> => ({
  blocks: Number(meta[':blocks']),
  ...(meta[':block-size'] === undefined ? {} : { blockSize: Number(meta[':block-size']) }),
  sentBlocks: Number(meta[':sent-blocks']),
});

/** Of a request over CoAP: its type (CON, NON), its blocks and their size. RFC 7252 4.2, RFC 7959 */
const requestFacts = ({ meta }: Frame): Record<string, unknown> =>
  meta[':type'] === undefined
    ? {}
    : {
        type: meta[':type'],
        blocks: Number(meta[':blocks']),
        ...(meta[':block-size'] === undefined ? {} : { blockSize: Number(meta[':block-size']) }),
      };

const replyFacts = (frame: Frame, link: Record<string, unknown>): Record<string, unknown> => ({
  headers: Object.fromEntries(Object.entries(frame.meta).filter(([name]) => !name.startsWith(':'))),
  octets: frame.body.length,
  ...link,
  ...outcomeFacts(frame),
  ...(frame.meta.sw === undefined ? {} : { sw: frame.meta.sw }),
});

/** What a party does with a request: answers it, with or without a message; refuses it; or leaves it unanswered. */
export type Response =
  | { readonly out: Outgoing | undefined; readonly link: LinkEdits }
  | { readonly refused: string }
  | { readonly unanswered: true };

/** Lets the script answer a request when its next steps say so, and the party itself otherwise. */
export const respond = async (stage: Stage, party: Party, arrival: Arrival, received: Received): Promise<Response> => {
  const { actor } = party;
  try {
    if (stage.scriptAnswers(party, arrival.name)) {
      await actor.take(received);
      return await new Promise<Response>(resolve => {
        stage.over.addEventListener('abort', () => resolve({ unanswered: true }), { once: true });
        arrival.answer = (out, link) => {
          arrival.answer = undefined;
          if (out) actor.sent?.(out);
          resolve({ out, link });
        };
        deliver(party, arrival);
      });
    }
    if (!party.auto) {
      deliver(party, arrival);
      return { unanswered: true };
    }
    const reaction = await actor.react(received);
    deliver(party, arrival);
    if (reaction && 'refused' in reaction) return reaction;
    return { out: reaction && { ...reaction, intended: reaction.octets, edits: [] }, link: {} };
  } catch (error) {
    stage.fault(error);
    return { unanswered: true };
  }
};

/** Takes what a party sends to somebody into the record and into its own state. */
export const noteSent = (
  stage: Stage,
  party: Party,
  out: Outgoing | undefined,
  about: Omit<Parameters<ExchangeLog['add']>[0], 'from' | 'octets' | 'message'> & { readonly instead: string },
): void => {
  const { instead, ...rest } = about;
  const decoded = out && decode(out.type, out.octets, { spec: stage.spec });
  stage.log.add({
    ...rest,
    from: party.name,
    message: out?.type.name ?? instead,
    octets: out?.octets ?? new Uint8Array(),
    ...(out ? { edits: out.edits, intended: out.intended } : {}),
    ...(decoded ? { decoded } : {}),
  });
  if (out) stage.sent?.push({ octets: out.octets, isEdited: out.edits.length > 0 });
  if (out && decoded) party.sent[out.type.name] = decoded.value;
};

/** Serves one party on a wire on which the IUT is the client. */
export const serve = (stage: Stage, party: Party, wire: ServerWire, behaviour: ServerBehaviour): ServerHandler => {
  const { binding } = wire;
  const inbound = { from: 'iut', to: party.name, interface: binding.interface, toEdited: false };

  const write = (frame: Inbound, out: Outgoing | undefined, link: LinkEdits, answers: number): Outbound => {
    const outbound = binding.write(frame, out, link);
    noteSent(stage, party, out, {
      to: 'iut',
      interface: binding.interface,
      instead: 'fault' in outbound ? outbound.fault : 'no content',
      transport: 'fault' in outbound ? { fault: outbound.fault } : frameFacts(outbound),
      answers,
    });
    return outbound;
  };

  const refuse = (frame: Inbound, why: NotCarried): Outbound => {
    const no = stage.log.add({
      from: inbound.from,
      to: inbound.to,
      interface: binding.interface,
      message: why.reason,
      octets: frame.body,
      transport: frameFacts(frame),
    });
    deliver(
      party,
      event(stage, 'refusal', { reason: why.reason, ...frameFacts(frame) }, no, {}, transportChecks(why.checks, no, stage.levelOf)),
    );
    return binding.refuse(frame, why);
  };

  /** It never came: no step sees it, nothing is checked. */
  const lose = (frame: Inbound): Outbound => {
    const { from, to } = inbound;
    stage.log.add({
      from,
      to,
      interface: binding.interface,
      message: 'a request lost in an outage',
      octets: frame.body,
      transport: frameFacts(frame),
    });
    return { fault: 'cut' };
  };

  return {
    frame: async frame => {
      if (behaviour.isDown()) return lose(frame);
      party.link = linkFacts(frame.connection);
      const carried = binding.read(frame);
      if (!('octets' in carried)) return refuse(frame, carried);
      if (binding.interface === 'ESipa') noteSigns(stage.versions, carried.octets, frame, 'ipa');
      const { arrival } = admit(
        stage,
        party,
        carried,
        { ...frameFacts(frame), ...skyFacts(wire.sky) },
        { headers: frame.meta, path: frame.meta[':path'], method: frame.meta[':method'], ...party.link, ...requestFacts(frame) },
        inbound,
      );
      const { received } = arrival;
      if (behaviour.refuses(arrival.name)) {
        deliver(party, arrival);
        return write(frame, undefined, wire.unavailable, arrival.exchange);
      }
      const response: Response = received ? await respond(stage, party, arrival, received) : { unanswered: true };
      if ('unanswered' in response) return { fault: 'cut' };
      if ('refused' in response) return binding.refuse(frame, { nothing: 'unreadable', reason: response.refused, checks: [] });
      return write(frame, response.out, response.link, arrival.exchange);
    },
    handshakeFailure: facts => deliver(party, event(stage, 'handshakeFailure', { ...facts }, 0)),
  };
};

/** Carries a request of one simulated party to another, which may be answered by the script like any other. */
export const relayTo = async (
  stage: Stage,
  from: string,
  to: Party,
  rspInterface: string,
  type: Type,
  octets: Uint8Array,
): Promise<Response> => {
  const message = decode(type, octets, { spec: stage.spec });
  const about = { interface: rspInterface, transport: {} };
  const exchange = stage.log.add({ ...about, from, to: to.name, message: type.name, octets, decoded: message });
  noteReceived(to, message);
  const received = { type, message };
  const arrival: Arrival = {
    kind: 'message',
    name: type.name,
    received,
    facts: {},
    exchange,
    at: stage.log.elapsed(),
    // What one counterpart of ours says to another is no matter of the IUT.
    checks: [],
    toEdited: false,
    isAnswer: false,
    taken: false,
  };
  const response = await respond(stage, to, arrival, received);
  if ('out' in response) noteSent(stage, to, response.out, { ...about, to: from, instead: 'no content', answers: exchange });
  return response;
};

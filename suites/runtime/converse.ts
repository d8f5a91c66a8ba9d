/** Messages to and from the IUT: what is sent is recorded as sent, what arrives is decoded, verified, checked and queued. */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { type ExchangeOptions, type Frame, type Inbound, LinkError, type Outbound, type TlsOffer } from '../../adapters/adapter.js';
import type { Carried, LinkEdits, NotCarried } from '../../sim/bindings/binding.js';
import { plain } from './config.js';
import { checkSignatures } from './keyring.js';
import { decodeChecks, signatureChecks, transportChecks } from './message-checks.js';
import { type Arrival, deliver, linkFacts, type Outgoing, type Party } from './party.js';
import { type ClientWire, frameFacts, type ServerHandler, type ServerWire, type Stage } from './stage.js';

/** Takes what a frame carried into the record and makes the checks; the arrival still has to be delivered. */
const admit = (
  stage: Stage,
  party: Party,
  carried: Carried,
  frame: Frame,
  facts: Record<string, unknown>,
  about: { from: string; to: string; interface: string; answers?: number; toEdited: boolean },
): { arrival: Arrival; message: Decoded } => {
  const message = decode(carried.type, carried.octets, { spec: stage.spec });
  const signatures = checkSignatures(message, stage.keys);
  const { toEdited, ...route } = about;
  const exchange = stage.log.add({
    ...route,
    message: carried.type.name,
    octets: carried.octets,
    decoded: message,
    transport: frameFacts(frame),
    signatures,
  });
  party.received[carried.type.name] = message.value;
  const checks = [
    ...transportChecks(carried.checks, exchange, stage.levelOf),
    ...decodeChecks(message, exchange, stage.levelOf),
    ...signatureChecks(signatures, exchange, stage.levelOf),
  ];
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
      taken: false,
    },
  };
};

const event = (
  stage: Stage,
  kind: Exclude<Arrival['kind'], 'message'>,
  facts: Record<string, unknown>,
  exchange: number,
  toEdited: boolean,
  checks: Arrival['checks'] = [],
): Arrival => ({
  kind,
  name: kind,
  facts,
  exchange,
  at: stage.log.elapsed(),
  checks,
  toEdited,
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
    const carried = wire.binding.read(reply, out.type.name);
    if ('octets' in carried) {
      const { arrival } = admit(stage, party, carried, reply, facts, { ...about, toEdited });
      if (arrival.received) await party.actor.take(arrival.received);
      return deliver(party, arrival);
    }
    const no = stage.log.add({ ...about, message: carried.reason, octets: reply.body, transport: frameFacts(reply) });
    const kind = carried.nothing === 'empty' ? 'empty' : 'refusal';
    if (kind === 'empty') await party.actor.delivered?.(out.type.name);
    deliver(
      party,
      event(stage, kind, { ...facts, reason: carried.reason }, no, toEdited, transportChecks(carried.checks, no, stage.levelOf)),
    );
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    if (stage.over.aborted) return;
    const no = stage.log.add({
      ...about,
      message: error.message,
      octets: error.partial.subarray(0, KEPT),
      transport: { code: error.code, octets: String(error.partial.length) },
    });
    const by = /alert|reset|ended|closed/i.test(error.message) ? 'iut' : 'harness';
    const kind = error.code === 'handshake' ? 'handshakeFailure' : 'close';
    deliver(party, event(stage, kind, { code: error.code, by, reason: error.message }, no, toEdited || link.cut !== undefined));
  }
};

const replyFacts = (frame: Frame, link: Record<string, unknown>): Record<string, unknown> => ({
  ...link,
  status: Number(frame.meta[':status']),
  headers: Object.fromEntries(Object.entries(frame.meta).filter(([name]) => !name.startsWith(':'))),
  octets: frame.body.length,
});

/** Serves one party on a wire on which the IUT is the client. */
export const serve = (stage: Stage, party: Party, wire: ServerWire): ServerHandler => {
  const { binding } = wire;
  const inbound = { from: 'iut', to: party.name, interface: binding.interface, toEdited: false };

  const write = (frame: Inbound, out: Outgoing | undefined, link: LinkEdits, answers: number): Outbound => {
    const outbound = binding.write(frame, out, link);
    const decoded = out && decode(out.type, out.octets, { spec: stage.spec });
    stage.log.add({
      from: party.name,
      to: 'iut',
      interface: binding.interface,
      message: out?.type.name ?? ('fault' in outbound ? outbound.fault : 'no content'),
      octets: out?.octets ?? new Uint8Array(),
      ...(out ? { edits: out.edits, intended: out.intended } : {}),
      ...(decoded ? { decoded } : {}),
      transport: 'fault' in outbound ? { fault: outbound.fault } : frameFacts(outbound),
      answers,
    });
    if (out && decoded) party.sent[out.type.name] = decoded.value;
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
      event(stage, 'refusal', { reason: why.reason, ...frameFacts(frame) }, no, false, transportChecks(why.checks, no, stage.levelOf)),
    );
    return binding.refuse(frame, why);
  };

  return {
    frame: async frame => {
      party.link = linkFacts(frame.connection);
      const carried = binding.read(frame);
      if (!('octets' in carried)) return refuse(frame, carried);
      const { arrival } = admit(
        stage,
        party,
        carried,
        frame,
        { ...party.link, headers: frame.meta, path: frame.meta[':path'], method: frame.meta[':method'] },
        inbound,
      );
      const { received } = arrival;
      if (!received) return { fault: 'cut' };
      try {
        if (stage.scriptAnswers(party, arrival.name)) {
          await party.actor.take(received);
          return await new Promise<Outbound>(resolve => {
            stage.over.addEventListener('abort', () => resolve({ fault: 'cut' }), { once: true });
            arrival.answer = (outgoing, link) => {
              arrival.answer = undefined;
              resolve(write(frame, outgoing, link, arrival.exchange));
            };
            deliver(party, arrival);
          });
        }
        if (!party.auto) {
          deliver(party, arrival);
          return { fault: 'cut' };
        }
        const composed = await party.actor.react(received);
        const outbound = write(frame, composed && { ...composed, intended: composed.octets, edits: [] }, {}, arrival.exchange);
        deliver(party, arrival);
        return outbound;
      } catch (error) {
        stage.fault(error);
        return { fault: 'cut' };
      }
    },
    handshakeFailure: facts => deliver(party, event(stage, 'handshakeFailure', { ...facts }, 0, false)),
  };
};

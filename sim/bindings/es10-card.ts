/** ES10 as a wire to a card: one command or bound profile package in, status word and response out. SGP.22 5.7.2, SGP.32 5.9 */
import type { ApduExchange } from '#protocol/apdu/command.js';
import { compile } from '#protocol/asn1/compile.js';
import { children, concat, hex, readHeader, readTlv, tagHex, tlvOctets } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { type Card, type Client, type Frame, LinkError, type Reply } from '../../adapters/adapter.js';
import { openTerminal, type Terminal, type TerminalOptions, type TerminalOverride } from '../terminal/index.js';
import type { ClientBinding, LinkEdits, TransportCheck } from './binding.js';
import { type Es10Function, es10FunctionNamed, LOAD_PROFILE } from './es10.js';
import { withSegments } from './es10-segments.js';

const functionOf = (request: string): Es10Function => {
  const of = request === LOAD_PROFILE.request.name ? LOAD_PROFILE : es10FunctionNamed(request);
  if (!of) throw new TypeError(`expected a command of ES10, got ${request}`);
  return of;
};

const tagOf = (octets: Uint8Array): string => {
  const tag = readHeader(octets)?.tag;
  return tag === undefined ? 'no tag' : tagHex(tag);
};

/** What the compiled form of an untagged CHOICE has for a tag. */
const NO_TAG = -1;

/** One response and nothing after it, in the tag of its function. */
const responseChecks = (of: Es10Function, body: Uint8Array, spec: Spec): TransportCheck[] => {
  const end = readTlv(body)?.end;
  const { tag } = compile(of.response, spec);
  const isTagged = tag !== NO_TAG;
  const expected = isTagged ? tagHex(tag) : 'a tag';
  return [
    {
      what: 'response',
      expected: `one object in ${expected}`,
      actual: end === body.length ? `one object in ${tagOf(body)}` : `${body.length} octets that are not one object`,
      ok: end === body.length && (!isTagged || readHeader(body)?.tag === tag),
      requirement: 'SGP22-5.7.2-51',
    },
  ];
};

/** Our side sends commands to the card. Link edits: `blockSize`, `apdu` for a mistake in the chain of blocks, `segments` of a profile. */
export const es10Client = ({ spec }: { readonly spec: Spec }): ClientBinding => ({
  interface: 'ES10',
  answerTo: request => functionOf(request).response,
  write: (type, octets, link: LinkEdits = {}) => ({
    meta: Object.fromEntries(
      ['blockSize', 'apdu', 'segments']
        .flatMap(word => (link[word] === undefined ? [] : [[word, String(link[word])]]))
        .concat([['command', type.name]]),
    ),
    body: octets,
  }),
  read: (reply, request) => {
    const of = functionOf(request);
    const { sw = '' } = reply.meta;
    if (sw !== '9000') return { nothing: 'unreadable', reason: `status word ${sw}`, checks: [] };
    if (reply.body.length === 0) return { nothing: 'empty', reason: 'status word 9000, no data', checks: [] };
    return { type: of.response, octets: reply.body, checks: responseChecks(of, reply.body, spec) };
  },
});

/** Mistakes that a script may make in a chain of blocks, by name. */
export const APDU_MISTAKES: Readonly<Record<string, TerminalOverride>> = {
  /** The second block says that it is the third. */
  wrongBlockNumber: correct => ({ blockNumber: (index, count) => (index === 1 ? 2 : correct.blockNumber(index, count)) }),
  /** The chain starts with block 1. */
  firstBlockMissing: correct => ({ blockNumber: (index, count) => correct.blockNumber(index, count) + 1 }),
  /** The chain never says that it is over. */
  noLastBlock: () => ({ blockType: () => 0x11 }),
  /** Nobody told the card that there is an IPAd. */
  noCapability: () => ({ capability: () => undefined }),
};

const TEMPLATE = 0xe1;

/** What the card said when the ISD-R was selected: its FCI, the same without template E1, and what E1 says. SGP.32 3.8.4 */
const selectionFacts = ({ fci, euiccConfiguration }: Terminal): Record<string, string> =>
  fci && fci.length > 0
    ? {
        fci: hex(fci),
        besideE1: hex(withoutTemplate(fci)),
        ...(euiccConfiguration ? { euiccConfiguration: euiccConfiguration.join(' ') } : {}),
      }
    : {};

/** The FCI as a list of what is in it, template E1 left out wherever it stands. */
const withoutTemplate = (octets: Uint8Array): Uint8Array =>
  concat(
    ...children(octets).map(field => {
      if (field.tag === TEMPLATE) return new Uint8Array();
      return field.tag === 0xa5 ? withoutTemplate(tlvOctets(octets, field)) : tlvOctets(octets, field);
    }),
  );

/** The card as a client, and what more a lab does with it. */
export interface CardClient extends Client {
  /** Off and on again; the channel is opened anew with the next command. */
  restart(): Promise<void>;
  /** Somebody else did something to the card: the channel is opened anew with the next command. */
  disturbed(): Promise<void>;
}

/** What a card client is made with. */
export interface CardClientOptions extends Omit<TerminalOptions, 'onApdu' | 'overrides'> {
  /** Lines that went over the wire below the APDUs since the last time it was asked, e.g. AT commands. */
  readonly lines?: () => readonly string[];
}

/** Makes the client of a card that is under power. APDUs of each exchange, and the lines that carried them, come with its reply. */
export const openCardClient = (card: Card, { lines = () => [], ...options }: CardClientOptions = {}): CardClient => {
  let apdus: ApduExchange[] = [];
  let exchanges = 0;
  let special: string | undefined;
  let segments: string | undefined;
  let needsStart = false;
  const make = (blockSize: number | undefined, mistake: string | undefined): Terminal => {
    const override = mistake === undefined ? undefined : APDU_MISTAKES[mistake];
    if (mistake !== undefined && !override)
      throw new TypeError(`link apdu: expected one of ${Object.keys(APDU_MISTAKES).join(', ')}, got ${mistake}`);
    return openTerminal(card, {
      ...options,
      ...(blockSize === undefined ? {} : { blockSize }),
      overrides: [withSegments(() => segments), ...(override ? [override] : [])],
      onApdu: one => void apdus.push(one),
    });
  };
  let terminal = make(undefined, undefined);
  let told: { readonly by: Terminal; readonly openings: number } | undefined;

  /** What a selection told comes with the first reply after it. */
  const selectionOf = (device: Terminal): Record<string, string> => {
    if (told?.by === device && told.openings === device.openings) return {};
    told = { by: device, openings: device.openings };
    return selectionFacts(device);
  };

  /** The terminal for a request; one with other habits takes the place of the former and closes its channel. */
  const terminalFor = async ({ meta }: Frame): Promise<Terminal> => {
    const wanted = meta.blockSize === undefined && meta.apdu === undefined ? undefined : `${meta.blockSize ?? ''}/${meta.apdu ?? ''}`;
    if (wanted !== special) {
      await terminal.close();
      terminal = make(meta.blockSize === undefined ? undefined : Number(meta.blockSize), meta.apdu);
      special = wanted;
      // What the card remembers of the device before must not help the one that follows.
      if (meta.apdu === 'noCapability') await terminal.restart();
    }
    if (needsStart) await terminal.start();
    needsStart = false;
    return terminal;
  };

  return {
    address: card.address,
    exchange: async (request, { signal }): Promise<Reply> => {
      if (signal.aborted) throw new LinkError('timeout', 'the sequence is over');
      apdus = [];
      segments = request.meta.segments;
      const device = await terminalFor(request);
      const { sw, octets } = await device.execute(request.body);
      const below = lines();
      const trace = apdus.map(({ command, response }) => `${hex(command)} -> ${hex(response)}`);
      return {
        meta: {
          sw,
          apdus: String(apdus.length),
          trace: trace.join('\n'),
          ...selectionOf(device),
          ...(below.length > 0 ? { lines: below.join('\n') } : {}),
        },
        body: octets,
        connection: { id: device.channel ?? 0, remote: card.address, exchanges: ++exchanges },
      };
    },
    restart: async () => {
      await terminal.restart();
    },
    disturbed: async () => {
      needsStart = true;
    },
    close: async () => {
      await terminal.close().catch(() => undefined);
      await card.close();
    },
  };
};

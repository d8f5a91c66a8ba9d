import { fromHex } from '#protocol/asn1/tlv.js';
import { CARD_WIRES, readCardLink } from './ixit-card-links.js';
import type { Reader } from './ixit-reader.js';
import type { CalledLink, Encoding, IutRole, Link, ListeningLink } from './ixit-schema.js';
import { readWeather } from './ixit-weather.js';
import type { Entry, Position } from './language/source.js';
import { didYouMean } from './language/source.js';

/** Interfaces of SGP.32 and SGP.22 that an IUT can have. */
export const INTERFACES = ['esipa', 'injection', 'es9plus', 'es11', 'es2plus', 'es10'];
/** Those with the two bindings of ESipa: as `esipa` the IPA calls, as `injection` the eIM does. SGP.32 3.1.1 */
const ESIPA: readonly string[] = ['esipa', 'injection'];
/** What an interface can go over. */
export const WIRES = ['https', 'json', 'coaps', 'coaps-json', 'vpcd', 'apdu-stdio', ...CARD_WIRES];
/** Wires on which the IUT holds the reader. */
const SLOTS = ['vpcd', 'apdu-stdio'] as const;

/** Wires of servers and clients: `json` is HTTPS with the JSON binding of ESipa, `coaps-json` CoAPs with it, beside which the others have ASN.1. */
const NETWORK = ['https', 'json', 'coaps', 'coaps-json'] as const;
type NetworkWire = (typeof NETWORK)[number];

const CALLED = ['url', 'serverName', 'trust'];
const LISTENING = ['listen', 'names', 'certificate', 'address'];

/** ES9+ and ES11 are JSON unless told otherwise (SGP.22 6.5); ESipa has two bindings, and which one is the supplier's to say (SGP.32 6.3, 6.4). */
const encodingOf = (reader: Reader, fields: ReadonlyMap<string, Entry>, name: string, wire: NetworkWire, at: Position): Encoding => {
  if (wire !== 'https') return wire === 'coaps' ? 'asn1' : 'json';
  const stated = reader.oneOf(fields.get('encoding'), ['asn1', 'json']);
  if (!fields.has('encoding') && ESIPA.includes(name))
    reader.report('missing-key', at, '"encoding" is missing: ESipa is bound to ASN.1 (asn1) or to JSON (json)');
  return stated ?? (ESIPA.includes(name) ? 'asn1' : 'json');
};

const isUrl = (text: string, scheme: string): boolean => new RegExp(`^${scheme}s?://[^/]`).test(text) || text.startsWith('${');

const readNetwork = (
  reader: Reader,
  name: string,
  wire: NetworkWire,
  { key, at, value }: Entry,
): CalledLink | ListeningLink | undefined => {
  const isCalled = value.kind === 'map' && value.entries.some(entry => entry.key === 'url');
  const isListening = value.kind === 'map' && value.entries.some(entry => entry.key === 'listen');
  if (value.kind === 'map' && isCalled === isListening) {
    const message = isCalled
      ? 'a link has "url" (we call the IUT) or "listen" (the IUT calls us), not both'
      : 'a link needs "url" (we call the IUT) or "listen" (the IUT calls us)';
    reader.report('wrong-shape', at, message);
    return undefined;
  }
  const words = [...(isListening ? LISTENING : CALLED), 'weather', ...(wire === 'https' ? ['encoding'] : [])];
  const fields = reader.fields(value, `links.${name}.${key}`, words);
  if (fields === undefined) return undefined;
  const encoding = encodingOf(reader, fields, name, wire, at);
  const weather = readWeather(reader, fields.get('weather'), wire);
  if (!isListening) {
    const url = reader.text(fields.get('url')) ?? '';
    const scheme = wire === 'coaps' || wire === 'coaps-json' ? 'coap' : 'http';
    if (url && !isUrl(url, scheme))
      reader.report(
        'no-url',
        fields.get('url')?.value.at ?? at,
        `expected ${scheme === 'coap' ? 'a coaps: or coap:' : 'an https: or http:'} URL, got "${url}"`,
      );
    const serverName = reader.text(fields.get('serverName'));
    const trusted = fields.get('trust')?.value;
    const files = trusted === undefined ? [] : trusted.kind === 'list' ? trusted.items : [trusted];
    const trust = files.flatMap(file => reader.fileAt(file) ?? []);
    return { kind: 'called', url, ...(serverName === undefined ? {} : { serverName }), encoding, trust, ...weather, at };
  }
  const listen = reader.text(fields.get('listen')) ?? '';
  if (!/^(\[[^\]]+\]|[^:[\]]*):\d{1,5}$/.test(listen))
    reader.report(
      'no-address',
      fields.get('listen')?.value.at ?? at,
      `expected host:port to listen on, got "${listen}"`,
      'port 0 takes a free one',
    );
  const address = reader.text(fields.get('address'));
  return {
    kind: 'listening',
    listen,
    names: reader.texts(fields.get('names')),
    certificate: reader.needed(fields, 'certificate', at, 'the name of the certificate we present, e.g. CERT_S_SM_DP_TLS') ?? '',
    encoding,
    ...(address === undefined ? {} : { address }),
    ...weather,
    at,
  };
};

const readSlot = (reader: Reader, name: string, wire: (typeof SLOTS)[number], { key, at, value }: Entry): Link | undefined => {
  const fields = reader.fields(value, `links.${name}.${key}`, wire === 'vpcd' ? ['host', 'port', 'atr'] : ['atr']);
  if (fields === undefined) return undefined;
  const port = reader.text(fields.get('port')) ?? '35963';
  if (!/^\d{1,5}$/.test(port) && !port.startsWith('${'))
    reader.report('no-address', fields.get('port')?.value.at ?? at, `expected the port on which vpcd listens, got "${port}"`);
  const atr = reader.text(fields.get('atr'));
  if (atr !== undefined && !fromHex(atr))
    reader.report('wrong-shape', fields.get('atr')?.value.at ?? at, `expected an ATR in hex, got "${atr}"`);
  return { kind: 'slot', wire, host: reader.text(fields.get('host')) ?? '127.0.0.1', port, ...(atr === undefined ? {} : { atr }), at };
};

/** HTTPS with JSON is the wire `json`, in whichever of the two ways it is written. */
const wireOf = (reader: Reader, name: string, { key, at }: Entry, link: Link, wires: Readonly<Record<string, Link>>): string => {
  const isJson = ESIPA.includes(name) && key === 'https' && 'encoding' in link && link.encoding === 'json';
  const wire = isJson ? 'json' : key;
  if (wire in wires)
    reader.report('wrong-shape', at, `links.${name} describes HTTPS with JSON twice: as "https" with "encoding: json" and as "json"`);
  return wire;
};

/** Reads `links`. */
export const readLinks = (reader: Reader, entry: Entry | undefined, iut: IutRole): Record<string, Record<string, Link>> => {
  const links: Record<string, Record<string, Link>> = {};
  if (entry === undefined) return links;
  for (const { key: name, at, value } of reader.entries(entry.value, 'links')) {
    if (!INTERFACES.includes(name))
      reader.report(
        'unknown-key',
        at,
        `unknown interface "${name}" of an ${iut}; known: ${INTERFACES.join(', ')}`,
        didYouMean(name, INTERFACES),
      );
    const wires: Record<string, Link> = {};
    for (const wire of reader.entries(value, `links.${name}`)) {
      if (!WIRES.includes(wire.key))
        reader.report('unknown-key', wire.at, `unknown wire "${wire.key}"; known: ${WIRES.join(', ')}`, didYouMean(wire.key, WIRES));
      const slot = SLOTS.find(one => one === wire.key);
      const network = NETWORK.find(one => one === wire.key);
      const card = CARD_WIRES.find(one => one === wire.key);
      const link = slot
        ? readSlot(reader, name, slot, wire)
        : card
          ? readCardLink(reader, name, card, wire)
          : network
            ? readNetwork(reader, name, network, wire)
            : undefined;
      if (link) wires[wireOf(reader, name, wire, link, wires)] = link;
    }
    links[name] = wires;
  }
  return links;
};

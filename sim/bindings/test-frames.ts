/** What the tests of the RSP bindings share: frames, and the known encodings of ES9+ and ES11 messages. */
import { readFileSync } from 'node:fs';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import { typeNamed } from '#protocol/registry.js';
import type { Frame, Inbound, Outbound } from '../../adapters/adapter.js';

/** A frame as a listener hands it over. */
export const inbound = (frame: Frame, over: Readonly<Record<string, string | undefined>> = {}): Inbound => ({
  meta: Object.fromEntries(Object.entries({ ...frame.meta, ...over }).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  body: frame.body,
  connection: { id: 1, remote: '127.0.0.1:1', exchanges: 1 },
  signal: new AbortController().signal,
});

/** A JSON request to a function of ES9+. */
export const posted = (path: string, body: unknown, over: Readonly<Record<string, string | undefined>> = {}): Inbound =>
  inbound(
    {
      meta: {
        ':method': 'POST',
        ':path': `/gsma/rsp2/${path}`,
        'content-type': 'application/json;charset=UTF-8',
        'x-admin-protocol': 'gsma/rsp/v2.5.0',
      },
      body: body instanceof Uint8Array ? body : new Uint8Array(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))),
    },
    over,
  );

/** An answer that is a frame. */
export const sent = (outbound: Outbound): Frame => {
  if ('fault' in outbound) throw new Error(outbound.fault);
  return outbound;
};
/** The JSON object in a frame. */
export const jsonOf = (frame: Frame): Record<string, unknown> => JSON.parse(Buffer.from(frame.body).toString('utf8'));

/** A message with its octets. */
export interface KnownMessage {
  readonly name: string;
  readonly type: Type;
  readonly octets: Uint8Array;
}

/** Messages of SGP.22 v2.5, or of SGP.32 v1.2, whose encoding two independent compilers agree on. */
export const knownMessages = (typeName: string, document: 'SGP.22' | 'SGP.32' = 'SGP.22'): readonly KnownMessage[] => {
  const file = new URL('../../../sim/protocol/fixtures/messages.ndjson', import.meta.url);
  const edition = document === 'SGP.22' ? '2.5' : '1.2';
  const type = typeNamed(typeName, document);
  if (!type) throw new Error(typeName);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map((line): readonly [string, string, string, string, string, string] => JSON.parse(line))
    .filter(([, name, module, version]) => name === typeName && module === document && version === edition)
    .map(([name, , , , , text]) => ({ name, type, octets: fromHex(text) ?? new Uint8Array() }));
};

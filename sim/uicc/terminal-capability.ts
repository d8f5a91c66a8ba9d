/** TERMINAL CAPABILITY: which local profile assistant or IPA the device brings. ETSI TS 102 221 11.1.19, SGP.32 3.8.2 */
import type { CommandApdu } from '#protocol/apdu/command.js';
import { children, readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import { type Card, type Channel, DONE, type Reply, status } from './state.js';

const TEMPLATE = 0xa9;
/** eUICC-related capabilities: LUId, LPDd, LDSd in bits 1 to 3; and those of an IoT device: IPAd in bit 1. */
const DECLARATIONS: ReadonlyMap<number, number> = new Map([
  [0x83, 0x07],
  [0x84, 0x01],
]);

/** Takes the declaration; one that came before stays. */
export const terminalCapability = (card: Card, _channel: Channel, { data }: CommandApdu): Reply => {
  if (data.length === 0) return status('6700');
  const template = readTlv(data);
  const objects = children(data, template);
  const isWhole = template?.tag === TEMPLATE && template.end === data.length && (objects.at(-1)?.end ?? template.content) === template.end;
  if (!isWhole) return status('6A80');
  const declares = objects.some(object => ((tlvContent(data, object)[0] ?? 0) & (DECLARATIONS.get(object.tag) ?? 0)) !== 0);
  card.isDeclared ||= declares;
  card.tell({ kind: 'terminalCapability', octets: data, isDeclared: card.isDeclared });
  return DONE;
};

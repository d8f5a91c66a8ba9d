/**
 * What an IPA passes on between card and servers. Signed objects travel octet for octet: this is checked in every message
 * without being asked. What a script spoilt on purpose is not held against the IUT that passes it on.
 */
import { type Decoded, type Element, octetsOf } from '#protocol/asn1/element.js';
import { type SignatureSite, signatureOctets, signaturesIn } from '#protocol/signatures.js';
import type { Check } from '../../reports/record.js';
import type { LevelOf } from './message-checks.js';

/** A message that one of our parties sent. */
export interface Sent {
  readonly octets: Uint8Array;
  /** A script changed it. */
  readonly isEdited: boolean;
}

const PASSES_ON = 'SGP32-3.1-01';

const view = (octets: Uint8Array): Buffer => Buffer.from(octets.buffer, octets.byteOffset, octets.length);
const contains = (whole: Uint8Array, part: Uint8Array): boolean => view(whole).includes(view(part));

/** Containers that an IPA passes on as a whole; of the others it takes the parts into a structure of its own. */
const WHOLE: ReadonlySet<string> = new Set([
  'EuiccPackageRequest',
  'EuiccPackageResultSigned',
  'EuiccPackageErrorSigned',
  'AuthenticateResponseOk',
  'PrepareDownloadResponseOk',
  'ProfileInstallationResult',
  'OtherSignedNotification',
  'CancelSessionResponseOk',
]);

/** What has to arrive unchanged of a signed object. */
const partsOf = (message: Decoded, site: SignatureSite): readonly { readonly name: string; readonly octets: Uint8Array }[] => {
  const { container, rule } = site;
  if (WHOLE.has(rule.container)) return [{ name: rule.container, octets: octetsOf(message, container) }];
  const signed = new Set(rule.parts.flatMap(part => ('field' in part ? [part.field] : [])));
  return container.children
    .filter(child => signed.has(child.name) || child.name.endsWith('Certificate'))
    .map(child => ({ name: child.name, octets: octetsOf(message, child) }));
};

/** Compares every signed object in a message of the IUT with what our parties sent under the same signature. SGP.32 3.1 */
export const relayChecks = (message: Decoded, sent: readonly Sent[], exchange: number, levelOf: LevelOf): Check[] =>
  signaturesIn(message).flatMap(site => {
    const signature = signatureOctets(message, site);
    const origins = sent.filter(one => contains(one.octets, signature));
    // Not ours: whether it is genuine, its signature tells.
    if (origins.length === 0 || signature.length === 0) return [];
    return partsOf(message, site).map(({ name, octets }): Check => {
      const ok = origins.some(origin => contains(origin.octets, octets));
      return {
        what: `${name} is passed on as it came`,
        path: site.containerPath,
        expected: 'the octets received',
        actual: ok ? 'the octets received' : 'other octets under the same signature',
        ok,
        level: levelOf(PASSES_ON),
        covers: [PASSES_ON],
        exchange,
      };
    });
  });

const around = (element: Element, offset: number): Element | undefined =>
  element.children.find(child => child.start <= offset && offset < child.end);

/** Octets below which an element proves nothing about where it came from. */
const TELLING = 8;

/** Whether what is odd at an offset of a message came with an object that a script had spoilt. */
export const isPassedOn = (message: Decoded, offset: number, sent: readonly Sent[]): boolean => {
  const edited = sent.filter(one => one.isEdited);
  for (let element = around(message.root, offset); element; element = around(element, offset)) {
    const octets = octetsOf(message, element);
    if (octets.length >= TELLING && edited.some(one => contains(one.octets, octets))) return true;
  }
  return false;
};

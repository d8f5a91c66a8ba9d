/** Packages that an eIM brings to the reference IPA: who it is that brings them, and what is answered without them. SGP.32 3.1.1.2, 6.3.3.1 */
import { find } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { Spec } from '#protocol/asn1/type.js';
import { TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import type { Composed, Received } from '../role.js';
import type { EimEntry } from '../roles/ipa/euicc-data.js';
import type { EsipaWire } from './ipa-wire.js';

/** The eIM that called: a package names it; of what does not, the one that may call at all is taken for it. */
export const callerAmong = (known: readonly EimEntry[], { message }: Received, over: EsipaWire): EimEntry | undefined => {
  const named = find(message.root, 'euiccPackageRequest.euiccPackageSigned.eimId');
  const protocol = over === 'coaps' ? 'eimInjectCoaps' : 'eimInjectHttps';
  const isNamed = ({ eimId }: EimEntry) => 'element' in named && named.element.value === eimId;
  return known.find(isNamed) ?? known.find(eim => eim.eimSupportedProtocol?.includes(protocol)) ?? known[0];
};

/** The IPA has taken what was brought. */
export const received = (spec: Spec): Composed => ({
  type: TransferEimPackageResponse,
  octets: encode(TransferEimPackageResponse, { eimPackageReceived: null }, { spec }),
});

const UNDEFINED_ERROR = 127;
/** Something went wrong for which there is no better word. */
export const notCarriedOut = (spec: Spec): Composed => ({
  type: TransferEimPackageResponse,
  octets: encode(TransferEimPackageResponse, { eimPackageError: UNDEFINED_ERROR }, { spec }),
});

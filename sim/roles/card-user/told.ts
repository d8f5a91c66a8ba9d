/** What a card under test tells about itself, where a test case looks at several answers as a whole. SGP.32 5.9.10, SGP.22 5.7.7 */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { Spec, ValueOf } from '#protocol/asn1/type.js';
import type { AuthenticateServerResponse } from '#protocol/iot/authentication.js';
import { GetCertsRequest, type GetCertsResponse } from '#protocol/iot/es10b.js';
import type { GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { EUICCInfo1 } from '#protocol/rsp/info.js';
import type { World } from '../../role.js';
import { type ChainFacts, chainFacts } from './chain.js';

/** What the card told about itself, as far as a test case looks at it as a whole. */
export interface Told {
  /** Chain of the last GetCerts or AuthenticateServer. */
  chain: ChainFacts | undefined;
  /** CIs of its list for signing whose chain it was not asked for yet. */
  chainsLeft: readonly Uint8Array[];
  /** Challenges, each once, in hex. */
  readonly challenges: Set<string>;
}

const signingList = (euiccInfo1: Uint8Array | undefined, spec: Spec): readonly Uint8Array[] => {
  const info = euiccInfo1 && decode(EUICCInfo1, euiccInfo1, { spec });
  return info?.ok ? info.value.euiccCiPKIdListForSigning : [];
};

/** Before the card has said anything but its EUICCInfo1. */
export const nothingTold = (euiccInfo1: Uint8Array | undefined, spec: Spec): Told => ({
  chain: undefined,
  chainsLeft: signingList(euiccInfo1, spec),
  challenges: new Set(),
});

/** Takes note of what the card tells; the runner hands over messages by the name of their type. */
export const takeTold = (told: Told, type: string, { value }: Decoded, { pki }: World): void => {
  if (type === 'GetCertsResponse') {
    const { certs } = value as ValueOf<typeof GetCertsResponse>;
    told.chain = certs && chainFacts(certs, pki);
  }
  if (type === 'AuthenticateServerResponse') {
    const { authenticateResponseOk } = value as ValueOf<typeof AuthenticateServerResponse>;
    told.chain = authenticateResponseOk && chainFacts(authenticateResponseOk, pki);
  }
  if (type === 'GetEuiccChallengeResponse') told.challenges.add(hex((value as ValueOf<typeof GetEuiccChallengeResponse>).euiccChallenge));
};

/** The chain of this CI is asked for. */
export const noteCertsRequest = (told: Told, octets: Uint8Array, spec: Spec): void => {
  const message = decode(GetCertsRequest, octets, { spec });
  const asked = message.ok ? message.value.euiccCiPKId : undefined;
  if (asked) told.chainsLeft = told.chainsLeft.filter(id => hex(id) !== hex(asked));
};

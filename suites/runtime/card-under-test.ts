/** The eUICC under test: its reader, what it says of itself before the first sequence, and the keys that it signs with. */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, elements } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { GetCertsRequest, GetCertsResponse } from '#protocol/iot/es10b.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { EUICCInfo1, GetEuiccDataRequest, GetEuiccDataResponse, GetEuiccInfo1Request, GetEuiccInfo2Request } from '#protocol/rsp/info.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { type Card, LinkError } from '../../adapters/adapter.js';
import type { AtLine } from '../../adapters/at-dialogue.js';
import { renewableLimit } from '../../adapters/deadline.js';
import { openModem } from '../../adapters/modem.js';
import { type ModemOptions, modemOptions } from '../../adapters/modem-options.js';
import { type CardClient, openCardClient } from '../../sim/bindings/es10-card.js';
import { openSimulatedCard } from '../../sim/processes/simulated-card.js';
import { signsInEuiccInfo2, type VersionSign } from '../../sim/version-signs.js';
import type { CardLink, Ixit } from '../ixit-schema.js';
import { pkiOf } from '../lab-material.js';
import { cardLink } from '../native-actions.js';
import { removeEims } from './card-eims.js';
import { type AskCard, type CardState, readCardState } from './card-state.js';
import type { KeySource, NamedKey } from './keyring.js';

/** Certificates of the card for one CI; DER. */
export interface CardIdentity {
  readonly eumCertificate: Uint8Array;
  readonly euiccCertificate: Uint8Array;
}

/** What the card said of itself. */
export interface CardFacts {
  /** Undefined when it does not tell. */
  readonly eid: Uint8Array | undefined;
  /** `BF20 …`; undefined when it does not tell. */
  readonly euiccInfo1: Uint8Array | undefined;
  /** One pair per CI that it signs for and tells the certificates of. */
  readonly identities: readonly CardIdentity[];
  /** What it tells of the versions that it speaks. */
  readonly versionSigns: readonly VersionSign[];
  /** What was on it before the first sequence. */
  readonly state: CardState;
}

/** A card in a reader of ours. */
export interface CardUnderTest {
  readonly client: CardClient;
  readonly ask: AskCard;
  /** Asks the card who it is. Rejects with LinkError when it does not answer. */
  facts(): Promise<CardFacts>;
  /** AT commands on the card's modem, where there is one. */
  readonly at?: (commands: readonly string[], signal: AbortSignal) => Promise<readonly string[]>;
  /** What the lab can do with the card by itself, by action. */
  readonly native: ReadonlyMap<string, () => Promise<void>>;
}

interface Opened {
  readonly card: Card;
  readonly at?: NonNullable<CardUnderTest['at']>;
  readonly replace?: () => Promise<void>;
  /** Lines of the wire since the last time it was asked. */
  readonly lines?: () => readonly string[];
}

/** Longer than any card takes for a command; each APDU of it has a limit of its own. */
const LONGEST_COMMAND_MS = 60_000;
/** Lines kept between two messages; what a modem says by itself meanwhile must not add up. */
const MOST_LINES = 10_000;

const open = async (link: CardLink, spec: Spec, startArguments: readonly string[], signal: AbortSignal): Promise<Opened> => {
  switch (link.wire) {
    case 'modem': {
      const seen: string[] = [];
      const onLine = ({ direction, text }: AtLine): void => {
        if (seen.length < MOST_LINES) seen.push(`${direction === 'sent' ? '>' : '<'} ${text}`);
      };
      const modem = await openModem(modemOptions(link.settings as Partial<ModemOptions> & { port: string }), { signal, onLine });
      const at: Opened['at'] = async (commands, limit) => {
        const answers = await modem.at(commands, { signal: limit });
        return answers.map(({ lines, result }) => [...lines, result.ok ? 'OK' : result.text].join('\n'));
      };
      return { card: modem, at, lines: () => seen.splice(0) };
    }
    case 'pcsc': {
      // Its library is an optional dependency.
      const { openPcsc } = await import('../../adapters/pcsc.js');
      return { card: await openPcsc({ reader: String(link.settings.reader), signal }) };
    }
    case 'simulated': {
      const simulated = openSimulatedCard(['--spec', spec, ...startArguments]);
      return { card: simulated, replace: async () => simulated.replace() };
    }
  }
};

/** Opens the card that the IXIT file describes; undefined when it describes none. Rejects with LinkError. */
export const openCardUnderTest = async (ixit: Ixit, startArguments: readonly string[]): Promise<CardUnderTest | undefined> => {
  const link = cardLink(ixit);
  if (!link) return undefined;
  const limit = renewableLimit(ixit.timeouts.response, 'the command');
  const { card, at, replace, lines } = await open(link, ixit.spec, startArguments, limit());
  const client = openCardClient(card, { signal: limit, ...(lines ? { lines } : {}) });
  const ask = askWith(client, ixit);
  const native = new Map<string, () => Promise<void>>([
    ['resetCard', () => client.restart()],
    ['removeEims', () => removeEims(ask, pkiOf(ixit), ixit.spec)],
  ]);
  if (replace)
    native.set('replaceCard', async () => {
      await replace();
      await client.disturbed();
    });
  return { client, ask, facts: () => factsOf(ask), native, ...(at ? { at } : {}) };
};

const askWith =
  (client: CardClient, ixit: Ixit): AskCard =>
  async (request, value, response) => {
    const { spec } = ixit;
    const frame = { meta: { command: request.name }, body: encode(request, value, { spec }) };
    const { meta, body } = await client.exchange(frame, { signal: AbortSignal.timeout(LONGEST_COMMAND_MS) });
    if (meta.sw !== '9000') throw new LinkError('refused', `the card answers ${request.name} with status word ${meta.sw}`);
    const message = decode(response, body, { spec });
    if (!message.ok) throw new LinkError('refused', `the card's ${response.name} cannot be read`);
    return message;
  };

/** A card that refuses a question is tested all the same: what it should have said is a matter of the cases. */
const unlessRefused = async <T>(question: Promise<T>): Promise<T | undefined> =>
  question.catch((error: unknown) => {
    if (error instanceof LinkError && error.code === 'refused') return undefined;
    throw error;
  });

const factsOf = async (ask: AskCard): Promise<CardFacts> => {
  const data = await unlessRefused(ask(GetEuiccDataRequest, { tagList: Uint8Array.of(0x5a) }, GetEuiccDataResponse));
  const info = await unlessRefused(ask(GetEuiccInfo1Request, {}, EUICCInfo1));
  const identities: CardIdentity[] = [];
  for (const euiccCiPKId of info?.value.euiccCiPKIdListForSigning ?? []) {
    const certs = await unlessRefused(ask(GetCertsRequest, { euiccCiPKId }, GetCertsResponse));
    const pair = certs?.value.certs;
    if (pair) identities.push({ eumCertificate: pair.eumCertificate, euiccCertificate: pair.euiccCertificate });
  }
  const info2 = await unlessRefused(ask(GetEuiccInfo2Request, {}, EUICCInfo2));
  return {
    eid: data?.value.eidValue,
    euiccInfo1: info?.octets,
    identities,
    versionSigns: info2 ? signsInEuiccInfo2(info2.octets) : [],
    state: await readCardState(ask),
  };
};

const keyOf = (certificate: Uint8Array): NamedKey | undefined => {
  const parsed = parseCertificate(certificate);
  return isProblem(parsed) || !parsed.publicKey ? undefined : { id: `eUICC ${parsed.publicKey.curve}`, key: parsed.publicKey };
};

/** Keys of the card under test: those of its certificates, told before or brought along by a message. */
export const cardKeySource = ({ identities }: CardFacts): KeySource => {
  const known = identities.flatMap(({ euiccCertificate }) => keyOf(euiccCertificate) ?? []);
  return {
    keys: (signer, message) => {
      if (signer !== 'euicc') return [];
      const brought = certificatesIn(message).flatMap(certificate => keyOf(certificate) ?? []);
      return [...known, ...brought.filter(({ key }) => !known.some(one => hex(one.key.point) === hex(key.point)))];
    },
    context: () => ({}),
  };
};

const certificatesIn = (message: Decoded): readonly Uint8Array[] => {
  const found: Uint8Array[] = [];
  for (const { element } of elements(message.root))
    if (element.name === 'euiccCertificate' && element.value instanceof Uint8Array) found.push(element.value);
  return found;
};

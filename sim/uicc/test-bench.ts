/** What the tests of the card and of the terminal share. */
import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { PrepareDownloadResponse } from '#protocol/iot/download.js';
import { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import type { Card } from '../../adapters/adapter.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import type { Euicc, EuiccConfig } from '../roles/euicc/index.js';
import { ICCID1, ICCID2, octets, signedPackage, testEim, testEuicc } from '../roles/euicc/test-bench.js';
import { boundPackage, CTX_PARAMS_1, offer, proof } from '../roles/euicc/test-server.js';
import { openTerminal, type Terminal, type TerminalOptions } from '../terminal/index.js';
import { type Execute, portOf } from './euicc-port.js';
import { createUicc, type Uicc, type UiccEvent, type UiccOptions } from './index.js';

/** Two profiles, the first enabled. */
export const PROFILES = [{ iccid: ICCID1, state: 'enabled' as const }, { iccid: ICCID2 }];
export const CAPABILITY = '80AA000005A903840101';
/** On channel 1. */
export const SELECT_ISDR = '01A4040010A0000005591010FFFFFFFF8900000100';
export const GET_EID = octets('BF3E035C015A');
/** A package of eIM `testeim1` that enables the second profile. */
export const enableSecond = (counter = 1): Uint8Array =>
  signedPackage(testEim(), { counter, psmo: [{ enable: { iccid: octets(ICCID2) } }] });

/** How the card of a test differs. */
export interface GivenCard {
  readonly config?: Partial<EuiccConfig>;
  readonly options?: Partial<UiccOptions>;
  readonly execute?: Execute;
}

/** Sends a command in hex; the answer in hex. */
export const send = async (uicc: Uicc, command: string): Promise<string> => hex(await uicc.transmit(octets(command)));

/** Sends commands in hex, each with the answer that must come. */
export const converse = async (uicc: Uicc, dialogue: readonly (readonly [command: string, response: string])[]): Promise<void> => {
  for (const [command, response] of dialogue) expect(await send(uicc, command), command).equals(response.replaceAll(' ', ''));
};

/** A card under power with a simulated eUICC in it. */
export const testUicc = (given: GivenCard = {}) => {
  const euicc = testEuicc({ profiles: PROFILES, ...given.config });
  const events: UiccEvent[] = [];
  const uicc = createUicc({ port: portOf(euicc, given.execute), onEvent: event => events.push(event), ...given.options });
  uicc.powerOn();
  return { euicc, uicc, events };
};

/** The same, with the ISD-R selected on channel 1. */
export const testIsdr = async (given: GivenCard = {}) => {
  const made = testUicc(given);
  await converse(made.uicc, [
    [CAPABILITY, '9000'],
    ['0070000001', '019000'],
    [SELECT_ISDR.replace(/^01A40400/, '01A4040C'), '9000'],
  ]);
  return made;
};

/** A device with such a card, and every APDU between them. */
export const testTerminal = (given: GivenCard & { readonly terminal?: TerminalOptions } = {}) => {
  const dialogue: string[] = [];
  const { euicc, uicc, events } = testUicc({
    ...given,
    options: {
      onReset: () => dialogue.push('reset'),
      onApdu: ({ command, response }) => dialogue.push(`> ${hex(command)}`, `< ${hex(response)}`),
      ...given.options,
    },
  });
  const terminal = openTerminal(memoryReader(uicc), given.terminal);
  dialogue.length = 0;
  return { euicc, uicc, events, terminal, dialogue };
};

/** A card that a test plays: what it answers to each command, in hex; and every command it got. */
export const scriptedCard = (answer: (command: string) => string | Promise<string>) => {
  const commands: string[] = [];
  const card: Card = {
    address: 'script',
    transmit: async apdu => {
      commands.push(hex(apdu));
      return octets(await answer(hex(apdu)));
    },
    reset: async () => {
      commands.push('reset');
      return new Uint8Array();
    },
    close: async () => undefined,
  };
  return { card, commands };
};
/** What most cards answer to the opening; `answer` gives the rest. */
export const afterOpening =
  (answer: (command: string) => string | Promise<string>) =>
  (command: string): string | Promise<string> => {
    if (command === '0070000001') return '019000';
    return command.startsWith('80AA') || command.startsWith('01A4') || command.startsWith('00708001') ? '9000' : answer(command);
  };

/** A download over APDUs up to the bound profile package. */
export const packageFor = async ({ terminal, euicc }: { readonly terminal: Terminal; readonly euicc: Euicc }): Promise<Uint8Array> => {
  const challenge = (await terminal.execute(octets('BF2E00'))).octets.subarray(5);
  const euiccCiPKIdToBeUsed = euicc.chip.credentials[0].ciPKId;
  const server = encode(AuthenticateServerRequest, { ...proof(challenge), euiccCiPKIdToBeUsed, ctxParams1: CTX_PARAMS_1 });
  expect((await terminal.execute(server)).sw).equals('9000');
  const { euiccSignature1 } = euicc.chip.memory.session ?? {};
  const answer = await terminal.execute(encode(PrepareDownloadRequest, offer(euiccSignature1?.subarray(3) ?? new Uint8Array())));
  const prepared = decode(PrepareDownloadResponse, answer.octets).value.downloadResponseOk;
  return boundPackage(prepared?.euiccSigned2.euiccOtpk ?? new Uint8Array());
};

/**
 * A profile download through a modem on a pseudo terminal that carries 115200 bits per second, against the time that the same
 * characters take on such a line. The modem and its card are a process of their own and keep the pace; what is lost is the harness's, but for the card's own work.
 */
import { fileURLToPath } from 'node:url';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import { makeTestProfile } from '#protocol/bpp/test-profile.js';
import { PrepareDownloadResponse } from '#protocol/iot/download.js';
import { AuthenticateServerRequest, AuthenticateServerResponse } from '#protocol/rsp/authentication.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { modemOptions, openModem } from '../adapters/modem.js';
import { startProcess } from '../adapters/process.js';
import { boundPackage, CTX_PARAMS_1, offer, proof } from '../sim/roles/euicc/test-server.js';
import { openTerminal, type Terminal } from '../sim/terminal/index.js';
import type { Suite } from './suite.js';

const BAUD = 115200;
/** A start bit, eight bits, a stop bit. */
const BITS_PER_CHARACTER = 10;
const PROFILE_OCTETS = 30_000;
const ROUNDS = 3;
const NOTHING = new Uint8Array();
const GET_EUICC_CHALLENGE = fromHex('BF2E00') ?? NOTHING;
const ICCID = fromHex('989209012143658729F3') ?? NOTHING;

/** Everything up to the bound profile package, which is made for the card's one-time key. */
const prepare = async (terminal: Terminal, euiccCiPKIdToBeUsed: Uint8Array): Promise<Uint8Array> => {
  const challenge = (await terminal.execute(GET_EUICC_CHALLENGE)).octets.subarray(5);
  const request = encode(AuthenticateServerRequest, { ...proof(challenge), euiccCiPKIdToBeUsed, ctxParams1: CTX_PARAMS_1 });
  const authenticated = decode(AuthenticateServerResponse, (await terminal.execute(request)).octets).value.authenticateResponseOk;
  const download = encode(PrepareDownloadRequest, offer(authenticated?.euiccSignature1 ?? NOTHING));
  const prepared = decode(PrepareDownloadResponse, (await terminal.execute(download)).octets).value.downloadResponseOk;
  const upp = makeTestProfile({ iccid: ICCID, name: 'Bench', size: PROFILE_OCTETS });
  return boundPackage(prepared?.euiccSigned2.euiccOtpk ?? NOTHING, upp ? { upp } : {});
};

/** Share of the line rate that one download reaches, and how long it takes. */
const download = async (
  baud: number,
  apdu: 'CGLA' | 'CSIM',
): Promise<{ readonly share: number; readonly seconds: number; readonly characters: number }> => {
  const running = await startProcess({
    command: [process.execPath, fileURLToPath(new URL('../../bin/sgp32.js', import.meta.url)), 'sim', 'modem', '--quirks', `baud=${baud}`],
    ready: { stdout: 'json' },
    within: { seconds: 20 },
  });
  let characters = 0;
  // A command ends with CR; an answer has CR LF on both sides.
  const onLine = ({ direction, text }: { readonly direction: string; readonly text: string }) => {
    characters += text.length + (direction === 'sent' ? 1 : 4);
  };
  const { signal } = new AbortController();
  const modem = await openModem(modemOptions({ port: String(running.facts.port), apdu }), { signal, onLine });
  try {
    const terminal = openTerminal(modem);
    const card: Readonly<Record<string, unknown>> = JSON.parse(await (await fetch(`${running.facts.control}/card`)).text());
    const bpp = await prepare(terminal, fromHex(String(card.euiccCiPKId)) ?? NOTHING);
    characters = 0;
    const began = performance.now();
    const answer = await terminal.installProfile(bpp);
    const seconds = (performance.now() - began) / 1000;
    const result = decode(ProfileInstallationResult, answer?.octets ?? NOTHING).value.profileInstallationResultData.finalResult;
    if (!result.successResult) throw new Error('the profile was not installed');
    return { share: (characters * BITS_PER_CHARACTER) / BAUD / seconds, seconds, characters };
  } finally {
    await modem.close();
    await running.stop();
  }
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Throughput of a profile download over a paced serial line. */
export const modem: Suite = {
  name: 'modem',
  run: async () => {
    const lines: string[] = [];
    for (const apdu of ['CGLA', 'CSIM'] as const) {
      const paced = [];
      const free = [];
      for (let round = 0; round < ROUNDS; round++) {
        paced.push(await download(BAUD, apdu));
        free.push(await download(0, apdu));
      }
      const [{ characters } = { characters: 0 }] = paced;
      lines.push(
        `AT+${apdu}, profile of ${PROFILE_OCTETS} octets, ${characters} characters:`,
        `  at ${BAUD} bit/s: ${median(paced.map(p => p.seconds)).toFixed(2)} s, ${(100 * median(paced.map(p => p.share))).toFixed(1)} % of the line rate (aim: 90 %)`,
        `  without a pace: ${median(free.map(p => p.seconds)).toFixed(2)} s, ${median(free.map(p => p.share)).toFixed(1)} × the line rate`,
      );
    }
    return lines;
  },
};

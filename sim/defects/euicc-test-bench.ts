/** What the tests of an eUICC's deviations share: eUICCs with one, and short words for what they do. */
import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, Type, ValueOf } from '#protocol/asn1/type.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { AuthenticateServerResponse } from '#protocol/iot/authentication.js';
import { PrepareDownloadResponse } from '#protocol/iot/download.js';
import type { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { AddInitialEimRequest } from '#protocol/iot/eim-configuration.js';
import { AuthenticateServerRequest } from '#protocol/rsp/authentication.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { type SigningContext, signaturesIn, signedOctets } from '#protocol/signatures.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { createEuicc, type Euicc, type EuiccConfig } from '../roles/euicc/index.js';
import { EID1, ICCID1, ICCID2, ICCID3, octets, signedPackage, type TestPackage, testEim, testWorld } from '../roles/euicc/test-bench.js';
import { boundPackage, CTX_PARAMS_1, offer, proof } from '../roles/euicc/test-server.js';
import type { UiccOverride } from '../uicc/index.js';
import { send, testIsdr } from '../uicc/test-bench.js';
import { contentAt } from './edits.js';
import { combinedEuicc, type EuiccDeviation, type EuiccDeviations } from './euicc-deviation.js';

export { octets } from '../roles/euicc/test-bench.js';

/** Makes an eUICC with EID1 and the eIM `testeim1`, counter 0, no token, unless the configuration says otherwise. */
export type Make = (config?: Partial<EuiccConfig>) => Euicc;
/** What somebody on the wire sees of it, in short. */
export type Watch = (make: Make) => string;
/** Name of a deviation, how to see it, what the reference shows, and what the deviation shows. */
export type Row = readonly [name: string, watch: Watch, correct: string, deviating: string];

const eim = testEim();
/** A second eIM, on the other curve. */
export const otherEim = testEim('testeim2', 'brainpoolP256r1');

/** Makes eUICCs with some deviations. */
export const maker =
  (...deviations: readonly EuiccDeviation[]): Make =>
  (config = {}) => {
    const { overrides, config: own, spec } = combinedEuicc(deviations);
    const eims = [{ eimId: eim.eimId, publicKey: eim.publicKey }];
    return createEuicc({ eid: EID1, eims, ...config, ...own }, testWorld(spec), overrides);
  };

/** Shows every deviation of a family beside the reference. */
export const prove = (what: string, deviations: EuiccDeviations, rows: readonly Row[]): void => {
  describe(what, () => {
    for (const [name, watch, correct, deviating] of rows)
      it(`${name}: ${deviations[name]?.does}`, () => {
        const deviation = deviations[name];
        if (!deviation) throw new Error(`there is no ${name}`);
        // A version is seen beside the usual one, a mistake within a version beside what is right there.
        const { declares, override } = deviation;
        const reference = override && declares?.spec ? maker({ does: 'The same version.', declares }) : maker();
        expect(watch(reference), 'the reference').equals(correct);
        expect(watch(maker(deviation)), name).equals(deviating);
        expect(deviating).not.equals(correct);
      });
    it('are all watched', () => {
      const names = Object.keys(deviations).filter(name => !deviations[name]?.card);
      expect(new Set(rows.map(([name]) => name))).deep.equals(new Set(names));
    });
  });
};

export const [one, two, three] = [{ iccid: octets(ICCID1) }, { iccid: octets(ICCID2) }, { iccid: octets(ICCID3) }];
/** The first of two profiles is enabled; with the events of each told to `a`. */
const notify = [{ address: 'a', events: ['install', 'enable', 'disable', 'delete'] as const }];
export const enabled = { iccid: ICCID1, state: 'enabled' as const, notify };
export const disabled = { iccid: ICCID2, notify };
export const pair: Partial<EuiccConfig> = { profiles: [enabled, disabled] };
/** A profile for emergencies, and one to fall back to. */
export const ecall = { iccid: ICCID3, ecall: true, notify };
export const fallback = { ...disabled, fallbackAllowed: true, fallbackAttribute: true };

/** Answer to a command in hex: its octets, or the status word that refuses it. */
export const say = (euicc: Euicc, command: string): string => {
  const { sw, octets: data } = euicc.execute(octets(command));
  return sw === '9000' ? hex(data) : sw;
};
/** Answer to several commands: that to the last one. */
export const sayAll = (euicc: Euicc, ...commands: readonly string[]): string => commands.map(c => say(euicc, c)).at(-1) ?? '';
/** Answer to a command by value. */
export const ask = <Q>(euicc: Euicc, request: Type<Q>, value: InputOf<Q>): string => say(euicc, hex(encode(request, value)));

/** What a package leads to: the results of its operations in hex, the code of a signed error, or `refused`. */
export const outcome = (answer: Uint8Array): string => {
  const results = contentAt(answer, 'A0 30 30');
  if (results) return hex(results);
  const code = contentAt(answer, 'A1 30 02');
  if (code) return `error ${code[0]}`;
  return contentAt(answer, 'A2') ? 'refused' : hex(answer);
};
type Given = Partial<TestPackage> & { readonly by?: ReturnType<typeof testEim> };
/** A package of `testeim1` with counter 1, unless said otherwise. */
export const packed = ({ by = eim, ...given }: Given = {}): Uint8Array =>
  signedPackage(by, { counter: 1, psmo: [{ getRAT: {} }], ...given });
/** Answers to packages with the counters 1, 2 …, as outcomes. */
export const outcomes = (euicc: Euicc, ...packages: readonly Given[]): readonly string[] =>
  packages.map((given, n) => outcome(euicc.execute(packed({ counter: n + 1, ...given })).octets));
/** The outcome of the last one. */
export const run = (euicc: Euicc, ...packages: readonly Given[]): string => outcomes(euicc, ...packages).at(-1) ?? '';

/** Profiles by the second last digit of their ICCID, `+` for the enabled ones. */
export const states = (euicc: Euicc): string =>
  euicc.chip.memory.profiles.map(p => `${hex(p.iccid).slice(16, 17)}${p.state === 'enabled' ? '+' : '-'}`).join(' ');
/** Notifications by event and address. */
export const events = (euicc: Euicc): string => euicc.chip.memory.notifications.map(n => `${n.event} ${n.address}`).join(', ');

/** Whether all signatures of a message verify with the certificate of the eUICC. */
export const isSigned = (euicc: Euicc, type: Type, message: Uint8Array, context: SigningContext = {}): string => {
  const certificate = parseCertificate(euicc.chip.credentials[0].euiccCertificate);
  const decoded = decode(type, message);
  const key = isProblem(certificate) ? undefined : certificate.publicKey;
  const sites = signaturesIn(decoded);
  const valid = sites.filter(site => {
    const covered = signedOctets(decoded, site, context);
    const signature = message.subarray(site.signature.content, site.signature.end);
    return key && 'octets' in covered && verify(key, covered.octets, signature);
  });
  return `${valid.length} of ${sites.length}`;
};

type Configuration = InputOf<ValueOf<typeof EimConfigurationData>>;
/** Configuration of the second eIM. */
export const newEim: Configuration = { eimId: 'testeim2', counterValue: 3, eimPublicKeyData: { eimPublicKey: otherEim.publicKey } };
/** AddInitialEim, and then `A0` with each answer, or the error. */
export const addInitial = (euicc: Euicc, ...list: readonly Configuration[]): string =>
  ask(euicc, AddInitialEimRequest, { eimConfigurationDataList: list });

/** A challenge of the eUICC. */
export const challengeOf = (euicc: Euicc): Uint8Array => euicc.execute(octets('BF2E00')).octets.slice(5);
/** AuthenticateServer: the answer by value. */
export const authenticate = (euicc: Euicc, server: ReturnType<typeof proof>, ciPKId = euicc.chip.credentials[0].ciPKId) => {
  const request = { ...server, euiccCiPKIdToBeUsed: ciPKId, ctxParams1: CTX_PARAMS_1 };
  const { octets: answer } = euicc.execute(encode(AuthenticateServerRequest, request));
  const { value } = decode(AuthenticateServerResponse, answer);
  const ok = value.authenticateResponseOk;
  return { answer, ok, text: ok ? 'ok' : `error ${value.authenticateResponseError?.authenticateErrorCode}` };
};
/** The same with the SM-DP+ of the test server, after a challenge. */
export const openSession = (euicc: Euicc, given: Parameters<typeof proof>[1] = {}) => authenticate(euicc, proof(challengeOf(euicc), given));
/** PrepareDownload in the open session: the answer by value. */
export const prepare = (euicc: Euicc, given: Parameters<typeof offer>[1] = {}, more: object = {}) => {
  const signature1 = euicc.chip.memory.session?.euiccSignature1?.subarray(3) ?? new Uint8Array(64);
  const request = { ...offer(signature1, given), ...more };
  const { octets: answer } = euicc.execute(encode(PrepareDownloadRequest, request));
  const { value } = decode(PrepareDownloadResponse, answer);
  const ok = value.downloadResponseOk;
  return { answer, ok, text: ok ? 'ok' : `error ${value.downloadResponseError?.downloadErrorCode}` };
};
/** Outcome of an installation: `ok`, or command and reason. */
export const installed = (answer: Uint8Array): string => {
  const [command, reason] = [contentAt(answer, 'BF27 A2 A1 80'), contentAt(answer, 'BF27 A2 A1 81')];
  if (command && reason) return `${command[0]}/${reason[0]}`;
  return contentAt(answer, 'BF27 A2 A0') ? 'ok' : hex(answer);
};
/** A whole download; the package may be changed on its way. */
export const download = (
  euicc: Euicc,
  given: Parameters<typeof boundPackage>[1] = {},
  change: (bpp: Uint8Array) => Uint8Array = bpp => bpp,
): Uint8Array => {
  openSession(euicc);
  prepare(euicc);
  return euicc.execute(change(boundPackage(euicc.chip.memory.session?.otKey?.point ?? new Uint8Array(), given))).octets;
};

/** In place of an APDU: the power goes and comes. */
export const RESET = 'reset';

/** Name, APDUs on a card whose ISD-R is selected on channel 1, the last status word of the reference, and of the deviation. */
export type CardRow = readonly [name: string, apdus: readonly string[], correct: string, deviating: string];

/** Shows deviations of the card around the eUICC beside the usual card. */
export const proveCard = (what: string, deviations: EuiccDeviations, rows: readonly CardRow[]): void => {
  const lastStatus = async (overrides: readonly UiccOverride[], apdus: readonly string[]): Promise<string> => {
    const { uicc } = await testIsdr({ options: { overrides } });
    let last = '';
    for (const apdu of apdus) last = apdu === RESET ? hex(uicc.powerOn()) : await send(uicc, apdu);
    return last.slice(-4);
  };
  describe(what, () => {
    for (const [name, apdus, correct, deviating] of rows)
      it(`${name}: ${deviations[name]?.does}`, async () => {
        const override = deviations[name]?.card;
        if (!override) throw new Error(`there is no ${name}`);
        expect(await lastStatus([], apdus), 'the usual card').equals(correct);
        expect(await lastStatus([override], apdus), name).equals(deviating);
        expect(deviating).not.equals(correct);
      });
    it('are all watched', () => {
      const names = Object.keys(deviations).filter(name => deviations[name]?.card);
      expect(new Set(rows.map(([name]) => name))).deep.equals(new Set(names));
    });
  });
};

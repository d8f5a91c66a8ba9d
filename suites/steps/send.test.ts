import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { GetEimPackageResponse, ProvideEimPackageResult } from '#protocol/iot/esipa.js';
import { signatureOctets, signaturesIn, signedOctets } from '#protocol/signatures.js';
import { signerOf } from '../../sim/roles/euicc/index.js';
import { ICCID1, octets, signedPackage, testEim, testEuicc } from '../../sim/roles/euicc/test-bench.js';
import { createIpa } from '../../sim/roles/ipa/index.js';
import type { SendStep } from '../language/ast.js';
import { makeScope } from '../language/scope.js';
import { parseYaml } from '../language/source.js';
import type { Context } from '../runtime/context.js';
import { createExchangeLog } from '../runtime/exchange-log.js';
import { createParty } from '../runtime/party.js';
import { createSignal } from '../runtime/signal.js';
import type { ClientWire, Stage } from '../runtime/stage.js';
import { labWeather } from '../runtime/weather.js';
import { HarnessError } from '../verdict.js';
import { send } from './send.js';

const at = { file: 't.yaml', line: 1, column: 1 };

/** An IPA on a wire that keeps what it is given, and its eUICC, which has executed one package. */
const setUp = async (bound: readonly (readonly [string, unknown])[] = []) => {
  const euicc = testEuicc({ profiles: [{ iccid: ICCID1 }] });
  const ipa = createIpa({ euicc }, euicc.chip.world);
  const everyone = createSignal();
  const signer = signerOf(euicc);
  const signing = {
    privateKey: (site: Parameters<typeof signer.key>[1], message: Parameters<typeof signer.key>[0]) => signer.key(message, site),
    context: (message: Parameters<typeof signer.context>[0]) => signer.context(message),
  };
  const party = createParty('ipa', ipa, { keys: () => [], context: () => ({}) }, signing, true, everyone);
  const sent: Uint8Array[] = [];
  const wire: ClientWire = {
    client: { address: 'eim.example.com:443', exchange: () => new Promise(() => undefined), close: async () => undefined },
    binding: {
      interface: 'ESipa',
      answerTo: () => undefined,
      write: (_type, body) => {
        sent.push(body);
        return { meta: {}, body };
      },
      read: () => ({ nothing: 'empty', reason: '', checks: [] }),
    },
  };
  const stage: Stage = {
    spec: '1.2',
    versions: undefined,
    log: createExchangeLog(() => 0),
    keys: { keys: () => [], context: () => ({}) },
    levelOf: () => 'shall',
    weather: labWeather(1),
    sent: undefined,
    faulted: () => false,
    over: new AbortController().signal,
    scriptAnswers: () => false,
    fault: error => {
      throw error;
    },
  };
  const context: Context = {
    stage,
    spec: '1.2',
    scope: makeScope({ bound, random: octetCount => new Uint8Array(octetCount).fill(0xaa) }),
    phase: 'steps',
    parties: new Map([['ipa', party]]),
    clientWire: () => wire,
    verifyWith: () => [],
    operator: () => Promise.reject(new Error('no operator')),
    ends: () => false,
    responseSeconds: 1,
    news: everyone,
    phaseBegan: 0,
    iutEnded: () => undefined,
  };
  const give = async () => {
    const pack = signedPackage(testEim(), { counter: 1, trid: '01', psmo: [{ enable: { iccid: octets(ICCID1) } }] });
    const answer = encode(GetEimPackageResponse, { euiccPackageRequest: raw(pack) });
    await ipa.take({ type: GetEimPackageResponse, message: decode(GetEimPackageResponse, answer) });
  };
  const run = async (yaml: string, more: Partial<SendStep> = {}) => {
    const { root } = parseYaml('t.yaml', yaml);
    const step: SendStep = {
      verb: 'send',
      actor: 'ipa',
      typeName: 'ProvideEimPackageResult',
      type: ProvideEimPackageResult,
      ...(root ? { with: root } : {}),
      covers: [],
      at,
      text: '',
      ...more,
    };
    await send(context, step);
    return decode(ProvideEimPackageResult, sent.at(-1) ?? new Uint8Array());
  };
  const isGenuine = (message: Awaited<ReturnType<typeof run>>): boolean => {
    const [site] = signaturesIn(message);
    const covered = site && signedOctets(message, site, { associationToken: undefined });
    const [credential] = euicc.chip.credentials;
    if (!site || !covered || !('octets' in covered)) return false;
    return verify(credential.key, covered.octets, signatureOctets(message, site));
  };
  const step = (typeName: string): SendStep => ({ verb: 'send', actor: 'ipa', typeName, covers: [], at, text: '' });
  return { run, give, isGenuine, euicc, context, party, step };
};

const DATA = 'eimPackageResult.euiccPackageResult.euiccPackageResultSigned';
const WHOLE = `
  ${DATA}:
    euiccPackageResultDataSigned: { eimId: testeim1, counterValue: 9, seqNumber: 3, euiccResult: [{ enableResult: ok }] }
    euiccSignEPR: $random(64)
`;

describe('the step send', () => {
  it('signs anew what the script changed', async () => {
    const { run, give, isGenuine } = await setUp();
    await give();
    const message = await run(`{ ${DATA}.euiccPackageResultDataSigned.seqNumber: 77 }`);
    expect(message.value.eimPackageResult.euiccPackageResult?.euiccPackageResultSigned?.euiccPackageResultDataSigned.seqNumber).to.equal(
      77,
    );
    expect(isGenuine(message)).to.equal(true);
  });

  it('keeps the signature of what it relays or repeats, octet for octet', async () => {
    const { run, give, euicc } = await setUp();
    await give();
    const first = await run(`{ ${DATA}.euiccSignEPR: $auto as signature }`);
    const [stored] = euicc.chip.memory.results;
    const again = await run('{ eidValue: $absent }');
    expect(hex(first.octets)).to.include(hex(stored?.octets ?? new Uint8Array()));
    expect(hex(again.octets)).to.include(hex(stored?.octets ?? new Uint8Array()));
  });

  it('sends a message that is stated as a whole although a correct counterpart has none to send, and signs it', async () => {
    const { run, isGenuine } = await setUp();
    const message = await run(WHOLE);
    expect(message.ok).to.equal(true);
    expect(isGenuine(message)).to.equal(true);
  });

  it('says why there is nothing to send when the script does not state the whole message', async () => {
    const { run } = await setUp();
    const failure = await run(`{ ${DATA}.euiccSignEPR: $random(64) }`).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(HarnessError);
    expect(String(failure)).to.match(
      /has no result to provide.*"with" does not state a whole ProvideEimPackageResult.*euiccPackageResultDataSigned/,
    );
  });

  it('breaks the signature only where the script says so', async () => {
    const { run, give, isGenuine } = await setUp();
    await give();
    const corrupt = parseYaml('t.yaml', '[{ flip: ..euiccSignEPR, bit: 7 }]').root;
    expect(isGenuine(await run('{ eidValue: $absent }', corrupt ? { corrupt } : {}))).to.equal(false);
    expect(isGenuine(await run('{ eidValue: $absent }'))).to.equal(true);
  });

  it('answers without a message although its actor calls with others', async () => {
    const { context, party, step } = await setUp();
    const answers: unknown[] = [];
    party.inbox.push({
      kind: 'message',
      name: 'TransferEimPackageRequest',
      facts: {},
      exchange: 1,
      at: 0,
      checks: [],
      toEdited: false,
      isAnswer: false,
      taken: true,
      answer: (out, link) => void answers.push([out, link]),
    });
    const link = parseYaml('t.yaml', '{ status: 503 }').root;
    await send(context, { ...step('nothing'), typeName: 'nothing', ...(link ? { link } : {}) });
    expect(answers).to.deep.equal([[undefined, { status: '503' }]]);
  });

  it('is left out behind a message that need not have come, and only there', async () => {
    const { context, party, step } = await setUp();
    const answering = { ...context, clientWire: () => undefined };
    party.wasSpared = true;
    expect((await send(answering, step('GetEimPackageResponse'))).skipped).to.equal('what it answers did not come');
    party.wasSpared = false;
    const error = await send(answering, { ...step('nothing'), typeName: 'nothing' }).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(HarnessError).with.property('message', 'ipa has no request to answer');
  });
});

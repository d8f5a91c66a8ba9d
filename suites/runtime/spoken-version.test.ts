import { expect } from 'chai';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { type Frame, LinkError } from '../../adapters/adapter.js';
import { esipaHttpClient } from '../../sim/bindings/esipa-http.js';
import { esipaJsonClient } from '../../sim/bindings/esipa-json.js';
import { signsIn, signsInEuiccInfo2, type VersionSign } from '../../sim/version-signs.js';
import { formatDiagnostic } from '../language/diagnostics.js';
import { askEim, tellingFirst, versionConflict, watchVersions } from './spoken-version.js';
import type { ClientWire } from './stage.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const claim = (spec: Spec) => ({ spec, file: 'acme.ixit.yaml', places: { spec: { file: 'acme.ixit.yaml', line: 6, column: 1 } } });
const line = (spec: Spec, signs: readonly VersionSign[]): string | undefined => {
  const conflict = versionConflict(signs, claim(spec));
  return conflict && formatDiagnostic(conflict, undefined);
};
const len = (n: number): string => n.toString(16).padStart(2, '0');
const OLD = [...signsIn(octets('BF3D05A103BF5100'), 'ipa'), ...signsIn(octets('BF50083006BF5100BF2B00'), 'ipa')];
const LATER = signsIn(octets('BF50023000'), 'eim');

/** An eIM that gives these answers, one after the other. */
const eim = (answers: readonly string[], asked: Frame[] = []) => ({
  address: 'eim',
  exchange: async (request: Frame) => {
    asked.push(request);
    const answer = answers[asked.length - 1];
    if (answer === undefined) throw new LinkError('timeout', 'no answer');
    const type = answer.startsWith('{') ? 'application/json' : 'application/x-gsma-rsp-asn1';
    return {
      meta: { ':status': '200', 'content-type': type, 'x-admin-protocol': 'gsma/rsp/v2.1.0' },
      body: answer.startsWith('{') ? Buffer.from(answer) : octets(answer),
      connection: { id: 1, exchanges: 1, remote: 'eim' },
    };
  },
  close: async () => undefined,
});
const http = (spec: Spec) => esipaHttpClient({ spec });
const ask = async (spec: Spec, client: ClientWire['client'], binding = http(spec)) => {
  const watch = watchVersions(claim(spec));
  const facts = await askEim({ client, binding }, watch);
  return { facts, observed: watch.observed(), line: watch.conflict()?.message };
};

describe('the version that an IUT speaks', () => {
  it('is told in one line when the IXIT file says another', () => {
    expect(line('1.2', OLD)).to.equal(
      'acme.ixit.yaml:6:1: the IUT speaks 1.0: a result under A1 in BF3D, notifications under BF2B in BF50; the IXIT says spec: 1.2 - set spec: "1.0" in acme.ixit.yaml:6, or run with --any-version a product that mixes versions up',
    );
    expect(line('1.0', LATER)).to.equal(
      'acme.ixit.yaml:6:1: the IUT speaks 1.1 or later: emptyResponse in BF50; the IXIT says spec: 1.0 - set spec: "1.1" or "1.2" or "1.3" in acme.ixit.yaml:6, or run with --any-version a product that mixes versions up',
    );
  });

  it('stops nothing when it is to be judged all the same, and is still observed', () => {
    const watch = watchVersions(claim('1.2'), false);
    watch.note(OLD);
    expect(watch.conflict()).to.equal(undefined);
    expect(watch.observed().Speaks).to.match(/^1\.0 /);
  });

  it('stops nothing when the IXIT file is right, when nothing is known, and when the signs contradict each other', () => {
    expect(line('1.0', OLD)).to.equal(undefined);
    for (const spec of ['1.1', '1.2', '1.3'] as const) expect(line(spec, LATER)).to.equal(undefined);
    expect(line('1.2', [])).to.equal(undefined);
    // What mixes two versions is no other version but wrong: that is for the cases.
    expect(line('1.2', [...OLD, ...LATER])).to.equal(undefined);
  });

  it('is one of those that an eUICC lists, whichever', () => {
    const lists = (...iot: readonly string[]) =>
      signsInEuiccInfo2(
        octets(`BF22${len(4 + iot.length * 5)}B4${len(2 + iot.length * 5)}A0${len(iot.length * 5)}${iot.map(v => `0403${v}`).join('')}`),
      );
    expect(line('1.2', lists('010001'))).to.equal(
      'acme.ixit.yaml:6:1: the IUT speaks 1.0: iotVersion 1.0.1 in EUICCInfo2; the IXIT says spec: 1.2 - set spec: "1.0" in acme.ixit.yaml:6, or run with --any-version a product that mixes versions up',
    );
    expect(line('1.2', lists('010000', '010300'))).to.equal(
      'acme.ixit.yaml:6:1: the IUT speaks 1.0 or 1.3: iotVersion 1.0.0, 1.3.0 in EUICCInfo2; the IXIT says spec: 1.2 - set spec: "1.0" or "1.3" in acme.ixit.yaml:6, or run with --any-version a product that mixes versions up',
    );
    for (const found of [lists('010200'), lists('010001', '010200'), lists('010201', '010300'), lists('020000'), lists()])
      expect(line('1.2', found)).to.equal(undefined);
  });

  it('is asked of an eIM in two messages that every version has', async () => {
    const asked: Frame[] = [];
    const old = await ask('1.2', eim(['BF4F03020101', 'BF5000'], asked));
    expect(asked.map(({ body }) => Buffer.from(body.subarray(0, 4)).toString('hex'))).to.deep.equal(['bf4f125a', 'bf5078bf']);
    expect(old.line).to.equal('the IUT speaks 1.0: an empty BF50; the IXIT says spec: 1.2');
    expect(old.facts).to.deep.equal({ 'X-Admin-Protocol': 'gsma/rsp/v2.1.0' });
    const later = await ask('1.0', eim(['BF4F03020102', 'BF500302017F']));
    expect(later.line).to.equal('the IUT speaks 1.1 or later: error 2 in BF4F, an error in BF50; the IXIT says spec: 1.0');
    expect(later.observed).to.deep.equal({ Speaks: '1.1 or later (error 2 in BF4F, an error in BF50)' });
  });

  it('stays open when an eIM says nothing that tells it, or is silent', async () => {
    for (const answers of [['BF4F03020101', 'BF5000FF'], ['BF4F0302017F'], [], ['00', 'BF']])
      for (const spec of ['1.0', '1.2'] as const) expect((await ask(spec, eim(answers))).line, answers.join()).to.equal(undefined);
  });

  it('shows at once in the case of an IPA that runs first', () => {
    const plan = ['ipa.apdu.01', 'ipa.data.03', 'ipa.data.03', 'ipa.data.04'].map((id, n) => ({ n, entry: { id } }));
    expect(tellingFirst(plan).map(({ n }) => n)).to.deep.equal([1, 2, 0, 3]);
  });

  it('is not read from messages that were put together from JSON', async () => {
    const answers = ['{"header":{"functionExecutionStatus":{"status":"Executed-Success"}},"eimPackageError":2}', '{}'];
    expect((await ask('1.0', eim(answers), esipaJsonClient({ spec: '1.0' }))).line).to.equal(undefined);
  });
});

import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { GetEimPackageRequest } from '#protocol/iot/esipa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Inbound, Listener } from '../../adapters/adapter.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import { combinedIpa } from '../defects/ipa-deviation.js';
import { ipaJsonDefects } from '../defects/ipa-json.js';
import { decisionsWith } from '../roles/ipa/decisions.js';
import { openIpaWire, type WireAnswer } from './ipa-wire.js';
import { tlsIdentity } from './process.js';

const pki = testPki();
const REQUEST = { type: GetEimPackageRequest, octets: encode(GetEimPackageRequest, { eidValue: new Uint8Array(16) }) };
const header = (status: string) => ({ header: { functionExecutionStatus: { status } } });
/** base64 of BF51 with nothing in it. */
const PACKAGE = { euiccPackageRequest: 'v1EA' };

describe('the reference IPA in JSON', () => {
  let listener: Listener;
  let answer: unknown;
  let frames: Inbound[];
  const open: { close(): Promise<void> }[] = [];
  const shown: string[] = [];

  beforeEach(async () => {
    frames = [];
    answer = { ...header('Executed-Success'), eimPackageError: 1 };
    listener = await openHttpsListener({ listen: '127.0.0.1:0', identities: new Map([['*', tlsIdentity(pki, 'CERT_EIM_TLS')]]) });
    open.push(listener);
    listener.onFrame(async frame => {
      frames.push(frame);
      const meta = { ':status': '200', 'content-type': 'application/json;charset=UTF-8', 'x-admin-protocol': 'gsma/rsp/v2.1.0' };
      return { meta, body: new Uint8Array(Buffer.from(JSON.stringify(answer))) };
    });
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  const outcome = (given: WireAnswer): unknown =>
    'received' in given ? Object.keys(Object(given.received.message.value)) : 'failure' in given && 'failed';
  /** What an IPA with this defect asks, what it makes of the answer, and whether it polls the eIM again. */
  const exchange = async (...names: readonly string[]) => {
    shown.push(...names);
    const world = { spec: '1.2' as const, pki, now: () => new Date(), random: () => new Uint8Array() };
    const decide = decisionsWith(combinedIpa(names.flatMap(name => ipaJsonDefects[name] ?? [])).overrides, world);
    const wire = openIpaWire({
      spec: '1.2',
      decide,
      encoding: () => 'json',
      resolve: new Map([['eim.example.com', listener.address]]),
      anchors: [pki.certificate('CERT_CI') ?? new Uint8Array()],
      responseTimeout: { seconds: 5 },
      report: () => undefined,
      die: () => undefined,
    });
    open.push(wire);
    const eim = { eimId: 'testeim1' };
    const given = await wire.send({ type: 'GetEimPackageRequest', interface: 'ESipa' }, REQUEST, { eim, address: 'eim.example.com' });
    const frame = frames.at(-1);
    const json: unknown = JSON.parse(Buffer.from(frame?.body ?? []).toString() || 'null');
    return { outcome: outcome(given), meta: frame?.meta ?? {}, json, polls: decide.polls([eim]).length };
  };

  it('asks as the binding says', async () => {
    const { meta, json, outcome: read } = await exchange();
    expect(meta).to.include({ ':path': '/gsma/rsp2/esipa/getEimPackage', 'content-type': 'application/json;charset=UTF-8' });
    expect([json, read]).to.deep.equal([{ eidValue: '0'.repeat(32) }, ['eimPackageError']]);
  });

  it('shows its defects in requests', async () => {
    expect((await exchange('postsJsonToOtherPath')).meta[':path']).to.equal('/gsma/rsp2/esipa/getEimPackageRequest');
    expect((await exchange('statesJsonAsText')).meta['content-type']).to.equal('text/plain;charset=UTF-8');
    expect((await exchange('sendsJsonInList')).json).to.deep.equal([{ eidValue: '0'.repeat(32) }]);
    expect((await exchange('sendsHeaderObject')).json).to.have.keys('header', 'eidValue');
    expect((await exchange('omitsEidInJson')).json).to.deep.equal({});
    expect((await exchange('writesEidInBase64')).json).to.deep.equal({ eidValue: Buffer.alloc(16).toString('base64') });
  });

  it('shows its defects in what it makes of answers', async () => {
    answer = { ...header('Failed'), ...PACKAGE };
    expect([(await exchange()).outcome, (await exchange('takesFailedAnswers')).outcome]).to.deep.equal([
      ['eimPackageError'],
      ['euiccPackageRequest'],
    ]);
    expect([(await exchange()).polls, (await exchange('abandonsEimsAfterFailure')).polls]).to.deep.equal([1, 0]);
    answer = { ...header('Executed-Success'), eimPackageError: 1, laterVersion: 'new' };
    expect([(await exchange()).outcome, (await exchange('refusesUnknownMembersInAnswers')).outcome]).to.deep.equal([
      ['eimPackageError'],
      'failed',
    ]);
  });

  it('shows them all', () => {
    expect(Object.keys(ipaJsonDefects).filter(name => !shown.includes(name))).to.deep.equal([]);
  });
});

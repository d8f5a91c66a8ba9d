// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates of IXIT files, not of TypeScript.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { OperatorError, type OperatorErrorCode } from '../adapters/adapter.js';
import { loadIxit } from './ixit.js';
import type { IxitCatalogue } from './ixit-schema.js';
import { formatDiagnostics } from './language/source.js';
import { type IutOperator, type OperatorPorts, operatorFor } from './operator.js';

const signal = new AbortController().signal;
const catalogue: IxitCatalogue = {
  options: new Map(),
  actions: new Map([
    ['registerEuicc', { of: 'eim', with: ['eid', 'euiccCertificate'].map(name => ({ name, optional: false })), gives: [] }],
    [
      'queueEnable',
      {
        of: 'eim',
        with: [...['eid', 'iccid'].map(name => ({ name, optional: false })), { name: 'rollback', optional: true }],
        gives: ['order'],
      },
    ],
    ['orderState', { of: 'eim', with: [{ name: 'order', optional: false }], gives: ['state', 'cause?'] }],
    ['forgetEuicc', { of: 'eim', with: [{ name: 'eid', optional: false }], gives: [] }],
  ]),
};

interface Seen {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly body: string;
}
type Reply = { readonly status?: number; readonly location?: string; readonly body?: string };

describe('operator', () => {
  let server: Server;
  let base: string;
  let seen: Seen[];
  let replies: (Reply | 'nothing')[];
  let open: IutOperator[];

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', chunk => chunks.push(chunk));
      request.on('end', () => {
        seen.push({
          line: `${request.method} ${request.url}`,
          authorization: request.headers.authorization,
          body: Buffer.concat(chunks).toString(),
        });
        const reply = replies.length > 1 ? replies.shift() : replies[0];
        if (reply === 'nothing' || reply === undefined) return;
        response.writeHead(reply.status ?? 200, reply.location === undefined ? {} : { Location: reply.location });
        response.end(reply.body ?? '');
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen = [];
    replies = [{}];
    open = [];
  });
  afterEach(async () => {
    for (const one of open) await one.close();
  });

  /** An operator for an eIM with these lines under `operator`. */
  const operatorOf = (lines: string, ports: Partial<OperatorPorts> = {}, environment: Record<string, string> = {}): IutOperator => {
    const text = `iut: eim\nname: x\nversion: 1\nsupplier: y\nsettings: { BASE: "${base}" }\ntimeouts: { operator: 10s }\noperator:\n${lines}\n`;
    const { ixit, diagnostics } = loadIxit('/lab/x.yaml', text, catalogue, environment, () => true);
    expect(formatDiagnostics(diagnostics, new Map([['/lab/x.yaml', text]]))).to.equal('');
    if (ixit === undefined) throw new Error('no IXIT');
    const one = operatorFor(ixit, {
      work: '/tmp',
      links: { es9plus: { address: '127.0.0.1:9' } },
      prompt: { ask: async () => ({ by: 'Ada', values: {} }) },
      readFile: () => '',
      clock: () => performance.now() / 1000,
      ...ports,
    });
    open.push(one);
    return one;
  };
  const failure = async (promise: Promise<unknown>, code: OperatorErrorCode): Promise<string> => {
    try {
      await promise;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      expect(error.code, error.message).to.equal(code);
      return error.message.replaceAll(base, 'BASE');
    }
    throw new Error(`expected OperatorError ${code}`);
  };

  const QUEUE = `  queueEnable:
    rest: POST \${settings.BASE}/psmo/create
    headers: { Authorization: "Bearer \${env.TOKEN}" }
    json: { eidValue: "\${eid}", order: { psmo: [{ enable: { iccid: "\${iccid}", rollback: "\${rollback}", counter: 1 } }] } }
    expect: { status: 303 }
    result: { order: $headers.location }`;
  const STATE = `  orderState:
    rest: GET \${settings.BASE}\${order}
    result:
      state:
        succeeded: { status: done, outcome.0.enableResult: ok }
        pending: { status: { $oneOf: [new, work] } }
        failed: { status: done }
      cause: $body.cause`;
  const enable = { eid: '89049032123451234512345678901235', iccid: Uint8Array.of(0x98, 0x01) };

  it('knows what is bound', () => {
    const one = operatorOf(STATE);
    expect([one.bound('orderState'), one.bound('queueEnable')]).to.deep.equal([true, false]);
  });
  it('sends a request, takes the address of the order from the redirect and keeps the secret out of the record', async () => {
    replies = [{ status: 303, location: '/psmo/7' }];
    const { values, act } = await operatorOf(QUEUE, {}, { TOKEN: 's3cret' }).perform('queueEnable', enable, signal);
    expect(values).to.deep.equal({ order: '/psmo/7' });
    expect(seen).to.deep.equal([
      {
        line: 'POST /psmo/create',
        authorization: 'Bearer s3cret',
        body: '{"eidValue":"89049032123451234512345678901235","order":{"psmo":[{"enable":{"iccid":"9801","counter":1}}]}}',
      },
    ]);
    expect(act).to.deep.include({ action: 'queueEnable', by: 'rest', answer: '303\nlocation: /psmo/7' });
    expect(act.request).to.equal(`POST ${base}/psmo/create\nauthorization: Bearer ***\n\n${seen[0]?.body}`);
  });
  it('keeps the type of a parameter', async () => {
    replies = [{ status: 303, location: '/psmo/7' }];
    await operatorOf(QUEUE, {}, { TOKEN: 'tok3n' }).perform('queueEnable', { ...enable, rollback: false }, signal);
    expect(JSON.parse(seen[0]?.body ?? '').order.psmo[0].enable.rollback).to.equal(false);
  });
  it('asks again until the order is no longer pending', async () => {
    replies = [
      { body: '{"status":"new"}' },
      { body: '{"status":"work"}' },
      { body: '{"status":"done","outcome":[{"enableResult":"ok"}]}' },
    ];
    const { values } = await operatorOf(STATE).perform('orderState', { order: '/psmo/7' }, signal);
    expect(values).to.deep.equal({ state: 'succeeded' });
    expect(seen.map(({ line }) => line)).to.deep.equal(['GET /psmo/7', 'GET /psmo/7', 'GET /psmo/7']);
  });
  it('gives the first word that fits, and optional values when they are there', async () => {
    replies = [{ body: '{"status":"done","outcome":[{"enableResult":"iccidOrAidNotFound"}],"cause":"not found"}' }];
    const { values } = await operatorOf(STATE).perform('orderState', { order: '/psmo/7' }, signal);
    expect(values).to.deep.equal({ state: 'failed', cause: 'not found' });
  });
  it('leaves an order pending when the time is over', async () => {
    replies = [{ body: '{"status":"new"}' }];
    let now = 0;
    const { values } = await operatorOf(STATE, { clock: () => (now += 6) }).perform('orderState', { order: '/7' }, signal);
    expect(values).to.deep.equal({ state: 'pending' });
  });
  it('leaves an order pending when the step is over', async () => {
    replies = [{ body: '{"status":"new"}' }, 'nothing'];
    const step = new AbortController();
    server.once('request', () => server.once('request', () => step.abort(new Error('over'))));
    const { values } = await operatorOf(STATE).perform('orderState', { order: '/7' }, step.signal);
    expect(values).to.deep.equal({ state: 'pending' });
  });
  it('escapes in a URL only what no URL can hold', async () => {
    replies = [{ body: '{"status":"done"}' }];
    await operatorOf(STATE).perform('orderState', { order: '/a b/c%20d?e=ü' }, signal);
    expect(seen[0]?.line).to.equal('GET /a%20b/c%20d?e=%C3%BC');
  });
  it('gives certificates in the forms that products ask for', async () => {
    const euiccCertificate = testPki().certificate('CERT_EUICC');
    const one = operatorOf(
      '  registerEuicc: { rest: "POST ${settings.BASE}/", json: { a: "${euiccCertificate}", b: "${euiccCertificate.pem}", c: "${euiccCertificate.base64}", d: "${euiccCertificate.publicKey}", e: "${euiccCertificate.curve}", f: "${euiccCertificate.der}", g: "${euiccCertificate.spki}", h: "${euiccCertificate.nonsense}" } }',
    );
    await one.perform('registerEuicc', { eid: 'x', euiccCertificate }, signal);
    const body = JSON.parse(seen[0]?.body ?? '');
    expect(body.a).to.equal(hex(euiccCertificate ?? new Uint8Array()));
    expect(body.f).to.equal(body.a);
    expect(body.b).to.match(/^-----BEGIN CERTIFICATE-----\n/);
    expect(Buffer.from(body.c, 'base64').toString('hex').toUpperCase()).to.equal(body.a);
    expect(body.d).to.match(/^04[0-9A-F]{128}$/);
    expect(body.g).to.match(/^3059/).and.contain(body.d);
    expect(body.e).to.equal('P-256');
    expect(body).not.to.have.property('h');
  });

  describe('tells why an act failed:', () => {
    it('another status than expected', async () => {
      replies = [{ status: 409, body: 'no such eUICC with token s3cret' }];
      const message = await failure(operatorOf(QUEUE, {}, { TOKEN: 's3cret' }).perform('queueEnable', enable, signal), 'refused');
      expect(message).to.equal(
        'queueEnable was refused: expected status 303, got 409; POST BASE/psmo/create answered 409\n\nno such eUICC with token ***',
      );
    });
    it('an error status where nothing is expected', async () => {
      replies = [{ status: 500, body: 'oops' }];
      const message = await failure(operatorOf(STATE).perform('orderState', { order: '/7' }, signal), 'refused');
      expect(message).to.equal('orderState was refused: expected a status below 400, got 500; GET BASE/7 answered 500\n\noops');
    });
    it('a field of the answer that is not as expected', async () => {
      replies = [{ body: '{"ok":false}' }];
      const one = operatorOf('  forgetEuicc: { rest: "POST ${settings.BASE}/", expect: { body: { ok: true } } }');
      expect(await failure(one.perform('forgetEuicc', { eid: '1' }, signal), 'refused')).to.contain('expected body.ok true, got false');
    });
    it('an answer without the value', async () => {
      replies = [{ status: 303 }];
      const message = await failure(operatorOf(QUEUE, {}, { TOKEN: 'tok3n' }).perform('queueEnable', enable, signal), 'unexpected');
      expect(message).to.equal('queueEnable: the answer has no "order" where the IXIT file says it stands; it was 303');
    });
    it('an answer that fits no word', async () => {
      replies = [{ body: '{"status":"lost"}' }];
      const message = await failure(operatorOf(STATE).perform('orderState', { order: '/7' }, signal), 'unexpected');
      expect(message).to.equal(
        'orderState: no word of "state" fits the answer 200\n\n{"status":"lost"}; tried: succeeded {status: done, outcome.0.enableResult: ok}; pending {status: one of new, work}; failed {status: done}',
      );
    });
    it('an API that cannot be reached', async () => {
      const one = operatorOf('  forgetEuicc: { rest: "POST http://127.0.0.1:1/" }');
      expect(await failure(one.perform('forgetEuicc', { eid: '1' }, signal), 'unreachable')).to.contain(
        'forgetEuicc: POST http://127.0.0.1:1/ failed',
      );
    });
    it('an API that does not answer', async () => {
      replies = ['nothing'];
      const one = operatorOf('  forgetEuicc: { rest: "POST ${settings.BASE}/", within: 20ms }');
      expect(await failure(one.perform('forgetEuicc', { eid: '1' }, signal), 'timeout')).to.contain('was not answered within 0.02 s');
    });
    it('an action without binding', async () => {
      expect(await failure(operatorOf(STATE).perform('forgetEuicc', {}, signal), 'notStarted')).to.equal(
        '/lab/x.yaml has no binding for the action forgetEuicc',
      );
    });
  });

  describe('with commands', () => {
    it('fills the command in and takes values from its JSON output', async () => {
      const one = operatorOf(
        '  queueEnable: { command: "echo \'{\\"id\\": 7, \\"eid\\": \\"\'${eid}\'\\"}\'; echo $MODE >&2", env: { MODE: "in ${work}" }, cwd: /, result: { order: $stdout.id } }',
      );
      const { values, act } = await one.perform('queueEnable', enable, signal);
      expect(values).to.deep.equal({ order: 7 });
      expect(act.by).to.equal('command');
      expect(act.answer).to.equal('exit code 0\n{"id": 7, "eid": "89049032123451234512345678901235"}\n\nstandard error:\nin /tmp\n');
    });
    it('takes the whole output, and a list as it is', async () => {
      const one = operatorOf('  queueEnable: { command: [echo, "$(id) ${eid}"], cwd: /, result: { order: $stdout } }');
      expect((await one.perform('queueEnable', { eid: 'a; b' }, signal)).values).to.deep.equal({ order: '$(id) a; b' });
    });
    it('does not give a value to the shell that the shell could execute', async () => {
      const one = operatorOf('  forgetEuicc: { command: "echo ${eid}", cwd: / }');
      const message = await failure(one.perform('forgetEuicc', { eid: '1; rm -rf x' }, signal), 'unexpected');
      expect(message).to.equal(
        'forgetEuicc: the value of ${eid} cannot stand in a shell command: 1; rm -rf x; write the command as a list',
      );
    });
    it('tells the exit code', async () => {
      const one = operatorOf('  forgetEuicc: { command: "echo unknown EID >&2; exit 3", cwd: / }');
      expect(await failure(one.perform('forgetEuicc', { eid: '1' }, signal), 'refused')).to.contain('expected exit code 0, got 3');
      const tolerant = operatorOf('  forgetEuicc: { command: "exit 3", cwd: /, expect: { exitCode: { $oneOf: [0, 3] } } }');
      expect((await tolerant.perform('forgetEuicc', { eid: '1' }, signal)).act.answer).to.equal('exit code 3');
    });
    it('runs one in the background until another action stops it', async () => {
      const one = operatorOf('  forgetEuicc: { command: "sleep 1000", cwd: /, background: true }\n  registerEuicc: { stop: forgetEuicc }');
      expect((await one.perform('registerEuicc', {}, signal)).act.answer).to.equal('it does not run any more');
      expect((await one.perform('forgetEuicc', {}, signal)).act.answer).to.equal('started in the background');
      expect([...one.running().keys()]).to.deep.equal(['forgetEuicc']);
      expect(await failure(one.perform('forgetEuicc', {}, signal), 'refused')).to.contain('the command of the last time is still running');
      expect((await one.perform('registerEuicc', {}, signal)).act.answer).to.equal('ended by SIGTERM\n');
      expect(one.running().size).to.equal(0);
    });
    it('tells at once how one in the background ended by itself, and what it said last', async () => {
      const one = operatorOf('  forgetEuicc: { command: "echo lost; exit 3", cwd: /, background: true }');
      const end = new Promise<void>(resolve => one.onEnd(resolve));
      expect(one.ended()).to.equal(undefined);
      await one.perform('forgetEuicc', {}, signal);
      await end;
      expect(one.ended()).to.equal('the command of forgetEuicc has ended (exit code 3)');
      expect(one.output()).to.equal('lost\n');
    });
    it('says nothing of one that an act stopped', async () => {
      const one = operatorOf('  forgetEuicc: { command: "sleep 1000", cwd: /, background: true }\n  registerEuicc: { stop: forgetEuicc }');
      await one.perform('forgetEuicc', {}, signal);
      await one.perform('registerEuicc', {}, signal);
      expect(one.ended()).to.equal(undefined);
    });
    it('ends what runs in the background when it is closed', async () => {
      const one = operatorOf('  forgetEuicc: { command: "sleep 1000", cwd: /, background: true }');
      await one.perform('forgetEuicc', {}, signal);
      const started = one.running().get('forgetEuicc');
      await one.close();
      expect((await started?.exited)?.signal).to.equal('SIGTERM');
    });
  });

  describe('with people and modems', () => {
    it('asks for the values that the action gives', async () => {
      const asked: unknown[] = [];
      const prompt: OperatorPorts['prompt'] = {
        ask: async ({ text, ask }) => {
          asked.push([text, ask]);
          return { by: 'Ada', values: { state: 'pending', cause: '' } };
        },
      };
      const { values, act } = await operatorOf('  orderState: { prompt: "How does ${order} stand?" }', { prompt }).perform(
        'orderState',
        { order: 7 },
        signal,
      );
      expect(asked).to.deep.equal([['How does 7 stand?', ['state', 'cause']]]);
      expect(values).to.deep.equal({ state: 'pending' });
      expect(act).to.deep.include({ by: 'Ada', request: 'How does 7 stand?', answer: 'state: pending' });
    });
    it('passes on that nobody is there', async () => {
      const prompt: OperatorPorts['prompt'] = {
        ask: () => Promise.reject(new OperatorError('needsOperator', '"x" needs an operator, and there is no terminal')),
      };
      const message = await failure(
        operatorOf('  forgetEuicc: { prompt: x }', { prompt }).perform('forgetEuicc', {}, signal),
        'needsOperator',
      );
      expect(message).to.equal('forgetEuicc: "x" needs an operator, and there is no terminal');
    });
    it('sends AT commands over the modem link', async () => {
      const sent: (readonly string[])[] = [];
      const at: OperatorPorts['at'] = async commands => {
        sent.push(commands);
        return ['OK', '+CFUN: 1'];
      };
      const { values, act } = await operatorOf('  queueEnable: { at: [AT+CFUN=0, "AT+X=${eid}"], result: { order: $stdout } }', {
        at,
      }).perform('queueEnable', { eid: 5 }, signal);
      expect(sent).to.deep.equal([['AT+CFUN=0', 'AT+X=5']]);
      expect(values).to.deep.equal({ order: 'OK\n+CFUN: 1' });
      expect(act).to.deep.include({ by: 'at', request: 'AT+CFUN=0\nAT+X=5', answer: 'OK\n+CFUN: 1' });
    });
    it('tells that there is no modem', async () => {
      expect(await failure(operatorOf('  forgetEuicc: { at: [ATZ] }').perform('forgetEuicc', {}, signal), 'notStarted')).to.contain(
        'AT commands need a modem link',
      );
    });
  });
});

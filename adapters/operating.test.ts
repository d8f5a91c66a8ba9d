import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { OperatorError, type OperatorErrorCode } from './adapter.js';
import { authority, identity } from './fixtures/certificates.js';
import { openPrompt } from './prompt.js';
import { openRest, type Rest } from './rest.js';

const signal = new AbortController().signal;
const timeout = { seconds: 10 };

const operatorError = async (promise: Promise<unknown>, code: OperatorErrorCode): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    expect(error.code, error.message).to.equal(code);
    return error.message;
  }
  throw new Error(`expected OperatorError ${code}`);
};

describe('rest', () => {
  let server: Server;
  let rest: Rest;
  let base: string;
  let respond: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  const listen = async (made: Server): Promise<number> => {
    server = made;
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => respond(request, response, Buffer.concat(chunks).toString()));
  };
  beforeEach(async () => {
    rest = openRest();
    base = `http://127.0.0.1:${await listen(createServer(handler))}`;
  });
  afterEach(async () => {
    await rest.close();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('sends JSON and gives status, fields, text and JSON back', async () => {
    respond = (request, response, body) => {
      response.setHeader('X-Seen', `${request.method} ${request.url} ${request.headers['content-type']} ${request.headers.authorization}`);
      response.end(`{"echo":${body}}`);
    };
    const answer = await rest.perform({
      method: 'POST',
      url: `${base}/psmo`,
      headers: { authorization: 'Bearer t' },
      json: { eid: '89' },
      timeout,
      signal,
    });
    expect(answer).to.deep.include({ status: 200, text: '{"echo":{"eid":"89"}}', json: { echo: { eid: '89' } } });
    expect(answer.headers['x-seen']).to.equal('POST /psmo application/json Bearer t');
  });
  it('takes a redirect and an error for an answer', async () => {
    respond = (_request, response) => response.writeHead(303, { location: '/order/7' }).end('not json');
    const answer = await rest.perform({ method: 'GET', url: base, timeout, signal });
    expect(answer).to.include({ status: 303, text: 'not json' });
    expect(answer.headers.location).to.equal('/order/7');
    expect(answer).not.to.have.property('json');
  });
  it('uses its connections again', async () => {
    const ports = new Set<number | undefined>();
    respond = (request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    };
    for (let i = 0; i < 8; i++) await rest.perform({ method: 'GET', url: base, timeout, signal });
    // The next request may come before the connection is put back, so two can be in use.
    expect(ports.size).to.be.lessThan(3);
  });
  it('trusts the certificates it is told to, and no others', async () => {
    await new Promise(resolve => server.close(resolve));
    const { certificateChain, privateKey } = identity('good');
    respond = (_request, response) => response.end('secure');
    const url = `https://localhost:${await listen(createHttpsServer({ cert: certificateChain, key: privateKey }, handler))}`;
    const trusting = openRest([authority('ca')]);
    expect((await trusting.perform({ method: 'GET', url, timeout, signal })).text).to.equal('secure');
    await trusting.close();
    expect(await operatorError(rest.perform({ method: 'GET', url, timeout, signal }), 'unreachable')).to.contain('failed: ');
  });
  it('tells that nobody listens', async () => {
    await new Promise(resolve => server.close(resolve));
    expect(await operatorError(rest.perform({ method: 'GET', url: base, timeout, signal }), 'unreachable')).to.contain(
      `GET ${base} failed: connect ECONNREFUSED`,
    );
  });
  it('tells that no answer comes in time', async () => {
    respond = () => {};
    const late = rest.perform({ method: 'GET', url: base, timeout: { seconds: 0.02 }, signal });
    expect(await operatorError(late, 'timeout')).to.contain(`GET ${base} was not answered within 0.02 s`);
  });
  it('is given up with its caller', async () => {
    respond = () => {};
    const caller = new AbortController();
    const answer = rest.perform({ method: 'GET', url: base, timeout, signal: caller.signal });
    caller.abort(new Error('the step is over'));
    expect(await operatorError(answer, 'timeout')).to.equal(`GET ${base} was given up: the step is over`);
  });
  it('does not read an answer without end', async () => {
    respond = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65536)));
        response.once('drain', more);
      };
      more();
    };
    expect(await operatorError(rest.perform({ method: 'GET', url: base, timeout, signal }), 'unexpected')).to.contain(
      'longer than 2097152 octets',
    );
  });
});

describe('prompt', () => {
  const terminal = () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    const shown = (wanted: string) =>
      new Promise<void>(resolve => {
        let text = '';
        output.on('data', chunk => {
          text += chunk;
          if (text.includes(wanted)) resolve();
        });
      });
    return { input, output, shown, prompt: openPrompt({ input, output, person: 'Ada' }) };
  };

  it('waits for Enter and tells who pressed it', async () => {
    const { input, shown, prompt } = terminal();
    const asked = shown('Insert the card.');
    const answer = prompt.ask({ text: 'Insert the card.', ask: [], timeout, signal });
    await asked;
    input.write('\n');
    expect(await answer).to.deep.equal({ by: 'Ada', values: {} });
  });
  it('asks for each value', async () => {
    const { input, shown, prompt } = terminal();
    const [first, second] = [shown('order: '), shown('state: ')];
    const answer = prompt.ask({ text: 'Queue an enable.', ask: ['order', 'state'], timeout, signal });
    await first;
    input.write(' 17 \n');
    await second;
    input.write('pending\n');
    expect((await answer).values).to.deep.equal({ order: '17', state: 'pending' });
  });
  it('asks one question at a time', async () => {
    const { input, output, shown, prompt } = terminal();
    const [first, second] = [shown('first'), shown('second')];
    let text = '';
    output.on('data', chunk => {
      text += chunk;
    });
    const answers = ['first', 'second'].map(one => prompt.ask({ text: one, ask: [], timeout, signal }));
    await first;
    expect(text).not.to.contain('second');
    input.write('\n');
    await second;
    input.write('\n');
    await Promise.all(answers);
  });
  it('needs an operator, and says so at once, without a terminal', async () => {
    const prompt = openPrompt({ input: new PassThrough(), output: new PassThrough() });
    const message = await operatorError(prompt.ask({ text: 'Insert the card.', ask: [], timeout, signal }), 'needsOperator');
    expect(message).to.equal('"Insert the card." needs an operator, and there is no terminal');
  });
  it('needs an operator when the terminal is closed meanwhile', async () => {
    const { input, shown, prompt } = terminal();
    const asked = shown('Insert');
    const answer = prompt.ask({ text: 'Insert the card.', ask: [], timeout, signal });
    await asked;
    input.end();
    expect(await operatorError(answer, 'needsOperator')).to.contain('the terminal was closed');
  });
  it('tells that nobody answered in time', async () => {
    const { prompt } = terminal();
    const late = prompt.ask({ text: 'Insert the card.', ask: [], timeout: { seconds: 0.02 }, signal });
    expect(await operatorError(late, 'timeout')).to.equal('nobody answered "Insert the card." within 0.02 s');
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { OperatorError, type OperatorErrorCode } from './adapter.js';
import { openStdioSlot } from './apdu-stdio-slot.js';
import { octetsOf, testCard } from './card-contract.js';
import { runCommand, startCommand } from './command.js';
import { type ProcessOptions, type RunningProcess, startProcess } from './process.js';

const node = (script: string): readonly string[] => [process.execPath, '-e', script];
const signal = new AbortController().signal;
const within = { seconds: 10 };

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
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** Tells when a process that connected to it is gone: a killed one may stay in the process table until somebody fetches its exit code. */
const lifeline = async (): Promise<{ readonly hold: string; readonly connected: Promise<Socket>; readonly close: () => void }> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = new Promise<Socket>(resolve => server.once('connection', socket => resolve(socket.on('error', () => {}).resume())));
  return { hold: `require('net').connect(${portOf(server)}, '127.0.0.1')`, connected, close: () => server.close() };
};
const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
};

describe('process', () => {
  const running: RunningProcess[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
  });
  const start = async (options: Partial<ProcessOptions> & Pick<ProcessOptions, 'command'>): Promise<RunningProcess> => {
    const started = await startProcess({ within, ...options });
    running.push(started);
    return started;
  };

  it('is ready when something listens on its port', async () => {
    const port = await freePort();
    const listening = `setTimeout(() => require('net').createServer().listen(${port}, '127.0.0.1'), 20)`;
    const started = await start({ command: node(listening), ready: { tcp: `127.0.0.1:${port}` } });
    expect(isAlive(started.pid)).to.equal(true);
  });
  it('is ready when a line of its output contains the text', async () => {
    const started = await start({
      command: node(`console.log('booting'); console.log('eIM is up'); setInterval(() => {}, 1e6)`),
      ready: { stdout: 'is up' },
    });
    expect(started.output()).to.equal('booting\neIM is up\n');
    expect(started.facts).to.deep.equal({});
  });
  it('takes facts from the first line that is a JSON object', async () => {
    const script = `console.log('[1]\\n{no json'); console.log(JSON.stringify({ port: 8000, address: '127.0.0.1' })); setInterval(() => {}, 1e6)`;
    const started = await start({ command: node(script), ready: { stdout: 'json' } });
    expect(started.facts).to.deep.equal({ port: 8000, address: '127.0.0.1' });
  });
  it('runs a text in the shell, in its folder and with its environment', async () => {
    const started = await start({
      command: 'echo "at $PWD with $LOG"; sleep 100',
      cwd: '/',
      env: { LOG: 'debug' },
      ready: { stdout: 'at ' },
    });
    expect(started.output()).to.equal('at / with debug\n');
  });
  it('goes on reading the output after the line it waited for', async () => {
    const script = `console.log('up'); for (let i = 0; i < 3000; i++) console.log('x'.repeat(99)); console.error('last')`;
    const started = await start({ command: node(script), ready: { stdout: 'up' } });
    expect(await started.exited).to.deep.equal({ code: 0, signal: undefined });
    expect(started.output().length).to.equal(64 * 1024);
  });
  it('ends with all that it started', async () => {
    const line = await lifeline();
    const started = await start({ command: `"${process.execPath}" -e "${line.hold}" & wait` });
    const child = await line.connected;
    const gone = once(child, 'close');
    expect((await started.stop()).signal).to.equal('SIGTERM');
    await gone;
    line.close();
  });
  it('is forced to end when it does not want to', async () => {
    const started = await start({
      command: node(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1e6)`),
      ready: { stdout: 'up' },
    });
    expect(await started.stop({ seconds: 0.02 })).to.deep.equal({ code: undefined, signal: 'SIGKILL' });
  });
  it('tells what it printed when it ends before it is ready', async () => {
    const message = await operatorError(
      start({ command: node(`console.error('no config'); process.exit(3)`), ready: { stdout: 'up' } }),
      'notStarted',
    );
    expect(message).to.match(/ended with exit code 3 before it was ready; its last output:\nno config$/);
  });
  it('tells that it is not ready in time, and ends it', async () => {
    const message = await operatorError(start({ command: 'sleep 1000', ready: { stdout: 'up' }, within: { seconds: 0.05 } }), 'timeout');
    expect(message).to.equal('"sleep 1000" was not ready within 0.05 s; it printed nothing');
  });
  it('tells that a program does not exist', async () => {
    expect(await operatorError(start({ command: ['no-such-program'] }), 'notStarted')).to.contain('"no-such-program" cannot be run');
  });
  it('is not started when its port is taken already', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tcp = `127.0.0.1:${portOf(server)}`;
    const message = await operatorError(start({ command: ['true'], ready: { tcp } }), 'notStarted');
    server.close();
    expect(message).to.contain(`something listens on ${tcp} already`);
  });
  it('is given up with its caller', async () => {
    const message = await operatorError(
      start({ command: 'sleep 1000', ready: { stdout: 'up' }, signal: AbortSignal.abort(new Error('interrupted')) }),
      'timeout',
    );
    expect(message).to.equal('the start of "sleep 1000" was given up: interrupted');
  });
  it('gives a program the card on its standard streams, and keeps the dialogue out of its output', async () => {
    const slot = openStdioSlot();
    const card = testCard();
    card.respond = () => octetsOf('6a82');
    await slot.insert(card);
    const script = `const { openStdioCard } = await import('${new URL('./apdu-stdio-card.js', import.meta.url).href}');
      console.log('booting');
      const card = openStdioCard();
      const answer = await card.transmit(Uint8Array.of(0, 0xa4), { signal: new AbortController().signal });
      console.log(JSON.stringify({ answer: Buffer.from(answer).toString('hex') }));
      await card.close();`;
    const command = [process.execPath, '--input-type=module', '-e', script];
    const started = await start({ command, ready: { stdout: 'json' }, attach: slot.attach });
    expect(started.facts).to.deep.equal({ answer: '6a82' });
    expect(await started.exited).to.deep.equal({ code: 0, signal: undefined });
    expect(started.output()).to.equal('booting\n{"answer":"6a82"}\n');
    expect(card.heard).to.deep.equal(['on', '00a4', 'off']);
    await slot.close();
  });
  it('tells that a program ended, with its last output, and can be started again', async () => {
    const slot = openStdioSlot();
    const card = testCard();
    await slot.insert(card);
    const connect = `console.log('{"type":"apdu","payload":{"func":"connect","param":null}}'); process.stdin.once('data', () => {`;
    const crash = `${connect} console.log('x'.repeat(100000)); console.error('out of memory'); process.kill(process.pid, 'SIGABRT'); });`;
    const first = await start({ command: node(crash), attach: slot.attach });
    expect(await first.exited).to.deep.equal({ code: undefined, signal: 'SIGABRT' });
    expect(first.output())
      .to.match(/x{60000}/)
      .and.to.contain('out of memory');
    const second = await start({ command: node(`${connect} console.log('up'); });`), ready: { stdout: 'up' }, attach: slot.attach });
    await second.stop();
    expect(card.heard.slice(0, 3)).to.deep.equal(['on', 'off', 'on']);
    await slot.close();
  });
  it('does not keep a line without end', async () => {
    const endless = `const fill = () => { while (process.stdout.write('x'.repeat(65536))); process.stdout.once('drain', fill); }; fill();`;
    const message = await operatorError(start({ command: node(endless), ready: { stdout: 'json' }, within: { seconds: 0.3 } }), 'timeout');
    expect(message.length).to.be.lessThan(70_000);
  });
  it('is not started when a parameter cannot be passed on', async () => {
    expect(await operatorError(start({ command: ['echo', 'a\0b'] }), 'notStarted')).to.contain('cannot be run');
  });
  for (const end of ['process.exit(0)', `process.kill(process.pid, 'SIGINT')`])
    it(`does not outlive a harness that ends with ${end}`, async () => {
      const line = await lifeline();
      const module = new URL('./process.js', import.meta.url).href;
      const script = `const { startProcess } = await import('${module}');
        await startProcess({ command: [process.execPath, '-e', "${line.hold}"], within: { seconds: 10 } });
        process.stdin.once('data', () => { ${end} });`;
      const harness = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'inherit', 'inherit'] });
      const gone = once(await line.connected, 'close');
      harness.stdin.write('end');
      await gone;
      line.close();
    });
});

describe('command', () => {
  it('gives exit code and both outputs', async () => {
    const result = await runCommand({ command: 'echo out; echo err >&2; exit 4', timeout: within, signal });
    expect(result).to.deep.equal({ exitCode: 4, stdout: 'out\n', stderr: 'err\n' });
  });
  it('ends with the command itself, although it left a program running that holds its output', async () => {
    const line = await lifeline();
    const result = await runCommand({ command: `"${process.execPath}" -e "${line.hold}" & echo started`, timeout: within, signal });
    expect(result).to.deep.equal({ exitCode: 0, stdout: 'started\n', stderr: '' });
    const left = await line.connected;
    left.destroy();
    line.close();
  });
  it('does not let the shell touch a list', async () => {
    const result = await runCommand({ command: ['echo', '$HOME; true'], timeout: within, signal });
    expect(result.stdout).to.equal('$HOME; true\n');
  });
  it('tells that it does not end in time', async () => {
    const message = await operatorError(runCommand({ command: 'echo busy >&2; sleep 1000', timeout: { seconds: 0.1 }, signal }), 'timeout');
    expect(message).to.equal('"echo busy >&2; sleep 1000" did not end within 0.1 s; it said: busy');
  });
  it('tells that a program does not exist', async () => {
    expect(await operatorError(runCommand({ command: ['no-such-program'], timeout: within, signal }), 'notStarted')).to.contain(
      'cannot be run',
    );
  });
  it('tells that it was killed', async () => {
    expect(await operatorError(runCommand({ command: 'kill -9 $$', timeout: within, signal }), 'refused')).to.equal(
      '"kill -9 $$" was ended by SIGKILL',
    );
  });
  it('is given up with its caller', async () => {
    const caller = new AbortController();
    const result = runCommand({ command: 'sleep 1000', timeout: within, signal: caller.signal });
    caller.abort(new Error('the sequence is over'));
    expect(await operatorError(result, 'timeout')).to.equal('"sleep 1000" was given up: the sequence is over');
  });
  it('gives a command the card on its standard streams', async () => {
    const slot = openStdioSlot();
    await slot.insert(testCard());
    const command = `echo '{"type":"apdu","payload":{"func":"connect","param":null}}'; read answer; echo "told $answer"`;
    const result = await runCommand({ command, timeout: within, signal, attach: slot.attach });
    expect(result.stdout).to.match(/^told \{"type":"apdu","payload":\{"ecode":0,"data":"3B9F/);
    await slot.close();
  });
  it('runs beside the sequence until it is stopped', async () => {
    const started = await startCommand({ command: 'sleep 1000', within });
    expect(isAlive(started.pid)).to.equal(true);
    expect((await started.stop()).signal).to.equal('SIGTERM');
  });
});

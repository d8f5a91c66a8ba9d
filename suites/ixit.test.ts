// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates of IXIT files, not of TypeScript.
import { expect } from 'chai';
import { ACME_EIM, ACME_EUICC, ACME_IPA, OTHER_EIM } from './fixtures/ixit.js';
import { loadIxit } from './ixit.js';
import { fillIxit, startOptions } from './ixit-known.js';
import type { IxitCatalogue } from './ixit-schema.js';
import { formatDiagnostics } from './language/source.js';

const value = (name: string) => ({ name: name.replace('?', ''), optional: name.endsWith('?') });
const action = (of: string, parameters: string[] = [], gives: string[] = []) => ({ of, with: parameters.map(value), gives });
const catalogue: IxitCatalogue = {
  options: new Map([
    ['O_S_TRID', { role: 'eim', question: 'Does the eIM send an eimTransactionId?' }],
    ['O_S_PKG_RETRIEVAL', { role: 'eim' }],
    ['O_S_ESIPA_HTTPS', { role: 'eim' }],
    ['O_S_ESIPA_COAPS', { role: 'eim' }],
    ['O_I_INDIRECT_DOWNLOAD', { role: 'ipa' }],
    ['O_I_DIRECT_DOWNLOAD', { role: 'ipa' }],
    ['O_I_ESIPA_HTTPS', { role: 'ipa' }],
    ['O_I_ESIPA_COAPS', { role: 'ipa' }],
    ['O_E_NIST', { role: 'euicc' }],
    ['O_E_BRP', { role: 'euicc' }],
    ['O_E_FALLBACK', { role: 'euicc' }],
  ]),
  actions: new Map([
    ['registerEuicc', action('eim', ['eid', 'eumCertificate', 'euiccCertificate'])],
    ['queueEnable', action('eim', ['eid', 'iccid', 'rollback?'], ['order'])],
    ['orderState', action('eim', ['order'], ['state', 'cause?'])],
    ['forgetEuicc', action('eim', ['eid'])],
    ['pollEim', action('ipa')],
    ['stopIpa', action('ipa')],
    ['resetCard', action('euicc')],
    ['replaceCard', action('euicc')],
  ]),
};
const FILE = '/lab/acme.ixit.yaml';
const load = (text: string, environment: Record<string, string> = {}, exists = (_path: string) => true) =>
  loadIxit(FILE, text, catalogue, environment, exists);
const loaded = (text: string, environment: Record<string, string> = {}) => {
  const { ixit, diagnostics } = load(text, environment);
  expect(formatDiagnostics(diagnostics, new Map([[FILE, text]]))).to.equal('');
  if (ixit === undefined) throw new Error('no IXIT');
  return ixit;
};
/** The messages for a file, without their excerpts. */
const messages = (text: string, environment: Record<string, string> = {}, exists?: (path: string) => boolean): string[] =>
  load(text, environment, exists).diagnostics.map(
    ({ at, message, hint }) => `${at.line}:${at.column}: ${message}${hint ? ` - ${hint}` : ''}`,
  );

const OPTIONS = 'options: { O_S_TRID: yes, O_S_PKG_RETRIEVAL: yes, O_S_ESIPA_HTTPS: yes, O_S_ESIPA_COAPS: no }';
/** A small correct file of an eIM, with further lines from line 4 on. */
const eim = (...lines: string[]) =>
  ['iut: eim', '{ name: x, version: 1, supplier: y }'.slice(2, -2).replaceAll(', ', '\n'), OPTIONS, ...lines].join('\n');
const FIRST = 6;

describe('ixit', () => {
  it('reads an eIM at an HTTPS URL, operated by its REST API', () => {
    const ixit = loaded(ACME_EIM);
    expect(ixit).to.deep.include({
      iut: 'eim',
      name: 'Acme eIM',
      version: '4.2.0',
      supplier: 'Acme',
      spec: '1.2',
      trust: { eim: '/lab/pki/eim-signing.pem' },
    });
    expect(ixit.digest).to.match(/^[0-9a-f]{64}$/);
    expect(ixit.settings.get('IUT_RSP_VERSION')).to.equal('2.5.0');
    expect([...ixit.options]).to.deep.equal([
      ['O_S_TRID', true],
      ['O_S_PKG_RETRIEVAL', true],
      ['O_S_ESIPA_HTTPS', true],
      ['O_S_ESIPA_COAPS', false],
    ]);
    expect(ixit.links.esipa?.https).to.deep.include({
      kind: 'called',
      url: 'https://127.0.0.1:8000/gsma/rsp2/asn1',
      serverName: 'eim.lab.example',
      encoding: 'asn1',
      trust: ['/lab/pki/eim-tls-ca.pem'],
    });
    expect(ixit.links.es9plus?.https).to.deep.include({
      kind: 'listening',
      listen: '127.0.0.1:8090',
      certificate: 'CERT_S_SM_DP_TLS',
      encoding: 'json',
    });
    expect(ixit.start).to.deep.include({
      command: 'acme-eim -c lab.config',
      cwd: '/lab',
      ready: { tcp: '127.0.0.1:8000' },
      within: { seconds: 20 },
    });
    expect(ixit.timeouts).to.deep.equal({ response: { seconds: 10 }, operator: { seconds: 30 }, start: { seconds: 30 } });
    expect([...ixit.operator.keys()]).to.deep.equal(['registerEuicc', 'queueEnable', 'orderState', 'forgetEuicc']);
    const queue = ixit.operator.get('queueEnable');
    expect(queue?.kind === 'rest' && [queue.method, queue.url, queue.result.get('order')]).to.deep.equal([
      'POST',
      'http://127.0.0.1:8080/psmo/create',
      { kind: 'path', root: 'headers', path: 'location' },
    ]);
  });
  it('reads an eIM whose REST API has another shape', () => {
    const state = loaded(OTHER_EIM).operator.get('orderState');
    const source = state?.kind === 'rest' ? state.result.get('state') : undefined;
    expect(source?.kind === 'words' && source.words.map(({ word }) => word)).to.deep.equal(['succeeded', 'pending', 'failed']);
  });
  it('reads an IPA started by a command line, with a virtual card', () => {
    const ixit = loaded(ACME_IPA);
    expect(ixit.links.es10?.vpcd).to.deep.include({ kind: 'slot', wire: 'vpcd' });
    expect(ixit.operator.get('pollEim')).to.deep.include({ kind: 'command', command: './ipa -r 0', cwd: '${work}', background: true });
    expect(ixit.operator.get('stopIpa')).to.deep.include({ kind: 'stop', started: 'pollEim' });
  });
  it('reads a eUICC behind a serial modem', () => {
    const ixit = loaded(ACME_EUICC);
    expect(ixit.settings.get('EID1')).to.equal('89049032123451234512345678901235');
    expect(ixit.operator.get('resetCard')).to.deep.include({ kind: 'at', commands: ['AT+CFUN=0', 'AT+CFUN=1'], within: { seconds: 30 } });
  });
  it('reads 1.0.1 as the version 1.0 of the axis', () => {
    expect(loaded(eim('spec: 1.0.1')).spec).to.equal('1.0');
  });
  it('takes HTTPS with JSON for the wire json, however it is written', () => {
    for (const text of ['https: { url: "https://x/", encoding: json }', 'json: { url: "https://x/" }']) {
      const { links } = loaded(eim(`links: { esipa: { ${text} } }`));
      expect(Object.keys(links.esipa ?? {})).to.deep.equal(['json']);
      expect(links.esipa?.json).to.include({ kind: 'called', encoding: 'json', url: 'https://x/' });
    }
    const { links } = loaded(eim('links: { esipa: { coaps: { listen: "[::1]:0", certificate: C } } }'));
    expect(links.esipa?.coaps).to.include({ kind: 'listening', encoding: 'asn1' });
  });
  it('reads where packages are brought, from either side, with the bindings of ESipa', () => {
    const links = (iut: string, wires: string) => {
      const text = `iut: ${iut}\nname: n\nversion: "1"\nsupplier: s\noptions: {}\nlinks: { injection: { ${wires} } }\n`;
      const read = loadIxit('i.yaml', text, { options: new Map(), actions: new Map() }, {});
      return (
        read.diagnostics.map(({ message }) => message).join() ||
        Object.entries(read.ixit?.links.injection ?? {}).map(([wire, { kind }]) => `${wire} ${kind}`)
      );
    };
    expect(links('ipa', 'https: { url: "https://h/", encoding: json }, coaps: { url: "coaps://h/" }')).to.deep.equal([
      'json called',
      'coaps called',
    ]);
    expect(links('eim', 'https: { listen: "127.0.0.1:0", certificate: CERT_IPA_TLS, encoding: asn1 }')).to.deep.equal(['https listening']);
    expect(links('ipa', 'https: { url: "https://h/" }')).to.match(/"encoding" is missing/);
  });

  it('fills in what only the run knows', () => {
    const ixit = loaded(
      eim(
        'settings: { IUT_EIM_ADDRESS: "127.0.0.1:${start.port}" }',
        'links: { esipa: { https: { url: "https://127.0.0.1:${start.port}/", encoding: asn1, trust: ["${start.ca}"] } }, es9plus: { https: { listen: 127.0.0.1:0, certificate: C } } }',
        'start: { command: [eim, --dp, "${links.es9plus.address}", --in, "${work}"], env: { P: "$${x}" }, ready: { stdout: json, within: 5s } }',
      ),
    );
    const known = { work: '/tmp/w', links: { es9plus: { address: '127.0.0.1:9' } } };
    expect(ixit.start && startOptions(ixit, ixit.start, known)).to.deep.equal({
      command: ['eim', '--dp', '127.0.0.1:9', '--in', '/tmp/w'],
      cwd: '/lab',
      env: { P: '${x}' },
      ready: { stdout: 'json' },
      within: { seconds: 5 },
    });
    const filled = fillIxit(ixit, { ...known, start: { port: 8000, ca: 'ca.pem' } });
    expect(filled.settings.get('IUT_EIM_ADDRESS')).to.equal('127.0.0.1:8000');
    expect(filled.links.esipa?.https).to.deep.include({ url: 'https://127.0.0.1:8000/', trust: ['/lab/ca.pem'] });
  });
  it('takes secrets from the environment and masks them in all forms', () => {
    const ixit = loaded(
      eim('operator: { forgetEuicc: { rest: "DELETE http://x/${eid}", headers: { Authorization: "Bearer ${env.TOKEN}" } } }'),
      { TOKEN: 's3cr/t"' },
    );
    const binding = ixit.operator.get('forgetEuicc');
    expect(binding?.kind === 'rest' && binding.headers.get('Authorization')).to.equal('Bearer s3cr/t"');
    expect(ixit.mask('a s3cr/t" b s3cr%2Ft%22 c s3cr/t\\" d czNjci90Ig==')).to.equal('a *** b *** c *** d ***==');
  });

  describe('reports', () => {
    const cases: readonly [what: string, text: string, ...expected: string[]][] = [
      ['an empty file', '', '1:1: the file is empty; it must describe an implementation under test'],
      ['a missing kind', 'name: x', '1:1: "iut" is missing: the kind of IUT (eim, ipa, euicc, smdp)'],
      ['an unknown kind', 'iut: eimm', '1:6: "eimm" is not a value of "iut"; known: eim, ipa, euicc, smdp - did you mean "eim"?'],
      ['a file that is no map', '[a]', '1:1: expected a map of an IXIT file, got a list'],
      ['a missing name', 'iut: smdp\nversion: 1\nsupplier: y', '1:1: "name" is missing: the name of the product'],
      [
        'an unknown key',
        eim('optoins: {}'),
        `${FIRST}:1: unknown key "optoins" in an IXIT file; known: iut, name, version, supplier, spec, settings, options, links, trust, pki, profiles, start, reset, operator, timeouts - did you mean "options"?`,
      ],
      [
        'an unknown version',
        eim('spec: 2.0'),
        `${FIRST}:7: "2.0" is not a value of "spec"; known: 1.0, 1.0.1, 1.1, 1.2, 1.3 - did you mean "1.0"?`,
      ],
      [
        'a missing option with its question',
        eim().replace('O_S_TRID: yes, ', ''),
        '5:1: option O_S_TRID is not answered: Does the eIM send an eimTransactionId? - write "O_S_TRID: yes" or "O_S_TRID: no"',
      ],
      [
        'an unknown option',
        eim().replace('O_S_ESIPA_COAPS: no', 'O_S_ESIPA_COAPS: no, O_S_TRIT: yes'),
        '5:94: there is no option O_S_TRIT - did you mean "O_S_TRID"?',
      ],
      [
        'an option of another kind of IUT',
        eim().replace('O_S_ESIPA_COAPS: no', 'O_S_ESIPA_COAPS: no, O_E_NIST: yes'),
        '5:94: O_E_NIST is an option of another kind of IUT (euicc); this file describes: eim',
      ],
      [
        'an answer that is neither yes nor no',
        eim().replace('O_S_TRID: yes', 'O_S_TRID: maybe'),
        '5:22: "maybe" is not a value of "O_S_TRID"; known: yes, no',
      ],
      [
        'an option that is answered twice',
        eim().replace('O_S_TRID: yes', 'O_S_TRID: yes, O_S_TRID: no'),
        '5:27: key "O_S_TRID" stands twice; first in line 5',
      ],
      [
        'an unknown interface',
        eim('links: { esipaa: {} }'),
        `${FIRST}:10: unknown interface "esipaa" of an eim; known: esipa, injection, es9plus, es11, es2plus, es10 - did you mean "esipa"?`,
      ],
      [
        'an unknown wire',
        eim('links: { esipa: { http: {} } }'),
        `${FIRST}:19: unknown wire "http"; known: https, json, coaps, coaps-json, vpcd, apdu-stdio, modem, pcsc, simulated - did you mean "https"?`,
      ],
      [
        'a link without direction',
        eim('links: { esipa: { https: { encoding: asn1 } } }'),
        `${FIRST}:19: a link needs "url" (we call the IUT) or "listen" (the IUT calls us)`,
      ],
      [
        'a link with two directions',
        eim('links: { esipa: { https: { url: "https://x/", listen: "x:1" } } }'),
        `${FIRST}:19: a link has "url" (we call the IUT) or "listen" (the IUT calls us), not both`,
      ],
      [
        'ESipa without its binding',
        eim('links: { esipa: { https: { url: "https://x/" } } }'),
        `${FIRST}:19: "encoding" is missing: ESipa is bound to ASN.1 (asn1) or to JSON (json)`,
      ],
      [
        'HTTPS with JSON described twice',
        eim('links: { esipa: { https: { url: "https://x/", encoding: json }, json: { url: "https://x/" } } }'),
        `${FIRST}:65: links.esipa describes HTTPS with JSON twice: as "https" with "encoding: json" and as "json"`,
      ],
      [
        'a binding where the wire tells it',
        eim('links: { esipa: { coaps: { url: "coaps://x/", encoding: asn1 } } }'),
        `${FIRST}:47: unknown key "encoding" in links.esipa.coaps; known: url, serverName, trust, weather`,
      ],
      [
        'a URL of another scheme',
        eim('links: { esipa: { coaps: { url: "https://x/" } } }'),
        `${FIRST}:33: expected a coaps: or coap: URL, got "https://x/"`,
      ],
      [
        'a URL that is none',
        eim('links: { esipa: { https: { url: eim.example, encoding: asn1 } } }'),
        `${FIRST}:33: expected an https: or http: URL, got "eim.example"`,
      ],
      [
        'an address without port',
        eim('links: { es9plus: { https: { listen: localhost, certificate: C } } }'),
        `${FIRST}:38: expected host:port to listen on, got "localhost" - port 0 takes a free one`,
      ],
      [
        'a listener without certificate',
        eim('links: { es9plus: { https: { listen: "localhost:1" } } }'),
        `${FIRST}:21: "certificate" is missing: the name of the certificate we present, e.g. CERT_S_SM_DP_TLS`,
      ],
      [
        'a duration without unit',
        eim('timeouts: { response: 10 }'),
        `${FIRST}:23: expected a duration such as 300ms, 10s, 2m or 1h for "response", got "10"`,
      ],
      ['a start without command', eim('start: { cwd: /x }'), `${FIRST}:1: "command" is missing: how the IUT is started`],
      [
        'a start that is ready in no way',
        eim('start: { command: x, ready: { within: 1s } }'),
        `${FIRST}:22: the IUT is ready when something listens ("tcp: host:port") or when it prints a line ("stdout: text"); exactly one of them`,
      ],
      [
        'an unknown action',
        eim('operator: { queueEnabel: { prompt: x } }'),
        `${FIRST}:13: there is no operator action "queueEnabel"; those of an eIM: registerEuicc, queueEnable, orderState, forgetEuicc - did you mean "queueEnable"?`,
      ],
      [
        'an action of another kind of IUT',
        eim('operator: { pollEim: { prompt: x } }'),
        `${FIRST}:13: "pollEim" is an action of another kind of IUT (ipa); this file describes an eIM`,
      ],
      [
        'a binding without verb',
        eim('operator: { forgetEuicc: { promt: x } }'),
        `${FIRST}:13: forgetEuicc is bound by exactly one of rest, command, at, stop, prompt; got promt - did you mean "prompt"?`,
      ],
      [
        'a binding with two verbs',
        eim('operator: { forgetEuicc: { prompt: x, command: y } }'),
        `${FIRST}:13: forgetEuicc is bound by exactly one of rest, command, at, stop, prompt; got command and prompt`,
      ],
      [
        'a word that does not belong to its verb',
        eim('operator: { forgetEuicc: { prompt: x, json: {} } }'),
        `${FIRST}:39: unknown key "json" in operator.forgetEuicc; known: prompt, within`,
      ],
      [
        'a request without method',
        eim('operator: { forgetEuicc: { rest: "http://x/" } }'),
        `${FIRST}:34: expected a method and a URL, e.g. POST http://127.0.0.1:8080/orders, got "http://x/"`,
      ],
      [
        'a request with two bodies',
        eim('operator: { forgetEuicc: { rest: "GET http://x/", json: {}, body: x } }'),
        `${FIRST}:61: a request has "json" or "body", not both`,
      ],
      [
        'a result that the action does not give',
        eim('operator: { queueEnable: { rest: "GET http://x/", result: { order: $stdout, ordre: x } } }'),
        `${FIRST}:77: queueEnable does not give "ordre"; it gives: order - did you mean "order"?`,
      ],
      [
        'a result that is missing',
        eim('operator: { queueEnable: { rest: "GET http://x/" } }'),
        `${FIRST}:13: queueEnable must give "order"; "result" has to say where it stands in the answer`,
      ],
      [
        'a source that is none',
        eim('operator: { queueEnable: { rest: "GET http://x/", result: { order: $boddy.x } } }'),
        `${FIRST}:68: "$boddy" is no part of an answer; known: $body, $headers, $status, $stdout, $stderr, $exitCode - did you mean "$body"?`,
      ],
      [
        'a state outside the contract',
        eim('operator: { orderState: { rest: "GET http://x/", result: { state: { done: {} } } } }'),
        `${FIRST}:69: "done" is not a state; known: pending, succeeded, failed`,
      ],
      [
        'a matcher that does not exist',
        eim('operator: { orderState: { rest: "GET http://x/", result: { state: { failed: { a: $anny } } } } }'),
        `${FIRST}:82: unknown matcher "$anny"; known: $any, $absent - did you mean "$any"?`,
      ],
      [
        'a command in the background with a result',
        eim('operator: { queueEnable: { command: x, background: true, result: { order: $stdout } } }'),
        `${FIRST}:58: a command in the background gives no result`,
      ],
      [
        'a stop of what is not started',
        eim('operator: { forgetEuicc: { stop: queueEnable } }'),
        `${FIRST}:13: "queueEnable" is not started in the background, so it cannot be stopped; no action has a command with "background: true"`,
      ],
      [
        'a reset without binding',
        eim('reset: forgetEuicc'),
        `${FIRST}:8: "forgetEuicc" has no binding in "operator", so it cannot bring the IUT back`,
      ],
      [
        'a name that nobody knows',
        eim('operator: { forgetEuicc: { prompt: "Drop ${eidd}." } }'),
        `${FIRST}:42: \${eidd} is not known in forgetEuicc; known: eid, over, settings, links, work, env - did you mean "eid"?`,
      ],
      [
        'a fact of a start that is not there',
        eim('settings: { A: "${start.port}" }'),
        `${FIRST}:17: \${start.port}: this file has no "start" that could tell it`,
      ],
      [
        'an unknown setting',
        eim('settings: { ADDRESS: a }', 'operator: { forgetEuicc: { prompt: "${settings.ADRESS}" } }'),
        `${FIRST + 1}:37: \${settings.ADRESS}: there is no setting "ADRESS" - did you mean "ADDRESS"?`,
      ],
      [
        'an unknown link',
        eim('operator: { forgetEuicc: { prompt: "${links.es9plus.port}" } }'),
        `${FIRST}:37: \${links.es9plus.port}: there is no link "es9plus"`,
      ],
      [
        'a secret that is not set',
        eim('operator: { forgetEuicc: { prompt: "${env.TOKEN}" } }'),
        `${FIRST}:37: the environment variable TOKEN is not set - set it before the run; secrets do not stand in this file`,
      ],
      ['a text where a map is needed', eim('operator: x'), `${FIRST}:11: expected a map of operator, got "x"`],
    ];
    for (const [what, text, ...expected] of cases)
      it(what, () => {
        expect(messages(text).join('\n')).to.equal(expected.join('\n'));
        expect(load(text).ixit).to.equal(undefined);
      });
    it('an empty secret, and one that looks like a name', () => {
      const text = eim('operator: { forgetEuicc: { prompt: "${env.TOKEN}" } }');
      expect(messages(text, { TOKEN: '' })).to.deep.equal([`${FIRST}:37: the environment variable TOKEN is empty`]);
      expect(messages(text, { TOKEN: 'a${b' })[0]).to.contain('the environment variable TOKEN contains "${"');
    });
    it('a file that is not there', () => {
      expect(messages(eim('trust: { eim: pki/x.pem }'), {}, () => false)).to.deep.equal([
        `${FIRST}:15: there is no file /lab/pki/x.pem - paths are seen from the folder of this file`,
      ]);
    });
    it('a folder that is not there, in a start and in a binding; the one of the file itself is', () => {
      const hint = '- paths are seen from the folder of this file';
      const found = (text: string) => messages(eim(text), {}, path => path === '/lab');
      expect(found('start: { command: ./eim, cwd: build }')).to.deep.equal([`${FIRST}:31: there is no folder /lab/build ${hint}`]);
      expect(found('operator: { forgetEuicc: { command: ./forget, cwd: /x } }')).to.deep.equal([
        `${FIRST}:52: there is no folder /x ${hint}`,
      ]);
      expect(found('start: { command: ./eim }')).to.deep.equal([]);
    });
    it('the line with a mark below the place', () => {
      const text = eim('reset: forgetEuic');
      expect(formatDiagnostics(load(text).diagnostics, new Map([[FILE, text]]))).to.equal(
        [
          `${FILE}:${FIRST}:8: "forgetEuic" has no binding in "operator", so it cannot bring the IUT back`,
          `    ${FIRST} | reset: forgetEuic`,
          '      |        ^',
        ].join('\n'),
      );
    });
  });
});

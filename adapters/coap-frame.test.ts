import { expect } from 'chai';
import fc from 'fast-check';
import {
  methodName,
  optionMeta,
  pathOf,
  pathOptions,
  requestContent,
  requestWishes,
  responseContent,
  responseWishes,
} from './coap-frame.js';
import {
  BLOCK1,
  BLOCK2,
  blockOf,
  blockOption,
  namedOption,
  optionName,
  optionText,
  uintOctets,
  uintOf,
  unacceptable,
} from './coap-options.js';

const none = new Uint8Array();
const octets = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const frame = (meta: Readonly<Record<string, string>>) => ({ meta, body: none });

describe('coap frames', () => {
  it('hold method, path and options of a request', () => {
    const content = requestContent({
      meta: { ':method': 'put', ':path': '/a/b%2Fc?x=1&y', 'content-format': '50', accept: '0x0032', 'option-2049': 'AB', etag: '01,02' },
      body: octets('00'),
    });
    expect(content.code).to.equal('0.03');
    expect(content.options.map(option => `${optionName(option.number)}=${optionText(option)}`)).to.deep.equal([
      ...['uri-path=a', 'uri-path=b/c', 'uri-query=x=1', 'uri-query=y'],
      ...['content-format=50', 'accept=50', 'option-2049=AB', 'etag=01', 'etag=02'],
    ]);
    expect(requestContent(frame({})).code).to.equal('0.02');
    expect(requestContent(frame({ ':method': '0.31' })).code).to.equal('0.31');
    expect(responseContent(frame({})).code).to.equal('2.05');
  });

  it('tell the path as it was, a slash within a segment and empty segments included', () => {
    for (const path of ['/', '/gsma/rsp2/asn1', '/a//b/', '/a%2Fb', '/x?q%26r&s', '/%C3%A4'])
      expect(pathOf(pathOptions(path))).to.equal(path);
    expect(pathOf([...pathOptions('/gsma%2Frsp2%2Fasn1')])).to.equal('/gsma%2Frsp2%2Fasn1');
  });

  it('tell options but those of path and blocks', () => {
    const block = blockOption(BLOCK1, { num: 1, more: true, size: 64 });
    expect(
      optionMeta([...pathOptions('/a?b'), block, namedOption('max-age', '60'), namedOption('etag', '0A'), namedOption('etag', '0B')]),
    ).to.deep.equal({
      'max-age': '60',
      etag: '0A,0B',
    });
  });

  it('name the methods', () => {
    expect(['0.01', '0.02', '0.07', '0.30'].map(methodName)).to.deep.equal(['GET', 'POST', 'IPATCH', '0.30']);
  });

  it('hold wishes, which are refused when nobody knows them', () => {
    expect(requestWishes(frame({}))).to.deep.equal({ manner: { type: 'CON' } });
    const meta = {
      ':type': 'NON',
      ':block-size': '64',
      ':skip-block': '3',
      ':twice': 'true',
      ':unacknowledged': 'true',
      ':malformed': 'version',
    };
    expect(requestWishes(frame(meta))).to.deep.equal({
      manner: { type: 'NON', twice: true, unacknowledged: true, malformed: 'version' },
      blockSize: 64,
      skipBlock: 3,
    });
    expect(responseWishes(frame({ ':code': '2.04', ':twice': 'false' }))).to.deep.equal({ manner: {}, blocks: {} });
    const faults = {
      ':lose': '2',
      ':lose-block': '1',
      ':skip-block': '2',
      ':etag': 'absent',
      ':wrong-block-number': 'true',
      ':block-size': '16',
    };
    expect(responseWishes(frame({ ...faults, ':wrong-token': 'true', ':wrong-message-id': 'true', ':type': 'NON' }))).to.deep.equal({
      manner: { lose: 2, wrongToken: true, wrongMessageId: true, type: 'NON', separate: true },
      blocks: { loseBlock: 1, skipBlock: 2, etag: 'absent', wrongBlockNumber: true, blockSize: 16 },
    });
    for (const [key, value] of [
      [':block-size', '63'],
      [':skip-block', 'two'],
      [':type', 'ACK'],
      [':twice', 'perhaps'],
      [':malformed', 'somehow'],
      [':lose', '1'],
    ] as const)
      expect(() => requestWishes(frame({ [key]: value })), key).to.throw(TypeError, key);
    expect(() => responseWishes(frame({ ':skip': '1' }))).to.throw(TypeError, ':skip');
  });
});

describe('coap options', () => {
  it('are named both ways', () => {
    const number = fc.integer({ min: 1, max: 65535 });
    fc.assert(
      fc.property(number, fc.uint8Array({ maxLength: 4 }), (one, value) => {
        const text = optionText({ number: one, value });
        const isNumber = /^\d+$/.test(text) && optionName(one) !== `option-${one}`;
        if (isNumber) expect(uintOf(namedOption(optionName(one), text).value)).to.equal(uintOf(value));
        else if (!text.includes('\uFFFD')) expect(namedOption(optionName(one), text)).to.deep.equal({ number: one, value });
      }),
    );
    expect(() => namedOption('content-type', 'x')).to.throw('name of a CoAP option');
    expect(() => namedOption('option-70000', '00')).to.throw('name of a CoAP option');
    expect(() => namedOption('accept', 'json')).to.throw('a number or 0x');
    expect(() => namedOption('etag', '123')).to.throw('hex digits');
  });

  it('hold numbers without leading zeros, and are read with them', () => {
    expect([0, 1, 255, 256, 65536].map(number => Buffer.from(uintOctets(number)).toString('hex'))).to.deep.equal([
      '',
      '01',
      'ff',
      '0100',
      '010000',
    ]);
    expect(uintOf(octets('000102'))).to.equal(258);
  });

  it('hold blocks as RFC 7959 2.2 lays them out', () => {
    // Figures 2 and 3 of RFC 7959: 2:0/1/128 and 2:2/1/128.
    expect(blockOption(BLOCK2, { num: 0, more: true, size: 128 }).value).to.deep.equal(octets('0B'));
    expect(blockOption(BLOCK2, { num: 2, more: true, size: 128 }).value).to.deep.equal(octets('2B'));
    expect(blockOption(BLOCK2, { num: 0, more: false, size: 16 }).value).to.deep.equal(none);
    expect(blockOf([{ number: BLOCK1, value: octets('0FFFFE') }], BLOCK1)).to.deep.equal({ num: 0xffff, more: true, size: 1024 });
    expect(blockOf([{ number: BLOCK1, value: octets('07') }], BLOCK1)).to.equal('reserved');
    expect(blockOf([], BLOCK1)).to.equal(undefined);
  });

  it('are refused when critical and unknown, of a wrong length, or repeated', () => {
    const bad = (...list: readonly (readonly [number, string])[]) =>
      unacceptable(list.map(([number, hex]) => ({ number, value: octets(hex) }))).length;
    expect(bad([11, '61'], [11, '62'], [12, '00'], [2048, '00'], [4, '01'], [4, '02'])).to.equal(0);
    expect(bad([9, ''])).to.equal(1);
    expect(bad([3, ''])).to.equal(1);
    expect(bad([27, '01020304'])).to.equal(1);
    expect(bad([27, '06'], [27, '06'])).to.equal(1);
    expect(bad([14, '01'], [14, '02']), 'elective ones are ignored').to.equal(0);
  });
});

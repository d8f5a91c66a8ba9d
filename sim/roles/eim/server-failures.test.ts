import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { CancelSessionResponseEsipa } from '#protocol/iot/download.js';
import { octets } from './test-bench.js';

import { bound, initiated, offered, ordered } from './test-download.js';

describe('eIM: failures of RSP servers as ESipa has them', () => {
  const MAPPED: readonly (readonly [type: string, codes: Readonly<Record<string, number>>])[] = [
    ['InitiateAuthenticationRequestEsipa', { '8.8.1/3.8': 1, '8.8.3/3.1': 2, '8.8.2/3.1': 3, '8.8.4/3.7': 3, '1.1/1.1': 127 }],
    [
      'AuthenticateClientRequestEsipa',
      {
        '8.1.2/6.1': 1,
        '8.1.2/6.3': 2,
        '8.1.3/6.1': 3,
        '8.1.3/6.3': 4,
        '8.1/6.1': 5,
        '8.2.6/3.8': 6,
        '8.1.1/3.8': 7,
        '8.2.5/4.3': 8,
        '8.2/1.2': 8,
        '8.11.1/3.9': 9,
        '8.10.1/3.9': 10,
        '8.1/4.8': 11,
        '8.8.5/4.10': 127,
        '8.8.5/6.4': 127,
      },
    ],
    [
      'GetBoundProfilePackageRequestEsipa',
      { '8.1/6.1': 1, '8.2.7/2.2': 2, '8.2.7/3.8': 3, '8.2.7/6.4': 4, '8.2/3.7': 5, '8.8.5/4.10': 6, '8.10.1/3.9': 95, '1.1/1.1': 127 },
    ],
  ];
  const errorIn = (response: Uint8Array): unknown =>
    [
      initiated(response).initiateAuthenticationErrorEsipa,
      offered(response).authenticateClientErrorEsipa,
      bound(response).getBoundProfilePackageErrorEsipa,
    ].find(error => error !== undefined);
  for (const [type, codes] of MAPPED)
    for (const [code, integer] of Object.entries(codes))
      it(`${type.replace('RequestEsipa', '')}: ${code} becomes ${integer} and ends the order`, async () => {
        const b = ordered();
        const [subjectCode = '', reasonCode = ''] = code.split('/');
        const es9 = type.replace('Esipa', '');
        b.servers.answer = call => (call.type === es9 ? { status: { subjectCode, reasonCode } } : undefined);
        expect(errorIn((await b.until(type)).response)).to.equal(integer);
        expect(b.order.state).to.equal('failed');
      });

  it('answers undefinedError when a server cannot be reached or answers with another message', async () => {
    for (const answer of [
      { failure: 'status 500' },
      { done: true },
      { type: 'CancelSessionResponseEs9', octets: octets('BF4102A000') },
    ] as const) {
      const b = ordered();
      b.servers.answer = () => answer;
      expect(errorIn((await b.until('InitiateAuthenticationRequestEsipa')).response)).to.equal(127);
    }
  });

  it('answers undefinedError to octets that are no answer', async () => {
    const b = ordered();
    b.servers.edit = answer => answer.subarray(0, 40);
    expect(errorIn((await b.until('InitiateAuthenticationRequestEsipa')).response)).to.equal(127);
  });

  for (const [code, integer] of Object.entries({ '8.10.1/3.9': 1, '8.1/6.1': 2, '8.8/3.10': 127 }))
    it(`CancelSession: ${code} becomes ${integer}, and the session stays open`, async () => {
      const b = ordered();
      await b.until('AuthenticateClientRequestEsipa');
      const [subjectCode = '', reasonCode = ''] = code.split('/');
      b.servers.answer = () => ({ status: { subjectCode, reasonCode } });
      const { response } = await b.step('CancelSessionRequestEsipa');
      expect(decode(CancelSessionResponseEsipa, response).value).to.deep.equal({ cancelSessionError: integer });
    });
});

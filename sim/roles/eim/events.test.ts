import { expect } from 'chai';
import { SMDS_ADDRESS } from './test-bench.js';

import { ES9, initiated, NOTIFY, offered, ordered, types } from './test-download.js';

describe('eIM: events of an SM-DS', () => {
  it('asks the SM-DS and gives the IPA the download that an event names', async () => {
    const b = ordered({ event: 'one' });
    await b.run();
    expect(types(b)).to.deep.equal(['ES11 InitiateAuthenticationRequest', 'ES11 AuthenticateClientRequest', ...ES9, NOTIFY]);
    expect(b.order.state).to.equal('succeeded');
  });

  it('gives no trigger when there is no event', async () => {
    const b = ordered({ event: 'none' });
    const ok = offered((await b.until('AuthenticateClientRequestEsipa')).response).authenticateClientOkDSEsipa;
    expect(ok).to.not.equal(undefined).and.not.have.property('profileDownloadTrigger');
    expect(b.order).to.deep.include({ state: 'failed', cause: 'noEvent' });
  });

  it('names the SM-DS in the trigger for an IPA that needs the address', async () => {
    const features = ['indirectRspServerCommunication'];
    const b = ordered({ event: 'one', register: { ipaCapabilities: features } });
    expect((await b.poll()).profileDownloadTriggerRequest?.profileDownloadData).to.deep.equal({
      contactSmds: { smdsAddress: SMDS_ADDRESS },
    });
  });

  for (const [code, integer] of Object.entries({ '8.9.1/3.8': 1, '8.9.3/3.1': 2, '8.9.2/3.1': 3, '8.9.4/3.7': 3 }))
    it(`InitiateAuthentication: ${code} becomes ${integer}`, async () => {
      const b = ordered({ event: 'one' });
      const [subjectCode = '', reasonCode = ''] = code.split('/');
      b.servers.answer = () => ({ status: { subjectCode, reasonCode } });
      const { response } = await b.until('InitiateAuthenticationRequestEsipa');
      expect(initiated(response)).to.deep.equal({ initiateAuthenticationErrorEsipa: integer });
    });

  for (const [code, integer] of Object.entries({
    '8.1.2/6.1': 1,
    '8.1.2/6.3': 2,
    '8.1.3/6.1': 3,
    '8.1.3/6.3': 4,
    '8.1/6.1': 5,
    '8.11.1/3.9': 9,
    '8.10.1/3.9': 10,
    '8.9.5/3.9': 56,
  }))
    it(`AuthenticateClient: ${code} becomes ${integer}, and no trigger follows`, async () => {
      const b = ordered({ event: 'one' });
      const [subjectCode = '', reasonCode = ''] = code.split('/');
      b.servers.answer = ({ type }) => (type === 'AuthenticateClientRequest' ? { status: { subjectCode, reasonCode } } : undefined);
      expect(offered((await b.until('AuthenticateClientRequestEsipa')).response)).to.deep.equal({ authenticateClientErrorEsipa: integer });
      expect(b.order.state).to.equal('failed');
    });
});

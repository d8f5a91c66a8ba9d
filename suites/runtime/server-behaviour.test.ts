import { expect } from 'chai';
import { HarnessError } from '../verdict.js';
import { serverBehaviour } from './server-behaviour.js';

describe('how a case has a server of ours behave', () => {
  it('is as usual, when it says nothing', () => {
    const { certificate, tls, isDown, refuses } = serverBehaviour({});
    expect({ certificate, tls }).to.deep.equal({ certificate: undefined, tls: undefined });
    expect(isDown()).to.equal(false);
    expect(refuses('HandleNotificationEsipa')).to.equal(false);
  });

  it('is down from one event to another', () => {
    const happened: string[] = ['reset'];
    const { isDown } = serverBehaviour({ outage: { from: 'EuiccPackageRequest', until: 'reset' } }, happened);
    expect(isDown()).to.equal(false);
    happened.push('EuiccPackageRequest');
    expect([isDown(), isDown()]).to.deep.equal([true, true]);
    happened.push('reset');
    expect(isDown()).to.equal(false);
  });

  it('is down for a number of contacts', () => {
    const { isDown } = serverBehaviour({ outage: { contacts: '2' } });
    expect([isDown(), isDown(), isDown()]).to.deep.equal([true, true, false]);
  });

  it('puts off messages of one type or of several', () => {
    expect(serverBehaviour({ refuses: 'HandleNotificationEsipa' }).refuses('HandleNotificationEsipa')).to.equal(true);
    const { refuses } = serverBehaviour({ refuses: ['HandleNotificationEsipa', 'ProvideEimPackageResult'] });
    expect([refuses('ProvideEimPackageResult'), refuses('GetEimPackageRequest')]).to.deep.equal([true, false]);
  });

  it('puts them off until something has happened', () => {
    const happened: string[] = ['pollEim'];
    const { refuses } = serverBehaviour({ refuses: { messages: ['HandleNotification'], until: 'stopIpa' } }, happened);
    expect([refuses('HandleNotification'), refuses('InitiateAuthenticationRequest')]).to.deep.equal([true, false]);
    happened.push('stopIpa');
    expect(refuses('HandleNotification')).to.equal(false);
  });

  it('presents another certificate and offers another TLS', () => {
    const { certificate, tls } = serverBehaviour({ certificate: 'CERT_EIM_TLS2', tls: { maxVersion: 'TLSv1.1' } });
    expect({ certificate, tls }).to.deep.equal({ certificate: 'CERT_EIM_TLS2', tls: { maxVersion: 'TLSv1.1' } });
  });

  it('refuses words and values that there are not', () => {
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { certficate: 'CERT_EIM_TLS' },
      { outage: 'yes' },
      { outage: { from: 3 } },
      { outage: { contacts: 'often' } },
      { refuses: ['HandleNotifications'] },
      { refuses: { messages: ['HandleNotification'], until: 3 } },
    ];
    for (const link of wrong) expect(() => serverBehaviour(link), JSON.stringify(link)).to.throw(HarnessError);
  });
});

import { expect } from 'chai';
import { anchorOf, duration, inOrder, partyName, requirementsOf, roleName, sectionOf } from './names.js';

describe('names', () => {
  it('writes roles and parties as the specifications do', () => {
    expect(['eim', 'smdp', 'eim2', 'modem'].map(roleName)).to.deep.equal(['eIM', 'SM-DP+', 'eIM 2', 'modem']);
    expect(['iut', 'eim', 'eim2', 'ipa', 'operator'].map(party => partyName(party, { iut: 'eim' }))).to.deep.equal([
      'eIM (IUT)',
      'eIM (IUT)',
      'S_eIM 2',
      'S_IPA',
      'Operator',
    ]);
  });

  it('finds the section of a requirement in the catalogue, else in its id', () => {
    const requirements = requirementsOf({ requirements: [{ id: 'SGP32-3.3.1-11', section: '3.3.1.2', level: 'shall', text: '' }] });
    expect(sectionOf('SGP32-3.3.1-11', requirements)).to.equal('SGP.32 3.3.1.2');
    expect(sectionOf('SGP22-5.6.1-02', requirements)).to.equal('SGP.22 5.6.1');
    expect(sectionOf('local', requirements)).to.equal('no section');
  });

  it('orders sections as numbers', () => {
    expect(['SGP.32 3.10', 'SGP.32 3.9', 'SGP.32 3'].sort(inOrder)).to.deep.equal(['SGP.32 3', 'SGP.32 3.9', 'SGP.32 3.10']);
  });

  it('makes different anchors of the rows of a case', () => {
    expect([anchorOf('eim.enable.11[https]'), anchorOf('eim.enable.11[https]#2')]).to.deep.equal([
      'case-eim.enable.11-https',
      'case-eim.enable.11-https-2',
    ]);
  });

  it('writes durations as people read them', () => {
    expect([0.812, 12.44, 59.96, 185].map(duration)).to.deep.equal(['0.81 s', '12.4 s', '60.0 s', '3 min 05 s']);
  });
});

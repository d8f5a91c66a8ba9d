import { expect } from 'chai';
import { parseActivationCode, sourceOf } from './trigger.js';

describe('activation codes', () => {
  it('name server and matching id, perhaps OID and the need of a confirmation code', () => {
    const plain = { smdpAddress: 'dp.example.com', matchingId: '04386-AGYFT' };
    expect(parseActivationCode('1$dp.example.com$04386-AGYFT')).deep.equals({ ...plain, activationCode: '1$dp.example.com$04386-AGYFT' });
    expect(parseActivationCode('LPA:1$dp.example.com$04386-AGYFT$2.999.10$1')).to.deep.include({
      ...plain,
      smdpOid: '2.999.10',
      needsConfirmationCode: true,
    });
    expect(parseActivationCode('1$dp.example.com$$$1')).to.deep.include({
      smdpAddress: 'dp.example.com',
      matchingId: '',
      needsConfirmationCode: true,
    });
    expect(parseActivationCode('1$127.0.0.1:8443$A')).to.deep.include({ smdpAddress: '127.0.0.1:8443' });
  });
  it('are malformed without format 1, address and matching id, or with anything else in them', () => {
    for (const text of [
      '',
      '1',
      '1$',
      '1$dp.example.com',
      '2$dp.example.com$A',
      '1$$A',
      '1$dp example$A',
      '1$dp.example.com$a b',
      '1$dp.example.com$A$x',
      '1$dp.example.com$A$$2',
      '1$dp.example.com$A$$1$',
    ])
      expect(parseActivationCode(text), text).equals(undefined);
  });
});

describe('download triggers', () => {
  const addresses = { defaultDpAddress: 'default.example.com', rootDsAddress: 'ds.example.com', eimHoldsData: false };
  const nowhere = { ...addresses, defaultDpAddress: undefined };
  const from = (smdpAddress: string | undefined) => ({ smdpAddress, matchingId: undefined });
  it('name the SM-DS, the root SM-DS or the default SM-DP+', () => {
    const ofSmds = (address: string) => ({ ...from(address), isSmds: true });
    expect(sourceOf({ profileDownloadData: { contactSmds: { smdsAddress: 'a.example.com' } } }, addresses)).deep.equals(
      ofSmds('a.example.com'),
    );
    expect(sourceOf({ profileDownloadData: { contactSmds: {} } }, addresses)).deep.equals(ofSmds('ds.example.com'));
    expect(sourceOf({ profileDownloadData: { contactDefaultSmdp: null } }, addresses)).deep.equals(from('default.example.com'));
    expect(sourceOf({ profileDownloadData: { contactDefaultSmdp: null } }, { ...nowhere, eimHoldsData: true })).equals(undefined);
  });
  it('may be empty when the eIM holds the data, or else for the default SM-DP+', () => {
    expect(sourceOf({}, { ...addresses, eimHoldsData: true })).deep.equals(from(undefined));
    expect(sourceOf({}, addresses)).deep.equals(from('default.example.com'));
    expect(sourceOf({}, nowhere)).equals(undefined);
  });
});

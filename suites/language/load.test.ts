import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { typeNamed, typeNames } from '#protocol/registry.js';
import { formatDiagnostics } from './diagnostics.js';
import { type Catalogue, loadCatalogue } from './load.js';

const root = fileURLToPath(new URL('../../../suites/language/fixtures/examples', import.meta.url));
const ACTOR_KEYS = {
  euicc: ['eid', 'eims', 'profiles'],
  ipa: ['card', 'eim', 'link', 'auto'],
  eim: ['id', 'relay', 'signKey', 'link', 'auto'],
  smdp: ['profiles'],
};
const load = (files?: readonly string[]): Catalogue =>
  loadCatalogue({ root, ...(files ? { files } : {}), types: { typeNamed, typeNames }, actorKeys: ACTOR_KEYS });

describe('loading the examples of the language', () => {
  const catalogue = load();
  const byId = (id: string) => {
    const found = catalogue.cases.find(one => one.id === id);
    if (!found) throw new Error(id);
    return found;
  };

  it('finds nothing wrong', () => {
    expect(formatDiagnostics(catalogue.diagnostics, catalogue.texts)).to.equal('');
    expect(catalogue.cases.map(one => one.id)).to.have.members([
      'eim.enable.01',
      'eim.enable.11',
      'eim.coaps.block.01',
      'euicc.package.replay.01',
      'ipa.download.indirect.01',
      'ipa.tls.certificate.01',
    ]);
    expect([...catalogue.procedures.keys()]).to.have.members(['fetchEnablePackage', 'openIsdr', 'associateEim', 'resetEims']);
  });

  it('reads the headers of a case', () => {
    const { id, title, iut, over, covers, limit, actors, before, steps, after, destructive } = byId('eim.enable.01');
    expect({ id, title, iut, covers, limit, destructive }).to.deep.equal({
      id: 'eim.enable.01',
      title: 'Enable a profile; the result is provided and acknowledged',
      iut: 'eim',
      covers: ['SGP32-3.3.1-01', 'SGP32-5.13.1-01'],
      limit: 120,
      destructive: false,
    });
    expect(over.map(one => one.link)).to.deep.equal(['https', 'coaps']);
    expect(actors.map(one => `${one.name}: ${one.role}`)).to.deep.equal(['euicc: euicc', 'ipa: ipa']);
    expect([before, steps, after].map(list => list.map(step => step.verb))).to.deep.equal([
      ['operator', 'operator'],
      ['send', 'expect', 'send', 'expect', 'operator'],
      ['operator'],
    ]);
    expect(byId('ipa.download.indirect.01').limit).to.equal(300);
  });

  it('reads steps with their types, words and places', () => {
    const [first, second] = byId('eim.enable.01').steps;
    expect(first).to.deep.include({
      verb: 'send',
      actor: 'ipa',
      typeName: 'GetEimPackageRequest',
      text: 'ipa.send: GetEimPackageRequest',
      covers: [],
    });
    expect(first?.verb === 'send' && first.type?.name).to.equal('GetEimPackageRequest');
    expect(first?.at.line).to.equal(21);
    expect(second).to.deep.include({
      verb: 'expect',
      accepts: ['GetEimPackageResponse'],
      note: 'The eIM hands out the enable it was asked for, signed with its key.',
      covers: ['SGP32-3.3.1-04', 'SGP32-2.11.1.1-02'],
    });
  });

  it('keeps waiting times as seconds, or as an expression for the run', () => {
    const [poll] = byId('ipa.download.indirect.01').steps;
    const [, nothing] = byId('ipa.tls.certificate.01').steps;
    expect(poll?.verb === 'expect' && poll.within).to.deep.include({ kind: 'scalar', text: '$IUT_POLL_INTERVAL' });
    expect(nothing?.verb === 'expect' && nothing.within).to.equal(10);
  });

  it('reads tables', () => {
    expect(byId('euicc.package.replay.01').table?.map(row => row.name)).to.deep.equal(['same counter again', 'lower counter']);
  });

  it('reads procedures and the small catalogues', () => {
    const procedure = catalogue.procedures.get('fetchEnablePackage');
    expect(procedure).to.deep.include({ params: ['eid', 'iccid'], optionalParams: [], returns: ['order', 'counter', 'trid'] });
    expect(catalogue.actions.get('queueEnable')).to.deep.equal({
      of: 'eim',
      with: [
        { name: 'eid', optional: false },
        { name: 'iccid', optional: false },
        { name: 'rollback', optional: true },
      ],
      gives: [{ name: 'order', optional: false }],
      does: 'queue an enable PSMO',
    });
    expect(catalogue.requirements.get('SGP32-3.3.1-11')).to.deep.equal({
      id: 'SGP32-3.3.1-11',
      section: '3.3.1',
      level: 'shall',
      text: 'What section 3.3.1 demands as number 11.',
    });
    expect(catalogue.constants.get('EID1')).to.equal('89049032123451234512345678901235');
    expect(catalogue.settings.get('IUT_EIM_ID')?.role).to.equal('eim');
    expect(catalogue.options.get('O_S_TRID')?.question).to.equal('Does the eIM have O_S_TRID?');
  });

  it('loads only the case files it is given, with all procedures', () => {
    const some = load([`${root}/eim/enable/11-wrong-result-signature.yaml`]);
    expect(some.cases.map(one => one.id)).to.deep.equal(['eim.enable.11']);
    expect(some.procedures.size).to.equal(4);
    expect(some.diagnostics).to.deep.equal([]);
  });
});

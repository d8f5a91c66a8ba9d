import { expect } from 'chai';
import fc from 'fast-check';
import { ipaVariants } from '../defects/ipa-variants.js';
import { play, type Scene } from '../defects/test-ipa-lab.js';
import { SCENES } from '../defects/test-ipa-scenes.js';

const flips = fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 4 });
type Flips = readonly (readonly [number, number])[];
const damaged = (octets: Uint8Array, changes: Flips): Uint8Array => {
  const copy = Uint8Array.from(octets);
  for (const [at, octet] of changes) if (copy.length > 0) copy[at % copy.length] = octet;
  return copy;
};
/** Requests of a scene, without what differs from run to run. */
const requests = async (scene: Scene): Promise<readonly string[]> =>
  (await play(scene, [])).split('\n').flatMap(line => /^(?:ES\S+) (\w+)/.exec(line)?.[1] ?? []);
const scene = (name: keyof typeof SCENES, more: Scene = {}): Scene => ({ ...SCENES[name], ...more });

describe('polling of the reference IPA', () => {
  it('rolls back once, and goes on with the new result', async () => {
    expect(await requests(scene('rollback'))).deep.equals([
      'GetEimPackageRequest',
      'ProvideEimPackageResult',
      'ProvideEimPackageResult',
      'ProvideEimPackageResult',
      'GetEimPackageRequest',
    ]);
    const lost = (await play(scene('rollbackLost'), [])).split('\n');
    expect(lost.filter(line => line.includes('BF58'))).to.have.length(1);
    expect((await play(scene('noRollback'), [])).includes('BF58')).equals(false);
    expect((await play(scene('failedEnable'), [])).includes('BF58')).equals(false);
  });

  it('finds in the list of the card what the card did not return', async () => {
    expect(await play(scene('missingResult'), [])).to.match(/ProvideEimPackageResult .*"enableResult":0/);
  });

  it('tells every other eIM of a change that one of them made', async () => {
    const eims = SCENES.start?.euicc?.eims ?? [];
    const text = await play(scene('enable', { euicc: { ...SCENES.enable?.euicc, eims } }), []);
    expect(text).to.match(/to eim2\.example\.com: .*"stateChangeCause":0/);
  });

  it('tells of a change of the card also when the card was reset since', async () => {
    const { resetsCardBeforePolls } = ipaVariants;
    const changing: Scene = { polls: 2, after: (polling, poll) => (poll === 0 ? polling.changed('reset') : undefined) };
    expect(await play(changing, resetsCardBeforePolls ? [resetsCardBeforePolls] : [])).to.match(/"stateChangeCause":4/);
  });

  it('goes on after commands that the card refuses in the middle, and tells the eIM', async () => {
    expect((await requests(scene('refusedBlock'))).at(-2)).equals('ProvideEimPackageResult');
  });

  it('cancels a download whose package has a section that nobody knows', async () => {
    expect(await play(scene('unknownSection'), [])).to.match(/CancelSessionRequestEs9 .*"reason":5/);
  });

  it('survives whatever servers answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('direct', 'indirect', 'data', 'namedSmds', 'enable', 'rollback'), flips, async (name, changes) => {
        const text = await play(scene(name, { servers: octets => damaged(octets, changes) }), []);
        expect(text).not.to.match(/unexpected/);
      }),
      { numRuns: 25, seed: 20260101 },
    );
  });

  it('survives whatever the card answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('direct', 'indirect', 'data', 'start', 'enable', 'rollback'), flips, async (name, changes) => {
        const damaging = () => ({ outgoing: (_type: string, octets: Uint8Array) => damaged(octets, changes) });
        const text = await play(scene(name, { euiccOverrides: [damaging] }), []);
        expect(text).not.to.match(/unexpected/);
      }),
      { numRuns: 25, seed: 20260101 },
    );
  });

  it('survives cards that answer with any status word', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('direct', 'enable'), fc.nat(40), fc.nat(0xffff), async (name, when, sw) => {
        let seen = 0;
        const text = await play(
          scene(name, {
            uiccOverrides: [() => ({ refusesBlock: () => (seen++ === when ? sw.toString(16).toUpperCase().padStart(4, '0') : undefined) })],
          }),
          [],
        );
        expect(text).not.to.match(/unexpected/);
      }),
      { numRuns: 20, seed: 20260101 },
    );
  });
});

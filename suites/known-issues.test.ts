import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunRecord } from '../reports/record.js';
import { applyKnownIssues, readKnownIssues } from './known-issues.js';

const record = (...sequences: readonly (readonly [key: string, verdict: string, reason: string])[]) =>
  ({ sequences: sequences.map(([key, verdict, reason]) => ({ key, verdict, reason })), plan: [] }) as unknown as RunRecord;

describe('known issues', () => {
  const told: string[] = [];
  const tell = (text: string) => told.push(text);
  beforeEach(() => told.splice(0));

  it('excuse a failure with the expected reason', () => {
    expect(
      applyKnownIssues({ record: record(['a', 'fail', 'step 2: got 8']), exitCode: 1 }, [{ key: 'a', reason: 'got 8' }], tell),
    ).to.equal(0);
  });
  it('do not excuse another failure', () => {
    expect(
      applyKnownIssues({ record: record(['a', 'fail', 'got 8'], ['b', 'fail', 'x']), exitCode: 1 }, [{ key: 'a', reason: 'got 8' }], tell),
    ).to.equal(1);
  });
  it('tell of an entry that passes now, or fails for another reason', () => {
    expect(applyKnownIssues({ record: record(['a', 'pass', '']), exitCode: 0 }, [{ key: 'a', reason: 'got 8' }], tell)).to.equal(1);
    expect(told[0]).to.equal('known issue a: expected it to fail with "got 8", but it passed');
    expect(applyKnownIssues({ record: record(['a', 'fail', 'got 9']), exitCode: 1 }, [{ key: 'a', reason: 'got 8' }], tell)).to.equal(1);
    expect(told[1]).to.contain('but it failed with "got 9"');
  });
  it('never hide an incomplete run', () => {
    expect(applyKnownIssues({ record: record(['a', 'fail', 'got 8']), exitCode: 3 }, [{ key: 'a', reason: 'got 8' }], tell)).to.equal(3);
  });
  it('are refused without a reason, and without a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sgp32-known-'));
    try {
      writeFileSync(join(folder, 'k.txt'), '# comment\n\neim.a.01[https] got 8 octets\n');
      expect(readKnownIssues(join(folder, 'k.txt'))).to.deep.equal([{ key: 'eim.a.01[https]', reason: 'got 8 octets' }]);
      writeFileSync(join(folder, 'k.txt'), 'eim.a.01[https]\n');
      expect(() => readKnownIssues(join(folder, 'k.txt'))).to.throw(':1:1: expected "<sequence> <part of the reason>"');
      expect(() => readKnownIssues(join(folder, 'none.txt'))).to.throw('no such file');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

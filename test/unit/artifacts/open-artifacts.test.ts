import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openArtifacts } from '../../../src/artifacts/open-artifacts.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-open-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const rest = { keys: [], dataDir: dir, s3Endpoint: null, region: 'eu-central-1' };

describe('openArtifacts', () => {
  it('keeps files under the data directory, readable to their owner only, and nothing half written', async () => {
    await openArtifacts({ ...rest, location: 'file:' }).put('logs/run-1.log', 'x');
    expect(readdirSync(join(dir, 'artifacts/logs'))).toEqual(['run-1.log']);
    expect(statSync(join(dir, 'artifacts/logs')).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'artifacts/logs/run-1.log')).mode & 0o777).toBe(0o600);
  });

  it('keeps files where it is told to', async () => {
    await openArtifacts({ ...rest, location: `file:${dir}/elsewhere` }).put('x', 'x');
    await openArtifacts({ ...rest, location: `file://${dir}/there` }).put('x', 'x');
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['elsewhere', 'there']));
  });

  it('knows S3 and refuses anything else', () => {
    expect(() => openArtifacts({ ...rest, location: 's3://bucket/a/b/' })).not.toThrow();
    for (const location of ['s3://', 's3://B_D/x', '/plain/path', 'gs://bucket']) {
      expect(() => openArtifacts({ ...rest, location })).toThrow(`M0_ARTIFACTS: "${location}"`);
    }
  });
});

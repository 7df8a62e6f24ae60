import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openArtifacts } from '../../../src/artifacts/open-artifacts.ts';
import { artifactKeys } from '../../../src/config/artifact-keys.ts';
import { createPlanFiles } from '../../../src/terraform/plan-files.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-encrypted-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const OLD = randomBytes(32);
const NEW = randomBytes(32);
const PLAN = Buffer.from('a plan with the password hunter2');

function artifacts(...keys: Buffer[]) {
  return openArtifacts({
    ...{ location: `file:${dir}`, dataDir: dir, s3Endpoint: null, region: 'eu-central-1' },
    keys,
  });
}

describe('an encrypted plan file', () => {
  test('is no secret to those who read the folder, and opens as it was planned', async () => {
    const plans = createPlanFiles(artifacts(OLD));
    const name = await plans.keep('web', 'a'.repeat(40), PLAN);
    expect(readFileSync(join(dir, name)).toString('latin1')).not.toContain('hunter2');
    expect(Buffer.from(await plans.open(name))).toEqual(PLAN);
  });

  test('opens after another key took over, as long as its own is named', async () => {
    await artifacts(OLD).put('plans/a', PLAN);
    expect(Buffer.from((await artifacts(NEW, OLD).get('plans/a')) ?? [])).toEqual(PLAN);
    for (const other of [artifacts(NEW), artifacts(NEW, randomBytes(32))]) {
      await expect(other.get('plans/a')).rejects.toThrow(
        'reading the artifact plans/a: it was encrypted with a key that is not in M0_ARTIFACT_KEY: plan again',
      );
    }
  });

  test('is refused where any of its bytes changed', async () => {
    await artifacts(OLD).put('plans/b', PLAN);
    const stored = readFileSync(join(dir, 'plans/b'));
    const mark = stored.indexOf('\n') + 1;
    for (let at = mark; at < stored.length; at += 1) {
      const changed = Buffer.from(stored);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(join(dir, 'plans/b'), changed);
      await expect(artifacts(OLD).get('plans/b')).rejects.toThrow(/plan again$/);
    }
    for (let length = mark; length < stored.length; length += 1) {
      writeFileSync(join(dir, 'plans/b'), stored.subarray(0, length));
      await expect(artifacts(OLD).get('plans/b')).rejects.toThrow(/plan again$/);
    }
  });

  test('is refused under another name', async () => {
    await artifacts(OLD).put('plans/c', PLAN);
    cpSync(join(dir, 'plans/c'), join(dir, 'plans/d'));
    await expect(artifacts(OLD).get('plans/d')).rejects.toThrow('it was changed after m0 had stored it');
  });

  test('of the time before there was a key opens too', async () => {
    await artifacts().put('plans/e', PLAN);
    expect(Buffer.from((await artifacts(OLD).get('plans/e')) ?? [])).toEqual(PLAN);
  });

  test('that is encrypted is not taken for a plan where there is no key', async () => {
    const name = await createPlanFiles(artifacts(OLD)).keep('web', 'b'.repeat(40), PLAN);
    await expect(createPlanFiles(artifacts()).open(name)).rejects.toThrow('is not in M0_ARTIFACT_KEY');
  });
});

test.each(['', 'short', 'a'.repeat(44), `${OLD.toString('base64')},`, OLD.toString('hex')])(
  'the key %j is refused without being shown',
  (value) => {
    expect(() => artifactKeys(value)).toThrow(
      /^is no key of 32 bytes in base64: make one with `openssl rand -base64 32`$/,
    );
  },
);

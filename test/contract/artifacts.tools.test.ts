import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encryptedArtifacts } from '../../src/artifacts/encrypted-artifacts.ts';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createS3Artifacts } from '../../src/artifacts/s3-artifacts.ts';
import { createLogger } from '../../src/base/log.ts';
import type { Artifacts } from '../../src/ports/artifacts.ts';
import { type Moto, startMoto } from '../../src/sandbox/cloud/moto.ts';
import { sandboxTools, testTools } from '../support/cloud.ts';

const KEY = randomBytes(32);
const dir = mkdtempSync(join(tmpdir(), 'm0-artifacts-'));
let moto: Moto | undefined;

beforeAll(async () => {
  const { motoServer } = sandboxTools(await testTools());
  moto = await startMoto({ motoServer, port: 0, log: createLogger('silent'), base: process.env });
});
afterAll(async () => {
  await moto?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function s3Artifacts(): Promise<Artifacts> {
  const endpoint = moto?.url ?? '';
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: 'm0-artifacts' }));
  return createS3Artifacts({
    bucket: 'm0-artifacts',
    prefix: 'some/folder',
    endpoint,
    region: 'us-east-1',
    credentials,
  });
}

describe.each([
  ['files', async () => createFileArtifacts(join(dir, 'files'))],
  ['S3', s3Artifacts],
  ['encrypted files', async () => encryptedArtifacts(createFileArtifacts(join(dir, 'encrypted')), [KEY])],
] as const)('artifacts in %s', (_, create) => {
  let artifacts: Artifacts;
  beforeAll(async () => {
    artifacts = await create();
  });

  it('returns the bytes stored last', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_each, i) => (i * 7) % 256);
    await artifacts.put('plans/a-1.tfplan', bytes);
    expect(Buffer.from((await artifacts.get('plans/a-1.tfplan')) ?? []).equals(bytes)).toBe(true);
    await artifacts.put('plans/a-1.tfplan', 'text: ü');
    expect(Buffer.from((await artifacts.get('plans/a-1.tfplan')) ?? []).toString()).toBe('text: ü');
    await artifacts.put('empty', '');
    expect((await artifacts.get('empty'))?.length).toBe(0);
  });

  it('finds nothing under a name that was never stored or was deleted', async () => {
    expect(await artifacts.get('plans/never')).toBeUndefined();
    await artifacts.put('plans/b', 'b');
    await artifacts.delete('plans/b');
    await artifacts.delete('plans/b');
    expect(await artifacts.get('plans/b')).toBeUndefined();
  });

  it('lists a folder, and nothing for a folder that does not exist', async () => {
    expect(await artifacts.list('never')).toEqual([]);
    await artifacts.put('listed/a.tfplan', 'a');
    await artifacts.put('listed/b', 'b');
    await artifacts.put('listed-too/c', 'c');
    expect([...(await artifacts.list('listed'))].sort()).toEqual(['listed/a.tfplan', 'listed/b']);
  });

  it.each(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', 'a/', '.', 'a b', 'a\0b'])(
    'refuses the name %j',
    async (name) => {
      await expect(artifacts.put(name, 'x')).rejects.toThrow('is no name for one');
      await expect(artifacts.get(name)).rejects.toThrow('is no name for one');
      await expect(artifacts.delete(name)).rejects.toThrow('is no name for one');
      await expect(artifacts.list(name)).rejects.toThrow('is no name for one');
    },
  );
});

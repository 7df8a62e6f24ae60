import { join } from 'node:path';
import type { Artifacts } from '../ports/artifacts.ts';
import { encryptedArtifacts } from './encrypted-artifacts.ts';
import { createFileArtifacts } from './file-artifacts.ts';
import { createS3Artifacts } from './s3-artifacts.ts';

/**
 * Opens the artifacts' location in M0_ARTIFACTS: `file:` (in the data directory), `file:DIR`, or
 * `s3://bucket/prefix`; encrypted where there are keys, see `encryptedArtifacts`. Throws on any other value.
 */
export function openArtifacts(options: {
  readonly location: string;
  readonly keys: readonly Buffer[];
  readonly dataDir: string;
  readonly s3Endpoint: string | null;
  readonly region: string;
}): Artifacts {
  return encryptedArtifacts(artifactsAt(options), options.keys);
}

function artifactsAt(options: Omit<Parameters<typeof openArtifacts>[0], 'keys'>): Artifacts {
  const { location } = options;
  if (location.startsWith('file:')) {
    const dir = location.slice('file:'.length).replace(/^\/\//, '');
    return createFileArtifacts(dir === '' ? join(options.dataDir, 'artifacts') : dir);
  }
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9.-]{3,63})(?:\/(.*))?$/.exec(location) ?? [];
  if (bucket === undefined) {
    throw new Error(`M0_ARTIFACTS: "${location}" is neither file:DIR nor s3://bucket/prefix`);
  }
  return createS3Artifacts({
    bucket,
    prefix: prefix.replace(/\/+$/, ''),
    endpoint: options.s3Endpoint,
    region: options.region,
    credentials: null,
  });
}

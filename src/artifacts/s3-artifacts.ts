import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { errorText } from '../base/error-text.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import { checkName } from './artifact-name.ts';

/** How long a request may take, in ms: plan files have up to many megabytes. */
const REQUEST_MS = 120_000;
const CONNECT_MS = 10_000;

export interface S3Place {
  readonly bucket: string;
  /** Folder in the bucket; '' for none. */
  readonly prefix: string;
  /** Server other than Amazon's, from M0_S3_ENDPOINT; null for Amazon's. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Null: the SDK's default chain (environment, profile, instance role). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
}

/** Artifacts as objects in an existing S3 bucket, encrypted by the server. */
export function createS3Artifacts(place: S3Place): Artifacts {
  const client = new S3Client({
    region: place.region,
    requestHandler: {
      ...{ requestTimeout: REQUEST_MS, connectionTimeout: CONNECT_MS },
      // Else the SDK only warns of a request that takes too long, and waits for ever.
      throwOnRequestTimeout: true,
    },
    ...(place.endpoint === null ? {} : { endpoint: place.endpoint, forcePathStyle: true }),
    ...(place.credentials === null ? {} : { credentials: place.credentials }),
  });
  const at = (name: string): { Bucket: string; Key: string } => {
    checkName(name);
    return { Bucket: place.bucket, Key: place.prefix === '' ? name : `${place.prefix}/${name}` };
  };
  return {
    async put(name, bytes) {
      const Body = Buffer.from(bytes);
      const put = new PutObjectCommand({
        ...at(name),
        Body,
        ContentLength: Body.length,
        ServerSideEncryption: 'AES256',
      });
      await withContext(`keeping the artifact ${name}`, client.send(put));
    },
    async get(name) {
      try {
        const answer = await client.send(new GetObjectCommand(at(name)));
        return await answer.Body?.transformToByteArray();
      } catch (cause) {
        if (cause instanceof NoSuchKey) return undefined;
        return withContext(`reading the artifact ${name}`, Promise.reject(cause));
      }
    },
    async delete(name) {
      await withContext(`deleting the artifact ${name}`, client.send(new DeleteObjectCommand(at(name))));
    },
    async list(folder) {
      const { Bucket, Key } = at(folder);
      const names: string[] = [];
      let from: string | undefined;
      do {
        const page = await withContext(
          `listing the artifacts in ${folder}`,
          client.send(
            new ListObjectsV2Command({
              ...{ Bucket, Prefix: `${Key}/` },
              ...(from === undefined ? {} : { ContinuationToken: from }),
            }),
          ),
        );
        for (const object of page.Contents ?? []) {
          if (object.Key !== undefined) names.push(`${folder}${object.Key.slice(Key.length)}`);
        }
        from = page.NextContinuationToken;
      } while (from !== undefined);
      return names;
    },
  };
}

async function withContext<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new Error(`${doing}: ${errorText(cause)}`, { cause });
  }
}

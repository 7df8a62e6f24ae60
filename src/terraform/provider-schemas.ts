/** Makes digests of the schemas of stacks' providers, and keeps them in the data directory. */
import { createHash, randomBytes } from 'node:crypto';
import { lchown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { errorText } from '../base/error-text.ts';
import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { Json } from '../drift/finding.ts';
import type { Schema } from '../drift/schema.ts';
import { digestsOf, readDigest, type SchemaDigest, schemaOf, writeDigest } from '../drift/schema-digest.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { LOCK_FILE, type LockedProvider, lockedProviders } from './lock-file.ts';
import { configFor, hasDevOverrides } from './show-config.ts';
import type { StackTool } from './stack-tool.ts';
import type { StackUser } from './stack-user.ts';
import { readWithoutLinks, type WorkTree } from './work-tree.ts';

/** The stack whose providers are asked, after `init`. */
export interface SchemaPlace extends Pick<WorkTree, 'cwd' | 'dataDir' | 'user'> {
  /** Runs `work` with a new directory that the stack's user can read, and deletes it afterwards. */
  within<T>(work: (dir: string) => Promise<T>): Promise<T>;
}

export interface ProviderSchemas {
  /**
   * What the schemas of the stack's providers say; undefined if none is known. Asks a provider once for each version
   * and checksum, and keeps a digest of the answer. A provider that can't be asked is logged once an hour and left out.
   * Rejects only if `signal` stopped it.
   */
  of(place: SchemaPlace, tool: Pick<StackTool, 'run'>, signal: AbortSignal): Promise<Schema | undefined>;
}

export interface ProviderSchemasOptions {
  /** The directory of the digests. It is m0's alone. */
  readonly dir: string;
  /** The CLI configuration of all commands. */
  readonly cliConfig: string;
  readonly log: Logger;
  /** A clock in ms that never goes back. */
  readonly steady: () => number;
}

const SCHEMA = { limitMs: 2 * 60_000, graceMs: 5_000 };
/** How many digests stay in memory, each of some MB. */
const IN_MEMORY = 8;
/** The largest digest that is read: AWS 5.100 has 3.7 MB. */
const DIGEST_BYTES = 64 * 1024 * 1024;
const ASK_AGAIN_MS = 60 * 60_000;
const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** Creates the access to the digests in `dir`. */
export function createProviderSchemas(options: ProviderSchemasOptions): ProviderSchemas {
  const { dir, log, steady } = options;
  const alone = createKeyedLock();
  const inMemory = new Map<string, SchemaDigest>();
  const failed = new Map<string, number>();
  const schemas = new WeakMap<SchemaDigest, Schema>();
  let saidOverrides = false;

  async function of(
    place: SchemaPlace,
    tool: Pick<StackTool, 'run'>,
    signal: AbortSignal,
  ): Promise<Schema | undefined> {
    const lock = await readWithoutLinks(join(place.cwd, LOCK_FILE));
    // Without a checksum nothing says that a provider is the same as before.
    const providers = lockedProviders(lock?.toString('utf8') ?? '').filter(({ hashes }) => hashes.length > 0);
    if (providers.length === 0) return undefined;
    if (await hasDevOverrides(options.cliConfig)) {
      if (!saidOverrides) log.info('providers are overridden for development, so their schemas are not used');
      saidOverrides = true;
      return undefined;
    }
    const digests: SchemaDigest[] = [];
    for (const provider of providers) {
      const digest = await digestOf(provider, place, tool, signal);
      if (digest !== undefined) digests.push(digest);
    }
    const [only] = digests;
    if (only === undefined) return undefined;
    if (digests.length > 1) return schemaOf(digests);
    // What was parsed for an earlier plan serves again.
    const known = schemas.get(only) ?? schemaOf(digests);
    schemas.set(only, known);
    return known;
  }

  async function digestOf(
    provider: LockedProvider,
    place: SchemaPlace,
    tool: Pick<StackTool, 'run'>,
    signal: AbortSignal,
  ): Promise<SchemaDigest | undefined> {
    const name = fileName(provider, place.user);
    const known = inMemory.get(name);
    if (known !== undefined) return known;
    const isFailed = (): boolean => steady() - (failed.get(name) ?? Number.NEGATIVE_INFINITY) < ASK_AGAIN_MS;
    try {
      // One at a time, because the document of a big provider needs much memory.
      return await alone(
        'schema',
        async () => {
          const found = inMemory.get(name) ?? (await kept(name, provider));
          if (found !== undefined) return remember(name, found);
          if (isFailed()) return undefined;
          const made = await ask(provider, place, tool, signal);
          await keep(name, made);
          return remember(name, made);
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted || (error instanceof RunnerError && error.stopped === 'aborted')) throw error;
      failed.set(name, steady());
      log.warn(
        { provider: provider.source, version: provider.version, why: errorText(error) },
        'the schema of a provider could not be read; its resources are judged without it',
      );
      return undefined;
    }
  }

  function remember(name: string, digest: SchemaDigest): SchemaDigest {
    const oldest = inMemory.keys().next().value;
    if (inMemory.size >= IN_MEMORY && oldest !== undefined) inMemory.delete(oldest);
    inMemory.set(name, digest);
    return digest;
  }

  /** The digest in the file; undefined if there is none or it is not usable. */
  async function kept(name: string, { source }: LockedProvider): Promise<SchemaDigest | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(join(dir, name));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      log.warn(
        { err: error, file: name },
        'the digest of a provider’s schema can’t be read and is made anew',
      );
      return undefined;
    }
    try {
      const digest = readDigest((await unzip(bytes, { maxOutputLength: DIGEST_BYTES })).toString('utf8'));
      if (digest.provider === source) return digest;
      throw new Error(`it is of ${digest.provider}`);
    } catch (error) {
      log.warn({ file: name, why: errorText(error) }, 'the digest of a provider’s schema is made anew');
      return undefined;
    }
  }

  /** Stores the digest, so that a reader sees the whole of it or nothing. */
  async function keep(name: string, digest: SchemaDigest): Promise<void> {
    const part = join(dir, `${name}.${randomBytes(6).toString('hex')}.part`);
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await writeFile(part, await zip(writeDigest(digest)), { mode: 0o600, flag: 'wx' });
      await rename(part, join(dir, name));
    } catch (error) {
      await rm(part, { force: true }).catch(() => {});
      log.warn({ err: error, file: name }, 'the digest of a provider’s schema could not be stored');
    }
  }

  return { of };
}

/**
 * The name of a digest's file. Stacks with users of their own do not share digests, because code of one stack could
 * otherwise tell m0 something false about the resources of another.
 */
function fileName({ source, version, hashes }: LockedProvider, user: StackUser | null): string {
  const checksum = createHash('sha256').update(JSON.stringify(hashes)).digest('hex').slice(0, 32);
  const owner = user === null ? '' : `-user${user.uid}`;
  return `${source.replace(/[^\w.-]/g, '+')}-${version}-${checksum}${owner}.json.gz`;
}

/** Asks the installed provider for its schema. */
async function ask(
  provider: LockedProvider,
  place: SchemaPlace,
  tool: Pick<StackTool, 'run'>,
  signal: AbortSignal,
): Promise<SchemaDigest> {
  const answer = await place.within(async (dir) => {
    const { args, change } = await commandFor(provider, place, dir);
    return tool.run('schema', args, { ...SCHEMA, signal, change });
  });
  const digests = digestsOf(JSON.parse(answer.toString('utf8')) as Json);
  const digest = digests.find((one) => one.provider === provider.source);
  if (digest === undefined) throw new Error('the answer says nothing about it');
  return digest;
}

/**
 * The command, in a directory with nothing but this provider: it needs no backend, no credentials and no state, and
 * does not compute checksums again, which `plan` has just done. Where it is not certain which directory the provider
 * is in, the command runs in the stack's directory.
 */
async function commandFor(
  provider: LockedProvider,
  { dataDir, user }: SchemaPlace,
  dir: string,
): Promise<{ args: readonly string[]; change: Readonly<Record<string, string>> }> {
  const args = ['providers', 'schema', '-json'];
  const config = await configFor([provider], dataDir);
  if (config === null) return { args, change: {} };
  const code = { terraform: { required_providers: { provider: { source: provider.source } } } };
  const cliConfig = join(dir, 'schema.tfrc');
  for (const [file, text] of [
    [join(dir, 'main.tf.json'), JSON.stringify(code)],
    [cliConfig, config],
  ] as const) {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    if (user !== null) await lchown(file, user.uid, user.gid);
  }
  return {
    args: [`-chdir=${dir}`, ...args],
    change: { TF_CLI_CONFIG_FILE: cliConfig, TF_DATA_DIR: join(dir, 'data'), TF_WORKSPACE: 'default' },
  };
}

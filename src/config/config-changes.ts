/** What changed between two m0.yaml, by name and never by value: values may be secret. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { assertNever } from '../base/assert-never.ts';
import type { WriteCredential } from '../git/credentials.ts';
import type { Stack } from '../model/directory.ts';
import type { Config } from './valid.ts';

const PLURAL: Readonly<Record<string, string>> = { secrets: 'env', terragrunt: 'tool', usergroups: 'groups' };

/** The keys whose values differ, each once. */
function changedKeys(before: object, after: object): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const differing = [...keys].filter(
    (key) => !isDeepStrictEqual(Reflect.get(before, key), Reflect.get(after, key)),
  );
  return [...new Set(differing.map((key) => PLURAL[key] ?? key))];
}

function stackChanges(before: readonly Stack[], after: readonly Stack[]): readonly string[] {
  const was = new Map(before.map((stack) => [stack.name, stack]));
  const is = new Set(after.map((stack) => stack.name));
  const added = after.filter((stack) => !was.has(stack.name)).map((stack) => stack.name);
  const removed = before.filter((stack) => !is.has(stack.name)).map((stack) => stack.name);
  const changed = after.flatMap((stack) => {
    const earlier = was.get(stack.name);
    const keys = earlier === undefined ? [] : changedKeys(earlier, stack);
    return keys.length === 0 ? [] : [`${stack.name} (${keys.join(', ')})`];
  });
  return [
    ...(added.length === 0 ? [] : [`added: ${added.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`removed: ${removed.join(', ')}`]),
    ...(changed.length === 0 ? [] : [`changed: ${changed.join(', ')}`]),
  ];
}

/** What of a credential is no secret. */
function credentialFacts(one: WriteCredential): readonly unknown[] {
  switch (one.kind) {
    case 'token':
      return [one.kind, one.for, one.username];
    case 'sshKey':
      return [one.kind, one.for, one.keyFile, one.knownHosts];
    case 'githubApp':
      return [one.kind, one.for, one.appId];
    default:
      return assertNever(one);
  }
}

/** What of a configuration is not about single stacks. */
function general(config: Config): object {
  const { stacks: _, watching: __, gone: ___, ...rest } = config.directory;
  const credentials = [
    ...config.credentials.map((one) => [...credentialFacts(one), one.modules]),
    ...config.writeCredentials.map((one) => [...credentialFacts(one), 'write']),
  ];
  const { digests, retention, channels } = config;
  return { ...rest, credentials, digests, retention, 'channels of defaults': channels };
}

/** The changes in words: `added: a; changed: b (approvers); people, digests`. `stacks`: also those that were found. */
export function configChanges(
  before: { readonly config: Config; readonly stacks: readonly Stack[] },
  after: { readonly config: Config; readonly stacks: readonly Stack[] },
): string {
  const keys = changedKeys(general(before.config), general(after.config));
  const parts = [
    ...stackChanges(before.stacks, after.stacks),
    ...(keys.length === 0 ? [] : [keys.join(', ')]),
  ];
  return parts.length === 0 ? 'no setting changed' : parts.join('; ');
}

/** The changes of `chat` that count only after a restart, one sentence each. */
export function restartChanges(running: Config['chat'], written: Config['chat']): readonly string[] {
  return (['slack', 'teams'] as const).flatMap((platform) => {
    const [was, is] = [running[platform], written[platform]];
    if (was === null && is === null) return [];
    if (was === null) return [`chat.${platform} is new: m0 joins ${platform} after a restart`];
    if (is === null) return [`chat.${platform} is gone: m0 leaves ${platform} after a restart`];
    return changedKeys(was, is).map((key) => `chat.${platform}.${key} changed: it counts after a restart`);
  });
}

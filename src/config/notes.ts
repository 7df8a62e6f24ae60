/** Notes about a valid configuration that may still be a mistake. */
import { credentialFor, credentialName, writeCredentialFor } from '../git/credentials.ts';
import type { Config } from './valid.ts';

/** `what: a, b`; empty if there are no names. */
function listed(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what}: ${[...new Set(names)].join(', ')}`];
}

/**
 * Notes about what is allowed but may be a mistake: people who can't act, stacks that nobody can approve, unused
 * credentials. One line each.
 */
export function notesOn({
  chat,
  directory,
  discover,
  credentials,
  writeCredentials,
}: Config): readonly string[] {
  const known = new Set(directory.people.map((p) => p.key));
  const turns = Object.values(directory.oncall).flatMap((r) => (r.kind === 'rotation' ? r.people : []));
  const named = [...Object.values(directory.groups).flat(), ...turns];
  const byEmail = chat.slack?.matchByEmail === true;
  const withoutId = directory.people.filter((p) => p.slack === null && p.teams === null);
  const ofStacks = [...directory.stacks, ...discover].map(({ source }) => source.git);
  const repositories = [...ofStacks, ...directory.stacks.flatMap((s) => s.policies.map((p) => p.git))];
  const used = new Set(repositories.map((address) => credentialFor(address, credentials)));
  const written = new Set(ofStacks.map((git) => writeCredentialFor(git, writeCredentials)?.credential));
  return [
    ...listed(
      'named but not under people, so they can neither be asked nor act',
      named.filter((name) => !known.has(name)),
    ),
    ...listed(
      'without an id on any platform, so they can neither be asked nor act',
      withoutId.filter((p) => !byEmail || p.email === null).map((p) => p.key),
    ),
    ...listed(
      'known by their e-mail alone, so they can act, but can’t be asked by direct message',
      withoutId.filter((p) => byEmail && p.email !== null).map((p) => p.key),
    ),
    ...listed(
      'without a pagerduty id or an e-mail, so PagerDuty can put nobody on call as them',
      directory.people
        .filter(() => Object.values(directory.oncall).some((r) => r.kind === 'pagerduty'))
        .filter((p) => (p.pagerduty ?? p.email) === null)
        .map((p) => p.key),
    ),
    ...listed(
      'nobody can approve, as no approvers are named',
      directory.stacks.filter((s) => s.approvers.from.length === 0).map((s) => s.name),
    ),
    ...listed(
      'for no repository of a stack or of a policy it uses',
      credentials
        .filter((credential) => !used.has(credential) && credential.modules !== true)
        .map(credentialName),
    ),
    ...listed(
      'with write: true, and for no repository of a stack',
      writeCredentials.filter((credential) => !written.has(credential)).map(credentialName),
    ),
  ];
}

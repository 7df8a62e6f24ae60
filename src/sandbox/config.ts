/** The m0.yaml of the sandbox. */
import { stringify } from 'yaml';
import { PEOPLE } from './sample-organisation.ts';

export interface SandboxConfigParts {
  readonly tool: 'terraform' | 'tofu';
  readonly repos: { readonly infra: string; readonly policies: string };
  readonly stackEnv: Readonly<Record<string, string>>;
  /** IANA name of the time zone for times on cards. */
  readonly zone: string;
  readonly schedule: string;
  /** The Teams channel that also gets messages about the stack; null where only Slack is used. */
  readonly teamsChannel: string | null;
  /** The Git host that serves the repository of the stack; left out where m0 reads its folder. */
  readonly gitHost?: { readonly url: string; readonly repository: string };
}

/** Variables with the tokens for the Git host: one for reading, one for branches and pull requests. */
export const GIT_TOKENS = { read: 'M0_SANDBOX_GIT_READ', write: 'M0_SANDBOX_GIT_WRITE' } as const;

/** How m0 reads from the sandbox's Git host, and how it opens pull requests there. */
function gitAccess({ url }: { readonly url: string }): object {
  return {
    forges: { [new URL(url).hostname]: 'github' },
    credentials: [
      { for: `${url}/`, token: `\${env:${GIT_TOKENS.read}}` },
      { for: `${url}/`, token: `\${env:${GIT_TOKENS.write}}`, write: true },
    ],
  };
}

/** The m0.yaml of the sandbox: one stack, the starter policies, Dana on call. */
export function sandboxConfig(parts: SandboxConfigParts): string {
  const { tool, repos, stackEnv, zone, schedule, teamsChannel, gitHost } = parts;
  const channels = ['slack:C0OPS', ...(teamsChannel === null ? [] : [`teams:${teamsChannel}`])];
  return stringify({
    chat: { slack: { mode: 'socket' }, ...(teamsChannel === null ? {} : { teams: {} }) },
    people: Object.fromEntries(
      PEOPLE.map(({ id, name, realName, email, teams }) => [
        name,
        {
          name: realName,
          slack: id,
          email,
          ...(gitHost === undefined ? {} : { github: name }),
          ...(teamsChannel === null ? {} : { teams }),
        },
      ]),
    ),
    groups: { sre: ['dana', 'kim'], dev: ['eve'] },
    oncall: { primary: { rotation: { people: ['dana'], every: '1w', from: '2026-01-05T09:00:00Z' } } },
    policies: {
      'tags-auto': { git: repos.policies, ref: 'main', path: 'tags-auto' },
      'network-human': { git: repos.policies, ref: 'main', path: 'network-human', mode: 'guardrail' },
    },
    ...(gitHost === undefined ? {} : gitAccess(gitHost)),
    defaults: { timezone: zone, realign: 'policy', channels },
    stacks: [
      {
        name: 'prod-network',
        environment: 'prod',
        tool,
        source: { git: gitHost?.repository ?? repos.infra, ref: 'main', path: 'envs/prod/network' },
        env: stackEnv,
        // Only the local cloud is asked, never Amazon's.
        ...(stackEnv.AWS_ENDPOINT_URL === undefined
          ? {}
          : { causes: { cloudtrail: { role: 'arn:aws:iam::123456789012:role/m0-causes' } } }),
        schedule,
        policies: ['tags-auto', 'network-human'],
        approvers: { from: ['sre', 'oncall:primary'], need: 1, notTheAuthor: true },
      },
    ],
  });
}

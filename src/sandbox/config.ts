import { stringify } from 'yaml';

export interface SandboxConfigParts {
  readonly tool: 'terraform' | 'tofu';
  readonly repos: { readonly infra: string; readonly policies: string };
  readonly stackEnv: Readonly<Record<string, string>>;
  /** IANA name of the zone that cards tell times in. */
  readonly zone: string;
  readonly schedule: string;
}

/** The m0.yaml of the sandbox: one stack, the shipped policies, Dana on call. */
export function sandboxConfig({ tool, repos, stackEnv, zone, schedule }: SandboxConfigParts): string {
  return stringify({
    chat: { slack: { mode: 'socket' } },
    people: {
      dana: { name: 'Dana', slack: 'U0DANA', email: 'dana@acme.dev' },
      kim: { name: 'Kim', slack: 'U0KIM', email: 'kim@acme.dev' },
      eve: { name: 'Eve', slack: 'U0EVE', email: 'eve@acme.dev' },
    },
    groups: { sre: ['dana', 'kim'], dev: ['eve'] },
    oncall: { primary: { rotation: { people: ['dana'], every: '1w', from: '2026-01-05T09:00:00Z' } } },
    policies: {
      'tags-auto': { git: repos.policies, ref: 'main', path: 'tags-auto' },
      'network-human': { git: repos.policies, ref: 'main', path: 'network-human', mode: 'guardrail' },
    },
    defaults: { timezone: zone, realign: 'policy', channels: ['slack:C0OPS'] },
    stacks: [
      {
        name: 'prod-network',
        environment: 'prod',
        tool,
        source: { git: repos.infra, ref: 'main', path: 'envs/prod/network' },
        env: stackEnv,
        schedule,
        policies: ['tags-auto', 'network-human'],
        approvers: { from: ['sre', 'oncall:primary'], need: 1, notTheAuthor: true },
      },
    ],
  });
}

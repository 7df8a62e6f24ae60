/** Exhibits about which stacks are watched. */
import { firstChecksCard } from '../../../src/messages/first-checks-card.ts';
import { stacksCard, stacksPages } from '../../../src/messages/stacks-card.ts';
import type { StackSettingsView, WatchingView } from '../../../src/messages/view-watching.ts';
import { watchChangeCard } from '../../../src/messages/watch-change-card.ts';
import type { LeftRoot, WatchedStack } from '../../../src/model/watching.ts';
import { type Exhibit, exhibit } from './exhibit.ts';

const REPOSITORY = { repository: 'https://git.acme.dev/infra.git', ref: 'main' };

function watched(stack: string, path: string, change: Partial<WatchedStack> = {}): WatchedStack {
  const found = { by: 'discover[0], glob "envs/*/*"', nameOfFolder: null, notes: [] };
  return { ...REPOSITORY, ...found, stack, path, workspace: 'default', ...change };
}

function left(path: string, status: LeftRoot['status'], why: string): LeftRoot {
  return { ...REPOSITORY, path, workspace: null, status, why };
}

const SETTINGS: StackSettingsView = {
  environment: 'prod',
  schedule: ['0 */2 * * *'],
  approvers: { need: 2, from: ['sre', 'oncall:primary'] },
  policies: ['tags-auto'],
  realign: 'policy',
};
const EXCLUDED = left('envs/sandbox/a', 'excluded', 'exclude "envs/sandbox/**" of discover[0]');

const FEW: WatchingView = {
  target: null,
  looks: true,
  watching: {
    stacks: [
      watched('prod-network', 'envs/prod/vpc', { nameOfFolder: 'prod-vpc' }),
      watched('prod-db', 'envs/prod/db', {
        notes: ['.m0.yaml:2 approvers: may not be set here: mayOverride in m0.yaml allows schedule'],
      }),
      watched('legacy', 'legacy', { by: 'stacks' }),
    ],
    left: [
      EXCLUDED,
      left(
        'envs/dev/network',
        'unwatched',
        'its name "network" is also that of envs/prod/vpc: names must differ',
      ),
    ],
    problems: ['discover[0].roots[1] "env/*" matches no root of https://git.acme.dev/infra.git (main)'],
  },
  settings: new Map([
    ['prod-network', SETTINGS],
    ['prod-db', { ...SETTINGS, realign: 'ask' }],
    ['legacy', { ...SETTINGS, schedule: [], approvers: { need: 1, from: [] }, policies: [] }],
  ]),
};

function many(): Exhibit {
  const stacks = Array.from({ length: 400 }, (_, i) => watched(`prod-app-${i}`, `envs/prod/app-${i}`));
  const settings = new Map(stacks.map(({ stack }) => [stack, SETTINGS]));
  const pages = stacksPages({
    target: null,
    looks: true,
    watching: { stacks, left: Array.from({ length: 12 }, () => EXCLUDED), problems: [] },
    settings,
  });
  if (pages === null) throw new Error('they fit on one card');
  return {
    name: 'stacks-pages',
    says: '`stacks` of a monorepo, in pages.',
    maker: stacksPages.name,
    where: 'dialog',
    unpictured: true,
    shown: { kind: 'pages', pages, page: 0 },
  };
}

export const watching: readonly Exhibit[] = [
  exhibit(
    'first-checks',
    'After the first start: m0 checks what was never checked, and keeps this message up to date.',
    firstChecksCard,
    {
      ...{ total: 400, done: 120, aligned: 112, drifted: 6, minutesLeft: 9, over: false },
      failing: [
        { stack: 'prod-db', why: 'running terraform init: no valid credential sources found' },
        {
          stack: 'dev-queue',
          why: 'running git fetch for https://git.acme.dev/queue.git: there is no "main" in it',
        },
      ],
    },
  ),
  exhibit('first-checks-over', 'The same message when all were checked.', firstChecksCard, {
    ...{ total: 12, done: 12, aligned: 12, drifted: 0, minutesLeft: null, over: true, failing: [] },
  }),
  exhibit(
    'stacks-changed',
    'A push moved, added and deleted roots, and the drift of one was open.',
    watchChangeCard,
    {
      code: ['infra@9f8e7d6'],
      found: [
        { stack: 'prod-dns', path: 'envs/prod/dns' },
        { stack: 'dev-dns', path: 'envs/dev/dns' },
      ],
      moved: [{ stack: 'prod-network', path: 'envs/prod/vpc', from: 'envs/prod/network' }],
      gone: [
        {
          ...{ stack: 'prod-queue', why: 'its folder envs/prod/queue is gone from infra@9f8e7d6' },
          ...{ open: 2, runId: 42 },
        },
      ],
      problems: [{ where: 'prod-db', why: '.m0.yaml:1 polices: unknown key, did you mean "policies"?' }],
    },
  ),
  exhibit('stacks-found', 'The first start: what m0 found by itself.', watchChangeCard, {
    code: ['infra@9f8e7d6'],
    found: Array.from({ length: 400 }, (_, i) => ({ stack: `prod-app-${i}`, path: `envs/prod/app-${i}` })),
    ...{ moved: [], gone: [], problems: [] },
  }),
  exhibit('stacks', '`stacks`: what is watched and why, and what is not.', stacksCard, FEW, {
    where: 'private',
  }),
  many(),
];

/** Import rules: the shape in docs/architecture.md, checked rather than remembered. */
const PURE = '^src/(drift|decisions|messages|commands)/';
const ADAPTER =
  '^src/(chat/slack|chat/teams|terraform|policy|store|artifacts|schedule|http|oncall|metrics|sandbox)/';

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means two rooms are one room with a wall through it.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      comment: 'drift/, decisions/, messages/ and commands/ know no clock, no I/O and no logger.',
      severity: 'error',
      from: { path: PURE },
      to: { dependencyTypes: ['core', 'npm'], pathNot: ['^node:crypto$', '^crypto$', 'fastest-levenshtein'] },
    },
    {
      name: 'the-core-knows-no-adapter',
      comment: 'The core speaks to the outside through the ports in runs/ports.ts only.',
      severity: 'error',
      from: { path: '^src/(drift|decisions|messages|commands|runs)/' },
      to: {
        path: '^src/(chat|terraform|policy|store|artifacts|schedule|http|oncall|metrics|sandbox|setup|config)/',
      },
    },
    {
      name: 'drift-and-decisions-are-the-innermost',
      comment: 'The analysis and the rules of decision must be usable without runs, cards or commands.',
      severity: 'error',
      from: { path: '^src/(drift|decisions)/' },
      to: { path: '^src/(runs|commands|messages)/' },
    },
    {
      name: 'adapters-do-not-meet',
      comment: 'Adapters meet only in main.ts (and in the sandbox, which stands for the outside world).',
      severity: 'error',
      from: { path: '^src/(chat/[a-z]+|terraform|policy|store|artifacts|schedule|http|oncall|metrics)/' },
      to: { path: ADAPTER, pathNot: '^src/$1/' },
    },
    ...[
      ['@slack/', '^src/(chat/slack|sandbox)/'],
      ['botbuilder|botframework-', '^src/chat/teams/'],
      ['drizzle-orm|better-sqlite3', '^src/store/'],
      ['simple-git', '^src/(git|sandbox)/'],
      ['@open-policy-agent/', '^src/policy/'],
      ['@aws-sdk/', '^src/(artifacts|sandbox)/'],
      ['adaptivecards/', '^src/sandbox/page/client/'],
      ['node-cron', '^src/schedule/'],
      ['prom-client', '^src/metrics/'],
      ['^hono|@hono/', '^src/(http|sandbox)/'],
    ].map(([sdk, owner]) => ({
      name: `one-owner-for-${sdk.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '')}`,
      comment: 'Each SDK has one owner folder, so that leaving it touches one folder.',
      severity: 'error',
      from: { path: '^src/', pathNot: owner },
      to: { path: sdk.startsWith('^') ? `(node_modules/|^)(${sdk.slice(1)})` : `node_modules/(${sdk})` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};

/** Import rules: the shape in docs/explanation/architecture.md, checked rather than remembered. */

/** Rooms that know no clock, no I/O and no logger. */
const PURE = '^src/(drift|decisions|commands|messages|model|text)/';

/** What each inner room may import besides itself. Everything that is not listed is forbidden. */
const INNER = {
  base: [],
  text: ['base'],
  drift: ['base', 'text'],
  decisions: ['base', 'text', 'drift'],
  model: ['base', 'text', 'drift', 'decisions'],
  commands: ['base', 'text', 'drift', 'decisions', 'model'],
  messages: ['base', 'text', 'drift', 'decisions', 'model', 'commands'],
  ports: ['base', 'text', 'drift', 'decisions', 'model', 'messages'],
  people: ['base', 'text', 'drift', 'decisions', 'model', 'commands', 'ports'],
  runs: ['base', 'text', 'drift', 'decisions', 'model', 'commands', 'ports', 'people'],
  alerts: [
    ...['base', 'text', 'drift', 'decisions', 'model', 'commands', 'messages', 'ports', 'people', 'runs'],
  ],
  codify: [
    ...['base', 'text', 'drift', 'decisions', 'model', 'commands', 'messages', 'ports', 'people', 'runs'],
    'alerts',
  ],
  actions: [
    ...['base', 'text', 'drift', 'decisions', 'model', 'commands', 'messages', 'ports', 'people', 'runs'],
    'alerts',
  ],
};

const ADAPTERS =
  'chat/slack|chat/teams|forge|terraform|policy|store|artifacts|roles|cause|schedule|http|pictures|metrics|people/pagerduty';

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means two rooms are one room with a wall through it. Types count too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'the-inside-is-pure',
      comment: 'These rooms are tables and functions: time, randomness and ids come in as parameters.',
      severity: 'error',
      from: { path: PURE },
      to: {
        dependencyTypes: ['core', 'npm'],
        // Functions of their arguments: no clock, no I/O.
        pathNot: ['^node:crypto$', '^crypto$', 'fastest-levenshtein', 'node_modules/diff/'],
      },
    },
    ...Object.entries(INNER).map(([room, others]) => ({
      name: `${room}-imports-inward`,
      comment: `src/${room} may import ${others.join(', ') || 'no other room'}. See docs/explanation/architecture.md.`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${[room, ...others].join('|')})/` },
    })),
    {
      name: 'adapters-do-not-meet',
      comment: 'Adapters meet only in serve.ts (and in the sandbox, which stands for the outside world).',
      severity: 'error',
      from: { path: `^src/(${ADAPTERS})/` },
      to: { path: `^src/(${ADAPTERS}|sandbox)/`, pathNot: '^src/$1/' },
    },
    {
      name: 'nobody-needs-the-sandbox',
      comment: 'src/sandbox is not in the image: only the command line loads it, and only when asked to.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(sandbox/|main\\.ts$)' },
      to: { path: '^src/sandbox/' },
    },
    ...[
      ['@slack/', '^src/(chat/slack|sandbox)/'],
      ['botbuilder|botframework-', '^src/chat/teams/'],
      ['drizzle-orm|better-sqlite3|pg/|@types/pg/', '^src/store/'],
      ['simple-git', '^src/(git|sandbox)/'],
      ['@open-policy-agent/', '^src/policy/'],
      ['@aws-sdk/(?!client-sts|client-cloudtrail|client-athena)', '^src/(artifacts|sandbox)/'],
      ['@aws-sdk/client-(cloudtrail|athena)', '^src/cause/'],
      ['@aws-sdk/client-sts', '^src/roles/'],
      ['adaptivecards/', '^src/sandbox/page/client/'],
      ['diff/', '^src/drift/'],
      ['node-cron', '^src/schedule/'],
      ['echarts/|@resvg/', '^src/pictures/'],
      ['prom-client', '^src/metrics/'],
      ['web-tree-sitter|@tree-sitter-grammars/', '^src/codify/edit/'],
      ['@octokit/', '^src/forge/github/'],
      ['@gitbeaker/', '^src/forge/gitlab/'],
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

/** The way of the walk through the documents: which of their blocks a person types, and which not. */
import { type Block, blocksOf } from '../../docs/documents.ts';

/** The documents that lead from nothing to an m0 in production. Each of their blocks of shell is in one of the tables. */
export const DOCUMENTS = [
  'README.md',
  'docs/how-to/policies.md',
  'docs/how-to/slack.md',
  'docs/how-to/operate.md',
] as const;

/** By a line of theirs. */
const WALKED = {
  machine: ['README.md', 'apt-get update'],
  sandbox: ['README.md', 'git clone REPOSITORY m0 && cd m0'],
  tryOut: ['README.md', 'npm run --silent m0 -- check --dir ~/infra/envs/prod/network'],
  policies: ['docs/how-to/policies.md', 'git clone https://git.acme.dev/policies.git ~/policies'],
  init: ['README.md', 'npm run --silent m0 -- init https://git.acme.dev/infra.git'],
  start: ['README.md', 'export SLACK_BOT_TOKEN=xoxb-… SLACK_APP_TOKEN=xapp-…'],
  reach: ['docs/how-to/slack.md', 'npm run --silent m0 -- doctor'],
  install: [
    'docs/how-to/operate.md',
    'cp manifests/systemd/m0.service /etc/systemd/system/ && systemctl daemon-reload',
  ],
  look: ['docs/how-to/operate.md', 'npm run --silent m0 -- audit export'],
  reload: ['docs/how-to/operate.md', 'systemctl reload m0'],
  backup: ['docs/how-to/operate.md', 'npm run --silent m0 -- backup "/backups/m0-$(date +%F).db"'],
} as const;

/** Blocks that the walk leaves out, by a line of theirs, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'npm run check': 'for people who change m0; what CI runs',
  'npm run --silent m0 -- policy test DIR': 'test/docs/tutorial.long.test.ts and test/contract ask policies',
  'npm run --silent m0 -- restore /backups/m0-2026-03-01.db': 'test/scenario/restore.long.test.ts',
};

export type StepName = keyof typeof WALKED;

const has = ({ code }: Block, text: string): boolean =>
  code.split('\n').some((each) => each.replace(/ +#.*$/, '') === text);

/** The block of the step. Throws where its document has no such block. */
export function blockOf(step: StepName): Block {
  const [document, text] = WALKED[step];
  const found = blocksOf(document).filter((block) => block.tag === 'sh' && has(block, text));
  const [block] = found;
  if (block === undefined || found.length > 1) {
    throw new Error(`${document} has ${found.length} blocks of shell with the line: ${text}`);
  }
  return block;
}

/** The m0.yaml that README.md shows. */
export function filledIn(): string {
  const block = blocksOf('README.md').find(({ tag }) => tag === 'yaml');
  if (block === undefined) throw new Error('README.md shows no m0.yaml');
  return block.code;
}

/** Blocks of shell in the documents that neither table names, each by its place. */
export function unknownBlocks(): readonly string[] {
  const known = [...Object.values(WALKED).map(([, text]) => text), ...Object.keys(LEFT_OUT)];
  return DOCUMENTS.flatMap((document) => blocksOf(document))
    .filter((block) => block.tag === 'sh' && !known.some((text) => has(block, text)))
    .map(({ path, line, code }) => `${path}:${line}: ${code.split('\n')[0]}`);
}

/** Lines of LEFT_OUT that no document has any more. */
export function goneBlocks(): readonly string[] {
  const blocks = DOCUMENTS.flatMap((document) => blocksOf(document));
  return Object.keys(LEFT_OUT).filter((text) => !blocks.some((block) => has(block, text)));
}

/** A sandbox cloud without AWS and without a provider, for scenarios where those are not the point. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { commitAs, DANA, KIM, sampleGit } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import type { CloudFact } from '../../src/sandbox/console.ts';

/** The ingress of the stack as the code has it, and after the manual change. */
const LETS_IN = '443/tcp from 0.0.0.0/0';
const HOTFIX = `${SAMPLE.hotfix.port}/tcp from ${SAMPLE.hotfix.cidr}`;
const DAY = 24 * 60 * 60 * 1000;

const at = (name: string): string => `${SAMPLE.stackPath}/${name}`;

const backend = (stateFile: string): string => `terraform {
  backend "local" {
    path = "${stateFile}"
  }
}
`;
const RESOURCES = `resource "terraform_data" "logs" {
  input = { Owner = "${SAMPLE.tags.Owner}", CostCenter = "${SAMPLE.tags.CostCenter}" }
}

resource "terraform_data" "web" {
  input = { lets_in = "${LETS_IN}" }
}
`;
const dnsHostnames = (value: string): string => `resource "terraform_data" "vpc" {
  input = { dns_hostnames = "${value}" }
}
`;

/** Decides like the shipped policies on the sample stack: tags are reverted automatically, ingress waits for approval. */
const POLICIES = {
  'tags-auto/tags_auto.rego': `package m0

allow contains {"msg": "metadata only", "address": finding.address} if {
	some finding in input.m0.findings
	finding.address == "terraform_data.logs"
	finding.action == "update"
}
`,
  'network-human/network_human.rego': `package m0

pending contains {"msg": "what is let in: never reverted without a person", "address": finding.address} if {
	some finding in input.m0.findings
	finding.address != "terraform_data.logs"
}
`,
};

interface State {
  serial: number;
  resources: { name: string; instances: { attributes: Record<'input' | 'output', { value: Values }> }[] }[];
}
type Values = Record<string, string>;

/**
 * The shape of the sample cloud without AWS and without a provider: `terraform_data` with its state in a local file,
 * planned and applied by the real Terraform in a fraction of the time. A "manual" change is a change of the
 * state, as if a colleague had applied other code, so the plan finds it with the origin `code`.
 */
export async function startPlainCloud(options: {
  readonly dir: string;
  readonly terraform: string;
  readonly base: Readonly<Record<string, string | undefined>>;
}): Promise<SandboxCloud> {
  const { dir, base } = options;
  const repos = { infra: join(dir, 'repos/infra'), policies: join(dir, 'repos/policies') };
  const stateDir = join(dir, 'state');
  const stateFile = join(stateDir, 'network.tfstate');
  await mkdir(stateDir, { recursive: true });
  // A stack may run as another user, who must be able to write here.
  await chmod(stateDir, 0o777);
  const now = Date.now();
  for (const repo of Object.values(repos)) {
    await mkdir(repo, { recursive: true });
    await sampleGit(repo, base).raw(['init', '--quiet', '--initial-branch', 'main', '.']);
  }
  const message = 'Rules for what may go back by itself';
  await commitAs(repos.policies, base, { author: DANA, at: now - 40 * DAY, message, files: POLICIES });
  const files = {
    '.gitignore': '.terraform/\n',
    [at('backend.tf')]: backend(stateFile),
    [at('main.tf')]: RESOURCES,
    [at('vpc.tf')]: dnsHostnames('off'),
  };
  await commitAs(repos.infra, base, { author: KIM, at: now - 6 * DAY, message: 'Add the network', files });
  const cwd = join(repos.infra, SAMPLE.stackPath);
  const env = { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
  for (const args of [['init'], ['apply', '-auto-approve']]) {
    await execa(options.terraform, [...args, '-input=false', '-no-color'], { cwd, env });
  }
  await chmod(stateFile, 0o666);

  const read = async (): Promise<State> => JSON.parse(await readFile(stateFile, 'utf8')) as State;

  async function change(name: string, values: Values): Promise<void> {
    const state = await read();
    const attributes = state.resources.find((r) => r.name === name)?.instances[0]?.attributes;
    if (attributes === undefined) throw new Error(`the state has no terraform_data.${name}`);
    for (const key of ['input', 'output'] as const) attributes[key].value = values;
    // An object with other keys has another type, and the state stores the type next to the value.
    for (const key of ['input', 'output'] as const) {
      Object.assign(attributes[key], { type: ['object', mapped(values, () => 'string')] });
    }
    await writeFile(stateFile, JSON.stringify({ ...state, serial: state.serial + 1 }, null, 2));
  }

  async function valuesOf(name: string): Promise<Values> {
    return (await read()).resources.find((r) => r.name === name)?.instances[0]?.attributes.input.value ?? {};
  }

  async function run(id: string): Promise<string> {
    switch (id) {
      case 'remove-tags':
        await change('logs', { Env: 'none' });
        return 'The tags were replaced';
      case 'open-ssh':
        await change('web', { lets_in: `${HOTFIX}, ${LETS_IN}` });
        return `The state lets ${SAMPLE.hotfix.cidr} in`;
      case 'merge-code':
        return commitAs(repos.infra, base, {
          ...{ author: KIM, at: Date.now(), message: 'Turn on DNS hostnames' },
          files: { [at('vpc.tf')]: dnsHostnames('on') },
        });
      default:
        throw new Error(`there is no action "${id}"`);
    }
  }

  async function facts(): Promise<readonly CloudFact[]> {
    const tags = textOf(await valuesOf('logs'));
    const letsIn = (await valuesOf('web')).lets_in ?? 'nothing';
    return [
      { label: 'terraform_data.logs, tags', value: tags, asBuilt: tags === textOf(SAMPLE.tags) },
      { label: 'terraform_data.web, lets in', value: letsIn, asBuilt: letsIn === LETS_IN },
    ];
  }

  return {
    // There is no local AWS.
    motoUrl: '',
    repos,
    stackEnv: {},
    console: { actions: [], run, facts },
    ready: Promise.resolve(),
    snapshot: async () => {},
    close: async () => {},
  };
}

function mapped(values: Values, to: (value: string) => string): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, to(value)]));
}

function textOf(values: Values): string {
  return Object.entries(values)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** What the fresh machine finds around it: the organisation's Git server, its Slack, and its cloud. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createLogger } from '../../../src/base/log.ts';
import { createCloudApi, LOCAL_CREDENTIALS } from '../../../src/sandbox/cloud/cloud-api.ts';
import { startMoto } from '../../../src/sandbox/cloud/moto.ts';
import { SAMPLE } from '../../../src/sandbox/cloud/sample-infra.ts';
import { workspaceOptions } from '../../../src/sandbox/sample-organisation.ts';
import { startWorkspace, type Workspace } from '../../../src/sandbox/workspace/workspace.ts';
import { ROOT } from '../../docs/documents.ts';
import { sandboxTools, testTools } from '../cloud.ts';
import { serveGitOverHttp } from '../git-over-http.ts';
import { MANIFEST } from '../slack-app.ts';
import { git, makeRepo } from '../terraform-repo.ts';

export interface Organisation {
  /** Address of the server with `m0.git`, `infra.git` and `policies.git`. */
  readonly git: string;
  readonly workspace: Workspace;
  /** `~/.aws/config` of people who work on the stack. */
  readonly awsConfig: string;
  /** Whom the stack lets in, by its state in the bucket. */
  letsIn(): Promise<string>;
  close(): Promise<void>;
}

/** Whom the code of the stack lets in. */
export const BY_CODE = '443/tcp from 0.0.0.0/0';

/** The only stack: a resource without a cloud, whose state is in a bucket. */
const infra = (endpoint: string): string => `terraform {
  backend "s3" {
    bucket                      = "${SAMPLE.stateBucket}"
    key                         = "prod/network.tfstate"
    region                      = "${SAMPLE.region}"
    profile                     = "prod"
    use_lockfile                = true
    use_path_style              = true
    skip_s3_checksum            = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    endpoints                   = { s3 = "${endpoint}" }
  }
}

resource "terraform_data" "web" {
  input = { lets_in = "${BY_CODE}" }
}
`;

/** A bare repository with what this checkout contains, committed or not. */
function cloneOfM0(bare: string): void {
  git(ROOT, 'clone', '--quiet', '--bare', '--depth', '1', `file://${ROOT}`, bare);
  writeFileSync(join(bare, 'info/exclude'), 'node_modules\n');
  const inCheckout = ['--git-dir', bare, '--work-tree', ROOT];
  git(ROOT, ...inCheckout, 'add', '--all', '.');
  const kim = ['-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev'];
  git(ROOT, ...inCheckout, ...kim, 'commit', '--quiet', '--allow-empty', '-m', 'As in the checkout');
}

/** Starts it in an empty folder. */
export async function startOrganisation(dir: string): Promise<Organisation> {
  const { motoServer } = sandboxTools(await testTools());
  const moto = await startMoto({ motoServer, port: 0, log: createLogger('warn'), base: process.env });
  const api = createCloudApi(moto.url);
  await api.ensureStateBucket();
  api.close();
  const s3 = new S3Client({
    ...{ endpoint: moto.url, region: SAMPLE.region, forcePathStyle: true, credentials: LOCAL_CREDENTIALS },
  });
  const repos = join(dir, 'repos');
  mkdirSync(repos, { recursive: true });
  cloneOfM0(join(repos, 'm0.git'));
  const code = makeRepo(join(dir, 'infra'), { 'envs/prod/network/main.tf': infra(moto.url) });
  git(code, 'clone', '--quiet', '--bare', '.', join(repos, 'infra.git'));
  execFileSync('git', ['init', '--quiet', '--bare', '-b', 'main', join(repos, 'policies.git')]);
  const server = await serveGitOverHttp(repos, null);
  const workspace = await startWorkspace({ ...workspaceOptions(0), scopes: MANIFEST.scopes });
  // Somebody must invite m0.
  workspace.removeBot('ops');
  return {
    git: server.url,
    workspace,
    awsConfig: `[profile prod]
region = ${SAMPLE.region}
aws_access_key_id = ${LOCAL_CREDENTIALS.accessKeyId}
aws_secret_access_key = ${LOCAL_CREDENTIALS.secretAccessKey}
`,
    async letsIn() {
      const wanted = { Bucket: SAMPLE.stateBucket, Key: 'prod/network.tfstate' };
      const { Body } = await s3.send(new GetObjectCommand(wanted));
      const state = JSON.parse((await Body?.transformToString()) ?? '');
      return state.resources[0].instances[0].attributes.input.value.lets_in;
    },
    async close() {
      s3.destroy();
      await workspace.close();
      await server.close();
      await moto.close();
    },
  };
}

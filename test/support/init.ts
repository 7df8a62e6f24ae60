/** Runs `m0 init`, `m0 config check` and `m0 stacks` on small repositories. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configCommand } from '../../src/cli/config.ts';
import { initCommand } from '../../src/cli/init.ts';
import { stacksCommand } from '../../src/cli/stacks.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { makeRepo } from './terraform-repo.ts';

/** A root module that says where its state is. */
export const BACKEND =
  'terraform {\n  backend "s3" {\n    bucket = "acme"\n    key    = "k"\n  }\n}\n\nresource "terraform_data" "a" {}\n';
/** A root module whose state is on the disk: it has a provider and resources. */
export const PROVIDER = 'provider "aws" {\n  region = "eu-central-1"\n}\n\nresource "aws_vpc" "a" {}\n';
export const MODULE = 'variable "x" {\n  type = string\n}\n\nresource "terraform_data" "a" {}\n';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What `m0 stacks --json` says of a stack. */
export interface ListedJson {
  readonly name: string;
  readonly environment: string;
  readonly path: string;
  readonly workspace: string;
  readonly by: string;
  readonly settings: { readonly tool: string; readonly version: string | null; readonly varFiles: string[] };
}

export class InitWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'm0-init-'));
  readonly repo: string;

  constructor(files: Readonly<Record<string, string>>) {
    this.repo = makeRepo(join(this.dir, 'infra'), files);
  }

  get file(): string {
    return join(this.dir, 'm0.yaml');
  }

  get text(): string {
    return readFileSync(this.file, 'utf8');
  }

  get isWritten(): boolean {
    return existsSync(this.file);
  }

  write(text: string): void {
    writeFileSync(this.file, text);
  }

  async #run(
    command: (io: { out(t: string): void; err(t: string): void }) => Promise<number>,
  ): Promise<Said> {
    let [out, err] = ['', ''];
    const io = {
      out: (text: string): void => {
        out += text;
      },
      err: (text: string): void => {
        err += text;
      },
    };
    const code = await command(io);
    return { code, out, err };
  }

  #environment(cwd = this.dir) {
    return readEnvironment({
      ...process.env,
      M0_CWD: cwd,
      M0_CONFIG: this.file,
      M0_DATA_DIR: join(this.dir, 'data'),
      M0_DATABASE_URL: `file:${join(this.dir, 'none.db')}`,
    });
  }

  /** `m0 init ARGS…`, typed in `cwd`. `answer`: what a person on a terminal says; null: there is no terminal. */
  init(args: readonly string[] = [this.repo], answer: boolean | null = null, cwd?: string): Promise<Said> {
    const confirm = answer === null ? null : async (): Promise<boolean> => answer;
    return this.#run((io) => initCommand(args, { ...io, confirm }, this.#environment(cwd)));
  }

  check(): Promise<Said> {
    return this.#run((io) => configCommand(['check', this.file], io, this.#environment()));
  }

  /** What m0 would watch, with the exit code of `m0 stacks`. */
  async stacks(): Promise<{ readonly code: number; readonly stacks: readonly ListedJson[] }> {
    const { code, out, err } = await this.#run((io) => stacksCommand(['--json'], io, this.#environment()));
    if (code === 2) throw new Error(err);
    return { code, stacks: (JSON.parse(out) as { stacks: ListedJson[] }).stacks };
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

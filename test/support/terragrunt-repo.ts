/** A repository with units of Terragrunt whose states are files, so that a test can look at them and change them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The `root.hcl` that the units include: the state of the unit UNIT is `STATES/UNIT.tfstate`. */
export function rootHcl(states: string): string {
  return `remote_state {
  backend  = "local"
  generate = { path = "backend.tf", if_exists = "overwrite_terragrunt" }
  config   = { path = "${states}/\${path_relative_to_include()}.tfstate" }
}
`;
}

/** A unit that includes `root.hcl` and runs the module of that name below `modules`. */
export function unitHcl(module: string, rest: string): string {
  return `include "root" {
  path = find_in_parent_folders("root.hcl")
}
terraform {
  source = "\${get_repo_root()}/modules//${module}"
}
${rest}`;
}

/** `vpc` gives its id to `app`. */
export const MODULES = {
  'modules/vpc/main.tf': `variable "cidr" {}
resource "terraform_data" "vpc" { input = var.cidr }
output "id" { value = "vpc in \${terraform_data.vpc.output}" }
output "zones" { value = [] }
`,
  'modules/app/main.tf': `variable "vpc" {}
variable "size" {}
resource "terraform_data" "app" { input = "\${var.size} in \${var.vpc}" }
resource "terraform_data" "tags" { input = "owner=\${var.size}" }
`,
};

interface StateFile {
  serial: number;
  resources: { name: string; instances: { attributes: Record<'input' | 'output', { value: unknown }> }[] }[];
}

/** The `input` of each resource in the state of a unit. */
export function inputsIn(states: string, unit: string): Record<string, unknown> {
  const state = JSON.parse(readFileSync(join(states, `${unit}.tfstate`), 'utf8')) as StateFile;
  return Object.fromEntries(state.resources.map((r) => [r.name, r.instances[0]?.attributes.input.value]));
}

/** Changes a resource in the state of a unit, as if somebody had applied other code. */
export function changeByHand(states: string, unit: string, name: string, value: unknown): void {
  const file = join(states, `${unit}.tfstate`);
  const state = JSON.parse(readFileSync(file, 'utf8')) as StateFile;
  const attributes = state.resources.find((r) => r.name === name)?.instances[0]?.attributes;
  if (attributes === undefined) throw new Error(`the state of ${unit} has no ${name}`);
  for (const key of ['input', 'output'] as const) attributes[key].value = value;
  writeFileSync(file, JSON.stringify({ ...state, serial: state.serial + 1 }));
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { declaredSecrets } from '../../../src/terraform/declared-secrets.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-declared-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const files = {
  'main.tf': `
variable "motto" {
  sensitive   = true
  default     = "open \\"sesame\\" {"
  description = "said at the door"
}
variable "region" {
  default = "eu-central-1"
}
variable "many" {
  type      = map(string)
  sensitive = true
}
`,
  'more.tf': `variable "pin" {
  type = number
  ephemeral=true
}
resource "terraform_data" "x" {
  input = "no variable"
}
`,
  'terraform.tfvars': 'region = "us-east-1"\nmotto = "from the file"\npin = 12345678\n',
  'prod.tfvars': 'many = {\n  a = "first of many"\n  b = "second of many"\n}\n',
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);

it('finds the values of sensitive variables wherever they come from, and no others', async () => {
  const env = {
    TF_VAR_motto: 'from the environment',
    TF_VAR_region: 'somewhere',
    TF_VAR_many: '{"c":"third one"}',
  };
  const found = await declaredSecrets(dir, { env, varFiles: ['prod.tfvars'] });
  for (const secret of ['open "sesame" {', 'from the environment', 'from the file', '12345678', 'third one'])
    expect(found).toContain(secret);
  expect(found).toContain('first of many');
  expect(found).toContain('second of many');
  for (const plain of ['eu-central-1', 'us-east-1', 'somewhere', 'said at the door', 'no variable'])
    expect(found).not.toContain(plain);
});

it('takes files that are not there for empty', async () => {
  expect(await declaredSecrets(join(dir, 'nowhere'), { env: {}, varFiles: ['none.tfvars'] })).toEqual([]);
});

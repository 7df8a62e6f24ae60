import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKEND, InitWorld, MODULE } from '../support/init.ts';

/** 400 roots of four environments, 60 modules with examples, 12 roots beside them, and var files by environment. */
function monorepo(): Record<string, string> {
  const files: Record<string, string> = { '.terraform-version': '1.9.8\n' };
  for (const environment of ['prod', 'stage', 'dev', 'test']) {
    files[`vars/${environment}.tfvars`] = 'region = "eu"\n';
    for (let i = 0; i < 100; i += 1) {
      const path = `envs/${environment}/${i % 2 === 0 ? `app-${i}` : `data/app-${i}`}`;
      files[`${path}/main.tf`] = BACKEND;
      files[`${path}/variables.tf`] = 'variable "region" {\n  type = string\n}\n';
    }
  }
  for (let i = 0; i < 12; i += 1) files[`services/s${i}/prod/main.tf`] = BACKEND;
  for (let i = 0; i < 60; i += 1) {
    files[`modules/m${i}/main.tf`] = MODULE;
    files[`modules/m${i}/examples/simple/main.tf`] = BACKEND;
  }
  return files;
}

let world: InitWorld;
beforeAll(() => {
  world = new InitWorld(monorepo());
});
afterAll(() => world.close());

describe('m0 init in a monorepo with 400 roots', () => {
  it('writes a handful of entries by which all of them are watched, within seconds', async () => {
    const from = performance.now();
    const said = await world.init();
    const took = Math.round(performance.now() - from);
    console.log(`m0 init of 412 roots and 120 other folders: ${took} ms`);
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(took).toBeLessThan(30_000);
    expect(world.text.match(/^ {2}- source:/gm)?.length).toBeLessThanOrEqual(5);
    expect(world.text).not.toMatch(/^stacks:/m);
    expect(world.text.split('\n').length).toBeLessThan(90);
    expect(await world.check()).toMatchObject({ code: 0, err: '' });
    const { code, stacks } = await world.stacks();
    expect(code, 'a root is not watched').toBe(0);
    expect(stacks).toHaveLength(412);
    expect(stacks.find((s) => s.path === 'envs/prod/data/app-7')).toMatchObject({
      ...{ name: 'prod-data-app-7', environment: 'prod' },
      settings: { version: '1.9.8', varFiles: ['../../../../vars/prod.tfvars'] },
    });
    expect(stacks.find((s) => s.path === 'envs/dev/app-8')?.settings.varFiles).toEqual([
      '../../../vars/dev.tfvars',
    ]);
    expect(stacks.find((s) => s.path === 'services/s3/prod')?.name).toBe('prod-s3');
  }, 120_000);
});

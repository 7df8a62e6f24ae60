import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Card, Span } from '../../src/messages/card.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { CODE, sshFinding } from '../support/runs.ts';

const SSH = {
  ...sshFinding(),
  cloudId: 'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0abc',
};
const INFRA = { ...CODE, repository: 'git@git.acme.dev:platform/infra.git' };
const POLICY = {
  ...{ name: 'network', git: 'https://github.com/acme/policies.git', ref: 'main', path: 'approvals' },
  mode: 'decide' as const,
};

let core: Core;
beforeEach(async () => {
  core = await Core.open([stackWith({ policies: [POLICY] })]);
  core.directory = { ...core.directory, forges: { 'git.acme.dev': 'gitlab' } };
  await core.restart();
  await core.worker.start();
  core.cloud.code.set(STACK, INFRA);
  core.cloud.drift.set(STACK, [SSH]);
  core.cloud.policies.set('network', [
    { rule: 'pending', text: 'security group', at: { file: 'network.rego', line: 12 } },
  ]);
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const linksOf = (card: Card): readonly string[] => {
  const spans = card.blocks.flatMap((block): readonly Span[] => {
    if (block.type === 'finding') return block.links ?? [];
    if (block.type === 'facts') return block.facts.flatMap((fact) => fact.spans);
    return block.type === 'line' || block.type === 'context' ? block.spans : [];
  });
  return spans.flatMap((span) => (span.type === 'link' ? [`${span.text} ${span.url}`] : []));
};
const posted = async (): Promise<readonly string[]> => {
  await core.check();
  await core.deliver();
  return linksOf(core.chat.at('C0OPS', 0).card);
};
const RULE = expect.stringMatching(
  /^network\.rego:12 https:\/\/github\.com\/acme\/policies\/blob\/[0-9a-f]+\/approvals\/network\.rego#L12$/,
);
const CONSOLE =
  'console https://console.aws.amazon.com/ec2/home?region=eu-central-1#SecurityGroup:groupId=sg-0abc';

describe('the card of a stack links', () => {
  it('what the plan found in the code, on the hosts of m0.yaml', async () => {
    core.cloud.places.set(STACK, { [SSH.address]: { file: 'envs/prod/main.tf', line: 7 } });
    const page = 'https://git.acme.dev/platform/infra/-';
    expect(await posted()).toEqual([
      expect.stringMatching(new RegExp(`^infra@\\w+ ${page}/commit/${CODE.commit}$`)),
      `code ${page}/blob/${CODE.commit}/envs/prod/main.tf#L7`,
      CONSOLE,
      RULE,
    ]);
  });

  it('the copy of the person on call too, and the card after a restart', async () => {
    core.cloud.places.set(STACK, { [SSH.address]: { file: 'envs/prod/main.tf', line: 7 } });
    const links = await posted();
    expect(linksOf(core.chat.at('DU0DANA', 0).card)).toEqual(links);
    await core.restart();
    await core.worker.start();
    expect(await posted()).toEqual(links);
  });

  it('less where the code is on a host that nobody named, or where nothing looked for the lines', async () => {
    core.cloud.code.set(STACK, { ...INFRA, repository: 'https://code.acme.dev/platform/infra.git' });
    expect(await posted()).toEqual([CONSOLE, RULE]);
  });
});

/** The command `codify`: people ask m0 to put drift into the code. */
import { createHash } from 'node:crypto';
import { driftView } from '../alerts/drift-view.ts';
import { codifyText } from '../commands/text.ts';
import type { Finding } from '../drift/finding.ts';
import type { Card } from '../messages/card.ts';
import { codifiableNow, codifyForm } from '../messages/codify-button.ts';
import { codifySpans, editWords } from '../messages/codify-words.ts';
import { infoCard } from '../messages/short-cards.ts';
import { line } from '../messages/spans.ts';
import { type Codification, givesPatch, isActive, type NewCodification } from '../model/codification.ts';
import type { Stack } from '../model/directory.ts';
import { applyCommand } from '../model/patch.ts';
import type { Run } from '../model/run.ts';
import { checkPermission } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { Change } from '../ports/store.ts';
import { newestRun } from './exempting.ts';
import { type ActionParts, confirmed, findRun, privately, refused } from './parts.ts';

/** How long a patch is given out, before the question is asked anew. */
const PATCH_MS = 60 * 60_000;

/** `codify #RUN [ADDRESS]` */
export async function codify(
  parts: ActionParts,
  incoming: Incoming,
  command: { readonly run: number; readonly address: string | null },
): Promise<Reply> {
  if (parts.canCodify !== true) return refused('This m0 is not set up to edit code.');
  const found = await findRun(parts, command.run);
  if (!found.ok) return found.reply;
  const { stack } = found;
  if (stack.worker !== undefined) {
    return refused(
      `${stack.name} is planned by workers with the label ${stack.worker}, and m0 proves an edit of the code only where it runs itself. Change the code by hand.`,
    );
  }
  const { address } = command;
  const run = await newestRun(parts, found.run);
  const may = checkPermission('codify', incoming.actor, stack, parts.directory, await parts.onCall(), {
    code: run.code,
    findings: run.findings.filter((finding) => address === null || finding.address === address),
    causes: await parts.store.causes(stack.name),
    now: parts.clock(),
  });
  if (!may.ok) return refused(may.refusal);
  const before = await parts.store.codifications({ stack: stack.name });
  const active = before.find((one) => isActive(one) && one.address === address);
  if (active !== undefined) return statusOf(active);
  const view = await driftView(parts, run, null, []);
  const possible = codifiableNow(view);
  const meant = address === null ? possible : possible.filter((f) => f.address === address);
  const [finding, ...more] = meant;
  if (finding === undefined) {
    const [underway] = before.filter(isActive);
    if (address === null && underway !== undefined) return statusOf(underway);
    return refused(whyNone(run, address, possible));
  }
  if (more.length > 0) return { type: 'form', form: codifyForm(view) };
  const last = before.find((one) => one.address === finding.address);
  if (last !== undefined && givesPatchNow(last, finding, parts.clock())) return statusOf(last);
  const stored = await store(parts, incoming, stack, run, finding, before);
  if (stored !== null) return statusOf(stored);
  return confirmed(
    parts,
    incoming,
    `Putting ${finding.address} into the code: editing it and planning the edit. The card says how it goes; nothing is pushed before a plan agrees.`,
  );
}

/**
 * True if its patch is what people are given for the finding. After an hour it is tried anew: m0.yaml or the code may
 * need fewer plans by then.
 */
function givesPatchNow(one: Codification, { fingerprint }: Finding, now: number): boolean {
  return one.fingerprint === fingerprint && givesPatch(one) && now - one.updatedAt < PATCH_MS;
}

/** Stores the question, unless somebody asked meanwhile: then that one is returned. */
async function store(
  parts: ActionParts,
  incoming: Incoming,
  stack: Stack,
  run: Run,
  finding: Finding,
  before: readonly Codification[],
): Promise<Codification | null> {
  const now = parts.clock();
  const [last] = before.filter((one) => one.address === finding.address);
  const [open] = await parts.store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
  const [ofRun] = await parts.store.alerts({ runId: run.id, kind: 'drift' });
  const alert = open?.id ?? ofRun?.id ?? null;
  const codification: NewCodification = {
    ...{ stack: stack.name, state: 'asked', address: finding.address, fingerprint: finding.fingerprint },
    ...{ run: run.id, alert, by: incoming.actor, at: now, updatedAt: now, branch: branchOf(stack, finding) },
    confirmed: last?.asks === true && last.fingerprint === finding.fingerprint,
    ...{ base: null, commit: null, edits: [], patch: '', proof: [], unwritable: null, pullRequest: null },
    ...{ mergedBy: null, mergedAt: null, why: null, asks: false, trouble: null, tries: 0, dueAt: 0 },
  };
  let other: Codification | null = null;
  await parts.worker.write(stack.name, async () => {
    const all = await parts.store.codifications({ stack: stack.name, active: true });
    other = all.find((one) => one.address === finding.address) ?? null;
    if (other !== null) return [];
    return [
      { type: 'codification.insert', codification },
      auditOf(incoming, codification, run),
      ...(alert === null
        ? []
        : [
            {
              type: 'outbox.add' as const,
              key: `card:${alert}:codify:${finding.fingerprint}:${now}`,
              delivery: { type: 'card' as const, alertId: alert },
              at: now,
            },
          ]),
    ];
  });
  return other;
}

function auditOf({ actor, place }: Incoming, one: NewCodification, run: Run): Change {
  return {
    type: 'audit',
    entry: {
      ...{ at: one.at, actor, place, action: 'codify', stack: one.stack, runId: run.id },
      ...{ fingerprint: run.fingerprint, commit: run.code?.commit ?? null },
      bundles: run.decision?.bundles ?? null,
      scope: [{ address: one.address, fingerprint: one.fingerprint }],
      detail: one.address,
    },
  };
}

/** `m0/prod-network/3f2a91c0`: one branch for a finding, so that publishing twice makes one. */
function branchOf(stack: Stack, { address, fingerprint }: Finding): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([address, fingerprint]))
    .digest('hex');
  const name = stack.name.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '');
  return `m0/${name === '' ? 'stack' : name}/${digest.slice(0, 8)}`;
}

/** Why nothing can be put into the code. */
function whyNone(run: Run, address: string | null, possible: readonly Finding[]): string {
  if (address === null)
    return `Run #${run.id} has no open finding that changed in the cloud, so there is nothing to put into the code.`;
  const finding = run.findings.find((f) => f.address === address);
  if (finding?.origin === 'code') {
    return `Of ${address} only the code changed and not the cloud, so there is nothing to put into the code; an apply brings the change to the cloud.`;
  }
  const others = possible.length === 0 ? '' : ` Open: ${possible.map((f) => f.address).join(', ')}.`;
  return `${address} is not open on run #${run.id}.${others}`;
}

/** How far it is; with the patch, where m0 may not write to the repository. */
function statusOf(one: Codification): Reply {
  const info = infoCard(`${one.stack}: ${one.address}`);
  const card: Card = { ...info, blocks: [...info.blocks, line(...codifySpans(one))] };
  if (!givesPatch(one)) return privately(card);
  return {
    type: 'files',
    card,
    files: [
      {
        name: `${one.stack.replace(/[^A-Za-z0-9_-]+/g, '-')}-run-${one.run}.patch`,
        about: `${editWords(one)} (${applyCommand(one.patch)})`,
        text: one.patch,
      },
    ],
    command: codifyText(one.run, one.address),
  };
}

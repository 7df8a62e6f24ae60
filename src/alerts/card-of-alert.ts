/** The card of an alert of any kind, made from what is stored. */
import { assertNever } from '../base/assert-never.ts';
import type { Card } from '../messages/card.ts';
import { conditionsCard } from '../messages/conditions-card.ts';
import { configCard } from '../messages/config-card.ts';
import { driftCard } from '../messages/drift-card.ts';
import { emptyStateCard } from '../messages/empty-state-card.ts';
import { failureCard } from '../messages/failure-card.ts';
import { firstChecksCard } from '../messages/first-checks-card.ts';
import { fleetCard } from '../messages/fleet-card.ts';
import { pauseCard } from '../messages/pause.ts';
import { policyAlertCard } from '../messages/policy-alert-card.ts';
import { reachCard } from '../messages/reach-card.ts';
import type { Alert, PostedMessage } from '../model/alert.ts';
import { configView } from './config-alerts.ts';
import { driftView, failureView, type ViewParts } from './drift-view.ts';
import { firstChecksView } from './first-checks-view.ts';
import { fleetView } from './fleet-view.ts';
import { type LinkParts, type Reader, withNewer } from './open-card.ts';
import { pauseCardView } from './pause-views.ts';
import { conditionsView, emptyStateView } from './plan-alert-views.ts';
import { policyAlertView } from './policy-alerts.ts';
import { Undeliverable } from './undeliverable.ts';
import { unreachableView } from './unreachable.ts';

/** What cards are made from. */
export type CardParts = ViewParts & LinkParts;

/**
 * The card as the reader sees it. `why`: the reader is a person who is asked, and why. Rejects with Undeliverable if the
 * alert's run is not in the store.
 */
export async function cardOfAlert(
  parts: CardParts,
  alert: Alert,
  messages: readonly PostedMessage[],
  { why, ...reader }: Reader & { readonly why: string | null },
): Promise<Card> {
  switch (alert.kind) {
    case 'policy':
      return policyAlertCard(policyAlertView(parts, alert));
    case 'fleet':
      return fleetCard(await fleetView(parts, alert, reader));
    case 'reach':
      return reachCard(unreachableView(parts, alert));
    case 'pause':
      return pauseCard(pauseCardView(parts, alert));
    case 'config':
      return configCard(configView(parts, alert));
    case 'first-checks':
      return firstChecksCard(await firstChecksView(parts, alert));
    case 'drift':
    case 'failure':
    case 'empty-state':
    case 'conditions': {
      const run = await parts.store.run(alert.runId);
      if (!run)
        throw new Undeliverable(`rendering alert ${alert.id}: run #${alert.runId} is not in the store`);
      if (alert.kind === 'failure') return failureCard(await failureView(parts, run, alert));
      if (alert.kind === 'empty-state') return emptyStateCard(emptyStateView(parts, run, alert));
      if (alert.kind === 'conditions') return conditionsCard(conditionsView(parts, run, alert));
      const view = await driftView(parts, run, alert, messages);
      return driftCard(await withNewer(parts, view, alert, reader), { why });
    }
    default:
      return assertNever(alert);
  }
}

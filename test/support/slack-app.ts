/** The Slack app of m0 as its manifest defines it, for the local workspace. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Manifest {
  readonly features: {
    readonly slash_commands: readonly { readonly command: string; readonly url?: string }[];
  };
  readonly oauth_config: { readonly scopes: { readonly bot: readonly string[] } };
  readonly settings: {
    readonly socket_mode_enabled: boolean;
    readonly event_subscriptions: { readonly bot_events: readonly string[]; readonly request_url?: string };
    readonly interactivity: { readonly is_enabled: boolean; readonly request_url?: string };
  };
}

export function readManifest(text: string) {
  const { features, oauth_config, settings } = parse(text) as Manifest;
  return { commands: features.slash_commands, scopes: oauth_config.scopes.bot, settings };
}

/** The app of manifests/slack.yaml; the workspace grants m0 its scopes only. */
export const MANIFEST = readManifest(readFileSync('manifests/slack.yaml', 'utf8'));

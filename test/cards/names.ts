import type { Exhibit } from '../support/gallery/exhibit.ts';

export type Platform = 'slack' | 'teams';
/** What of a card a picture shows: on a desk, on a phone, in the dark, and with a question or form laid open. */
export type Sight = 'desk' | 'phone' | 'dark' | 'asks';

/** What is pictured of an exhibit on a platform; nothing where that platform has no such thing. */
export function sightsOf(one: Exhibit, platform: Platform): readonly Sight[] {
  if (one.unpictured === true || (one.only ?? platform) !== platform) return [];
  // Slack asks for words in a dialog, which is an exhibit of its own; Teams lays that open in the card as well.
  const asks = one.asks !== undefined && (platform === 'teams' || one.shown.kind === 'card');
  return [
    'desk',
    'phone',
    ...(one.dark === true ? ['dark' as const] : []),
    ...(asks ? ['asks' as const] : []),
  ];
}

/** The file of docs/cards that a picture is. */
export function fileOf(one: Exhibit, platform: Platform, sight: Sight): string {
  const name = platform === 'slack' ? one.name : `${platform}-${one.name}`;
  return sight === 'desk' ? `${name}.png` : `${name}.${sight}.png`;
}

/** The pictures there are of an exhibit, by file name. */
export function picturesOf(one: Exhibit): readonly string[] {
  return (['slack', 'teams'] as const).flatMap((platform) =>
    sightsOf(one, platform).map((sight) => fileOf(one, platform, sight)),
  );
}

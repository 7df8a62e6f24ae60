/** Which pictures exist of each exhibit, and their file names. */
import type { Exhibit } from '../support/gallery/exhibit.ts';

export type Platform = 'slack' | 'teams';
/** The view that a picture shows: desktop, phone, dark theme, or with a confirmation or form open. */
export type Sight = 'desk' | 'phone' | 'dark' | 'asks';

/** The pictures to take of an exhibit on a platform; empty if the platform does not have it. */
export function sightsOf(one: Exhibit, platform: Platform): readonly Sight[] {
  if (one.unpictured === true || (one.only ?? platform) !== platform) return [];
  // A Slack form is a dialog, which is a separate exhibit; Teams also opens the form inside the card.
  const asks = one.asks !== undefined && (platform === 'teams' || one.shown.kind === 'card');
  return [
    'desk',
    'phone',
    ...(one.dark === true ? ['dark' as const] : []),
    ...(asks ? ['asks' as const] : []),
  ];
}

/** The picture's file name in docs/cards. */
export function fileOf(one: Exhibit, platform: Platform, sight: Sight): string {
  const name = platform === 'slack' ? one.name : `${platform}-${one.name}`;
  return sight === 'desk' ? `${name}.png` : `${name}.${sight}.png`;
}

/** The file names of an exhibit's pictures. */
export function picturesOf(one: Exhibit): readonly string[] {
  return (['slack', 'teams'] as const).flatMap((platform) =>
    sightsOf(one, platform).map((sight) => fileOf(one, platform, sight)),
  );
}

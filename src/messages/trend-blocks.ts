/** The trend of a digest: a picture, and its words beside it. */
import type { StackDay } from '../model/trend.ts';
import { count, durationText, listed } from '../text/words.ts';
import type { Block, Picture } from './card.ts';
import { line, text } from './spans.ts';
import type { DigestTrend, DigestView } from './view-digest.ts';

const WEEK = 7;
const NOTHING: StackDay = [0, 0, 0, 0, 0];

function openOn([cloud, code, both]: StackDay): number {
  return cloud + code + both;
}

function pictureOf({ days, ages }: DigestTrend): Picture {
  return {
    days: days.map(({ day, numbers }) => {
      const [cloud, code, both, policy, people] = numbers ?? [null, null, null, null, null];
      return { day, cloud, code, both, policy, people };
    }),
    ages,
  };
}

/** `Open: 3 resources (last week 9). 41 healed by policy, 6 by people in 30 days. Oldest: prod-db, 4 d, waits for Kim`. */
function trendWords(view: DigestView, { days }: DigestTrend): string {
  const numbers = days.map((d) => d.numbers ?? NOTHING);
  const before = days.at(-1 - WEEK)?.numbers ?? null;
  const lastWeek = before === null ? '' : ` (last week ${openOn(before)})`;
  const sum = (i: 3 | 4): number => numbers.reduce((n, day) => n + day[i], 0);
  const [policy, people] = [sum(3), sum(4)];
  const [oldest] = view.open;
  const waits = oldest !== undefined && oldest.waiting > 0 && oldest.waitsFor.length > 0;
  return [
    `Open: ${count(openOn(numbers.at(-1) ?? NOTHING), 'resource')}${lastWeek}`,
    `${policy} healed by policy, ${people} by people in ${days.length} days`,
    ...(oldest === undefined
      ? []
      : [
          `Oldest: ${oldest.stack}, ${durationText(view.now - oldest.since)}${waits ? `, waits for ${listed(oldest.waitsFor, 'or')}` : ''}`,
        ]),
  ].join('. ');
}

/** What the picture shows beyond the words beside it: where it drifted, the highest day, and how old it is. */
function pictureWords({ days, ages }: DigestTrend): string {
  const [cloud, code, both] = days.at(-1)?.numbers ?? NOTHING;
  const most = days.reduce((high, day) => Math.max(high, openOn(day.numbers ?? NOTHING)), 0);
  const highest = days.find((day) => openOn(day.numbers ?? NOTHING) === most);
  const byAge = ages.map((age) => `${age.label}: ${age.cloud + age.code + age.both}`).join(', ');
  return [
    `Bar charts of ${days.length} days`,
    `Open now: ${cloud} in the cloud, ${code} in the code, ${both} in both`,
    ...(highest === undefined || most === 0 ? [] : [`Most open: ${most} on ${highest.day}`]),
    ...(byAge === '' ? [] : [`By age: ${byAge}`]),
  ].join('. ');
}

/** The picture and its words; nothing where nothing happened. */
export function trendBlocks(view: DigestView): readonly Block[] {
  const { trend } = view;
  if (!trend?.days.some((day) => (day.numbers ?? NOTHING).some((n) => n > 0))) return [];
  const words = trendWords(view, trend);
  return [
    line(text(words)),
    { type: 'picture', picture: pictureOf(trend), alt: `${words}. ${pictureWords(trend)}` },
  ];
}

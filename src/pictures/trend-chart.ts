/** The picture of a trend as an echarts option: what is open, what was put back, and how old it is. */
import type { Picture } from '../messages/card.ts';

/** The picture's size in logical pixels: as wide as a phone shows it, so that its words stay readable there. */
export const SIZE = { width: 420, height: 430 } as const;
const FONT = 'DejaVu Sans';
const LEFT = 34;
const RIGHT = 18;
/** Colours that people with any colour vision tell apart (Okabe and Ito, 2008). */
const COLOURS = {
  cloud: '#D55E00',
  code: '#0072B2',
  both: '#CC79A7',
  policy: '#009E73',
  people: '#56B4E9',
} as const;
const INK = '#1d1c1d';
const FAINT = '#616061';
const LINE = '#e3e3e3';

const ORIGINS = ['cloud', 'code', 'both'] as const;
const ORIGIN_NAMES = { cloud: 'in the cloud', code: 'in the code', both: 'in both' } as const;
const HEALERS = ['policy', 'people'] as const;
const HEALER_NAMES = { policy: 'by policy', people: 'by people' } as const;

/** `28 Nov`, from `2026-11-28`. */
function dayLabel(day: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

const text = (fontSize: number, color: string) => ({ fontFamily: FONT, fontSize, color });

function title(words: string, top: number) {
  return {
    text: words,
    left: 8,
    top,
    padding: 0,
    textStyle: { ...text(14, INK), fontWeight: 'bold' as const },
  };
}

function legend(names: readonly string[], top: number) {
  return {
    ...{ data: [...names], left: 8, top, padding: 0, itemWidth: 11, itemHeight: 11, itemGap: 18 },
    ...{ selectedMode: false as const, textStyle: text(12, FAINT) },
  };
}

/** An axis that counts: whole numbers only, also where the highest is 1. */
function counts(gridIndex: number, values: readonly number[]) {
  const most = Math.max(1, ...values);
  return {
    ...{ gridIndex, type: 'value' as const, min: 0, minInterval: 1, splitNumber: 3 },
    ...(most < 3 ? { max: most } : {}),
    axisLabel: text(11, FAINT),
    splitLine: { lineStyle: { color: LINE } },
  };
}

/** The option for echarts. */
export function trendOption({ days, ages }: Picture) {
  const bar = (name: string, color: string, at: 0 | 1 | 2, data: readonly (number | null)[]) => ({
    ...{ type: 'bar' as const, name, color, data: [...data] },
    ...{ xAxisIndex: at, yAxisIndex: at, stack: `s${at}`, barCategoryGap: at === 2 ? '25%' : '15%' },
    animation: false,
  });
  const dates = days.map((d) => d.day);
  const dayAxis = (gridIndex: number, labels: boolean) => ({
    ...{ gridIndex, type: 'category' as const, data: dates, axisTick: { show: false } },
    axisLine: { lineStyle: { color: FAINT } },
    axisLabel: {
      ...text(11, FAINT),
      show: labels,
      interval: (i: number) => i % 7 === (days.length - 1) % 7,
      formatter: dayLabel,
      hideOverlap: true,
    },
  });
  const sum = (parts: readonly (number | null)[]): number => parts.reduce<number>((a, b) => a + (b ?? 0), 0);
  const openNow = days.at(-1);
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: [
      title(`Open drift, ${days.length} days`, 8),
      title('Put back, a day', 186),
      title('Open now, by age', 324),
    ],
    legend: [
      legend(
        ORIGINS.map((o) => ORIGIN_NAMES[o]),
        28,
      ),
      legend(
        HEALERS.map((h) => HEALER_NAMES[h]),
        206,
      ),
    ],
    grid: [
      { left: LEFT, right: RIGHT, top: 54, height: 100 },
      { left: LEFT, right: RIGHT, top: 230, height: 60 },
      { left: 92, right: 36, top: 344, height: 80 },
    ],
    xAxis: [
      dayAxis(0, true),
      dayAxis(1, true),
      { ...counts(2, []), show: false, max: Math.max(1, ...ages.map((a) => sum([a.cloud, a.code, a.both]))) },
    ],
    yAxis: [
      counts(
        0,
        days.map((d) => sum([d.cloud, d.code, d.both])),
      ),
      counts(
        1,
        days.map((d) => sum([d.policy, d.people])),
      ),
      {
        ...{ gridIndex: 2, type: 'category' as const, inverse: true, data: ages.map((a) => a.label) },
        ...{ axisTick: { show: false }, axisLine: { show: false }, axisLabel: text(12, INK) },
      },
    ],
    series: [
      ...ORIGINS.map((o) =>
        bar(
          ORIGIN_NAMES[o],
          COLOURS[o],
          0,
          days.map((d) => (openNow === undefined ? null : d[o])),
        ),
      ),
      ...HEALERS.map((h) =>
        bar(
          HEALER_NAMES[h],
          COLOURS[h],
          1,
          days.map((d) => d[h]),
        ),
      ),
      ...ORIGINS.map((o) =>
        bar(
          ORIGIN_NAMES[o],
          COLOURS[o],
          2,
          ages.map((a) => a[o]),
        ),
      ),
      {
        // The total behind each bar of ages: a bar without length that carries a label.
        ...bar(
          '',
          'transparent',
          2,
          ages.map(() => 0),
        ),
        label: {
          ...{ show: true, position: 'right' as const, ...text(12, INK) },
          formatter: ({ dataIndex }: { readonly dataIndex: number }) => {
            const age = ages[dataIndex];
            return age === undefined ? '' : String(sum([age.cloud, age.code, age.both]));
          },
        },
      },
    ],
  };
}

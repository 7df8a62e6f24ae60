/** How Teams renders cards. Colours are variables of theme.css, so that cards follow the theme. */
import { HostConfig } from 'adaptivecards';

const FONT_SIZES = { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 };
const FONT_WEIGHTS = { lighter: 200, default: 400, bolder: 600 };

const colour = (name: string) => ({
  default: `var(--t-${name})`,
  subtle: `color-mix(in srgb, var(--t-${name}) 75%, transparent)`,
  highlightColors: { default: 'var(--t-brand-soft)', subtle: 'var(--t-brand-soft)' },
});

const COLOURS = {
  default: { ...colour('text'), subtle: 'var(--t-quiet)' },
  dark: colour('text'),
  light: colour('card'),
  accent: colour('link'),
  good: colour('good'),
  warning: colour('warn'),
  attention: colour('bad'),
};

const container = (name: string) => ({
  foregroundColors: COLOURS,
  backgroundColor: `var(--t-${name})`,
  borderColor: 'var(--t-line)',
});

const QUIET_LABEL = { size: 'Default', color: 'Default', isSubtle: false, weight: 'Default' };

export const TEAMS_HOST = new HostConfig({
  supportsInteractivity: true,
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: 'var(--t-line)' },
  lineHeights: { small: 16, default: 20, medium: 20, large: 24, extraLarge: 32 },
  fontTypes: {
    default: { fontFamily: 'inherit', fontSizes: FONT_SIZES, fontWeights: FONT_WEIGHTS },
    monospace: { fontFamily: 'var(--t-mono)', fontSizes: FONT_SIZES, fontWeights: FONT_WEIGHTS },
  },
  containerStyles: {
    default: container('card'),
    emphasis: container('inset'),
    accent: container('brand-soft'),
    good: container('good-soft'),
    attention: container('bad-soft'),
    warning: container('warn-soft'),
  },
  inputs: {
    label: {
      inputSpacing: 'small',
      requiredInputs: { ...QUIET_LABEL, suffix: ' *', suffixColor: 'Attention' },
      optionalInputs: QUIET_LABEL,
    },
    errorMessage: { size: 'Small', color: 'Attention', weight: 'Default' },
  },
  actions: {
    maxActions: 6,
    spacing: 'Default',
    // The gap is in card.css, where rows can wrap.
    buttonSpacing: 0,
    showCard: { actionMode: 'Inline', inlineTopMargin: 16, style: 'emphasis' },
    preExpandSingleShowCardAction: false,
    actionsOrientation: 'Horizontal',
    actionAlignment: 'Left',
  },
  adaptiveCard: { allowCustomStyle: false },
  factSet: {
    title: { size: 'Default', color: 'Default', isSubtle: false, weight: 'Bolder', wrap: true },
    value: { size: 'Default', color: 'Default', isSubtle: false, weight: 'Default', wrap: true },
    spacing: 16,
  },
});

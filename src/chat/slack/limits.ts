/**
 * All of Slack's limits that m0 respects, in one place. Lengths are in UTF-16 units, which is never less than
 * what Slack counts.
 */
export const LIMITS = {
  /** Blocks of a message; a modal takes 100, m0 stays at 50 in both. */
  blocks: 50,
  /**
   * Length of a message's blocks as JSON. Slack's own limit is undocumented (`msg_blocks_too_long`, met near
   * 13,200 characters, containers counted); m0 keeps well under it.
   */
  messageBudget: 10_000,
  /** The same for a modal. Slack's limit is 250 kB (`view_too_large`). */
  viewBudget: 40_000,
  /**
   * `text` of a message, escaped: what a notification shows and a screen reader reads. Slack cuts a post at 40,000
   * characters, but refuses an update of more than 4,000 (`msg_too_long`), and recommends no more anywhere.
   */
  fallbackText: 3_800,
  /** The headline on the card. Chosen by m0. */
  headline: 1_000,
  /** One plain line in a thread. */
  threadText: 3_000,
  /** Address and status of a finding, and the text of a link inside other text. Chosen by m0. */
  findingText: 300,
  linkText: 300,
  contextElements: 10,
  contextText: 1_900,
  buttonLabel: 75,
  /** What a screen reader says for a button (`accessibility_label`). */
  spokenLabel: 75,
  buttonValue: 2_000,
  confirmTitle: 100,
  confirmText: 300,
  confirmLabel: 30,
  linkUrl: 2_900,
  viewTitle: 24,
  viewSubmit: 24,
  privateMetadata: 3_000,
  inputBlockId: 255,
  inputLabel: 2_000,
  inputHint: 2_000,
  inputMaxLength: 3_000,
  /** A field for a longer text gets several lines. */
  oneLine: 200,
  selectOptions: 100,
  optionLabel: 75,
  optionValue: 150,
  fileName: 80,
  /** The words of a picture. */
  altText: 1_900,
} as const;

/** How much a card shows before it is folded. `PAGE_DETAIL` is for one page of a full diff in a modal. */
export interface Detail {
  readonly budget: number;
  /** Findings of one card before "and N more". */
  readonly findings: number;
  /** Rows of one finding before "… N more". */
  readonly rows: number;
  /** Characters of one value. */
  readonly value: number;
  /** Lines of one note (an error text). */
  readonly noteLines: number;
  /** Characters of one line of text or one fact. */
  readonly line: number;
}

export const CARD_DETAIL: Detail = {
  budget: LIMITS.messageBudget,
  findings: 20,
  rows: 12,
  value: 110,
  noteLines: 8,
  line: 1_200,
};

export const PAGE_DETAIL: Detail = {
  budget: LIMITS.viewBudget,
  findings: 45,
  rows: 200,
  value: 3_000,
  noteLines: 100,
  line: 2_500,
};

/** Columns that a phone shows without wrapping twice. Diff lines stay below it where possible. */
export const DIFF_COLUMNS = 58;
/** Labels are aligned up to this width; a longer label would move all values off a phone's screen. */
export const DIFF_LABEL = 30;

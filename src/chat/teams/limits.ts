/** All of Teams' limits that m0 respects, in one place. */
export const LIMITS = {
  /** The newest version that all Teams clients show. */
  cardVersion: '1.5',
  /** Teams refuses a card of more than 28 KB, counted in bytes of its JSON. */
  cardBytes: 28 * 1024,
  /** How much of that m0 uses: the rest is for the message around the card and for mentions. */
  cardBudget: 24_000,
  /** Bytes reserved on a card for its frame and for the two lines that say what was folded. */
  frame: 1_200,
  /**
   * Bytes of a card with its spoken words, and of these alone. They are no part of the budget: a card does not lose a
   * line that people see for words that few hear.
   */
  spokenCard: 25_500,
  spoken: 4_000,
  /** Bytes of the words for a client that shows no card of this version. */
  fallback: 700,
  /** Characters of a line that says what was folded. */
  foldNote: 300,
  /** Top-level elements. Teams names no limit, but phones get slow. */
  elements: 200,
  /** Buttons of one set. Teams drops the seventh. */
  actions: 6,
  /** How deep cards are nested: m0's dialogs are one level deep. */
  nesting: 1,
  buttonLabel: 75,
  /** What a screen reader says for a button. Chosen by m0. */
  spokenLabel: 150,
  /** Length of the command that a button carries. */
  command: 2_000,
  confirmTitle: 100,
  confirmText: 600,
  linkUrl: 2_000,
  /** Characters of all links of a finding. Chosen by m0. */
  linkText: 300,
  inputLabel: 200,
  inputMaxLength: 3_000,
  /** Bytes of one form inside a card. A larger form opens as a message of its own. */
  formInCard: 4_000,
  /** Bytes of all choices of one list. */
  choicesBytes: 9_000,
  choices: 100,
  choiceLabel: 100,
  choiceValue: 500,
  /** What a notification shows. */
  summary: 1_000,
  /** One plain line in a thread. */
  threadText: 3_000,
  /** The bar below a card. */
  barText: 1_000,
  /** Mentions on one card. */
  mentions: 20,
  /** SharePoint's limit for one request is slightly higher. */
  fileBytes: 50_000_000,
  fileName: 100,
  /** Bytes of the pictures of a card as text: the rest of the card is for its words and buttons. */
  pictureBytes: 14_000,
  altText: 500,
  /** Length of the shown file name, which Teams may have changed. */
  fileShown: 255,
  /** Length of the description in the offer of a file. */
  fileAbout: 300,
  /** Largest request that m0 reads: Teams sends at most about 100 KB. */
  requestBytes: 256 * 1024,
} as const;

/** Teams' rate limits for a bot in one conversation: at most `messages` in `ms`. */
export const RATES: readonly { readonly messages: number; readonly ms: number }[] = [
  { messages: 7, ms: 1_000 },
  { messages: 8, ms: 2_000 },
  { messages: 60, ms: 30_000 },
  { messages: 1_800, ms: 3_600_000 },
];

/** How much a card shows before it is folded. `PAGE_DETAIL` is for one page of a full diff. */
export interface Detail {
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

export const CARD_DETAIL: Detail = { findings: 20, rows: 12, value: 110, noteLines: 8, line: 1_200 };

export const PAGE_DETAIL: Detail = { findings: 45, rows: 60, value: 1_500, noteLines: 40, line: 2_000 };

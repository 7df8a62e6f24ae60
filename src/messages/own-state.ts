/** The warning before an apply of a stack without a backend. */
export const STATE_ONLY_HERE =
  "the stack has no remote backend: an apply writes its state into m0's data folder and nowhere else. Whoever runs the code elsewhere creates everything again; add a remote backend first";

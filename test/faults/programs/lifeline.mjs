// A fault must not outlive the run that made it: its standard input is a pipe of the runner's, which the kernel closes even when the
// runner is killed.
process.stdin
  .on('end', () => process.exit())
  .on('error', () => process.exit())
  .resume();

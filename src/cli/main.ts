import { errorCode } from '../lib/errors.ts';
import { run } from './program.ts';

// A reader that went away (`homeostat export | head`) is not an error.
process.stdout.on('error', (error) => {
  if (errorCode(error) === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2));

// `npm run faults`: makes faults with real processes and tells what Homeostat caught.
import { join } from 'node:path';
import { installDependencies } from './install.mjs';
import { become, root } from './node24.mjs';

installDependencies();
become([
  '--disable-warning=ExperimentalWarning',
  join(root, 'test', 'faults', 'run.ts'),
  ...process.argv.slice(2),
]);

// `npm start`: installs what is missing, builds, and runs agent and hub in one process.
import { installDependencies } from './install.mjs';

installDependencies();
process.argv.splice(2, 0, 'up');
await import('./homeostat.mjs');

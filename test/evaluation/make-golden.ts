import { writeFileSync } from 'node:fs';
import { askReferee } from '../support/referee.ts';
import { cases } from './cases.ts';

/** `node test/evaluation/make-golden.ts`: asks the referee about all cases anew and writes down what it said. */
writeFileSync(new URL('./golden.json', import.meta.url), `${JSON.stringify(askReferee(cases), null, 2)}\n`);

import * as v from 'valibot';
import { limitsSchema } from '../../src/limits/settings.ts';

/** The limits of a machine without a configuration. */
export const DEFAULT_LIMITS = v.parse(limitsSchema, {});

import * as v from 'valibot';
import { COMMON } from '../place-settings.ts';

/** The desktop of whoever runs Homeostat. */
export const desktopSchema = v.strictObject({ type: v.literal('desktop'), ...COMMON });

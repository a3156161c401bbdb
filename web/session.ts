import { computed, signal } from '@preact/signals';
import { mayAs, type SessionAnswer } from '../src/model/access.ts';

/** Who is signed in; undefined before the server said so. */
export const session = signal<SessionAnswer | undefined>(undefined);
/** The page to sign in is to be seen: somebody asked for it, or nothing can be read without. */
export const signingIn = signal(false);
export const mayOperate = computed(() => {
  const role = session.value?.role;
  return role !== null && role !== undefined && mayAs(role, 'operate');
});

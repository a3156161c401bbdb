import { useState } from 'preact/hooks';
import { printable } from '../src/lib/text.ts';
import { signIn, signOut } from './api.ts';
import { session, signingIn } from './session.ts';

/** Who is let in, and how one gets there. */
export function SignIn() {
  const [token, setToken] = useState('');
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await signIn(token.trim());
      location.reload();
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <main class="sign-in">
      <section class="card" aria-labelledby="sign-in-title">
        <p class="brand">
          <img src="icon.svg" alt="" width="26" height="26" />
          <span>Homeostat</span>
        </p>
        <h1 id="sign-in-title">Sign in</h1>
        <form onSubmit={(event) => void submit(event)}>
          <label for="token">Token</label>
          <input
            id="token"
            type="password"
            autocomplete="current-password"
            required
            value={token}
            aria-describedby={trouble === undefined ? undefined : 'sign-in-trouble'}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <button type="submit" class="act">
            Sign in
          </button>
        </form>
        {trouble !== undefined && (
          <p class="trouble" id="sign-in-trouble" role="alert">
            {printable(trouble)}
          </p>
        )}
        <p class="hint">
          On the machine itself <code>homeostat open</code> prints a link that signs you in, and{' '}
          <code>homeostat access create NAME</code> makes a token for somebody.
        </p>
        {session.value?.readingIsOpen && (
          <p>
            <button type="button" class="link" onClick={() => location.reload()}>
              Back, to look only
            </button>
          </p>
        )}
      </section>
    </main>
  );
}

/** In the header of every page: who is signed in. */
export function Who() {
  const who = session.value;
  if (!who) return null;
  if (!who.signedIn)
    return (
      <button type="button" class="search" onClick={() => (signingIn.value = true)}>
        Sign in
      </button>
    );
  return (
    <>
      <span class="who" title={`May ${who.role}`}>
        {printable(who.name ?? '')} <small>{who.role}</small>
      </span>
      <button type="button" class="search" onClick={() => void signOut().finally(() => location.reload())}>
        Sign out
      </button>
    </>
  );
}

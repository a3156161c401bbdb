import { useEffect, useState } from 'preact/hooks';
import { printable } from '../src/lib/text.ts';
import type { FeedbackAnswer, Feedback as Said } from '../src/model/feedback.ts';
import type { Incident } from '../src/model/incident.ts';
import { fetchFeedback, previewFeedback, sayFeedback, undoFeedback } from './api.ts';
import { fullTime } from './format.ts';
import { mayOperate, signingIn } from './session.ts';

const VERDICTS = [
  { verdict: 'normal', title: 'This is normal here', past: 'normal' },
  { verdict: 'confirmed', title: 'This was real', past: 'real' },
  { verdict: 'acknowledged', title: 'I look after it', past: 'looked after' },
] as const;
type Verdict = (typeof VERDICTS)[number]['verdict'];

const SPANS = [
  { span: '7d', title: 'for a week' },
  { span: '90d', title: 'for 90 days' },
  { span: '1y', title: 'for a year' },
] as const;

/** What somebody means to say, and what it would change. */
interface Draft {
  readonly verdict: Verdict;
  readonly thisHour: boolean;
  readonly expires: string;
}

/** What people say of an incident: its effect is shown before it holds, and it can be taken back. */
export function Feedback({ incident }: { readonly incident: Incident }) {
  const [said, setSaid] = useState<readonly Said[]>([]);
  const [draft, setDraft] = useState<Draft | undefined>(undefined);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const trying = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      setTrouble(undefined);
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  const load = () => trying(async () => setSaid(await fetchFeedback(incident.id)));
  useEffect(() => void load(), [incident.id]);
  const apply = (chosen: Draft) =>
    trying(async () => {
      await sayFeedback(incident.id, wishOf(chosen));
      setDraft(undefined);
      await load();
    });
  return (
    <section class="feedback" aria-labelledby="feedback-title">
      <h3 id="feedback-title">What do you say?</h3>
      {said.map((one) => (
        <p key={one.id}>
          Somebody called it {VERDICTS.find(({ verdict }) => verdict === one.verdict)?.past} on{' '}
          {fullTime(one.at)}
          {one.expiresAt !== undefined && `; that holds until ${fullTime(one.expiresAt)}`}.{' '}
          {mayOperate.value && (
            <button
              type="button"
              class="link"
              onClick={() =>
                void trying(async () => {
                  await undoFeedback(one.id);
                  await load();
                })
              }
            >
              Take it back
            </button>
          )}
        </p>
      ))}
      {mayOperate.value ? (
        <p class="chips">
          {VERDICTS.filter(({ verdict }) => !said.some((one) => one.verdict === verdict)).map(
            ({ verdict, title }) => (
              <button
                key={verdict}
                type="button"
                aria-pressed={draft?.verdict === verdict}
                onClick={() => setDraft({ verdict, thisHour: false, expires: '90d' })}
              >
                {title}
              </button>
            ),
          )}
        </p>
      ) : (
        <p class="hint">
          To say that it is normal, or that it was real,{' '}
          <button type="button" class="link" onClick={() => (signingIn.value = true)}>
            sign in
          </button>{' '}
          with the role operate.
        </p>
      )}
      {draft && (
        <Effect
          incident={incident}
          draft={draft}
          change={setDraft}
          apply={() => void apply(draft)}
          cancel={() => setDraft(undefined)}
        />
      )}
      {trouble !== undefined && (
        <p class="trouble" role="alert">
          {printable(trouble)}
        </p>
      )}
    </section>
  );
}

interface EffectProps {
  readonly incident: Incident;
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  readonly apply: () => void;
  readonly cancel: () => void;
}

/** What saying it would have changed, before it is said. */
function Effect({ incident, draft, change, apply, cancel }: EffectProps) {
  const { verdict, thisHour, expires } = draft;
  const [shown, setShown] = useState<FeedbackAnswer | undefined>(undefined);
  const [refused, setRefused] = useState<string | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    setShown(undefined);
    setRefused(undefined);
    previewFeedback(incident.id, wishOf({ verdict, thisHour, expires })).then(
      (answer) => isWanted && setShown(answer),
      (error: unknown) => isWanted && setRefused(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isWanted = false;
    };
  }, [incident.id, verdict, thisHour, expires]);
  return (
    <div class="effect" aria-live="polite">
      {verdict === 'normal' && (
        <p class="choices">
          <label>
            <input
              type="checkbox"
              checked={thisHour}
              onChange={(event) => change({ ...draft, thisHour: event.currentTarget.checked })}
            />{' '}
            Only in this hour of the week
          </label>
          <select
            aria-label="How long it holds"
            class="against"
            value={expires}
            onChange={(event) => change({ ...draft, expires: event.currentTarget.value })}
          >
            {SPANS.map(({ span, title }) => (
              <option key={span} value={span}>
                {title}
              </option>
            ))}
          </select>
        </p>
      )}
      {refused !== undefined && <p class="trouble">{printable(refused)}</p>}
      {shown && <p>{effectOf(shown)}</p>}
      <p>
        <button type="button" class="act" disabled={!shown} onClick={apply}>
          Say so
        </button>{' '}
        <button type="button" class="link" onClick={cancel}>
          Cancel
        </button>
      </p>
    </div>
  );
}

const wishOf = ({ verdict, thisHour, expires }: Draft) =>
  verdict === 'normal' ? { verdict, thisHour, expires } : { verdict };

function effectOf({ feedback: { verdict, cause, severity }, would }: FeedbackAnswer): string {
  if (verdict === 'confirmed')
    return 'It counts as real: nothing is learned from it as usual, however long it lasts.';
  if (verdict === 'acknowledged') return 'Nobody is reminded of it any more.';
  const { muted, told, confirmed } = would;
  const hidden =
    confirmed.length === 0
      ? 'None of them was confirmed as real.'
      : `It would have hidden ${confirmed.length} that somebody confirmed as real.`;
  return `Others like it (${printable(cause)}, ${severity} at most) are not told any more. Until now that would have muted ${muted.length} ${muted.length === 1 ? 'incident' : 'incidents'}, of which ${told} ${told === 1 ? 'was' : 'were'} told. ${hidden}`;
}

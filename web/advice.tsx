import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Incident } from '../src/model/incident.ts';
import type { Recommendation } from '../src/model/recommendation.ts';
import { fetchAdvice } from './api.ts';

/** What a person could do about an incident now. Homeostat itself does nothing of it. */
export function AdvicePanel({ incident }: { readonly incident: Incident }) {
  const found = useSignal<readonly Recommendation[]>([]);
  useEffect(() => {
    fetchAdvice(incident.id).then(
      ({ recommendations }) => {
        found.value = recommendations;
      },
      () => {
        // The banner tells of a server that is gone; the story is whole without advice.
      },
    );
  }, [incident.id, incident.updatedAt]);
  if (found.value.length === 0) return null;
  return (
    <section class="advice" aria-labelledby="advice-title">
      <h3 id="advice-title">What to do</h3>
      <ol>
        {found.value.map((recommendation) => (
          <Item key={recommendation.id} recommendation={recommendation} />
        ))}
      </ol>
    </section>
  );
}

/** All its texts are escaped where they are made. */
function Item({ recommendation }: { readonly recommendation: Recommendation }) {
  const { subject, advice, why, gain, sure, because, command, undo } = recommendation;
  return (
    <li class="recommendation">
      <p>
        <b>{advice}</b> <small>{subject}</small>
      </p>
      {command !== undefined && <Command text={command} />}
      <dl>
        <div>
          <dt>Why</dt>
          <dd>{why}</dd>
        </div>
        <div>
          <dt>Gain</dt>
          <dd>{gain}</dd>
        </div>
        <div>
          <dt>How sure</dt>
          <dd>
            {sure}: {because}
          </dd>
        </div>
        <div>
          <dt>To undo</dt>
          <dd>{undo}</dd>
        </div>
      </dl>
    </li>
  );
}

function Command({ text }: { readonly text: string }) {
  const copied = useSignal(false);
  return (
    <p class="command-line">
      <code>{text}</code>
      <button
        type="button"
        class="link"
        onClick={() => {
          void navigator.clipboard.writeText(text).then(() => (copied.value = true));
        }}
      >
        {copied.value ? 'Copied' : 'Copy'}
      </button>
    </p>
  );
}

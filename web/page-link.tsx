import type { ComponentChildren } from 'preact';
import type { Page } from './address.ts';
import { goTo, hrefOf, page } from './navigate.ts';

interface PageLinkProps {
  readonly to: Page;
  readonly class?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A real link, so that it opens in a tab of its own where a person wants that; a plain click stays on the page. */
export function PageLink({ to, children, ...rest }: PageLinkProps) {
  return (
    <a
      {...rest}
      href={hrefOf(to)}
      aria-current={page.value === to ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        goTo(to);
      }}
    >
      {children}
    </a>
  );
}

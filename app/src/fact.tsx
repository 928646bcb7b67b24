import type { ReactNode } from "react";

/** A row of a list of facts. */
export function Fact({
  name,
  id,
  main = false,
  children,
}: {
  /** As it is read. */
  readonly name: string;
  /** As programs find it. */
  readonly id?: string;
  /** Whether it is what the list is about. */
  readonly main?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div data-key={id} className={main ? "main" : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

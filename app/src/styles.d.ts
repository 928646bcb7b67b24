/** Style sheets are bundled by Vite. */
declare module "*.css";
interface ImportMeta {
  /** Filled in by Vite. */
  readonly env: { readonly DEV: boolean };
}

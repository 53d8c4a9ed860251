/** Something that must hold, and whether it does. */
export interface Check {
  readonly text: string;
  readonly holds: boolean;
}

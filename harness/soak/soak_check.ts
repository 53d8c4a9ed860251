/** Something that must hold, and whether it does. */
export interface SoakCheck {
  readonly text: string;
  readonly holds: boolean;
}

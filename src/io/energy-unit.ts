/** Energies of events: units, and what channels of pulse height mean for missions that publish it. */

import type { EventColumn } from "./event-list.js";
import type { FitsHeader } from "./fits-header.js";

/** Units in which people give energies. */
export type EnergyUnit = "eV" | "keV" | "MeV" | "GeV" | "TeV";

const ELECTRONVOLTS: Readonly<Record<string, number>> = {
  ev: 1,
  kev: 1e3,
  mev: 1e6,
  gev: 1e9,
  tev: 1e12,
};

/** Electronvolts of a unit; undefined when it is none of energy. */
export function electronvolts(unit: string | undefined): number | undefined {
  return unit === undefined ? undefined : ELECTRONVOLTS[unit.trim().toLowerCase()];
}

/** Energy of a channel: `offset + width * channel`, in eV. */
export interface ChannelScale {
  readonly offset: number;
  readonly width: number;
}

/** Scales of PI, as the missions' guides and response files have them. ROSAT's and Chandra's are nominal. */
const SCALES: readonly {
  readonly telescope: RegExp;
  readonly instrument?: RegExp;
  readonly scale: ChannelScale;
}[] = [
  { telescope: /^NUSTAR$/, scale: { offset: 1600, width: 40 } },
  { telescope: /^SWIFT$/, instrument: /^XRT$/, scale: { offset: 0, width: 10 } },
  { telescope: /^XMM/, instrument: /^E(PN|MOS)/, scale: { offset: 0, width: 1 } },
  { telescope: /^SUZAKU$/, instrument: /^XIS/, scale: { offset: 0, width: 3.65 } },
  { telescope: /^XRISM$/, instrument: /^XTEND$/, scale: { offset: 0, width: 6 } },
  { telescope: /^XRISM$/, instrument: /^RESOLVE$/, scale: { offset: 0, width: 0.5 } },
  { telescope: /^IXPE$/, scale: { offset: 20, width: 40 } },
  { telescope: /^NICER$/, scale: { offset: 0, width: 10 } },
  { telescope: /^ROSAT$/, instrument: /^PSPC/, scale: { offset: 0, width: 10 } },
  { telescope: /^CHANDRA$/, instrument: /^ACIS$/, scale: { offset: -7.3, width: 14.6 } },
];

/** What a channel of PI means in this list; undefined where tslira does not know. */
export function channelScale(header: FitsHeader, column: EventColumn): ChannelScale | undefined {
  if (column.name.toUpperCase() !== "PI") return undefined;
  const [telescope, instrument] = ["TELESCOP", "INSTRUME"].map((keyword) =>
    (header.text(keyword) ?? "").trim().toUpperCase(),
  ) as [string, string];
  return SCALES.find(
    (known) => known.telescope.test(telescope) && (known.instrument?.test(instrument) ?? true),
  )?.scale;
}

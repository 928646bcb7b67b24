/** Energies of events: units, and what channels of pulse height mean for missions that publish it. */

import type { EventColumn } from "./event-column.js";
import type { FitsHeader } from "./fits-header.js";

/** Units in which people give energies. */
export type EnergyUnit = "eV" | "keV" | "MeV" | "GeV" | "TeV";

const ELECTRONVOLTS: Readonly<Record<string, number>> = { ev: 1, kev: 1e3, mev: 1e6, gev: 1e9, tev: 1e12 };

/** Electronvolts of a unit; undefined when it is none of energy. */
export function electronvolts(unit: string | undefined): number | undefined {
  return unit === undefined ? undefined : ELECTRONVOLTS[unit.trim().toLowerCase()];
}

/** Energies of a channel k: from `lower + width * k` to `lower + width * (k + 1)`, in eV. */
export interface ChannelScale {
  readonly lower: number;
  readonly width: number;
}

/** What is known of a mission's lists. */
interface Mission {
  readonly telescope: RegExp;
  readonly instrument?: RegExp;
  /** Of PI; absent where energies have a column of their own. */
  readonly scale?: ChannelScale;
  /** A range that people choose, for examples. */
  readonly usual: string;
}

/**
 * Scales of PI and usual ranges. They are those of nominal gains: the response has the truth of a spectrum, an image needs no more.
 *
 * - NuSTAR: channels of 40 eV from 1.6 keV (HEASoft, help of nucalcpi; EBOUNDS of the response, whose channel 0 is 1.60 to 1.64 keV).
 * - Swift XRT: 10 eV (The Swift XRT Data Reduction Guide, 3.4; channels 30 to 1000 are 0.3 to 10 keV).
 * - XMM-Newton EPIC: "roughly corresponding to energies in eV" (Calibration Access and Data Handbook, PHA to PI channels).
 * - eROSITA: PI is the energy in eV (eSASS4DR1, extensions of event files), a number with fractions.
 * - Suzaku XIS: PI = [E / 3.65 eV] (XIS questions and answers, and CALDB's responses).
 * - XRISM: Xtend 6 eV, Resolve 0.5 eV (XRISM ABC guide, chapters 6 and 7: channels 83 to 1667 are 0.5 to 10 keV, 4000 to 20000
 *   are 2 to 10 keV).
 * - IXPE: 375 channels of 40 eV from 0 (EBOUNDS of its responses).
 * - ROSAT PSPC: E_low = channel * 10 eV (ROSAT GOF, PSPC calibration questions, channels and PI bins). The HRI has no energies.
 * - Chandra ACIS: PI = [E / 14.6 eV] + 1 (CIAO dictionary, "PI: Pulse Invariant").
 */
const MISSIONS: readonly Mission[] = [
  { telescope: /^NUSTAR$/, scale: { lower: 1600, width: 40 }, usual: "3:79keV" },
  { telescope: /^SWIFT$/, instrument: /^XRT$/, scale: { lower: 0, width: 10 }, usual: "0.3:10keV" },
  { telescope: /^XMM/, instrument: /^E(PN|MOS)/, scale: { lower: 0, width: 1 }, usual: "0.5:7keV" },
  { telescope: /^EROSITA$/, scale: { lower: 0, width: 1 }, usual: "0.2:2.3keV" },
  { telescope: /^SUZAKU$/, instrument: /^XIS/, scale: { lower: 0, width: 3.65 }, usual: "0.5:7keV" },
  { telescope: /^XRISM$/, instrument: /^XTEND$/, scale: { lower: 0, width: 6 }, usual: "0.5:10keV" },
  { telescope: /^XRISM$/, instrument: /^RESOLVE$/, scale: { lower: 0, width: 0.5 }, usual: "2:10keV" },
  { telescope: /^IXPE$/, scale: { lower: 0, width: 40 }, usual: "2:8keV" },
  { telescope: /^ROSAT$/, instrument: /^PSPC/, scale: { lower: 0, width: 10 }, usual: "0.5:2keV" },
  { telescope: /^CHANDRA$/, instrument: /^ACIS$/, scale: { lower: -14.6, width: 14.6 }, usual: "0.5:7keV" },
  { telescope: /^(GLAST|FERMI)$/, usual: "1:300GeV" },
];

function missionOf(header: FitsHeader): Mission | undefined {
  const [telescope, instrument] = ["TELESCOP", "INSTRUME"].map((keyword) =>
    (header.text(keyword) ?? "").trim().toUpperCase(),
  ) as [string, string];
  return MISSIONS.find(
    (known) => known.telescope.test(telescope) && (known.instrument?.test(instrument) ?? true),
  );
}

/** What a channel of PI means in this list; undefined where tslira does not know. */
export function channelScale(header: FitsHeader, column: EventColumn): ChannelScale | undefined {
  return column.name.toUpperCase() === "PI" ? missionOf(header)?.scale : undefined;
}

/** A range of energies as people choose it in such lists, for examples: by mission, else by the unit of the column. */
export function usualEnergies(header: FitsHeader, column: EventColumn): string {
  const unit = electronvolts(column.unit) ?? 1;
  return missionOf(header)?.usual ?? (unit > 1e9 ? "1:30TeV" : unit > 1e3 ? "1:300GeV" : "0.5:7keV");
}

/** Energies rounded to what channels can mean: without the noise of factors such as 0.04, which has no exact value. */
export const rounded = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(12)) : value);

/** The channel from which on energies lie at or above one, in eV: of whole channels the first whose middle does. */
export function channelFrom({ lower, width }: ChannelScale, energy: number, whole: boolean): number {
  const channel = rounded((energy - lower) / width);
  return whole ? Math.ceil(rounded(channel - 0.5)) : channel;
}

/** Lower end of a channel in eV. */
export function channelEnergy({ lower, width }: ChannelScale, channel: number): number {
  return rounded(lower + width * channel);
}

/** The regions: chosen, named, measured by numbers, deleted, read from files and written. */

import { useMemo, useRef, useState } from "react";
import { parseWcs, type RegionSystem } from "tslira/sky";
import { lengthText, selectionCentre } from "#viewer";
import { Options } from "../options.js";
import type { LookControl } from "../pictures/look.js";
import { fileName, save } from "../run/save-file.js";
import { type DrawnRegion, fieldsOf, onlyShape, regionOf, withRegion } from "./region-edit.js";
import { addRegionFile, type RegionPlace, regionFileText } from "./region-file.js";

interface RegionListProps {
  readonly look: LookControl;
  readonly place: RegionPlace;
  /** What regions files are called. */
  readonly name: string;
  /** Leave the pixels of a region out; undefined where that cannot be. */
  readonly onMask: ((region: DrawnRegion) => void) | undefined;
}

/** Systems in which regions are written, where the header has a sky. */
const SYSTEMS: readonly (readonly [RegionSystem, string])[] = [
  ["icrs", "ICRS"],
  ["fk5", "FK5"],
  ["galactic", "Galactic"],
  ["image", "pixels"],
];

/** Take regions away. */
export function deleteRegion({ region, change }: LookControl): void {
  if (region === undefined) return;
  change(({ regions }) => ({ regions: regions.filter(({ id }) => id !== region.id), chosen: undefined }), "");
}

/** Read region files into a look. @returns what went wrong or was left out, in words */
export async function readRegionFiles(
  files: readonly File[],
  { now, change }: LookControl,
  place: RegionPlace,
): Promise<string[]> {
  const said: string[] = [];
  let all = now.regions;
  for (const file of files) {
    try {
      const { regions, warnings } = addRegionFile(all, await file.text(), file.name, place);
      all = regions;
      said.push(...warnings);
    } catch (error) {
      said.push((error as Error).message);
    }
  }
  if (all !== now.regions) change({ regions: all, chosen: all.at(-1)?.id }, "");
  return said;
}

/** A field with its unit, or from where it counts. */
function fieldTitle({ label, min }: ReturnType<typeof fieldsOf>[number]): string {
  if (min !== undefined) return `${label}, px`;
  return label === "angle" ? `${label}, °` : `${label} from 0`;
}

/** The list. */
export function RegionList({ look, place, name, onMask }: RegionListProps) {
  const { now, region, change } = look;
  const file = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState<readonly string[]>([]);
  const wcs = useMemo(() => parseWcs(place.wcs).wcs, [place.wcs]);
  const hasSky = wcs !== undefined;
  const [system, setSystem] = useState<RegionSystem>(hasSky ? "icrs" : "image");

  const write = () => {
    try {
      save(regionFileText(now.regions, system, place), "text/plain", `${fileName(name)}.reg`);
      setSaid([]);
    } catch (error) {
      setSaid([(error as Error).message]);
    }
  };

  const only = region && onlyShape(region);
  return (
    <div className="regions">
      {now.regions.length === 0 ? (
        <p className="muted">No regions yet. Draw one with the tools above the pictures, or open a file.</p>
      ) : (
        <ul className="region-names" aria-label="Regions">
          {now.regions.map(({ id, name: title }) => (
            <li key={id}>
              <button
                type="button"
                aria-pressed={id === region?.id}
                onClick={() => change({ chosen: id === region?.id ? undefined : id })}
              >
                {title}
              </button>
            </li>
          ))}
        </ul>
      )}
      {region && (
        <div className="region-fields">
          <label className="region-title">
            Name
            <input
              type="text"
              value={region.name}
              maxLength={60}
              onChange={({ target }) =>
                change(
                  ({ regions }) => ({ regions: withRegion(regions, { ...region, name: target.value }) }),
                  `name ${region.id}`,
                )
              }
            />
          </label>
          {only &&
            fieldsOf(only).map((field) => (
              <label key={field.label}>
                {fieldTitle(field)}
                <input
                  type="number"
                  step={field.step}
                  {...(field.min !== undefined && { min: field.min })}
                  value={Math.round(100 * field.value) / 100}
                  onChange={({ target }) => {
                    const value = Number(target.value);
                    if (target.value === "" || !Number.isFinite(value) || value < (field.min ?? -1e6)) return;
                    const next = regionOf(region.id, region.name, field.with(value));
                    change(
                      ({ regions }) => ({ regions: withRegion(regions, next) }),
                      `${field.label} ${region.id}`,
                    );
                  }}
                />
                {field.min !== undefined && wcs && (
                  <span>
                    {lengthText(wcs, field.value, ...selectionCentre({ ...region, kind: "region" }))}
                  </span>
                )}
              </label>
            ))}
        </div>
      )}
      <div className="region-files">
        <button type="button" onClick={() => file.current?.click()} title="Read a DS9 region file">
          Open…
        </button>
        <input
          ref={file}
          type="file"
          multiple
          hidden
          aria-label="Region files"
          accept=".reg,.ds9,.region,.txt"
          onChange={({ target }) => {
            const files = [...(target.files ?? [])];
            target.value = "";
            void readRegionFiles(files, look, place).then(setSaid);
          }}
        />
        {now.regions.length > 0 && (
          <>
            <button type="button" onClick={write} title="Write a DS9 region file">
              Save
            </button>
            {hasSky && (
              <select
                aria-label="Coordinates of the region file"
                value={system}
                onChange={({ target }) => setSystem(target.value as RegionSystem)}
              >
                <Options of={SYSTEMS} />
              </select>
            )}
            <button
              type="button"
              disabled={!region}
              onClick={() => deleteRegion(look)}
              title="Delete the chosen region. Key Delete"
            >
              Delete
            </button>
            {onMask && (
              <button
                type="button"
                disabled={!region}
                onClick={() => region && onMask(region)}
                title="Mask: the pixels of the chosen region are not used"
              >
                Leave out
              </button>
            )}
          </>
        )}
      </div>
      {said.map((words) => (
        <p key={words} className="trouble" role="alert">
          {words}
        </p>
      ))}
    </div>
  );
}

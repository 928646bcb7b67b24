/** Measured regions as files: FITS and VOTable. */

import { type FitsColumnInput, fitsCard, writeFits } from "../io/fits.js";
import { escapeText } from "../io/result-text.js";
import { escapeXml } from "../xml-text.js";
import type { MeasuredRegion } from "./measure-regions.js";
import { type MeasuredTableOptions, measuredColumns } from "./measured-table.js";

/** Where a table comes from. */
export interface MeasuredFileOptions extends MeasuredTableOptions {
  /** Version of the program. */
  readonly version?: string;
  readonly command?: string;
}

/**
 * The table as a FITS file: a binary table REGIONS of the columns of `measuredColumns`, TUNIT and TCOMM beside each.
 *
 * The same arguments give the same bytes.
 */
export function encodeMeasuredFits(
  regions: readonly MeasuredRegion[],
  { version, command, ...options }: MeasuredFileOptions = {},
): Uint8Array {
  const columns = measuredColumns(regions, options);
  const cells = columns.map(({ name, unit, of }): FitsColumnInput => {
    const values = regions.map(of);
    const unitPart = unit === undefined ? {} : { unit: escapeText(unit) };
    if (typeof values[0] === "number") return { name, format: "D", values: values.map(Number), ...unitPart };
    const texts = values.map((value) => escapeText(String(value)));
    return { name, format: `${Math.max(1, ...texts.map(({ length }) => length))}A`, values: texts };
  });
  return writeFits([
    {
      kind: "empty",
      cards: [
        fitsCard("CREATOR", version === undefined ? "tslira" : `tslira ${version}`),
        ...(command === undefined ? [] : [fitsCard("COMMAND", escapeText(command))]),
      ],
    },
    {
      kind: "table",
      name: "REGIONS",
      columns: cells,
      cards: columns.map(({ description }, index) => fitsCard(`TCOMM${index + 1}`, escapeText(description))),
    },
  ]);
}

/** The table as a VOTable 1.4 (IVOA), numbers in full. The same arguments give the same text. */
export function measuredVotable(
  regions: readonly MeasuredRegion[],
  { version, command, ...options }: MeasuredFileOptions = {},
): string {
  const columns = measuredColumns(regions, options);
  const fields = columns.map(({ name, unit, ucd, description, of }) => {
    const isText = regions.length > 0 && typeof of(regions[0]!) === "string";
    const type = isText ? 'datatype="unicodeChar" arraysize="*"' : 'datatype="double"';
    const unitPart = unit === undefined ? "" : ` unit="${xmlText(unit)}"`;
    return `   <FIELD name="${name}" ${type}${unitPart} ucd="${ucd}"><DESCRIPTION>${xmlText(description)}</DESCRIPTION></FIELD>`;
  });
  const rows = regions.map((region) => {
    const cells = columns.map(({ of }) => `<TD>${xmlText(numberOrText(of(region)))}</TD>`);
    return `    <TR>${cells.join("")}</TR>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
    ` <INFO name="creator" value="${xmlText(version === undefined ? "tslira" : `tslira ${version}`)}"/>`,
    ...(command === undefined ? [] : [` <INFO name="command" value="${xmlText(command)}"/>`]),
    ' <RESOURCE type="results">',
    '  <TABLE name="regions">',
    ...fields,
    "   <DATA><TABLEDATA>",
    ...rows,
    "   </TABLEDATA></DATA>",
    "  </TABLE>",
    " </RESOURCE>",
    "</VOTABLE>",
    "",
  ].join("\n");
}

const numberOrText = (value: number | string) =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : String(value);

/** Text for XML 1.0, in which control characters have no place. */
function xmlText(text: string): string {
  return escapeXml(text).replace(/[^\t\n\r\u0020-\ud7ff\ud800-\udfff\ue000-\ufffd]/g, "\ufffd");
}
